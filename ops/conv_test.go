package ops_test

import (
	"fmt"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

func conv(o ops.ConvOptions) oracle.Function {
	return func(in []*graph.Node) *graph.Node { return ops.Conv(in[0], in[1], o) }
}

func convTranspose(o ops.ConvTransposeOptions) oracle.Function {
	return func(in []*graph.Node) *graph.Node { return ops.ConvTranspose(in[0], in[1], o) }
}

func TestConvGradients(t *testing.T) {
	for _, c := range []struct {
		o         ops.ConvOptions
		x, kernel []int
	}{
		{ops.ConvOptions{}, []int{2, 5, 4, 2}, []int{3, 2, 2, 3}},
		{ops.ConvOptions{Stride: 2, Padding: 1}, []int{2, 6, 6, 2}, []int{4, 4, 2, 3}},
		{ops.ConvOptions{Stride: 2, Padding: 1}, []int{1, 5, 6, 2}, []int{3, 3, 2, 3}}, // rows left over
		{ops.ConvOptions{Stride: 3, Same: true}, []int{1, 7, 5, 1}, []int{2, 3, 1, 2}},
		{ops.ConvOptions{Paddings: [][2]int{{-1, 2}, {3, -2}}}, []int{1, 6, 6, 1}, []int{3, 2, 1, 2}},
		{ops.ConvOptions{Stride: 2, Dilation: 2, Padding: 2}, []int{1, 7, 6, 1}, []int{3, 2, 1, 2}},
		{ops.ConvOptions{Stride: 2, Padding: 1, Groups: 2}, []int{2, 5, 4, 4}, []int{3, 3, 2, 6}},
		{ops.ConvOptions{Padding: 1, Groups: 3}, []int{1, 3, 3, 3}, []int{3, 3, 1, 3}}, // depthwise
		{ops.ConvOptions{Stride: 2}, []int{3, 4, 4, 2}, []int{4, 4, 2, 3}},             // DCGAN's last layer: 4x4 to 1x1
		{ops.ConvOptions{Stride: 2, Padding: 1}, []int{2, 7, 2}, []int{4, 2, 3}},       // one spatial axis
		{ops.ConvOptions{Padding: 1}, []int{1, 3, 2, 3, 1}, []int{2, 3, 2, 1, 2}},      // three
	} {
		t.Run(fmt.Sprintf("%+v", c.o), func(t *testing.T) {
			gradients(t, conv(c.o), oracle.Normal(1, c.x...), oracle.Normal(2, c.kernel...))
		})
	}
}

func TestConvTransposeGradients(t *testing.T) {
	for _, c := range []struct {
		o         ops.ConvTransposeOptions
		x, kernel []int
	}{
		{ops.ConvTransposeOptions{}, []int{2, 3, 2, 2}, []int{3, 2, 3, 2}},
		{ops.ConvTransposeOptions{Stride: 2, Padding: 1}, []int{2, 3, 3, 2}, []int{4, 4, 3, 2}},
		{ops.ConvTransposeOptions{Stride: 3, Padding: 2, OutputPadding: 1, Dilation: 2}, []int{1, 3, 2, 1}, []int{3, 2, 2, 1}},
		{ops.ConvTransposeOptions{Stride: 2, Same: true, Groups: 2}, []int{1, 3, 2, 4}, []int{3, 5, 3, 4}},
		{ops.ConvTransposeOptions{}, []int{3, 1, 1, 2}, []int{4, 4, 3, 2}}, // DCGAN's first layer: 1x1 to 4x4
		{ops.ConvTransposeOptions{Padding: 1}, []int{2, 1, 1, 2}, []int{4, 4, 3, 2}},
		{ops.ConvTransposeOptions{Stride: 4, Padding: 11, OutputPadding: 1}, []int{1, 8, 2}, []int{25, 1, 2}}, // WaveGAN's
	} {
		t.Run(fmt.Sprintf("%+v", c.o), func(t *testing.T) {
			gradients(t, convTranspose(c.o), oracle.Normal(1, c.x...), oracle.Normal(2, c.kernel...))
		})
	}
}

// The path that WGAN-GP takes through DCGAN's layers: strided convolution, tanh, transposed convolution, the penalty on the
// gradient's norm, and its gradient.
func TestPenaltyThroughStridedAndTransposedConv(t *testing.T) {
	penalty := func(in []*graph.Node) *graph.Node {
		x, down, up := in[0], in[1], in[2]
		hidden := graph.Tanh(ops.Conv(x, down, ops.ConvOptions{Stride: 2, Padding: 1}))
		score := graph.Tanh(ops.ConvTranspose(hidden, up, ops.ConvTransposeOptions{Stride: 2, Padding: 1}))
		norm := ops.SampleNorm(ops.SampleGradient(score, x), 1e-12)
		return graph.Square(graph.AddScalar(norm, -1)) // [batch]; order 1 of it is what training needs, order 2 a third derivative
	}
	oracle.Gradients(t, penalty, []oracle.Array{
		oracle.Normal(1, 2, 4, 4, 2), oracle.Uniform(2, -0.4, 0.4, 4, 4, 2, 3), oracle.Uniform(3, -0.4, 0.4, 4, 4, 1, 3),
	}, oracle.Tol(1e-8))
}
