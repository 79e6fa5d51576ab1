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

// maxVJP gives the gradient to the larger of two, and of equals to the first, as GoMLX's rule does. That one multiplies with
// sign(sign(a-b)+1), which is not a number where both are infinite: in the corners of a padded MaxPool.
func maxVJP(node, v *graph.Node) []*graph.Node {
	return choose(node, v, graph.GreaterOrEqual(node.Inputs()[0], node.Inputs()[1]))
}

func minVJP(node, v *graph.Node) []*graph.Node {
	return choose(node, v, graph.LessOrEqual(node.Inputs()[0], node.Inputs()[1]))
}

// choose gives v to the first of two inputs where first is true, and to the second elsewhere.
func choose(node, v, first *graph.Node) []*graph.Node {
	zeros := graph.ZerosLike(v)
	return []*graph.Node{
		sumTo(node.Inputs()[0], graph.Where(first, v, zeros)),
		sumTo(node.Inputs()[1], graph.Where(first, zeros, v)),
	}
}

// sumTo sums the gradient v over the axes along which x was broadcast: all of them if it is a scalar, else those where it has one
// element.
func sumTo(x, v *graph.Node) *graph.Node {
	if x.Shape().Equal(v.Shape()) {
		return v
	}
	if x.IsScalar() {
		return graph.ReduceAllSum(v)
	}
	var axes []int
	for axis, n := range x.Shape().Dimensions {
		if n == 1 && v.Shape().Dimensions[axis] > 1 {
			axes = append(axes, axis)
		}
	}
	return graph.ReshapeWithShape(graph.ReduceSum(v, axes...), x.Shape())
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
