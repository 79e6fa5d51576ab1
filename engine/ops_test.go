package engine

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/vec"
)

// What the stock backend lacks is tested here, against closed forms.

// results runs a main function without parameters and returns its outputs' contents.
func results(t *testing.T, build func(f *Function) []compute.Value) []any {
	t.Helper()
	e := compileFor(t, newTest(t, "threads=2"), build)
	out, err := e.Execute(nil, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var flat []any
	for _, o := range out {
		x, err := o.Data()
		if err != nil {
			t.Fatal(err)
		}
		flat = append(flat, x)
	}
	return flat
}

func noise(seed uint64, n int) []float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	x := make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}

// TestFFT compares with the sum that defines the transform, for powers of two, composites and primes.
func TestFFT(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8, 12, 13, 64, 101} {
		re, im := noise(1, 2*n), noise(2, 2*n)
		x := make([]complex128, 2*n) // two rows
		for i := range x {
			x[i] = complex(re[i], im[i])
		}
		out := results(t, func(f *Function) []compute.Value {
			c := must(f.Constant(x, 2, n))
			forward := must(f.FFT(c, compute.FFTForward, []int{n}))
			r := must(f.Constant(re, 2, n))
			half := must(f.FFT(r, compute.FFTForwardReal, []int{n}))
			both := must(f.FFT(c, compute.FFTForward, []int{2, n}))
			return []compute.Value{forward, must(f.FFT(forward, compute.FFTInverse, []int{n})), half,
				must(f.FFT(half, compute.FFTInverseReal, []int{n})), must(f.FFT(both, compute.FFTInverse, []int{2, n}))}
		})
		bound := 1e-12 * float64(n)
		for row := range 2 {
			for k := range n {
				var want, wantReal complex128
				for j := range n {
					w := cmplx.Rect(1, -2*math.Pi*float64(j*k%n)/float64(n))
					want += x[row*n+j] * w
					wantReal += complex(re[row*n+j], 0) * w
				}
				i := row*n + k
				if d := cmplx.Abs(out[0].([]complex128)[i] - want); d > bound {
					t.Errorf("n=%d: element %d is off by %g", n, i, d)
				}
				if d := cmplx.Abs(out[1].([]complex128)[i] - x[i]); d > bound {
					t.Errorf("n=%d: inverse, element %d is off by %g", n, i, d)
				}
				if k <= n/2 {
					if d := cmplx.Abs(out[2].([]complex128)[row*(n/2+1)+k] - wantReal); d > bound {
						t.Errorf("n=%d: real, element %d is off by %g", n, i, d)
					}
				}
				if d := math.Abs(out[3].([]float64)[i] - re[i]); d > bound {
					t.Errorf("n=%d: inverse real, element %d is off by %g", n, i, d)
				}
				if d := cmplx.Abs(out[4].([]complex128)[i] - x[i]); d > bound {
					t.Errorf("n=%d: two axes and back, element %d is off by %g", n, i, d)
				}
			}
		}
	}
}

// TestBatchNorm checks the three operations against their formulas, and the gradient against differences, in float64.
func TestBatchNorm(t *testing.T) {
	const rows, features, epsilon = 6, 3, 1e-3
	x, dy := noise(3, rows*features), noise(4, rows*features)
	scale, offset := []float64{0.5, 1, 2}, []float64{-1, 0, 1}
	var mean, variance [features]float64
	forward := func(x []float64) []float64 { // also sets mean and variance
		mean, variance = [features]float64{}, [features]float64{}
		for i, v := range x {
			mean[i%features] += v / rows
		}
		for i, v := range x {
			variance[i%features] += (v - mean[i%features]) * (v - mean[i%features]) / rows
		}
		y := make([]float64, len(x))
		for i, v := range x {
			c := i % features
			y[i] = (v-mean[c])/math.Sqrt(variance[c]+epsilon)*scale[c] + offset[c]
		}
		return y
	}
	want := forward(x)
	wantMean, wantVariance := mean, variance
	loss := func(x []float64) float64 {
		sum := 0.0
		for i, y := range forward(x) {
			sum += y * dy[i]
		}
		return sum
	}
	wantDx := make([]float64, len(x))
	for i := range x {
		const h = 1e-5
		at := x[i]
		x[i] = at + h
		up := loss(x)
		x[i] = at - h
		down := loss(x)
		x[i] = at
		wantDx[i] = (up - down) / (2 * h)
	}
	out := results(t, func(f *Function) []compute.Value {
		c := func(v []float64, dims ...int) compute.Value { return must(f.Constant(v, dims...)) }
		operand := c(x, 2, rows/2, features)
		y, m, v, err := f.BatchNormForTraining(operand, c(scale, features), c(offset, features), epsilon, 2)
		if err != nil {
			t.Fatal(err)
		}
		inferred := must(f.BatchNormForInference(operand, c(scale, features), c(offset, features), m, v, epsilon, 2))
		dx, dScale, dOffset, err := f.BatchNormGradient(operand, c(scale, features), m, v, c(dy, 2, rows/2, features), epsilon, 2)
		if err != nil {
			t.Fatal(err)
		}
		return []compute.Value{y, m, v, inferred, dx, dScale, dOffset}
	})
	var wantScale, wantOffset [features]float64
	for i := range dy {
		c := i % features
		wantScale[c] += dy[i] * (x[i] - wantMean[c]) / math.Sqrt(wantVariance[c]+epsilon)
		wantOffset[c] += dy[i]
	}
	// epsilon is a float32 in the interface, hence 1e-8 and not less; differences are good to 1e-7.
	for i, c := range []struct {
		want  []float64
		bound float64
	}{{want, 1e-6}, {wantMean[:], 1e-12}, {wantVariance[:], 1e-12}, {want, 1e-6}, {wantDx, 1e-6}, {wantScale[:], 1e-6}, {wantOffset[:], 1e-12}} {
		for k, w := range c.want {
			if d := math.Abs(out[i].([]float64)[k] - w); d > c.bound {
				t.Errorf("result %d, element %d is off by %g", i, k, d)
			}
		}
	}
}

// TestControlFlow counts, branches on what it counted, and captures values over two levels.
func TestControlFlow(t *testing.T) {
	scalar := shapes.Make(dtypes.Int32)
	out := results(t, func(f *Function) []compute.Value {
		limit := must(f.Constant([]int32{10}))
		zero := must(f.Constant([]int32{0}))
		cond, _ := f.Closure()
		i := must(cond.Parameter("i", scalar, nil))
		must(cond.Parameter("sum", scalar, nil))
		if err := cond.Return([]compute.Value{must(cond.LessThan(i, limit))}, nil); err != nil {
			t.Fatal(err)
		}
		body, _ := f.Closure()
		i = must(body.Parameter("i", scalar, nil))
		sum := must(body.Parameter("sum", scalar, nil))
		one := must(body.Constant([]int32{1}))
		even := must(body.Equal(must(body.Rem(i, must(body.Constant([]int32{2})))), zero))
		add, _ := body.Closure() // reads sum and i of the body, and limit of main
		if err := add.Return([]compute.Value{must(add.Add(must(add.Add(sum, i)), limit))}, nil); err != nil {
			t.Fatal(err)
		}
		keep, _ := body.Closure()
		if err := keep.Return([]compute.Value{sum}, nil); err != nil {
			t.Fatal(err)
		}
		branch, err := body.If(even, add, keep)
		if err != nil {
			t.Fatal(err)
		}
		if err := body.Return([]compute.Value{must(body.Add(i, one)), branch[0]}, nil); err != nil {
			t.Fatal(err)
		}
		state, err := f.While(cond, body, zero, zero)
		if err != nil {
			t.Fatal(err)
		}
		square, err := f.builder.NewFunction("square")
		if err != nil {
			t.Fatal(err)
		}
		x := must(square.Parameter("x", scalar, nil))
		if err := square.Return([]compute.Value{must(square.Mul(x, x))}, nil); err != nil {
			t.Fatal(err)
		}
		called, err := f.Call(square, state[1])
		if err != nil {
			t.Fatal(err)
		}
		return append(state, called...)
	})
	// 0+2+4+6+8 and five times the limit
	if got := fmt.Sprint(out...); got != "[10] [70] [4900]" {
		t.Errorf("counter, sum and square are %s, want [10] [70] [4900]", got)
	}
}

// TestSort sorts by a simple comparison, and pairs by a comparison that looks at both arrays and a captured value.
func TestSort(t *testing.T) {
	out := results(t, func(f *Function) []compute.Value {
		keys := must(f.Constant([]float32{3, 1, 2, 9, 7, 8}, 2, 3))
		values := must(f.Constant([]int32{0, 1, 2, 3, 4, 5}, 2, 3))
		pivot := must(f.Constant([]float32{8}))
		down, _ := f.Closure()
		l, r := must(down.Parameter("l", shapes.Make(dtypes.Float32), nil)), must(down.Parameter("r", shapes.Make(dtypes.Float32), nil))
		if err := down.Return([]compute.Value{must(down.GreaterThan(l, r))}, nil); err != nil {
			t.Fatal(err)
		}
		sorted, err := f.Sort(down, 1, false, keys)
		if err != nil {
			t.Fatal(err)
		}
		near, _ := f.Closure() // by distance from the pivot
		distance := func(v compute.Value) compute.Value { return must(near.Abs(must(near.Sub(v, pivot)))) }
		l, r = must(near.Parameter("l", shapes.Make(dtypes.Float32), nil)), must(near.Parameter("r", shapes.Make(dtypes.Float32), nil))
		must(near.Parameter("lv", shapes.Make(dtypes.Int32), nil))
		must(near.Parameter("rv", shapes.Make(dtypes.Int32), nil))
		if err := near.Return([]compute.Value{must(near.LessThan(distance(l), distance(r)))}, nil); err != nil {
			t.Fatal(err)
		}
		pairs, err := f.Sort(near, 0, true, keys, values)
		if err != nil {
			t.Fatal(err)
		}
		return append(sorted, pairs...)
	})
	if got := fmt.Sprint(out...); got != "[3 2 1 9 8 7] [9 7 8 3 1 2] [3 4 5 0 1 2]" {
		t.Errorf("sorted: %s", got)
	}
}

// TestDynamicSlices moves windows that do not fit inside.
func TestDynamicSlices(t *testing.T) {
	out := results(t, func(f *Function) []compute.Value {
		x := must(f.Constant([]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 3, 4))
		at := func(i int32) compute.Value { return must(f.Constant([]int32{i})) }
		part := must(f.DynamicSlice(must(f.Transpose(x, 1, 0)), []compute.Value{at(9), at(-1)}, []int{2, 2}))
		update := must(f.Constant([]int32{-1, -2}, 1, 2))
		return []compute.Value{part, must(f.DynamicUpdateSlice(x, update, []compute.Value{at(1), at(7)}))}
	})
	if got := fmt.Sprint(out...); got != "[2 6 3 7] [0 1 2 3 4 5 -1 -2 8 9 10 11]" {
		t.Errorf("slice and update: %s", got)
	}
}

// TestPadCrops: negative padding cuts, also between spread elements.
func TestPadCrops(t *testing.T) {
	out := results(t, func(f *Function) []compute.Value {
		x := must(f.Constant([]int32{1, 2, 3, 4}, 4))
		fill := must(f.Constant([]int32{9}))
		return []compute.Value{
			must(f.Pad(x, fill, compute.PadAxis{Start: -1, End: 2})),
			must(f.Pad(x, fill, compute.PadAxis{Start: -1, End: -2, Interior: 1})), // of 1 9 2 9 3 9 4
			must(f.Pad(x, fill, compute.PadAxis{Start: -4})),
		}
	})
	if got := fmt.Sprint(out...); got != "[2 3 4 9 9] [9 2 9 3] []" {
		t.Errorf("padded: %s", got)
	}
}

// TestLargePads: large arrays are filled beside what is copied only.
func TestLargePads(t *testing.T) {
	dims := []int{3, 60, 40, 5}
	x := single(noise(1, 3*60*40*5))
	for _, axes := range [][]compute.PadAxis{
		{{}, {Start: 1, End: 2}, {Start: 3, End: 1}, {}},
		{{}, {}, {End: 1}, {}},
		{{Start: 1}, {Start: -2, End: 1}, {Start: 1, End: -3}, {End: 2}},
		{{}, {Start: 5, Interior: 1}, {}, {}},
		{{}, {Start: 300}, {}, {}},
	} {
		outs, want := make([]int, 4), []float32(nil)
		for a, p := range axes {
			outs[a] = dims[a] + (dims[a]-1)*p.Interior + p.Start + p.End
		}
		for i := range outs[0] {
			for j := range outs[1] {
				for k := range outs[2] {
					for l := range outs[3] {
						value, at := float32(7), 0
						for a, o := range []int{i, j, k, l} {
							o -= axes[a].Start
							step := axes[a].Interior + 1
							if at < 0 || o < 0 || o%step != 0 || o/step >= dims[a] {
								at = -1
								break
							}
							at = at*dims[a] + o/step
						}
						if at >= 0 {
							value = x[at]
						}
						want = append(want, value)
					}
				}
			}
		}
		out := results(t, func(f *Function) []compute.Value {
			return []compute.Value{must(f.Pad(must(f.Constant(x, dims...)), must(f.Constant([]float32{7})), axes...))}
		})
		if !slices.Equal(out[0].([]float32), want) {
			t.Errorf("padding by %v is not its definition", axes)
		}
	}
}

// TestRandomBits: the bits are those of package vec, whose tests have XLA's; they do not depend on threads, and the state moves on by what was drawn.
func TestRandomBits(t *testing.T) {
	const n = 3*taskElements + 7
	state := [3]uint64{42, 7, 1}
	out := results(t, func(f *Function) []compute.Value {
		s := must(f.Constant(state[:], 3))
		next, words, err := f.RNGBitGenerator(s, shapes.Make(dtypes.Uint32, n))
		if err != nil {
			t.Fatal(err)
		}
		_, bytes, err := f.RNGBitGenerator(next, shapes.Make(dtypes.Uint8, 7))
		if err != nil {
			t.Fatal(err)
		}
		return []compute.Value{next, words, bytes}
	})
	want := make([]uint32, n)
	next := vec.Philox(state, want)
	if got := out[0].([]uint64); [3]uint64(got) != next {
		t.Errorf("the next state is %v, want %v", got, next)
	}
	for i, w := range out[1].([]uint32) {
		if w != want[i] {
			t.Fatalf("word %d is %#x, want %#x", i, w, want[i])
		}
	}
	var two [2]uint32
	vec.Philox(next, two[:])
	for i, b := range out[2].([]uint8) {
		if want := uint8(two[i/4] >> (8 * (i % 4))); b != want {
			t.Errorf("byte %d is %#x, want %#x", i, b, want)
		}
	}
}

// TestConvolutionReadings: the three forms of a convolution that GoMLX and package ops build are read as such, and nothing is copied.
func TestConvolutionReadings(t *testing.T) {
	const n, side, in, out = 2, 8, 16, 32 // stride 2, 4x4 kernel, padding 1
	f32 := func(dims ...int) shapes.Shape { return shapes.Make(dtypes.Float32, dims...) }
	pads := [][2]int{{1, 1}, {1, 1}}
	axes := compute.ConvolveAxesConfig{InputSpatial: []int{1, 2}, InputChannels: 3, KernelSpatial: []int{0, 1}, KernelInputChannels: 2, KernelOutputChannels: 3,
		OutputSpatial: []int{1, 2}, OutputChannels: 3}
	swapped := axes.Clone()
	swapped.KernelInputChannels, swapped.KernelOutputChannels = 3, 2
	roles := compute.ConvolveAxesConfig{InputBatch: 3, InputChannels: 0, InputSpatial: []int{1, 2}, KernelInputChannels: 0, KernelOutputChannels: 3, KernelSpatial: []int{1, 2},
		OutputBatch: 2, OutputChannels: 3, OutputSpatial: []int{0, 1}}
	for name, c := range map[string]struct {
		a, b  shapes.Shape
		build func(f *Function, a, b compute.Value) compute.Value
		steps string
	}{
		"forward": {f32(n, side, side, in), f32(4, 4, in, out), func(f *Function, x, w compute.Value) compute.Value {
			return must(f.ConvGeneral(x, w, axes, []int{2, 2}, pads, nil, nil, 1, 1))
		}, "pack.forward 4x4 16 32 conv.forward 2x8x8x16 4x4/2 32"},
		"by input": {f32(n, side/2, side/2, out), f32(4, 4, in, out), func(f *Function, dy, w compute.Value) compute.Value {
			r := must(f.Reverse(w, 0, 1))
			return must(f.ConvGeneral(dy, r, swapped, nil, [][2]int{{2, 2}, {2, 2}}, []int{2, 2}, nil, 1, 1))
		}, "pack.byinput 4x4 16 32 conv.byinput 2x8x8x16 4x4/2 32"},
		"by kernel": {f32(n, side, side, in), f32(n, side/2, side/2, out), func(f *Function, x, dy compute.Value) compute.Value {
			return must(f.ConvGeneral(x, dy, roles, nil, pads, nil, []int{2, 2}, 1, 1))
		}, "conv.bykernel 2x8x8x16 4x4/2 32"},
	} {
		e := compileFor(t, newTest(t, ""), func(f *Function) []compute.Value {
			return []compute.Value{c.build(f, must(f.Parameter("a", c.a, nil)), must(f.Parameter("b", c.b, nil)))}
		})
		var steps []string
		for _, s := range e.plan.steps {
			steps = append(steps, s.name)
		}
		if got := fmt.Sprint(steps); got != "["+c.steps+"]" {
			t.Errorf("%s: steps %s, want [%s]", name, got, c.steps)
		}
	}
}

// TestWeightsArePackedOnce: convolutions of several batches by the same weights share their packed form, in each direction; another
// stride is another form.
func TestWeightsArePackedOnce(t *testing.T) {
	const side, in, out = 8, 16, 32
	axes := compute.ConvolveAxesConfig{InputSpatial: []int{1, 2}, InputChannels: 3, KernelSpatial: []int{0, 1}, KernelInputChannels: 2, KernelOutputChannels: 3,
		OutputSpatial: []int{1, 2}, OutputChannels: 3}
	e := compileFor(t, newTest(t, ""), func(f *Function) []compute.Value {
		w := must(f.Parameter("w", shapes.Make(dtypes.Float32, 3, 3, in, out), nil))
		var results []compute.Value
		for i, batch := range []int{2, 2, 3} {
			x := must(f.Parameter(fmt.Sprint("x", i), shapes.Make(dtypes.Float32, batch, side, side, in), nil))
			results = append(results, must(f.ConvGeneral(x, w, axes, nil, [][2]int{{1, 1}, {1, 1}}, nil, nil, 1, 1)))
			results = append(results, must(f.ConvGeneral(x, w, axes, []int{2, 2}, [][2]int{{1, 1}, {1, 1}}, nil, nil, 1, 1)))
		}
		return results
	})
	packs, convs := strings.Count(e.Plan(), "= pack.forward "), strings.Count(e.Plan(), "= conv.forward ")
	if packs != 2 || convs != 6 {
		t.Errorf("%d convolutions with %d packings, want 6 with 2:\n%s", convs, packs, e.Plan())
	}
}

// TestConvOptionReachesTheKernels: what the option says decides the method of a layer that has one for each.
func TestConvOptionReachesTheKernels(t *testing.T) {
	axes := compute.ConvolveAxesConfig{InputSpatial: []int{1, 2}, InputChannels: 3, KernelSpatial: []int{0, 1}, KernelInputChannels: 2, KernelOutputChannels: 3,
		OutputSpatial: []int{1, 2}, OutputChannels: 3}
	for option, want := range map[string]string{"conv=exact": "direct", "": "F(2,2)", "conv=balanced": "F(2,2)", "conv=fast": "F(4,2)"} {
		e := compileFor(t, newTest(t, option), func(f *Function) []compute.Value {
			x, w := must(f.Parameter("x", shapes.Make(dtypes.Float32, 64, 32, 32, 64), nil)), must(f.Parameter("w", shapes.Make(dtypes.Float32, 4, 4, 64, 128), nil))
			return []compute.Value{must(f.ConvGeneral(x, w, axes, []int{2, 2}, [][2]int{{1, 1}, {1, 1}}, nil, nil, 1, 1))}
		})
		for _, s := range e.plan.steps {
			if s.method != want {
				t.Errorf("%q: %s by %s, want %s", option, s.name, s.method, want)
			}
		}
	}
}
