package train

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// program is one compiled graph: what it must be fed, in the order of its parameters, and what comes out.
type program struct {
	graph     *graph.Graph
	draws     []*gan.Draw
	knobs     []string
	variables []*layers.Variable
	changed   []*layers.Variable
	outputs   []string // names of what comes out before the changed variables
	feed      []feed   // by parameter
}

// feed says which input a parameter takes: an index into one of the three kinds of input.
type feed struct {
	kind  feedKind
	index int
}

type feedKind int

const (
	feedDraw feedKind = iota
	feedKnob
	feedVariable
)

// build returns the named outputs of a graph; the turn gathers the rest.
type build func(turn *gan.Turn) (names []string, nodes []*graph.Node)

// compile builds and compiles a graph of the game. Whatever panics on the way becomes an error that names move, layer
// and the line that asked for the impossible, and the variables that the failed build made are gone again.
func compile(backend compute.Backend, game *gan.Game, weights *layers.Weights, name string, make build) (p *program, err error) {
	g := graph.NewGraph(backend, name)
	bind := layers.Bind(weights, g)
	turn := gan.NewTurn(game, bind)
	defer func() {
		if caught := recover(); caught != nil {
			bind.Abandon()
			g.Finalize()
			p, err = nil, buildError(turn, caught)
		}
	}()
	names, nodes := make(turn)
	changed, values := bind.Changed()
	if err := g.Compile(append(nodes, values...)...); err != nil {
		panic(err)
	}
	p = &program{graph: g, draws: turn.Draws(), variables: bind.Inputs(), changed: changed, outputs: names}
	p.feed = p.parameters(turn)
	return p, nil
}

// Outline builds every move of a game and its sampling graph without compiling anything, and returns the weights, without values.
func Outline(backend compute.Backend, game *gan.Game) (*layers.Weights, error) {
	weights := layers.NewWeights(0)
	for act := range game.Acts {
		moves := slices.Clone(game.Acts[act].Moves)
		for i := range moves {
			moves[i].Times, moves[i].Parts = 1, 1 // another turn meets the same weights
		}
		if err := outline(backend, game, weights, func(turn *gan.Turn) { turn.In(act).Play(moves) }); err != nil {
			return nil, err
		}
	}
	// A network that grows samples at every side, one that training begins above too.
	return weights, outline(backend, game, weights, func(turn *gan.Turn) { turn.Sample(false) })
}

func outline(backend compute.Backend, game *gan.Game, weights *layers.Weights, build func(turn *gan.Turn)) (err error) {
	g := graph.NewGraph(backend, "outline")
	defer g.Finalize()
	turn := gan.NewTurn(game, layers.Bind(weights, g))
	defer func() {
		if caught := recover(); caught != nil {
			err = buildError(turn, caught)
		}
	}()
	build(turn)
	return nil
}

// parameters finds which input each parameter of the graph takes.
func (p *program) parameters(turn *gan.Turn) []feed {
	feeds := make([]feed, p.graph.NumParameters())
	for i, d := range p.draws {
		feeds[d.Node.GetParameterHandle()] = feed{feedDraw, i}
	}
	for name, node := range turn.KnobNodes() {
		feeds[node.GetParameterHandle()] = feed{feedKnob, len(p.knobs)}
		p.knobs = append(p.knobs, name)
	}
	for i, v := range p.variables {
		feeds[p.graph.GetParameterByName(layers.ParameterName(v.Path)).GetParameterHandle()] = feed{feedVariable, i}
	}
	return feeds
}

// BuildError is a game whose graph cannot be built.
type BuildError struct {
	Where string // "move critic > critic/conv1"
	Line  string // file:line of the model that asked, where it is known
	Err   error
}

func (e *BuildError) Error() string {
	if e.Line == "" {
		return fmt.Sprintf("%s: %v", e.Where, e.Err)
	}
	return fmt.Sprintf("%s: %s: %v", e.Line, e.Where, e.Err)
}

func (e *BuildError) Unwrap() error { return e.Err }

func buildError(turn *gan.Turn, caught any) error {
	err, ok := caught.(error)
	if !ok {
		err = fmt.Errorf("%v", caught)
	}
	return &BuildError{Where: turn.Where(), Line: modelLine(), Err: err}
}

// modelLine returns the innermost frame of the panicking stack that belongs to neither GoMLX, the runtime nor the rooms
// between them and a model; "" if there is none inside compile, whose callers asked for nothing.
func modelLine() string {
	frames := make([]uintptr, 64)
	stack := runtime.CallersFrames(frames[:runtime.Callers(3, frames)])
	for {
		frame, more := stack.Next()
		name := frame.Function
		if strings.HasSuffix(name, "ganymede/train.compile") {
			return ""
		}
		inside := strings.HasPrefix(name, "runtime.") || strings.Contains(name, "github.com/gomlx/") ||
			strings.Contains(name, "ganymede/ops.") || strings.Contains(name, "ganymede/layers.") ||
			strings.Contains(name, "ganymede/gan.") || strings.Contains(name, "ganymede/train.")
		if !inside && frame.File != "" {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// patience is how long a cancelled execution may go on by itself before it is interrupted.
const patience = 2 * time.Second

// run executes the program. The variables are read, not changed: the new values are among what is returned. A cancelled
// context lets the execution finish, or interrupts it after a while where the backend can.
func (p *program) run(ctx context.Context, backend compute.Backend, interrupt func(), weights *layers.Weights, draws []*tensors.Tensor, knobs map[string]float64) (outputs []*tensors.Tensor, err error) {
	inputs := make([]compute.Buffer, len(p.feed))
	for i, f := range p.feed {
		var t *tensors.Tensor
		switch f.kind {
		case feedDraw:
			t = draws[f.index]
		case feedKnob:
			t = scalar(weights.DType, knobs[p.knobs[f.index]])
		case feedVariable:
			v := p.variables[f.index]
			if err := weights.Materialise(v); err != nil {
				return nil, err
			}
			t = v.Value
		}
		if inputs[i], err = t.Buffer(backend, 0); err != nil {
			return nil, err
		}
	}
	if interrupt != nil {
		done := make(chan struct{})
		defer close(done) // or the interrupt would hit a later execution
		stop := context.AfterFunc(ctx, func() {
			select {
			case <-done:
			case <-time.After(patience):
				interrupt()
			}
		})
		defer stop()
	}
	results, err := execute(p.graph.Executable(), inputs)
	if err != nil {
		return nil, err
	}
	for _, buffer := range results {
		t, err := tensors.FromBuffer(buffer)
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, t)
	}
	return outputs, nil
}

// execute runs the executable, and turns a panic of the backend into an error.
func execute(executable compute.Executable, inputs []compute.Buffer) (results []compute.Buffer, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = errors.Join(fmt.Errorf("the backend panicked: %v", caught))
		}
	}()
	return executable.Execute(inputs, nil, 0)
}

// scalar is a tensor of one number.
func scalar(dtype dtypes.DType, value float64) *tensors.Tensor {
	if dtype == dtypes.Float64 {
		return tensors.FromScalar(value)
	}
	return tensors.FromScalar(float32(value))
}
