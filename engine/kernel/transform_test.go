package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// All coefficients are powers of two, so rounding is the same in any arithmetic.
func TestTransformsAreTheSameOnEveryLevel(t *testing.T) {
	eachLevel(t, func(t *testing.T, s *Scratch) {
		rng := rand.New(rand.NewPCG(19, 20))
		for m := transformInput; m <= transformKernel; m += 2 {
			for _, products := range []int{3, 4} {
				for _, n := range []int{16, 32, 80} {
					src := random(rng, 16*n)
					want, got := make([]float32, 16*n), make([]float32, 16*n)
					portableTransform(matrices[int(m)+products-3], want, grid{4 * n, n}, src, grid{n, 4 * n}, n)
					s.kernels().transform(m, products, got, grid{4 * n, n}, src, grid{n, 4 * n}, n)
					if !slices.Equal(got, want) {
						t.Fatalf("transformation %d with %d products of %d numbers differs", m, products, n)
					}
				}
			}
		}
	})
}
