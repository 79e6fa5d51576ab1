package vec

import "math"

// Run sets dst[i] = op(a[i], b[i]) for all of dst. a and b must be at least as long as dst; they may be dst itself.
func (op Binary) Run(dst, a, b []float32) { active.binary[op](dst, a[:len(dst)], b[:len(dst)]) }

// RunRight sets dst[i] = op(a[i], s).
func (op Binary) RunRight(dst, a []float32, s float32) { active.right(op)(dst, a[:len(dst)], s) }

// RunLeft sets dst[i] = op(s, b[i]).
func (op Binary) RunLeft(dst []float32, s float32, b []float32) {
	active.binarySV[op](dst, b[:len(dst)], s)
}

// right is the kernel of op with a constant on the right. Powers that people write take no power function: they are the
// same number, correctly rounded, for less.
func (k *kernels) right(op Binary) func(dst, a []float32, s float32) {
	if op == Pow {
		return k.powRight
	}
	return k.binaryVS[op]
}

func (k *kernels) powRight(dst, a []float32, s float32) {
	switch s {
	case 1:
		copy(dst, a)
	case 2:
		k.binary[Mul](dst, a, a)
	case -1:
		k.unary[Recip](dst, a)
	default:
		k.binaryVS[Pow](dst, a, s)
	}
}

// Fma sets dst[i] = a[i]·b[i] + c[i], rounded once.
func Fma(dst, a, b, c []float32) {
	active.fma(dst, a[:len(dst)], b[:len(dst)], c[:len(dst)])
}

// Axpy sets dst[i] = s·x[i] + y[i], rounded once.
func Axpy(dst []float32, s float32, x, y []float32) {
	active.fmaVSV(dst, x[:len(dst)], y[:len(dst)], s)
}

// Affine sets dst[i] = x[i]·s + t, rounded once.
func Affine(dst, x []float32, s, t float32) { active.fmaVSS(dst, x[:len(dst)], s, t) }

// MulAdd sets dst[i] = a[i]·b[i] + t, rounded once.
func MulAdd(dst, a, b []float32, t float32) {
	active.fmaVVS(dst, a[:len(dst)], b[:len(dst)], t)
}

// Clamp sets dst[i] = min(max(x[i], lo), hi).
func Clamp(dst, x []float32, lo, hi float32) {
	Max.RunRight(dst, x, lo)
	Min.RunRight(dst, dst, hi)
}

// binaryGo makes the three kernels of a scalar function of two arguments.
func binaryGo(k *kernels, op Binary, f func(a, b float32) float32) {
	k.binary[op] = func(dst, a, b []float32) {
		for i := range dst {
			dst[i] = f(a[i], b[i])
		}
	}
	k.binaryVS[op] = func(dst, a []float32, s float32) {
		for i := range dst {
			dst[i] = f(a[i], s)
		}
	}
	k.binarySV[op] = func(dst, b []float32, s float32) {
		for i := range dst {
			dst[i] = f(s, b[i])
		}
	}
}

// The six operations of one instruction have their loops written out, or each element would cost a call.
var binaryLoops = [...]struct {
	op     Binary
	vv     func(dst, a, b []float32)
	vs, sv func(dst, x []float32, s float32)
}{
	{Add, addGo, addVSGo, addVSGo},
	{Sub, subGo, subVSGo, subSVGo},
	{Mul, mulGo, mulVSGo, mulVSGo},
	{Div, divGo, divVSGo, divSVGo},
	{Max, maxGo, maxVSGo, maxVSGo},
	{Min, minGo, minVSGo, minVSGo},
}

func addGo(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func addVSGo(dst, x []float32, s float32) {
	for i := range dst {
		dst[i] = x[i] + s
	}
}

func subGo(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

func subVSGo(dst, x []float32, s float32) {
	for i := range dst {
		dst[i] = x[i] - s
	}
}

func subSVGo(dst, x []float32, s float32) {
	for i := range dst {
		dst[i] = s - x[i]
	}
}

func mulGo(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func mulVSGo(dst, x []float32, s float32) {
	for i := range dst {
		dst[i] = x[i] * s
	}
}

func divGo(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

func divVSGo(dst, x []float32, s float32) {
	for i := range dst {
		dst[i] = x[i] / s
	}
}

func divSVGo(dst, x []float32, s float32) {
	for i := range dst {
		dst[i] = s / x[i]
	}
}

func maxGo(dst, a, b []float32) {
	for i := range dst {
		dst[i] = max(a[i], b[i])
	}
}

func maxVSGo(dst, x []float32, s float32) {
	for i := range dst {
		dst[i] = max(x[i], s)
	}
}

func minGo(dst, a, b []float32) {
	for i := range dst {
		dst[i] = min(a[i], b[i])
	}
}

func minVSGo(dst, x []float32, s float32) {
	for i := range dst {
		dst[i] = min(x[i], s)
	}
}

func remOf(a, b float32) float32   { return float32(math.Mod(float64(a), float64(b))) }
func atan2Of(a, b float32) float32 { return float32(math.Atan2(float64(a), float64(b))) }

func fmaGo(dst, a, b, c []float32) {
	for i := range dst {
		dst[i] = fma(a[i], b[i], c[i])
	}
}

func fmaVSVGo(dst, a, c []float32, s float32) {
	for i := range dst {
		dst[i] = fma(a[i], s, c[i])
	}
}

func fmaVSSGo(dst, a []float32, s, t float32) {
	for i := range dst {
		dst[i] = fma(a[i], s, t)
	}
}

func fmaVVSGo(dst, a, b []float32, t float32) {
	for i := range dst {
		dst[i] = fma(a[i], b[i], t)
	}
}
