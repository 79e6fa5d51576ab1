package ops_test

import (
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

func TestActivationAndLossGradients(t *testing.T) {
	x, y := oracle.Normal(3, 4, 5), oracle.Uniform(4, 0, 1, 4, 5)
	for name, fn := range map[string]func(*graph.Node) *graph.Node{
		"ReLU":       ops.ReLU,
		"ELU":        ops.ELU,
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

// A loss after an update, through the node that Cut made: the gradient must be that of the loss alone, not zero (StopGradient
// alone) and not walk into the update (no cut).
func TestCutEndsTheGradientAtTheUpdatedValue(t *testing.T) {
	for name, c := range map[string]struct {
		cut  func(*graph.Node) *graph.Node
		want []float64 // by the two elements of the updated value, and by those of the old one
	}{
		"Cut":          {ops.Cut, []float64{2 * 10, 2 * 20, 0, 0}},
		"StopGradient": {graph.StopGradient, []float64{0, 0, 0, 0}},                   // the trap that Cut is there for
		"nothing":      {graph.Identity, []float64{2 * 10, 2 * 20, 20 * 10, 20 * 20}}, // the other one
	} {
		t.Run(name, func(t *testing.T) {
			gradients := unary(func(old *graph.Node) *graph.Node {
				updated := c.cut(graph.MulScalar(old, 10))
				return graph.Concatenate(graph.Gradient(graph.ReduceAllSum(graph.Mul(updated, updated)), updated, old), 0)
			})
			oracle.Value(t, gradients, []oracle.Array{oracle.Of([]int{2}, 1, 2)}, oracle.Of([]int{4}, c.want...))
		})
	}
}

// An update whose operations have no gradient at all (here a sort) may stand before the cut: nothing asks for one, at either order.
func TestCutDoesNotWalkIntoTheUpdate(t *testing.T) {
	second := unary(func(x *graph.Node) *graph.Node {
		updated := ops.Cut(graph.Sort(x, 0, true))
		cube := graph.Mul(updated, graph.Mul(updated, updated))
		return ops.SampleGradient(ops.SampleGradient(cube, updated), updated) // 6x
	})
	oracle.Value(t, second, []oracle.Array{oracle.Of([]int{3}, 3, 1, 2)}, oracle.Of([]int{3}, 6, 12, 18))
}

// Three critic steps in one graph, each with a gradient penalty through a strided convolution, must be the same steps as three graphs
// of one step: GAME.md's first trap, without a trainer.
func TestCutKeepsUnrolledStepsApart(t *testing.T) {
	x, kernel := oracle.Normal(1, 2, 5, 5, 1), oracle.Uniform(2, -0.5, 0.5, 3, 3, 1, 2)
	step := func(x, kernel *graph.Node) *graph.Node {
		score := ops.SampleSum(graph.Tanh(ops.Conv(x, kernel, ops.ConvOptions{Stride: 2, Padding: 1})))
		norm := ops.SampleNorm(ops.SampleGradient(score, x), 1e-8)
		loss := graph.Add(graph.ReduceAllMean(score), graph.ReduceAllMean(graph.Square(graph.AddScalar(norm, -1))))
		return ops.Cut(graph.Sub(kernel, graph.MulScalar(graph.Gradient(loss, kernel)[0], 0.1)))
	}
	once := func(in []*graph.Node) *graph.Node { return step(in[0], in[1]) }
	apart := kernel
	for range 3 {
		next, err := oracle.Run(once, []oracle.Array{x, apart})
		if err != nil {
			t.Fatal(err)
		}
		apart = next
	}
	unrolled := func(in []*graph.Node) *graph.Node { return step(in[0], step(in[0], step(in[0], in[1]))) }
	oracle.Value(t, unrolled, []oracle.Array{x, kernel}, apart, oracle.Tol(0), oracle.Backends(oracle.Stock())) // to the bit
}

// Every function keeps the type of its input, here float32, in value and gradient: a constant of another type would not build.
func TestFunctionsKeepFloat32(t *testing.T) {
	for name, fn := range map[string]func(x, kernel *graph.Node) *graph.Node{
		"Conv": func(x, k *graph.Node) *graph.Node { return ops.Conv(x, k, ops.ConvOptions{Same: true}) },
		"ConvTranspose": func(x, k *graph.Node) *graph.Node {
			return ops.ConvTranspose(x, k, ops.ConvTransposeOptions{Stride: 2})
		},
		"UpsampleConv": func(x, k *graph.Node) *graph.Node { return ops.UpsampleConv(x, k, 2, ops.ConvOptions{}) },
		"ConvMeanPool": func(x, k *graph.Node) *graph.Node { return ops.ConvMeanPool(x, k, 2, ops.ConvOptions{}) },
		"pools": func(x, _ *graph.Node) *graph.Node {
			o := ops.PoolOptions{Window: 3, Stride: 1, Padding: 1}
			return graph.Add(ops.MaxPool(x, o), ops.MeanPool(x, o))
		},
		"upsampling": func(x, _ *graph.Node) *graph.Node {
			return graph.Add(ops.UpsampleNearest(x, 2), ops.UpsampleBilinear(x, 2))
		},
		"activations": func(x, _ *graph.Node) *graph.Node {
			return graph.Add(ops.LeakyReLU(ops.ReLU(x), 0.2), ops.LogSigmoid(ops.Softplus(x)))
		},
		"losses": func(x, _ *graph.Node) *graph.Node {
			return graph.Add(ops.SoftmaxCrossEntropy(x, x), ops.LogSumExp(ops.SigmoidCrossEntropy(x, x)))
		},
		"samples": func(x, _ *graph.Node) *graph.Node { return graph.Add(ops.SampleNorm(x, 1e-8), ops.SampleMean(x)) },
		"rules": func(x, _ *graph.Node) *graph.Node {
			return graph.Add(graph.Rsqrt(graph.Exp(x)), graph.Expm1(graph.MaxPool(x).Window(2).Strides(1).PadSame().Done()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := graph.NewGraph(oracle.Stock(), name)
			x, kernel := graph.Ones(g, shapes.Make(dtypes.Float32, 2, 4, 4, 3)), graph.Ones(g, shapes.Make(dtypes.Float32, 3, 3, 3, 3))
			first := graph.Gradient(graph.ReduceAllSum(fn(x, kernel)), x)[0]
			second := graph.Gradient(graph.ReduceAllSum(graph.Mul(first, first)), x)[0]
			if second.DType() != dtypes.Float32 {
				t.Errorf("second gradient of %s is of type %s", name, second.DType())
			}
		})
	}
}

// What does not fit is told by name, shapes and remedy, as an error, which graph.Exec hands to the caller.
func TestShapesThatDoNotFit(t *testing.T) {
	for want, fn := range map[string]func(x, kernel *graph.Node){
		"Conv: input (Float64)[1, 4, 4, 3] has 3 channels, kernel (Float64)[3, 3, 2, 4] in 1 groups wants 2": func(x, k *graph.Node) { ops.Conv(x, k, ops.ConvOptions{}) },
		"ConvTranspose: input (Float64)[1, 4, 4, 3] has 3 channels, kernel (Float64)[3, 3, 2, 4] wants 4":    func(x, k *graph.Node) { ops.ConvTranspose(x, k, ops.ConvTransposeOptions{}) },
		"UpsampleConv: input (Float64)[1, 4, 4, 3] has 3 channels":                                           func(x, k *graph.Node) { ops.UpsampleConv(x, k, 2, ops.ConvOptions{}) },
		"does not divide into 3 groups":  func(x, k *graph.Node) { ops.Conv(x, k, ops.ConvOptions{Groups: 3}) },
		"give Padding, Paddings or Same": func(x, k *graph.Node) { ops.Conv(x, k, ops.ConvOptions{Padding: 1, Same: true}) },
		"1 pairs of paddings":            func(x, k *graph.Node) { ops.Conv(x, k, ops.ConvOptions{Paddings: [][2]int{{1, 1}}}) },
		"none may be negative":           func(x, k *graph.Node) { ops.Conv(x, k, ops.ConvOptions{Stride: -1}) },
		"one axis for each spatial axis": func(x, k *graph.Node) { ops.Conv(ops.SampleSum(x), k, ops.ConvOptions{}) },
		"less than the stride or the dilation": func(x, k *graph.Node) {
			ops.ConvTranspose(ops.Conv(x, graph.Reshape(k, 3, 1, 3, 8), ops.ConvOptions{}), graph.Reshape(k, 3, 3, 1, 8), ops.ConvTransposeOptions{OutputPadding: 1})
		},
		"both must be 1, or take the two steps":  func(x, k *graph.Node) { ops.ConvMeanPool(x, k, 2, ops.ConvOptions{Stride: 2}) },
		"UpsampleNearest: factor 0":              func(x, _ *graph.Node) { ops.UpsampleNearest(x, 0) },
		"MaxPool: padding 2; it must be between": func(x, _ *graph.Node) { ops.MaxPool(x, ops.PoolOptions{Window: 3, Padding: 2}) },
		"window 5 does not fit":                  func(x, _ *graph.Node) { ops.MeanPool(x, ops.PoolOptions{Window: 5}) },
		"both must be at least 1":                func(x, _ *graph.Node) { ops.SumPool(x, ops.PoolOptions{}) },
		"make classes one-hot":                   func(x, k *graph.Node) { ops.SoftmaxCrossEntropy(x, k) },
		"must have one shape":                    func(x, k *graph.Node) { ops.SigmoidCrossEntropy(x, k) },
	} {
		t.Run(want, func(t *testing.T) {
			g := graph.NewGraph(oracle.Stock(), "shapes")
			err := exceptions.TryCatch[error](func() {
				fn(graph.Ones(g, shapes.Make(dtypes.Float64, 1, 4, 4, 3)), graph.Ones(g, shapes.Make(dtypes.Float64, 3, 3, 2, 4)))
			})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}
