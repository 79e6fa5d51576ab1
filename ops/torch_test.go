package ops_test

import (
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Values, gradients and second gradients of PyTorch 2.15.0, in float64; testdata/torch_numbers.py wrote them.
func TestTorch(t *testing.T) {
	pool := func(fn func(*graph.Node, ops.PoolOptions) *graph.Node, o ops.PoolOptions) oracle.Function {
		return unary(func(x *graph.Node) *graph.Node { return fn(x, o) })
	}
	by := func(fn func(*graph.Node, int) *graph.Node, factor int) oracle.Function {
		return unary(func(x *graph.Node) *graph.Node { return fn(x, factor) })
	}
	cases := oracle.Cases{
		"conv":           conv(ops.ConvOptions{}),
		"conv-dcgan":     conv(ops.ConvOptions{Stride: 2, Padding: 1}),
		"conv-rows-left": conv(ops.ConvOptions{Stride: 3, Padding: 1}),
		"conv-dilated":   conv(ops.ConvOptions{Stride: 2, Padding: 2, Dilation: 3}),
		"conv-groups":    conv(ops.ConvOptions{Stride: 2, Padding: 1, Groups: 2}),
		"conv-depthwise": conv(ops.ConvOptions{Padding: 1, Groups: 3}),
		"conv-1d":        conv(ops.ConvOptions{Stride: 2, Padding: 1}),
		"conv-to-one":    conv(ops.ConvOptions{}),
		"conv-3d":        conv(ops.ConvOptions{Padding: 1}),

		"transpose":                convTranspose(ops.ConvTransposeOptions{}),
		"transpose-dcgan":          convTranspose(ops.ConvTransposeOptions{Stride: 2, Padding: 1}),
		"transpose-output-padding": convTranspose(ops.ConvTransposeOptions{Stride: 3, Padding: 2, OutputPadding: 2}),
		"transpose-dilated":        convTranspose(ops.ConvTransposeOptions{Stride: 2, Padding: 1, OutputPadding: 1, Dilation: 2}),
		"transpose-groups":         convTranspose(ops.ConvTransposeOptions{Stride: 2, Padding: 1, Groups: 2}),
		"transpose-from-one":       convTranspose(ops.ConvTransposeOptions{}),
		"transpose-1d":             convTranspose(ops.ConvTransposeOptions{Stride: 4, Padding: 11, OutputPadding: 1}),

		"mean-pool":        pool(ops.MeanPool, ops.PoolOptions{Window: 3}),
		"mean-pool-padded": pool(ops.MeanPool, ops.PoolOptions{Window: 3, Stride: 2, Padding: 1}),
		"max-pool":         pool(ops.MaxPool, ops.PoolOptions{Window: 3}),
		"max-pool-padded":  pool(ops.MaxPool, ops.PoolOptions{Window: 4, Stride: 2, Padding: 2}),
		"max-pool-ties":    pool(ops.MaxPool, ops.PoolOptions{Window: 3, Stride: 2, Padding: 1}),

		"nearest":      by(ops.UpsampleNearest, 3),
		"bilinear-2":   by(ops.UpsampleBilinear, 2),
		"bilinear-3":   by(ops.UpsampleBilinear, 3),
		"bilinear-one": by(ops.UpsampleBilinear, 2),

		"relu":                  unary(ops.ReLU),
		"leaky-relu":            unary(func(x *graph.Node) *graph.Node { return ops.LeakyReLU(x, 0.2) }),
		"softplus":              unary(ops.Softplus),
		"log-sigmoid":           unary(ops.LogSigmoid),
		"log-sum-exp":           unary(ops.LogSumExp),
		"sigmoid-cross-entropy": binary(ops.SigmoidCrossEntropy),
		"softmax-cross-entropy": binary(ops.SoftmaxCrossEntropy),
		"clamp": unary(func(x *graph.Node) *graph.Node {
			bound := func(value float64) *graph.Node { return graph.Scalar(x.Graph(), x.DType(), value) }
			return graph.Clip(x, bound(-0.5), bound(0.7))
		}),
	}
	t.Run("float64", func(t *testing.T) { oracle.File(t, "testdata/torch.safetensors", cases) })
	// A second gradient goes through three layers of sums; each rounds to 6e-8.
	t.Run("float32", func(t *testing.T) {
		oracle.File(t, "testdata/torch.safetensors", cases, oracle.Float32(), oracle.Tol(1e-6))
	})
}

func binary(fn func(x, y *graph.Node) *graph.Node) oracle.Function {
	return func(in []*graph.Node) *graph.Node { return fn(in[0], in[1]) }
}
