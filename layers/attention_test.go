package layers_test

import (
	"math"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/internal/oracle/nets"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// The authors' formula (google/compare_gan and brain-research/self-attention-gan, non_local.py; PyTorch's layers.Attention of
// ajbrock/BigGAN-PyTorch) on the same weights, in plain loops: keys and values are maxima over 2x2, every place attends to them by
// softmax, and gamma times the projected mixture is added.
func TestSelfAttentionIsItsFormula(t *testing.T) {
	open := nets.At(t, layers.SelfAttention{}.On, layers.Train, oracle.Normal(1, 2, 4, 6, 16))
	x := open.Inputs[0]
	project := func(name string, x oracle.Array) oracle.Array {
		w := open.Weight(t, name+"/kernel")
		return convolve(x, w, zeros(w.Dims[3]), 1, 0)
	}
	pooled := func(a oracle.Array) oracle.Array {
		y := zeros(a.Dims[0], a.Dims[1]/2, a.Dims[2]/2, a.Dims[3])
		for n := range y.Dims[0] {
			for i := range y.Dims[1] {
				for j := range y.Dims[2] {
					for c := range y.Dims[3] {
						*at(y, n, i, j, c) = max(*at(a, n, 2*i, 2*j, c), *at(a, n, 2*i+1, 2*j, c), *at(a, n, 2*i, 2*j+1, c), *at(a, n, 2*i+1, 2*j+1, c))
					}
				}
			}
		}
		return y
	}
	theta, phi, g := project("theta", x), pooled(project("phi", x)), pooled(project("g", x))
	mixed := zeros(2, 4, 6, 8)
	for n := range 2 {
		for i := range 4 {
			for j := range 6 {
				var weights []float64
				total := 0.0
				for k := range 6 { // places of the 2x3 keys
					dot := 0.0
					for c := range 2 {
						dot += *at(theta, n, i, j, c) * *at(phi, n, k/3, k%3, c)
					}
					weights = append(weights, math.Exp(dot))
					total += math.Exp(dot)
				}
				for k, w := range weights {
					for c := range 8 {
						*at(mixed, n, i, j, c) += w / total * *at(g, n, k/3, k%3, c)
					}
				}
			}
		}
	}
	want := project("o", mixed)
	gamma := open.Weight(t, "gamma/scale").Data[0]
	for k := range want.Data {
		want.Data[k] = x.Data[k] + gamma*want.Data[k]
	}
	oracle.Value(t, open.Function, open.Inputs, want, oracle.Tol(1e-9))
	small := nets.At(t, layers.SelfAttention{}.On, layers.Train, oracle.Normal(1, 1, 2, 2, 8))
	oracle.Gradients(t, small.Function, small.Inputs, oracle.Order(2), oracle.Tol(1e-5), oracle.Elements(4))
}

// While gamma is 0, as at the start, the layer changes nothing.
func TestSelfAttentionStartsAsNothing(t *testing.T) {
	open := nets.At(t, layers.SelfAttention{}.On, layers.Train, oracle.Normal(1, 2, 4, 4, 8))
	for i, path := range open.Paths {
		if path == "net/gamma/scale" {
			open.Inputs[i+1] = oracle.Of(nil, 0)
		}
	}
	oracle.Value(t, open.Function, open.Inputs, open.Inputs[0], oracle.Tol(0))
	weights := layers.NewWeights(1)
	bind, x := binding(t, weights, 1, 2, 2, 8)
	layers.SelfAttention{}.On(bind.Root("net"), x)
	if got := values(t, weights, "net/gamma/scale"); got[0] != 0 {
		t.Errorf("gamma starts at %v", got)
	}
}

// Batch norm with a class's own scale and shift, in plain loops; of a vector, maps of it with 1 added to the scale.
func TestConditionalBatchNorm(t *testing.T) {
	x := oracle.Normal(1, 4, 3, 3, 2)
	labels := []int32{1, 0, 2, 1}
	byClass := nets.At(t, func(net layers.Net, x *graph.Node) *graph.Node {
		return layers.ConditionalBatchNorm{Classes: 3}.On(net, x, graph.Const(x.Graph(), labels))
	}, layers.Batch, x)
	condition := oracle.Normal(2, 4, 5)
	byVector := nets.At(t, func(net layers.Net, x *graph.Node) *graph.Node {
		return layers.ConditionalBatchNorm{}.On(net, x, graph.Reshape(graph.Const(x.Graph(), condition.Data), 4, 5))
	}, layers.Batch, x)
	want := func(scale, shift func(n, c int) float64) oracle.Array {
		y := zeros(x.Dims...)
		for c := range 2 {
			var values []float64
			for k := c; k < len(x.Data); k += 2 {
				values = append(values, x.Data[k])
			}
			mean, variance := 0.0, 0.0
			for _, v := range values {
				mean += v / float64(len(values))
			}
			for _, v := range values {
				variance += (v - mean) * (v - mean) / float64(len(values))
			}
			for k, v := range values {
				y.Data[2*k+c] = (v-mean)/math.Sqrt(variance+1e-5)*scale(k/9, c) + shift(k/9, c)
			}
		}
		return y
	}
	row := func(table oracle.Array) func(n, c int) float64 {
		return func(n, c int) float64 { return *at(table, int(labels[n]), c) }
	}
	oracle.Value(t, byClass.Function, byClass.Inputs,
		want(row(byClass.Weight(t, "scale/table")), row(byClass.Weight(t, "shift/table"))), oracle.Tol(1e-9))
	mapped := func(kernel oracle.Array, plus float64) func(n, c int) float64 {
		return func(n, c int) float64 {
			sum := plus
			for k := range 5 {
				sum += *at(condition, n, k) * *at(kernel, k, c)
			}
			return sum
		}
	}
	oracle.Value(t, byVector.Function, byVector.Inputs,
		want(mapped(byVector.Weight(t, "scale/kernel"), 1), mapped(byVector.Weight(t, "shift/kernel"), 0)), oracle.Tol(1e-9))
	oracle.Gradients(t, byVector.Function, byVector.Inputs, oracle.Order(2), oracle.Tol(1e-5), oracle.Elements(4))
}
