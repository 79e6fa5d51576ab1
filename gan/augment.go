package gan

import (
	"strings"

	"github.com/ganymede-gan/ganymede/augment"
	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// Where the state of adaptive augmentation lies: its strength p, the sum of mean signs since it was adapted last, and of how many
// batches.
const (
	augmentScope    = "augment"
	augmentStrength = augmentScope + "/strength"
	augmentSigns    = augmentScope + "/signs"
	augmentBatches  = augmentScope + "/batches"
)

// augmented are records whose critic sees them changed at random: real and generated ones alike, in both players' losses and in
// penalties, so that the generator never learns the changes (Karras 2020, 2006.06676, section 2; Zhao 2020, 2006.10738, equation 4).
// Every pass draws anew.
func (c Contest) augmented(j Judged) Judged {
	if t := c.Technique; t.diff() || t.ada() {
		score := j.Score
		j.Score = func(r *Turn, pass layers.Pass, x, y *Node) *Node { return score(r, pass, t.augment(r, x), y) }
	}
	return j
}

// augment changes pictures.
func (t Technique) augment(r *Turn, x *Node) *Node {
	net := r.Net(augmentScope)
	if t.ada() {
		x = augment.Pipes()[t.ADA].On(net.In("ada"), x, t.strength(r))
	}
	if t.diff() {
		x = augment.Diff(net.In("diff"), strings.ReplaceAll(t.Diff, "+", ","), x)
	}
	return x
}

// strength is p: what adapt has made of it, or a schedule's.
func (t Technique) strength(r *Turn) *Node {
	if t.ramps() {
		return r.Knob(adaKnob)
	}
	return r.State(augmentStrength, layers.Constant(t.ADAStart))
}

// ramps tells that the strength does not adapt, but goes from one value to another.
func (t Technique) ramps() bool { return t.ada() && t.ADATarget == 0 && t.ADAEnd > 0 }

// adapt moves the strength of adaptive augmentation: every so many rounds it grows or falls by a fixed step, as the mean sign of
// the scores of real records is above or below its target (Karras 2020, section 3.1, equation 1, r_t). What comes later in the round
// sees the new strength.
func (t Technique) adapt(r *Turn, onReal *Node) {
	if !t.ada() || t.ADATarget == 0 {
		return
	}
	p := t.strength(r)
	batches := graph.AddScalar(r.State(augmentBatches, layers.Constant(0)), 1)
	signs := graph.Add(r.State(augmentSigns, layers.Constant(0)), mean(graph.Sign(graph.StopGradient(onReal))))
	due := graph.GreaterOrEqual(batches, graph.Scalar(p.Graph(), p.DType(), float64(t.ADAEvery)))
	step := float64(r.Batch()*t.ADAEvery) / t.ADARecords
	towards := graph.Sign(graph.AddScalar(graph.Div(signs, batches), -t.ADATarget))
	next := graph.MaxScalar(graph.Add(p, graph.MulScalar(towards, step)), 0)
	r.Term("sign", graph.Div(signs, batches))
	r.Term("augmentation", p)
	r.Set(augmentStrength, graph.Where(due, next, p))
	r.Set(augmentSigns, graph.Where(due, graph.ZerosLike(signs), signs))
	r.Set(augmentBatches, graph.Where(due, graph.ZerosLike(batches), batches))
}

// ada and diff tell whether an augmentation is on.
func (t Technique) ada() bool  { return t.ADA != "" && t.ADA != "none" }
func (t Technique) diff() bool { return t.Diff != "" && t.Diff != "none" }

// fits says why an augmentation cannot change a pair's records.
func (t Technique) fits(p Pair) error {
	shape := p.Record.Shape
	if len(p.Stages) > 0 { // the smallest
		shape = []int{p.Stages[0].Side, p.Stages[0].Side, shape[len(shape)-1]}
	}
	if t.ada() {
		if err := augment.Pipes()[t.ADA].Check(shape); err != nil {
			return config.Refuse("technique.ada", "%v", err)
		}
	}
	if len(shape) != 3 && t.diff() {
		return config.Refuse("technique.diffaugment", "it changes pictures, and the records have the shape %v", shape)
	}
	return nil
}
