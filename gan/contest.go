package gan

import (
	"errors"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
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

// OwnLosses returns the contest of a game whose players have losses of their own: its moves and knobs are of use, and whatever would
// act on an objective is refused.
func (o Options) OwnLosses() (Contest, error) {
	contest, err := o.Contest(Pair{})
	standard := config.Default[Options]()
	errs := []error{err}
	for _, option := range []struct {
		key string
		set bool
	}{
		{"objective", o.Objective != standard.Objective},
		{"penalty.gp", o.Penalty.GP > 0}, {"penalty.r1", o.Penalty.R1 > 0}, {"penalty.r2", o.Penalty.R2 > 0}, {"penalty.dragan", o.Penalty.Dragan > 0},
		{"penalty.drift", o.Penalty.Drift > 0}, {"penalty.smoothing", o.Penalty.Smoothing > 0}, {"penalty.noise", o.Penalty.Noise > 0},
		{"technique.feature-matching", o.Technique.FeatureMatching}, {"technique.top-k", o.Technique.TopK < 1}, {"technique.consistency", o.Technique.Consistency > 0},
	} {
		if option.set {
			errs = append(errs, config.Refuse(option.key, "the players of this model have losses of their own, which it would not act on; leave it as it is by default"))
		}
	}
	return contest, errors.Join(errs...)
}

// Judged are records as a critic sees them.
type Judged struct {
	Records *Node // [batch, ...]
	Labels  *Node // [batch], of a conditional critic; else nil
	// Score is the critic: scores [batch], or [batch, height, width, 1] of a critic that judges patches.
	Score func(r *Turn, pass layers.Pass, records, labels *Node) *Node

	Codes  []*Node   // that generated records were asked for, [batch, ...] each
	Beside Auxiliary // what the mover's loss has of the records beside the score; nil: nothing
}

// Auxiliary is a part of a mover's loss that is no score: an auxiliary classifier's, a bound of mutual information. It is asked for
// real and for generated records; nil is nothing.
type Auxiliary func(r *Turn, seen Seen) *Node

// Seen is what a critic made of records.
type Seen struct {
	Fake   bool
	Score  *Node
	Noted  map[string]*Node // by its network, [batch, ...]
	Labels *Node            // as in Judged
	Codes  []*Node
}

func (j Judged) score(r *Turn) *Node { return j.Score(r, r.pass, j.Records, j.Labels) }

// steady is the critic as a penalty sees it: its running statistics stay as they are.
func (j Judged) steady(r *Turn) Score {
	return func(x *Node) *Node { return j.Score(r, layers.Batch, x, j.Labels) }
}

// criticLoss is the loss of a critic on real and on generated records, penalties and all.
func (c Contest) criticLoss(r *Turn, real, fake Judged) *Node {
	real, fake = c.augmented(real), c.augmented(fake)
	seenReal, seenFake := c.both(r, real, fake)
	onReal, onFake := seenReal.Score, seenFake.Score
	c.Technique.adapt(r, onReal)
	c.report(r, "real", onReal)
	c.report(r, "fake", onFake)
	lossReal, lossFake := c.objective.Critic(onReal, onFake, 1-c.Penalty.Smoothing)
	loss := fake.beside(r, seenFake, real.beside(r, seenReal, graph.Add(lossReal, lossFake)))
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
	if weight := c.Technique.Consistency; weight > 0 {
		add("consistency", weight, consistent(r, real, onReal))
	}
	if c.Penalty.slopes() && !c.Penalty.lazy() {
		loss = graph.Add(loss, c.slopes(r, real, fake))
	}
	return loss
}

// GeneratorLoss is the loss of a generator whose records are judged. real is called where the objective compares with real ones.
func (c Contest) GeneratorLoss(r *Turn, real func(r *Turn) Judged, fake Judged) *Node {
	fake = c.augmented(fake)
	var seenReal, seenFake Seen
	if c.objective.Relative || c.Technique.FeatureMatching {
		seenReal, seenFake = c.both(r, c.augmented(real(r)), fake)
	} else {
		fake.Records = c.noisy(r, "fake", fake.Records)
		seenFake = fake.see(r)
		seenFake.Fake = true
	}
	c.report(r, "fake", seenFake.Score)
	if c.Technique.FeatureMatching {
		return fake.beside(r, seenFake, r.Term("features", matched(seenReal.Noted, seenFake.Noted)))
	}
	score := seenFake.Score
	if c.Technique.TopK < 1 {
		score = best(score, r.Knob("top-k"))
	}
	return fake.beside(r, seenFake, c.objective.Generator(score, seenReal.Score))
}

// CriticMoves are the moves of a critic that owns a scope, on the records of a step: its step, and that of lazy R1 and R2 with the
// same optimiser's state (penalty.every).
func (c Contest) CriticMoves(name, scope string, records func(r *Turn) (real, fake Judged)) []Move {
	critic := c.CriticMove(name, scope)
	critic.Loss = func(r *Turn) *Node {
		real, fake := records(r)
		fake.Records = ops.Cut(fake.Records) // a penalty asks for the slope there
		return c.criticLoss(r, real, fake)
	}
	if !c.Penalty.lazy() {
		return []Move{critic}
	}
	slope := critic
	slope.Name, slope.Slot, slope.Times, slope.Every = name+"/slope", name, 1, c.Penalty.Every
	slope.Beside = nil
	slope.Loss = func(r *Turn) *Node {
		real, fake := records(r)
		real, fake = c.augmented(real), c.augmented(fake)
		return graph.MulScalar(c.slopes(r, real, fake), float64(c.Penalty.Every))
	}
	return []Move{critic, slope}
}

// slopes is gamma1 R1 + gamma2 R2, of which one at least is asked for.
func (c Contest) slopes(r *Turn, real, fake Judged) *Node {
	slopes := c.constantSlopes(r, real, fake)
	if c.Penalty.SlopesEnd != 1 {
		slopes = graph.Mul(slopes, r.Knob(slopesKnob))
	}
	return slopes
}

func (c Contest) constantSlopes(r *Turn, real, fake Judged) *Node {
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
	dims := x.Shape().Dimensions
	noise := part(r.Draw(Normal("noise/"+name, dims[1:]...)), dims[0])
	return graph.Add(x, graph.Mul(noise, r.Knob("noise")))
}

// see runs the critic.
func (j Judged) see(r *Turn) Seen {
	seen := Seen{Labels: j.Labels, Codes: j.Codes}
	seen.Noted = r.bind.Noted(func() { seen.Score = j.score(r) })
	return seen
}

// beside adds to a loss what the records are asked for beside their score.
func (j Judged) beside(r *Turn, seen Seen, loss *Node) *Node {
	if j.Beside == nil {
		return loss
	}
	if more := j.Beside(r, seen); more != nil {
		return graph.Add(loss, more)
	}
	return loss
}

// both runs the critic on real and generated records, apart or in one batch.
func (c Contest) both(r *Turn, real, fake Judged) (onReal, onFake Seen) {
	real.Records, fake.Records = c.noisy(r, "real", real.Records), c.noisy(r, "fake", fake.Records)
	if c.Optim.Statistics == "separate" {
		onReal, onFake = real.see(r), fake.see(r)
	} else {
		joint := real
		joint.Records = graph.Concatenate([]*Node{real.Records, fake.Records}, 0)
		if real.Labels != nil {
			joint.Labels = graph.Concatenate([]*Node{real.Labels, fake.Labels}, 0)
		}
		seen, batch := joint.see(r), real.Records.Shape().Dimensions[0]
		onReal, onFake = seen.rows(0, batch, real), seen.rows(batch, 2*batch, fake)
	}
	onFake.Fake = true
	return onReal, onFake
}

// rows are the records from..to-1 of a batch, of which each noted node has a row a record.
func (s Seen) rows(from, to int, of Judged) Seen {
	rows := func(x *Node) *Node { return graph.SliceAxis(x, 0, graph.AxisRange(from, to)) }
	some := Seen{Score: rows(s.Score), Noted: map[string]*Node{}, Labels: of.Labels, Codes: of.Codes}
	for name, node := range s.Noted {
		some.Noted[name] = rows(node)
	}
	return some
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
	beta2Knob     = "beta2"
	slopesKnob    = "slopes"
	adaKnob       = "ada"
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
	if optim.Beta2End > 0 {
		knobs = append(knobs, optim.scheduled(beta2Knob, optim.Beta2, optim.Beta2End))
	}
	if o.Penalty.SlopesEnd != 1 {
		knobs = append(knobs, optim.scheduled(slopesKnob, 1, o.Penalty.SlopesEnd))
	}
	if o.Technique.ramps() {
		knobs = append(knobs, optim.scheduled(adaKnob, o.Technique.ADAStart, o.Technique.ADAEnd))
	}
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
	return append(knobs, o.Technique.knobs()...)
}

// CriticMove is the move of a critic under the options, to be given its loss.
func (c Contest) CriticMove(name, scope string) Move {
	optimizer, _ := c.Optim.lazily(c.Penalty.betweenSlopes())
	move := Move{
		Name: name, Owns: []string{scope}, Optimizer: optimizer, Rate: criticRate,
		Times: c.Optim.Critic, Parts: c.Optim.Accumulate, Limit: c.Optim.Limit,
	}
	if clip := c.Penalty.Clip; clip > 0 {
		move.Then = func(r *Turn) { Clip(r, clip) }
	}
	c.Technique.onCritic(&move)
	return move
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
	c.Technique.onGenerator(&move)
	return move
}
