package vec

import "math"

// powOf is |x|ʸ in float64 with signs and special cases around it. The double's error, some 2^-34 of the result, leaves
// the float32 correctly rounded but for one case in about a thousand.
func powOf(x, y float32) float32 {
	a := abs(x)
	switch {
	case y == 0 || x == 1 || a == 1 && y == y:
		return powSign(x, y, 1)
	case x != x || y != y:
		return float32(math.NaN())
	}
	return powSign(x, y, float32(powIn(float64(a), float64(y))))
}

// powSign gives the magnitude r of a power its sign, which a negative x with an odd y makes negative, or NaN if there is
// no such power: of a negative number other than -0 and -Inf, with an exponent that is no integer.
func powSign(x, y, r float32) float32 {
	whole := func(v float32) bool { return roundEven(v) == v }
	switch {
	case !math.Signbit(float64(x)):
		return r
	case !whole(y):
		if x < 0 && x != -infinity {
			return float32(math.NaN())
		}
		return r
	case !whole(y * 0.5):
		return -r
	}
	return r
}

// powIn is aʸ for a >= 0: 2 to the power of y·log₂ a. Integers in the low bits of a double are made a number by adding and
// subtracting 2^52, and back, which all machines have.
func powIn(a, y float64) float64 {
	const (
		rootHalf = 0x3fe6a09e00000000
		bias     = 256
		magic    = 0x4330000000000000 // the bits of 2^52
	)
	i := math.Float64bits(a) - rootHalf
	k := math.Float64frombits((i+bias<<52)>>52|magic) - (1<<52 + bias)
	m := math.Float64frombits(i&(1<<52-1) + rootHalf)
	s := (m - 1) / (m + 1)
	log := math.FMA(horner64(float64(s*s), polyLog2[:]), s, k)
	switch a {
	case 0:
		log = math.Inf(-1)
	case math.Inf(1):
		log = a
	}
	z := max(min(float64(y*log), 200), -200)
	n := math.RoundToEven(z)
	scale := math.Float64frombits(math.Float64bits(n+(0x1.8p52+1023)) << 52)
	return float64(horner64(z-n, polyExp2[:]) * scale)
}

func horner64(x float64, k []float64) float64 {
	p := k[0]
	for _, c := range k[1:] {
		p = math.FMA(p, x, c)
	}
	return p
}
