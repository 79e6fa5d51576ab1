package vec

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"
)

// Step is the environment variable that sets how far apart, in bits, the float32 are that TestFunctionErrors and
// TestFunctionBits go through: 1 is all of them and takes minutes a function. Without it they take a sample.
const Step = "GANYMEDE_VEC_STEP"

// functions have their reference in float64 and the largest error in units of the last place that was measured over all
// float32, rounded up; doc.go lists the figures.
var functions = []struct {
	op    Unary
	exact func(float64) float64
	ulp   float64
}{
	{Exp, math.Exp, 0.90}, {Expm1, math.Expm1, 1.44}, {Log, math.Log, 0.86}, {Log1p, math.Log1p, 0.86}, {Tanh, math.Tanh, 1.37},
	{Logistic, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 1.01},
	{Erf, math.Erf, 1.08}, {Sin, math.Sin, 0.85}, {Cos, math.Cos, 0.85},
}

// ulps is the distance of got from the exact result, in units of the last place of a float32 there.
func ulps(got float32, exact float64) float64 {
	switch {
	case exact != exact || got != got:
		if exact != exact && got != got {
			return 0
		}
		return math.Inf(1)
	case float64(got) == exact || got == float32(exact):
		return math.Abs(float64(got)-exact) / unit(exact)
	case math.IsInf(float64(got), 0):
		return math.Abs(math.Copysign(0x1p128, float64(got))-exact) / 0x1p104
	}
	return math.Abs(float64(got)-exact) / unit(exact)
}

// unit is the distance between float32s around x.
func unit(x float64) float64 {
	if math.IsInf(x, 0) || math.Abs(x) >= 0x1p128 {
		return 0x1p104
	}
	_, e := math.Frexp(x)
	return math.Ldexp(1, max(e-24, -149))
}

// everyFloat calls f with blocks of all float32 one after another, or of a sample of them that has every exponent.
func everyFloat(f func(x []float32)) {
	step, err := strconv.ParseUint(os.Getenv(Step), 10, 32)
	if err != nil || step == 0 {
		step = 20011 // a prime
	}
	x := make([]float32, 0, 1024)
	for bits := uint64(0); bits < 1<<32; bits += step {
		x = append(x, math.Float32frombits(uint32(bits)))
		if len(x) == cap(x) {
			f(x)
			x = x[:0]
		}
	}
	f(x)
}

func TestFunctionErrors(t *testing.T) {
	for _, fn := range functions {
		t.Run(fn.op.String(), func(t *testing.T) {
			y := make([]float32, 1024)
			worst, at := 0.0, float32(0)
			everyFloat(func(x []float32) {
				fn.op.Run(y[:len(x)], x)
				for i, v := range x {
					exact := fn.exact(float64(v))
					if math.Abs(exact) > math.MaxFloat32 && math.IsInf(float64(y[i]), 0) && exact > 0 == (y[i] > 0) {
						continue
					}
					if e := ulps(y[i], exact); e > worst {
						worst, at = e, v
					}
				}
			})
			t.Logf("largest error %.4f ulp, at %v (%#x)", worst, at, math.Float32bits(at))
			if worst > fn.ulp {
				t.Errorf("largest error %.4f ulp at %v, want at most %v", worst, at, fn.ulp)
			}
		})
	}
}

// TestFunctionBits: every variant gives the bits of the portable function.
func TestFunctionBits(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		if Active() == Portable {
			t.Skip("it is what the others are compared with")
		}
		for _, fn := range functions {
			t.Run(fn.op.String(), func(t *testing.T) {
				y, want := make([]float32, 1024), make([]float32, 1024)
				everyFloat(func(x []float32) {
					fn.op.Run(y[:len(x)], x)
					tables[Portable].unary[fn.op](want[:len(x)], x)
					for i, v := range x {
						if !same(y[i], want[i]) {
							t.Fatalf("of %v (%#x) is %v, the portable one %v", v, math.Float32bits(v), y[i], want[i])
						}
					}
				})
				for _, n := range lengths {
					x, want := numbers(random(uint64(n)), n), make([]float32, n)
					tables[Portable].unary[fn.op](want, x)
					fn.op.Run(x, x)
					wantSame(t, fmt.Sprint(n, " in place"), x, want)
				}
			})
		}
	})
}

// TestFunctionsOfSpecials: zeros keep their sign, and infinities, NaN, ends and subnormals give what Go's math gives.
func TestFunctionsOfSpecials(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, fn := range functions {
			y := make([]float32, len(specials))
			fn.op.Run(y, specials)
			for i, x := range specials {
				exact := fn.exact(float64(x))
				want := float32(exact)
				if want == 0 || want != want || math.IsInf(float64(want), 0) {
					if !same(y[i], want) {
						t.Errorf("%v of %v (%#x) is %v, want %v", fn.op, x, math.Float32bits(x), y[i], want)
					}
				} else if e := ulps(y[i], exact); e > fn.ulp {
					t.Errorf("%v of %v is %v, want %v: %.2f ulp", fn.op, x, y[i], want, e)
				}
			}
		}
	})
}
