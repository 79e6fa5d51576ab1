package gan

import (
	"slices"

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
	// Codes are categorical or uniform needs that the generator is told: they stand behind z, one-hot or from -1 to 1.
	Codes []Need
	// Beside is what both players' losses have beside the scores; nil: nothing.
	Beside Auxiliary
	// Mixes tells that batch norm in the critic ties a record's score to its neighbours.
	Mixes bool
	// Refers tells that a game of its own makes its players' reference batches, for virtual batch norm.
	Refers bool
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
		Dress:    o.Technique.Dress([]string{CriticScope}, []string{GeneratorScope}, p.side()),
		Codes:    p.Codes,
	}
	game.Needs = append(game.Needs, p.Codes...)
	if p.Classes > 0 {
		game.Needs = append(game.Needs, RecordLabels("labels", p.Classes), Labels("classes", p.Classes))
	}
	if p.Beside != nil {
		game.Read = play.read
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

// side is that of the pictures, 0 of other records.
func (p Pair) side() int {
	if len(p.Record.Shape) != 3 {
		return 0
	}
	return p.Record.Shape[0]
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
	codes := make([]*Node, len(p.Codes))
	for i, need := range p.Codes {
		codes[i] = p.code(r, need)
	}
	return p.fields(p.generated(r, p.told(r.Need(p.Latent.Name), codes), p.classes(r)))
}

// read is the critic's graph of records, but for the maps that it marks on the way.
func (p *pairPlay) read(r *Turn) Fields {
	noted := r.Noted(func() { p.scored(r, r.pass, r.Need(p.Record.Name), nil) })
	delete(noted, "map")
	return noted
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

// told is what the generator starts from: z with the codes behind it.
func (p *pairPlay) told(z *Node, codes []*Node) *Node {
	parts := []*Node{z}
	for i, code := range codes {
		if p.Codes[i].Kind == Code {
			code = graph.OneHot(code, p.Codes[i].Classes, z.DType())
		}
		parts = append(parts, graph.Reshape(code, code.Shape().Dimensions[0], -1))
	}
	if len(parts) == 1 {
		return z
	}
	return graph.Concatenate(parts, -1)
}

// code is a code as the game speaks of it: its number, or numbers in [-1, 1).
func (p *pairPlay) code(r *Turn, need Need) *Node {
	return p.spoken(r.Need(need.Name), need)
}

func (p *pairPlay) spoken(drawn *Node, need Need) *Node {
	if need.Kind == Code {
		return drawn
	}
	return graph.AddScalar(graph.MulScalar(drawn, 2), -1)
}

// fake generates this turn's batch, as the critic sees it.
func (p *pairPlay) fake(r *Turn) Judged {
	once := func(key string, make func() *Node) *Node {
		if p.o.Optim.ShareFake {
			return r.Once(key, make)
		}
		return make()
	}
	var y *Node
	if p.Classes > 0 {
		y = once("classes", func() *Node { return p.classes(r) })
	}
	codes := make([]*Node, len(p.Codes))
	for i, need := range p.Codes {
		codes[i] = once(need.Name, func() *Node { return p.code(r, need) })
	}
	x := once("fake", func() *Node {
		return p.generated(r, p.told(r.Need(p.Latent.Name), codes), y)
	})
	return p.judged(x, y, codes)
}

// judged are records as the critic sees them, with their labels and codes.
func (p *pairPlay) judged(x, y *Node, codes []*Node) Judged {
	return Judged{Records: pack(x, p.o.Technique.Packing), Labels: y, Codes: codes, Beside: p.Beside, Score: p.scored}
}

// real are the records of this turn.
func (p *pairPlay) real(r *Turn) Judged {
	x := r.Need(p.Record.Name)
	if p.stage != nil {
		x = p.stage.shrunk(r, x)
	}
	return p.judged(x, p.labels(r), nil)
}

func (p *pairPlay) criticMoves() []Move {
	return p.contest.CriticMoves("critic", CriticScope, func(r *Turn) (real, fake Judged) { return p.real(r), p.fake(r) })
}

func (p *pairPlay) generatorMoves() []Move {
	move := p.contest.GeneratorMove("generator", GeneratorScope)
	move.Loss = func(r *Turn) *Node {
		fake := p.fake(r)
		loss := func() *Node { return p.contest.GeneratorLoss(r, p.real, fake) }
		if steps := p.o.Technique.Unrolled; steps > 0 {
			return unrolled(r, steps, CriticScope, func() *Node { return p.contest.criticLoss(r, p.real(r), fake) }, loss)
		}
		return loss()
	}
	moves := []Move{move}
	if every := p.o.Penalty.betweenPaths(); every > 0 {
		lazy := move
		lazy.Name, lazy.Slot, lazy.Every, lazy.Loss = "generator/path", "generator", every, p.pathLoss
		lazy.Then, lazy.Beside = nil, nil // the average follows once a round, and so does what is beside the loss
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
