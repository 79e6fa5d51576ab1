package ops_test

import (
	"os"
	"sync"
	"testing"

	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

func TestMain(m *testing.M) {
	engine.Register() // everything is checked on our backend as well as on the stock one
	var callers sync.WaitGroup
	for range 4 { // more than once, and at once: under -race this is the test that it may be
		callers.Go(ops.Register)
	}
	callers.Wait()
	os.Exit(m.Run())
}

// unary makes a function of one input from one of GoMLX.
func unary(fn func(*graph.Node) *graph.Node) oracle.Function {
	return func(in []*graph.Node) *graph.Node { return fn(in[0]) }
}

// gradients checks fn in float64 against finite differences, and in float32, where a backend may take other paths, against float64.
func gradients(t *testing.T, fn oracle.Function, inputs ...oracle.Array) {
	t.Helper()
	oracle.Gradients(t, fn, inputs)
	oracle.Same(t, fn, fn, inputs, oracle.Float32(), oracle.Tol(1e-5))
}

// GoMLX's own operations, to second order, which fail or are wrong without Register.
func TestRulesOfGoMLXOperations(t *testing.T) {
	scalar := func(x *graph.Node, value float64) *graph.Node { return graph.Scalar(x.Graph(), x.DType(), value) }
	indices := func(x *graph.Node, values any) *graph.Node { return graph.Const(x.Graph(), values) }
	window := func(kind graph.ReduceOpType, sizes, strides, gaps, dilations []int, paddings [][2]int) func(*graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node {
			return graph.BackendReduceWindow(x, kind, sizes, strides, gaps, dilations, paddings)
		}
	}
	for name, fn := range map[string]func(x *graph.Node) *graph.Node{ // x [2, 5, 6, 2]
		"Identity": graph.Identity,
		"Reverse":  func(x *graph.Node) *graph.Node { return graph.Reverse(x, 0, 2) },
		"Rsqrt":    func(x *graph.Node) *graph.Node { return graph.Rsqrt(graph.AddScalar(graph.Mul(x, x), 0.5)) },
		"Expm1":    graph.Expm1,
		"Clip":     func(x *graph.Node) *graph.Node { return graph.Clip(x, scalar(x, -0.451), scalar(x, 0.751)) },
		"Clip, own bounds": func(x *graph.Node) *graph.Node {
			return graph.Clip(graph.Sin(x), graph.Cos(x), graph.AddScalar(x, 0.3))
		},
		"Pad": func(x *graph.Node) *graph.Node {
			return graph.Pad(x, graph.ReduceAllSum(x), graph.PadAxis{Start: 1, End: 2, Interior: 1}, graph.PadAxis{Start: 3}, graph.PadAxis{Interior: 2})
		},
		"Pad, first axis": func(x *graph.Node) *graph.Node { return graph.Pad(x, scalar(x, 2), graph.PadAxis{Start: 1}) },
		"Slice": func(x *graph.Node) *graph.Node {
			return graph.Slice(x, graph.AxisRange(1), graph.AxisRange(0, 3).Stride(2), graph.AxisRange().Stride(4))
		},
		"Max, broadcast": func(x *graph.Node) *graph.Node {
			return graph.Max(x, graph.ReduceAndKeep(graph.Sin(x), graph.ReduceSum, 1, 3))
		},
		"Min, scalar":      func(x *graph.Node) *graph.Node { return graph.Min(graph.ReduceAllSum(graph.Sin(x)), x) },
		"ReduceMultiply":   func(x *graph.Node) *graph.Node { return graph.ReduceMultiply(x, 1, 3) },
		"CumSum":           func(x *graph.Node) *graph.Node { return graph.CumSum(x, 1) },
		"SumPool":          func(x *graph.Node) *graph.Node { return graph.SumPool(x).Window(2).Done() },
		"MeanPool, padded": func(x *graph.Node) *graph.Node { return graph.MeanPool(x).Window(3).Strides(2).PadSame().Done() },
		"MaxPool":          func(x *graph.Node) *graph.Node { return graph.MaxPool(x).Window(2).Done() },
		"MaxPool, padded":  func(x *graph.Node) *graph.Node { return graph.MaxPool(x).Window(3).Strides(2).PadSame().Done() },
		"MinPool":          func(x *graph.Node) *graph.Node { return graph.MinPool(x).WindowPerAxis(2, 3).Strides(1).Done() },
		"ReduceWindow sum": window(compute.ReduceOpSum, []int{1, 2, 3, 1}, []int{2, 3, 2, 1}, []int{1, 3, 1, 2}, []int{1, 2, 2, 1}, [][2]int{{1, 2}, {3, 1}, {3, 1}, {0, 1}}),
		"ReduceWindow max": window(compute.ReduceOpMax, []int{1, 2, 3, 1}, []int{1, 3, 2, 1}, []int{1, 1, 1, 1}, []int{1, 2, 2, 1}, nil),
		"Gather":           func(x *graph.Node) *graph.Node { return graph.Gather(x, indices(x, [][]int32{{1, 4}, {0, 2}, {1, 4}})) },
		"GatherSlices": func(x *graph.Node) *graph.Node {
			return graph.GatherSlices(x, []int{1, 2}, indices(x, [][]int32{{1, 4}, {0, 2}, {1, 3}}), []int{3, 2}, false)
		},
		"Scatter": func(x *graph.Node) *graph.Node {
			return graph.ScatterSum(graph.Sin(x), indices(x, [][]int32{{1, 4}, {0, 2}, {1, 4}}), graph.Reshape(graph.Slice(x, graph.AxisElem(0), graph.AxisRange(0, 3)), 3, 6, 2), false, false)
		},
		"Interpolate nearest":         func(x *graph.Node) *graph.Node { return graph.Interpolate(x, -1, 7, 9, -1).Nearest().Done() },
		"Interpolate bilinear":        func(x *graph.Node) *graph.Node { return graph.Interpolate(x, -1, 7, 4, -1).Bilinear().Done() },
		"Interpolate bilinear, small": func(x *graph.Node) *graph.Node { return graph.Interpolate(x, 3, 10, -1, 3).Bilinear().Done() },
		"Sum of comparisons": func(x *graph.Node) *graph.Node { // what an accuracy in a loss is
			return graph.Add(x, graph.ConvertDType(graph.GreaterThan(x, graph.Sin(x)), x.DType()))
		},
	} {
		t.Run(name, func(t *testing.T) { gradients(t, unary(fn), oracle.Normal(7, 2, 5, 6, 2)) })
	}
	for name, fn := range map[string]func(x *graph.Node) *graph.Node{"Floor": graph.Floor, "Ceil": graph.Ceil, "Round": graph.Round, "Sign": graph.Sign} {
		t.Run(name, func(t *testing.T) {
			oracle.Gradients(t, unary(fn), []oracle.Array{oracle.Of([]int{3}, -1.7, 0.2, 1.4)}, oracle.Zero(1), oracle.Zero(2))
		})
	}
	t.Run("ReduceAllMultiply with a zero", func(t *testing.T) {
		oracle.Gradients(t, unary(graph.ReduceAllMultiply), []oracle.Array{oracle.Of([]int{5}, 1.5, -1, 0, 2, 0.5)})
	})
}

// The operations that layers are made of and whose rules GoMLX has: that they stay right to second order is what gradient penalties
// stand on.
func TestRulesThatAreGoMLXsOwn(t *testing.T) {
	layerNorm := func(x *graph.Node) *graph.Node {
		x = graph.Sub(x, graph.ReduceAndKeep(x, graph.ReduceMean, -1))
		return graph.Div(x, graph.Sqrt(graph.AddScalar(graph.ReduceAndKeep(graph.Square(x), graph.ReduceMean, -1), 1e-5)))
	}
	for name, fn := range map[string]func(x *graph.Node) *graph.Node{ // x [4, 6]
		"Tanh": graph.Tanh, "Sigmoid": graph.Sigmoid, "Exp": graph.Exp, "Sin": graph.Sin, "Cos": graph.Cos, "Erf": graph.Erf, "Abs": graph.Abs,
		"Log":                func(x *graph.Node) *graph.Node { return graph.Log(graph.AddScalar(graph.Square(x), 0.3)) },
		"Log1p":              func(x *graph.Node) *graph.Node { return graph.Log1p(graph.Square(x)) },
		"Sqrt":               func(x *graph.Node) *graph.Node { return graph.Sqrt(graph.AddScalar(graph.Square(x), 0.3)) },
		"Pow":                func(x *graph.Node) *graph.Node { return graph.Pow(graph.AddScalar(graph.Square(x), 0.3), graph.Sin(x)) },
		"Max and Min":        func(x *graph.Node) *graph.Node { return graph.Min(graph.Max(x, graph.Sin(x)), graph.Cos(x)) },
		"ReduceMax":          func(x *graph.Node) *graph.Node { return graph.ReduceMax(x, 1) },
		"ReduceMin":          func(x *graph.Node) *graph.Node { return graph.ReduceMin(x, 0) },
		"Softmax":            func(x *graph.Node) *graph.Node { return graph.Softmax(x) },
		"outer product":      func(x *graph.Node) *graph.Node { return graph.Einsum("ij,kl->ijkl", x, graph.Sin(x)) },
		"Einsum":             func(x *graph.Node) *graph.Node { return graph.Einsum("ij,kj->ki", x, graph.Sin(x)) },
		"Concatenate":        func(x *graph.Node) *graph.Node { return graph.Concatenate([]*graph.Node{x, graph.Sin(x)}, 1) },
		"Transpose, Reshape": func(x *graph.Node) *graph.Node { return graph.Mul(graph.Reshape(x, 6, 4), graph.Transpose(x, 0, 1)) },
		"broadcast":          func(x *graph.Node) *graph.Node { return graph.Mul(x, graph.ReduceAndKeep(x, graph.ReduceSum, 0)) },
		"Where": func(x *graph.Node) *graph.Node {
			return graph.Where(graph.GreaterThan(x, graph.Sin(x)), graph.Square(x), graph.Exp(x))
		},
		"layer norm": func(x *graph.Node) *graph.Node { return graph.Mul(layerNorm(x), x) }, // by itself its squares always have one sum
	} {
		t.Run(name, func(t *testing.T) { gradients(t, unary(fn), oracle.Normal(3, 4, 6)) })
	}
}

// Negative padding cuts elements off, which then have no gradient. The stock backend writes out of bounds for it, so that only the
// gradient of a linear loss is run here, which needs no value of the padded node.
func TestPadThatCuts(t *testing.T) {
	gradients := func(in []*graph.Node) *graph.Node {
		x, fill := in[0], in[1]
		padded := graph.Pad(x, fill, graph.PadAxis{Start: -1, End: 2, Interior: 1}) // fill x1 fill x2 fill x3 fill fill
		weights := graph.Const(x.Graph(), []float64{1, 2, 3, 4, 5, 6, 7, 8})
		by := graph.Gradient(graph.ReduceAllSum(graph.Mul(weights, padded)), x, fill)
		return graph.Concatenate([]*graph.Node{by[0], graph.Reshape(by[1], 1)}, 0)
	}
	oracle.Value(t, gradients, []oracle.Array{oracle.Of([]int{4}, 1, 2, 3, 4), oracle.Of(nil, 9)},
		oracle.Of([]int{5}, 0, 2, 4, 6, 1+3+5+7+8))
}

// Where several elements are the largest, the gradient goes to the first in row-major order, whichever way it is asked for.
func TestMaxPoolsGiveTiesToTheFirst(t *testing.T) {
	for name, pool := range map[string]func(x *graph.Node) *graph.Node{
		"ours":  func(x *graph.Node) *graph.Node { return ops.MaxPool(x, ops.PoolOptions{Window: 2}) },
		"GoMLX": func(x *graph.Node) *graph.Node { return graph.MaxPool(x).Window(2).Done() },
	} {
		t.Run(name, func(t *testing.T) {
			oracle.Value(t, unary(func(x *graph.Node) *graph.Node { return ops.SampleGradient(pool(x), x) }),
				[]oracle.Array{oracle.Of([]int{1, 2, 4, 1}, 1, 5, 0, 0, 5, 5, 0, 0)},
				oracle.Of([]int{1, 2, 4, 1}, 0, 1, 1, 0, 0, 0, 0, 0))
		})
	}
}
