package vec

import "math"

// Run sets dst[i] = op(x[i]) for all of dst. x must be at least as long as dst; it may be dst itself.
func (op Unary) Run(dst, x []float32) { active.unary[op](dst, x[:len(dst)]) }

// mapped makes a kernel of a scalar function.
func mapped(f func(float32) float32) func(dst, x []float32) {
	return func(dst, x []float32) {
		for i := range dst {
			dst[i] = f(x[i])
		}
	}
}

func negGo(dst, x []float32) {
	for i := range dst {
		dst[i] = -x[i]
	}
}

func absGo(dst, x []float32) {
	for i := range dst {
		dst[i] = abs(x[i])
	}
}

func signGo(dst, x []float32) {
	for i := range dst {
		dst[i] = sign(x[i])
	}
}

func sqrtGo(dst, x []float32) {
	for i := range dst {
		dst[i] = sqrt(x[i])
	}
}

func rsqrtGo(dst, x []float32) {
	for i := range dst {
		dst[i] = 1 / sqrt(x[i])
	}
}

func recipGo(dst, x []float32) {
	for i := range dst {
		dst[i] = 1 / x[i]
	}
}

func floorGo(dst, x []float32) {
	for i := range dst {
		dst[i] = float32(math.Floor(float64(x[i])))
	}
}

func ceilGo(dst, x []float32) {
	for i := range dst {
		dst[i] = float32(math.Ceil(float64(x[i])))
	}
}

func roundGo(dst, x []float32) {
	for i := range dst {
		dst[i] = roundEven(x[i])
	}
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// sqrt is correctly rounded: the compiler makes one instruction of it, and where it does not, the double has more than
// twice the digits plus two, so that rounding twice does no harm.
func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func roundEven(x float32) float32 { return float32(math.RoundToEven(float64(x))) }

func sign(x float32) float32 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}
