package ops_test

import (
	"fmt"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

func TestActivationAndLossGradients(t *testing.T) {
	x, y := oracle.Normal(3, 4, 5), oracle.Uniform(4, 0, 1, 4, 5)
	for name, fn := range map[string]func(*graph.Node) *graph.Node{
		"ReLU":       ops.ReLU,
		"LeakyReLU":  func(x *graph.Node) *graph.Node { return ops.LeakyReLU(x, 0.2) },
		"Softplus":   ops.Softplus,
		"LogSigmoid": ops.LogSigmoid,
		"LogSumExp":  ops.LogSumExp,
		"SampleNorm": func(x *graph.Node) *graph.Node { return ops.SampleNorm(x, 1e-8) },
		"SampleMean": ops.SampleMean,
	} {
		t.Run(name, func(t *testing.T) { oracle.Gradients(t, unary(fn), []oracle.Array{x}) })
	}
	for name, fn := range map[string]func(x, y *graph.Node) *graph.Node{
		"SigmoidCrossEntropy": ops.SigmoidCrossEntropy,
		"SoftmaxCrossEntropy": ops.SoftmaxCrossEntropy,
	} {
		t.Run(name, func(t *testing.T) {
			oracle.Gradients(t, func(in []*graph.Node) *graph.Node { return fn(in[0], in[1]) }, []oracle.Array{x, y})
		})
	}
}

// run returns the values of fn at the inputs.
func run(t *testing.T, fn oracle.Function, inputs ...oracle.Array) []float64 {
	t.Helper()
	value, err := oracle.Run(fn, inputs)
	if err != nil {
		t.Fatal(err)
	}
	return value.Data
}

// A loss after an update, through the node that Cut made: the gradient must be that of the loss alone, not zero (StopGradient
// alone) and not walk into the update (no cut).
func TestCutEndsTheGradientAtTheUpdatedValue(t *testing.T) {
	for name, c := range map[string]struct {
		cut  func(*graph.Node) *graph.Node
		want []float64
	}{
		"Cut":          {ops.Cut, []float64{2 * 10, 2 * 20, 0, 0}},
		"StopGradient": {graph.StopGradient, []float64{0, 0, 0, 0}}, // the trap that Cut is there for
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, func(in []*graph.Node) *graph.Node {
				old := in[0]
				updated := c.cut(graph.MulScalar(old, 10))
				gradients := graph.Gradient(graph.ReduceAllSum(graph.Mul(updated, updated)), updated, old)
				return graph.Concatenate(gradients, 0)
			}, oracle.Of([]int{2}, 1, 2))
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("gradients by the updated and the old value: %v, want %v", got, c.want)
			}
		})
	}
}

// An update whose operations have no gradient at all (here a sort) may stand before the cut: nothing asks for one.
func TestCutDoesNotWalkIntoTheUpdate(t *testing.T) {
	got := run(t, func(in []*graph.Node) *graph.Node {
		updated := ops.Cut(graph.Sort(in[0], 0, true))
		penalty := graph.Gradient(graph.ReduceAllSum(graph.Mul(updated, graph.Mul(updated, updated))), updated)[0]
		return graph.Gradient(graph.ReduceAllSum(penalty), updated)[0] // 6x
	}, oracle.Of([]int{3}, 3, 1, 2))
	if want := []float64{6, 12, 18}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("second gradient after a sort: %v, want %v", got, want)
	}
}
