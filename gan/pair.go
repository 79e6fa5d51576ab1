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
	// Stages are the acts of networks that grow. Generator is then one that samples at whatever stage the weights are.
	Stages []Stage
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
	contest, err := o.Contest(p)
	if err != nil {
		return nil, err
	}
	play := &pairPlay{Pair: p, o: o, contest: contest}
	game := &Game{
		Batch:    o.Optim.Batch,
		Needs:    []Need{p.Record, p.Latent},
		Knobs:    o.Knobs(),
		Generate: play.generate,
		Shown:    []string{GeneratorScope},
		Averaged: o.Optim.Average > 0,
		Hooks:    o.Technique.Hooks([]string{CriticScope}, []string{GeneratorScope}),
	}
	if p.Classes > 0 {
		game.Needs = append(game.Needs, RecordLabels("labels", p.Classes), Labels("classes", p.Classes))
	}
	if p.Styled != nil {
		game.Mix, game.Styles = play.mix, p.Styled.Layers
	}
	if len(p.Stages) > 0 {
		play = play.at(p.Stages[0])
	}
	critic, generator := play.criticMoves(), play.generatorMoves()
	if o.Optim.Pretrain > 0 {
		act := Act{Name: "pretrain", Rounds: o.Optim.Pretrain, Moves: critic}
		if play.stage != nil {
			act.Batch = play.stage.batch(o.Optim)
		}
		game.Acts = append(game.Acts, act)
	}
	if len(p.Stages) > 0 {
		game.Acts = append(game.Acts, play.stages()...)
		game.Knobs = play.stageKnobs(game)
		return game, nil
	}
	game.Acts = append(game.Acts, Act{Name: "play", Moves: slices.Concat(critic, generator)})
	return game, nil
}

// pairPlay is a pair with its rules.
type pairPlay struct {
	Pair
	o       Options
	contest Contest
	stage   *Stage // nil of a pair that does not grow
}

// generate is the sampling graph.
func (p *pairPlay) generate(r *Turn) Fields {
	return p.fields(p.Generator(r.Net(GeneratorScope), r.Need(p.Latent.Name), p.classes(r)))
}

// mix is the sampling graph with the styles of two latents.
func (p *pairPlay) mix(r *Turn) Fields {
	other := p.Latent
	other.Name += OtherLatent
	takes := r.Draw(Need{Name: TakenLayers, Kind: Given, Shape: []int{p.Styled.Layers}})
	return p.fields(p.Styled.Mix(r.Net(GeneratorScope), r.Need(p.Latent.Name), r.Draw(other), p.classes(r), takes))
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

// judged are records as the critic sees them, with their labels.
func (p *pairPlay) judged(x, y *Node) Judged {
	return Judged{Records: x, Labels: y, Score: func(r *Turn, pass layers.Pass, x, y *Node) *Node {
		return p.Critic(r.Net(CriticScope).With(pass), x, y)
	}}
}

// real are the records of this turn.
func (p *pairPlay) real(r *Turn) Judged {
	x := r.Need(p.Record.Name)
	if p.stage != nil {
		x = p.stage.shrunk(r, x)
	}
	return p.judged(x, p.labels(r))
}

func (p *pairPlay) criticMoves() []Move {
	return p.contest.CriticMoves("critic", CriticScope, func(r *Turn) (real, fake Judged) { return p.real(r), p.judged(p.fake(r)) })
}

func (p *pairPlay) generatorMoves() []Move {
	move := p.contest.GeneratorMove("generator", GeneratorScope)
	move.Loss = func(r *Turn) *Node { return p.contest.GeneratorLoss(r, p.real, p.judged(p.fake(r))) }
	moves := []Move{move}
	if every := p.o.Penalty.betweenPaths(); every > 0 {
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
