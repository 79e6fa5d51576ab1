package train

import (
	"context"
	"math"
	"testing"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A generator that only normalises its latent: with truncated latents and the running statistics of others its samples would have the
// variance of the truncated normal distribution, with standing statistics they have 1. The weights that it was made from stay as they are.
func TestStandingStatisticsAreOfTruncatedSamples(t *testing.T) {
	pair := gan.Pair{
		Record: gan.Records("points", 2), Latent: gan.Normal("z", 2),
		Generator: func(net gan.Net, z, _ *gan.Node) *gan.Node { return layers.BatchNorm{}.On(net.In("norm"), z) },
		Critic: func(net gan.Net, x, _ *gan.Node) *gan.Node {
			return graph.Reshape(layers.Dense{Units: 1}.On(net, x), -1)
		},
	}
	o := config.Default[gan.Options]()
	o.Optim.Batch, o.Optim.Average = 128, 0
	game, err := pair.Game(o)
	if err != nil {
		t.Fatal(err)
	}
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	weights := layers.NewWeights(1)
	plain, err := NewSampler(backend, game, weights, false)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Finalize()
	const threshold = 0.5
	truncated, err := NewTruncated(context.Background(), backend, game, weights, threshold)
	if err != nil {
		t.Fatal(err)
	}
	defer truncated.Finalize()
	for i := range 200 {
		for _, v := range truncated.Latents(7, i).Floats["z"] {
			if math.Abs(float64(v)) > threshold {
				t.Fatalf("a latent is %v", v)
			}
		}
	}
	// 1 - 2 T phi(T)/(2 Phi(T) - 1), the variance of a normal number that is at most T from 0.
	density := math.Exp(-threshold*threshold/2) / math.Sqrt(2*math.Pi)
	want := 1 - 2*threshold*density/math.Erf(threshold/math.Sqrt2)
	variance := truncated.weights.Get("generator/norm/variance").Value
	for _, v := range tensors.MustCopyFlatData[float32](variance) {
		if math.Abs(float64(v)/want-1) > 0.1 { // of 2,048 numbers, whose variance is good to 2 %
			t.Errorf("the standing variance is %v, and the truncated latents' %v", v, want)
		}
	}
	samples, err := truncated.Sample(context.Background(), 3, 0, 1024, nil)
	if err != nil {
		t.Fatal(err)
	}
	squares := 0.0
	for _, v := range samples["points"].Float {
		squares += float64(v) * float64(v) / float64(len(samples["points"].Float))
	}
	if math.Abs(squares-1) > 0.1 {
		t.Errorf("truncated samples have the variance %v, want 1", squares)
	}
	if v := weights.Get("generator/norm/variance"); v.Value != nil && tensors.MustCopyFlatData[float32](v.Value)[0] != 1 {
		t.Error("the weights' own statistics changed")
	}
}
