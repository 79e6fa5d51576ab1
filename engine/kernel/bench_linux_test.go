package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

// report adds the GFLOP/s of the fastest run, in this thread's own time, and its share of the peak measured just before and
// after: on a machine that others use too, the mean of wall time says more about them.
func report(b *testing.B, s *Scratch, flops int, run func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	run() // allocates
	peak := Peak(s.Level)
	best := time.Duration(math.MaxInt64)
	for b.Loop() {
		start := threadTime(b)
		run()
		best = min(best, threadTime(b)-start)
	}
	rate := float64(flops) / best.Seconds()
	b.ReportMetric(rate/1e9, "best-GFLOP/s")
	b.ReportMetric(rate/max(peak, Peak(s.Level)), "of-peak")
}

func threadTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

func eachFastLevel(b *testing.B, bench func(b *testing.B, s *Scratch)) {
	for level := AVX2; level <= Best(); level++ {
		b.Run(level.String(), func(b *testing.B) { bench(b, &Scratch{Level: level}) })
	}
}

// The layers of DCGAN-64's discriminator at batch 64; the generator's are their transposes.
var dcgan = []struct {
	name string
	conv Conv
}{
	{"D1", layer(64, 64, 3, 64)},
	{"D2", layer(64, 32, 64, 128)},
	{"D3", layer(64, 16, 128, 256)},
	{"D4", layer(64, 8, 256, 512)},
	{"3x3", Conv{Batch: 32, Height: 16, Width: 16, In: 128, Out: 128, KernelHeight: 3, KernelWidth: 3, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}},
}

func BenchmarkConv(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, l := range dcgan {
		c := l.conv
		x, w := random(rng, c.Batch*c.Height*c.Width*c.In), random(rng, c.weights())
		y := random(rng, c.Batch*c.OutHeight()*c.OutWidth()*c.Out)
		flops := 2 * len(y) * c.KernelHeight * c.KernelWidth * c.In
		b.Run(l.name, func(b *testing.B) {
			eachFastLevel(b, func(b *testing.B, s *Scratch) {
				for _, algorithm := range []Algorithm{Exact, Balanced, Fast} {
					c.Algorithm = algorithm
					b.Run(algorithm.String(), func(b *testing.B) {
						forward, byInput := c.ForwardFilter(), c.ByInputFilter()
						forwardW, byInputW := make([]float32, forward.Size()), make([]float32, byInput.Size())
						forward.Pack(nil, s, forwardW, w)
						byInput.Pack(nil, s, byInputW, w)
						b.Run("Forward", func(b *testing.B) { report(b, s, flops, func() { forward.Run(nil, s, y, x, forwardW) }) })
						b.Run("ByInput", func(b *testing.B) { report(b, s, flops, func() { byInput.Run(nil, s, x, y, byInputW) }) })
						b.Run("ByKernel", func(b *testing.B) { report(b, s, flops, func() { c.ByKernel(nil, s, w, x, y) }) })
						b.Run("PackForward", func(b *testing.B) { report(b, s, flops, func() { forward.Pack(nil, s, forwardW, w) }) })
						b.Run("PackByInput", func(b *testing.B) { report(b, s, flops, func() { byInput.Pack(nil, s, byInputW, w) }) })
					})
				}
			})
		})
	}
}

func BenchmarkMatMul(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, size := range []struct {
		name    string
		m, k, n int
	}{{"1024", 1024, 1024, 1024}, {"2048", 2048, 2048, 2048}, {"4096", 4096, 4096, 4096}, {"128x784x256", 128, 784, 256}, {"64x100x8192", 64, 100, 8192}, {"1x784x256", 1, 784, 256}, {"1x100x8192", 1, 100, 8192}} {
		x, y, z := random(rng, size.m*size.k), random(rng, size.k*size.n), random(rng, size.m*size.n)
		dst := RowMajor(z, size.m, size.n)
		rows, cols := RowMajor(x, size.m, size.k), RowMajor(x, size.k, size.m).T()
		b.Run(size.name, func(b *testing.B) {
			eachFastLevel(b, func(b *testing.B, s *Scratch) {
				product := func(name string, a, with Matrix) {
					b.Run(name, func(b *testing.B) {
						report(b, s, 2*size.m*size.k*size.n, func() { MatMul(nil, s, dst, a, with) })
					})
				}
				product("AB", rows, RowMajor(y, size.k, size.n))
				product("AtB", cols, RowMajor(y, size.k, size.n))
				product("ABt", rows, RowMajor(y, size.n, size.k).T())
			})
		})
	}
}

func BenchmarkMatMul64(b *testing.B) {
	const n = 512
	m := Matrix64{make([]float64, n*n), n, n, n, 1}
	dst := Matrix64{make([]float64, n*n), n, n, n, 1}
	eachFastLevel(b, func(b *testing.B, s *Scratch) {
		report(b, s, 2*2*n*n*n, func() { MatMul64(nil, s, dst, m, m) }) // counted double, as the peak is float32's
	})
}

// BenchmarkThreads reports how much faster two threads are than one, by the fastest runs of each in turn.
func BenchmarkThreads(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	p := pool.New(2)
	defer p.Close()
	for _, l := range dcgan {
		for _, algorithm := range []Algorithm{Exact, Balanced, Fast} {
			c, s := l.conv, new(Scratch)
			c.Algorithm = algorithm
			x, w := random(rng, c.Batch*c.Height*c.Width*c.In), random(rng, c.weights())
			y := random(rng, c.Batch*c.OutHeight()*c.OutWidth()*c.Out)
			for name, run := range map[string]func(p *pool.Pool){
				"Forward":  func(p *pool.Pool) { c.Forward(p, s, y, x, w) },
				"ByInput":  func(p *pool.Pool) { c.ByInput(p, s, x, y, w) },
				"ByKernel": func(p *pool.Pool) { c.ByKernel(p, s, w, x, y) },
			} {
				b.Run(fmt.Sprintf("%s/%s/%s", l.name, algorithm, name), func(b *testing.B) {
					best := [2]time.Duration{math.MaxInt64, math.MaxInt64}
					for b.Loop() {
						for i, p := range []*pool.Pool{nil, p} {
							start := time.Now()
							run(p)
							best[i] = min(best[i], time.Since(start))
						}
					}
					b.ReportMetric(float64(best[0])/float64(best[1]), "times-faster")
				})
			}
		}
	}
}
