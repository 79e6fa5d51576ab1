package layers_test

import (
	"math"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// virtually is batch norm of in[0] against the reference batch in[1].
func virtually(in []*graph.Node) *graph.Node {
	constants := map[string][]float64{"net/scale": {2, 3}, "net/shift": {0, 10}}
	net := given(in[0], constants).Root("net")
	on := layers.BatchNorm{}.On
	reference := layers.Refer(net, in[1].Shape().Dimensions[0], func(net layers.Net) { on(net, in[1]) })
	return on(net.Against(reference), in[0])
}

// Each record is normalised by the numbers of the reference batch and its own as if they were one batch (Salimans 2016, section 3.4): in
// plain loops over all of them.
func TestVirtualBatchNormIsTheReferenceBatchAndTheRecord(t *testing.T) {
	for _, dims := range [][]int{{4, 2}, {3, 2, 3, 2}} {
		x, reference := oracle.Normal(1, dims...), oracle.Normal(2, append([]int{5}, dims[1:]...)...)
		for i := range reference.Data {
			reference.Data[i] = 3*reference.Data[i] + 7
		}
		record := len(x.Data) / dims[0]
		want := zeros(dims...)
		for n := range dims[0] {
			own := x.Data[n*record : (n+1)*record]
			together := append(append([]float64{}, reference.Data...), own...)
			for c := range 2 {
				mean, variance, count := 0.0, 0.0, float64(len(together)/2)
				for k := c; k < len(together); k += 2 {
					mean += together[k] / count
				}
				for k := c; k < len(together); k += 2 {
					variance += (together[k] - mean) * (together[k] - mean) / count
				}
				for k := c; k < record; k += 2 {
					want.Data[n*record+k] = (own[k]-mean)/math.Sqrt(variance+1e-5)*[]float64{2, 3}[c] + []float64{0, 10}[c]
				}
			}
		}
		oracle.Value(t, virtually, []oracle.Array{x, reference}, want, oracle.Tol(1e-9))
	}
}

// The gradient flows through the record's own statistics and through the reference batch, to second order.
func TestVirtualBatchNormDifferentiatesToSecondOrder(t *testing.T) {
	in := []oracle.Array{oracle.Normal(1, 2, 2, 2, 2), oracle.Normal(2, 3, 2, 2, 2)}
	bent := func(in []*graph.Node) *graph.Node { return graph.Tanh(virtually(in)) }
	oracle.Gradients(t, bent, in, oracle.Order(2), oracle.Tol(1e-5), oracle.Elements(6))
}

// The reference batch sees its own statistics alone, so as a batch it comes out as batch norm makes it; it needs no running statistics.
func TestTheReferenceBatchIsNormalisedByItself(t *testing.T) {
	constants := map[string][]float64{"net/scale": {2, 3}, "net/shift": {0, 10}, "net/mean": {0, 0}, "net/variance": {1, 1}}
	var out *graph.Node
	reference := func(in []*graph.Node) *graph.Node {
		bind := given(in[0], constants)
		layers.Refer(bind.Root("net"), 4, func(net layers.Net) { out = layers.BatchNorm{}.On(net, in[0]) })
		if bind.Weights.Get("net/mean") != nil {
			t.Error("there are running statistics")
		}
		return out
	}
	plain := func(in []*graph.Node) *graph.Node {
		return layers.BatchNorm{}.On(given(in[0], constants).Root("net").With(layers.Batch), in[0])
	}
	oracle.Same(t, reference, plain, []oracle.Array{oracle.Normal(1, 4, 3, 2)}, oracle.Tol(1e-9))
}

// Conditional batch norm takes the same moments, with each record's own scale and shift.
func TestConditionalBatchNormIsVirtualToo(t *testing.T) {
	table := []float64{1, 2, 3, 4, 5, 6}
	conditional := func(in []*graph.Node) *graph.Node {
		bind := given(in[0], map[string][]float64{"net/scale/table": table, "net/shift/table": {0, 0, 0, 0, 0, 0}})
		on := func(net layers.Net, x *graph.Node, labels []int32) *graph.Node {
			return layers.ConditionalBatchNorm{Classes: 3}.On(net, x, graph.Const(x.Graph(), labels))
		}
		reference := layers.Refer(bind.Root("net"), 2, func(net layers.Net) { on(net, in[1], []int32{0, 1}) })
		return on(bind.Root("net").Against(reference), in[0], []int32{2, 0, 1})
	}
	plain := func(in []*graph.Node) *graph.Node {
		net := given(in[0], map[string][]float64{"net/scale": {1, 1}, "net/shift": {0, 0}}).Root("net")
		reference := layers.Refer(net, 2, func(net layers.Net) { layers.BatchNorm{}.On(net, in[1]) })
		scales := graph.Const(in[0].Graph(), []float64{5, 6, 1, 2, 3, 4})
		return graph.Mul(layers.BatchNorm{}.On(net.Against(reference), in[0]), graph.Reshape(scales, 3, 1, 1, 2))
	}
	oracle.Same(t, conditional, plain, []oracle.Array{oracle.Normal(1, 3, 2, 2, 2), oracle.Normal(2, 2, 2, 2, 2)}, oracle.Tol(1e-9))
}

// What a network draws for each pass is drawn for the reference batch once: it is a statistic. A network that takes another way than the
// reference batch took, or one place twice, is told.
func TestTheReferenceBatchKeepsItsDraws(t *testing.T) {
	weights := layers.NewWeights(1)
	bind, x := binding(t, weights, 3, 2)
	net := bind.Root("net")
	reference := layers.Refer(net, 3, func(net layers.Net) {
		layers.BatchNorm{}.On(net, graph.Add(x, graph.Add(net.Normal("noise", 3, 2), net.Uniform("drop", 3, 2))))
	})
	for _, v := range values(t, weights, "net/drop/reference") {
		if v < 0 || v >= 1 {
			t.Errorf("a uniform draw is %v", v)
		}
	}
	if v := weights.Get("net/noise/reference"); v == nil || v.Trainable || reference.Empty() {
		t.Errorf("the noise of the reference batch: %v; empty: %v", v, reference.Empty())
	}
	for text, fn := range map[string]func(){
		"did not come by": func() { layers.BatchNorm{}.On(net.In("other").Against(reference), x) },
		"applied twice": func() {
			layers.Refer(net, 3, func(net layers.Net) { layers.BatchNorm{}.On(net, layers.BatchNorm{}.On(net, x)) })
		},
	} {
		func() {
			defer func() {
				if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("%v, want an error with %q", err, text)
				}
			}()
			fn()
		}()
	}
}
