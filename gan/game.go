// Package gan is the game: players who own weights and make moves, each move lowering its own loss. Objectives, penalties
// and techniques are values here that any model takes. In go networks (functions of nodes) and options, out comes a Game,
// and from a Game the nodes of a round. It builds graphs, touches no file, and knows neither the trainer nor any model.
package gan

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// Node is a node of the graph that is being built.
type Node = graph.Node

// Net is a place in the tree of weights, see package layers.
type Net = layers.Net

// Game is what the players of one system play. A round is one pass through the moves of the current act.
type Game struct {
	Batch int    // records in a batch
	Needs []Need // what a round draws, by name
	Knobs []Knob // host scalars that change without recompiling
	Acts  []Act  // most games have one; pre-training and stages have several

	// Generate is the sampling graph. It never draws: what it needs (latents, labels) are inputs.
	Generate func(*Turn) Fields
	// Mix is the sampling graph of a generator with styles, nil of others: the record of the latent, with the styles of another one, which is
	// drawn under the latent's name and "/other", in those layers where the need "layers" [Styles] is 1.
	Mix    func(*Turn) Fields
	Styles int // layers that take a style
	// Read is what the critic makes of records beside their score, by the names under which it notes it: classes, codes. nil of critics that
	// only score.
	Read func(*Turn) Fields
	// Shown are the scopes of the weights that Generate reads, raw: what a program that only samples must have.
	Shown []string
	// Dress returns a player's place with the hooks and marks of the techniques in use; nil: as it is.
	Dress func(scope string, net Net) Net
	// Codes are those of the needs that steer what is generated, one by one (InfoGAN).
	Codes []Need
	// Averaged tells that averages of the shown weights are kept, under the scope "average".
	Averaged bool
}

// Fields are generated records by the name of the field: "pictures" [batch, height, width, channels] in [-1, 1], "points" [batch, 2].
type Fields map[string]*Node

// Conditional tells whether generated records are asked for by class.
func (g *Game) Conditional() bool {
	return slices.ContainsFunc(g.Needs, func(n Need) bool { return n.Kind == Label })
}

// Fields that games of two kinds of records generate: those of the first kind translated into the second, and the other way round.
const (
	AB = "ab"
	BA = "ba"
)

// Act is a stretch of a game with its own moves.
type Act struct {
	Name   string
	Rounds int  // 0: until the end
	Batch  int  // records in a batch; 0: the game's
	Fresh  bool // optimisers start anew (Progressive GAN at each growth)
	Moves  []Move
}

// Move is what one player does at its turn.
type Move struct {
	Name      string            // "critic", "generator", "critic/r1"
	Owns      []string          // the scopes whose trainable weights it may change, and no others
	Loss      func(*Turn) *Node // scalar; called at its turn, since a node built before an update is stale after it
	Optimizer Optimizer         // turns its gradients into steps
	Slot      string            // whose optimiser state it uses; default its own (lazy R1 uses the critic's)
	Rate      string            // the knob that is its learning rate
	Times     int               // turns in a row, each with needs drawn anew; 0 is 1
	Every     int               // lazy regularisation: made every k rounds; 0 is 1
	Parts     int               // gradient accumulation: batches whose mean gradient makes one step; 0 is 1
	Limit     float64           // gradients are scaled down to this global norm; 0: never
	Beside    func(*Turn) *Node // what is added to the loss whatever it is: regularisation of the weights; nil: nothing
	Freeze    int               // so many layers keep their weights, in the order in which the loss meets them (Mo 2020, 2002.10964)
	Then      func(*Turn)       // in the graph, after the step: weight clipping, averaging
}

func (m Move) slot() string {
	if m.Slot != "" {
		return m.Slot
	}
	return m.Name
}

func (m Move) times() int { return max(m.Times, 1) }
func (m Move) parts() int { return max(m.Parts, 1) }
func (m Move) every() int { return max(m.Every, 1) }

// Records is how many records a batch of the act has.
func (g *Game) Records(act int) int {
	if n := g.Acts[act].Batch; n > 0 {
		return n
	}
	return g.Batch
}

// Due tells whether the move is made in a round, counted from 0 within its act.
func (m Move) Due(round int) bool { return round%m.every() == 0 }

// Made returns how many times the move was made before a round of its act, every turn and part counted.
func (m Move) Made(round int) int {
	return (round + m.every() - 1) / m.every() * m.times() * m.parts()
}

// Kind says where a need comes from.
type Kind int

const (
	// Record is a field of the data.
	Record Kind = iota
	// Gaussian is drawn from N(0, 1) on the host.
	Gaussian
	// Flat is drawn uniformly from [0, 1) on the host.
	Flat
	// Label is a class, drawn uniformly on the host, int32.
	Label
	// Code is one of Classes values, drawn uniformly on the host, int32, that means what the game finds for it.
	Code
	// Given is a number that who samples may choose, and Value otherwise.
	Given
)

// Need is something that a round draws anew for each turn: records, latents, labels.
type Need struct {
	Name    string
	Kind    Kind
	Shape   []int   // of one sample, without the batch axis
	Int     bool    // int32 rather than float32
	Classes int     // labels and codes: how many there are
	Apart   bool    // of the data: drawn in an order of its own, so that it does not go with the turn's other records
	Value   float64 // of what is given, where nobody gives it
}

// Discrete tells that it is one of Classes numbers: a label, or a code.
func (n Need) Discrete() bool { return n.Kind == Label || n.Kind == Code }

// Records needs a field of the data; shape is that of one record.
func Records(name string, shape ...int) Need { return Need{Name: name, Kind: Record, Shape: shape} }

// RecordsApart needs a field of the data that is drawn without regard to its other fields.
func RecordsApart(name string, shape ...int) Need {
	return Need{Name: name, Kind: Record, Shape: shape, Apart: true}
}

// RecordLabels needs the integer field of the data that tells each record's class.
func RecordLabels(name string, classes int) Need {
	return Need{Name: name, Kind: Record, Int: true, Classes: classes}
}

// Normal needs latents from N(0, I).
func Normal(name string, shape ...int) Need { return Need{Name: name, Kind: Gaussian, Shape: shape} }

// Uniform needs numbers from [0, 1).
func Uniform(name string, shape ...int) Need { return Need{Name: name, Kind: Flat, Shape: shape} }

// Labels needs classes drawn with equal chance.
func Labels(name string, classes int) Need {
	return Need{Name: name, Kind: Label, Int: true, Classes: classes}
}

// Categorical needs a code of so many values.
func Categorical(name string, values int) Need {
	return Need{Name: name, Kind: Code, Int: true, Classes: values}
}

// Knob is a host scalar that a round reads: a learning rate, the fade-in alpha. At gives its value for a round; without
// it the knob keeps Value.
type Knob struct {
	Name  string
	Value float64
	At    func(Progress) float64
}

// Progress says where a game stands.
type Progress struct {
	Round  int // from 0
	Rounds int // how many are planned
}

// Done is the share of the planned rounds that is over, in [0, 1].
func (p Progress) Done() float64 {
	if p.Rounds <= 0 {
		return 0
	}
	return min(float64(p.Round)/float64(p.Rounds), 1)
}

// Setting returns the knob's value for a round.
func (k Knob) Setting(p Progress) float64 {
	if k.At != nil {
		return k.At(p)
	}
	return k.Value
}

// ActAt returns the index of the act that a round (from 0) belongs to, and the round within it.
func (g *Game) ActAt(round int) (act, within int) {
	for i, a := range g.Acts {
		if a.Rounds == 0 || round < a.Rounds || i == len(g.Acts)-1 {
			return i, round
		}
		round -= a.Rounds
	}
	return 0, round
}

// Check reports all that can be told to be wrong with a game before anything is built.
func (g *Game) Check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("gan: "+format, args...)) }
	if g.Batch < 1 {
		wrong("the batch is %d; it must be 1 or more", g.Batch)
	}
	if len(g.Acts) == 0 {
		wrong("the game has no act, so nobody moves")
	}
	for i, act := range g.Acts {
		if len(act.Moves) == 0 {
			wrong("act %q has no moves", act.Name)
		}
		if act.Rounds == 0 && i < len(g.Acts)-1 {
			wrong("act %q has no number of rounds, so the acts after it never come", act.Name)
		}
		for j, move := range act.Moves {
			if move.Loss == nil || move.Optimizer == nil || len(move.Owns) == 0 {
				wrong("move %q needs Loss, Optimizer and Owns", move.Name)
			}
			if !g.hasKnob(move.Rate) {
				wrong("move %q takes its learning rate from the knob %q, which the game does not have", move.Name, move.Rate)
			}
			if slices.ContainsFunc(act.Moves[:j], func(m Move) bool { return m.Name == move.Name }) {
				wrong("act %q has two moves called %q", act.Name, move.Name)
			}
			if !g.hasMove(move.slot()) {
				wrong("move %q takes its optimiser's state from %q, which is no move", move.Name, move.Slot)
			}
		}
	}
	return errors.Join(errs...)
}

func (g *Game) hasMove(name string) bool {
	for _, act := range g.Acts {
		if slices.ContainsFunc(act.Moves, func(m Move) bool { return m.Name == name }) {
			return true
		}
	}
	return false
}

func (g *Game) hasKnob(name string) bool {
	return slices.ContainsFunc(g.Knobs, func(k Knob) bool { return k.Name == name })
}
