package r3gan

import (
	"os"
	"testing"

	"github.com/ganymede-gan/ganymede/gan"
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

func leaky(x float64) float64 { return max(x, 0.2*x) }

// mix is a 1x1 convolution of places [n, in] by [in, out].
func mix(x, w oracle.Array, bias []float64) oracle.Array {
	in, out := w.Dims[len(w.Dims)-2], w.Dims[len(w.Dims)-1]
	y := oracle.Array{Dims: append(append([]int{}, x.Dims[:len(x.Dims)-1]...), out)}
	for n := range len(x.Data) / in {
		for o := range out {
			sum := 0.0
			for i := range in {
				sum += x.Data[n*in+i] * w.Data[i*out+o]
			}
			if bias != nil {
				sum = leaky(sum + bias[o])
			}
			y.Data = append(y.Data, sum)
		}
	}
	return y
}

// block is the authors' residual block on copied weights, the grouped convolution by its definition: an output of group g sees the inputs
// of group g alone.
func block(t *testing.T, open nets.Open, at string, x oracle.Array, groups int) oracle.Array {
	t.Helper()
	y := mix(x, open.Weight(t, at+"conv1/kernel"), open.Weight(t, at+"bias1/bias").Data)
	w, bias := open.Weight(t, at+"conv2/kernel"), open.Weight(t, at+"bias2/bias").Data
	wide, each := y.Dims[3], w.Dims[2]
	if each != wide/groups {
		t.Fatalf("a group has %d channels of %d", each, wide)
	}
	z := oracle.Array{Dims: y.Dims, Data: make([]float64, len(y.Data))}
	for n := range y.Dims[0] {
		for i := range y.Dims[1] {
			for j := range y.Dims[2] {
				for o := range wide {
					sum := bias[o]
					for a := range 3 {
						for b := range 3 {
							row, column := i+a-1, j+b-1
							if row < 0 || column < 0 || row >= y.Dims[1] || column >= y.Dims[2] {
								continue
							}
							for k := range each {
								channel := o/(wide/groups)*each + k
								sum += y.Data[((n*y.Dims[1]+row)*y.Dims[2]+column)*wide+channel] * w.Data[((a*3+b)*each+k)*wide+o]
							}
						}
					}
					z.Data[((n*y.Dims[1]+i)*y.Dims[2]+j)*wide+o] = leaky(sum)
				}
			}
		}
	}
	out := mix(z, open.Weight(t, at+"conv3/kernel"), nil)
	for i, v := range x.Data {
		out.Data[i] += v
	}
	return out
}

func TestBlockIsTheAuthorsFormula(t *testing.T) {
	o := &Options{Group: 4}
	x := oracle.Normal(1, 2, 3, 4, 6)
	open := nets.At(t, func(net layers.Net, x *graph.Node) *graph.Node { return o.block(net, x, 8) }, layers.Train, x)
	oracle.Value(t, open.Function, open.Inputs, block(t, open, "", x, 3))
}

// At 4x4 the critic is all but its halvings: colours, blocks, the basis, the product with the class's direction.
func TestCriticIsTheAuthorsFormula(t *testing.T) {
	o := &Options{Filters: 4, Blocks: 2, Group: 4}
	x := oracle.Normal(1, 2, 4, 4, 3)
	network := func(net layers.Net, x *graph.Node) *graph.Node {
		return o.critic(net, x, graph.Const(x.Graph(), []int32{2, 0}), 3)
	}
	open := nets.At(t, network, layers.Train, x)
	maps := mix(x, open.Weight(t, "in/kernel"), nil)
	maps = block(t, open, "4x4/block1/", maps, 2)
	maps = block(t, open, "4x4/block2/", maps, 2)
	basis, out, table := open.Weight(t, "4x4/basis"), open.Weight(t, "out/kernel"), open.Weight(t, "label/table")
	want := oracle.Array{Dims: []int{2}}
	for n, class := range []int{2, 0} {
		features := oracle.Array{Dims: []int{1, 4}, Data: make([]float64, 4)}
		for p := range 16 {
			for c := range 4 {
				features.Data[c] += maps.Data[(n*16+p)*4+c] * basis.Data[p*4+c]
			}
		}
		score := 0.0
		for c, v := range mix(features, out, nil).Data {
			score += v * table.Data[class*4+c]
		}
		want.Data = append(want.Data, score)
	}
	oracle.Value(t, open.Function, open.Inputs, want)
}

// The generator at 4x4: a learned basis times a projection of the latent and the label.
func TestGeneratorIsTheAuthorsFormula(t *testing.T) {
	o := &Options{Latent: 3, Filters: 4, Blocks: 1, Group: 4}
	z := oracle.Normal(1, 2, 3)
	network := func(net layers.Net, z *graph.Node) *graph.Node {
		return o.generator(net, z, graph.Const(z.Graph(), []int32{1, 0}), 4, 3, 2)
	}
	open := nets.At(t, network, layers.Train, z)
	table := open.Weight(t, "label/table")
	both := oracle.Array{Dims: []int{2, 6}}
	for n, class := range []int{1, 0} {
		both.Data = append(append(both.Data, z.Data[3*n:3*n+3]...), table.Data[3*class:3*class+3]...)
	}
	projected, basis := mix(both, open.Weight(t, "4x4/project/kernel"), nil), open.Weight(t, "4x4/basis")
	maps := oracle.Array{Dims: []int{2, 4, 4, 4}}
	for n := range 2 {
		for p := range 16 {
			for c := range 4 {
				maps.Data = append(maps.Data, projected.Data[4*n+c]*basis.Data[p*4+c])
			}
		}
	}
	oracle.Value(t, open.Function, open.Inputs, mix(block(t, open, "4x4/block1/", maps, 2), open.Weight(t, "out/kernel"), nil))
}

// The critic's loss with both penalties, and the generator's, on a critic of one hidden layer, D = v lrelu(x W + b): the slope is written
// out, W (v lrelu'), and values, gradients and second gradients by the records and by all weights are compared.
func TestLossesAreTheAuthorsFormulas(t *testing.T) {
	const batch, size, hidden, gamma = 4, 2, 5, 0.3
	inputs := []oracle.Array{ // real, fake, W, b, v
		oracle.Normal(1, batch, size), oracle.Normal(2, batch, size), oracle.Normal(3, size, hidden), oracle.Normal(4, hidden), oracle.Normal(5, hidden, 1),
	}
	layer := func(in []*graph.Node, x *graph.Node) *graph.Node {
		return graph.Add(graph.Dot(x, in[2]).Product(), graph.InsertAxes(in[3], 0))
	}
	score := func(in []*graph.Node) gan.Score {
		return func(x *graph.Node) *graph.Node {
			return graph.Reshape(graph.Dot(ops.LeakyReLU(layer(in, x), 0.2), in[4]).Product(), -1)
		}
	}
	slopes := func(in []*graph.Node, x *graph.Node) *graph.Node { // mean |dD/dx|^2
		steep := graph.AddScalar(graph.MulScalar(graph.ConvertDType(graph.GreaterThan(layer(in, x), graph.ZerosLike(layer(in, x))), x.DType()), 0.8), 0.2)
		by := graph.Dot(graph.Mul(steep, graph.Transpose(in[4], 0, 1)), graph.Transpose(in[2], 0, 1)).Product()
		return graph.ReduceAllMean(graph.ReduceSum(graph.Square(by), 1))
	}
	// log(1 + exp(x)), as it stands.
	softplus := func(x *graph.Node) *graph.Node {
		return graph.ReduceAllMean(graph.Log(graph.AddScalar(graph.Exp(x), 1)))
	}
	objective, err := gan.FindObjective(Model.Shared["objective"])
	if err != nil {
		t.Fatal(err)
	}
	oracle.Same(t, func(in []*graph.Node) *graph.Node {
		d := score(in)
		real, fake := objective.Critic(d(in[0]), d(in[1]), 1)
		penalties := graph.Add(gan.R1(d, in[0]), gan.R1(d, in[1]))
		return graph.Add(graph.Add(real, fake), graph.MulScalar(penalties, gamma))
	}, func(in []*graph.Node) *graph.Node {
		d := score(in)
		penalties := graph.Add(slopes(in, in[0]), slopes(in, in[1]))
		return graph.Add(softplus(graph.Sub(d(in[1]), d(in[0]))), graph.MulScalar(penalties, gamma/2))
	}, inputs, oracle.Tol(1e-9))
	oracle.Same(t, func(in []*graph.Node) *graph.Node {
		d := score(in)
		return objective.Generator(d(in[1]), d(in[0]))
	}, func(in []*graph.Node) *graph.Node {
		d := score(in)
		return softplus(graph.Sub(d(in[0]), d(in[1])))
	}, inputs, oracle.Tol(1e-9))
	// R2 is R1's function at generated records, whose gradient ends there.
	oracle.Value(t, func(in []*graph.Node) *graph.Node { return gan.R2(score(in), in[1]) }, inputs, value(t, slopes, inputs))
}

func value(t *testing.T, slopes func(in []*graph.Node, x *graph.Node) *graph.Node, inputs []oracle.Array) oracle.Array {
	t.Helper()
	a, err := oracle.Run(func(in []*graph.Node) *graph.Node { return graph.MulScalar(slopes(in, in[1]), 0.5) }, inputs)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The authors' configuration has 8 blocks at 32x32, in 96 groups of 16 channels.
func TestBlocksAndGroups(t *testing.T) {
	if got := (&Options{Blocks: 2}).blocks(32); got != 8 {
		t.Errorf("there are %d blocks at 32, want 8", got)
	}
	for width, want := range map[int]int{1536: 96, 768: 48, 24: 2, 20: 2} {
		if got := groups(width, 16); got != want {
			t.Errorf("%d channels are %d groups, want %d", width, got, want)
		}
	}
}
