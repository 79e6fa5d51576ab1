package vec

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"runtime"
	"sync"
	"testing"
)

// TestBitsAreThoseOfEveryMachine holds results to sums of their bits that were written down on one machine (amd64; all of
// its variants, and the portable one built for 386). It is what makes a seed mean the same model elsewhere: a compiler that
// fuses what it should not, or a wrong rounding mode, shows here.
func TestBitsAreThoseOfEveryMachine(t *testing.T) {
	// Numbers made of random bits alone: the generator of normal ones uses functions that machines may round differently.
	rng := random(2026)
	make20000 := func() []float32 {
		z := make([]float32, 20000)
		for i := range z {
			switch i % 4 {
			case 0:
				z[i] = math.Float32frombits(rng.Uint32())
			case 1:
				z[i] = specials[rng.IntN(len(specials))]
			default:
				z[i] = math.Float32frombits(rng.Uint32()&0x807fffff | uint32(120+rng.IntN(12))<<23)
			}
		}
		return z
	}
	x, y, z := make20000(), make20000(), make20000()
	for i := range z {
		if i%4 < 2 {
			z[i] = float32(i)
		}
		if math.Abs(float64(x[i])) > maxSine { // there Sin and Cos go another way
			x[i] *= 0x1p-112
		}
	}
	dst := make([]float32, len(x))
	results := map[string]func(){"fma": func() { Fma(dst, x, y, x) }, "pow": func() { Pow.Run(dst, x, y) }}
	for op := range numUnary {
		results[op.String()] = func() { op.Run(dst, x) }
	}
	for r := range numReductions {
		results[r.String()] = func() {
			for i := range dst {
				dst[i] = r.Run(z[:i%2000])
			}
		}
	}
	results["dot"] = func() {
		for i := range dst {
			dst[i] = Dot(z[:i%2000], z[len(z)-2000:])
		}
	}
	want := map[string]uint64{
		"abs":      0xfba95f70629bc545,
		"ceil":     0xe58d94a09d6e49ba,
		"cos":      0x343dfd6215caaa66,
		"dot":      0x1c2b22448bfe5681,
		"erf":      0xe8c472f69aaa9e13,
		"exp":      0x3c57e8d0fded5e60,
		"expm1":    0x7fa30aee36e57c40,
		"floor":    0x95fc8e2723a2fe16,
		"fma":      0xc67fc54a7f0b37b9,
		"largest":  0x9b1cdf312cbf0e15,
		"least":    0x76c1cad9bfcf513d,
		"log":      0x21068ca016482409,
		"log1p":    0xd76a4c85a383331e,
		"logistic": 0xecdcf9b43dd80afd,
		"neg":      0x2b507b1b29e84045,
		"pow":      0x5770a9ce1c984e4d,
		"recip":    0x6b1389798f3c03d5,
		"round":    0x89eb16b515c7e45d,
		"rsqrt":    0x34630a6e0fff539c,
		"sign":     0x9a4fb2bd5a189268,
		"sin":      0xb4d796201c878652,
		"sqrt":     0xbcb535c7da7f8f1b,
		"sum":      0x7d887b0bd51759d1,
		"tanh":     0x94e967beb87477ec,
	}
	eachVariant(t, func(t *testing.T) {
		for name, run := range results {
			run()
			h := fnv.New64a()
			for _, v := range dst {
				if v != v {
					v = float32(math.NaN())
				}
				binary.Write(h, binary.LittleEndian, v)
			}
			if got := h.Sum64(); got != want[name] {
				t.Errorf("%q: %#x,", name, got)
			}
		}
	})
}

// TestProgramRunsInParallel runs one program in parts on several goroutines; under the race detector it shows what they
// share.
func TestProgramRunsInParallel(t *testing.T) {
	p, err := adam()
	if err != nil {
		t.Fatal(err)
	}
	const n = 40000
	arguments := func() Args {
		rng := random(5)
		g, m, v, w := normals(rng, n), normals(rng, n), make([]float32, n), normals(rng, n)
		Abs.Run(v, m)
		args := Args{In: []Array{{F: g}, {F: m}, {F: v}, {F: w}}, Out: []Array{{F: m}, {F: v}, {F: w}}}
		for _, s := range []float32{0.5, 0.999, 2, 1000, 2e-4, 1e-8} {
			args.In = append(args.In, Array{F: []float32{s}})
		}
		return args
	}
	whole, parts := arguments(), arguments()
	p.Run(&whole, 0, n)
	var wait sync.WaitGroup
	for part := range 4 * runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			size := n / (4 * runtime.GOMAXPROCS(0))
			from, to := part*size, (part+1)*size
			if part == 4*runtime.GOMAXPROCS(0)-1 {
				to = n
			}
			p.Run(&parts, from, to)
		})
	}
	wait.Wait()
	for o := range whole.Out {
		wantSame(t, "output", parts.Out[o].F, whole.Out[o].F)
	}
}
