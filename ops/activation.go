package ops

import "github.com/gomlx/gomlx/core/graph"

// ReLU returns x where it is above zero and 0 elsewhere; at 0 its gradient is 0, as in PyTorch.
func ReLU(x *graph.Node) *graph.Node {
	return graph.Where(positive(x), x, graph.ZerosLike(x))
}

// LeakyReLU returns x where it is above zero and slope*x elsewhere; at 0 its gradient is the slope, as in PyTorch. The factor is
// a constant to every gradient, so a second order costs nothing, and a gradient is one product: that of a choice between x and slope*x is two
// choices, a product and a sum.
func LeakyReLU(x *graph.Node, slope float64) *graph.Node {
	g, dtype := x.Graph(), x.DType()
	return graph.Mul(x, graph.Where(positive(x), graph.ScalarOne(g, dtype), graph.Scalar(g, dtype, slope)))
}

// ELU returns x where it is above zero and exp(x)-1 elsewhere (Clevert 2015, 1511.07289, with alpha 1).
func ELU(x *graph.Node) *graph.Node {
	below := graph.Expm1(graph.MinScalar(x, 0)) // finite where it is not chosen
	return graph.Where(positive(x), x, below)
}

func positive(x *graph.Node) *graph.Node {
	return graph.GreaterThan(x, graph.ScalarZero(x.Graph(), x.DType()))
}

// Softplus returns log(1+exp(x)), with full precision for any x.
func Softplus(x *graph.Node) *graph.Node {
	zero := graph.ScalarZero(x.Graph(), x.DType())
	return graph.Add(graph.Max(x, zero), graph.Log1p(graph.Exp(graph.Neg(graph.Abs(x)))))
}

// LogSigmoid returns log(1/(1+exp(-x))), with full precision for any x.
func LogSigmoid(x *graph.Node) *graph.Node { return graph.Neg(Softplus(graph.Neg(x))) }
