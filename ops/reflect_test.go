package ops_test

import (
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// mirror is the place within 0..n-1 that place i of the padded axis shows: torch's documentation of ReflectionPad2d, as a formula.
func mirror(i, n int) int {
	if i < 0 {
		i = -i
	}
	if i >= n {
		i = 2*(n-1) - i
	}
	return i
}

func TestReflectPadMirrorsTheEdges(t *testing.T) {
	for _, c := range []struct{ height, width, padding int }{{4, 6, 3}, {2, 5, 1}, {3, 3, 2}, {3, 4, 0}} {
		x := oracle.Normal(1, 2, c.height, c.width, 3)
		var want []float64
		for n := range 2 {
			for row := -c.padding; row < c.height+c.padding; row++ {
				for column := -c.padding; column < c.width+c.padding; column++ {
					at := ((n*c.height+mirror(row, c.height))*c.width + mirror(column, c.width)) * 3
					want = append(want, x.Data[at:at+3]...)
				}
			}
		}
		pad := unary(func(x *graph.Node) *graph.Node { return ops.ReflectPad(x, c.padding) })
		oracle.Value(t, pad, []oracle.Array{x}, oracle.Of([]int{2, c.height + 2*c.padding, c.width + 2*c.padding, 3}, want...))
	}
	// The example of torch.nn.ReflectionPad2d(2) on 0..8 as 3x3: its rows 0 and 2.
	oracle.Value(t, unary(func(x *graph.Node) *graph.Node {
		y := ops.ReflectPad(x, 2)
		return graph.Slice(y, graph.AxisRange(), graph.AxisRange(0, 3).Stride(2))
	}), []oracle.Array{oracle.Of([]int{1, 3, 3, 1}, 0, 1, 2, 3, 4, 5, 6, 7, 8)},
		oracle.Of([]int{1, 2, 7, 1}, 8, 7, 6, 7, 8, 7, 6, 2, 1, 0, 1, 2, 1, 0))
}

func TestReflectPadGradients(t *testing.T) {
	for name, fn := range map[string]func(x *graph.Node) *graph.Node{
		"by 1":     func(x *graph.Node) *graph.Node { return ops.ReflectPad(x, 1) },
		"by 3":     func(x *graph.Node) *graph.Node { return ops.ReflectPad(x, 3) },
		"one axis": func(x *graph.Node) *graph.Node { return ops.ReflectPad(graph.Reshape(x, 2, 20, 2), 4) },
		"and convolved": func(x *graph.Node) *graph.Node {
			kernel := graph.ConstAsDType(x.Graph(), x.DType(), [][][][]float64{{{{1}, {2}}, {{-1}, {0.5}}}, {{{0.3}, {-2}}, {{1.5}, {1}}}})
			return graph.Tanh(ops.Conv(ops.ReflectPad(x, 2), kernel, ops.ConvOptions{Stride: 2}))
		},
	} {
		t.Run(name, func(t *testing.T) { gradients(t, unary(fn), oracle.Normal(5, 2, 4, 5, 2)) })
	}
}
