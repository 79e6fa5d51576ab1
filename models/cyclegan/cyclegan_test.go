package cyclegan

import (
	"fmt"
	"math"
	"os"
	"slices"
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

// ResnetGenerator of the authors' code, as its list of torch's modules, on weights of ours; n_downsampling is 2 there.
func TestResnetIsTheAuthorsGenerator(t *testing.T) {
	for downs := range 3 {
		t.Run(fmt.Sprint(downs), func(t *testing.T) { testResnet(t, &Options{Filters: 2, Downs: downs, Blocks: 2}) })
	}
}

func testResnet(t *testing.T, o *Options) {
	open := nets.At(t, o.resnet, layers.Train, oracle.Normal(1, 2, 16, 16, 3))
	theirs := func(in []*graph.Node) *graph.Node {
		weight := func(path string) *graph.Node {
			for i, have := range open.Paths {
				if have == nets.Root+"/"+path {
					return in[i+1]
				}
			}
			panic(fmt.Errorf("there is no weight %s", path))
		}
		bias := func(path string) *graph.Node { return graph.Reshape(weight(path+"/bias"), 1, 1, 1, -1) }
		conv := func(path string, x *graph.Node, stride, padding int) *graph.Node {
			return graph.Add(ops.Conv(x, weight(path+"/kernel"), ops.ConvOptions{Stride: stride, Padding: padding}), bias(path))
		}
		reflectionPad2d := func(x *graph.Node, p int) *graph.Node { // by looking each row and column up
			for axis := 1; axis <= 2; axis++ {
				n := x.Shape().Dimensions[axis]
				var rows []*graph.Node
				for i := -p; i < n+p; i++ {
					at := max(i, -i)
					if at >= n {
						at = 2*(n-1) - at
					}
					rows = append(rows, graph.SliceAxis(x, axis, graph.AxisElem(at)))
				}
				x = graph.Concatenate(rows, axis)
			}
			return x
		}
		norm := func(x *graph.Node) *graph.Node {
			mean := graph.ReduceAndKeep(x, graph.ReduceMean, 1, 2)
			square := graph.ReduceAndKeep(graph.Square(x), graph.ReduceMean, 1, 2)
			return graph.Div(graph.Sub(x, mean), graph.Sqrt(graph.AddScalar(graph.Sub(square, graph.Square(mean)), 1e-5)))
		}
		relu := func(x *graph.Node) *graph.Node { return graph.MaxScalar(x, 0) }
		up := func(path string, x *graph.Node) *graph.Node {
			y := ops.ConvTranspose(x, weight(path+"/kernel"), ops.ConvTransposeOptions{Stride: 2, Padding: 1, OutputPadding: 1})
			return graph.Add(y, bias(path))
		}
		x := relu(norm(conv("in", reflectionPad2d(in[0], 3), 1, 0)))
		for i := range o.Downs {
			x = relu(norm(conv(fmt.Sprint("down", i+1), x, 2, 1)))
		}
		for _, block := range []string{"block1", "block2"} {
			y := relu(norm(conv(block+"/conv1", reflectionPad2d(x, 1), 1, 0)))
			x = graph.Add(x, norm(conv(block+"/conv2", reflectionPad2d(y, 1), 1, 0)))
		}
		for i := range o.Downs {
			x = relu(norm(up(fmt.Sprint("up", i+1), x)))
		}
		return graph.Tanh(conv("out", reflectionPad2d(x, 3), 1, 0))
	}
	want, err := oracle.Run(theirs, open.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	oracle.Value(t, open.Function, open.Inputs, want, oracle.Tol(1e-11))
}

// Convolution is linear, and reflected edges keep a plain ground plain: a factor and a shift of each colour are a factor and a shift of each channel behind the
// first convolution, and instance norm undoes them. With layer norm the generator sees them.
func TestInstanceNormHidesThePictureSContrast(t *testing.T) {
	for norm, hidden := range map[string]bool{"instance": true, "layer": false} {
		o := &Options{Filters: 2, Downs: 2, Blocks: 1, Norm: norm}
		open := nets.At(t, o.resnet, layers.Train, oracle.Normal(1, 1, 16, 16, 3))
		made := func() []float64 {
			out, err := oracle.Run(open.Function, open.Inputs)
			if err != nil {
				t.Fatal(err)
			}
			return out.Data
		}
		plain := made()
		pale := slices.Clone(open.Inputs[0].Data)
		for i := range pale {
			pale[i] = 0.5*pale[i] + []float64{0.4, 0.1, -0.2}[i%3]
		}
		open.Inputs[0].Data = pale
		far := 0.0
		for i, v := range made() {
			far = max(far, math.Abs(v-plain[i]))
		}
		if (far < 1e-3) != hidden {
			t.Errorf("%s: a pale picture's translation differs by %g", norm, far)
		}
	}
}
