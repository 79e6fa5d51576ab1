package gan

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// pulled is a game whose one move lowers w.g: the gradient by w is g, which each turn draws anew.
func pulled(optimizer Optimizer, change func(*Move)) *Game {
	move := Move{
		Name: "player", Owns: []string{"player"}, Optimizer: optimizer, Rate: "rate",
		Loss: func(r *Turn) *Node {
			w := r.Net("player").Weight("w", layers.Normal(0, 1), 5)
			return graph.ReduceAllSum(graph.Mul(w, graph.Reshape(r.Need("g"), 5)))
		},
	}
	if change != nil {
		change(&move)
	}
	return &Game{Batch: 1, Needs: []Need{Normal("g", 5)}, Knobs: []Knob{{Name: "rate", Value: 0.05}}, Acts: []Act{{Moves: []Move{move}}}}
}

// Ten steps against the algorithms as their papers write them, in float64.
func TestOptimisersStepByStep(t *testing.T) {
	const rate = 0.05
	type state struct{ m, v, u [5]float64 }
	for name, c := range map[string]struct {
		optimizer Optimizer
		step      func(s *state, n int, i int, g float64) float64 // what is taken from weight i in step n, from 1
	}{
		"adam": {Adam{Beta1: 0.5, Beta2: 0.999}, func(s *state, n, i int, g float64) float64 {
			s.m[i] = 0.5*s.m[i] + 0.5*g
			s.v[i] = 0.999*s.v[i] + 0.001*g*g
			m, v := s.m[i]/(1-math.Pow(0.5, float64(n))), s.v[i]/(1-math.Pow(0.999, float64(n)))
			return rate * m / (math.Sqrt(v) + 1e-8)
		}},
		"adam of wgan-gp": {Adam{Beta1: 0, Beta2: 0.9, Epsilon: 1e-3}, func(s *state, n, i int, g float64) float64 {
			s.v[i] = 0.9*s.v[i] + 0.1*g*g
			return rate * g / (math.Sqrt(s.v[i]/(1-math.Pow(0.9, float64(n)))) + 1e-3)
		}},
		"rmsprop": {RMSProp{}, func(s *state, n, i int, g float64) float64 {
			s.v[i] = 0.99*s.v[i] + 0.01*g*g
			return rate * g / (math.Sqrt(s.v[i]) + 1e-8)
		}},
		"sgd": {SGD{}, func(s *state, n, i int, g float64) float64 { return rate * g }},
		"sgd with momentum": {SGD{Momentum: 0.5}, func(s *state, n, i int, g float64) float64 {
			s.u[i] = 0.5*s.u[i] + g
			return rate * s.u[i]
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := play(t, pulled(c.optimizer, nil), dtypes.Float64)
			var s state
			var want []float64
			for n := 1; n <= 10; n++ {
				p.play()
				if want == nil {
					want = first(t, p)
				}
				for i, g := range p.drawn["g player 0"] {
					want[i] -= c.step(&s, n, i, g)
				}
				near(t, fmt.Sprint("weights after step ", n), p.weight("player/w"), want, 1e-12)
			}
		})
	}
}

// first is the first value of player/w, which depends on the seed and the path alone.
func first(t *testing.T, p *table) []float64 {
	t.Helper()
	w := make([]float64, 5)
	random := layers.Stream(p.weights.Seed, "init", "player/w")
	for i := range w {
		w[i] = random.NormFloat64()
	}
	return w
}

// In float32 Adam's first steps are the paper's to a few units in the last place: 1 - 0.999^n must not lose its digits.
func TestAdamsBiasCorrectionInSinglePrecision(t *testing.T) {
	p := play(t, pulled(Adam{Beta1: 0.9, Beta2: 0.999}, nil), dtypes.Float32)
	q := play(t, p.game, dtypes.Float64)
	for n := 1; n <= 3; n++ {
		before, exact := slices.Clone(first(t, p)), first(t, p)
		if n > 1 {
			before, exact = p.weight("player/w"), q.weight("player/w")
		}
		p.play()
		q.play()
		for i := range before {
			got, want := p.weight("player/w")[i]-before[i], q.weight("player/w")[i]-exact[i]
			if math.Abs(got-want) > 4e-7 { // steps of 0.05 on weights near 1, whose spacing is 6e-8 to 1.2e-7
				t.Errorf("step %d of weight %d is %.9g, want %.9g", n, i, got, want)
			}
		}
	}
}

func TestGradientsAreScaledDownToTheLimit(t *testing.T) {
	for _, limit := range []float64{0.5, 1000} {
		p := play(t, pulled(SGD{}, func(m *Move) { m.Limit = limit }), dtypes.Float64)
		norm := p.play()["player/gradient"]
		g := p.drawn["g player 0"]
		near(t, "the reported norm", []float64{norm}, []float64{math.Sqrt(dot(g, g))}, 1e-12)
		want := first(t, p)
		for i := range want { // torch.nn.utils.clip_grad_norm_
			want[i] -= 0.05 * g[i] * min(1, limit/(norm+1e-6))
		}
		near(t, fmt.Sprint("weights at limit ", limit), p.weight("player/w"), want, 1e-12)
	}
}

// Four batches of 4 in one step are one batch of 16, for players whose records do not see each other.
func TestAccumulatedPartsAreOneLargerBatch(t *testing.T) {
	build := func(batch, parts int) *table {
		o := defaults(t)
		o.Optim.Batch, o.Optim.Accumulate, o.Penalty.GP, o.Optim.ShareFake = batch, parts, 10, true
		return play(t, game(t, points(), o), dtypes.Float64)
	}
	whole, parts := build(16, 1), build(4, 4)
	draws := map[string][]float64{}
	for _, d := range []struct {
		name string
		size int
	}{{"points", 2}, {"z", 3}, {"penalty/epsilon", 1}} {
		random := layers.Stream(3, d.name)
		for range 16 * d.size {
			draws[d.name] = append(draws[d.name], random.Float64())
		}
	}
	whole.given, parts.given = draws, draws
	for range 3 {
		whole.play()
		parts.play()
	}
	for path, want := range whole.all("") {
		near(t, path, parts.all("")[path], want, 1e-9)
	}
	if z0, z1 := parts.drawn["z critic 0"], parts.drawn["z critic 1"]; slices.Equal(z0, z1) {
		t.Error("two parts step on the same latents")
	}
}

// A weight that the loss does not touch rests: its momentum does not move it, and its moments stay.
func TestAWeightOutOfTheLossIsNotMoved(t *testing.T) {
	for name, optimizer := range map[string]Optimizer{"adam": Adam{Beta1: 0.9, Beta2: 0.999}, "rmsprop": RMSProp{}, "sgd": SGD{Momentum: 0.9}} {
		t.Run(name, func(t *testing.T) {
			both := true
			g := pulled(optimizer, func(m *Move) {
				one := m.Loss
				m.Loss = func(r *Turn) *Node {
					other := r.Net("player").Weight("other", layers.Constant(1))
					if both {
						return graph.Add(one(r), graph.Square(other))
					}
					// It is read, and reaches the loss only where gradients are stopped.
					return graph.Add(one(r), graph.StopGradient(graph.Square(other)))
				}
			})
			p := play(t, g, dtypes.Float64)
			p.play()
			p.play()
			both = false
			before := p.all("")
			p.play()
			after := p.all("")
			for path, values := range before {
				resting := path == "player/other" || len(path) > 6 && path[len(path)-6:] == "/other"
				if same := slices.Equal(values, after[path]); same != resting && path != "moves/player/steps" {
					t.Errorf("%s: same %v, want %v", path, same, resting)
				}
			}
		})
	}
}

func TestMovesKeepTheirMomentsApartOrShareASlot(t *testing.T) {
	for _, c := range []struct {
		slot  string
		steps map[string]float64
	}{
		{"", map[string]float64{"moves/player/steps": 3, "moves/player/lazy/steps": 2}},
		{"player", map[string]float64{"moves/player/steps": 5}},
	} {
		g := pulled(Adam{Beta1: 0.5, Beta2: 0.999}, nil)
		lazy := g.Acts[0].Moves[0]
		lazy.Name, lazy.Slot, lazy.Every = "player/lazy", c.slot, 2
		g.Acts[0].Moves = append(g.Acts[0].Moves, lazy)
		if err := g.Check(); err != nil {
			t.Fatal(err)
		}
		p := play(t, g, dtypes.Float64)
		for range 3 { // lazy in rounds 0 and 2
			p.play()
		}
		for path, values := range p.all("moves") {
			if len(path) > 6 && path[len(path)-6:] == "/steps" && values[0] != c.steps[path] {
				t.Errorf("slot %q: %s is %v, want %v", c.slot, path, values, c.steps[path])
			}
		}
		for path := range c.steps {
			p.weight(path)
		}
	}
}

// Where beta2 changes from round to round, Adam's step is Torch's with the beta2 that holds: the moment follows by it, and its bias is
// taken for that of all steps.
func TestAdamFollowsAChangingBeta2(t *testing.T) {
	betas := []float64{0.9, 0.95, 0.99}
	game := &Game{
		Batch: 1, Knobs: []Knob{{Name: "rate", Value: 0.1}, {Name: "beta2", At: func(p Progress) float64 { return betas[p.Round] }}},
		Acts: []Act{{Moves: []Move{{
			Name: "player", Owns: []string{"player"}, Optimizer: Adam{Beta2Knob: "beta2"}, Rate: "rate",
			Loss: func(r *Turn) *Node {
				return graph.Mul(r.Net("player").Weight("w", layers.Constant(1)), graph.Reshape(r.Draw(Normal("slope"))))
			},
		}}}},
	}
	table := play(t, game, dtypes.Float64)
	w, v := 1.0, 0.0
	for round, slope := range []float64{2, -0.5, 3} {
		table.given = map[string][]float64{"slope": {slope}}
		table.play()
		v = betas[round]*v + (1-betas[round])*slope*slope
		w -= 0.1 * slope / (math.Sqrt(v/(1-math.Pow(betas[round], float64(round+1)))) + 1e-8)
		if got := flat(t, table.weights.Get("player/w").Value)[0]; math.Abs(got-w) > 1e-12 {
			t.Errorf("after round %d the weight is %v, want %v", round+1, got, w)
		}
	}
}
