package engine

import (
	"fmt"
	"math"
	"math/bits"
	"math/cmplx"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// fftOp is the discrete Fourier transform of complex numbers along the last axes. The inverse divides by the number of elements.
type fftOp struct {
	axes    int
	inverse bool
}

func (o fftOp) Name() string  { return map[bool]string{false: "fft", true: "fft.inverse"}[o.inverse] }
func (o fftOp) Attrs() string { return fmt.Sprint(o.axes) }

// lower transforms one axis at a time, in place.
func (o fftOp) lower(p *planner, n *ir.Node) {
	out, dtype := p.out(n, 0), n.Out[0].DType
	p.copy(out, p.in(n, 0), dtype)
	if out.Size() == 0 {
		return
	}
	for axis := len(out.Dims) - o.axes; axis < len(out.Dims); axis++ {
		length, stride := out.Dims[axis], out.Strides[axis]
		if length == 1 {
			continue
		}
		plan := newFourier(length, o.inverse)
		run := func(r *run) {
			r.parallelRange(out.Size()/length, max(1, taskElements/length), func(lo, hi int) {
				row := make([]complex128, length)
				for i := lo; i < hi; i++ {
					at := i/stride*stride*length + i%stride
					if dtype == dtypes.Complex64 {
						transformRow(plan, as[complex64](r.mem[out.Buf]), row, at, stride)
					} else {
						transformRow(plan, as[complex128](r.mem[out.Buf]), row, at, stride)
					}
				}
			})
		}
		p.add(step{name: o.Name(), run: run}, []view.View{out}, []view.View{out})
	}
}

func transformRow[T complexT](plan *fourier, x []T, row []complex128, at, stride int) {
	for i := range row {
		row[i] = complex128(x[at+i*stride])
	}
	plan.transform(row)
	for i, v := range row {
		x[at+i*stride] = T(v)
	}
}

// fourier transforms rows of one length: by halving for powers of two, else by Bluestein's convolution (1970) with a longer power of two.
type fourier struct {
	n       int
	scale   float64
	roots   []complex128 // of a power of two
	chirp   []complex128 // Bluestein: exp(+-i pi k^2 / n)
	filter  []complex128 // transformed
	longer  *fourier
	inverse *fourier
}

func newFourier(n int, inverse bool) *fourier {
	f := &fourier{n: n, scale: 1}
	sign := -1.0
	if inverse {
		sign, f.scale = 1, 1/float64(n)
	}
	if n&(n-1) == 0 {
		f.roots = make([]complex128, n/2)
		for k := range f.roots {
			f.roots[k] = cmplx.Rect(1, sign*2*math.Pi*float64(k)/float64(n))
		}
		return f
	}
	m := 1 << bits.Len(uint(2*n-1))
	f.longer, f.inverse = newFourier(m, false), newFourier(m, true)
	f.chirp, f.filter = make([]complex128, n), make([]complex128, m)
	for k := range n {
		f.chirp[k] = cmplx.Rect(1, sign*math.Pi*float64(k*k%(2*n))/float64(n))
		f.filter[k] = cmplx.Conj(f.chirp[k])
		f.filter[(m-k)%m] = f.filter[k]
	}
	f.longer.transform(f.filter)
	return f
}

func (f *fourier) transform(x []complex128) {
	if f.chirp == nil {
		f.halve(x)
	} else {
		f.bluestein(x)
	}
	if f.scale != 1 {
		for i := range x {
			x[i] *= complex(f.scale, 0)
		}
	}
}

// halve is the radix-2 transform in place.
func (f *fourier) halve(x []complex128) {
	shift := 64 - bits.Len(uint(f.n-1))
	for i := range x {
		if j := int(bits.Reverse64(uint64(i)) >> shift); i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for size := 2; size <= f.n; size *= 2 {
		for start := 0; start < f.n; start += size {
			for k := range size / 2 {
				a, b := x[start+k], x[start+k+size/2]*f.roots[k*(f.n/size)]
				x[start+k], x[start+k+size/2] = a+b, a-b
			}
		}
	}
}

func (f *fourier) bluestein(x []complex128) {
	y := make([]complex128, f.longer.n)
	for k, v := range x {
		y[k] = v * f.chirp[k]
	}
	f.longer.transform(y)
	for k := range y {
		y[k] *= f.filter[k]
	}
	f.inverse.transform(y)
	for k := range x {
		x[k] = y[k] * f.chirp[k]
	}
}

// hermitianOp fills in the half of a spectrum along the last axes that a real array does not need.
type hermitianOp struct{ axes int }

func (o hermitianOp) Name() string  { return "hermitian" }
func (o hermitianOp) Attrs() string { return fmt.Sprint(o.axes) }

func (o hermitianOp) lower(p *planner, n *ir.Node) {
	in, out := p.in(n, 0), p.out(n, 0)
	dtype := n.Out[0].DType
	run := func(r *run) {
		if dtype == dtypes.Complex64 {
			mirror(as[complex64](r.mem[out.Buf]), as[complex64](r.mem[in.Buf]), out, in, o.axes)
		} else {
			mirror(as[complex128](r.mem[out.Buf]), as[complex128](r.mem[in.Buf]), out, in, o.axes)
		}
	}
	p.add(step{name: o.Name(), run: run}, []view.View{in}, []view.View{out})
}

func mirror[T complexT](dst, src []T, out, in view.View, axes int) {
	rank := len(out.Dims)
	at := make([]int, rank)
	for i := range dst {
		reflect := at[rank-1] >= in.Dims[rank-1]
		s := in.Offset
		for a, k := range at {
			if reflect && a >= rank-axes {
				k = (out.Dims[a] - k) % out.Dims[a]
			}
			s += k * in.Strides[a]
		}
		dst[i] = src[s]
		if reflect {
			dst[i] = T(cmplx.Conj(complex128(src[s])))
		}
		advance(at, out.Dims, 0)
	}
}

// FFT implements compute.Function. fftLength names the lengths of the last axes; for the real transforms it is that of the real array.
func (f *Function) FFT(operand compute.Value, fftType compute.FFTType, fftLength []int) (compute.Value, error) {
	in, err := f.in("FFT", operand)
	if err != nil {
		return nil, err
	}
	x, rank := in[0], in[0].Shape().Rank()
	axes := len(fftLength)
	if axes < 1 || axes > 3 || axes > rank {
		return nil, fmt.Errorf("engine: FFT of %s over %d axes; want 1 to 3, and no more than it has", x.Shape(), axes)
	}
	wantComplex := fftType != compute.FFTForwardReal
	if wantComplex != x.Shape().DType.IsComplex() || !wantComplex && x.Shape().DType != dtypes.Float32 && x.Shape().DType != dtypes.Float64 {
		return nil, fmt.Errorf("engine: FFT %s of %s: wrong element type", fftType, x.Shape())
	}
	want := plain(x.Shape())
	copy(want.Dimensions[rank-axes:], fftLength)
	if fftType == compute.FFTInverseReal {
		want.Dimensions[rank-1] = fftLength[axes-1]/2 + 1
	}
	for a, d := range want.Dimensions {
		if d != x.Shape().Dimensions[a] {
			return nil, fmt.Errorf("engine: FFT %s of %s with lengths %v: axis %d has %d elements, want %d", fftType, x.Shape(), fftLength, a, x.Shape().Dimensions[a], d)
		}
	}
	var v ir.Value
	switch fftType {
	case compute.FFTForward, compute.FFTInverse:
		v, err = f.add(fftOp{axes, fftType == compute.FFTInverse}, x.Shape(), x)
	case compute.FFTForwardReal:
		v, err = f.realFFT(x, axes)
	default:
		v, err = f.inverseRealFFT(x, axes, fftLength[axes-1])
	}
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

func (f *Function) realFFT(x ir.Value, axes int) (ir.Value, error) {
	to := dtypes.Complex64
	if x.Shape().DType == dtypes.Float64 {
		to = dtypes.Complex128
	}
	z, err := f.convert(x, to)
	if err != nil {
		return ir.Value{}, err
	}
	if z, err = f.add(fftOp{axes, false}, z.Shape(), z); err != nil {
		return ir.Value{}, err
	}
	out := plain(z.Shape())
	last := out.Rank() - 1
	out.Dimensions[last] = out.Dimensions[last]/2 + 1
	return f.add(sliceOp{make([]int, out.Rank()), out.Dimensions, ones(out.Rank())}, out, z)
}

func (f *Function) inverseRealFFT(x ir.Value, axes, length int) (ir.Value, error) {
	full := plain(x.Shape())
	full.Dimensions[full.Rank()-1] = length
	z, err := f.add(hermitianOp{axes}, full, x)
	if err != nil {
		return ir.Value{}, err
	}
	if z, err = f.add(fftOp{axes, true}, full, z); err != nil {
		return ir.Value{}, err
	}
	out := plain(full)
	out.DType = full.DType.RealDType()
	return f.scalar("real", out, z)
}
