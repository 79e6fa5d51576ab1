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
	config := paramsOf(node).padAxes("axesConfig")
	byX := v
	for axis, c := range config {
		undo := make([]graph.PadAxis, v.Rank())
		undo[axis] = graph.PadAxis{Start: -c.Start, End: -c.End}
		byX = padOrCut(byX, graph.ScalarZero(v.Graph(), v.DType()), undo)
		byX = strided(byX, axis, 0, byX.Shape().Dimensions[axis], c.Interior+1)
	}
	return []*graph.Node{byX, graph.Sub(graph.ReduceAllSum(v), graph.ReduceAllSum(byX))}
}
