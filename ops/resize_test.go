package ops_test

import (
	"fmt"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

func TestPoolAndResizeGradients(t *testing.T) {
	for name, fn := range map[string]func(x *graph.Node) *graph.Node{
		"MeanPool": func(x *graph.Node) *graph.Node { return ops.MeanPool(x, ops.PoolOptions{Window: 2}) },
		"SumPool":  func(x *graph.Node) *graph.Node { return ops.SumPool(x, ops.PoolOptions{Window: 2}) },
		"SumPool, overlapping": func(x *graph.Node) *graph.Node {
			return ops.SumPool(x, ops.PoolOptions{Window: 3, Stride: 2, Padding: 1})
		},
		"SumPool, rows left": func(x *graph.Node) *graph.Node { return ops.SumPool(x, ops.PoolOptions{Window: 3}) },
		"MaxPool":            func(x *graph.Node) *graph.Node { return ops.MaxPool(x, ops.PoolOptions{Window: 2}) },
		"MaxPool, padded": func(x *graph.Node) *graph.Node {
			return ops.MaxPool(x, ops.PoolOptions{Window: 5, Stride: 2, Padding: 2})
		},
		"UpsampleNearest":       func(x *graph.Node) *graph.Node { return ops.UpsampleNearest(x, 2) },
		"UpsampleBilinear":      func(x *graph.Node) *graph.Node { return ops.UpsampleBilinear(x, 2) },
		"UpsampleBilinear by 3": func(x *graph.Node) *graph.Node { return ops.UpsampleBilinear(x, 3) },
	} {
		t.Run(name, func(t *testing.T) { gradients(t, unary(fn), oracle.Normal(5, 2, 4, 6, 2)) })
	}
}

// The fused forms must be what the two steps are, in value, gradient and second gradient; the difference of the two is checked, which
// must be zero to rounding and not exactly.
func TestFusedConvolutionsEqualTheTwoSteps(t *testing.T) {
	for _, c := range []struct {
		o         ops.ConvOptions
		x, kernel []int
		factor    int
	}{
		{ops.ConvOptions{Padding: 1}, []int{2, 4, 4, 2}, []int{3, 3, 2, 3}, 2},
		{ops.ConvOptions{Same: true}, []int{1, 4, 5, 2}, []int{3, 4, 2, 3}, 2}, // an odd width, and an uneven padding
		{ops.ConvOptions{Paddings: [][2]int{{2, 0}, {-1, 1}}}, []int{1, 5, 5, 1}, []int{1, 2, 1, 2}, 3},
		{ops.ConvOptions{Padding: 1, Groups: 2}, []int{1, 4, 4, 4}, []int{3, 3, 2, 2}, 2},
		{ops.ConvOptions{Padding: 2}, []int{1, 8, 2}, []int{5, 2, 2}, 2},
		{ops.ConvOptions{}, []int{1, 3, 3, 1}, []int{2, 2, 1, 1}, 1},
	} {
		pairs := map[string][2]oracle.Function{
			"UpsampleConv": {
				func(in []*graph.Node) *graph.Node { return ops.UpsampleConv(in[0], in[1], c.factor, c.o) },
				func(in []*graph.Node) *graph.Node { return ops.Conv(ops.UpsampleNearest(in[0], c.factor), in[1], c.o) },
			},
			"ConvMeanPool": {
				func(in []*graph.Node) *graph.Node { return ops.ConvMeanPool(in[0], in[1], c.factor, c.o) },
				func(in []*graph.Node) *graph.Node {
					return ops.MeanPool(ops.Conv(in[0], in[1], c.o), ops.PoolOptions{Window: c.factor})
				},
			},
		}
		inputs := []oracle.Array{oracle.Normal(1, c.x...), oracle.Normal(2, c.kernel...)}
		for name, pair := range pairs {
			t.Run(fmt.Sprintf("%s by %d %+v", name, c.factor, c.o), func(t *testing.T) {
				oracle.Same(t, pair[0], pair[1], inputs)
				gradients(t, pair[0], inputs...)
			})
		}
	}
}
