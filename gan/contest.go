package gan

import (
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// Contest is what happens between a generator and a critic under the shared options: the objective, what the critic is held to, and
// the noise that both see. A game of its own makes the losses of its players of it, as Pair does.
type Contest struct {
	Options
	objective Objective
}

// Contest returns the contest that the options describe, or says why they do not go together. Of the pair, Mixes and Styled decide.
func (o Options) Contest(p Pair) (Contest, error) {
	if err := o.check(p); err != nil {
		return Contest{}, err
	}
	objective, err := FindObjective(o.Objective)
	return Contest{o, objective}, err
}

// Judged are records as a critic sees them.
type Judged struct {
	Records *Node // [batch, ...]
	Labels  *Node // [batch], of a conditional critic; else nil
	// Score is the critic: scores [batch], or [batch, height, width, 1] of a critic that judges patches.
	Score func(r *Turn, pass layers.Pass, records, labels *Node) *Node
}

func (j Judged) score(r *Turn) *Node { return j.Score(r, r.pass, j.Records, j.Labels) }

// steady is the critic as a penalty sees it: its running statistics stay as they are.
func (j Judged) steady(r *Turn) Score {
	return func(x *Node) *Node { return j.Score(r, layers.Batch, x, j.Labels) }
}

// criticLoss is the loss of a critic on real and on generated records, penalties and all.
func (c Contest) criticLoss(r *Turn, real, fake Judged) *Node {
	fake.Records = graph.StopGradient(fake.Records)
	onReal, onFake := c.scores(r, real, fake)
	c.report(r, "real", onReal)
	c.report(r, "fake", onFake)
	lossReal, lossFake := c.objective.Critic(onReal, onFake, 1-c.Penalty.Smoothing)
	loss := graph.Add(lossReal, lossFake)
	add := func(name string, weight float64, value *Node) {
		loss = graph.Add(loss, graph.MulScalar(r.Term(name, value), weight))
	}
	if drift := c.Penalty.Drift; drift > 0 {
		add("drift", drift, mean(graph.Square(onReal)))
	}
	if gp := c.Penalty.GP; gp > 0 {
		add("gp", gp, GradientPenalty(r, real.steady(r), real.Records, fake.Records, c.Penalty.GPTarget, c.Penalty.GPSide == "upper"))
	}
	if dragan := c.Penalty.Dragan; dragan > 0 {
		add("dragan", dragan, Dragan(r, real.steady(r), real.Records))
	}
	if c.Penalty.slopes() && !c.Penalty.lazy() {
		loss = graph.Add(loss, c.slopes(r, real, fake))
	}
	return loss
}

// GeneratorLoss is the loss of a generator whose records are judged. real is called where the objective compares with real ones.
func (c Contest) GeneratorLoss(r *Turn, real func(r *Turn) Judged, fake Judged) *Node {
	if !c.objective.Relative {
		fake.Records = c.noisy(r, "fake", fake.Records)
		onFake := fake.score(r)
		c.report(r, "fake", onFake)
		return c.objective.Generator(onFake, nil)
	}
	onReal, onFake := c.scores(r, real(r), fake)
	c.report(r, "fake", onFake)
	return c.objective.Generator(onFake, onReal)
}

// CriticMoves are the moves of a critic that owns a scope, on the records of a step: its step, and that of lazy R1 and R2 with the
// same optimiser's state (penalty.every).
func (c Contest) CriticMoves(name, scope string, records func(r *Turn) (real, fake Judged)) []Move {
	optimizer, _ := c.Optim.lazily(c.Penalty.betweenSlopes())
	critic := Move{
		Name: name, Owns: []string{scope}, Optimizer: optimizer, Rate: criticRate,
		Times: c.Optim.Critic, Parts: c.Optim.Accumulate, Limit: c.Optim.Limit,
		Loss: func(r *Turn) *Node {
			real, fake := records(r)
			return c.criticLoss(r, real, fake)
		},
	}
	if clip := c.Penalty.Clip; clip > 0 {
		critic.Then = func(r *Turn) { Clip(r, clip) }
	}
	if !c.Penalty.lazy() {
		return []Move{critic}
	}
	slope := critic
	slope.Name, slope.Slot, slope.Times, slope.Every = name+"/slope", name, 1, c.Penalty.Every
	slope.Loss = func(r *Turn) *Node {
		real, fake := records(r)
		return graph.MulScalar(c.slopes(r, real, fake), float64(c.Penalty.Every))
	}
	return []Move{critic, slope}
}

// slopes is gamma1 R1 + gamma2 R2, of which one at least is asked for.
func (c Contest) slopes(r *Turn, real, fake Judged) *Node {
	gamma1, gamma2 := c.Penalty.R1, c.Penalty.R2
	r1 := func() *Node { return graph.MulScalar(r.Term("r1", R1(real.steady(r), real.Records)), gamma1) }
	r2 := func() *Node { return graph.MulScalar(r.Term("r2", R2(fake.steady(r), fake.Records)), gamma2) }
	switch {
	case gamma2 == 0:
		return r1()
	case gamma1 == 0:
		return r2()
	default:
		return graph.Add(r1(), r2())
	}
}

// noisy adds instance noise (Sonderby 2016, 1610.04490), drawn under the name.
func (c Contest) noisy(r *Turn, name string, x *Node) *Node {
	if c.Penalty.Noise == 0 {
		return x
	}
	noise := r.Draw(Normal("noise/"+name, x.Shape().Dimensions[1:]...))
	return graph.Add(x, graph.Mul(noise, r.Knob("noise")))
}

// scores returns the critic's scores of real and generated records.
func (c Contest) scores(r *Turn, real, fake Judged) (onReal, onFake *Node) {
	real.Records, fake.Records = c.noisy(r, "real", real.Records), c.noisy(r, "fake", fake.Records)
	if c.Optim.Statistics == "separate" {
		return real.score(r), fake.score(r)
	}
	both := real
	both.Records = graph.Concatenate([]*Node{real.Records, fake.Records}, 0)
	if real.Labels != nil {
		both.Labels = graph.Concatenate([]*Node{real.Labels, fake.Labels}, 0)
	}
	scores, batch := both.score(r), real.Records.Shape().Dimensions[0]
	return graph.Slice(scores, graph.AxisRange(0, batch)), graph.Slice(scores, graph.AxisRange(batch, 2*batch))
}

// report logs the mean score, as D(x) in [0, 1] where the objective makes it a probability.
func (c Contest) report(r *Turn, name string, score *Node) {
	if c.objective.Probability {
		score = graph.Sigmoid(score)
	}
	r.Term(name, graph.StopGradient(score))
}

// The knobs that every game of generators and critics has.
const (
	criticRate    = "rate/critic"
	generatorRate = "rate/generator"
)

// Knobs are the rates of critics and generators by the schedule, and what else of the options changes from round to round.
func (o Options) Knobs() []Knob {
	optim := o.Optim
	rate := optim.CriticRate
	if rate == 0 {
		rate = optim.Rate
	}
	_, criticShare := optim.lazily(o.Penalty.betweenSlopes())
	_, generatorShare := optim.lazily(o.Penalty.betweenPaths())
	knobs := []Knob{optim.rate(criticRate, rate*criticShare), optim.rate(generatorRate, optim.Rate*generatorShare)}
	if optim.Average > 0 {
		knobs = append(knobs, Knob{Name: "average", At: func(now Progress) float64 {
			n := float64(now.Round)
			return min(optim.Average, (1+n)/(10+n))
		}})
	}
	if penalty := o.Penalty; penalty.Noise > 0 {
		knobs = append(knobs, Knob{Name: "noise", At: func(now Progress) float64 {
			return penalty.Noise * max(0, 1-now.Done()/penalty.NoiseEnd)
		}})
	}
	return knobs
}

// GeneratorMove is the move of a generator, or of several in one step, under the options, to be given its loss.
func (c Contest) GeneratorMove(name string, owns ...string) Move {
	optimizer, _ := c.Optim.lazily(c.Penalty.betweenPaths())
	move := Move{
		Name: name, Owns: owns, Optimizer: optimizer, Rate: generatorRate,
		Parts: c.Optim.Accumulate, Limit: c.Optim.Limit,
	}
	if c.Optim.Average > 0 {
		move.Then = func(r *Turn) { Average(r, r.Knob("average")) }
	}
	return move
}
