package vec

// portable is the reference: what the other variants must equal, and what serves where they do not run.
func portable() *kernels {
	k := &kernels{
		variant: Portable,
		unary: [numUnary]func(dst, x []float32){
			Neg: negGo, Abs: absGo, Sign: signGo, Sqrt: sqrtGo, Rsqrt: rsqrtGo, Recip: recipGo,
			Floor: floorGo, Ceil: ceilGo, Round: roundGo,
			Exp: mapped(expOf), Expm1: mapped(expm1Of), Log: mapped(logOf), Log1p: mapped(log1pOf),
			Tanh: mapped(tanhOf), Logistic: mapped(logisticOf), Erf: mapped(erfOf), Sin: mapped(sinOf), Cos: mapped(cosOf),
		},
		isFinite: isFiniteGo,
		selectVV: selectVVGo, selectVS: selectVSGo, selectSV: selectSVGo, selectSS: selectSSGo,
		over: overGo, gate: gateGo,
		fma: fmaGo, fmaVSV: fmaVSVGo, fmaVSS: fmaVSSGo, fmaVVS: fmaVVSGo,
		columnSum: columnSumGo, columnMax: columnMaxGo, columnMin: columnMinGo,
		prefetch:  func([]float32) {},
		transpose: transposeGo,
		philox:    philoxGo,
	}
	for _, f := range binaryLoops {
		k.binary[f.op], k.binaryVS[f.op], k.binarySV[f.op] = f.vv, f.vs, f.sv
	}
	binaryGo(k, Pow, powOf)
	binaryGo(k, Rem, remOf)
	binaryGo(k, Atan2, atan2Of)
	for op, f := range [numCompare]func(a, b float32) bool{
		Eq: func(a, b float32) bool { return a == b },
		Ne: func(a, b float32) bool { return a != b },
		Lt: func(a, b float32) bool { return a < b },
		Le: func(a, b float32) bool { return a <= b },
		Gt: func(a, b float32) bool { return a > b },
		Ge: func(a, b float32) bool { return a >= b },
	} {
		compareGo(k, Compare(op), f)
	}
	return k
}
