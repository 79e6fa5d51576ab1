package vec

import (
	"math"
	"testing"
)

// powError is how far Pow may be off, in ulp; see doc.go.
const powError = 0.51

// TestPowErrors compares with float64 on a grid of bases and exponents, and on random pairs whose power is in range.
func TestPowErrors(t *testing.T) {
	worst, at := 0.0, [2]float32{}
	check := func(x, y []float32) {
		r := make([]float32, len(x))
		Pow.Run(r, x, y)
		for i := range r {
			exact := math.Pow(float64(x[i]), float64(y[i]))
			if math.IsInf(float64(r[i]), 0) && math.Abs(exact) > math.MaxFloat32 && exact > 0 == (r[i] > 0) {
				continue
			}
			if e := ulps(r[i], exact); e > worst {
				worst, at = e, [2]float32{x[i], y[i]}
			}
		}
	}
	var x, y []float32
	for base := float32(0.01); base < 200; base *= 1.037 {
		for exponent := float32(-20); exponent <= 20; exponent += 0.25 {
			x, y = append(x, base, -base), append(y, exponent, float32(math.Trunc(float64(exponent))))
		}
	}
	check(x, y)
	rng := random(11)
	for range 200 {
		x, y = x[:0], y[:0]
		for range 1000 {
			a := math.Float32frombits(rng.Uint32() & 0x7fffffff)
			b := float32((rng.Float64()*300 - 150) / math.Log2(float64(a)))
			c := 1 + float32(rng.NormFloat64())*float32(math.Exp2(-20*rng.Float64()))
			x, y = append(x, a, c), append(y, b, float32(rng.NormFloat64()*1e4))
		}
		check(x, y)
	}
	t.Logf("largest error %.4f ulp, at %v", worst, at)
	if worst > powError {
		t.Errorf("largest error %.4f ulp, at %v, want at most %v", worst, at, powError)
	}
}

// TestPowSpecials: every pair of special values gives what math.Pow gives, on every variant, and every variant gives the
// bits of the portable one.
func TestPowSpecials(t *testing.T) {
	list := append([]float32{5, -5, 4, -7, 33554432, -0.25, 7.5, -1e-30, 16777215, -16777215, 0.99999994}, specials...)
	eachVariant(t, func(t *testing.T) {
		for _, s := range list {
			right, left, want := make([]float32, len(list)), make([]float32, len(list)), make([]float32, len(list))
			active.binaryVS[Pow](right, list, s)
			Pow.RunLeft(left, s, list)
			for i, v := range list {
				for _, c := range []struct{ x, y, got float32 }{{v, s, right[i]}, {s, v, left[i]}} {
					want := float32(math.Pow(float64(c.x), float64(c.y)))
					if e := math.Abs(float64(c.got) - float64(want)); !same(c.got, want) && !(e <= float64(unit(float64(want)))) {
						t.Errorf("%v to the power of %v is %v, want %v", c.x, c.y, c.got, want)
					}
				}
			}
			tables[Portable].binaryVS[Pow](want, list, s)
			wantSame(t, "pow", right, want)
			// RunRight has short ways for some exponents, which round better.
			Pow.RunRight(right, list, s)
			for i, x := range list {
				exact := math.Pow(float64(x), float64(s))
				if e := ulps(right[i], exact); !same(right[i], float32(exact)) && !(e <= powError) {
					t.Errorf("%v to the power of %v, short, is %v, want %v", x, s, right[i], exact)
				}
			}
		}
		for _, n := range lengths {
			rng := random(uint64(n))
			x, y, got, want := numbers(rng, n), normals(rng, n), make([]float32, n), make([]float32, n)
			tables[Portable].binary[Pow](want, x, y)
			Pow.Run(got, x, y)
			wantSame(t, "pow", got, want)
		}
	})
}
