package gan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Draw is an input of a round that the host draws: one need for one turn of one move.
type Draw struct {
	Need Need
	Move string // "" while sampling
	Turn int    // which turn and part of the move, from 0
	Node *Node
}

// Term is a scalar that a round reports: "critic/loss".
type Term struct {
	Name string
	Node *Node
}

// Turn is the graph of a round while it is built, seen by the move whose turn it is.
type Turn struct {
	game  *Game
	bind  *layers.Binding
	batch int // records
	pass  layers.Pass
	under map[string]string // scope -> prefix of its copy, for sampling from averages

	move  *Move // nil while sampling
	turn  int   // of the move
	part  int   // of the turn
	quiet bool  // terms are not reported
	draws []*Draw
	knobs map[string]*Node
	terms []Term
	once  map[shared]*remembered
	asked map[string]int // how often networks have drawn at a place in this turn
	left  map[place]*Node

	referred map[string]*referred // by player: what its reference batch made of it
	keeps    map[string]bool      // parts of reference batches that are set in this graph
}

// shared names a remembered node. Gradient accumulation remembers one for each part, so that the parts of a move stay apart.
type shared struct {
	key  string
	part int
}

// place is where in the turns of a move a value was left for the same place of a later move.
type place struct {
	key        string
	turn, part int
}

// remembered is a node that moves share until a player whose weights it was made from has changed.
type remembered struct {
	node *Node
	read map[string]bool
	move string
	turn int
}

// NewTurn starts the graph of a game's round on a binding.
func NewTurn(game *Game, bind *layers.Binding) *Turn {
	r := &Turn{game: game, bind: bind, batch: game.Batch, knobs: map[string]*Node{}, once: map[shared]*remembered{}, asked: map[string]int{}, left: map[place]*Node{}, referred: map[string]*referred{}, keeps: map[string]bool{}}
	bind.Outside = layers.Outside{Draw: r.asks, Given: r.given, Knob: r.Knob}
	return r
}

// In says which act the moves belong to that are played next.
func (r *Turn) In(act int) *Turn {
	r.batch = r.game.Records(act)
	return r
}

// Play builds the moves, in order, each Times its turns.
func (r *Turn) Play(moves []Move) {
	for i := range moves {
		r.move = &moves[i]
		for turn := range moves[i].times() {
			r.play(turn)
		}
	}
	r.move = nil
}

// Sample builds the game's Generate with running statistics; averaged reads the averaged weights where there are some.
func (r *Turn) Sample(averaged bool) Fields {
	r.pass = layers.Fixed
	if averaged && r.game.Averaged {
		r.under = map[string]string{}
		for _, scope := range r.game.Shown {
			r.under[scope] = AveragePrefix
		}
	}
	return r.game.Generate(r)
}

// Noted runs fn and returns what networks noted on the way, by name: see [Net.Note].
func (r *Turn) Noted(fn func()) map[string]*Node { return r.bind.Noted(fn) }

// Measure builds the game's Generate by the statistics of the batch, which the running ones are set to.
func (r *Turn) Measure() Fields {
	r.pass = layers.Measure
	return r.game.Generate(r)
}

// play makes one turn of the current move: the mean gradient of its parts, the step, and what comes then.
func (r *Turn) play(turn int) {
	m := r.move
	r.turn = turn
	var paths []string
	var gradients []*Node
	for part := range m.parts() {
		r.part, r.asked = part, map[string]int{}
		loss := m.Loss(r)
		if loss == nil {
			panic(errors.New("the loss is nil; it must be a scalar"))
		}
		if !loss.IsScalar() {
			panic(fmt.Errorf("the loss is %s; it must be a scalar", loss.Shape()))
		}
		if m.Beside != nil {
			loss = graph.Add(loss, m.Beside(r))
		}
		if part == 0 {
			paths = r.reached(loss)
		}
		for i, g := range graph.Gradient(loss, r.values(paths)...) {
			if part == 0 {
				gradients = append(gradients, g)
			} else {
				gradients[i] = graph.Add(gradients[i], g)
			}
		}
		r.Term("loss", loss)
	}
	if m.parts() > 1 {
		for i, g := range gradients {
			gradients[i] = graph.MulScalar(g, 1/float64(m.parts()))
		}
	}
	norm := globalNorm(gradients)
	r.Term("gradient", norm)
	if m.Limit > 0 {
		scale := graph.MinScalar(graph.MulScalar(graph.Reciprocal(graph.AddScalar(norm, 1e-6)), m.Limit), 1)
		for i, g := range gradients {
			gradients[i] = graph.Mul(g, scale)
		}
	}
	m.Optimizer.Step(r, m.slot(), paths, gradients, r.Knob(m.Rate))
	if m.Then != nil {
		m.Then(r)
	}
}

// globalNorm is the Euclidean length of all gradients together.
func globalNorm(gradients []*Node) *Node {
	var sum *Node
	for _, g := range gradients {
		square := graph.ReduceAllSum(graph.Square(g))
		if sum == nil {
			sum = square
		} else {
			sum = graph.Add(sum, square)
		}
	}
	return graph.Sqrt(sum)
}

// reached returns the paths of the trainable weights that the move owns and the loss depends on. A weight that the loss
// does not touch is skipped, or momentum would move it.
func (r *Turn) reached(loss *Node) []string {
	var paths []string
	touched, frozen := reach(loss), r.frozen()
	for _, path := range r.Owned() {
		if touched[r.bind.Value(path)] && !frozen[path] {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		panic(fmt.Errorf("the loss does not depend on any trainable weight in %v; there are weights in %v", r.move.Owns, r.scopes()))
	}
	return paths
}

// frozen are the weights of the move's first layers that keep their values. A weight of two axes or more begins a layer.
func (r *Turn) frozen() map[string]bool {
	frozen, begun := map[string]bool{}, 0
	for _, v := range r.bind.Inputs() {
		if !v.Trainable || !slices.ContainsFunc(r.move.Owns, func(scope string) bool { return layers.Under(v.Path, scope) }) {
			continue
		}
		if v.Shape.Rank() >= 2 {
			begun++
		}
		if begun <= r.move.Freeze {
			frozen[v.Path] = r.move.Freeze > 0
		}
	}
	return frozen
}

// reach returns the nodes that a gradient of the node can flow to.
func reach(from *Node) map[*Node]bool {
	seen := map[*Node]bool{}
	queue := []*Node{from}
	for len(queue) > 0 {
		node := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if seen[node] {
			continue
		}
		seen[node] = true
		if !node.StopGradient() {
			queue = append(queue, node.Inputs()...)
		}
	}
	return seen
}

// Owned returns the paths of the trainable weights that the current move may change and that the round has met.
func (r *Turn) Owned() []string {
	var paths []string
	for _, v := range r.bind.Inputs() {
		if v.Trainable && slices.ContainsFunc(r.move.Owns, func(scope string) bool { return layers.Under(v.Path, scope) }) {
			paths = append(paths, v.Path)
		}
	}
	slices.Sort(paths)
	return paths
}

func (r *Turn) scopes() []string {
	var scopes []string
	for _, v := range r.bind.Inputs() {
		if scope, _, _ := strings.Cut(v.Path, "/"); v.Trainable && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

func (r *Turn) values(paths []string) []*Node {
	nodes := make([]*Node, len(paths))
	for i, path := range paths {
		nodes[i] = r.bind.Value(path)
	}
	return nodes
}

// Set makes a weight's new value. It is cut from the graph that made it: a later move of the round must not differentiate
// through this one's step (and with StopGradient alone its own gradient would silently be zero).
func (r *Turn) Set(path string, value *Node) {
	r.bind.Set(path, ops.Cut(value))
	for name, memory := range r.once {
		if memory.read[path] {
			delete(r.once, name)
		}
	}
}

// Value is the current node of a weight.
func (r *Turn) Value(path string) *Node { return r.bind.Value(path) }

// State returns the node of a variable that is no weight (a moment, an average), made by init where it is new.
func (r *Turn) State(path string, init layers.Init, dims ...int) *Node {
	return r.bind.Variable(path, init, false, dims...)
}

// Net returns the place of a player's weights. A player can be applied many times.
func (r *Turn) Net(player string) Net {
	net := r.bind.Root(player).With(r.pass).Under(r.under[player])
	if r.game.Dress != nil {
		return r.game.Dress(player, net)
	}
	return net
}

// Need returns what the game draws under the name, drawn for this turn: the same node within a turn.
func (r *Turn) Need(name string) *Node {
	for _, need := range r.game.Needs {
		if need.Name == name {
			return r.Draw(need)
		}
	}
	panic(fmt.Errorf("the game has no need called %q", name))
}

// Draw returns a need that the game does not list, drawn for this turn: what a penalty or a technique brings along.
func (r *Turn) Draw(need Need) *Node {
	move, index := r.moving(), 0
	if r.move != nil {
		index = r.turn*r.move.parts() + r.part
	}
	for _, d := range r.draws {
		if d.Need.Name == need.Name && d.Move == move && d.Turn == index {
			return d.Node
		}
	}
	dtype := r.bind.Weights.DType
	if need.Int {
		dtype = dtypes.Int32
	}
	shape := shapes.Make(dtype, append([]int{r.batch}, need.Shape...)...)
	node := graph.Parameter(r.bind.Graph, fmt.Sprintf("draw:%s:%s:%d", need.Name, move, index), shape)
	r.draws = append(r.draws, &Draw{Need: need, Move: move, Turn: index, Node: node})
	return node
}

// asks draws what a network asks for: a need named after the place, and a number where several passes ask there. As many are
// drawn as it takes batches to have enough records.
func (r *Turn) asks(path string, flat bool, dims []int) *Node {
	need := Need{Kind: Gaussian, Shape: dims[1:]}
	if flat {
		need.Kind = Flat
	}
	var drawn []*Node
	for have := 0; have < dims[0]; have += r.batch {
		need.Name = path
		if again := r.asked[path]; again > 0 {
			need.Name = fmt.Sprintf("%s#%d", path, again)
		}
		r.asked[path]++
		drawn = append(drawn, r.Draw(need))
	}
	all := drawn[0]
	if len(drawn) > 1 {
		all = graph.Concatenate(drawn, 0)
	}
	if all.Shape().Dimensions[0] > dims[0] {
		all = graph.SliceAxis(all, 0, graph.AxisRange(0, dims[0]))
	}
	return all
}

// given is what who samples may choose: a need of the game's whole batch, of which records are read.
func (r *Turn) given(name string, value float64, records int, dims []int) *Node {
	all := r.Draw(Need{Name: name, Kind: Given, Shape: dims, Value: value})
	if records > r.batch {
		panic(fmt.Errorf("%q is given for %d records, and there are %d", name, records, r.batch))
	}
	return graph.SliceAxis(all, 0, graph.AxisRange(0, records))
}

// Batch is how many records this turn's batches have.
func (r *Turn) Batch() int { return r.batch }

// moving is the name of the move whose turn it is, "" while sampling.
func (r *Turn) moving() string {
	if r.move == nil {
		return ""
	}
	return r.move.Name
}

// Knob returns the node of a host scalar.
func (r *Turn) Knob(name string) *Node {
	if !r.game.hasKnob(name) {
		panic(fmt.Errorf("the game has no knob called %q", name))
	}
	node := r.knobs[name]
	if node == nil {
		node = graph.Parameter(r.bind.Graph, "knob:"+name, shapes.Make(r.bind.Weights.DType))
		r.knobs[name] = node
	}
	return node
}

// Once returns the node that fn makes, and the same node again to later moves until one of them changes a weight that it
// was made from. It is never kept across the turns of one move. A paper that steps both players on one fake batch says so
// by this.
func (r *Turn) Once(key string, fn func() *Node) *Node {
	name := shared{key, r.part}
	if memory := r.once[name]; memory != nil && (memory.move != r.moving() || memory.turn == r.turn) {
		return memory.node
	}
	var node *Node
	read := r.bind.Watch(func() { node = fn() })
	r.once[name] = &remembered{node: node, read: read, move: r.moving(), turn: r.turn}
	return node
}

// Leave keeps a value for the same turn of later moves of the round, as it is: cut from the gradient, and not made anew when a
// weight that it was made from changes. A paper whose critics see what the generators made before their step says so by this.
func (r *Turn) Leave(key string, value *Node) { r.left[place{key, r.turn, r.part}] = ops.Cut(value) }

// Left returns what an earlier move of the round left for this turn, or what otherwise makes, cut, where none did.
func (r *Turn) Left(key string, otherwise func() *Node) *Node {
	if value := r.left[place{key, r.turn, r.part}]; value != nil {
		return value
	}
	return ops.Cut(otherwise())
}

// Term reports a value of this turn under the move's name ("critic/real") and returns it. The mean is reported; of
// several turns, the last. Sampling reports nothing.
func (r *Turn) Term(name string, value *Node) *Node {
	if r.move == nil || r.quiet {
		return value
	}
	reported := value
	if !value.IsScalar() {
		reported = graph.ReduceAllMean(value)
	}
	name = r.move.Name + "/" + name
	for i := range r.terms {
		if r.terms[i].Name == name {
			r.terms[i].Node = reported
			return value
		}
	}
	r.terms = append(r.terms, Term{name, reported})
	return value
}

// Draws returns the inputs that the host must draw, in the order they were met.
func (r *Turn) Draws() []*Draw { return r.draws }

// KnobNodes returns the knobs that the graph reads, by name.
func (r *Turn) KnobNodes() map[string]*Node { return r.knobs }

// Terms returns what the round reports, in the order it was met.
func (r *Turn) Terms() []Term { return r.terms }

// Where says which move and layer is being built, for errors.
func (r *Turn) Where() string {
	if r.move == nil {
		return r.bind.Where
	}
	return "move " + r.move.Name + " > " + r.bind.Where
}
