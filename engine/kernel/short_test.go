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
		{Batch: 2, Height: 11, Width: 14, In: 32, Out: 48, KernelHeight: 4, KernelWidth: 4, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
		{Batch: 3, Height: 13, Width: 9, In: 32, Out: 32, KernelHeight: 2, KernelWidth: 2, PadTop: 1},
		{Batch: 6, Height: 17, Width: 15, In: 32, Out: 32, KernelHeight: 6, KernelWidth: 6, StrideH: 2, StrideW: 2, PadTop: 2, PadLeft: 3, PadBottom: 1, PadRight: -1},
		{Batch: 2, Height: 32, Width: 32, In: 64, Out: 64, KernelHeight: 3, KernelWidth: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
		{Batch: 3, Height: 27, Width: 21, In: 48, Out: 32, KernelHeight: 3, KernelWidth: 3, StrideH: 2, StrideW: 2},
		{Batch: 4, Height: 19, Width: 24, In: 32, Out: 32, KernelHeight: 4, KernelWidth: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 2},
		{Batch: 5, Height: 16, Width: 17, In: 32, Out: 32, KernelHeight: 5, KernelWidth: 5, StrideH: 2, StrideW: 2, PadTop: 2, PadBottom: 2, PadLeft: 2, PadRight: 1},
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

// direction is one of the three results of a convolution: where it is to be found, and how it comes about.
type direction struct {
	name        string
	want        []sum
	correlation *correlation
	run         func(c *Conv, out []float32)
	runForm     func(s *short, out []float32)
}

func directions(c Conv, rng *rand.Rand, p *pool.Pool, s *Scratch) []direction {
	x, w := random(rng, c.Batch*c.Height*c.Width*c.In), random(rng, c.weights())
	v := random(rng, c.Batch*c.OutHeight()*c.OutWidth()*c.Out)
	wantY, wantX, wantW := convSums(c, x, w, v)
	return []direction{
		{"forward", wantY, c.forward(), func(c *Conv, out []float32) { c.Forward(p, s, out, x, w) },
			func(f *short, out []float32) { (&Filter{method: f}).packAndRun(p, s, out, x, w) }},
		{"by input", wantX, c.byInput(), func(c *Conv, out []float32) { c.ByInput(p, s, out, v, w) },
			func(f *short, out []float32) { (&Filter{method: f}).packAndRun(p, s, out, v, w) }},
		{"by kernel", wantW, c.forward(), func(c *Conv, out []float32) { c.ByKernel(p, s, out, x, v) },
			func(f *short, out []float32) { f.byKernel(p, s, out, x, v) }},
	}
}

// Balanced promises errors at most 2 times Exact's by root mean square and 4 times at the largest, for every shape. What only
// Fast uses is held to twice that. Every form is tried on every shape that it fits, whether it would be chosen or not.
func TestShortConvolutionIsAsAccurate(t *testing.T) {
	p := pool.New(3)
	defer p.Close()
	tried := map[string]bool{}
	rng, s := rand.New(rand.NewPCG(21, 22)), new(Scratch)
	for _, c := range shortCases() {
		for _, d := range directions(c, rng, p, s) {
			for s.Level = Portable; s.Level <= Best(); s.Level++ {
				d.compare(t, c, s.Level, tried)
			}
		}
	}
	if want := 3 * int(shortForms); len(tried) != want {
		t.Errorf("%d of %d forms and directions were tried", len(tried), want)
	}
}

// compare compares the errors of every form that fits with those of the direct convolution.
func (d *direction) compare(t *testing.T, c Conv, level Level, tried map[string]bool) {
	byKernel := d.name == "by kernel"
	exact, short := make([]float32, len(d.want)), make([]float32, len(d.want))
	d.run(&c, exact)
	rms, most := errorSize(exact, d.want)
	for form := range shortForms {
		if !d.correlation.fits(form) || byKernel && len(d.correlation.rows)*len(d.correlation.cols) > 1 {
			continue
		}
		tried[d.name+form.String()] = true
		for i := range short {
			short[i] = 9 // what was there must not matter
		}
		d.runForm(d.correlation.withForm(form), short)
		shortRMS, shortMost := errorSize(short, d.want)
		name := fmt.Sprintf("%v, %v, %s of %dx%dx%d to %d, %dx%d/%d", level, form, d.name, c.Height, c.Width, c.In, c.Out, c.KernelHeight, c.KernelWidth, max(c.StrideH, 1))
		t.Logf("%s: rms %.2f, largest %.2f times exact", name, shortRMS/rms, shortMost/most)
		bound := 2.0
		if !Balanced.allows(form, byKernel) {
			bound = 4
		}
		if shortRMS > bound*rms || shortMost > 2*bound*most {
			t.Errorf("%s: error %.3g rms, %.3g largest; exact has %.3g, %.3g", name, shortRMS, shortMost, rms, most)
		}
	}
}

// What is chosen follows from shapes and the algorithm alone. These are the layers of a DCGAN at batch 64 and of others.
func TestAlgorithmsChoose(t *testing.T) {
	square := func(batch, side, in, out, kernel int) Conv {
		return Conv{Batch: batch, Height: side, Width: side, In: in, Out: out, KernelHeight: kernel, KernelWidth: kernel, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}
	}
	strided := func(batch, side, in, out int) Conv {
		return Conv{Batch: batch, Height: side, Width: side, In: in, Out: out, KernelHeight: 3, KernelWidth: 3, StrideH: 2, StrideW: 2}
	}
	for _, c := range []struct {
		conv                            Conv
		balanced, balancedByKernel, all string
	}{
		{layer(64, 32, 64, 128), "F(2,2)", "F(4,2)", "F(4,2)"},
		{layer(64, 16, 128, 256), "F(2,2)", "F(4,2)", "F(4,2)"},
		{layer(64, 8, 256, 512), "F(2,2)", "F(2,2)", "F(2,2)"}, // too few tiles to pay for more weights
		{layer(16, 64, 64, 128), "F(3,2)", "F(4,2)", "F(4,2)"},
		{square(32, 16, 128, 128, 3), "F(3,3)", "F(3,3)", "F(3,3)"},
		{square(32, 4, 128, 128, 3), "F(2,3)", "F(2,3)", "F(2,3)"}, // 4 is no multiple of 3
		{square(8, 31, 256, 512, 4), "F(2,4)", "direct", "F(2,4)"},
		{square(64, 16, 128, 128, 5), "direct", "direct", "direct"},
		{strided(4, 65, 256, 512), "F(3,2)", "F(4,2)", "F(4,2)"}, // 4x4 with zeros
		{strided(4, 33, 512, 512), "F(2,2)", "F(2,2)", "F(2,2)"},
		{strided(4, 17, 256, 256), "direct", "direct", "direct"}, // too few tiles
		{strided(1, 129, 32, 64), "direct", "direct", "direct"},
		{layer(64, 64, 3, 64), "direct", "direct", "direct"},
	} {
		name := func(algorithm Algorithm, byKernel bool) string {
			if s := c.conv.forward().short(algorithm, byKernel); s != nil {
				return s.name()
			}
			return "direct"
		}
		got := [...]string{name(Exact, false), name(Exact, true), name(Balanced, false), name(Balanced, true), name(Fast, false), name(Fast, true)}
		if want := [...]string{"direct", "direct", c.balanced, c.balancedByKernel, c.all, c.all}; got != want {
			t.Errorf("%+v: %v, want %v", c.conv, got, want)
		}
	}
}
