package gan

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// A round of critic, critic, critic, generator with a gradient penalty on a strided critic, in one graph and in one graph a move. On
// GoMLX's backend the numbers must be the same to the bit: with StopGradient alone for the cut after a step, the later moves have no
// gradient. (That they would differentiate through the step without any cut is the next test's.) Our engine may fuse the two graphs
// differently, which would show in the last digits, and Adam's root of small moments makes them more.
func TestOneGraphIsOneGraphAMove(t *testing.T) {
	ours, err := engine.New("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ours.Finalize)
	for name, c := range map[string]struct {
		norm  func(net Net, x *Node) *Node
		mixes bool
		set   func(o *Options)
	}{
		"gradient penalty, layer norm": {layers.LayerNorm{}.On, false, func(o *Options) { o.Penalty.GP = 10 }},
		"r1 and r2, batch norm":        {layers.BatchNorm{}.On, true, func(o *Options) { o.Penalty.R1, o.Penalty.R2 = 1, 1 }},
		"clipped":                      {layers.BatchNorm{}.On, true, func(o *Options) { o.Penalty.Clip = 0.05 }},
	} {
		for _, backend := range []compute.Backend{nil, ours} {
			where, tolerance := "stock", 0.0
			if backend != nil {
				where, tolerance = "ours", 1e-4
			}
			t.Run(name+", "+where, func(t *testing.T) {
				o := defaults(t)
				o.Optim.Batch, o.Optim.Critic, o.Optim.Rate = 3, 3, 0.01
				c.set(&o)
				whole := play(t, game(t, pictures(c.norm, c.mixes), o), dtypes.Float32)
				if backend != nil {
					whole.backend = backend
				}
				apart := whole.again()
				critic, generator := whole.game.Acts[0].Moves[0], whole.game.Acts[0].Moves[1]
				critic.Times = 1
				for round := range 3 {
					whole.play()
					for turn := range 3 {
						apart.offset["critic"] = turn
						apart.moves(critic)
					}
					apart.moves(generator)
					apart.round++
					got := apart.all("")
					for path, want := range whole.all("") {
						near(t, fmt.Sprintf("round %d: %s", round, path), got[path], want, tolerance)
					}
				}
				if len(whole.all("")) < 20 {
					t.Error("too few variables were compared")
				}
			})
		}
	}
}

// The same moves where a later one differentiates by what an earlier one set, to see that the cut is what makes it right.
func TestAMoveDoesNotDifferentiateThroughAnEarlierStep(t *testing.T) {
	// first: a' = a - rate*b. second: lowers a'*b by b, whose gradient is a', and not a' + b da'/db.
	g := &Game{
		Batch: 1, Knobs: []Knob{{Name: "rate", Value: 0.5}},
		Acts: []Act{{Moves: []Move{
			{Name: "first", Owns: []string{"a"}, Optimizer: SGD{}, Rate: "rate", Loss: product},
			{Name: "second", Owns: []string{"b"}, Optimizer: SGD{}, Rate: "rate", Loss: product},
			{Name: "third", Owns: []string{"a"}, Optimizer: SGD{}, Rate: "rate", Loss: product},
		}}},
	}
	p := play(t, g, dtypes.Float64)
	p.play()
	a, b := 3.0, 2.0
	a -= 0.5 * b
	b -= 0.5 * a
	a -= 0.5 * b
	near(t, "a", p.weight("a/w"), []float64{a}, 0)
	near(t, "b", p.weight("b/w"), []float64{b}, 0)
}

func product(r *Turn) *Node {
	return graph.Mul(r.Net("a").Weight("w", layers.Constant(3)), r.Net("b").Weight("w", layers.Constant(2)))
}

func TestNeedsAreOneNodeWithinATurnAndAnotherInTheNext(t *testing.T) {
	var seen []*Node
	g := pulled(SGD{}, func(m *Move) {
		m.Times, m.Parts = 2, 2
		loss := m.Loss
		m.Loss = func(r *Turn) *Node {
			a, b := r.Need("g"), r.Need("g")
			if a != b {
				t.Error("a need was drawn twice in a turn")
			}
			if slices.Contains(seen, a) {
				t.Error("two turns or parts share a need")
			}
			seen = append(seen, a)
			return loss(r)
		}
	})
	p := play(t, g, dtypes.Float64)
	p.play()
	if len(seen) != 4 || len(p.turn.Draws()) != 4 {
		t.Fatalf("%d turns and parts, %d draws", len(seen), len(p.turn.Draws()))
	}
	for i, d := range p.turn.Draws() {
		if d.Turn != i || d.Move != "player" || d.Need.Name != "g" {
			t.Errorf("draw %d is %+v", i, d)
		}
	}
	refused(t, func() {
		p.game.Acts[0].Moves[0].Loss = func(r *Turn) *Node { return r.Need("h") }
		p.play()
	}, `the game has no need called "h"`)
	refused(t, func() {
		p.game.Acts[0].Moves[0].Loss = func(r *Turn) *Node { return r.Knob("alpha") }
		p.play()
	}, `the game has no knob called "alpha"`)
}

// Once: shared by the moves of a round, made anew for each turn of one move, and forgotten when a weight that it was made from changes.
func TestOnce(t *testing.T) {
	made := map[string]int{}
	shared := func(r *Turn, key, player string) *Node {
		return r.Once(key, func() *Node {
			made[key]++
			return graph.MulScalar(r.Net(player).Weight("w", layers.Constant(2)), 1)
		})
	}
	move := func(name, owns string, times int) Move {
		return Move{Name: name, Owns: []string{owns}, Optimizer: SGD{}, Rate: "rate", Times: times, Loss: func(r *Turn) *Node {
			own := r.Net(owns).Weight("w", layers.Constant(2))
			return graph.Mul(graph.Mul(own, graph.StopGradient(shared(r, "a", "a"))), graph.StopGradient(shared(r, "b", "b")))
		}}
	}
	g := &Game{Batch: 1, Knobs: []Knob{{Name: "rate", Value: 0.1}}, Acts: []Act{{Moves: []Move{move("first", "b", 2), move("second", "b", 1), move("third", "a", 1), move("fourth", "c", 1)}}}}
	p := play(t, g, dtypes.Float64)
	p.play()
	// a: made by first's two turns; second and third have it from the last of them; third changes it, so fourth makes it again.
	// b: made by first's two turns, each of which changes it; by second, which changes it; by third; fourth has it from third.
	if made["a"] != 3 || made["b"] != 4 {
		t.Errorf("a was made %d times, want 3; b %d times, want 4", made["a"], made["b"])
	}
	// By hand, with a node that is shared stale nowhere: each loss is own * a * b.
	a, b, c := 2.0, 2.0, 2.0
	for range 3 {
		b -= 0.1 * a * b
	}
	a -= 0.1 * a * b
	c -= 0.1 * a * b
	near(t, "a, b, c", slices.Concat(p.weight("a/w"), p.weight("b/w"), p.weight("c/w")), []float64{a, b, c}, 1e-15)
}

func TestEachPlayersMoveLeavesTheOthersWeightsAlone(t *testing.T) {
	o := defaults(t)
	o.Optim.Batch = 3
	p := play(t, game(t, pictures(layers.BatchNorm{}.On, true), o), dtypes.Float32)
	p.play()
	for i, mine := range []string{CriticScope, GeneratorScope} {
		other := []string{GeneratorScope, CriticScope}[i]
		before := p.all("")
		p.moves(p.game.Acts[0].Moves[i])
		for path, values := range p.all("") {
			v := p.weights.Get(path)
			same := slices.Equal(values, before[path])
			switch {
			case v.Trainable && layers.Under(path, mine) && same:
				t.Errorf("%s did not move in the turn of its owner", path)
			case v.Trainable && layers.Under(path, other) && !same:
				t.Errorf("%s moved in the turn of the %s", path, mine)
			case layers.Under(path, "moves/"+other) && !same:
				t.Errorf("the optimiser's %s moved in the turn of the %s", path, mine)
			}
		}
	}
}

func TestWhatIsWrongWithALossIsSaid(t *testing.T) {
	loss := func(fn func(r *Turn) *Node, owns ...string) func() {
		return func() {
			g := pulled(SGD{}, func(m *Move) { m.Loss, m.Owns = fn, owns })
			play(t, g, dtypes.Float64).play()
		}
	}
	generator := func(r *Turn) *Node { return r.Net("generator").Weight("w", layers.Constant(1)) }
	refused(t, loss(generator, "genrator"), "the loss does not depend on any trainable weight in [genrator]", "there are weights in [generator]")
	refused(t, loss(func(r *Turn) *Node { return graph.StopGradient(generator(r)) }, "generator"), "the loss does not depend on")
	refused(t, loss(func(r *Turn) *Node { return graph.Add(generator(r), r.Need("g")) }, "generator"), "the loss is (Float64)[1, 5]; it must be a scalar")
}

// Terms are means; of several turns the last is reported; sampling reports nothing.
func TestTerms(t *testing.T) {
	g := pulled(SGD{}, func(m *Move) {
		m.Times = 2
		loss := m.Loss
		m.Loss = func(r *Turn) *Node { r.Term("g", r.Need("g")); return loss(r) }
	})
	g.Generate = func(r *Turn) Fields {
		once := r.Once("g", func() *Node { return r.Term("sample", r.Need("g")) })
		return Fields{"g": once}
	}
	p := play(t, g, dtypes.Float64)
	terms := p.play()
	last := p.drawn["g player 1"]
	near(t, "term", []float64{terms["player/g"]}, []float64{(last[0] + last[1] + last[2] + last[3] + last[4]) / 5}, 1e-12)
	var names []string
	for _, term := range p.turn.Terms() {
		names = append(names, term.Name)
	}
	if want := []string{"player/g", "player/loss", "player/gradient"}; !slices.Equal(names, want) {
		t.Errorf("terms %v, want %v", names, want)
	}
	if got := p.sample(false, "g"); len(got) != 5 {
		t.Errorf("sampled %v", got)
	}
}

func TestClipHoldsOwnedWeightsInBounds(t *testing.T) {
	clipped := play(t, pulled(SGD{}, func(m *Move) { m.Then = func(r *Turn) { Clip(r, 0.3) } }), dtypes.Float64)
	free := play(t, pulled(SGD{}, nil), dtypes.Float64)
	clipped.play()
	free.play()
	want := free.weight("player/w")
	for i := range want {
		want[i] = min(max(want[i], -0.3), 0.3)
	}
	near(t, "weights", clipped.weight("player/w"), want, 0)
	if slices.Max(want) != 0.3 && slices.Min(want) != -0.3 {
		t.Error("nothing was to be clipped")
	}
}

// The average starts at the weights that the first step finds, follows by its decay, copies running statistics, and is what samples
// are made from.
func TestAverage(t *testing.T) {
	o := defaults(t)
	o.Optim.Batch = 3
	p := play(t, game(t, pictures(layers.BatchNorm{}.On, true), o), dtypes.Float64)
	p.knobs = map[string]float64{"average": 0.75}
	start := p.sample(true, "pictures")
	near(t, "samples of averaged and raw weights before the first round", start, p.sample(false, "pictures"), 0)
	average := p.all(GeneratorScope)
	for range 3 {
		p.play()
		for path, raw := range p.all(GeneratorScope) {
			for i := range raw {
				if p.weights.Get(path).Trainable {
					average[path][i] = 0.75*average[path][i] + 0.25*raw[i]
				} else {
					average[path][i] = raw[i]
				}
			}
			near(t, path, p.weight(AveragePrefix+path), average[path], 1e-12)
		}
	}
	if slices.Equal(p.sample(true, "pictures"), p.sample(false, "pictures")) {
		t.Error("averaged weights make the samples of raw ones")
	}
	if len(p.all(AveragePrefix+CriticScope)) > 0 {
		t.Error("the critic is averaged")
	}
	// A zero decay is the weights themselves.
	p.knobs["average"] = 0
	p.play()
	near(t, "samples at decay 0", p.sample(true, "pictures"), p.sample(false, "pictures"), 0)
}

func TestWhere(t *testing.T) {
	g := pulled(SGD{}, func(m *Move) {
		m.Name = "player/lazy"
		loss := m.Loss
		m.Loss = func(r *Turn) *Node {
			r.Net("player").In("out")
			if got := r.Where(); got != "move player/lazy > player/out" {
				t.Errorf("Where says %q", got)
			}
			return loss(r)
		}
	})
	play(t, g, dtypes.Float64).play()
}

func TestDueMadeAndActs(t *testing.T) {
	for _, m := range []Move{{}, {Every: 4}, {Times: 5}, {Parts: 3}, {Every: 3, Times: 2, Parts: 4}} {
		made := 0
		for round := range 20 {
			if got := m.Made(round); got != made {
				t.Errorf("%+v: made %d times before round %d, want %d", m, got, round, made)
			}
			if m.Due(round) {
				made += m.times() * m.parts()
			}
		}
		if want := map[bool]int{true: 20, false: (20 + max(m.Every, 1) - 1) / max(m.Every, 1)}[m.Every == 0]; made != want*m.times()*m.parts() {
			t.Errorf("%+v: made %d times in 20 rounds", m, made)
		}
	}
	g := Game{Acts: []Act{{Rounds: 3}, {Rounds: 2}, {}}}
	ended := Game{Acts: []Act{{Rounds: 3}, {Rounds: 2}}} // rounds beyond the last act's are its
	for round, want := range [][2]int{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {2, 0}, {2, 1}} {
		if act, within := g.ActAt(round); [2]int{act, within} != want {
			t.Errorf("round %d is round %d of act %d, want %v", round, within, act, want)
		}
		if want[0] == 2 {
			want = [2]int{1, want[1] + 2}
		}
		if act, within := ended.ActAt(round); [2]int{act, within} != want {
			t.Errorf("of two acts, round %d is round %d of act %d, want %v", round, within, act, want)
		}
	}
}

func TestCheckTellsAllThatIsWrongWithAGame(t *testing.T) {
	nothing := func(r *Turn) *Node { return nil }
	g := &Game{Acts: []Act{
		{Name: "early", Moves: []Move{{Name: "a", Loss: nothing, Optimizer: SGD{}, Owns: []string{"a"}, Rate: "speed"}}},
		{Name: "late", Moves: []Move{{Name: "b"}, {Name: "b", Slot: "c"}}},
		{Name: "empty"},
	}}
	err := g.Check()
	for _, want := range []string{
		"the batch is 0", `act "early" has no number of rounds`, `act "late" has no number of rounds`, `act "empty" has no moves`,
		`move "a" takes its learning rate from the knob "speed"`, `move "b" needs Loss, Optimizer and Owns`,
		`act "late" has two moves called "b"`, `move "b" takes its optimiser's state from "c", which is no move`,
	} {
		if err == nil || !contains(err, want) {
			t.Errorf("nothing is said of: %s", want)
		}
	}
	if err := (&Game{Batch: 1}).Check(); err == nil || !contains(err, "the game has no act, so nobody moves") {
		t.Error(err)
	}
	if err := pulled(SGD{}, nil).Check(); err != nil {
		t.Error(err)
	}
}

// Statistics belong to the pass that writes them: the critic's own turn changes the generator's, since both run it in training mode.
func TestStatisticsBelongToThePass(t *testing.T) {
	for _, c := range []struct {
		set  func(o *Options)
		runs int // of the generator in training mode in a round
	}{
		{func(o *Options) {}, 2},
		{func(o *Options) { o.Optim.ShareFake = true }, 1},
		{func(o *Options) { o.Penalty.R2 = 1 }, 2}, // R2 looks at the batch that the critic's loss has
		{func(o *Options) { o.Optim.Critic = 3 }, 4},
		{func(o *Options) { o.Optim.Critic, o.Optim.ShareFake = 3, true }, 3},
	} {
		o := defaults(t)
		o.Optim.Batch = 2
		c.set(&o)
		runs := 0
		pair := pictures(layers.BatchNorm{}.On, true)
		generator := pair.Generator
		pair.Generator = func(net Net, z, y *Node) *Node { runs++; return generator(net, z, y) }
		p := play(t, game(t, pair, o), dtypes.Float32)
		p.play()
		if runs != c.runs {
			t.Errorf("%+v: the generator ran %d times, want %d", o.Optim, runs, c.runs)
		}
		if mean := p.weight("generator/norm/mean"); mean[0] == 0 {
			t.Error("the generator's statistics did not move")
		}
	}
}

// A penalty's own pass through the critic leaves its running statistics alone.
func TestPenaltiesDoNotMoveStatistics(t *testing.T) {
	statistics := func(set func(o *Options)) []float64 {
		o := defaults(t)
		o.Optim.Batch = 2
		set(&o)
		p := play(t, game(t, pictures(layers.BatchNorm{}.On, true), o), dtypes.Float64)
		p.moves(p.game.Acts[0].Moves[0])
		return slices.Concat(p.weight("critic/norm/mean"), p.weight("critic/norm/variance"))
	}
	without := statistics(func(o *Options) {})
	near(t, "with R1 and R2", statistics(func(o *Options) { o.Penalty.R1, o.Penalty.R2 = 1, 1 }), without, 0)
	near(t, "with DRAGAN", statistics(func(o *Options) { o.Penalty.Dragan = 1 }), without, 0)
}

func TestSamplingIsFixedAndDrawsNothingElse(t *testing.T) {
	o := defaults(t)
	o.Optim.Batch = 2
	p := play(t, game(t, pictures(layers.BatchNorm{}.On, true), o), dtypes.Float32)
	p.play()
	before := p.all("")
	p.sample(false, "pictures")
	for path, values := range p.all("") {
		if !slices.Equal(values, before[path]) {
			t.Errorf("sampling changed %s", path)
		}
	}
	// With running statistics a sample does not depend on its neighbours.
	p.given = map[string][]float64{"z": {1, 2, 3, 4, 5, 6}}
	a := p.sample(false, "pictures")
	p.given = map[string][]float64{"z": {1, 2, 3, -4, 0, 9}}
	b := p.sample(false, "pictures")
	if !slices.Equal(a[:64], b[:64]) || slices.Equal(a[64:], b[64:]) {
		t.Error("the first sample depends on the second, or nothing on anything")
	}
}
