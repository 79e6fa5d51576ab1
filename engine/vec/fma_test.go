package vec

import "math/big"

// exactFma computes a·b + c exactly and rounds it once, by math/big; the arguments are finite and the result is not zero
// by cancellation.
func exactFma(a, b, c float32) float32 {
	exact := func(x float32) *big.Float { return new(big.Float).SetPrec(1000).SetFloat64(float64(x)) }
	sum := exact(a)
	sum.Mul(sum, exact(b)).Add(sum, exact(c))
	f, _ := sum.Float32()
	return f
}
