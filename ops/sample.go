package ops

import (
	"github.com/gomlx/gomlx/core/graph"
)

// SampleSum sums over every axis but the first: [batch, ...] to [batch].
func SampleSum(x *graph.Node) *graph.Node {
	if x.Rank() < 2 {
		return x
	}
	axes := make([]int, x.Rank()-1)
	for i := range axes {
		axes[i] = i + 1
	}
	return graph.ReduceSum(x, axes...)
}

// SampleMean averages over every axis but the first: [batch, ...] to [batch].
func SampleMean(x *graph.Node) *graph.Node {
	return graph.DivScalar(SampleSum(x), float64(x.Shape().Size()/x.Shape().Dimensions[0]))
}

// SampleSquaredNorm returns the sum of squares of each sample: [batch, ...] to [batch].
func SampleSquaredNorm(x *graph.Node) *graph.Node { return SampleSum(graph.Mul(x, x)) }

// SampleNorm returns sqrt(sum of squares + epsilon) of each sample: [batch, ...] to [batch]. Without an epsilon above zero the
// gradient at a sample of zeros is not a number.
func SampleNorm(x *graph.Node, epsilon float64) *graph.Node {
	return graph.Sqrt(graph.AddScalar(SampleSquaredNorm(x), epsilon))
}

// SampleGradient returns the gradient of each sample's output by that sample of the input, [batch, ...] as the input: what
// gradient penalties take the norm of. It is the gradient of the sum of all outputs, so the outputs of a sample must depend on that
// sample alone (batch normalisation breaks this: Gulrajani et al., "Improved Training of Wasserstein GANs", arXiv:1704.00028,
// section 4).
func SampleGradient(output, input *graph.Node) *graph.Node {
	return graph.Gradient(graph.ReduceAllSum(output), input)[0]
}
