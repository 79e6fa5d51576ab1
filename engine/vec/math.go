package vec

import "math"

func expOf(x float32) float32      { return float32(math.Exp(float64(x))) }
func expm1Of(x float32) float32    { return float32(math.Expm1(float64(x))) }
func logOf(x float32) float32      { return float32(math.Log(float64(x))) }
func log1pOf(x float32) float32    { return float32(math.Log1p(float64(x))) }
func tanhOf(x float32) float32     { return float32(math.Tanh(float64(x))) }
func logisticOf(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }
func erfOf(x float32) float32      { return float32(math.Erf(float64(x))) }
func sinOf(x float32) float32      { return float32(math.Sin(float64(x))) }
func cosOf(x float32) float32      { return float32(math.Cos(float64(x))) }

// fma is a·b + c rounded once. The product of two float32 is exact in float64; the sum is rounded there to odd, which is
// what makes the second rounding, to float32, harmless (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums:
// proved algorithms using rounding to odd", IEEE Trans. Computers 57(4), 2008).
func fma(a, b, c float32) float32 {
	p := float64(a) * float64(b)
	s := p + float64(c)
	// Rounding twice errs only where the double lies halfway between two floats, or where the float is subnormal.
	bits := math.Float64bits(s)
	if bits&(1<<29-1) != 1<<28 && bits>>52&0x7ff > 1023-126 {
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
	if bits&1 == 0 {
		switch {
		case e > 0 == (s > 0) && e != 0 && e == e:
			bits++
		case e != 0 && e == e:
			bits--
		}
	}
	return math.Float64frombits(bits)
}
