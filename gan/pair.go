package gan

import (
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
	contest, err := o.Contest()
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
	critic, generator := play.criticMoves(), play.generatorMove()
	if o.Optim.Pretrain > 0 {
		game.Acts = append(game.Acts, Act{Name: "pretrain", Rounds: o.Optim.Pretrain, Moves: critic})
	}
	game.Acts = append(game.Acts, Act{Name: "play", Moves: append(critic[:len(critic):len(critic)], generator)})
	return game, nil
}

// pairPlay is a pair with its rules.
type pairPlay struct {
	Pair
	o       Options
	contest Contest
}

// generate is the sampling graph.
func (p *pairPlay) generate(r *Turn) Fields {
	return Fields{p.Record.Name: p.Generator(r.Net(GeneratorScope), r.Need(p.Latent.Name), p.classes(r))}
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
func (p *pairPlay) real(r *Turn) Judged { return p.judged(r.Need(p.Record.Name), p.labels(r)) }

func (p *pairPlay) criticMoves() []Move {
	critic := p.o.CriticMove("critic", CriticScope)
	critic.Loss = func(r *Turn) *Node {
		real := p.real(r)
		fake, fakeY := p.fake(r)
		return p.contest.CriticLoss(r, real, p.judged(graph.StopGradient(fake), fakeY))
	}
	moves := []Move{critic}
	if p.o.Penalty.lazy() {
		moves = append(moves, p.contest.SlopeMove(critic, func(r *Turn) (real, fake Judged) {
			fakeX, fakeY := p.fake(r)
			return p.real(r), p.judged(fakeX, fakeY)
		}))
	}
	return moves
}

func (p *pairPlay) generatorMove() Move {
	move := p.o.GeneratorMove("generator", GeneratorScope)
	move.Loss = func(r *Turn) *Node {
		fake, fakeY := p.fake(r)
		return p.contest.GeneratorLoss(r, func() Judged { return p.real(r) }, p.judged(fake, fakeY))
	}
	return move
}
