package gan

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

func contains(err error, part string) bool { return strings.Contains(err.Error(), part) }

// defaults are the shared options as declared.
func defaults(t testing.TB) Options {
	t.Helper()
	return config.Default[Options]()
}

func game(t testing.TB, pair Pair, o Options) *Game {
	t.Helper()
	g, err := pair.Game(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Check(); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestOptionsAreDeclaredInFull(t *testing.T) {
	if err := config.Check(Options{}); err != nil {
		t.Error(err)
	}
}

func TestRefusalsAreToldAllAtOnceWithTheirKeys(t *testing.T) {
	o := defaults(t)
	o.Objective, o.Penalty.Smoothing = "wasserstein", 0.1
	o.Optim.Critic, o.Optim.Accumulate = 20, 20
	_, err := pictures(layers.BatchNorm{}.On, true).Game(o)
	var keys []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			var problem *config.Problem
			if errors.As(e, &problem) {
				keys = append(keys, problem.Key)
			}
		}
	}
	if want := []string{"objective", "penalty.smoothing", "optim.accumulate"}; !slices.Equal(keys, want) {
		t.Errorf("refused %v, want %v: %v", keys, want, err)
	}
	o = defaults(t)
	o.Penalty.GP = 10
	if _, err := pictures(layers.BatchNorm{}.On, true).Game(o); err == nil || !contains(err, "penalty.gp: it is a penalty on each record's own slope") {
		t.Error(err)
	}
	o.Objective = "hing"
	if _, err := points().Game(o); err == nil || !contains(err, `there is no "hing"`) {
		t.Error(err)
	}
}

func TestLearningRatesFollowTheirSchedule(t *testing.T) {
	at := func(schedule string, start float64, round int) float64 {
		o := Optim{Schedule: schedule, Start: start}
		return o.rate("rate/critic", 0.2).Setting(Progress{Round: round, Rounds: 100})
	}
	for _, c := range []struct {
		schedule string
		start    float64
		round    int
		want     float64
	}{
		{"constant", 0, 99, 0.2}, {"constant", 0.5, 99, 0.2},
		{"linear", 0, 0, 0.2}, {"linear", 0, 25, 0.15}, {"linear", 0, 100, 0}, {"linear", 0, 150, 0},
		{"linear", 0.5, 50, 0.2}, {"linear", 0.5, 75, 0.1}, {"linear", 0.5, 100, 0},
		{"cosine", 0, 0, 0.2}, {"cosine", 0, 50, 0.1}, {"cosine", 0, 25, 0.1 * (1 + math.Sqrt2/2)}, {"cosine", 0.5, 75, 0.1}, {"cosine", 0, 100, 0},
	} {
		if got := at(c.schedule, c.start, c.round); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%s from %g: the rate in round %d of 100 is %g, want %g", c.schedule, c.start, c.round, got, c.want)
		}
	}
	// A run without planned rounds has no end for the rate to fall to.
	o := Optim{Schedule: "linear"}
	if got := o.rate("rate", 0.2).Setting(Progress{Round: 1000}); got != 0.2 {
		t.Errorf("without planned rounds the rate is %g", got)
	}
}

func TestKnobs(t *testing.T) {
	o := defaults(t)
	o.Optim.Rate, o.Optim.CriticRate, o.Optim.Average = 0.1, 0.4, 0.9
	o.Penalty.Noise, o.Penalty.NoiseEnd = 0.5, 0.4
	g := game(t, points(), o)
	setting := func(name string, round int) float64 {
		i := slices.IndexFunc(g.Knobs, func(k Knob) bool { return k.Name == name })
		if i < 0 {
			t.Fatalf("no knob %s", name)
		}
		return g.Knobs[i].Setting(Progress{Round: round, Rounds: 100})
	}
	for _, c := range []struct {
		knob  string
		round int
		want  float64
	}{
		{"rate/generator", 0, 0.1}, {"rate/critic", 0, 0.4}, // two time scales
		{"average", 0, 0.1}, {"average", 8, 0.5}, {"average", 80, 0.9}, {"average", 1000, 0.9},
		{"noise", 0, 0.5}, {"noise", 20, 0.25}, {"noise", 40, 0}, {"noise", 90, 0},
	} {
		if got := setting(c.knob, c.round); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s in round %d is %g, want %g", c.knob, c.round, got, c.want)
		}
	}
	o.Optim.CriticRate, o.Optim.Average, o.Penalty.Noise = 0, 0, 0
	g = game(t, points(), o)
	if got := setting("rate/critic", 0); got != 0.1 {
		t.Errorf("without a rate of its own the critic's is %g", got)
	}
	if g.hasKnob("average") || g.hasKnob("noise") || g.Averaged {
		t.Error("what is off has a knob")
	}
}

func TestPretrainingIsAnActOfTheCriticAlone(t *testing.T) {
	o := defaults(t)
	o.Optim.Batch, o.Optim.Pretrain, o.Penalty.R1, o.Penalty.Every = 2, 2, 1, 2
	p := play(t, game(t, points(), o), dtypes.Float64)
	for round := range 4 {
		before := p.all("")
		terms := p.play()
		_, moved := terms["generator/loss"]
		if moved != (round >= 2) {
			t.Errorf("round %d: the generator moves: %v", round, moved)
		}
		if _, lazy := terms["critic/slope/r1"]; lazy != (round%2 == 0) {
			t.Errorf("round %d: lazy R1: %v", round, lazy)
		}
		if round == 1 && !slices.Equal(p.weight("generator/out/kernel"), before["generator/out/kernel"]) {
			t.Error("pre-training moved the generator")
		}
	}
}

// Lazy R1 steps on k times the penalty, with the critic's optimiser state.
func TestLazyPenaltyUsesTheCriticsSlotAndItsMultiple(t *testing.T) {
	o := defaults(t)
	o.Optim.Batch, o.Penalty.R1, o.Penalty.R2, o.Penalty.Every = 2, 3, 5, 4
	p := play(t, game(t, points(), o), dtypes.Float64)
	terms := p.play()
	want := 4 * (3*terms["critic/slope/r1"] + 5*terms["critic/slope/r2"])
	near(t, "the loss of the lazy move", []float64{terms["critic/slope/loss"]}, []float64{want}, 1e-12)
	if want == 0 {
		t.Error("there is no penalty")
	}
	for range 4 {
		p.play()
	}
	near(t, "the critic's steps after 5 rounds", p.weight("moves/critic/steps"), []float64{7}, 0)
	if own := p.all("moves/critic/slope"); len(own) > 0 {
		t.Errorf("the lazy move has a state of its own: %v", own)
	}
	// Not lazy, the same penalties are part of the critic's loss.
	o.Penalty.Every = 1
	eager := play(t, game(t, points(), o), dtypes.Float64)
	terms = eager.play()
	o.Penalty.R1, o.Penalty.R2 = 0, 0
	bare := play(t, game(t, points(), o), dtypes.Float64).play()
	want = bare["critic/loss"] + 3*terms["critic/r1"] + 5*terms["critic/r2"]
	near(t, "the critic's loss", []float64{terms["critic/loss"]}, []float64{want}, 1e-12)
	if terms["critic/r1"] <= 0 || terms["critic/r2"] <= 0 {
		t.Errorf("slopes %v", terms)
	}
}

// The generator takes the critic's last batch where both share it, and draws its own otherwise.
func TestShareFake(t *testing.T) {
	for _, share := range []bool{false, true} {
		o := defaults(t)
		o.Optim.Batch, o.Optim.Critic, o.Optim.ShareFake = 2, 2, share
		p := play(t, game(t, points(), o), dtypes.Float64)
		p.play()
		if own := p.drawn["z generator 0"] != nil; own == share {
			t.Errorf("shared: %v, and the generator draws latents: %v", share, own)
		}
		if p.drawn["z critic 0"] == nil || p.drawn["z critic 1"] == nil {
			t.Error("a turn of the critic has no latents of its own")
		}
	}
}

// A critic that is batch norm alone: apart, each half is standardised by itself and both have the mean 0; together they have not.
func TestBatchStatisticsApartAndTogether(t *testing.T) {
	pair := points()
	pair.Mixes = true
	pair.Critic = func(net Net, x, _ *Node) *Node {
		return graph.ReduceMean(layers.BatchNorm{}.On(net, graph.MulScalar(x, 1)), -1)
	}
	o := defaults(t)
	o.Objective, o.Penalty.Clip, o.Optim.Batch = "wasserstein", 1, 3
	reported := func(statistics string) (real, fake float64) {
		o.Optim.Statistics = statistics
		p := play(t, game(t, pair, o), dtypes.Float64)
		p.given = map[string][]float64{"points": {5, 6, 7, 8, 9, 7}}
		terms := p.play()
		return terms["critic/real"], terms["critic/fake"]
	}
	real, fake := reported("separate")
	if math.Abs(real) > 1e-12 || math.Abs(fake) > 1e-12 {
		t.Errorf("apart, the means are %g and %g, want 0", real, fake)
	}
	real, fake = reported("joint")
	if real < 0.5 || math.Abs(real+fake) > 1e-12 {
		t.Errorf("together, the means are %g and %g, want opposites", real, fake)
	}
}

// What the critic sees is the record plus the knob times a drawn normal number, real and generated apart.
func TestInstanceNoise(t *testing.T) {
	pair := points()
	pair.Critic = func(net Net, x, _ *Node) *Node { // the sum of the record's numbers, times a weight that stays near 1
		return graph.Mul(graph.ReduceSum(x, -1), net.Weight("w", layers.Constant(1)))
	}
	o := defaults(t)
	o.Objective, o.Penalty.Clip, o.Optim.Batch, o.Penalty.Noise = "wasserstein", 2, 2, 0.5
	p := play(t, game(t, pair, o), dtypes.Float64)
	terms := p.play()
	x, noise := p.drawn["points critic 0"], p.drawn["noise/real critic 0"]
	want := 0.0
	for i := range x {
		want += (x[i] + 0.5*noise[i]) / 2
	}
	near(t, "the mean score of real records", []float64{terms["critic/real"]}, []float64{want}, 1e-12)
	if slices.Equal(noise, p.drawn["noise/fake critic 0"]) || p.drawn["noise/fake generator 0"] == nil {
		t.Error("generated records have no noise of their own")
	}
}

// A conditional pair hands both players the right labels: the record's to the critic on real records, the drawn classes with generated.
func TestConditionalPairsSeeTheirLabels(t *testing.T) {
	pair := points()
	pair.Classes = 3
	pair.Critic = func(net Net, x, y *Node) *Node {
		return graph.Mul(graph.ConvertDType(y, dtypes.Float64), net.Weight("w", layers.Constant(1)))
	}
	generator := pair.Generator
	pair.Generator = func(net Net, z, y *Node) *Node {
		return generator(net, graph.Mul(z, graph.InsertAxes(graph.ConvertDType(y, dtypes.Float64), -1)), nil)
	}
	mean := func(v []float64) (m float64) {
		for _, x := range v {
			m += x / float64(len(v))
		}
		return m
	}
	for _, statistics := range []string{"separate", "joint"} {
		for _, share := range []bool{false, true} {
			o := defaults(t)
			o.Objective, o.Penalty.Clip, o.Optim.Batch = "wasserstein", 2, 8
			o.Optim.Statistics, o.Optim.ShareFake = statistics, share
			g := game(t, pair, o)
			p := play(t, g, dtypes.Float64)
			terms := p.moves(g.Acts[0].Moves[0])
			near(t, "real", []float64{terms["critic/real"]}, []float64{mean(p.drawn["labels critic 0"])}, 1e-12)
			near(t, "fake", []float64{terms["critic/fake"]}, []float64{mean(p.drawn["classes critic 0"])}, 1e-12)
		}
	}
}

// The reported scores are probabilities where the objective speaks of them.
func TestReportedScores(t *testing.T) {
	for _, o := range Objectives() {
		options := defaults(t)
		options.Objective, options.Penalty.Clip, options.Optim.Batch = o.Name, 1, 2
		terms := play(t, game(t, points(), options), dtypes.Float64).play()
		for _, name := range []string{"critic/real", "critic/fake", "generator/fake"} {
			value, ok := terms[name]
			if !ok || math.IsNaN(value) || o.Probability && (value <= 0 || value >= 1) {
				t.Errorf("%s: %s is %v", o.Name, name, value)
			}
		}
	}
}
