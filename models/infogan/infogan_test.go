package infogan

import (
	"math"
	"testing"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// bound is the lower bound of the mutual information that the loss has for what Q says of codes.
func bound(t *testing.T, q [][]float64, category []int32, code [][]float64) float64 {
	t.Helper()
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	o := Options{Categories: 3, Continuous: 1, Info: 2}
	exec := graph.MustNewExec(backend, func(g *graph.Graph) *gan.Node {
		turn := gan.NewTurn(&gan.Game{Batch: len(q)}, layers.Bind(layers.NewWeights(1), g))
		if o.information(turn, gan.Seen{}) != nil {
			t.Error("real records have a bound")
		}
		seen := gan.Seen{Fake: true, Noted: map[string]*gan.Node{"codes": graph.Const(g, q)}, Codes: []*gan.Node{graph.Const(g, category), graph.Const(g, code)}}
		return o.information(turn, seen)
	})
	return -tensors.ToScalar[float64](exec.MustCall()[0]) / o.Info
}

// The bound is H(c) + E log Q(c|x) in nats (equation 4): ln 3 where the category is certain, 0 where Q is uniform, and of a continuous code
// ln 2 + log N(code; mean, 1).
func TestBoundOfMutualInformation(t *testing.T) {
	gaussian := func(off float64) float64 { return math.Log(2) - math.Log(2*math.Pi)/2 - off*off/2 }
	for _, c := range []struct {
		q    [][]float64
		want float64
	}{
		{[][]float64{{0, 50, 0, 0.25}, {50, 0, 0, -0.5}}, math.Log(3) + gaussian(0)},
		{[][]float64{{7, 7, 7, 0.25}, {1, 1, 1, -0.5}}, gaussian(0)},
		{[][]float64{{0, 50, 0, 1.25}, {50, 0, 0, 0.5}}, math.Log(3) + gaussian(1)},
		{[][]float64{{0, math.Ln2, 0, 0.25}, {math.Ln2, 0, 0, -0.5}}, math.Log(3) - math.Ln2 + gaussian(0)}, // Q is 1/2, 1/4, 1/4
	} {
		if got := bound(t, c.q, []int32{1, 0}, [][]float64{{0.25}, {-0.5}}); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v: %v, want %v", c.q, got, c.want)
		}
	}
}
