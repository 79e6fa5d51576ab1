package vec

import (
	"fmt"
	"testing"
)

// eachVariantBench runs a benchmark on every variant of this machine.
func eachVariantBench(b *testing.B, bytes int, f func()) {
	before := Active()
	defer Use(before)
	for _, v := range Variants() {
		b.Run(v.String(), func(b *testing.B) {
			Use(v)
			b.SetBytes(int64(bytes))
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
}

// BenchmarkKernels times kernels on 1024 elements in the first-level cache; MB/s counts all streams.
func BenchmarkKernels(b *testing.B) {
	const n = 1024
	rng := random(1)
	x, y, z, dst := normals(rng, n), normals(rng, n), normals(rng, n), make([]float32, n)
	m := make([]bool, n)
	Lt.Run(m, x, y)
	for name, f := range map[string]func(){
		"add":       func() { Add.Run(dst, x, y) },
		"addVS":     func() { Add.RunRight(dst, x, 2) },
		"max":       func() { Max.Run(dst, x, y) },
		"div":       func() { Div.Run(dst, x, y) },
		"sqrt":      func() { Sqrt.Run(dst, x) },
		"fma":       func() { Fma(dst, x, y, z) },
		"lt":        func() { Lt.Run(m, x, y) },
		"select":    func() { Select(dst, m, x, y) },
		"sum":       func() { Sum.Run(x) },
		"largest":   func() { Largest.Run(x) },
		"dot":       func() { Dot(x, y) },
		"columns64": func() { Sum.Columns(dst[:64], x, n/64, 64) },
		"transpose": func() { Transpose(dst, x, 32, 32, 32, 32) },
	} {
		b.Run(name, func(b *testing.B) { eachVariantBench(b, 4*n, f) })
	}
	for op := Exp; op < numUnary; op++ {
		b.Run(op.String(), func(b *testing.B) { eachVariantBench(b, 4*n, func() { op.Run(dst, x) }) })
	}
	b.Run("pow", func(b *testing.B) { eachVariantBench(b, 4*n, func() { Pow.Run(dst, x, y) }) })
	words := make([]uint32, n)
	b.Run("philox", func(b *testing.B) { eachVariantBench(b, 4*n, func() { Philox([3]uint64{1, 2, 3}, words) }) })
}

// adam is one step of Adam as a graph spells it out: fourteen primitive steps and seven single values.
func adam() (*Program, error) {
	var b Builder
	gradient, mean, square, weight := b.Input(), b.Input(), b.Input(), b.Input()
	beta1, beta2, debias1, debias2, rate, epsilon := b.Scalar(), b.Scalar(), b.Scalar(), b.Scalar(), b.Scalar(), b.Scalar()
	one := b.Const(1)
	bin := b.Binary
	mean1 := bin(Add, bin(Mul, beta1, mean), bin(Mul, bin(Sub, one, beta1), gradient))
	square1 := bin(Add, bin(Mul, beta2, square), bin(Mul, bin(Sub, one, beta2), bin(Mul, gradient, gradient)))
	step := bin(Div, bin(Mul, mean1, debias1), bin(Add, b.Unary(Sqrt, bin(Mul, square1, debias2)), epsilon))
	b.Store(mean1)
	b.Store(square1)
	b.Store(bin(Sub, weight, bin(Mul, rate, step)))
	return b.Program()
}

// BenchmarkAdam times that step in place over arrays of growing length, 28 bytes of memory traffic an element; "copy" is
// what the memory does at most with two streams, "triad" with the same seven and almost no arithmetic.
func BenchmarkAdam(b *testing.B) {
	p, err := adam()
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1 << 12, 1 << 16, 1 << 20, 6 << 20} {
		rng := random(1)
		g, m, v, w := normals(rng, n), normals(rng, n), make([]float32, n), normals(rng, n)
		args := Args{
			In:  []Array{{F: g}, {F: m}, {F: v}, {F: w}, {F: []float32{0.5}}, {F: []float32{0.999}}, {F: []float32{1.5}}, {F: []float32{20}}, {F: []float32{1e-3}}, {F: []float32{1e-8}}},
			Out: []Array{{F: m}, {F: v}, {F: w}},
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			eachVariantBench(b, 28*n, func() { p.Run(&args, 0, n) })
		})
		b.Run(fmt.Sprint(n, "/traffic"), func(b *testing.B) {
			b.SetBytes(int64(28 * n))
			for b.Loop() {
				for i := 0; i < n; i += 1024 {
					j := min(i+1024, n)
					Add.Run(m[i:j], m[i:j], g[i:j])
					Add.Run(v[i:j], v[i:j], g[i:j])
					Add.Run(w[i:j], w[i:j], g[i:j])
				}
			}
		})
	}
}

// BenchmarkBatchNorm times the three loops of batch normalisation and LeakyReLU over [rows, channels]: the sums of the
// statistics, the normalisation with activation, and the sums of the backward pass. Bytes are what each loop moves.
func BenchmarkBatchNorm(b *testing.B) {
	const rows, channels = 32 * 16 * 16, 128
	const n = rows * channels
	rng := random(1)
	x, y, dy := normals(rng, n), make([]float32, n), normals(rng, n)
	scale, shift := Array{F: normals(rng, channels)}, Array{F: normals(rng, channels)}
	span := Span{1, channels}
	sums := [][]float32{make([]float32, channels), make([]float32, channels)}
	build := func(f func(b *Builder)) *Program {
		var builder Builder
		f(&builder)
		p, err := builder.Program()
		if err != nil {
			b.Fatal(err)
		}
		return p
	}
	leaky := func(b *Builder, v Value) (m, y Value) {
		m = b.Compare(Ge, v, b.Const(0))
		return m, b.Select(m, v, b.Binary(Mul, v, b.Const(0.2)))
	}
	statistics := build(func(b *Builder) {
		v := b.Input()
		b.Reduce(Sum, v, span)
		b.Reduce(Sum, b.Binary(Mul, v, v), span)
	})
	forward := build(func(b *Builder) {
		v, s, t := b.Input(), b.Small(span), b.Small(span)
		_, y := leaky(b, b.Binary(Add, b.Binary(Mul, v, s), t))
		b.Store(y)
	})
	backward := build(func(b *Builder) {
		v, d, s, t := b.Input(), b.Input(), b.Small(span), b.Small(span)
		m, _ := leaky(b, b.Binary(Add, b.Binary(Mul, v, s), t))
		d = b.Select(m, d, b.Binary(Mul, d, b.Const(0.2)))
		b.Reduce(Sum, d, span)
		b.Reduce(Sum, b.Binary(Mul, d, v), span)
	})
	for _, c := range []struct {
		name  string
		p     *Program
		bytes int
		args  Args
	}{
		{"statistics", statistics, 4 * n, Args{In: []Array{{F: x}}, Reductions: sums}},
		{"forward", forward, 8 * n, Args{In: []Array{{F: x}, scale, shift}, Out: []Array{{F: y}}}},
		{"backward", backward, 8 * n, Args{In: []Array{{F: x}, {F: dy}, scale, shift}, Reductions: sums}},
	} {
		b.Run(c.name, func(b *testing.B) {
			eachVariantBench(b, c.bytes, func() {
				for from := 0; from < n; from += 1 << 16 {
					c.p.Run(&c.args, from, min(from+1<<16, n))
				}
			})
		})
	}
}
