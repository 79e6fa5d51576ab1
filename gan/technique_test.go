package gan

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// evaluated runs a function of constants on the stock backend.
func evaluated(t *testing.T, fn func(g *graph.Graph) []*Node) (out [][]float64) {
	t.Helper()
	p := play(t, &Game{Batch: 1}, dtypes.Float64)
	for _, value := range graph.MustNewExec(p.backend, fn).MustCall() {
		out = append(out, flat(t, value))
	}
	return out
}

// line is a pair whose players have one weight each: G(z) = g z and D(x) = d times the sum of the record, which is marked as features.
func line() Pair {
	pair := points()
	pair.Latent = Normal("z", 2)
	pair.Generator = func(net Net, z, _ *Node) *Node { return graph.Mul(z, net.Weight("g", layers.Constant(0.5))) }
	pair.Critic = func(net Net, x, _ *Node) *Node {
		return graph.Mul(graph.ReduceSum(net.Mark("features", x), -1), net.Weight("d", layers.Constant(1.5)))
	}
	return pair
}

func average(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v / float64(len(values))
	}
	return sum
}

// Orthogonal regularisation is the sum of squares of W'W off its diagonal (Brock 2018, equation 3), in plain loops over the owned weights,
// whichever axis counts the outputs. It is added to the generator's loss.
func TestOrthogonalRegularisation(t *testing.T) {
	pair := pictures(layers.BatchNorm{}.On, true)
	o := defaults(t)
	o.Technique.Orthogonal, o.Optim.Batch = 0.25, 2
	p := play(t, game(t, pair, o), dtypes.Float64)
	p.knobs = map[string]float64{"rate/critic": 0, "rate/generator": 0}
	terms := p.play()
	want := 0.0
	for _, path := range []string{"generator/project/kernel", "generator/out/kernel"} { // [h, w, out, in]
		dims, w := p.weights.Get(path).Shape.Dimensions, p.weight(path)
		column := func(out int) (values []float64) {
			for i, v := range w {
				if i/dims[3]%dims[2] == out {
					values = append(values, v)
				}
			}
			return values
		}
		for a := range dims[2] {
			for b := range dims[2] {
				if a != b {
					product := 0.0
					for i, v := range column(a) {
						product += v * column(b)[i]
					}
					want += product * product
				}
			}
		}
	}
	if want == 0 {
		t.Fatal("nothing to compare")
	}
	near(t, "the term", []float64{terms["generator/orthogonal"]}, []float64{want}, 1e-9)
	o.Technique.Orthogonal = 0
	plain := play(t, game(t, pair, o), dtypes.Float64)
	plain.knobs = p.knobs
	near(t, "what is added", []float64{terms["generator/loss"] - plain.play()["generator/loss"]}, []float64{0.25 * want}, 1e-9)
	if _, ok := terms["critic/orthogonal"]; ok {
		t.Error("the critic is regularised too")
	}
}

// Historical averaging keeps the mean of a weight's values, the first included, and its term is the squared distance from it.
func TestHistoricalAveraging(t *testing.T) {
	o := defaults(t)
	o.Technique.Historical, o.Optim.Batch, o.Optim.Algorithm, o.Optim.Rate = 0.1, 4, "sgd", 0.1
	p := play(t, game(t, line(), o), dtypes.Float64)
	past := []float64{0.5}
	for round := range 4 {
		now := past[len(past)-1]
		terms := p.play()
		near(t, "the term", []float64{terms["generator/historical"]}, []float64{math.Pow(now-average(past), 2)}, 1e-12)
		past = append(past, p.weight("generator/g")[0])
		near(t, "the mean", p.weight("moves/generator/mean/generator/g"), []float64{average(past)}, 1e-12)
		if round > 0 && terms["critic/historical"] == 0 {
			t.Error("the critic has no history")
		}
	}
}

// Feature matching replaces the generator's objective by the squared distance of mean features (Salimans 2016, section 3.1).
func TestFeatureMatching(t *testing.T) {
	o := defaults(t)
	o.Technique.FeatureMatching, o.Optim.Batch = true, 3
	p := play(t, game(t, line(), o), dtypes.Float64)
	terms := p.play()
	want := 0.0
	for axis := range 2 {
		real, fake := 0.0, 0.0
		for i := range 3 {
			real += p.drawn["points generator 0"][2*i+axis] / 3
			fake += 0.5 * p.drawn["z generator 0"][2*i+axis] / 3
		}
		want += (real - fake) * (real - fake)
	}
	near(t, "the generator's loss", []float64{terms["generator/loss"]}, []float64{want}, 1e-12)
	bare := line()
	bare.Critic = func(net Net, x, _ *Node) *Node {
		return graph.Mul(graph.ReduceSum(x, -1), net.Weight("d", layers.Constant(1)))
	}
	refused(t, func() { play(t, game(t, bare, o), dtypes.Float64).play() }, "marks its features")
}

// A pack lies side by side in the last axis: the records' channels at each place, one record after the other.
func TestPacking(t *testing.T) {
	got := evaluated(t, func(g *graph.Graph) []*Node {
		return []*Node{
			pack(graph.Const(g, [][]float64{{1, 2}, {3, 4}, {5, 6}, {7, 8}}), 2),
			pack(graph.Const(g, [][][][]float64{{{{1}, {2}}}, {{{3}, {4}}}}), 2), // two pictures of 1x2
		}
	})
	near(t, "points", got[0], []float64{1, 2, 3, 4, 5, 6, 7, 8}, 0)
	near(t, "pictures", got[1], []float64{1, 3, 2, 4}, 0)
	o := defaults(t)
	o.Technique.Packing, o.Optim.Batch, o.Penalty.Dragan, o.Penalty.Noise = 2, 6, 1, 0.1
	o.Penalty.GP = 1 // these draw a number a record
	pair, packs := points(), 0
	critic := pair.Critic
	pair.Critic = func(net Net, x, y *Node) *Node {
		if d := x.Shape().Dimensions; d[0] != 3 || d[1] != 4 {
			t.Errorf("the critic sees %v, want three packs of two", d)
		}
		packs++
		return critic(net, x, y)
	}
	play(t, game(t, pair, o), dtypes.Float64).play()
	if packs == 0 {
		t.Error("the critic was not asked")
	}
	o.Optim.Batch = 5
	if _, err := pair.Game(o); err == nil || !contains(err, "does not divide") {
		t.Error(err)
	}
	pair.Classes, o.Optim.Batch = 3, 6
	if _, err := pair.Game(o); err == nil || !contains(err, "technique.packing") {
		t.Error(err)
	}
}

// The best k scores keep their values and share the gradient as if they were the batch; the others get none. Of equal scores the earlier
// is better.
func TestTopK(t *testing.T) {
	got := evaluated(t, func(g *graph.Graph) []*Node {
		scores := graph.Const(g, []float64{3, 1, 4, 1, 5})
		kept := best(scores, graph.Const(g, 0.6))
		return []*Node{kept, graph.Gradient(graph.ReduceAllMean(kept), scores)[0]}
	})
	near(t, "scores", got[0], []float64{3, 1, 4, 1, 5}, 1e-12)
	near(t, "gradient of the mean", got[1], []float64{1.0 / 3, 0, 1.0 / 3, 0, 1.0 / 3}, 1e-12)
	got = evaluated(t, func(g *graph.Graph) []*Node {
		scores := graph.Const(g, []float64{1, 1, 1, 1})
		return []*Node{graph.Gradient(graph.ReduceAllMean(best(scores, graph.Const(g, 0.5))), scores)[0]}
	})
	near(t, "of equal scores", got[0], []float64{0.5, 0.5, 0, 0}, 1e-12)
	o := defaults(t)
	o.Technique.TopK = 0.5
	knob := o.Technique.knobs()[0]
	for round, want := range map[int]float64{0: 1, 25: 0.75, 50: 0.5, 100: 0.5} {
		if got := knob.Setting(Progress{Round: round, Rounds: 100}); math.Abs(got-want) > 1e-12 {
			t.Errorf("the share is %v in round %d, want %v", got, round, want)
		}
	}
}

// A shift moves whole rows and repeats the edge, and all shifts up to an eighth have equal chances.
func TestShift(t *testing.T) {
	for chance, want := range map[float64][]float64{
		0: {0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, 0.5: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
		0.99: {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15, 15}, 0.3: {0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14},
	} {
		got := evaluated(t, func(g *graph.Graph) []*Node {
			ramp := graph.Iota(g, shapes.Make(dtypes.Float64, 16), 0)
			return []*Node{graph.Einsum("bij,j->bi", shift(graph.Const(g, []float64{chance}), 16), ramp)}
		})
		near(t, "the shifted ramp", got[0], want, 0)
	}
}

// Consistency is the mean squared change of a real picture's score (Zhang 2019): with a critic that sees a corner alone, flipped pictures,
// and no shift, the difference of two corners.
func TestConsistency(t *testing.T) {
	pair := pictures(layers.BatchNorm{}.On, false)
	pair.Critic = func(net Net, x, _ *Node) *Node {
		corner := graph.Slice(x, graph.AxisRange(), graph.AxisElem(0), graph.AxisElem(0))
		return graph.Mul(graph.Reshape(corner, -1), net.Weight("w", layers.Constant(2)))
	}
	o := defaults(t)
	o.Technique.Consistency, o.Optim.Batch = 10, 2
	p := play(t, game(t, pair, o), dtypes.Float64)
	p.given = map[string][]float64{"consistency/flip": {0, 0.9}, "consistency/down": {0.5, 0.5}, "consistency/right": {0.5, 0.5}}
	terms := p.play()
	x := p.drawn["pictures critic 0"]
	near(t, "the term", []float64{terms["critic/consistency"]}, []float64{math.Pow(2*(x[7]-x[0]), 2) / 2}, 1e-12) // of two pictures one is flipped
	plain := points()
	if _, err := plain.Game(o); err == nil || !contains(err, "technique.consistency") {
		t.Error(err)
	}
}

// The generator's gradient through one step of the critic, by hand: with D(x) = d sum(x), G(z) = g z and the Wasserstein losses, the step is
// d' = d + rate (R - g Z), where R and Z are mean sums, and -d' g Z has the slope -d' Z + rate g Z^2 by g.
func TestUnrolledSteps(t *testing.T) {
	o := defaults(t)
	o.Objective, o.Penalty.Clip, o.Optim.Algorithm, o.Optim.Batch = "wasserstein", 10, "sgd", 3
	o.Technique.Unrolled = 1
	p := play(t, game(t, line(), o), dtypes.Float64)
	p.knobs = map[string]float64{"rate/critic": 0.25, "rate/generator": 1}
	generator := p.game.Acts[0].Moves[1]
	terms := p.moves(generator)
	r, z := 2*average(p.drawn["points generator 0"]), 2*average(p.drawn["z generator 0"])
	const g, d = 0.5, 1.5
	ahead := d + 0.25*(r-g*z)
	near(t, "the generator's loss", []float64{terms["generator/loss"]}, []float64{-ahead * g * z}, 1e-12)
	near(t, "the generator's weight", p.weight("generator/g"), []float64{g - (-ahead*z + 0.25*g*z*z)}, 1e-12)
	near(t, "the critic's weight", p.weight("critic/d"), []float64{d}, 0)
	for name := range terms {
		if strings.HasSuffix(name, "/real") {
			t.Errorf("the steps ahead report %s", name)
		}
	}
}

// The generator's gradient through steps of the critic whose loss has penalties, which are gradients themselves, against finite differences of
// the loss that the move reports: by every weight of the generator, through the slopes at the records and at what it generates itself.
func TestUnrolledStepsThroughSlopePenalties(t *testing.T) {
	smooth := points()
	mlp := func(units int) layers.MLP { return layers.MLP{Hidden: []int{4}, Units: units, Activation: graph.Tanh} }
	smooth.Generator = func(net Net, z, _ *Node) *Node { return mlp(2).On(net, z) }
	smooth.Critic = func(net Net, x, _ *Node) *Node { return graph.Reshape(mlp(1).On(net, x), -1) }
	convolved := pictures(layers.LayerNorm{}.On, false)
	for name, c := range map[string]struct {
		pair Pair
		most int // of a weight's numbers that are compared, and one more
		set  func(p *Penalty)
	}{
		"none":         {smooth, 3, func(*Penalty) {}},
		"r1":           {smooth, 3, func(p *Penalty) { p.R1 = 2 }},
		"r2":           {smooth, 3, func(p *Penalty) { p.R2 = 2 }},
		"gp":           {smooth, 3, func(p *Penalty) { p.GP = 2 }},
		"dragan":       {smooth, 3, func(p *Penalty) { p.Dragan = 2 }},
		"convolutions": {convolved, 1, func(p *Penalty) { p.R1, p.R2 = 0.5, 0.5 }},
	} {
		t.Run(name, func(t *testing.T) {
			o := defaults(t)
			o.Optim.Algorithm, o.Optim.Batch, o.Technique.Unrolled = "sgd", 3, 2
			c.set(&o.Penalty)
			p := play(t, game(t, c.pair, o), dtypes.Float64)
			move := p.game.Acts[0].Moves[1]
			p.knobs = map[string]float64{"rate/critic": 0.5, "rate/generator": 0}
			p.moves(move)
			loss := func(path string, i int, by float64) float64 {
				q := p.again()
				v := q.weights.Get(path)
				values := q.weight(path)
				values[i] += by
				v.Value = q.tensor(values, v.Shape.Dimensions...)
				return q.moves(move)["generator/loss"]
			}
			stepped := p.again()
			stepped.knobs = map[string]float64{"rate/critic": 0.5, "rate/generator": 1}
			stepped.moves(move)
			for path, before := range p.all("generator") {
				if !p.weights.Get(path).Trainable {
					continue
				}
				after := stepped.weight(path)
				for i := 0; i < len(before); i += 1 + len(before)/c.most {
					const h = 1e-4
					want := (loss(path, i, h) - loss(path, i, -h)) / (2 * h)
					if got := before[i] - after[i]; math.Abs(got-want) > 1e-6*max(1, math.Abs(want)) {
						t.Errorf("%s, number %d: the gradient is %.9g, finite differences say %.9g", path, i, got, want)
					}
				}
			}
		})
	}
}

// The first layers of the critic keep their weights, to the bit, and the others move.
func TestFrozenLayers(t *testing.T) {
	o := defaults(t)
	o.Technique.Freeze, o.Optim.Batch = 1, 2
	p := play(t, game(t, pictures(layers.BatchNorm{}.On, true), o), dtypes.Float64)
	p.play()
	before := p.all("critic")
	p.play()
	for path, value := range p.all("critic") {
		v := p.weights.Get(path)
		frozen := strings.HasPrefix(path, "critic/down/") || strings.HasPrefix(path, "critic/norm/")
		if v.Trainable && slices.Equal(value, before[path]) != frozen {
			t.Errorf("%s is equal: %v, want %v", path, !frozen, frozen)
		}
	}
	if _, ok := before["moves/critic/m/critic/down/kernel"]; ok {
		t.Error("a frozen weight has moments")
	}
}

// Techniques dress the scopes that they name, and no others.
func TestDress(t *testing.T) {
	o := defaults(t)
	o.Technique.Spectral, o.Technique.WeightNorm, o.Technique.Minibatch, o.Optim.Batch = "critic", "generator", 3, 4
	p := play(t, game(t, points(), o), dtypes.Float64)
	p.play()
	for path, want := range map[string]bool{
		"critic/dense1/kernel/u": true, "critic/out/kernel/u": true, "generator/dense1/kernel/u": false,
		"generator/dense1/kernel/g": true, "critic/dense1/kernel/g": false,
		"critic/features/kernel": true, "generator/features/kernel": false,
	} {
		if (p.weights.Get(path) != nil) != want {
			t.Errorf("%s is there: %v, want %v", path, !want, want)
		}
	}
	if got := p.weights.Get("critic/out/kernel").Shape.Dimensions[0]; got != 6+3 {
		t.Errorf("the critic's last layer has %d inputs, want six features and three kernels", got)
	}
	o.Penalty.GP = 1
	if _, err := points().Game(o); err == nil || !contains(err, "technique.minibatch") {
		t.Error(err)
	}
}

// Codes stand behind z, one-hot and from -1 to 1; what is noted, the labels and the codes reach what is beside the loss, in both moves,
// of one batch and of two.
func TestCodesAndWhatIsBesideTheScore(t *testing.T) {
	for _, statistics := range []string{"separate", "joint"} {
		for _, share := range []bool{false, true} {
			pair := points()
			pair.Codes = []Need{Categorical("code1", 3), Uniform("code2", 1)}
			var told *Node
			pair.Generator = func(net Net, z, _ *Node) *Node {
				told = z
				return layers.Dense{Units: 2}.On(net, z)
			}
			critic := pair.Critic
			pair.Critic = func(net Net, x, y *Node) *Node {
				net.Note("twice", graph.MulScalar(x, 2))
				return critic(net, x, y)
			}
			asked := map[string]int{}
			pair.Beside = func(r *Turn, seen Seen) *Node {
				if seen.Fake != (len(seen.Codes) == 2) || seen.Noted["twice"].Shape().Dimensions[0] != 4 {
					t.Errorf("fake %v: %d codes, %v", seen.Fake, len(seen.Codes), seen.Noted)
				}
				asked[r.moving()]++
				if !seen.Fake {
					return nil
				}
				return r.Term("beside", graph.ReduceAllMean(graph.Abs(seen.Codes[1])))
			}
			o := defaults(t)
			o.Optim.Batch, o.Optim.Statistics, o.Optim.ShareFake = 4, statistics, share
			p := play(t, game(t, pair, o), dtypes.Float64)
			terms := p.play()
			if asked["critic"] != 2 || asked["generator"] != 1 {
				t.Errorf("asked %v times", asked)
			}
			if told.Shape().Dimensions[1] != 3+3+1 {
				t.Errorf("the generator is told %v", told.Shape())
			}
			drawn := p.drawn["code2 critic 0"]
			want := 0.0
			for _, u := range drawn {
				want += math.Abs(2*u-1) / 4
			}
			near(t, "the critic's", []float64{terms["critic/beside"]}, []float64{want}, 1e-12)
			if same := terms["generator/beside"] == terms["critic/beside"]; same != share {
				t.Errorf("sharing %v, and the codes are the same: %v", share, same)
			}
		}
	}
}

// A need of a discrete kind is told from others.
func TestDiscrete(t *testing.T) {
	if !Labels("y", 2).Discrete() || !Categorical("c", 2).Discrete() || Normal("z", 2).Discrete() {
		t.Error("discrete needs are labels and codes")
	}
}
