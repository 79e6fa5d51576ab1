package ops_test

import (
	"os"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

func TestMain(m *testing.M) {
	ops.Register()
	os.Exit(m.Run())
}

// unary makes a function of one input from one of GoMLX.
func unary(fn func(*graph.Node) *graph.Node) oracle.Function {
	return func(in []*graph.Node) *graph.Node { return fn(in[0]) }
}

func TestRulesOfGoMLXOperations(t *testing.T) {
	scalar := func(x *graph.Node, value float64) *graph.Node { return graph.Scalar(x.Graph(), x.DType(), value) }
	for name, fn := range map[string]func(x *graph.Node) *graph.Node{
		"Identity": graph.Identity,
		"Reverse":  func(x *graph.Node) *graph.Node { return graph.Reverse(x, 0, 2) },
		"Rsqrt":    func(x *graph.Node) *graph.Node { return graph.Rsqrt(graph.AddScalar(graph.Mul(x, x), 0.5)) },
		"Expm1":    graph.Expm1,
		"Clip":     func(x *graph.Node) *graph.Node { return graph.Clip(x, scalar(x, -0.45), scalar(x, 0.75)) },
		"Pad": func(x *graph.Node) *graph.Node {
			return graph.Pad(x, graph.ReduceAllSum(x), graph.PadAxis{Start: 1, End: 2, Interior: 1}, graph.PadAxis{Start: 3}, graph.PadAxis{Interior: 2})
		},
		"Pad few axes": func(x *graph.Node) *graph.Node { return graph.Pad(x, scalar(x, 2), graph.PadAxis{Start: 1}) },
		"Slice": func(x *graph.Node) *graph.Node {
			return graph.Slice(x, graph.AxisRange(1), graph.AxisRange(0, 3).Stride(2), graph.AxisRange().Stride(3))
		},
	} {
		t.Run(name, func(t *testing.T) { oracle.Gradients(t, unary(fn), []oracle.Array{oracle.Normal(7, 2, 3, 4)}) })
	}
}
