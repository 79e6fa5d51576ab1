package pix2pix

import (
	"os"
	"testing"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/internal/oracle/nets"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestMain(m *testing.M) {
	ops.Register()
	os.Exit(m.Run())
}

// torch is the authors' networks in torch's functions, on weights of ours by their paths.
type torch struct {
	net  nets.Open
	in   []*graph.Node
	norm string
}

func (p torch) weight(path string) *graph.Node {
	for i, have := range p.net.Paths {
		if have == nets.Root+"/"+path {
			return p.in[i+1]
		}
	}
	return nil
}

func (p torch) biased(path string, y *graph.Node) *graph.Node {
	if bias := p.weight(path + "/bias"); bias != nil {
		return graph.Add(y, graph.Reshape(bias, 1, 1, 1, -1))
	}
	return y
}

func (p torch) conv(path string, x *graph.Node, stride int) *graph.Node {
	return p.biased(path, ops.Conv(x, p.weight(path+"/kernel"), ops.ConvOptions{Stride: stride, Padding: 1}))
}

func (p torch) convTranspose(path string, x *graph.Node) *graph.Node {
	return p.biased(path, ops.ConvTranspose(x, p.weight(path+"/kernel"), ops.ConvTransposeOptions{Stride: 2, Padding: 1}))
}

func (p torch) normalise(path string, x *graph.Node) *graph.Node {
	axes := []int{0, 1, 2}
	if p.norm == "instance" {
		axes = []int{1, 2}
	}
	x = graph.Sub(x, graph.ReduceAndKeep(x, graph.ReduceMean, axes...))
	x = graph.Div(x, graph.Sqrt(graph.AddScalar(graph.ReduceAndKeep(graph.Square(x), graph.ReduceMean, axes...), 1e-5)))
	if p.norm == "instance" {
		return x
	}
	along := func(name string) *graph.Node { return graph.Reshape(p.weight(path+"/norm/"+name), 1, 1, 1, -1) }
	return graph.Add(graph.Mul(x, along("scale")), along("shift"))
}

// block is UnetSkipConnectionBlock.forward for the depth-th block from the outside, of so many: the authors build the net from the
// innermost block outwards, and each holds the next one.
func (p torch) block(x *graph.Node, depth, blocks int) *graph.Node {
	name := func(way string, i int) string { return way + string(rune('0'+i)) }
	downPath, upPath := name("down", depth), name("up", blocks-depth+1)
	relu := func(x *graph.Node) *graph.Node { return graph.MaxScalar(x, 0) }
	leaky := func(x *graph.Node) *graph.Node { return graph.Max(x, graph.MulScalar(x, 0.2)) }
	switch depth {
	case 1: // outermost: down = [downconv], up = [uprelu, upconv, tanh]
		y := p.conv(downPath, x, 2)
		y = p.block(y, 2, blocks)
		return graph.Tanh(p.convTranspose("out", relu(y)))
	case blocks: // innermost: down = [downrelu, downconv], up = [uprelu, upconv, upnorm]
		y := p.conv(downPath, leaky(x), 2)
		y = p.normalise(upPath, p.convTranspose(upPath, relu(y)))
		return graph.Concatenate([]*graph.Node{x, y}, -1)
	default: // down = [downrelu, downconv, downnorm], up = [uprelu, upconv, upnorm]
		y := p.normalise(downPath, p.conv(downPath, leaky(x), 2))
		y = p.block(y, depth+1, blocks)
		y = p.normalise(upPath, p.convTranspose(upPath, relu(y)))
		return graph.Concatenate([]*graph.Node{x, y}, -1)
	}
}

// same compares values. (Gradients by biases before a norm are sums that cancel, and rounding is all that is left of them.)
func same(t *testing.T, net nets.Open, theirs oracle.Function) {
	t.Helper()
	want, err := oracle.Run(theirs, net.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	oracle.Value(t, net.Function, net.Inputs, want)
}

func TestUNetIsTheAuthorsNestOfBlocks(t *testing.T) {
	for _, norm := range []string{"batch", "instance"} {
		o := &Options{Filters: 2, Patches: Patches{Norm: norm}} // dropout aside
		net := nets.At(t, func(net gan.Net, x *gan.Node) *gan.Node { return o.unet(net, x, 3) }, layers.Batch, oracle.Normal(1, 2, 32, 32, 3))
		same(t, net, func(in []*graph.Node) *graph.Node { return torch{net, in, norm}.block(in[0], 1, 5) })
	}
}

// NLayerDiscriminator, written out for three layers.
func TestPatchesAreTheAuthorsDiscriminator(t *testing.T) {
	for _, norm := range []string{"batch", "instance"} {
		patches := Patches{CriticFilters: 2, Layers: 3, Norm: norm}
		net := nets.At(t, patches.On, layers.Batch, oracle.Normal(1, 2, 32, 32, 3))
		same(t, net, func(in []*graph.Node) *graph.Node {
			p := torch{net, in, norm}
			leaky := func(x *graph.Node) *graph.Node { return graph.Max(x, graph.MulScalar(x, 0.2)) }
			x := leaky(p.conv("down1", in[0], 2))
			x = leaky(p.normalise("down2", p.conv("down2", x, 2)))
			x = leaky(p.normalise("down3", p.conv("down3", x, 2)))
			x = leaky(p.normalise("down4", p.conv("down4", x, 1)))
			return p.conv("out", x, 1)
		})
	}
}

// A score of three layers depends on 70x70 pixels, of two on 34x34, of one on 16x16: all others have no gradient.
func TestPatchSizes(t *testing.T) {
	for count, want := range map[int]int{1: 16, 2: 34, 3: 70} { // section 6.2
		patches := Patches{CriticFilters: 1, Layers: count, Norm: "batch"} // by the running statistics, which tie nothing
		side := 12 << count                                                // enough to lie around the middle score's patch
		net := nets.At(t, patches.On, layers.Fixed, oracle.Normal(1, 1, side, side, 1))
		exec := graph.MustNewExec(backend(t), func(in []*graph.Node) *graph.Node {
			scores := net.Function(in)
			middle := scores.Shape().Dimensions[1] / 2
			one := graph.Slice(scores, graph.AxisElem(0), graph.AxisElem(middle), graph.AxisElem(middle))
			return graph.ReduceMax(graph.Abs(graph.Gradient(graph.ReduceAllSum(one), in[0])[0]), 0, 2, 3) // by row
		})
		var inputs []any
		for _, a := range net.Inputs {
			inputs = append(inputs, tensors.FromFlatDataAndDimensions(a.Data, a.Dims...))
		}
		rows := 0
		exec.MustCall(inputs...)[0].MustConstFlatData(func(flat any) {
			for _, v := range flat.([]float64) {
				if v != 0 {
					rows++
				}
			}
		})
		if rows != want {
			t.Errorf("with %d layers a score depends on %d rows, want %d", count, rows, want)
		}
	}
}

func backend(t *testing.T) compute.Backend {
	t.Helper()
	b, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

// Dropout is where the authors' code has it: at 256 in three layers, within 32x32 but the innermost. A mask each is drawn.
func TestDropoutLayers(t *testing.T) {
	for side, want := range map[int]int{256: 3, 128: 2, 64: 1, 32: 0} {
		o := &Options{Filters: 1, Dropout: 0.5, Patches: Patches{Norm: "batch"}}
		g := graph.NewGraph(backend(t), t.Name())
		bind := layers.Bind(layers.NewWeights(1), g)
		drawn := 0
		bind.Outside.Draw = func(path string, flat bool, dims []int) *graph.Node {
			drawn++
			return graph.Zeros(g, shapes.Make(dtypes.Float32, dims...))
		}
		o.unet(bind.Root("net"), graph.Zeros(g, shapes.Make(dtypes.Float32, 1, side, side, 1)), 1)
		g.Finalize()
		if drawn != want {
			t.Errorf("at %d there is dropout in %d layers, want %d", side, drawn, want)
		}
	}
}
