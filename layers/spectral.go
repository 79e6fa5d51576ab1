package layers

import (
	"github.com/gomlx/gomlx/core/graph"
)

// Spectral is a hook that divides a weight by its largest singular value (Miyato 2018, 1802.05957, equation 8), which a step of the
// power iteration follows from pass to pass (its algorithm 1). The weight is seen as the matrix [everything else, outputs], whose
// left vector u is kept as the statistic NAME/u.
//
// A pass of kind Train makes the steps and keeps u; any other takes u as it is. The singular vectors are constants to the gradient,
// which still flows through the division.
type Spectral struct {
	Steps int // of the power iteration in a pass; 0 is 1
}

// spectralEpsilon keeps the division by the length of a vector of zeros finite, as in the authors' code.
const spectralEpsilon = 1e-12

// Hook is the [Hook].
func (s Spectral) Hook(net Net, name string, weight *graph.Node, out int) *graph.Node {
	sigma := s.sigma(net, name, weight, out)
	// A weight of zeros, as some residual blocks start, has no largest direction: it stays as it is, and its gradient finite.
	nothing := graph.Equal(sigma, graph.ZerosLike(sigma))
	return graph.Div(weight, graph.Where(nothing, graph.OnesLike(sigma), sigma))
}

// sigma is the estimate of the largest singular value, a scalar.
func (s Spectral) sigma(net Net, name string, weight *graph.Node, out int) *graph.Node {
	matrix := Matrix(weight, out) // [inputs, outputs]
	still := graph.StopGradient(matrix)
	outputs := matrix.Shape().Dimensions[1]
	u := unit(graph.Reshape(net.Statistic(name+"/u", Normal(0, 1), outputs), outputs, 1))
	v := unit(graph.MatMul(still, u)) // [inputs, 1]
	if net.Pass() == Train {
		for step := range max(s.Steps, 1) {
			if step > 0 {
				v = unit(graph.MatMul(still, u))
			}
			u = unit(graph.MatMul(graph.Transpose(still, 0, 1), v)) // [outputs, 1]
		}
		net.SetStatistic(name+"/u", graph.Reshape(u, outputs))
	}
	u, v = graph.StopGradient(u), graph.StopGradient(v)
	return graph.ReduceAllSum(graph.Mul(v, graph.MatMul(matrix, u))) // v' W u
}

// Matrix lays a weight out as [everything else, outputs], where the axis out counts the outputs.
func Matrix(weight *graph.Node, out int) *graph.Node {
	if last := weight.Rank() - 1; out != last {
		order := make([]int, 0, weight.Rank())
		for axis := range weight.Rank() {
			if axis != out {
				order = append(order, axis)
			}
		}
		weight = graph.TransposeAllAxes(weight, append(order, out)...)
	}
	return graph.Reshape(weight, -1, weight.Shape().Dimensions[weight.Rank()-1])
}

// unit is x over its length.
func unit(x *graph.Node) *graph.Node {
	return graph.Div(x, graph.AddScalar(graph.Sqrt(graph.ReduceAllSum(graph.Square(x))), spectralEpsilon))
}

// WeightNorm is a hook that gives a weight's length a parameter of its own: each output's weights w become g w/|w|, where g is the
// weight NAME/g (Salimans and Kingma 2016, 1602.07868, equation 2). g starts at Start, where the paper's data-dependent start is
// not made; 0 is 1.
type WeightNorm struct {
	Start float64
}

// Hook is the [Hook].
func (n WeightNorm) Hook(net Net, name string, weight *graph.Node, out int) *graph.Node {
	start := n.Start
	if start == 0 {
		start = 1
	}
	dims := make([]int, weight.Rank())
	var others []int
	for axis := range dims {
		dims[axis] = 1
		if axis != out {
			others = append(others, axis)
		}
	}
	dims[out] = weight.Shape().Dimensions[out]
	gain := graph.Reshape(net.Weight(name+"/g", Constant(start), dims[out]), dims...)
	length := graph.Sqrt(graph.AddScalar(graph.ReduceAndKeep(graph.Square(weight), graph.ReduceSum, others...), spectralEpsilon))
	return graph.Mul(weight, graph.Div(gain, length))
}
