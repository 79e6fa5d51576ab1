package gan

import (
	"slices"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// Pair is the game of two: a generator that makes records from latents, a critic that scores records. The rest,
// objective, penalties, schedule, comes from Options, so that a model's file says only its networks.
type Pair struct {
	Record  Need // what the critic sees: Records("pictures", 64, 64, 3)
	Latent  Need // what the generator starts from: Normal("z", 100)
	Classes int  // of a conditional model; 0: unconditional, and y is nil below

	// Generator maps z [batch, ...] and labels y [batch] (int32) to records.
	Generator func(net Net, z, y *Node) *Node
	// Critic maps records and labels to scores [batch]: logits for objectives that speak of probabilities.
	Critic func(net Net, x, y *Node) *Node
	// Mixes tells that batch norm in the critic ties a record's score to its neighbours.
	Mixes bool
	// Styled is the generator in its two parts, where it has them: path length and mixing two records need them apart.
	Styled *Styled
	// Linear tells that the generator's last layer has no bound: its pictures are clipped to [-1, 1] where they are sampled.
	Linear bool
}

// The scopes of the two players.
const (
	GeneratorScope = "generator"
	CriticScope    = "critic"
)

// Game makes the pair's game, or says why the options do not fit it.
func (p Pair) Game(o Options) (*Game, error) {
	if err := o.check(p); err != nil {
		return nil, err
	}
	objective, err := FindObjective(o.Objective)
	if err != nil {
		return nil, err
	}
	play := &pairPlay{Pair: p, o: o, objective: objective}
	game := &Game{
		Batch:    o.Optim.Batch,
		Needs:    []Need{p.Record, p.Latent},
		Knobs:    play.knobs(),
		Generate: play.generate,
		Shown:    []string{GeneratorScope},
		Averaged: o.Optim.Average > 0,
	}
	if p.Classes > 0 {
		game.Needs = append(game.Needs, RecordLabels("labels", p.Classes), Labels("classes", p.Classes))
	}
	if p.Styled != nil {
		game.Mix, game.Styles = play.mix, p.Styled.Layers
	}
	critic, generator := play.criticMoves(), play.generatorMoves()
	if o.Optim.Pretrain > 0 {
		game.Acts = append(game.Acts, Act{Name: "pretrain", Rounds: o.Optim.Pretrain, Moves: critic})
	}
	game.Acts = append(game.Acts, Act{Name: "play", Moves: slices.Concat(critic, generator)})
	return game, nil
}

// pairPlay is a pair with its rules.
type pairPlay struct {
	Pair
	o         Options
	objective Objective
}

func (p *pairPlay) knobs() []Knob {
	o := p.o.Optim
	criticRate := o.CriticRate
	if criticRate == 0 {
		criticRate = o.Rate
	}
	_, criticShare := o.lazily(p.lazyCritic())
	_, generatorShare := o.lazily(p.lazyGenerator())
	knobs := []Knob{o.rate("rate/critic", criticRate*criticShare), o.rate("rate/generator", o.Rate*generatorShare)}
	if o.Average > 0 {
		knobs = append(knobs, Knob{Name: "average", At: func(now Progress) float64 {
			n := float64(now.Round)
			return min(o.Average, (1+n)/(10+n))
		}})
	}
	if penalty := p.o.Penalty; penalty.Noise > 0 {
		knobs = append(knobs, Knob{Name: "noise", At: func(now Progress) float64 {
			return penalty.Noise * max(0, 1-now.Done()/penalty.NoiseEnd)
		}})
	}
	return knobs
}

// lazyCritic is how many rounds lie between two steps of the critic's own penalties, 0 if there are none.
func (p *pairPlay) lazyCritic() int {
	if penalty := p.o.Penalty; penalty.Every > 1 && (penalty.R1 > 0 || penalty.R2 > 0) {
		return penalty.Every
	}
	return 0
}

// lazyGenerator is how many rounds lie between two steps on the path length, 0 if there are none.
func (p *pairPlay) lazyGenerator() int {
	if p.o.Penalty.Path > 0 {
		return p.o.Penalty.PathEvery
	}
	return 0
}

// mix is the sampling graph with the styles of two latents.
func (p *pairPlay) mix(r *Turn) Fields {
	other := p.Latent
	other.Name += OtherLatent
	takes := r.Draw(Need{Name: TakenLayers, Kind: Given, Shape: []int{p.Styled.Layers}})
	return p.fields(p.Styled.Mix(r.Net(GeneratorScope), r.Need(p.Latent.Name), r.Draw(other), p.classes(r), takes))
}

// generate is the sampling graph.
func (p *pairPlay) generate(r *Turn) Fields {
	return p.fields(p.Generator(r.Net(GeneratorScope), r.Need(p.Latent.Name), p.classes(r)))
}

// fields are generated records as they are sampled.
func (p *pairPlay) fields(records *Node) Fields {
	if p.Linear {
		records = graph.ClipScalar(records, -1, 1)
	}
	return Fields{p.Record.Name: records}
}

// classes are the labels that generated records are asked for, nil if the model is not conditional.
func (p *pairPlay) classes(r *Turn) *Node {
	if p.Classes == 0 {
		return nil
	}
	return r.Need("classes")
}

// labels are those of the real records of this turn.
func (p *pairPlay) labels(r *Turn) *Node {
	if p.Classes == 0 {
		return nil
	}
	return r.Need("labels")
}

// fake generates this turn's batch.
func (p *pairPlay) fake(r *Turn) (x, y *Node) {
	if !p.o.Optim.ShareFake {
		return p.Generator(r.Net(GeneratorScope), r.Need(p.Latent.Name), p.classes(r)), p.classes(r)
	}
	if p.Classes > 0 {
		y = r.Once("classes", func() *Node { return p.classes(r) })
	}
	x = r.Once("fake", func() *Node { return p.Generator(r.Net(GeneratorScope), r.Need(p.Latent.Name), y) })
	return x, y
}

// noisy adds instance noise (Sonderby 2016, 1610.04490), drawn under the name.
func (p *pairPlay) noisy(r *Turn, name string, x *Node) *Node {
	if p.o.Penalty.Noise == 0 {
		return x
	}
	noise := r.Draw(Normal("noise/"+name, x.Shape().Dimensions[1:]...))
	return graph.Add(x, graph.Mul(noise, r.Knob("noise")))
}

// scores returns the critic's scores of real and generated records, [batch] each.
func (p *pairPlay) scores(r *Turn, real, realY, fake, fakeY *Node) (onReal, onFake *Node) {
	real, fake = p.noisy(r, "real", real), p.noisy(r, "fake", fake)
	if p.o.Optim.Statistics == "separate" {
		return p.score(r, real, realY), p.score(r, fake, fakeY)
	}
	var y *Node
	if p.Classes > 0 {
		y = graph.Concatenate([]*Node{realY, fakeY}, 0)
	}
	both := p.score(r, graph.Concatenate([]*Node{real, fake}, 0), y)
	batch := real.Shape().Dimensions[0]
	return graph.Slice(both, graph.AxisRange(0, batch)), graph.Slice(both, graph.AxisRange(batch, 2*batch))
}

func (p *pairPlay) score(r *Turn, x, y *Node) *Node { return p.Critic(r.Net(CriticScope), x, y) }

// steady is the critic as a penalty sees it: its running statistics stay as they are.
func (p *pairPlay) steady(r *Turn, y *Node) Score {
	return func(x *Node) *Node { return p.Critic(r.Net(CriticScope).With(layers.Batch), x, y) }
}

func (p *pairPlay) criticMoves() []Move {
	o := p.o.Optim
	optimizer, _ := o.lazily(p.lazyCritic())
	critic := Move{
		Name: "critic", Owns: []string{CriticScope}, Optimizer: optimizer, Rate: "rate/critic",
		Times: o.Critic, Parts: o.Accumulate, Limit: o.Limit, Loss: p.criticLoss,
	}
	if clip := p.o.Penalty.Clip; clip > 0 {
		critic.Then = func(r *Turn) { Clip(r, clip) }
	}
	moves := []Move{critic}
	if every := p.lazyCritic(); every > 0 {
		lazy := critic
		lazy.Name, lazy.Slot, lazy.Times, lazy.Every = "critic/slope", "critic", 1, every
		lazy.Loss = func(r *Turn) *Node {
			fake, fakeY := p.fake(r)
			return graph.MulScalar(p.slopes(r, r.Need(p.Record.Name), p.labels(r), fake, fakeY), float64(every))
		}
		moves = append(moves, lazy)
	}
	return moves
}

func (p *pairPlay) criticLoss(r *Turn) *Node {
	real, realY := r.Need(p.Record.Name), p.labels(r)
	fake, fakeY := p.fake(r)
	fake = graph.StopGradient(fake)
	onReal, onFake := p.scores(r, real, realY, fake, fakeY)
	p.report(r, "real", onReal)
	p.report(r, "fake", onFake)
	lossReal, lossFake := p.objective.Critic(onReal, onFake, 1-p.o.Penalty.Smoothing)
	loss := graph.Add(lossReal, lossFake)
	penalty := p.o.Penalty
	add := func(name string, weight float64, value *Node) {
		loss = graph.Add(loss, graph.MulScalar(r.Term(name, value), weight))
	}
	if penalty.GP > 0 {
		add("gp", penalty.GP, GradientPenalty(r, p.steady(r, realY), real, fake, penalty.GPTarget, penalty.GPSide == "upper"))
	}
	if penalty.Dragan > 0 {
		add("dragan", penalty.Dragan, Dragan(r, p.steady(r, realY), real))
	}
	if penalty.Every == 1 && (penalty.R1 > 0 || penalty.R2 > 0) {
		loss = graph.Add(loss, p.slopes(r, real, realY, fake, fakeY))
	}
	return loss
}

// slopes is gamma1 R1 + gamma2 R2, of which one at least is asked for.
func (p *pairPlay) slopes(r *Turn, real, realY, fake, fakeY *Node) *Node {
	gamma1, gamma2 := p.o.Penalty.R1, p.o.Penalty.R2
	r1 := func() *Node { return graph.MulScalar(r.Term("r1", R1(p.steady(r, realY), real)), gamma1) }
	r2 := func() *Node { return graph.MulScalar(r.Term("r2", R2(p.steady(r, fakeY), fake)), gamma2) }
	switch {
	case gamma2 == 0:
		return r1()
	case gamma1 == 0:
		return r2()
	default:
		return graph.Add(r1(), r2())
	}
}

func (p *pairPlay) generatorMoves() []Move {
	o := p.o.Optim
	optimizer, _ := o.lazily(p.lazyGenerator())
	move := Move{
		Name: "generator", Owns: []string{GeneratorScope}, Optimizer: optimizer, Rate: "rate/generator",
		Parts: o.Accumulate, Limit: o.Limit, Loss: p.generatorLoss,
	}
	if o.Average > 0 {
		move.Then = func(r *Turn) { Average(r, r.Knob("average")) }
	}
	moves := []Move{move}
	if every := p.lazyGenerator(); every > 0 {
		lazy := move
		lazy.Name, lazy.Slot, lazy.Every, lazy.Loss = "generator/path", "generator", every, p.pathLoss
		lazy.Then = nil // the average follows once a round
		moves = append(moves, lazy)
	}
	return moves
}

// pathLoss is the path length's penalty, on a part of a batch.
func (p *pairPlay) pathLoss(r *Turn) *Node {
	n := max(1, r.Batch()/p.o.Penalty.PathShrink)
	net := r.Net(GeneratorScope)
	styles := p.Styled.Styles(net, part(r.Need(p.Latent.Name), n), part(p.classes(r), n))
	synthesis := func(styles *Node) *Node { return p.Styled.Synthesis(net.In("synthesis"), styles) }
	penalty := r.Term("penalty", PathLength(r, synthesis, styles))
	return graph.MulScalar(penalty, p.o.Penalty.Path*float64(p.o.Penalty.PathEvery))
}

func (p *pairPlay) generatorLoss(r *Turn) *Node {
	fake, fakeY := p.fake(r)
	if !p.objective.Relative {
		onFake := p.score(r, p.noisy(r, "fake", fake), fakeY)
		p.report(r, "fake", onFake)
		return p.objective.Generator(onFake, nil)
	}
	onReal, onFake := p.scores(r, r.Need(p.Record.Name), p.labels(r), fake, fakeY)
	p.report(r, "fake", onFake)
	return p.objective.Generator(onFake, onReal)
}

// report logs the mean score, as D(x) in [0, 1] where the objective makes it a probability.
func (p *pairPlay) report(r *Turn, name string, score *Node) {
	if p.objective.Probability {
		score = graph.Sigmoid(score)
	}
	r.Term(name, graph.StopGradient(score))
}
