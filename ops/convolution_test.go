package ops

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// kind names the form of a convolution as backends see it, by what it costs them: everything but "other" does no work for the zeros in
// gaps, if the backend knows the form.
func (c convolution) kind(x, kernel, y *graph.Node) string {
	taps, outputs := 1, 1
	for i := range c.strides {
		taps *= kernel.Shape().Dimensions[c.axes.KernelSpatial[i]]
		outputs *= y.Shape().Dimensions[c.axes.OutputSpatial[i]]
	}
	switch {
	case taps > outputs && product(c.inputDilations) == 1:
		return "by kernel" // a few sums over many places: the kernel may have gaps
	case taps <= outputs && product(c.kernelDilations) == 1 && product(c.inputDilations) == 1:
		return "forward"
	case taps <= outputs && product(c.kernelDilations) == 1 && product(c.strides) == 1:
		return "by input" // input with gaps under a small kernel
	}
	return fmt.Sprintf("other: %d taps, %d outputs, %+v", taps, outputs, c)
}

// Every convolution that a gradient penalty makes, up to the gradient that trains, through strided and transposed layers, is of one of
// the three forms that backends have fast paths for. A form with gaps in the input and a kernel as large as a picture would be right,
// and some hundred times as slow.
func TestGradientsAreOfTheFastForms(t *testing.T) {
	array := func(g *graph.Graph, dims ...int) *graph.Node {
		return graph.Parameter(g, fmt.Sprintf("%v", dims), shapes.Make(dtypes.Float32, dims...))
	}
	for name, layer := range map[string]func(x *graph.Node) (y, kernel *graph.Node){ // x [2, 16, 16, 3]
		"4x4/2": func(x *graph.Node) (y, k *graph.Node) {
			k = array(x.Graph(), 4, 4, 3, 5)
			return Conv(x, k, ConvOptions{Stride: 2, Padding: 1}), k
		},
		"4x4/2, padding 2": func(x *graph.Node) (y, k *graph.Node) {
			k = array(x.Graph(), 4, 4, 3, 5)
			return Conv(x, k, ConvOptions{Stride: 2, Padding: 2}), k
		},
		"5x5/2 same": func(x *graph.Node) (y, k *graph.Node) {
			k = array(x.Graph(), 5, 5, 3, 5)
			return Conv(x, k, ConvOptions{Stride: 2, Same: true}), k
		},
		"3x3": func(x *graph.Node) (y, k *graph.Node) {
			k = array(x.Graph(), 3, 3, 3, 5)
			return Conv(x, k, ConvOptions{Padding: 1}), k
		},
		"4x4/1": func(x *graph.Node) (y, k *graph.Node) {
			k = array(x.Graph(), 4, 4, 3, 5)
			return Conv(x, k, ConvOptions{Padding: 1}), k
		},
		"4x4/2 transposed": func(x *graph.Node) (y, k *graph.Node) {
			k = array(x.Graph(), 4, 4, 5, 3)
			return ConvTranspose(x, k, ConvTransposeOptions{Stride: 2, Padding: 1}), k
		},
		"5x5/2 transposed, same": func(x *graph.Node) (y, k *graph.Node) {
			k = array(x.Graph(), 5, 5, 5, 3)
			return ConvTranspose(x, k, ConvTransposeOptions{Stride: 2, Same: true}), k
		},
		"upsampled 3x3": func(x *graph.Node) (y, k *graph.Node) {
			k = array(x.Graph(), 3, 3, 3, 5)
			return UpsampleConv(x, k, 2, ConvOptions{Padding: 1}), k
		},
		"pooled 3x3": func(x *graph.Node) (y, k *graph.Node) {
			k = array(x.Graph(), 3, 3, 3, 5)
			return ConvMeanPool(x, k, 2, ConvOptions{Padding: 1}), k
		},
	} {
		t.Run(name, func(t *testing.T) {
			Register()
			g := graph.NewGraph(gobackend.GetBackend(), name)
			x := array(g, 2, 16, 16, 3)
			y, kernel := layer(x)
			slope := SampleGradient(graph.Tanh(y), x)
			graph.Gradient(graph.ReduceAllSum(graph.Tanh(slope)), kernel)
			slope = SampleGradient(graph.Tanh(y), kernel) // and the other way round, as unrolled steps do
			graph.Gradient(graph.ReduceAllSum(graph.Tanh(slope)), x)
			found := map[string]int{}
			for _, node := range g.Nodes() {
				if node.Type() == graph.NodeTypeConvGeneral {
					found[convolutionOf(node).kind(node.Inputs()[0], node.Inputs()[1], node)]++
				}
			}
			for kind, n := range found {
				if kind != "forward" && kind != "by input" && kind != "by kernel" {
					t.Errorf("%d times %s", n, kind)
				}
			}
			if len(found) < 2 {
				t.Errorf("only %v: the test sees too little", found)
			}
		})
	}
}
