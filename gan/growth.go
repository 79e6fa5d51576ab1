package gan

import (
	"math"

	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Fade is the knob by which networks that grow fade new layers in: from 0, where a stage that fades begins, to 1.
const Fade = "fade"

// Stage is a stretch of a pair that grows (Karras 2017, 1710.10196): an act with networks of its own, for smaller pictures.
type Stage struct {
	Name    string  // "8x8"
	Side    int     // of its pictures
	Records int     // real ones that it shows; the last stage goes on until the end
	Batch   float64 // times the batch of the options; 0: 1
	Rate    float64 // times the rates of the options; 0: 1
	Fades   bool    // new layers fade in
	Fresh   bool    // optimisers start anew

	Generator func(net Net, z, y *Node) *Node
	Critic    func(net Net, x, y *Node) *Node
}

// batch is how many records a batch of the stage has.
func (s Stage) batch(o Optim) int { return max(1, int(math.Round(float64(o.Batch)*orOne(s.Batch)))) }

// rounds is how many rounds it takes to show the stage's records.
func (s Stage) rounds(o Optim) int { return (s.Records + s.batch(o) - 1) / s.batch(o) }

func orOne(x float64) float64 {
	if x == 0 {
		return 1
	}
	return x
}

// at returns the networks of one stage.
func (p *pairPlay) at(s Stage) *pairPlay {
	staged := *p
	staged.Generator, staged.Critic, staged.stage = s.Generator, s.Critic, &s
	return &staged
}

// stages are the acts of a pair that grows.
func (p *pairPlay) stages() []Act {
	var acts []Act
	for i, s := range p.Stages {
		staged := p.at(s)
		act := Act{Name: s.Name, Rounds: s.rounds(p.o.Optim), Batch: s.batch(p.o.Optim), Fresh: s.Fresh, Moves: append(staged.criticMoves(), staged.generatorMoves()...)}
		if i == len(p.Stages)-1 {
			act.Rounds = 0
		}
		acts = append(acts, act)
	}
	return acts
}

// stageKnobs are the knobs of a pair that grows: rates follow the stage, and there is one for fading.
func (p *pairPlay) stageKnobs(game *Game) []Knob {
	first := len(game.Acts) - len(p.Stages) // acts before them are pre-training
	stage := func(round int) (s Stage, within, rounds int) {
		act, within := game.ActAt(round)
		i := max(0, act-first)
		return p.Stages[i], within, game.Acts[act].Rounds
	}
	knobs := p.o.Knobs()
	for i, knob := range knobs {
		if knob.Name != criticRate && knob.Name != generatorRate {
			continue
		}
		knobs[i].At = func(now Progress) float64 {
			s, _, _ := stage(now.Round)
			return knob.Setting(now) * orOne(s.Rate)
		}
	}
	return append(knobs, Knob{Name: Fade, Value: 1, At: func(now Progress) float64 {
		s, within, rounds := stage(now.Round)
		if !s.Fades {
			return 1
		}
		return float64(within) / float64(rounds)
	}})
}

// shrunk are real pictures as a stage shows them: smaller, and while its layers fade in as sharp as what both sides' layers make.
func (s *Stage) shrunk(r *Turn, x *Node) *Node {
	if factor := x.Shape().Dimensions[1] / s.Side; factor > 1 {
		x = ops.MeanPool(x, ops.PoolOptions{Window: factor})
	}
	if !s.Fades {
		return x
	}
	blunt := ops.UpsampleNearest(ops.MeanPool(x, ops.PoolOptions{Window: 2}), 2)
	return graph.Add(blunt, graph.Mul(graph.Sub(x, blunt), r.Knob(Fade)))
}
