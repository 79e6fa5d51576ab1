package vec

import "golang.org/x/sys/cpu"

var tables = func() (t [numVariants]*kernels) {
	t[Portable] = portable()
	// x/sys/cpu reports a feature only if the operating system saves its registers.
	if x := cpu.X86; x.HasAVX2 && x.HasFMA {
		t[AVX2] = avx2()
	}
	if x := cpu.X86; x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasBMI2 {
		t[AVX512] = avx512()
	}
	return t
}()

func supported(v Variant) bool { return tables[v] != nil }

// avx512 replaces in the portable table what has assembly. Its kernels mask their ends.
func avx512() *kernels {
	k := portable()
	k.variant = AVX512
	for op, f := range map[Unary]func(dst, x []float32){
		Neg: negAVX512, Abs: absAVX512, Sign: signAVX512, Sqrt: sqrtAVX512, Rsqrt: rsqrtAVX512, Recip: recipAVX512,
		Floor: floorAVX512, Ceil: ceilAVX512, Round: roundAVX512,
		Exp: expAVX512, Expm1: expm1AVX512, Log: logAVX512, Log1p: log1pAVX512, Tanh: tanhAVX512, Logistic: logisticAVX512, Erf: erfAVX512,
	} {
		k.unary[op] = f
	}
	k.unary[Sin], k.unary[Cos] = near(k, sinAVX512, k.unary[Sin]), near(k, cosAVX512, k.unary[Cos])
	type vv = func(dst, a, b []float32)
	type vs = func(dst, a []float32, s float32)
	for op, f := range map[Binary]struct {
		vv     vv
		vs, sv vs
	}{
		Add: {addAVX512, addVSAVX512, addVSAVX512}, Sub: {subAVX512, subVSAVX512, subSVAVX512},
		Mul: {mulAVX512, mulVSAVX512, mulVSAVX512}, Div: {divAVX512, divVSAVX512, divSVAVX512},
		Max: {maxAVX512, maxVSAVX512, maxVSAVX512}, Min: {minAVX512, minVSAVX512, minVSAVX512},
		Pow: {powAVX512, powVSAVX512, powSVAVX512},
	} {
		k.binary[op], k.binaryVS[op], k.binarySV[op] = f.vv, f.vs, f.sv
	}
	k.compare = [numCompare]func(dst []bool, a, b []float32){eqAVX512, neAVX512, ltAVX512, leAVX512, gtAVX512, geAVX512}
	k.compareVS = [numCompare]func(dst []bool, a []float32, s float32){
		eqVSAVX512, neVSAVX512, ltVSAVX512, leVSAVX512, gtVSAVX512, geVSAVX512}
	k.isFinite, k.over, k.gate = isFiniteAVX512, overAVX512, gateAVX512
	k.selectVV, k.selectVS, k.selectSV, k.selectSS = selectVVAVX512, selectVSAVX512, selectSVAVX512, selectSSAVX512
	k.fma, k.fmaVSV, k.fmaVSS, k.fmaVVS = fmaAVX512, fmaVSVAVX512, fmaVSSAVX512, fmaVVSAVX512
	k.columnSum, k.columnMax, k.columnMin = columnSumAVX512, columnMaxAVX512, columnMinAVX512
	k.prefetch, k.stream, k.transpose = prefetchAVX512, streamAVX512, transposeSquares
	k.philox = philoxGroups(philoxAVX512, 32)
	return k
}

// near is a kernel that takes the vector one for stretches without arguments beyond maxSine, the other for the rest.
func near(k *kernels, vector, any func(dst, x []float32)) func(dst, x []float32) {
	return func(dst, x []float32) {
		for len(dst) > 0 {
			n := min(len(dst), 1024)
			kernel := vector
			if !(k.reduce(Least, x[:n]) >= -maxSine && k.reduce(Largest, x[:n]) <= maxSine) {
				kernel = any
			}
			kernel(dst[:n], x[:n])
			dst, x = dst[n:], x[n:]
		}
	}
}

// avx2 does the same with the kernels of eight lanes. They take whole vectors; the up to seven elements that are left, the
// portable kernels.
func avx2() *kernels {
	k, rest := portable(), portable()
	k.variant = AVX2
	for op, f := range map[Unary]func(dst, x []float32){
		Neg: negAVX2, Abs: absAVX2, Sign: signAVX2, Sqrt: sqrtAVX2, Rsqrt: rsqrtAVX2, Recip: recipAVX2,
		Floor: floorAVX2, Ceil: ceilAVX2, Round: roundAVX2,
		Exp: expAVX2, Expm1: expm1AVX2, Log: logAVX2, Log1p: log1pAVX2, Tanh: tanhAVX2, Logistic: logisticAVX2, Erf: erfAVX2,
	} {
		k.unary[op] = split1(f, rest.unary[op])
	}
	k.unary[Sin] = near(k, split1(sinAVX2, rest.unary[Sin]), rest.unary[Sin])
	k.unary[Cos] = near(k, split1(cosAVX2, rest.unary[Cos]), rest.unary[Cos])
	type vv = func(dst, a, b []float32)
	type vs = func(dst, a []float32, s float32)
	for op, f := range map[Binary]struct {
		vv     vv
		vs, sv vs
	}{
		Add: {addAVX2, addVSAVX2, addVSAVX2}, Sub: {subAVX2, subVSAVX2, subSVAVX2},
		Mul: {mulAVX2, mulVSAVX2, mulVSAVX2}, Div: {divAVX2, divVSAVX2, divSVAVX2},
		Max: {maxAVX2, maxVSAVX2, maxVSAVX2}, Min: {minAVX2, minVSAVX2, minVSAVX2},
		Pow: {powAVX2, powVSAVX2, powSVAVX2},
	} {
		k.binary[op] = split2(f.vv, rest.binary[op])
		k.binaryVS[op] = split1s(f.vs, rest.binaryVS[op])
		k.binarySV[op] = split1s(f.sv, rest.binarySV[op])
	}
	for op, f := range [numCompare]func(dst []bool, a, b []float32){eqAVX2, neAVX2, ltAVX2, leAVX2, gtAVX2, geAVX2} {
		k.compare[op] = split2(f, rest.compare[op])
	}
	for op, f := range [numCompare]func(dst []bool, a []float32, s float32){
		eqVSAVX2, neVSAVX2, ltVSAVX2, leVSAVX2, gtVSAVX2, geVSAVX2} {
		k.compareVS[op] = split1s(f, rest.compareVS[op])
	}
	k.isFinite = split1(isFiniteAVX2, rest.isFinite)
	k.selectVV = split3(selectVVAVX2, rest.selectVV)
	k.selectVS = split2s(selectVSAVX2, rest.selectVS)
	k.selectSV = split2s(selectSVAVX2, rest.selectSV)
	k.selectSS = func(dst []float32, m []bool, s, t float32) {
		selectSSAVX2(dst, m, s, t)
		n := whole(len(dst))
		rest.selectSS(dst[n:], m[n:], s, t)
	}
	k.over, k.gate = split2s(overAVX2, rest.over), split2s(gateAVX2, rest.gate)
	k.fma = split3(fmaAVX2, rest.fma)
	k.fmaVSV = split2s(fmaVSVAVX2, rest.fmaVSV)
	k.fmaVVS = split2s(fmaVVSAVX2, rest.fmaVVS)
	k.fmaVSS = func(dst, a []float32, s, t float32) {
		fmaVSSAVX2(dst, a, s, t)
		n := whole(len(dst))
		rest.fmaVSS(dst[n:], a[n:], s, t)
	}
	k.columnSum = splitColumns(columnSumAVX2, rest.columnSum)
	k.columnMax = splitColumns(columnMaxAVX2, rest.columnMax)
	k.columnMin = splitColumns(columnMinAVX2, rest.columnMin)
	k.prefetch, k.stream, k.transpose = prefetchAVX2, streamAVX2, transposeSquares
	k.philox = philoxGroups(philoxAVX2, 16)
	return k
}

// accumulate joins x to the lanes of a reduction. It calls kernels by name, not through a table, so that the lanes may lie
// on the stack. AVX2 takes whole rounds of the lanes and leaves the rest.
func (k *kernels) accumulate(r Reduction, acc *lanes, x []float32) {
	a := (*[Lanes]float32)(acc)
	n := len(x) &^ (Lanes - 1)
	switch {
	case k.variant == AVX512 && r == Sum:
		sumLanesAVX512(a, x)
		return
	case k.variant == AVX512 && r == Largest:
		maxLanesAVX512(a, x)
		return
	case k.variant == AVX512 && r == Least:
		minLanesAVX512(a, x)
		return
	case k.variant == Portable || n == 0:
		n = 0
	case r == Sum:
		sumLanesAVX2(a, x[:n])
	case r == Largest:
		maxLanesAVX2(a, x[:n])
	case r == Least:
		minLanesAVX2(a, x[:n])
	}
	accumulateGo(r, acc, x[n:])
}

// accumulateDot joins the products to the lanes.
func (k *kernels) accumulateDot(acc *lanes, x, y []float32) {
	n := 0
	switch k.variant {
	case AVX512:
		dotLanesAVX512((*[Lanes]float32)(acc), x, y)
		return
	case AVX2:
		n = len(x) &^ (Lanes - 1)
		dotLanesAVX2((*[Lanes]float32)(acc), x[:n], y[:n])
	}
	accumulateDotGo(acc, x[n:], y[n:])
}

// whole is how many of n elements the kernels of eight lanes take.
func whole(n int) int { return n &^ 7 }

func split1[D any](vector, rest func(dst []D, x []float32)) func(dst []D, x []float32) {
	return func(dst []D, x []float32) {
		vector(dst, x)
		if n := whole(len(dst)); n < len(dst) {
			rest(dst[n:], x[n:])
		}
	}
}

func split1s[D any](vector, rest func(dst []D, x []float32, s float32)) func(dst []D, x []float32, s float32) {
	return func(dst []D, x []float32, s float32) {
		vector(dst, x, s)
		if n := whole(len(dst)); n < len(dst) {
			rest(dst[n:], x[n:], s)
		}
	}
}

func split2[D any](vector, rest func(dst []D, a, b []float32)) func(dst []D, a, b []float32) {
	return func(dst []D, a, b []float32) {
		vector(dst, a, b)
		if n := whole(len(dst)); n < len(dst) {
			rest(dst[n:], a[n:], b[n:])
		}
	}
}

func split2s[A any](vector, rest func(dst []float32, a []A, b []float32, s float32)) func(dst []float32, a []A, b []float32, s float32) {
	return func(dst []float32, a []A, b []float32, s float32) {
		vector(dst, a, b, s)
		if n := whole(len(dst)); n < len(dst) {
			rest(dst[n:], a[n:], b[n:], s)
		}
	}
}

func split3[A any](vector, rest func(dst []float32, a []A, b, c []float32)) func(dst []float32, a []A, b, c []float32) {
	return func(dst []float32, a []A, b, c []float32) {
		vector(dst, a, b, c)
		if n := whole(len(dst)); n < len(dst) {
			rest(dst[n:], a[n:], b[n:], c[n:])
		}
	}
}

func splitColumns(vector, rest func(acc, x []float32, rows, stride int)) func(acc, x []float32, rows, stride int) {
	return func(acc, x []float32, rows, stride int) {
		vector(acc, x, rows, stride)
		if n := whole(len(acc)); n < len(acc) {
			rest(acc[n:], x[n:], rows, stride)
		}
	}
}

// philoxGroups is a kernel that lets the vector one do what fills its groups, of so many words.
func philoxGroups(vector func(dst []uint32, lo, hi uint64, keys *[20]uint64), words int) func(dst []uint32, key, lo, hi uint64) {
	return func(dst []uint32, key, lo, hi uint64) {
		n := len(dst) / words * words
		if n > 0 && lo+uint64(n/4) > lo {
			keys := philoxKeys(key)
			vector(dst[:n], lo, hi, &keys)
			dst, lo = dst[n:], lo+uint64(n/4)
		}
		philoxGo(dst, key, lo, hi)
	}
}

// philoxKeys are the two keys of each of the ten rounds.
func philoxKeys(key uint64) (keys [20]uint64) {
	k0, k1 := uint32(key), uint32(key>>32)
	for i := 0; i < len(keys); i += 2 {
		keys[i], keys[i+1] = uint64(k0), uint64(k1)
		k0 += philoxWeyl0
		k1 += philoxWeyl1
	}
	return keys
}

// transposeSquares gives squares of eight to the assembly, strips of eight rows by at most 256 columns at a time so that
// what is written stays in the cache until its lines are full, and the edges to the portable kernel.
func transposeSquares(dst, src []float32, rows, cols, dstStride, srcStride int) {
	const width = 256
	r8, c8 := whole(rows), whole(cols)
	for c := 0; c < c8; c += width {
		squares := min(width, c8-c) / 8
		for r := 0; r < r8; r += 8 {
			transposeAVX2(&dst[c*dstStride+r], &src[r*srcStride+c], squares, dstStride, srcStride)
		}
	}
	if c8 < cols {
		transposeGo(dst[c8*dstStride:], src[c8:], rows, cols-c8, dstStride, srcStride)
	}
	if r8 < rows {
		transposeGo(dst[r8:], src[r8*srcStride:], rows-r8, c8, dstStride, srcStride)
	}
}
