package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

// shortCases have short forms in at least one direction; odd sizes leave tiles half outside.
func shortCases() []Conv {
	return []Conv{
		layer(4, 16, 32, 48),
		layer(16, 8, 32, 80),
		{Batch: 6, Height: 10, Width: 14, In: 48, Out: 32, KernelHeight: 4, KernelWidth: 4, StrideH: 2, StrideW: 2, PadTop: 2, PadBottom: 1, PadLeft: 0, PadRight: 3},
		{Batch: 3, Height: 9, Width: 11, In: 32, Out: 64, KernelHeight: 3, KernelWidth: 3, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
		{Batch: 4, Height: 8, Width: 8, In: 64, Out: 32, KernelHeight: 3, KernelWidth: 3, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
		{Batch: 3, Height: 13, Width: 9, In: 32, Out: 32, KernelHeight: 2, KernelWidth: 2, PadTop: 1},
		{Batch: 6, Height: 17, Width: 15, In: 32, Out: 32, KernelHeight: 6, KernelWidth: 6, StrideH: 2, StrideW: 2, PadTop: 2, PadLeft: 3, PadBottom: 1, PadRight: -1},
	}
}

// errorSize returns the root mean square and the largest difference from the exact sums.
func errorSize(got []float32, want []sum) (rms, most float64) {
	for i, s := range want {
		d := math.Abs(float64(got[i]) - s.exact)
		rms += d * d / float64(len(want))
		most = max(most, d)
	}
	return math.Sqrt(rms), most
}

// Balanced promises errors at most 2 times Exact's by root mean square and 4 times at the largest.
func TestShortConvolutionIsAsAccurate(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	p := pool.New(3)
	defer p.Close()
	for _, c := range shortCases() {
		x, w := random(rng, c.Batch*c.Height*c.Width*c.In), random(rng, c.weights())
		v := random(rng, c.Batch*c.OutHeight()*c.OutWidth()*c.Out)
		wantY, wantX, wantW := convSums(c, x, w, v)
		balanced := c
		balanced.Algorithm = Balanced
		if balanced.forward().short() == nil {
			t.Fatalf("%+v has no short form", c)
		}
		eachLevel(t, func(t *testing.T, s *Scratch) {
			for _, direction := range []struct {
				name string
				want []sum
				run  func(c *Conv, out []float32)
			}{
				{"forward", wantY, func(c *Conv, out []float32) { c.Forward(p, s, out, x, w) }},
				{"by input", wantX, func(c *Conv, out []float32) { c.ByInput(p, s, out, v, w) }},
				{"by kernel", wantW, func(c *Conv, out []float32) { c.ByKernel(p, s, out, x, v) }},
			} {
				exact, short := random(rng, len(direction.want)), random(rng, len(direction.want))
				direction.run(&c, exact)
				direction.run(&balanced, short)
				rms, most := errorSize(exact, direction.want)
				shortRMS, shortMost := errorSize(short, direction.want)
				name := fmt.Sprintf("%s of %dx%dx%d to %d, %dx%d/%d", direction.name, c.Height, c.Width, c.In, c.Out, c.KernelHeight, c.KernelWidth, c.StrideH)
				t.Logf("%s: rms %.2f, largest %.2f times exact", name, shortRMS/rms, shortMost/most)
				if shortRMS > 2*rms || shortMost > 4*most {
					t.Errorf("%s: error %.3g rms, %.3g largest; exact has %.3g, %.3g", name, shortRMS, shortMost, rms, most)
				}
			}
		})
	}
}
