package models_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/train"
)

// rows are records as vectors.
type rows [][]float32

func rowsOf(a data.Array) rows {
	out := make(rows, a.Len())
	size := len(a.Float) / a.Len()
	for i := range out {
		out[i] = a.Float[i*size : (i+1)*size]
	}
	return out
}

// of returns the rows whose label is the class.
func (r rows) of(labels []int32, class int32) rows {
	var out rows
	for i, row := range r {
		if labels[i] == class {
			out = append(out, row)
		}
	}
	return out
}

// energy is the energy distance of two samples, 2 E|X-Y| - E|X-X'| - E|Y-Y'|: 0 for equal distributions, larger the further apart they
// are (Szekely and Rizzo 2013, equation 1). It sees places, spread and lost modes alike.
func energy(x, y rows) float64 { return 2*distance(x, y) - distance(x, x) - distance(y, y) }

// distance is the mean Euclidean distance of the pairs; within one sample, of its pairs of two.
func distance(x, y rows) float64 {
	sum, pairs := 0.0, 0
	for _, a := range x {
		for _, b := range y {
			if &a[0] == &b[0] {
				continue
			}
			squares := 0.0
			for k := range a {
				d := float64(a[k] - b[k])
				squares += d * d
			}
			sum += math.Sqrt(squares)
			pairs++
		}
	}
	return sum / float64(pairs)
}

// TestLearning trains every model for some seconds, by a fixed seed, and asks how far its samples are from data that it has not seen: the
// distance must fall to a given part of what it was before the first round. A model that does not learn stays near 1.
func TestLearning(t *testing.T) {
	for _, c := range []struct {
		model    string
		settings []string
		points   bool
		rounds   int
		most     float64 // of the distance at the start
	}{
		{"vanilla", []string{"hidden=64", "latent=8", "optim.rate=0.001"}, true, 1500, 0.1},
		{"wgan-gp", []string{"hidden=64", "latent=4", "optim.rate=0.001", "penalty.gp=0.1"}, true, 800, 0.1}, // lambda of the authors' toy code
		{"dcgan", []string{"filters=8", "latent=8", "optim.batch=32", "optim.rate=0.001"}, false, 600, 0.1},
		{"lsgan", []string{"filters=8", "latent=8", "optim.batch=32", "optim.rate=0.001"}, false, 600, 0.1},
		{"cgan", []string{"filters=8", "latent=8", "optim.batch=32", "optim.rate=0.001"}, false, 400, 0.1},
		{"sngan", []string{"filters=16", "critic-filters=16", "latent=8", "optim.batch=16", "optim.rate=0.001", "optim.critic-steps=1"}, false, 250, 0.1},
		{"acgan", []string{"filters=48", "critic-filters=4", "latent=4", "dropout=0", "class-weight=3", "optim.batch=32", "optim.rate=0.0005"}, false, 700, 0.2},
		{"infogan", []string{"filters=16", "hidden=64", "latent=6", "categories=2", "continuous=2", "optim.batch=32", "optim.rate=0.003", "optim.critic-rate=0.002"}, false, 400, 0.1},
		{"sagan", []string{"filters=16", "critic-filters=16", "latent=8", "optim.batch=16", "optim.rate=0.001", "optim.critic-rate=0.002"}, false, 250, 0.1},
		{"biggan", []string{"filters=4", "critic-filters=4", "latent=9", "shared=4", "optim.batch=16", "optim.rate=0.001", "optim.critic-rate=0.002"}, false, 250, 0.1},
		{"biggan-deep", []string{"filters=8", "critic-filters=8", "depth=1", "latent=8", "shared=4", "optim.batch=16", "optim.rate=0.001", "optim.critic-rate=0.002"}, false, 200, 0.15},
		{"wgan", []string{"filters=8", "latent=8", "optim.batch=32", "optim.rate=0.0005", "optim.critic-steps=3"}, false, 400, 0.1},
		// The balance seldom moves in so few rounds, and without it the generator ends at few pictures: it is asked to come near them first.
		{"began", []string{"filters=8", "latent=16", "optim.rate=0.002", "optim.critic-rate=0.001", "k-step=1", "gamma=0.9"}, false, 100, 0.4},
		{"progressive", []string{"latent=8", "filters-base=128", "filters=16", "optim.batch=8", "optim.rate=0.004", "stage-records=600"}, false, 500, 0.15},
		{"stylegan", []string{"latent=8", "hidden=16", "mapping-layers=2", "filters-base=128", "filters=16", "penalty.r1=0.3", "optim.rate=0.004", "optim.batch=8", "stage-records=600", "style-mixing=0.5"}, false, 450, 0.2},
		{"r3gan", []string{"latent=8", "filters=16", "group=8", "conditional=no", "penalty.r1=0.3", "penalty.r2=0.3", "optim.rate=0.002", "optim.batch=8"}, false, 350, 0.2},
		{"stylegan2-ada", []string{"latent=8", "hidden=16", "mapping-layers=2", "filters-base=128", "filters=16", "penalty.r1=0.3", "optim.rate=0.008", "optim.batch=8", "style-mixing=0.5", "technique.ada=color"}, false, 600, 0.3},
		{"stylegan2", []string{"latent=8", "hidden=16", "mapping-layers=2", "filters-base=128", "filters=16", "penalty.r1=0.3", "optim.rate=0.008", "optim.batch=8", "mapping-layers=2", "style-mixing=0.5"}, false, 600, 0.2},
	} {
		t.Run(c.model, func(t *testing.T) {
			model, err := models.Find(c.model)
			if err != nil {
				t.Fatal(err)
			}
			make := func(n int) set {
				if c.points {
					return ring(t, n)
				}
				return figures(t, 16, 1, n)
			}
			settings := append([]string{"optim.average=0.99"}, c.settings...)
			seen, unseen := make(512), held(t, make(768), 512)
			game, err := configure(t, model, settings...).game(seen.shape)
			if err != nil {
				t.Fatal(err)
			}
			b := backend(t)
			tr := trainer(t, b, game, seen, c.rounds)
			sampler, err := train.NewSampler(b, game, tr.Weights, true)
			if err != nil {
				t.Fatal(err)
			}
			defer sampler.Finalize()
			samples := func() rows {
				made, err := sampler.Sample(context.Background(), 1, 0, 256, nil)
				if err != nil {
					t.Fatal(err)
				}
				return rowsOf(made[seen.shape.Field])
			}
			real, labels := rowsOf(unseen[seen.shape.Field]), unseen[data.Labels].Int
			began := time.Now()
			start := energy(samples(), real)
			run(t, tr, c.rounds)
			end := energy(samples(), real)
			t.Logf("distance %.3f, at the start %.3f: %.3f of it, in %v", end, start, end/start, time.Since(began).Round(100*time.Millisecond))
			if !(end < c.most*start) {
				t.Errorf("after %d rounds the distance to unseen data is %.3f of what it was; %.3f is the most", c.rounds, end/start, c.most)
			}
			if game.Conditional() {
				conditional(t, samples(), real, labels)
			}
			if c.model == "infogan" {
				informed(t, tr)
			}
		})
	}
}

// conditional asks that the samples of each class (sample i has class i modulo 2) are at most half as far from the data of their
// class as from the other's.
func conditional(t *testing.T, samples, real rows, labels []int32) {
	asked := make([]int32, len(samples))
	for i := range asked {
		asked[i] = int32(i % 2)
	}
	for class := range int32(2) {
		own := energy(samples.of(asked, class), real.of(labels, class))
		other := energy(samples.of(asked, class), real.of(labels, 1-class))
		t.Logf("class %d: distance to its own data %.3f, to the other's %.3f", class, own, other)
		if own > other/2 {
			t.Errorf("samples of class %d are %.3f from its data and %.3f from the other's", class, own, other)
		}
	}
}

// informed asks that the categorical code, of two values, can be read off what is generated: its bound is at least 0.9 ln 2.
func informed(t *testing.T, tr *train.Trainer) {
	result, err := tr.Play(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	bound, ok := result.Get("generator/code1")
	t.Logf("the code's bound is %.3f of ln 2", bound/math.Ln2)
	if !ok || bound < 0.9*math.Ln2 || bound > math.Ln2 {
		t.Errorf("the categorical code's bound is %.3f, that is %.3f of ln 2", bound, bound/math.Ln2)
	}
}

// held returns the records from the n-th on.
func held(t *testing.T, s set, n int) data.Batch {
	t.Helper()
	var indices []int
	for i := n; i < s.source.Len(); i++ {
		indices = append(indices, i)
	}
	batch := data.Batch{}
	if err := s.source.Read(context.Background(), indices, batch); err != nil {
		t.Fatal(err)
	}
	return batch
}

// The relativistic loss with both penalties holds all modes of a ring of eight, whatever the seed: each gets its share of the samples.
func TestR3GANHoldsAllModes(t *testing.T) {
	model, err := models.Find("r3gan")
	if err != nil {
		t.Fatal(err)
	}
	points := ring(t, 2048)
	settings := []string{"optim.batch=128", "hidden=64", "latent=4", "layers=2", "technique.ada=none", "penalty.r1=0.1", "penalty.r2=0.1", "optim.rate=0.002", "optim.average=0.99"}
	game, err := configure(t, model, settings...).game(points.shape)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range int64(3) {
		b := backend(t)
		const rounds = 1500
		tr := trainer(t, b, game, points, rounds)
		tr.Weights, tr.Seed = layers.NewWeights(seed), seed
		run(t, tr, rounds)
		sampler, err := train.NewSampler(b, game, tr.Weights, true)
		if err != nil {
			t.Fatal(err)
		}
		made, err := sampler.Sample(context.Background(), seed, 0, 1000, nil)
		sampler.Finalize()
		if err != nil {
			t.Fatal(err)
		}
		var near [8]int
		for _, p := range rowsOf(made[points.shape.Field]) {
			for k := range near {
				angle := 2 * math.Pi * float64(k) / 8
				if math.Hypot(float64(p[0])-math.Cos(angle), float64(p[1])-math.Sin(angle)) < 0.1 {
					near[k]++
				}
			}
		}
		t.Logf("seed %d: of 1000 samples %v lie at the modes", seed, near)
		for k, n := range near {
			if n < 30 { // an even share is 125
				t.Errorf("seed %d: mode %d has %d of 1000 samples", seed, k, n)
			}
		}
	}
}
