package vec

import "math"

// The functions below are the definition of those in assembly: the same steps, each rounded to float32, fma where it says
// fma. Constants and polynomials are in coefficients.go, how they were found in asm/fit.py. Float conversions around
// products keep a compiler from fusing what is not to be fused.

func horner(x float32, k []float32) float32 {
	p := k[0]
	for _, c := range k[1:] {
		p = fma(p, x, c)
	}
	return p
}

// splitLn2 is x as n·ln 2 + r, |r| at most a little over ln 2 / 2. The first step is exact: the product has no rounding in
// an fma, and the difference fits.
func splitLn2(x float32) (n, r float32) {
	n = roundEven(float32(x * log2E))
	r = fma(n, -ln2Hi, x)
	return n, fma(n, -ln2Lo, r)
}

// pow2 is 2ᵏ, -126 <= k <= 127.
func pow2(k int32) float32 { return math.Float32frombits(uint32(k+127) << 23) }

// expIn is eˣ for x in [-104, 89], where the result runs from 0 through all exponents to infinity. The two factors of the
// last step make the one rounding of a subnormal result the last one.
func expIn(x float32) float32 {
	n, r := splitLn2(x)
	p := fma(fma(horner(r, polyExp[:]), r, 1), r, 1)
	k := int32(n)
	return float32(float32(p*pow2(k>>1)) * pow2(k-k>>1))
}

func expOf(x float32) float32 {
	if x != x {
		return x
	}
	return expIn(max(min(x, 89), -104))
}

// expm1Of is 2ⁿ·(eʳ-1) + (2ⁿ-1), with half of everything, so that n = 128 does not overflow before it must.
func expm1Of(x float32) float32 {
	if x != x || abs(x) < 0x1p-25 {
		return x
	}
	n, r := splitLn2(max(min(x, 89), -18))
	q := fma(horner(r, polyExpm1[:]), float32(r*r), r)
	h := pow2(int32(n) - 1)
	y := fma(q, h, h-0.5)
	return y + y
}

// parts is a positive normal number as 2ᵏ·(1+f) with √½ <= 1+f < √2.
func parts(x float32) (k, f float32) {
	const rootHalf = 0x3f3504f3
	i := int32(math.Float32bits(x)) - rootHalf
	m := math.Float32frombits(uint32(i&0x7fffff + rootHalf))
	return float32(i >> 23), m - 1
}

// logParts is k·ln 2 + ln(1+f), where low already has k·ln2Lo and what else is small. Small terms come first.
func logParts(k, f, low float32) float32 {
	s := float32(f * f)
	r := fma(float32(horner(f, polyLog[:])*f), s, low)
	r = fma(s, -0.5, r)
	r += f
	return fma(k, ln2Hi, r)
}

var infinity = float32(math.Inf(1))

func logOf(x float32) float32 {
	switch {
	case x == 0:
		return -infinity
	case x < 0:
		return float32(math.NaN())
	case !(x < infinity):
		return x
	}
	shift := float32(0)
	if x < 0x1p-126 {
		x, shift = x*0x1p23, 23
	}
	k, f := parts(x)
	k -= shift
	return logParts(k, f, float32(k*ln2Lo))
}

// log1pOf takes the logarithm of u = 1+x and adds what the rounding of u lost, divided by u; near 1 it takes x itself for
// u-1.
func log1pOf(x float32) float32 {
	switch {
	case x == -1:
		return -infinity
	case x < -1:
		return float32(math.NaN())
	case !(x < infinity), abs(x) < 0x1p-24:
		return x
	}
	u := 1 + x
	k, f := parts(u)
	if k == 0 {
		return logParts(0, x, 0)
	}
	lost := x - (u - 1)
	if x >= 1 {
		lost = 1 - (u - x)
	}
	return logParts(k, f, fma(k, ln2Lo, lost/u))
}

func copySign(x, y float32) float32 {
	const sign = 1 << 31
	return math.Float32frombits(math.Float32bits(x)&^sign | math.Float32bits(y)&sign)
}

func tanhOf(x float32) float32 {
	a := abs(x)
	switch {
	case x != x:
		return x
	case a < 0.625:
		s := float32(x * x)
		return copySign(fma(float32(horner(s, polyTanh[:])*s), x, x), x)
	}
	b := min(a, 10)
	return copySign(1-2/(expIn(b+b)+1), x)
}

// logisticOf is 1/(1+z) or, for negative x, z/(1+z), with z = e^-|x|: nothing overflows and small results keep their
// digits. z is carried with what its rounding lost, and so is 1+z; one step of division's remainder puts both back in.
func logisticOf(x float32) float32 {
	if x != x {
		return x
	}
	n, r := splitLn2(max(-abs(x), -104))
	q := fma(horner(r, polyExp[:]), float32(r*r), r)
	high := 1 + q
	low := q - (high - 1)
	k := int32(n)
	scale1, scale2 := pow2(k>>1), pow2(k-k>>1)
	z := float32(float32(high*scale1) * scale2)
	zLow := float32(float32(low*scale1) * scale2)
	t := 1 + z
	tLow := z - (t - 1) + zLow
	over, overLow := float32(1), float32(0)
	if x < 0 {
		over, overLow = z, zLow
	}
	s := 1 / t
	y := float32(over * s)
	rest := fma(-y, t, over) + fma(-y, tLow, overLow)
	return fma(rest, s, y)
}

func erfOf(x float32) float32 {
	a := abs(x)
	switch {
	case x != x:
		return x
	case a < 15.0/16:
		return fma(horner(float32(x*x), polyErf[:]), x, x)
	}
	b := min(a, 63.0/16) // from here on it is 1
	t := float32(horner(b, polyErfTail[:])*b) - b
	return copySign(1-expIn(t), x)
}

// maxSine is how far the reduction by three parts of π/2 goes; the few arguments beyond it take the double's way.
const maxSine = 0x1p15

func sinOf(x float32) float32 {
	switch {
	case !(abs(x) <= maxSine):
		return float32(math.Sin(float64(x)))
	case abs(x) < 0x1p-12:
		return x
	}
	return sinQuarters(x, 0)
}

func cosOf(x float32) float32 {
	if !(abs(x) <= maxSine) {
		return float32(math.Cos(float64(x)))
	}
	return sinQuarters(x, 1)
}

// sinQuarters is the sine of x + quarters·π/2. The first step of the reduction is exact. The second one takes t away, of which
// the product's rounding left out tLow, and loses e (Knuth's two-sum); both and the third step are kept in low.
func sinQuarters(x float32, quarters int32) float32 {
	q := roundEven(float32(x * twoOverPi))
	first := fma(q, -halfPi1, x)
	t := float32(q * halfPi2)
	tLow := fma(q, halfPi2, -t)
	r := first - t
	moved := r - first
	e := (first - (r - moved)) - (t + moved)
	low := fma(q, -halfPi3, e-tLow)
	s := float32(r * r)
	n := int32(q) + quarters
	var y float32
	if n&1 == 0 {
		y = r + fma(float32(horner(s, polySin[:])*s), r, low)
	} else {
		half := float32(s * 0.5)
		w := 1 - half
		y = w + fma(-r, low, fma(horner(s, polyCos[:]), float32(s*s), 1-w-half))
	}
	return math.Float32frombits(math.Float32bits(y) ^ uint32(n&2)<<30)
}

// fma is a·b + c rounded once. The product of two float32 is exact in float64; the sum is rounded there to odd, which is
// what makes the second rounding, to float32, harmless (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums:
// proved algorithms using rounding to odd", IEEE Trans. Computers 57(4), 2008).
func fma(a, b, c float32) float32 {
	p := float64(a) * float64(b)
	s := p + float64(c)
	// Rounding twice errs only where the double lies halfway between two floats, or where the float is subnormal.
	bits := math.Float64bits(s)
	if bits&(1<<29-1) != 1<<28 && bits>>52&0x7ff > 1023-127 {
		return float32(s)
	}
	return float32(toOdd(s, p, float64(c)))
}

// toOdd rounds the exact p + c to odd, given the rounded sum s: if s is not exact and its last bit is even, it takes the
// neighbour of s on the other side of the exact sum.
func toOdd(s, p, c float64) float64 {
	t := s - p
	e := (p - (s - t)) + (c - t) // Knuth's two-sum: s + e = p + c exactly
	bits := math.Float64bits(s)
	if bits&1 == 0 && (e > 0 || e < 0) {
		if e > 0 == (s > 0) {
			bits++
		} else {
			bits--
		}
	}
	return math.Float64frombits(bits)
}
