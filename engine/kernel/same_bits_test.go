package kernel

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

// fuses says whether plain Go fuses multiply-adds here, as on arm64: it did not round the product if something is left of it.
func fuses() bool { return product1*product1-square1 != 0 }

var product1, square1 = float32(1 + 0x1p-12), float32(1 + 0x1p-11)

// Every result has one sum, of fused multiply-adds in an order that shapes alone decide: the number of threads must not
// change a bit, and neither must the choice between AVX2 and AVX-512, nor plain Go where the compiler fuses: there the bits
// are those of every machine, written down below. (Elsewhere plain Go rounds products and differs.)
func TestSameBitsOnAnyThreadsAndLevel(t *testing.T) {
	const want uint64 = 0x3d62cc3244d20608
	levels := []Level{Portable, AVX2, AVX512}
	for _, level := range levels {
		if level > Best() {
			t.Logf("%v is skipped: this machine lacks it", level)
		}
	}
	pools := []*pool.Pool{nil, pool.New(2), pool.New(5)}
	for _, p := range pools[1:] {
		defer p.Close()
	}
	bits := fnv.New64()
	compare := func(name string, run func(p *pool.Pool, s *Scratch) []float32) {
		var rounded, fused []float32
		for _, level := range levels {
			for i, p := range pools {
				if level > Best() || level == Portable && i == 1 { // it is slow
					continue
				}
				got, first := run(p, &Scratch{Level: level}), &fused
				if level == Portable && !fuses() {
					first = &rounded
				}
				if *first == nil {
					*first = got
				}
				if !slices.Equal(got, *first) {
					t.Fatalf("%s: %v with pool %d differs from the first", name, level, i)
				}
			}
		}
		for _, v := range fused {
			var b [4]byte
			binary.LittleEndian.PutUint32(b[:], math.Float32bits(v+0)) // one zero for both
			_, _ = bits.Write(b[:])
		}
	}
	rng := rand.New(rand.NewPCG(15, 16))
	cases := append(convCases(), layer(8, 16, 40, 72), layer(16, 8, 130, 33), layer(5, 32, 3, 70))
	for _, c := range shortCases() {
		for _, c.Algorithm = range []Algorithm{Balanced, Fast} {
			cases = append(cases, c)
		}
	}
	for _, c := range cases {
		x, w := random(rng, c.Batch*c.Height*c.Width*c.In), random(rng, c.weights())
		v := random(rng, c.Batch*c.OutHeight()*c.OutWidth()*c.Out)
		compare(fmt.Sprintf("forward %+v", c), func(p *pool.Pool, s *Scratch) []float32 {
			y := make([]float32, len(v))
			c.Forward(p, s, y, x, w)
			return y
		})
		compare(fmt.Sprintf("by input %+v", c), func(p *pool.Pool, s *Scratch) []float32 {
			dx := make([]float32, len(x))
			c.ByInput(p, s, dx, v, w)
			return dx
		})
		compare(fmt.Sprintf("by kernel %+v", c), func(p *pool.Pool, s *Scratch) []float32 {
			dw := make([]float32, len(w))
			c.ByKernel(p, s, dw, x, v)
			return dw
		})
	}
	for _, size := range [][3]int{{1, 1500, 70}, {30, 2100, 65}, {200, 1100, 130}} {
		a, b := random(rng, size[0]*size[1]), random(rng, size[1]*size[2])
		for _, kind := range []string{"rows", "columns"} {
			ma := RowMajor(a, size[0], size[1])
			if kind == "columns" {
				ma = RowMajor(a, size[1], size[0]).T()
			}
			compare(fmt.Sprint("matmul ", size, kind), func(p *pool.Pool, s *Scratch) []float32 {
				dst := make([]float32, size[0]*size[2])
				MatMul(p, s, RowMajor(dst, size[0], size[2]), ma, RowMajor(b, size[1], size[2]))
				return dst
			})
		}
	}
	if got := bits.Sum64(); got != want && (fuses() || Best() > Portable) {
		t.Errorf("the bits of all results sum up to %#x, want %#x", got, want)
	}
}

// After the first call nothing of a tensor's size is allocated.
func TestScratchIsReused(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	c := layer(4, 16, 64, 64)
	x, w := random(rng, c.Batch*c.Height*c.Width*c.In), random(rng, c.weights())
	y := random(rng, c.Batch*c.OutHeight()*c.OutWidth()*c.Out)
	s := new(Scratch)
	all := func() {
		c.Forward(nil, s, y, x, w)
		c.ByInput(nil, s, x, y, w)
		c.ByKernel(nil, s, w, x, y)
	}
	all()
	const runs = 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		all()
	}
	runtime.ReadMemStats(&after)
	if perRun, limit := (after.TotalAlloc-before.TotalAlloc)/runs, uint64(len(w)); perRun > limit { // a quarter of the smallest tensor
		t.Fatalf("%d bytes are allocated a run, want fewer than %d", perRun, limit)
	}
}
