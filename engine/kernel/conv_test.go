package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

// layer is one of a DCGAN discriminator: 4x4 taps of stride 2.
func layer(batch, side, in, out int) Conv {
	return Conv{Batch: batch, Height: side, Width: side, In: in, Out: out, KernelHeight: 4, KernelWidth: 4, StrideH: 2, StrideW: 2, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}
}

// convCases are shapes that meet every path: sizes of one, widths that no tile divides, channels of 1, 3 and 100, cropping,
// dilations of both kinds together, groups, and one over and under the blocks.
func convCases() []Conv {
	cases := []Conv{
		{Batch: 2, Height: 8, Width: 8, In: 5, Out: 7, KernelHeight: 4, KernelWidth: 4, StrideH: 2, StrideW: 2, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
		{Batch: 3, Height: 4, Width: 4, In: 33, Out: 65, KernelHeight: 4, KernelWidth: 4, StrideH: 2, StrideW: 2, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
		{Batch: 1, Height: 13, Width: 17, In: 3, Out: 31, KernelHeight: 3, KernelWidth: 3, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
		{Batch: 2, Height: 7, Width: 7, In: 100, Out: 3, KernelHeight: 5, KernelWidth: 5, StrideH: 2, StrideW: 2, PadTop: 2, PadBottom: 2, PadLeft: 2, PadRight: 2},
		{Batch: 2, Height: 9, Width: 8, In: 3, Out: 8, KernelHeight: 7, KernelWidth: 7, StrideH: 2, StrideW: 2, PadTop: 3, PadBottom: 2, PadLeft: 2, PadRight: 3},
		{Batch: 2, Height: 5, Width: 6, In: 16, Out: 32, KernelHeight: 1, KernelWidth: 1},
		{Batch: 2, Height: 5, Width: 6, In: 12, Out: 33, KernelHeight: 1, KernelWidth: 1, StrideH: 2, StrideW: 3},
		{Batch: 2, Height: 4, Width: 4, In: 64, Out: 1, KernelHeight: 4, KernelWidth: 4},
		{Batch: 1, Height: 1, Width: 40, In: 2, Out: 9, KernelHeight: 1, KernelWidth: 5, PadLeft: 2, PadRight: 2},
		{Batch: 2, Height: 1, Width: 300, In: 3, Out: 35, KernelHeight: 1, KernelWidth: 25, StrideW: 4, PadLeft: 11, PadRight: 12},
		{Batch: 2, Height: 1, Width: 50, In: 6, Out: 8, KernelHeight: 1, KernelWidth: 3, KernelDilationW: 2, InputDilationW: 2, PadLeft: -2, PadRight: 3, Groups: 2},
		{Batch: 5, Height: 4, Width: 3, In: 17, Out: 35, KernelHeight: 4, KernelWidth: 3, StrideH: 2},
		{Batch: 2, Height: 40, Width: 1, In: 20, Out: 9, KernelHeight: 5, KernelWidth: 1, PadTop: 2, PadBottom: 2},
		{Batch: 1, Height: 9, Width: 10, In: 4, Out: 5, KernelHeight: 3, KernelWidth: 2, PadTop: -1, PadBottom: -2, PadLeft: -3, PadRight: 1},
		{Batch: 1, Height: 11, Width: 12, In: 4, Out: 6, KernelHeight: 3, KernelWidth: 3, KernelDilationH: 2, KernelDilationW: 3, PadTop: 1, PadLeft: 2},
		{Batch: 1, Height: 11, Width: 12, In: 4, Out: 6, KernelHeight: 3, KernelWidth: 3, StrideH: 3, StrideW: 2, KernelDilationH: 2, KernelDilationW: 2, PadTop: 1, PadLeft: 2},
		{Batch: 2, Height: 5, Width: 4, In: 6, Out: 5, KernelHeight: 4, KernelWidth: 4, InputDilationH: 2, InputDilationW: 2, PadTop: 2, PadBottom: 2, PadLeft: 2, PadRight: 2},
		{Batch: 1, Height: 5, Width: 7, In: 3, Out: 5, KernelHeight: 3, KernelWidth: 5, StrideH: 2, StrideW: 3, InputDilationH: 3, InputDilationW: 2, KernelDilationH: 2, KernelDilationW: 4, PadTop: 2, PadBottom: 5, PadLeft: 7, PadRight: 9},
		{Batch: 1, Height: 5, Width: 7, In: 3, Out: 5, KernelHeight: 2, KernelWidth: 2, StrideH: 2, StrideW: 2, InputDilationH: 4, InputDilationW: 6, PadTop: 3, PadLeft: 1},
		{Batch: 2, Height: 6, Width: 6, In: 8, Out: 12, KernelHeight: 3, KernelWidth: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1, Groups: 4},
		{Batch: 2, Height: 6, Width: 6, In: 6, Out: 6, KernelHeight: 3, KernelWidth: 3, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, Groups: 6},
		{Batch: 1, Height: 12, Width: 12, In: 2, Out: 2, KernelHeight: 3, KernelWidth: 3, StrideH: 5, StrideW: 4},
		{Batch: 2, Height: 9, Width: 11, In: 19, Out: 3, KernelHeight: 3, KernelWidth: 5, PadTop: 2, PadBottom: 0, PadLeft: -1, PadRight: 4},
		{Batch: 3, Height: 13, Width: 13, In: 40, Out: 2, KernelHeight: 7, KernelWidth: 7, PadTop: 3, PadBottom: 3, PadLeft: 3, PadRight: 3},
		{Batch: 3, Height: 9, Width: 11, In: 48, Out: 3, KernelHeight: 1, KernelWidth: 1},
		{Batch: 2, Height: 20, Width: 13, In: 16, Out: 1, KernelHeight: 1, KernelWidth: 1},
		{Batch: 1, Height: 5, Width: 1, In: 4, Out: 80, KernelHeight: 1, KernelWidth: 1},
		{Batch: 2, Height: 7, Width: 6, In: 1, Out: 150, KernelHeight: 3, KernelWidth: 5, PadTop: 1, PadLeft: 2},
		{Batch: 3, Height: 5, Width: 7, In: 3, Out: 160, KernelHeight: 1, KernelWidth: 1},
		{Batch: 1, Height: 3, Width: 4, In: 4, Out: 64, KernelHeight: 1, KernelWidth: 1},
		{Batch: 1, Height: 1, Width: 9, In: 1, Out: 32, KernelHeight: 1, KernelWidth: 1},
		{Batch: 2, Height: 3, Width: 3, In: 96, Out: 2, KernelHeight: 1, KernelWidth: 1},
		{Batch: 1, Height: 1, Width: 7, In: 32, Out: 2, KernelHeight: 1, KernelWidth: 1},
		{Batch: 0, Height: 4, Width: 4, In: 2, Out: 2, KernelHeight: 3, KernelWidth: 3},
		{Batch: 2, Height: 2, Width: 4, In: 2, Out: 2, KernelHeight: 3, KernelWidth: 3},
		{Batch: 2, Height: 4, Width: 4, In: 0, Out: 2, KernelHeight: 3, KernelWidth: 3},
		{Batch: 2, Height: 4, Width: 4, In: 2, Out: 0, KernelHeight: 3, KernelWidth: 3},
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		upTo := func(n int) int { return 1 + rng.IntN(n) }
		groups := upTo(3)
		cases = append(cases, Conv{
			Batch: upTo(3), Height: upTo(11), Width: upTo(11), In: groups * upTo(9), Out: groups * upTo(20),
			KernelHeight: upTo(4), KernelWidth: upTo(4), StrideH: upTo(3), StrideW: upTo(3),
			PadTop: rng.IntN(5) - 1, PadBottom: rng.IntN(5) - 1, PadLeft: rng.IntN(5) - 1, PadRight: rng.IntN(5) - 1,
			InputDilationH: upTo(3), InputDilationW: upTo(3), KernelDilationH: upTo(3), KernelDilationW: upTo(3), Groups: groups,
		})
	}
	return cases
}

// convSums are the three results of a convolution and its gradients by the equation of Conv, in float64.
func convSums(c Conv, x, w, v []float32) (y, dx, dw []sum) {
	y, dx, dw = make([]sum, len(v)), make([]sum, len(x)), make([]sum, len(w))
	in, out := c.In/c.groups(), c.Out/c.groups()
	at := func(o, stride, k, dilation, pad, inDilation, size int) (int, bool) {
		i := o*max(stride, 1) + k*max(dilation, 1) - pad
		return i / max(inDilation, 1), i >= 0 && i%max(inDilation, 1) == 0 && i/max(inDilation, 1) < size
	}
	for n := range c.Batch {
		for oy := range c.OutHeight() {
			for ox := range c.OutWidth() {
				for ky := range c.KernelHeight {
					for kx := range c.KernelWidth {
						iy, okY := at(oy, c.StrideH, ky, c.KernelDilationH, c.PadTop, c.InputDilationH, c.Height)
						ix, okX := at(ox, c.StrideW, kx, c.KernelDilationW, c.PadLeft, c.InputDilationW, c.Width)
						if !okY || !okX {
							continue
						}
						for ci := range in {
							for co := range c.Out {
								xi := ((n*c.Height+iy)*c.Width+ix)*c.In + co/out*in + ci
								wi := ((ky*c.KernelWidth+kx)*in+ci)*c.Out + co
								yi := ((n*c.OutHeight()+oy)*c.OutWidth()+ox)*c.Out + co
								y[yi].add(x[xi], w[wi])
								dx[xi].add(v[yi], w[wi])
								dw[wi].add(x[xi], v[yi])
							}
						}
					}
				}
			}
		}
	}
	return y, dx, dw
}

func checkSums(t *testing.T, name string, got []float32, want []sum) {
	t.Helper()
	for i := range want {
		if !want[i].accepts(got[i]) {
			t.Fatalf("%s: element %d is %v, want %v", name, i, got[i], want[i].exact)
		}
	}
}

func TestConvAgainstFloat64(t *testing.T) { eachLevel(t, testConvAgainstFloat64) }

func testConvAgainstFloat64(t *testing.T, s *Scratch) {
	p := pool.New(3)
	defer p.Close()
	rng := rand.New(rand.NewPCG(7, 8))
	for _, c := range convCases() {
		x := random(rng, c.Batch*c.Height*c.Width*c.In)
		w := random(rng, c.KernelHeight*c.KernelWidth*c.In/c.groups()*c.Out)
		v := random(rng, c.Batch*c.OutHeight()*c.OutWidth()*c.Out)
		wantY, wantX, wantW := convSums(c, x, w, v)
		y, dx, dw := random(rng, len(v)), random(rng, len(x)), random(rng, len(w)) // what was there must not matter
		c.Forward(p, s, y, x, w)
		c.ByInput(p, s, dx, v, w)
		c.ByKernel(p, s, dw, x, v)
		checkSums(t, fmt.Sprintf("%+v: y", c), y, wantY)
		checkSums(t, fmt.Sprintf("%+v: dx", c), dx, wantX)
		y, dx = random(rng, len(v)), random(rng, len(x))
		packed := runFilter(p, s, c.ForwardFilter(), y, x, w)
		runFilter(p, s, c.ByInputFilter(), dx, v, w)
		c.ForwardFilter().Run(p, s, y, x, packed) // another filter of the same convolution takes the same weights
		checkSums(t, fmt.Sprintf("%+v: y", c), y, wantY)
		checkSums(t, fmt.Sprintf("%+v: dx", c), dx, wantX)
		checkSums(t, fmt.Sprintf("%+v: dw", c), dw, wantW)
	}
}

func runFilter(p *pool.Pool, s *Scratch, f *Filter, y, x, w []float32) (packed []float32) {
	packed = make([]float32, f.Size())
	f.Pack(p, s, packed, w)
	f.Run(p, s, y, x, packed)
	return packed
}

func TestConv64(t *testing.T) {
	eachLevel(t, func(t *testing.T, s *Scratch) {
		p := pool.New(3)
		defer p.Close()
		rng := rand.New(rand.NewPCG(25, 26))
		doubles := func(s []float32) []float64 {
			d := make([]float64, len(s))
			for i, v := range s {
				d[i] = float64(v)
			}
			return d
		}
		check := func(c Conv, name string, got []float64, want []sum) {
			t.Helper()
			for i, w := range want {
				// Products are exact, and both sums err by at most so many units of the last place.
				if math.Abs(got[i]-w.exact) > 2*float64(w.terms)*w.magnitude*0x1p-53 {
					t.Fatalf("%+v: %s: element %d is %v, want %v", c, name, i, got[i], w.exact)
				}
			}
		}
		for _, c := range append(convCases(), layer(40, 16, 24, 8)) { // the last is more than is written out at once
			x, w := random(rng, c.Batch*c.Height*c.Width*c.In), random(rng, c.weights())
			v := random(rng, c.Batch*c.OutHeight()*c.OutWidth()*c.Out)
			wantY, wantX, wantW := convSums(c, x, w, v)
			y, dx, dw := doubles(v), doubles(x), doubles(w)
			c.Forward64(p, s, y, doubles(x), doubles(w))
			c.ByInput64(p, s, dx, doubles(v), doubles(w))
			c.ByKernel64(p, s, dw, doubles(x), doubles(v))
			check(c, "y", y, wantY)
			check(c, "dx", dx, wantX)
			check(c, "dw", dw, wantW)
		}
	})
}

// A transposed convolution of stride 2 is the gradient by input of a strided one, and GoMLX writes it as a convolution with
// input dilation of the reversed kernel: both must be the same function.
func TestByInputIsConvolutionOfDilatedInput(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	down := Conv{Batch: 2, Height: 8, Width: 8, In: 3, Out: 5, KernelHeight: 4, KernelWidth: 4, StrideH: 2, StrideW: 2, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}
	up := Conv{Batch: 2, Height: 4, Width: 4, In: 5, Out: 3, KernelHeight: 4, KernelWidth: 4, InputDilationH: 2, InputDilationW: 2, PadTop: 2, PadBottom: 2, PadLeft: 2, PadRight: 2}
	dy, w := random(rng, 2*4*4*5), random(rng, 4*4*3*5)
	reversed := make([]float32, len(w))
	for tap := range 16 {
		for ci := range 3 {
			for co := range 5 {
				reversed[((15-tap)*5+co)*3+ci] = w[(tap*3+ci)*5+co]
			}
		}
	}
	dx, y := make([]float32, 2*8*8*3), make([]float32, 2*8*8*3)
	down.ByInput(nil, new(Scratch), dx, dy, w)
	up.Forward(nil, new(Scratch), y, dy, reversed)
	for i := range dx {
		if d := dx[i] - y[i]; d > 1e-5 || d < -1e-5 { // sums of 20 products below 1
			t.Fatalf("element %d: %v by input, %v by dilation", i, dx[i], y[i])
		}
	}
}
