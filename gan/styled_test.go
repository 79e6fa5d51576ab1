package gan

import (
	"math"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// plain is a generator whose w is z and whose record is the styles themselves: what is mixed and truncated can be read off.
func plain(mixing float64, cut int) Styled {
	return Styled{
		Layers: 4, Mixing: mixing, Cut: cut,
		Mapping:   func(net Net, z, _ *Node) *Node { return graph.Mul(z, net.Weight("scale", layers.Constant(1))) },
		Synthesis: func(net Net, styles *Node) *Node { return graph.Mul(styles, net.Weight("scale", layers.Constant(1))) },
	}
}

// styledGame plays the styles towards 0.
func styledGame(s Styled) *Game {
	latent := Normal("z", 2)
	return &Game{
		Batch: 3, Needs: []Need{latent}, Knobs: []Knob{{Name: "rate"}}, Shown: []string{GeneratorScope},
		Acts: []Act{{Moves: []Move{{
			Name: "generator", Owns: []string{GeneratorScope}, Optimizer: SGD{}, Rate: "rate",
			Loss: func(r *Turn) *Node {
				styles := s.Generate(r.Net(GeneratorScope), r.Need("z"), nil)
				for layer := range s.Layers {
					r.Term(string(rune('a'+layer)), graph.Slice(styles, graph.AxisElem(0), graph.AxisElem(layer), graph.AxisElem(0)))
				}
				return graph.ReduceAllMean(graph.Square(styles))
			},
		}}}},
		Generate: func(r *Turn) Fields {
			return Fields{"points": s.Generate(r.Net(GeneratorScope), r.Need("z"), nil)}
		},
		Mix: func(r *Turn) Fields {
			other := r.Draw(Normal("z"+OtherLatent, 2))
			takes := r.Draw(Need{Name: TakenLayers, Kind: Given, Shape: []int{s.Layers}})
			return Fields{"points": s.Mix(r.Net(GeneratorScope), r.Need("z"), other, nil, takes)}
		},
	}
}

// The first layer has its own style always; the cut lies after each of the layers 1 to 3 as often; a share of records is not mixed.
func TestMixingCutsAfterEachLayerAsOften(t *testing.T) {
	table := play(t, styledGame(plain(0.75, 0)), dtypes.Float64)
	counts := map[int]int{}
	const rounds = 600
	for range rounds {
		terms := table.play()
		own := 1
		for own < 4 && terms["generator/"+string(rune('a'+own))] == terms["generator/a"] {
			own++
		}
		for layer := own; layer < 4; layer++ {
			if terms["generator/"+string(rune('a'+layer))] == terms["generator/a"] {
				t.Fatalf("a record goes back to its own style: %v", terms)
			}
		}
		counts[own]++
	}
	for own, share := range map[int]float64{1: 0.25, 2: 0.25, 3: 0.25, 4: 0.25} {
		// The deviation of a share of 0.25 in 600 draws is 0.018.
		if got := float64(counts[own]) / rounds; math.Abs(got-share) > 0.07 {
			t.Errorf("%.3f of the records keep their style for %d layers, want %.2f", got, own, share)
		}
	}
}

// psi moves the coarse styles of a sample towards the mean w, which training follows.
func TestTruncationMovesCoarseStylesTowardsTheMean(t *testing.T) {
	for _, cut := range []int{0, 2} {
		table := play(t, styledGame(plain(0, cut)), dtypes.Float64)
		table.given = map[string][]float64{"z": {1, 2, 3, 4, 5, 9}, Truncation: {1, 1, 1}}
		table.play()
		mean := []float64{3 * 0.005, 5 * 0.005} // of the records' w, after one round from 0
		table.given[Truncation] = []float64{0.7, 1, 0}
		got := table.sample(false, "points")
		for i, z := range table.given["z"] {
			record, k := i/2, i%2
			for layer := range 4 {
				psi := table.given[Truncation][record]
				if cut > 0 && layer >= cut {
					psi = 1
				}
				want := mean[k] + psi*(z-mean[k])
				if at := got[(record*4+layer)*2+k]; math.Abs(at-want) > 1e-12 {
					t.Errorf("cut %d, record %d, layer %d: %v, want %v", cut, record, layer, at, want)
				}
			}
		}
	}
}

func TestMixTakesTheLayersThatAreAskedFor(t *testing.T) {
	game := styledGame(plain(0, 0))
	game.Generate = game.Mix
	table := play(t, game, dtypes.Float64)
	table.given = map[string][]float64{
		"z": {1, 1, 2, 2, 3, 3}, "z" + OtherLatent: {10, 10, 20, 20, 30, 30}, Truncation: {1, 1, 1},
		TakenLayers: {1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0},
	}
	got := table.sample(false, "points")
	want := []float64{10, 10, 10, 10, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 20, 20, 3, 3, 3, 3, 3, 3, 3, 3}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// The authors' formula on a synthesis whose slope is known: picture = A styles, so that J y is A^T y.
func TestPathLengthIsTheAuthorsFormula(t *testing.T) {
	const batch, height, width, styles, size = 2, 2, 3, 4, 5
	a := oracle.Normal(1, styles*size, height*width)
	game := &Game{Batch: batch, Knobs: []Knob{{Name: "rate"}}, Acts: []Act{{Moves: []Move{{
		Name: "generator/path", Owns: []string{"g"}, Optimizer: SGD{}, Rate: "rate",
		Loss: func(r *Turn) *Node {
			net := r.Net("g")
			scale := net.Weight("scale", layers.Constant(1.5))
			synthesis := func(s *Node) *Node {
				linear := graph.Reshape(graph.Const(s.Graph(), a.Data), a.Dims...)
				y := graph.Dot(graph.Reshape(s, batch, -1), linear).Product()
				return graph.Mul(graph.Reshape(y, batch, height, width, 1), scale)
			}
			return PathLength(r, synthesis, r.Draw(Normal("styles", styles, size)))
		},
	}}}}}
	table := play(t, game, dtypes.Float64)
	mean := 0.0
	for range 3 {
		terms := table.play()
		y := table.drawn["path/picture generator/path 0"]
		var lengths [batch]float64
		for n := range batch {
			for s := range styles * size {
				slope := 0.0
				for p := range height * width {
					slope += 1.5 * *at2(a, s, p) * y[n*height*width+p] / math.Sqrt(height*width)
				}
				lengths[n] += slope * slope / styles
			}
			lengths[n] = math.Sqrt(lengths[n])
		}
		mean += 0.01 * ((lengths[0]+lengths[1])/2 - mean)
		want := ((lengths[0]-mean)*(lengths[0]-mean) + (lengths[1]-mean)*(lengths[1]-mean)) / 2
		if got := terms["generator/path/loss"]; math.Abs(got-want) > 1e-9*want {
			t.Errorf("the penalty is %v, want %v", got, want)
		}
	}
	if got := flat(t, table.weights.Get("path/mean").Value)[0]; math.Abs(got-mean) > 1e-9 {
		t.Errorf("the running mean is %v, want %v", got, mean)
	}
}

func at2(a oracle.Array, i, j int) *float64 { return &a.Data[i*a.Dims[1]+j] }

// A penalty with steps of its own shares the optimiser's state, and Adam moves as far and remembers as long as without it (appendix B of
// Karras 2019).
func TestLazyPenaltiesShareAnAdjustedAdam(t *testing.T) {
	styled := plain(0, 0)
	pair := Pair{
		Record: Records("points", 4, 2), Latent: Normal("z", 2), Styled: &styled, Generator: styled.Generate,
		Critic: func(net Net, x, _ *Node) *Node {
			return graph.Mul(graph.ReduceSum(x, 1, 2), net.Weight("w", layers.Constant(1)))
		},
	}
	o := defaults(t)
	o.Penalty.R1, o.Penalty.Every, o.Penalty.Path, o.Penalty.PathEvery = 10, 16, 2, 4
	o.Optim.Rate, o.Optim.Beta1, o.Optim.Beta2 = 0.002, 0, 0.99
	game, err := pair.Game(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range game.Acts[0].Moves {
		every := map[string]float64{"critic": 16, "critic/slope": 16, "generator": 4, "generator/path": 4}[m.Name]
		share := every / (every + 1)
		adam := m.Optimizer.(Adam)
		if want := math.Pow(0.99, share); adam.Beta1 != 0 || math.Abs(adam.Beta2-want) > 1e-15 {
			t.Errorf("%s has the betas %v and %v, want 0 and %v", m.Name, adam.Beta1, adam.Beta2, want)
		}
		i := slices.IndexFunc(game.Knobs, func(k Knob) bool { return k.Name == m.Rate })
		if got := game.Knobs[i].Setting(Progress{}); math.Abs(got-0.002*share) > 1e-15 {
			t.Errorf("%s has the rate %v, want %v", m.Name, got, 0.002*share)
		}
		if m.Name == "critic/slope" && (m.slot() != "critic" || m.Every != 16) || m.Name == "generator/path" && (m.slot() != "generator" || m.Every != 4) {
			t.Errorf("%s keeps its state at %s and comes every %d rounds", m.Name, m.slot(), m.Every)
		}
	}
	if !slices.ContainsFunc(game.Acts[0].Moves, func(m Move) bool { return m.Name == "generator/path" }) {
		t.Error("there is no move on the path length")
	}
	pair.Styled = nil
	if _, err := pair.Game(o); err == nil {
		t.Error("a generator without styles has a path length")
	}
}

// Rates, the weights of R1 and R2, beta2 and a strength of augmentation go to what is left of them by one schedule (R3GAN's cosine).
func TestSchedulesEndWhereTheyAreToldTo(t *testing.T) {
	o := defaults(t)
	o.Optim.Schedule, o.Optim.Rate, o.Optim.End = "cosine", 2e-4, 0.25
	o.Optim.Beta2, o.Optim.Beta2End = 0.9, 0.99
	o.Penalty.R1, o.Penalty.SlopesEnd = 0.05, 0.1
	o.Technique.ADA, o.Technique.ADATarget, o.Technique.ADAEnd = "bgc", 0, 0.55
	for name, want := range map[string][3]float64{ // at the start, in the middle, at the end
		"rate/critic": {2e-4, 1.25e-4, 5e-5}, "beta2": {0.9, 0.945, 0.99}, "slopes": {1, 0.55, 0.1}, "ada": {0, 0.275, 0.55},
	} {
		i := slices.IndexFunc(o.Knobs(), func(k Knob) bool { return k.Name == name })
		if i < 0 {
			t.Errorf("there is no knob %s", name)
			continue
		}
		for k, round := range []int{0, 50, 100} {
			if got := o.Knobs()[i].Setting(Progress{Round: round, Rounds: 100}); math.Abs(got-want[k]) > 1e-12 {
				t.Errorf("%s is %v after %d of 100 rounds, want %v", name, got, round, want[k])
			}
		}
	}
}
