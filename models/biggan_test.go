package models_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// hinge is the critic's loss on real and generated records (equation 16 of 1802.05957).
func hinge(real, fake *gan.Node) *gan.Node {
	return graph.Add(graph.ReduceAllMean(layers.ReLU(graph.OneMinus(real))), graph.ReduceAllMean(layers.ReLU(graph.AddScalar(fake, 1))))
}

// The gradient of BigGAN's critic by a batch of 256 is the mean of those by 8 parts of 32, to the rounding of float32 sums, with the power
// iteration held (a pass that keeps its vectors).
func TestAccumulatedGradientIsThatOfTheLargeBatch(t *testing.T) {
	const batch, parts = 256, 8
	model, err := models.Find("biggan")
	if err != nil {
		t.Fatal(err)
	}
	s := figures(t, 16, 1, 2*batch)
	c := configure(t, model, "critic-filters=4", "filters=4")
	pair, err := c.pair(s.shape)
	if err != nil {
		t.Fatal(err)
	}
	game, err := pair.Game(c.shared)
	if err != nil {
		t.Fatal(err)
	}
	real, fake := records(t, s, 0, batch), records(t, s, batch, 2*batch)
	weights := layers.NewWeights(1)
	gradients := func(parts int) (flat [][]float32) {
		exec := graph.MustNewExec(backend(t), func(g *graph.Graph) []*gan.Node {
			bind := layers.BindWith(weights, g, func(v *layers.Variable) *gan.Node {
				if strings.HasSuffix(v.Path, "/gamma/scale") { // 0 at first, and then attention has no gradient
					return graph.Scalar(g, v.Shape.DType, 0.5)
				}
				if err := weights.Materialise(v); err != nil {
					t.Fatal(err)
				}
				return graph.Const(g, v.Value)
			})
			score := func(b data.Batch, from, to int) *gan.Node {
				x := graph.Slice(graph.Const(g, tensors.FromFlatDataAndDimensions(b[data.Pictures].Float, b[data.Pictures].Shape...)), graph.AxisRange(from, to))
				y := graph.Const(g, b[data.Labels].Int[from:to])
				return pair.Critic(game.Dress("critic", bind.Root("critic").With(layers.Batch)), x, y)
			}
			var sums []*gan.Node
			for part := range parts {
				from, to := part*batch/parts, (part+1)*batch/parts
				loss := hinge(score(real, from, to), score(fake, from, to))
				var values []*gan.Node
				for _, v := range weights.All("critic") {
					if v.Trainable {
						values = append(values, bind.Value(v.Path))
					}
				}
				for i, slope := range graph.Gradient(loss, values...) {
					slope = graph.DivScalar(slope, float64(parts))
					if part == 0 {
						sums = append(sums, slope)
					} else {
						sums[i] = graph.Add(sums[i], slope)
					}
				}
			}
			return sums
		})
		for _, out := range exec.MustCall() {
			values, err := tensors.CopyFlatData[float32](out)
			if err != nil {
				t.Fatal(err)
			}
			flat = append(flat, values)
		}
		return flat
	}
	whole, accumulated := gradients(1), gradients(parts)
	for i := range whole {
		largest, off := 0.0, 0.0
		for k := range whole[i] {
			largest = max(largest, math.Abs(float64(whole[i][k])))
			off = max(off, math.Abs(float64(whole[i][k]-accumulated[i][k])))
		}
		// Sums of some 10^4 products each, in another order: a few hundred units in the last place at most.
		if largest == 0 || off > 5e-5*largest {
			t.Errorf("gradient %d of %d: off by %.2g of %.2g", i, len(whole), off, largest)
		}
	}
}

// records reads records from..to-1 of a set.
func records(t testing.TB, s set, from, to int) data.Batch {
	t.Helper()
	batch := data.Batch{}
	var indices []int
	for i := from; i < to; i++ {
		indices = append(indices, i)
	}
	if err := s.source.Read(context.Background(), indices, batch); err != nil {
		t.Fatal(err)
	}
	return batch
}

// While gamma is 0, as before the first round, SAGAN makes and scores pictures as the network without attention does, to the bit; after some
// rounds it does not.
func TestAttentionChangesNothingAtFirst(t *testing.T) {
	model, err := models.Find("sagan")
	if err != nil {
		t.Fatal(err)
	}
	s, b := figures(t, 16, 1, 16), backend(t)
	scored := map[string]float64{} // by the critic in the first round
	samples := func(rounds int, settings ...string) []float32 {
		game, err := configure(t, model, slices.Concat(small(t, model), []string{"filters=8", "critic-filters=8"}, settings)...).game(s.shape)
		if err != nil {
			t.Fatal(err)
		}
		tr := trainer(t, b, game, s, 10)
		for range rounds {
			result, err := tr.Play(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if result.Round == 1 {
				scored[fmt.Sprint(settings)], _ = result.Get("critic/real")
			}
		}
		sampler, err := train.NewSampler(b, game, tr.Weights, false)
		if err != nil {
			t.Fatal(err)
		}
		defer sampler.Finalize()
		made, err := sampler.Sample(context.Background(), 1, 0, 4, nil)
		if err != nil {
			t.Fatal(err)
		}
		if has := len(tr.Weights.All("generator/map/attention8")) > 0; has != (len(settings) == 0) {
			t.Fatalf("settings %v: attention is there: %v", settings, has)
		}
		return made[data.Pictures].Float
	}
	if !slices.Equal(samples(0), samples(0, "technique.attention=0")) {
		t.Error("attention changes samples before the first round")
	}
	if slices.Equal(samples(3), samples(3, "technique.attention=0")) {
		t.Error("attention changes nothing in three rounds")
	}
	if with, without := scored["[]"], scored["[technique.attention=0]"]; with != without || with == 0 {
		t.Errorf("the critic's first score is %v with attention and %v without", with, without)
	}
}
