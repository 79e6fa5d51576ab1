package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// eachVariant runs a test on every variant and restores the one that was in use. A variant this machine cannot run is
// skipped, and the test says so.
func eachVariant(t *testing.T, test func(t *testing.T)) {
	before := Active()
	defer Use(before)
	for v := Portable; v < numVariants; v++ {
		t.Run(v.String(), func(t *testing.T) {
			if err := Use(v); err != nil {
				t.Skip(err)
			}
			test(t)
		})
	}
}

// lengths are 0, 1, one under and over each block size of the kernels, primes, and a few blocks.
var lengths = []int{0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 97, 127, 128, 129, 257, 1000, 1024, 1031}

// specials are the float32 at which functions turn: zeros, subnormals, ones, halves, the ends, infinities, NaN.
var specials = []float32{0, float32(math.Copysign(0, -1)), 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3, -3, 1e-45, -1e-45,
	1.1754944e-38, -1.1754944e-38, 1.1754942e-38, 3.4028235e38, -3.4028235e38, 8388608, -8388609, 8388607.5, 16777217, 1e10, -1e10,
	88.8, -88.8, 103.9, -104, 1e-10, -1e-10, 0.9999999, 1.0000001, float32(math.Inf(1)), float32(math.Inf(-1)),
	float32(math.NaN()), 2, -2, 10, 0.25, 1e-20, 1e20, math.Pi, -math.Pi / 2}

// numbers returns n numbers of many magnitudes, every eighth a special one.
func numbers(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		switch {
		case rng.IntN(8) == 0:
			x[i] = specials[rng.IntN(len(specials))]
		case rng.IntN(4) == 0:
			x[i] = math.Float32frombits(rng.Uint32())
		default:
			x[i] = float32(rng.NormFloat64() * math.Exp2(float64(rng.IntN(12)-6)))
		}
	}
	return x
}

// normals returns n numbers from the normal distribution.
func normals(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// same is equality of bits, but for NaN, of which there is only one here.
func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

func wantSame(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i := range want {
		if !same(got[i], want[i]) {
			t.Fatalf("%s: element %d of %d is %v (%#x), want %v (%#x)", name, i, len(want),
				got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
}

func wantBools(t *testing.T, name string, got, want []bool) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s: element %d of %d is %v", name, i, len(want), got[i])
		}
	}
}

// naive computes f element by element: the definition the kernels are held to.
func naive(n int, f func(i int) float32) []float32 {
	y := make([]float32, n)
	for i := range y {
		y[i] = f(i)
	}
	return y
}

func TestUnaryEqualsDefinition(t *testing.T) {
	f64 := func(f func(float64) float64) func(float32) float32 {
		return func(x float32) float32 { return float32(f(float64(x))) }
	}
	exact := map[Unary]func(float32) float32{
		Neg: func(x float32) float32 { return -x }, Abs: f64(math.Abs), Sqrt: f64(math.Sqrt),
		Rsqrt: func(x float32) float32 { return 1 / f64(math.Sqrt)(x) }, Recip: func(x float32) float32 { return 1 / x },
		Floor: f64(math.Floor), Ceil: f64(math.Ceil), Round: f64(math.RoundToEven),
		Sign: func(x float32) float32 {
			if x == 0 || x != x {
				return x
			}
			return float32(math.Copysign(1, float64(x)))
		},
	}
	eachVariant(t, func(t *testing.T) {
		for op, f := range exact {
			for _, n := range append(lengths, 2000) {
				x := numbers(random(uint64(n)), n)
				dst := make([]float32, n)
				op.Run(dst, x)
				want := naive(n, func(i int) float32 { return f(x[i]) })
				wantSame(t, op.String(), dst, want)
				op.Run(x, x)
				wantSame(t, op.String()+" in place", x, want)
			}
		}
	})
}

func TestBinaryEqualsDefinition(t *testing.T) {
	exact := map[Binary]func(a, b float32) float32{
		Add:   func(a, b float32) float32 { return a + b },
		Sub:   func(a, b float32) float32 { return a - b },
		Mul:   func(a, b float32) float32 { return a * b },
		Div:   func(a, b float32) float32 { return a / b },
		Max:   func(a, b float32) float32 { return float32(math.Max(float64(a), float64(b))) },
		Min:   func(a, b float32) float32 { return float32(math.Min(float64(a), float64(b))) },
		Rem:   func(a, b float32) float32 { return float32(math.Mod(float64(a), float64(b))) },
		Atan2: func(a, b float32) float32 { return float32(math.Atan2(float64(a), float64(b))) },
	}
	// math.Max has one rule that the language's max has not: it prefers an infinity to NaN.
	nan := func(f func(a, b float32) float32) func(a, b float32) float32 {
		return func(a, b float32) float32 {
			if a != a || b != b {
				return float32(math.NaN())
			}
			return f(a, b)
		}
	}
	exact[Max], exact[Min] = nan(exact[Max]), nan(exact[Min])
	eachVariant(t, func(t *testing.T) {
		for op, f := range exact {
			for _, n := range lengths {
				rng := random(uint64(n))
				a, b, dst := numbers(rng, n), numbers(rng, n), make([]float32, n)
				op.Run(dst, a, b)
				wantSame(t, op.String(), dst, naive(n, func(i int) float32 { return f(a[i], b[i]) }))
				op.Run(dst, a, a)
				wantSame(t, op.String()+" of itself", dst, naive(n, func(i int) float32 { return f(a[i], a[i]) }))
				s := specials[rng.IntN(len(specials))]
				op.RunRight(dst, a, s)
				wantSame(t, fmt.Sprint(op, " right ", s), dst, naive(n, func(i int) float32 { return f(a[i], s) }))
				op.RunLeft(dst, s, b)
				wantSame(t, fmt.Sprint(op, " left ", s), dst, naive(n, func(i int) float32 { return f(s, b[i]) }))
			}
			for _, s := range specials {
				for _, u := range specials {
					dst := make([]float32, 16)
					op.RunRight(dst, naive(16, func(int) float32 { return s }), u)
					wantSame(t, fmt.Sprint(op, s, u), dst, naive(16, func(int) float32 { return f(s, u) }))
				}
			}
		}
	})
}

func TestCompareAndSelect(t *testing.T) {
	def := map[Compare]func(a, b float32) bool{
		Eq: func(a, b float32) bool { return a == b }, Ne: func(a, b float32) bool { return a != b },
		Lt: func(a, b float32) bool { return a < b }, Le: func(a, b float32) bool { return a <= b },
		Gt: func(a, b float32) bool { return a > b }, Ge: func(a, b float32) bool { return a >= b },
	}
	bools := func(n int, f func(i int) bool) []bool {
		m := make([]bool, n)
		for i := range m {
			m[i] = f(i)
		}
		return m
	}
	eachVariant(t, func(t *testing.T) {
		for _, n := range lengths {
			rng := random(uint64(n))
			a, b := numbers(rng, n), numbers(rng, n)
			for i := range b {
				if rng.IntN(3) == 0 {
					b[i] = a[i]
				}
			}
			s := specials[rng.IntN(len(specials))]
			m := make([]bool, n)
			for op, f := range def {
				op.Run(m, a, b)
				wantBools(t, op.String(), m, bools(n, func(i int) bool { return f(a[i], b[i]) }))
				op.RunRight(m, a, s)
				wantBools(t, op.String(), m, bools(n, func(i int) bool { return f(a[i], s) }))
				op.RunLeft(m, s, b)
				wantBools(t, op.String(), m, bools(n, func(i int) bool { return f(s, b[i]) }))
			}
			IsFinite(m, a)
			wantBools(t, "isfinite", m, bools(n, func(i int) bool { return a[i]-a[i] == 0 }))

			p := bools(n, func(int) bool { return rng.IntN(2) == 0 })
			q := bools(n, func(int) bool { return rng.IntN(2) == 0 })
			And.Run(m, p, q)
			wantBools(t, "and", m, bools(n, func(i int) bool { return p[i] && q[i] }))
			Or.Run(m, p, q)
			wantBools(t, "or", m, bools(n, func(i int) bool { return p[i] || q[i] }))
			Xor.Run(m, p, q)
			wantBools(t, "xor", m, bools(n, func(i int) bool { return p[i] != q[i] }))
			Not(m, p)
			wantBools(t, "not", m, bools(n, func(i int) bool { return !p[i] }))

			pick := func(i int, x, y float32) float32 {
				if p[i] {
					return x
				}
				return y
			}
			dst := make([]float32, n)
			Select(dst, p, a, b)
			wantSame(t, "select", dst, naive(n, func(i int) float32 { return pick(i, a[i], b[i]) }))
			SelectRight(dst, p, a, s)
			wantSame(t, "select right", dst, naive(n, func(i int) float32 { return pick(i, a[i], s) }))
			SelectLeft(dst, p, s, b)
			wantSame(t, "select left", dst, naive(n, func(i int) float32 { return pick(i, s, b[i]) }))
			SelectScalars(dst, p, s, 3)
			wantSame(t, "select scalars", dst, naive(n, func(i int) float32 { return pick(i, s, 3) }))
			above := func(x, y, z float32) float32 {
				if x > 0 {
					return y
				}
				return z
			}
			Over(dst, a, b, s)
			wantSame(t, "over", dst, naive(n, func(i int) float32 { return above(a[i], b[i], s) }))
			Gate(dst, a, b, 0.2)
			wantSame(t, "gate", dst, naive(n, func(i int) float32 { return b[i] * above(a[i], 1, 0.2) }))
		}
	})
}

func TestFmaRoundsOnce(t *testing.T) {
	rng := random(1)
	// Pairs built so that the exact sum lies next to the middle of two floats: the double rounding that fma must avoid.
	for range 200000 {
		a := math.Float32frombits(rng.Uint32()&0x007fffff | 0x3f800000)
		b := math.Float32frombits(rng.Uint32()&0x007fffff | uint32(100+rng.IntN(60))<<23)
		c := math.Float32frombits(rng.Uint32()&0x807fffff | uint32(60+rng.IntN(140))<<23)
		want := exactFma(a, b, c)
		if got := fma(a, b, c); !same(got, want) {
			t.Fatalf("fma(%v, %v, %v) = %v, want %v", a, b, c, got, want)
		}
	}
	for _, c := range []struct{ a, b, c, want float32 }{
		// (1+2^-12)² = 1 + 2^-11 + 2^-24, half way; a tiny addend decides.
		{1 + 0x1p-12, 1 + 0x1p-12, 0x1p-80, 1 + 0x1p-11 + 0x1p-23},
		{1 + 0x1p-12, 1 + 0x1p-12, 0, 1 + 0x1p-11},
		{1 + 0x1p-12, 1 + 0x1p-12, -0x1p-80, 1 + 0x1p-11},
		{-1 - 0x1p-12, 1 + 0x1p-12, -0x1p-80, -1 - 0x1p-11 - 0x1p-23},
		{0x1p-75, 0x1p-75, 0, 0}, {0x1p-75, 0x1p-75, 0x1p-149, 0x1p-148}, // halves, to even
		{0x1p-75, 0x1p-75 * (1 + 0x1p-20), 0, 0x1p-149},
	} {
		if got := fma(c.a, c.b, c.c); got != c.want {
			t.Errorf("fma(%v, %v, %v) = %v, want %v", c.a, c.b, c.c, got, c.want)
		}
	}
	eachVariant(t, func(t *testing.T) {
		for _, n := range lengths {
			a, b, c, dst := numbers(rng, n), numbers(rng, n), numbers(rng, n), make([]float32, n)
			s, u := specials[rng.IntN(len(specials))], float32(rng.NormFloat64())
			Fma(dst, a, b, c)
			wantSame(t, "fma", dst, naive(n, func(i int) float32 { return fma(a[i], b[i], c[i]) }))
			Axpy(dst, s, a, c)
			wantSame(t, "axpy", dst, naive(n, func(i int) float32 { return fma(a[i], s, c[i]) }))
			Affine(dst, a, s, u)
			wantSame(t, "affine", dst, naive(n, func(i int) float32 { return fma(a[i], s, u) }))
			MulAdd(dst, a, b, u)
			wantSame(t, "muladd", dst, naive(n, func(i int) float32 { return fma(a[i], b[i], u) }))
		}
	})
}

func TestVariantIsChosenByName(t *testing.T) {
	list := Variants()
	for _, v := range list {
		if got := choose(v.String()).variant; got != v {
			t.Errorf("%v chooses %v", v, got)
		}
	}
	for _, name := range []string{"", "sse", "AVX2"} {
		if got := choose(name).variant; got != list[len(list)-1] {
			t.Errorf("%q chooses %v, want the best, %v", name, got, list[len(list)-1])
		}
	}
	if err := Use(numVariants); err == nil {
		t.Error("an unknown variant is taken")
	}
}
