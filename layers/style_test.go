package layers_test

import (
	"math"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/internal/oracle/nets"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
)

var smooth = []float64{1. / 8, 3. / 8, 3. / 8, 1. / 8}

func times(a oracle.Array, factor float64) oracle.Array {
	return each(a, func(x float64) float64 { return x * factor })
}

// affine is x W + b of [batch, in].
func affine(x, w, b oracle.Array) oracle.Array {
	y := zeros(x.Dims[0], w.Dims[1])
	for n := range x.Dims[0] {
		for o := range w.Dims[1] {
			*at(y, n, o) = b.Data[o]
			for i := range x.Dims[1] {
				*at(y, n, o) += *at(x, n, i) * *at(w, i, o)
			}
		}
	}
	return y
}

func TestEqualDenseScalesItsWeightsWhereTheyAreUsed(t *testing.T) {
	x := oracle.Normal(1, 3, 5)
	net := nets.At(t, layers.EqualDense{Units: 4, Equalised: layers.Equalised{Gain: math.Sqrt2, Rate: 0.01}}.On, layers.Train, x)
	w, b := net.Weight(t, "kernel"), net.Weight(t, "bias")
	oracle.Value(t, net.Function, net.Inputs, affine(x, times(w, math.Sqrt2/math.Sqrt(5)*0.01), times(b, 0.01)))
}

func TestEqualConvScalesAndResamples(t *testing.T) {
	x := oracle.Normal(1, 2, 6, 6, 3)
	conv := layers.EqualConv{Filters: 4, Kernel: 3, Smooth: smooth, Equalised: layers.Equalised{Gain: math.Sqrt2}}
	scale := math.Sqrt2 / math.Sqrt(3*9)
	open := nets.At(t, conv.On, layers.Train, x)
	kernel, bias := times(open.Weight(t, "kernel"), scale), open.Weight(t, "bias")
	oracle.Value(t, open.Function, open.Inputs, convolve(x, kernel, bias, 1, 1))

	open = nets.At(t, conv.OnRepeated, layers.Train, x)
	oracle.Value(t, open.Function, open.Inputs, convolve(repeated(x), kernel, bias, 1, 1))

	open = nets.At(t, conv.OnAveraged, layers.Train, x)
	oracle.Value(t, open.Function, open.Inputs, averaged(convolve(x, kernel, bias, 1, 1)))

	open = nets.At(t, conv.OnSmoothed, layers.Train, x)
	oracle.Value(t, open.Function, open.Inputs, convolve(resample(x, 1, 1, 2, 2), kernel, bias, 2, 0))

	conv.Kernel, conv.NoBias = 1, true
	open = nets.At(t, conv.OnSmoothed, layers.Train, x)
	kernel = times(open.Weight(t, "kernel"), math.Sqrt2/math.Sqrt(3))
	oracle.Value(t, open.Function, open.Inputs, convolve(resample(x, 1, 2, 1, 1), kernel, zeros(4), 1, 0))
}

// repeated doubles the side by repeating pixels.
func repeated(x oracle.Array) oracle.Array {
	y := zeros(x.Dims[0], 2*x.Dims[1], 2*x.Dims[2], x.Dims[3])
	for n := range y.Dims[0] {
		for i := range y.Dims[1] {
			for j := range y.Dims[2] {
				for c := range y.Dims[3] {
					*at(y, n, i, j, c) = *at(x, n, i/2, j/2, c)
				}
			}
		}
	}
	return y
}

// averaged halves the side.
func averaged(x oracle.Array) oracle.Array {
	y := zeros(x.Dims[0], x.Dims[1]/2, x.Dims[2]/2, x.Dims[3])
	for n := range x.Dims[0] {
		for i := range x.Dims[1] {
			for j := range x.Dims[2] {
				for c := range x.Dims[3] {
					*at(y, n, i/2, j/2, c) += *at(x, n, i, j, c) / 4
				}
			}
		}
	}
	return y
}

// resample is the authors' upfirdn with [1, 3, 3, 1] and gain up^2: zeros after every element, padding, filter, every down-th.
func resample(x oracle.Array, up, down, before, after int) oracle.Array {
	size := func(n int) int { return (n*up+before+after-4)/down + 1 }
	y := zeros(x.Dims[0], size(x.Dims[1]), size(x.Dims[2]), x.Dims[3])
	for n := range y.Dims[0] {
		for i := range y.Dims[1] {
			for j := range y.Dims[2] {
				for c := range y.Dims[3] {
					for s := range 4 {
						for r := range 4 {
							row, column := i*down+s-before, j*down+r-before
							if row < 0 || column < 0 || row%up != 0 || column%up != 0 || row/up >= x.Dims[1] || column/up >= x.Dims[2] {
								continue
							}
							*at(y, n, i, j, c) += float64(up*up) * smooth[s] * smooth[r] * *at(x, n, row/up, column/up, c)
						}
					}
				}
			}
		}
	}
	return y
}

// The authors' formula: weights of each record's own, scaled by its style and divided by their norm, in a convolution of its own.
func TestModulatedConvIsAConvolutionWithWeightsOfEachRecordsOwn(t *testing.T) {
	const batch, side, in, out, size = 3, 4, 3, 2, 5
	x, w := oracle.Normal(1, batch, side, side, in), oracle.Normal(2, batch, size)
	for _, c := range []layers.ModulatedConv{
		{Filters: out, Kernel: 3}, {Filters: out, Kernel: 3, Up: true, Smooth: smooth}, {Filters: out, Kernel: 1, Plain: true}, {Filters: out, Kernel: 1, Up: true, Smooth: smooth},
	} {
		network := func(net layers.Net, x *graph.Node) *graph.Node {
			return c.On(net, x, graph.Reshape(graph.Const(x.Graph(), w.Data), w.Dims...))
		}
		open := nets.At(t, network, layers.Train, x)
		kernel := times(open.Weight(t, "kernel"), 1/math.Sqrt(float64(c.Kernel*c.Kernel*in)))
		style := affine(w, times(open.Weight(t, "style/kernel"), 1/math.Sqrt(size)), open.Weight(t, "style/bias"))
		var want oracle.Array
		for n := range batch {
			own := zeros(kernel.Dims...)
			for o := range out {
				squares := 1e-8
				for k := range c.Kernel * c.Kernel {
					for i := range in {
						p := (k*in+i)*out + o
						own.Data[p] = kernel.Data[p] * *at(style, n, i)
						squares += own.Data[p] * own.Data[p]
					}
				}
				if c.Plain {
					continue
				}
				for p := o; p < len(own.Data); p += out {
					own.Data[p] /= math.Sqrt(squares)
				}
			}
			one := oracle.Of([]int{1, side, side, in}, x.Data[n*side*side*in:(n+1)*side*side*in]...)
			var y oracle.Array
			if c.Up {
				// Torch's conv_transpose2d with stride 2; for a kernel of 1 the authors convolve first and then resample.
				if c.Kernel == 3 {
					y = resample(scatter(one, swapped(own), 2, 0), 1, 1, 1, 1)
					y = times(y, 4)
				} else {
					y = resample(convolve(one, own, zeros(out), 1, 0), 2, 1, 2, 1)
				}
			} else {
				y = convolve(one, own, zeros(out), 1, c.Kernel/2)
			}
			if want.Dims == nil {
				want.Dims = []int{batch, y.Dims[1], y.Dims[2], out}
			}
			want.Data = append(want.Data, y.Data...)
		}
		oracle.Value(t, open.Function, open.Inputs, want)
	}
}

// swapped turns a kernel [h, w, in, out] into [h, w, out, in].
func swapped(k oracle.Array) oracle.Array {
	y := zeros(k.Dims[0], k.Dims[1], k.Dims[3], k.Dims[2])
	for a := range k.Dims[0] {
		for b := range k.Dims[1] {
			for i := range k.Dims[2] {
				for o := range k.Dims[3] {
					*at(y, a, b, o, i) = *at(k, a, b, i, o)
				}
			}
		}
	}
	return y
}

func TestNoiseIsOneNumberAPixelTimesItsStrength(t *testing.T) {
	x := oracle.Normal(1, 2, 3, 3, 4)
	for _, each := range []bool{false, true} {
		open := nets.At(t, layers.Noise{EachChannel: each}.On, layers.Train, x)
		strength, noise := open.Weight(t, "strength"), nets.Drawn("noise", false, 2, 3, 3, 1)
		want := zeros(x.Dims...)
		for i, v := range x.Data {
			want.Data[i] = v + noise.Data[i/4]*strength.Data[i%4%len(strength.Data)]
		}
		oracle.Value(t, open.Function, open.Inputs, want)
	}
}

// Record n of a batch of m groups is in group n modulo m, as in the authors' code.
func TestMinibatchDeviationIsTheMeanDeviationOfAGroup(t *testing.T) {
	x := oracle.Normal(1, 6, 2, 3, 2)
	for size, groups := range map[int]int{3: 2, 6: 1, 4: 2} { // 4 does not divide 6; 3 does
		open := nets.At(t, layers.MinibatchDeviation{Group: size}.On, layers.Train, x)
		want := zeros(6, 2, 3, 3)
		for n := range 6 {
			mean := 0.0
			for k := range 12 {
				sum, squares := 0.0, 0.0
				for m := n % groups; m < 6; m += groups {
					sum += x.Data[m*12+k]
				}
				for m := n % groups; m < 6; m += groups {
					d := x.Data[m*12+k] - sum/float64(6/groups)
					squares += d * d
				}
				mean += math.Sqrt(squares/float64(6/groups)+1e-8) / 12
			}
			for p := range 6 {
				want.Data[(n*6+p)*3] = x.Data[(n*6+p)*2]
				want.Data[(n*6+p)*3+1] = x.Data[(n*6+p)*2+1]
				want.Data[(n*6+p)*3+2] = mean
			}
		}
		oracle.Value(t, open.Function, open.Inputs, want)
	}
}

func TestMappingIsLayersOverTheNormalisedLatent(t *testing.T) {
	z := oracle.Normal(1, 2, 4)
	network := func(net layers.Net, z *graph.Node) *graph.Node {
		return layers.Mapping{Layers: 2, Units: 3, Classes: 5}.On(net, z, graph.Const(z.Graph(), []int32{4, 1}))
	}
	open := nets.At(t, network, layers.Train, z)
	table := open.Weight(t, "label/table")
	w := zeros(2, 8)
	for n, label := range []int{4, 1} {
		squares := 0.0
		for i := range 8 {
			v := table.Data[label*4+i%4]
			if i < 4 {
				v = *at(z, n, i)
			}
			*at(w, n, i) = v
			squares += v * v
		}
		for i := range 8 {
			*at(w, n, i) /= math.Sqrt(squares/8 + 1e-8)
		}
	}
	for _, name := range []string{"dense1", "dense2"} {
		kernel, bias := open.Weight(t, name+"/kernel"), open.Weight(t, name+"/bias")
		w = affine(w, times(kernel, 0.01*math.Sqrt2/math.Sqrt(float64(kernel.Dims[0]))), times(bias, 0.01))
		w = each(w, func(x float64) float64 { return max(x, 0.2*x) })
	}
	oracle.Value(t, open.Function, open.Inputs, w)
}

// At first every equalised weight has the deviation 1, and one that learns slowly has more, so that the layer starts alike.
func TestEqualisedWeightsStartAlike(t *testing.T) {
	for _, rate := range []float64{0, 0.01} {
		weights := layers.NewWeights(1)
		backend, err := gobackend.New("ops_sequential")
		if err != nil {
			t.Fatal(err)
		}
		defer backend.Finalize()
		g := graph.NewGraph(backend, t.Name())
		defer g.Finalize()
		x := graph.Reshape(graph.Const(g, make([]float32, 50)), 1, 50)
		layers.EqualDense{Units: 100, Start: 1, Equalised: layers.Equalised{Rate: rate}}.On(layers.Bind(weights, g).Root("net"), x)
		v := weights.Get("net/kernel")
		if err := weights.Materialise(v); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		v.Value.MustConstFlatData(func(flat any) {
			for _, x := range flat.([]float32) {
				sum += float64(x) * float64(x)
			}
		})
		want := 1.0
		if rate != 0 {
			want = 1 / rate
		}
		if got := math.Sqrt(sum / 5000); math.Abs(got/want-1) > 0.05 {
			t.Errorf("rate %v: the weights' deviation is %.3g, want %.3g", rate, got, want)
		}
	}
}

func TestStylesDifferentiateToSecondOrder(t *testing.T) {
	w := oracle.Normal(2, 2, 3)
	network := func(net layers.Net, x *graph.Node) *graph.Node {
		style := graph.Reshape(graph.Const(x.Graph(), w.Data), w.Dims...)
		x = layers.ModulatedConv{Filters: 2, Kernel: 3, Up: true, Smooth: smooth}.On(net.In("up"), x, style)
		x = ops.LeakyReLU(layers.Bias(net, layers.Noise{}.On(net, x)), 0.2)
		return layers.EqualConv{Filters: 2, Kernel: 3, Smooth: smooth}.OnSmoothed(net.In("down"), layers.MinibatchDeviation{}.On(net, x))
	}
	open := nets.At(t, network, layers.Train, oracle.Normal(1, 2, 3, 3, 2))
	oracle.Gradients(t, open.Function, open.Inputs, oracle.Order(2), oracle.Step(1e-5), oracle.Tol(2e-5), oracle.Elements(4))
}
