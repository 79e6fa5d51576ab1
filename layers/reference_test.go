package layers_test

import (
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/internal/oracle/nets"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

func TestMain(m *testing.M) {
	ops.Register()
	os.Exit(m.Run())
}

// at returns where element (i, j, ...) of an array lies.
func at(a oracle.Array, index ...int) *float64 {
	k := 0
	for axis, i := range index {
		k = k*a.Dims[axis] + i
	}
	return &a.Data[k]
}

func zeros(dims ...int) oracle.Array {
	size := 1
	for _, d := range dims {
		size *= d
	}
	return oracle.Of(dims, make([]float64, size)...)
}

// convolve is the definition: y[n,i,j,o] = bias[o] + sum of x[n, i*stride+a-pad, j*stride+b-pad, c] * kernel[a,b,c,o].
func convolve(x, kernel, bias oracle.Array, stride, pad int) oracle.Array {
	size := func(n, k int) int { return (n+2*pad-k)/stride + 1 }
	y := zeros(x.Dims[0], size(x.Dims[1], kernel.Dims[0]), size(x.Dims[2], kernel.Dims[1]), kernel.Dims[3])
	for n := range y.Dims[0] {
		for i := range y.Dims[1] {
			for j := range y.Dims[2] {
				for o := range y.Dims[3] {
					sum := bias.Data[o]
					for a := range kernel.Dims[0] {
						for b := range kernel.Dims[1] {
							row, column := i*stride+a-pad, j*stride+b-pad
							if row < 0 || column < 0 || row >= x.Dims[1] || column >= x.Dims[2] {
								continue
							}
							for c := range x.Dims[3] {
								sum += *at(x, n, row, column, c) * *at(kernel, a, b, c, o)
							}
						}
					}
					*at(y, n, i, j, o) = sum
				}
			}
		}
	}
	return y
}

// scatter is the definition of the transposed convolution: every input lays its kernel [a, b, out, in] over the output.
func scatter(x, kernel oracle.Array, stride, pad int) oracle.Array {
	size := func(n, k int) int { return (n-1)*stride - 2*pad + k }
	y := zeros(x.Dims[0], size(x.Dims[1], kernel.Dims[0]), size(x.Dims[2], kernel.Dims[1]), kernel.Dims[2])
	for n := range x.Dims[0] {
		for i := range x.Dims[1] {
			for j := range x.Dims[2] {
				for a := range kernel.Dims[0] {
					for b := range kernel.Dims[1] {
						row, column := i*stride+a-pad, j*stride+b-pad
						if row < 0 || column < 0 || row >= y.Dims[1] || column >= y.Dims[2] {
							continue
						}
						for o := range kernel.Dims[2] {
							for c := range kernel.Dims[3] {
								*at(y, n, row, column, o) += *at(x, n, i, j, c) * *at(kernel, a, b, o, c)
							}
						}
					}
				}
			}
		}
	}
	return y
}

// standardise is (x - mean)/sqrt(variance + 1e-5), with the moments over the elements that have the same key.
func standardise(x oracle.Array, key func(i int) int) oracle.Array {
	sum, squares, count := map[int]float64{}, map[int]float64{}, map[int]float64{}
	for i, v := range x.Data {
		sum[key(i)] += v
		count[key(i)]++
	}
	for i, v := range x.Data {
		d := v - sum[key(i)]/count[key(i)]
		squares[key(i)] += d * d
	}
	y := zeros(x.Dims...)
	for i, v := range x.Data {
		k := key(i)
		y.Data[i] = (v - sum[k]/count[k]) / math.Sqrt(squares[k]/count[k]+1e-5)
	}
	return y
}

// scaled is x*scale + shift by channel.
func scaled(x, scale, shift oracle.Array) oracle.Array {
	y := zeros(x.Dims...)
	for i, v := range x.Data {
		c := i % len(scale.Data)
		y.Data[i] = v*scale.Data[c] + shift.Data[c]
	}
	return y
}

func each(x oracle.Array, fn func(float64) float64) oracle.Array {
	y := zeros(x.Dims...)
	for i, v := range x.Data {
		y.Data[i] = fn(v)
	}
	return y
}

func relu(x float64) float64 { return max(x, 0) }

func TestDenseIsTheMatrixProduct(t *testing.T) {
	x := oracle.Normal(1, 3, 4, 5) // all axes before the last are batch
	net := nets.At(t, layers.Dense{Units: 2}.On, layers.Train, x)
	w, b := net.Weight(t, "kernel"), net.Weight(t, "bias")
	want := zeros(3, 4, 2)
	for n := range 12 {
		for o := range 2 {
			want.Data[n*2+o] = b.Data[o]
			for i := range 5 {
				want.Data[n*2+o] += x.Data[n*5+i] * *at(w, i, o)
			}
		}
	}
	oracle.Value(t, net.Function, net.Inputs, want)

	without := nets.At(t, layers.Dense{Units: 2, NoBias: true}.On, layers.Train, x)
	if len(without.Paths) != 1 {
		t.Errorf("a dense layer without bias has the weights %v", without.Paths)
	}
}

func TestConvIsTheSumOverTaps(t *testing.T) {
	for _, c := range []struct{ side, kernel, stride, pad int }{{5, 3, 1, 1}, {6, 4, 2, 1}, {4, 4, 1, 0}, {5, 1, 1, 0}, {7, 3, 3, 2}} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			x := oracle.Normal(1, 2, c.side, c.side+1, 3)
			net := nets.At(t, layers.Conv{Filters: 2, Kernel: c.kernel, Stride: c.stride, Pad: c.pad}.On, layers.Train, x)
			oracle.Value(t, net.Function, net.Inputs, convolve(x, net.Weight(t, "kernel"), net.Weight(t, "bias"), c.stride, c.pad))
		})
	}
}

func TestConvTransposeLaysEveryInputOverTheOutput(t *testing.T) {
	for _, c := range []struct{ side, kernel, stride, pad int }{{1, 4, 1, 0}, {3, 4, 2, 1}, {2, 3, 1, 1}, {3, 5, 3, 0}} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			x := oracle.Normal(1, 2, c.side, c.side, 3)
			layer := layers.ConvTranspose{Filters: 2, Kernel: c.kernel, Stride: c.stride, Pad: c.pad, NoBias: true}
			net := nets.At(t, layer.On, layers.Train, x)
			oracle.Value(t, net.Function, net.Inputs, scatter(x, net.Weight(t, "kernel"), c.stride, c.pad))
		})
	}
}

func TestBatchNormStandardisesEachChannelOverTheBatch(t *testing.T) {
	x := oracle.Normal(1, 3, 2, 2, 4)
	for _, pass := range []layers.Pass{layers.Train, layers.Batch} {
		net := nets.At(t, layers.BatchNorm{}.On, pass, x)
		want := scaled(standardise(x, func(i int) int { return i % 4 }), net.Weight(t, "scale"), net.Weight(t, "shift"))
		oracle.Value(t, net.Function, net.Inputs, want)
	}
}

func TestBatchNormOfAFixedPassLooksAtEachRecordAlone(t *testing.T) {
	x := oracle.Normal(1, 3, 2)
	constants := map[string][]float64{"net/mean": {0.5, -1}, "net/variance": {4, 0.25}, "net/scale": {2, 3}, "net/shift": {0, 10}}
	fn := func(in []*graph.Node) *graph.Node {
		return layers.BatchNorm{}.On(given(in[0], constants).Root("net").With(layers.Fixed), in[0])
	}
	want := zeros(3, 2)
	for n := range 3 {
		*at(want, n, 0) = (*at(x, n, 0)-0.5)/math.Sqrt(4+1e-5)*2 + 0
		*at(want, n, 1) = (*at(x, n, 1)+1)/math.Sqrt(0.25+1e-5)*3 + 10
	}
	oracle.Value(t, fn, []oracle.Array{x}, want)
}

// PyTorch's BatchNorm: running = 0.9 running + 0.1 batch, with the batch's unbiased variance, in training mode only.
func TestRunningStatisticsFollowTorch(t *testing.T) {
	start := map[string][]float64{"net/mean": {2, 0}, "net/variance": {1, 3}, "net/scale": {1, 1}, "net/shift": {0, 0}}
	first, second := oracle.Normal(1, 5, 2), oracle.Normal(2, 5, 2)
	statistics := func(passes ...layers.Pass) oracle.Function {
		return func(in []*graph.Node) *graph.Node {
			bind := given(in[0], start)
			for i, pass := range passes {
				layers.BatchNorm{}.On(bind.Root("net").With(pass), in[i])
			}
			return graph.Stack([]*graph.Node{bind.Value("net/mean"), bind.Value("net/variance")}, 0)
		}
	}
	followed := func(batches ...oracle.Array) oracle.Array {
		stats := oracle.Of([]int{2, 2}, 2, 0, 1, 3)
		for _, x := range batches {
			for c := range 2 {
				mean, variance := 0.0, 0.0
				for n := range 5 {
					mean += *at(x, n, c) / 5
				}
				for n := range 5 {
					variance += (*at(x, n, c) - mean) * (*at(x, n, c) - mean) / 4
				}
				*at(stats, 0, c) = 0.9**at(stats, 0, c) + 0.1*mean
				*at(stats, 1, c) = 0.9**at(stats, 1, c) + 0.1*variance
			}
		}
		return stats
	}
	inputs := []oracle.Array{first, second}
	oracle.Value(t, statistics(layers.Train, layers.Train), inputs, followed(first, second))
	oracle.Value(t, statistics(layers.Batch, layers.Train), inputs, followed(second))
	oracle.Value(t, statistics(layers.Batch, layers.Fixed), inputs, followed())
}

// A gradient must not flow through the update of the statistics.
func TestStatisticsAreCutFromTheGradient(t *testing.T) {
	start := map[string][]float64{"net/mean": {2}, "net/variance": {1}, "net/scale": {1}, "net/shift": {0}}
	_, err := oracle.Check(func(in []*graph.Node) *graph.Node {
		bind := given(in[0], start)
		layers.BatchNorm{}.On(bind.Root("net"), in[0])
		return bind.Value("net/mean")
	}, []oracle.Array{oracle.Normal(1, 3, 1)}, oracle.Order(1), oracle.Zero(1))
	// The value moves with x, so finite differences see a slope where the gradient must be zero: that is the error to expect.
	if err == nil || !contains(err, "finite differences") {
		t.Errorf("%v, want a zero gradient of a value that moves", err)
	}
}

func TestLayerNormStandardisesEachRecord(t *testing.T) {
	for _, dims := range [][]int{{3, 2, 2, 4}, {2, 4}} {
		x := oracle.Normal(1, dims...)
		record := len(x.Data) / dims[0]
		net := nets.At(t, layers.LayerNorm{}.On, layers.Train, x)
		want := scaled(standardise(x, func(i int) int { return i / record }), net.Weight(t, "scale"), net.Weight(t, "shift"))
		oracle.Value(t, net.Function, net.Inputs, want)
	}
}

func TestInstanceNormStandardisesEachChannelOfEachRecord(t *testing.T) {
	x := oracle.Normal(1, 3, 2, 4, 5)
	net := nets.At(t, layers.InstanceNorm{}.On, layers.Train, x)
	if len(net.Paths) > 0 {
		t.Errorf("it has the weights %v, and torch.nn.InstanceNorm2d has none by default", net.Paths)
	}
	oracle.Value(t, net.Function, net.Inputs, standardise(x, func(i int) int { return i/40*5 + i%5 }))
}

func TestConvReflectsTheEdges(t *testing.T) {
	x := oracle.Normal(1, 2, 4, 5, 2)
	padded := zeros(2, 8, 9, 2)
	for n := range 2 {
		for i := range 8 {
			for j := range 9 {
				for c := range 2 { // two rows of mirror images on each side: rows 2 1 | 0 1 2 3 | 2 1
					*at(padded, n, i, j, c) = *at(x, n, []int{2, 1, 0, 1, 2, 3, 2, 1}[i], []int{2, 1, 0, 1, 2, 3, 4, 3, 2}[j], c)
				}
			}
		}
	}
	net := nets.At(t, layers.Conv{Filters: 3, Kernel: 5, Pad: 2, Reflect: true}.On, layers.Train, x)
	oracle.Value(t, net.Function, net.Inputs, convolve(padded, net.Weight(t, "kernel"), net.Weight(t, "bias"), 1, 0))
}

// Rows and columns more at the end are those that less padding would leave there.
func TestConvTransposeOutputPad(t *testing.T) {
	x := oracle.Normal(1, 2, 3, 4, 2)
	net := nets.At(t, layers.ConvTranspose{Filters: 3, Kernel: 3, Stride: 2, Pad: 1, OutputPad: 1}.On, layers.Train, x)
	whole := scatter(x, net.Weight(t, "kernel"), 2, 0) // [2, 7, 9, 3]
	bias := net.Weight(t, "bias")
	want := zeros(2, 6, 8, 3)
	for n := range 2 {
		for i := range 6 {
			for j := range 8 {
				for c := range 3 {
					*at(want, n, i, j, c) = *at(whole, n, i+1, j+1, c) + bias.Data[c]
				}
			}
		}
	}
	oracle.Value(t, net.Function, net.Inputs, want)
}

func TestEmbeddingLooksRowsUp(t *testing.T) {
	network := func(net layers.Net, x *graph.Node) *graph.Node {
		labels := graph.Const(x.Graph(), []int32{2, 0, 2})
		return graph.Mul(x, layers.Embedding{Rows: 4, Size: 2}.On(net, labels))
	}
	x := oracle.Normal(1, 3, 2)
	net := nets.At(t, network, layers.Train, x)
	table := net.Weight(t, "table")
	want := zeros(3, 2)
	for n, row := range []int{2, 0, 2} {
		for i := range 2 {
			*at(want, n, i) = *at(x, n, i) * *at(table, row, i)
		}
	}
	oracle.Value(t, net.Function, net.Inputs, want)
}

func TestOneHot(t *testing.T) {
	fn := func(in []*graph.Node) *graph.Node {
		return layers.OneHot(given(in[0], nil).Root("net"), graph.Const(in[0].Graph(), []int32{1, 0}), 3)
	}
	oracle.Value(t, fn, []oracle.Array{zeros(1)}, oracle.Of([]int{2, 3}, 0, 1, 0, 1, 0, 0))
}

func TestMLPIsDenseLayersWithActivationsBetween(t *testing.T) {
	x := oracle.Normal(1, 3, 4)
	mlp := layers.MLP{Hidden: []int{5, 6}, Units: 2, Activation: layers.LeakyReLU(0.2)}
	net := nets.At(t, mlp.On, layers.Train, x)
	leaky := func(v float64) float64 { return max(v, 0.2*v) }
	y := x
	for _, name := range []string{"dense1", "dense2", "out"} {
		w, b := net.Weight(t, name+"/kernel"), net.Weight(t, name+"/bias")
		product := zeros(3, w.Dims[1])
		for n := range 3 {
			for o := range w.Dims[1] {
				*at(product, n, o) = b.Data[o]
				for i := range w.Dims[0] {
					*at(product, n, o) += *at(y, n, i) * *at(w, i, o)
				}
			}
		}
		if y = product; name != "out" {
			y = each(product, leaky)
		}
	}
	oracle.Value(t, net.Function, net.Inputs, y)
}

// meanPool averages 2x2; repeat doubles the side.
func meanPool(x oracle.Array) oracle.Array {
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

func repeat(x oracle.Array) oracle.Array {
	y := zeros(x.Dims[0], x.Dims[1]*2, x.Dims[2]*2, x.Dims[3])
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

// The blocks of Gulrajani 2017's code, in its order of work: there the shortcut of Up repeats pixels before the 1x1 convolution and
// that of Down averages after it (before it in the first block), which the layer does the other way round for speed.
func TestResidualBlocks(t *testing.T) {
	keep := func(x oracle.Array) oracle.Array { return x }
	for name, c := range map[string]struct {
		block  layers.Residual
		in     int
		before func(oracle.Array) oracle.Array // before the first convolution and the shortcut's
		after  func(oracle.Array) oracle.Array
	}{
		"up":           {layers.Residual{Filters: 3, Resample: layers.Up}, 2, repeat, keep},
		"down":         {layers.Residual{Filters: 3, Resample: layers.Down}, 2, keep, meanPool},
		"down, first":  {layers.Residual{Filters: 3, Resample: layers.Down, First: true}, 2, keep, meanPool},
		"same":         {layers.Residual{Filters: 2}, 2, keep, keep},
		"same, wider":  {layers.Residual{Filters: 3}, 2, keep, keep},
		"with norm":    {layers.Residual{Filters: 2, Norm: layers.LayerNorm{}.On}, 2, keep, keep},
		"norm, first":  {layers.Residual{Filters: 3, Norm: layers.LayerNorm{}.On, First: true, Resample: layers.Down}, 2, keep, meanPool},
		"batch, train": {layers.Residual{Filters: 2, Norm: layers.BatchNorm{}.On}, 2, keep, keep},
	} {
		t.Run(name, func(t *testing.T) {
			x := oracle.Normal(1, 2, 4, 4, c.in)
			net := nets.At(t, c.block.On, layers.Train, x)
			norm := func(at string, y oracle.Array) oracle.Array {
				if c.block.Norm == nil || c.block.First {
					return y
				}
				record, channels := len(y.Data)/y.Dims[0], y.Dims[3]
				key := func(i int) int { return i / record }
				if name == "batch, train" {
					key = func(i int) int { return i % channels }
				}
				return scaled(standardise(y, key), net.Weight(t, at+"/scale"), net.Weight(t, at+"/shift"))
			}
			y := x
			if !c.block.First {
				y = each(norm("norm1", y), relu)
			}
			y = convolve(c.before(y), net.Weight(t, "conv1/kernel"), net.Weight(t, "conv1/bias"), 1, 1)
			y = each(norm("norm2", y), relu)
			y = c.after(convolve(y, net.Weight(t, "conv2/kernel"), net.Weight(t, "conv2/bias"), 1, 1))
			short := x
			if c.block.Resample != layers.Same || c.in != c.block.Filters {
				short = c.after(convolve(c.before(x), net.Weight(t, "shortcut/kernel"), net.Weight(t, "shortcut/bias"), 1, 0))
			}
			for i := range y.Data {
				y.Data[i] += short.Data[i]
			}
			oracle.Value(t, net.Function, net.Inputs, y)
		})
	}
}
