package train

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Trainer plays a game on data, round by round. It is not safe for concurrent use.
type Trainer struct {
	Game      *gan.Game
	Weights   *layers.Weights
	Backend   compute.Backend
	Source    data.Source
	Seed      int64
	Rounds    int    // how many are planned: what schedules are a share of
	Interrupt func() // stops a running execution of the backend; nil where it cannot

	round    int // played so far
	programs map[string]*program
	orders   map[string]*data.Order
	batch    data.Batch
	drawn    []float32 // room for what is drawn
}

// Result is what a round reports.
type Result struct {
	Round int // from 1: how many are played
	Act   string
	Terms []Value
}

// Value is a named figure.
type Value struct {
	Name  string
	Value float64
}

// Get returns the value of that name.
func (r Result) Get(name string) (float64, bool) {
	for _, v := range r.Terms {
		if v.Name == name {
			return v.Value, true
		}
	}
	return 0, false
}

// Round returns how many rounds are played.
func (t *Trainer) Round() int { return t.round }

// SetRound says how many rounds the loaded weights have seen.
func (t *Trainer) SetRound(round int) { t.round = round }

// Play plays the next round. If it fails, or is cancelled and interrupted, the weights are those of the round before.
func (t *Trainer) Play(ctx context.Context) (Result, error) {
	act, within := t.Game.ActAt(t.round)
	p, err := t.program(act, within)
	if err != nil {
		return Result{}, err
	}
	if within == 0 && t.Game.Acts[act].Fresh {
		t.refresh()
	}
	draws, err := t.draw(ctx, p, act, within)
	if err != nil {
		return Result{}, err
	}
	outputs, err := p.run(ctx, t.Backend, t.Interrupt, t.Weights, draws, t.knobs())
	for _, d := range draws {
		d.FinalizeAll() // the next round's take their memory
	}
	if err != nil {
		if ctx.Err() != nil {
			return Result{}, ctx.Err()
		}
		return Result{}, fmt.Errorf("train: round %d: %w", t.round+1, err)
	}
	result := Result{Round: t.round + 1, Act: t.Game.Acts[act].Name}
	for i, name := range p.outputs {
		result.Terms = append(result.Terms, Value{name, number(outputs[i])})
	}
	values := outputs[len(p.outputs):]
	if err := finite(result, p.changed, values); err != nil {
		return result, err
	}
	for i, v := range p.changed {
		v.Value.FinalizeAll()
		v.Value = values[i]
	}
	t.round++
	return result, nil
}

// refresh sets what optimisers remember back to 0, where it started. Doing it again does no harm, so neither a round that fails nor a
// checkpoint between two acts needs care.
func (t *Trainer) refresh() {
	for _, v := range t.Weights.All(gan.MovesScope) {
		if v.Value != nil {
			v.Value.FinalizeAll()
			v.Value = tensors.FromShape(v.Shape) // of zeros
		}
	}
}

// program returns the compiled round for the moves that are due, compiling it when they are first due together.
func (t *Trainer) program(act, within int) (*program, error) {
	var due []gan.Move
	key := fmt.Sprint(act)
	for _, move := range t.Game.Acts[act].Moves {
		if move.Due(within) {
			due = append(due, move)
			key += " " + move.Name
		}
	}
	if p := t.programs[key]; p != nil {
		return p, nil
	}
	p, err := compile(t.Backend, t.Game, t.Weights, "round "+key, func(turn *gan.Turn) (names []string, nodes []*graph.Node) {
		turn.In(act).Play(due)
		for _, term := range turn.Terms() {
			names, nodes = append(names, term.Name), append(nodes, term.Node)
		}
		return names, nodes
	})
	if err != nil {
		return nil, err
	}
	if t.programs == nil {
		t.programs = map[string]*program{}
	}
	t.programs[key] = p
	return p, nil
}

// Build compiles the next round, so that what is wrong with the game is told before anything is written.
func (t *Trainer) Build() error {
	if err := t.Game.Check(); err != nil {
		return err
	}
	_, err := t.program(t.Game.ActAt(t.round))
	return err
}

func (t *Trainer) knobs() map[string]float64 {
	knobs := map[string]float64{}
	for _, knob := range t.Game.Knobs {
		knobs[knob.Name] = knob.Setting(gan.Progress{Round: t.round, Rounds: t.Rounds})
	}
	return knobs
}

// Finalize frees the compiled graphs.
func (t *Trainer) Finalize() {
	for _, p := range t.programs {
		p.graph.Finalize()
	}
	t.programs = nil
}

// NotFinite is a round whose losses or weights are no longer numbers. The weights are still those of the round before.
type NotFinite struct {
	Round  int
	Term   string // "critic/loss", "" if the terms are finite
	Tensor string // the first weight that is not, "" if none
	Value  float64
	Good   int // round of the last good checkpoint; -1: none is known
}

// Error names player, round and tensor, and what helps.
func (e *NotFinite) Error() string {
	name := e.Term
	if name == "" {
		name = e.Tensor
	}
	player, _, _ := strings.Cut(name, "/")
	what := fmt.Sprintf("train: round %d: the %s diverged: ", e.Round, player)
	switch {
	case e.Term != "" && e.Tensor != "":
		what += fmt.Sprintf("%s is %v, and %s is no longer finite", e.Term, e.Value, e.Tensor)
	case e.Term != "":
		what += fmt.Sprintf("%s is %v", e.Term, e.Value)
	default:
		what += fmt.Sprintf("%s is no longer finite", e.Tensor)
	}
	if e.Good >= 0 {
		what += fmt.Sprintf("; the last good checkpoint is of round %d", e.Good)
	}
	return what + "; lower optim.rate, set optim.clip-gradient, or take a steadier objective"
}

// finite checks a round's terms, and only if one is not finite, or a gradient is, its weights.
func finite(result Result, changed []*layers.Variable, values []*tensors.Tensor) error {
	bad := &NotFinite{Round: result.Round, Good: -1}
	for _, term := range result.Terms {
		if math.IsNaN(term.Value) || math.IsInf(term.Value, 0) {
			bad.Term, bad.Value = term.Name, term.Value
			break
		}
	}
	if bad.Term == "" {
		return nil
	}
	for i, v := range changed {
		if v.Trainable && !allFinite(values[i]) {
			bad.Tensor = v.Path
			break
		}
	}
	return bad
}

// Finite is a *NotFinite if a weight is not finite, though no term has told so yet. Such weights must not become the last good
// checkpoint.
func (t *Trainer) Finite() error {
	for _, v := range t.Weights.All("") {
		if v.Trainable && v.Value != nil && !allFinite(v.Value) {
			return &NotFinite{Round: t.round, Tensor: v.Path, Good: -1}
		}
	}
	return nil
}

func allFinite(t *tensors.Tensor) bool {
	infinite := func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }
	ok := true
	t.MustConstFlatData(func(flat any) {
		switch values := flat.(type) {
		case []float32:
			ok = !slices.ContainsFunc(values, func(v float32) bool { return infinite(float64(v)) })
		case []float64:
			ok = !slices.ContainsFunc(values, infinite)
		}
	})
	return ok
}

// number reads a scalar.
func number(t *tensors.Tensor) (x float64) {
	t.MustConstFlatData(func(flat any) {
		switch values := flat.(type) {
		case []float32:
			x = float64(values[0])
		case []float64:
			x = values[0]
		}
	})
	return x
}
