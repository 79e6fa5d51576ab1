package models_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/internal/oracle/nets"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// growing returns a model that grows, small, with stages of two rounds.
func growing(t testing.TB, name string, d gan.Data, settings ...string) (gan.Pair, *gan.Game) {
	t.Helper()
	model, err := models.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	c := configure(t, model, append(append(small(t, model), "stage-records=4"), settings...)...)
	pair, err := c.builder.(gan.PairBuilder).Pair(d)
	if err != nil {
		t.Fatal(err)
	}
	game, err := c.game(d)
	if err != nil {
		t.Fatal(err)
	}
	return pair, game
}

// Where a side begins to fade in, the generator's picture is that of the smaller network, doubled, and the critic sees what the smaller
// one sees of the picture, halved; in between both are the mean of the old and of the new by alpha, and at the end the new.
func TestGrowthFadesFromTheSmallerNetwork(t *testing.T) {
	for _, name := range []string{"progressive", "stylegan"} {
		pair, _ := growing(t, name, gan.Data{Field: "pictures", Shape: []int{16, 16, 1}})
		n := len(pair.Stages)
		before, fading, after := pair.Stages[n-3], pair.Stages[n-2], pair.Stages[n-1]
		if before.Side != 8 || fading.Side != 16 || !fading.Fades || after.Side != 16 || after.Fades {
			t.Fatalf("the stages end in %+v, %+v, %+v", before, fading, after)
		}
		for _, alpha := range []float64{0, 0.25, 1} {
			// Both networks read the weights of the larger one, and what they draw; the difference is what is judged.
			generators := func(net layers.Net, z *graph.Node) *graph.Node {
				old := ops.UpsampleNearest(before.Generator(net, z, nil), 2)
				mean := graph.Add(graph.MulScalar(old, 1-alpha), graph.MulScalar(after.Generator(net, z, nil), alpha))
				return graph.Concatenate([]*graph.Node{fading.Generator(net, z, nil), mean}, 0)
			}
			same(t, fmt.Sprint(name, "'s generator at ", alpha), generators, oracle.Normal(1, 2, 3), alpha)
		}
		critics := func(net layers.Net, x *graph.Node) *graph.Node {
			old := before.Critic(net, ops.MeanPool(x, ops.PoolOptions{Window: 2}), nil)
			return graph.Concatenate([]*graph.Node{fading.Critic(net, x, nil), old}, 0)
		}
		same(t, name+"'s critic at 0", critics, oracle.Normal(2, 2, 16, 16, 1), 0)
		critics = func(net layers.Net, x *graph.Node) *graph.Node {
			return graph.Concatenate([]*graph.Node{fading.Critic(net, x, nil), after.Critic(net, x, nil)}, 0)
		}
		same(t, name+"'s critic at 1", critics, oracle.Normal(2, 2, 16, 16, 1), 1)
	}
}

// same asks that the first half of what a network makes is its second half, and not all one value.
func same(t *testing.T, name string, network nets.Network, x oracle.Array, alpha float64) {
	t.Helper()
	open := nets.At(t, network, layers.Batch, x, nets.Knob(alpha))
	a, err := oracle.Run(open.Function, open.Inputs)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	half := len(a.Data) / 2
	spread := 0.0
	for i := range half {
		d := a.Data[i] - a.Data[half+i]
		if d*d > 1e-20*(1+a.Data[i]*a.Data[i]) {
			t.Fatalf("%s: %v, want %v", name, a.Data[i], a.Data[half+i])
		}
		spread = max(spread, (a.Data[i]-a.Data[0])*(a.Data[i]-a.Data[0]))
	}
	if spread == 0 {
		t.Errorf("%s: all is %v", name, a.Data[0])
	}
}

// Samples come from the weights at whatever level they are: the network of all sides makes what the stage's own makes, doubled.
func TestSamplesAreThoseOfTheStage(t *testing.T) {
	for _, name := range []string{"progressive", "stylegan"} {
		pair, _ := growing(t, name, gan.Data{Field: "pictures", Shape: []int{16, 16, 1}}, settingsOf(name)...)
		for _, stage := range pair.Stages {
			for _, alpha := range []float64{0, 0.4} {
				networks := func(net layers.Net, z *graph.Node) *graph.Node {
					// A training pass leaves the level behind that sampling reads.
					own := stage.Generator(net.With(layers.Train), z, nil)
					for own.Shape().Dimensions[1] < 16 {
						own = ops.UpsampleNearest(own, 2)
					}
					return graph.Concatenate([]*graph.Node{pair.Generator(net.With(layers.Batch), z, nil), own}, 0)
				}
				same(t, fmt.Sprintf("%s, %s at %v", name, stage.Name, alpha), networks, oracle.Normal(1, 2, 3), alpha)
			}
		}
	}
}

// settingsOf switch off what a training pass does and sampling does not.
func settingsOf(name string) []string {
	if name == "stylegan" {
		return []string{"style-mixing=0"}
	}
	return nil
}

// A run that stops in the middle of a fade, or between two stages, goes on to the bit.
func TestGrowthResumesToTheBit(t *testing.T) {
	for _, name := range []string{"progressive", "stylegan"} {
		s := figures(t, 16, 1, 16)
		_, game := growing(t, name, s.shape)
		b := backend(t)
		const rounds = 8
		straight := trainer(t, b, game, s, rounds)
		stages := map[string]bool{}
		copies := map[int]*layers.Weights{}
		for round := range rounds {
			copies[round] = copied(t, straight.Weights)
			run(t, straight, 1)
			act, _ := game.ActAt(round)
			stages[game.Acts[act].Name] = true
		}
		if len(stages) < 3 {
			t.Errorf("%s has only played %v", name, stages)
		}
		want := snapshot(t, straight.Weights)
		for _, stop := range []int{3, 4} { // in the middle of 8x8's fade or of 16x16's, and before the next stage
			resumed := trainer(t, b, game, s, rounds)
			resumed.Weights = copies[stop]
			resumed.SetRound(stop)
			run(t, resumed, rounds-stop)
			got := snapshot(t, resumed.Weights)
			if len(got) != len(want) {
				t.Errorf("%s stopped after %d rounds has %d variables, want %d", name, stop, len(got), len(want))
			}
			for path, value := range want {
				if !bytes.Equal(value, got[path]) {
					t.Fatalf("%s stopped after %d rounds: %s differs", name, stop, path)
				}
			}
		}
	}
}

func copied(t testing.TB, from *layers.Weights) *layers.Weights {
	t.Helper()
	to := layers.NewWeights(from.Seed) // what has not grown yet starts from the seed
	for _, v := range from.All("") {
		if v.Value == nil {
			continue
		}
		value, err := v.Value.LocalClone()
		if err != nil {
			t.Fatal(err)
		}
		if err := to.Put(v.Path, value, v.Trainable); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// Sizes, lengths and rates of the stages are the paper's: 800,000 pictures each, batches of 16, 14, 6 and 3, a side after the other; of
// StyleGAN 600,000, batches of 256 to 32 and rates of 0.001 to 0.003.
func TestStagesAreThePapers(t *testing.T) {
	d := gan.Data{Field: "pictures", Shape: []int{1024, 1024, 3}}
	type stage struct {
		name          string
		rounds, batch int
		rate          float64
	}
	for name, want := range map[string][]stage{
		"progressive": {
			{"4x4", 50000, 16, 0.001}, {"8x8 fades in", 50000, 16, 0.001}, {"128x128", 50000, 16, 0.001},
			{"256x256", 57143, 14, 0.001}, {"512x512 fades in", 133334, 6, 0.001}, {"1024x1024", 0, 3, 0.001},
		},
		"stylegan": {
			{"8x8", 2344, 256, 0.001}, {"16x16 fades in", 4688, 128, 0.001}, {"32x32", 9375, 64, 0.001}, {"64x64", 18750, 32, 0.001},
			{"128x128", 18750, 32, 0.0015}, {"256x256", 18750, 32, 0.002}, {"1024x1024", 0, 32, 0.003},
		},
	} {
		model, err := models.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		game, err := configure(t, model, "preset=paper").game(d)
		if err != nil {
			t.Fatal(err)
		}
		start, found := 0, 0
		for i, act := range game.Acts {
			for _, w := range want {
				if w.name != act.Name {
					continue
				}
				found++
				if act.Rounds != w.rounds || game.Records(i) != w.batch || act.Fresh != (i > 0 && game.Acts[i-1].Name[:2] != act.Name[:2]) {
					t.Errorf("%s, %s: %d rounds of %d, fresh %v; want %d of %d", name, act.Name, act.Rounds, game.Records(i), act.Fresh, w.rounds, w.batch)
				}
				for _, knob := range game.Knobs {
					if got := knob.Setting(gan.Progress{Round: start}); knob.Name == "rate/critic" && got != w.rate {
						t.Errorf("%s, %s: the rate is %v, want %v", name, act.Name, got, w.rate)
					}
				}
			}
			start += act.Rounds
		}
		if found != len(want) {
			t.Errorf("%s: %d of the %d stages are there: %v", name, found, len(want), game.Acts)
		}
	}
}
