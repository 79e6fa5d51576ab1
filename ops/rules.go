package ops

import (
	"github.com/gomlx/gomlx/core/graph"
)

func stepVJP(node, _ *graph.Node) []*graph.Node { return make([]*graph.Node, len(node.Inputs())) }

func identityVJP(_, v *graph.Node) []*graph.Node { return []*graph.Node{v} }

func reverseVJP(node, v *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Reverse(v, paramsOf(node).ints("axes")...)}
}

// rsqrtVJP: y = x^(-1/2) has y' = -y^3/2.
func rsqrtVJP(node, v *graph.Node) []*graph.Node {
	cube := graph.Mul(node, graph.Mul(node, node))
	return []*graph.Node{graph.Mul(v, graph.MulScalar(cube, -0.5))}
}

// expm1VJP uses exp(x), since y+1 has no digits left where x is far below zero.
func expm1VJP(node, v *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Mul(v, graph.Exp(node.Inputs()[0]))}
}

// clampVJP: y = min(max(x, low), high), whose gradient goes to the one of the three that y is. On a bound it goes to x, as in
// PyTorch.
func clampVJP(node, v *graph.Node) []*graph.Node {
	low, x, high := node.Inputs()[0], node.Inputs()[1], node.Inputs()[2]
	isHigh := graph.GreaterThan(graph.Max(x, low), high)
	isLow := graph.LogicalAnd(graph.LogicalNot(isHigh), graph.LessThan(x, low))
	zeros := graph.ZerosLike(v)
	return []*graph.Node{
		sumTo(low, graph.Where(isLow, v, zeros)),
		graph.Where(graph.LogicalOr(isLow, isHigh), zeros, v),
		sumTo(high, graph.Where(isHigh, v, zeros)),
	}
}

// sumTo sums the gradient v by a broadcast bound, which is a scalar or as large as v.
func sumTo(bound, v *graph.Node) *graph.Node {
	if bound.IsScalar() && !v.IsScalar() {
		return graph.ReduceAllSum(v)
	}
	return v
}

// convertVJP: a number that was an integer or a boolean has no gradient. (GoMLX would convert the gradient to a boolean.)
func convertVJP(node, v *graph.Node) []*graph.Node {
	from := node.Inputs()[0].DType()
	switch {
	case !from.IsFloat() && !from.IsComplex():
		return []*graph.Node{nil}
	case from.IsFloat() && node.DType().IsComplex():
		return []*graph.Node{graph.ConvertDType(graph.Real(v), from)}
	}
	return []*graph.Node{graph.ConvertDType(v, from)}
}

// padVJP takes out of v the elements that came from x. Those that a negative padding cut off get zero; what is left of v belongs
// to the fill value.
func padVJP(node, v *graph.Node) []*graph.Node {
	x := node.Inputs()[0]
	config := paramsOf(node).padAxes("axesConfig")
	for len(config) < x.Rank() {
		config = append(config, graph.PadAxis{})
	}
	byX := v
	uncut := make([]graph.PadAxis, len(config))
	for i, axis := range config {
		uncut[i] = graph.PadAxis{Start: max(0, -axis.Start), End: max(0, -axis.End)}
	}
	byX = pad(byX, uncut...)
	byX = graph.Slice(byX, specs(config, byX.Shape().Dimensions)...)
	return []*graph.Node{byX, graph.Sub(graph.ReduceAllSum(v), graph.ReduceAllSum(byX))}
}

// specs are the slices that undo config on an array of dims, whose negative paddings have been undone already.
func specs(config []graph.PadAxis, dims []int) []graph.SliceAxisSpec {
	list := make([]graph.SliceAxisSpec, len(config))
	for i, axis := range config {
		list[i] = graph.AxisRange(max(0, axis.Start), dims[i]-max(0, axis.End)).Stride(axis.Interior + 1)
	}
	return list
}

// pad surrounds x with zeros, and leaves it alone where there is nothing to do.
func pad(x *graph.Node, config ...graph.PadAxis) *graph.Node {
	for _, axis := range config {
		if axis != (graph.PadAxis{}) {
			return graph.Pad(x, graph.ScalarZero(x.Graph(), x.DType()), config...)
		}
	}
	return x
}
