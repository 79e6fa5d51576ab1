package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Rounding is the same in any arithmetic, see term.
func TestTransformsAreTheSameOnEveryLevel(t *testing.T) {
	eachLevel(t, func(t *testing.T, s *Scratch) {
		rng := rand.New(rand.NewPCG(19, 20))
		for m := transformInput; m <= transformKernel; m++ {
			for form := range shortForms {
				for _, n := range []int{16, 32, 80} {
					src := random(rng, 25*n)
					want, got := make([]float32, 25*n), make([]float32, 25*n)
					portableTransform(matrices[m][form], want, grid{5 * n, n}, src, grid{n, 5 * n}, n)
					s.kernels().transform(m, form, got, grid{5 * n, n}, src, grid{n, 5 * n}, n)
					if !slices.Equal(got, want) {
						t.Fatalf("transformation %d of %v of %d numbers differs", m, form, n)
					}
				}
			}
		}
	})
}

// The identity that all forms rest on, in exact arithmetic of small integers: A ((G w)(B x)) is the convolution of x and w.
func TestShortFormsConvolve(t *testing.T) {
	for form := range shortForms {
		a, g, b := matrices[transformOutput][form], matrices[transformWeights][form], matrices[transformInput][form]
		for tap := range form.taps() {
			for in := range form.products() {
				for out := range form.side() {
					sum := 0
					for t := range form.products() {
						sum += a[out][t] * g[t][tap] * b[t][in]
					}
					want := 0
					if in == out+tap {
						want = one * one * one
					}
					if sum != want {
						t.Errorf("%v: output %d, tap %d, input %d: %d, want %d", form, out, tap, in, sum, want)
					}
				}
			}
		}
	}
}
