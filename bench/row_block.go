package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// The sizes of CycleGAN's residual block.
const (
	residualSide     = 64
	residualChannels = 64
)

// residual is one residual block of CycleGAN's generator (Zhu 2017, 1703.10593, appendix 7.2, R64) on pictures of 64x64, forward and
// backward: two 3x3 convolutions with reflected edges, each behind it instance norm, a rectifier between, and the sum with what went in; then the
// gradients by that and by all weights.
func residual(batch int) func(g *graph.Graph, in inputs) []*graph.Node {
	return func(_ *graph.Graph, in inputs) []*graph.Node {
		x := in("x", batch, residualSide, residualSide, residualChannels)
		weights := []*graph.Node{x}
		conv := func(name string, x *graph.Node) *graph.Node {
			kernel, bias := in(name+"/w", 3, 3, residualChannels, residualChannels), in(name+"/b", residualChannels)
			weights = append(weights, kernel, bias)
			y := ops.Conv(ops.ReflectPad(x, 1), kernel, ops.ConvOptions{})
			y = graph.Add(y, graph.Reshape(bias, 1, 1, 1, residualChannels))
			return layers.InstanceNorm{}.On(layers.Net{}, y)
		}
		y := graph.Add(x, conv("conv2", layers.ReLU(conv("conv1", x))))
		loss := graph.ReduceAllSum(graph.Mul(y, in("dy", y.Shape().Dimensions...)))
		return append(graph.Gradient(loss, weights...), y)
	}
}

// residuals are that block on one picture and on four.
func residuals() (tasks []task) {
	for _, batch := range []int{1, 4} {
		tasks = append(tasks, task{
			name: fmt.Sprintf("block/cyclegan/%d", batch), length: 2 * time.Second, peers: []string{torch}, work: command{Work: "block", Batch: batch},
			ours: func(ctx context.Context, threads int) (*entrant, string, error) {
				return timed(ctx, "", threads, residual(batch))
			},
		})
	}
	return tasks
}
