package layers

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Binding ties Weights to one graph that is being built: it knows the node that stands for each variable at this point
// of the graph. A variable that a step has changed is read as its new node from then on.
type Binding struct {
	Weights *Weights
	Graph   *graph.Graph
	Where   string // the place entered last: an error while building names it
	Outside Outside

	nodes   map[string]*graph.Node // current
	inputs  []*Variable            // in the order of their parameters
	changed []string
	born    []string // made during this build
	readers []map[string]bool
	notes   []map[string]*graph.Node
	parent  func(v *Variable) *graph.Node
}

// Bind starts the binding of the weights to a graph. Every variable becomes a parameter of the graph when it is first met.
func Bind(weights *Weights, g *graph.Graph) *Binding {
	b := &Binding{Weights: weights, Graph: g, nodes: map[string]*graph.Node{}}
	b.parent = func(v *Variable) *graph.Node { return graph.Parameter(g, ParameterName(v.Path), v.Shape) }
	return b
}

// ParameterName is the name of the graph's parameter that stands for the variable at path.
func ParameterName(path string) string { return "variable:" + path }

// BindWith is Bind with the nodes of variables given by a function instead of parameters: a gradient test makes the
// weights inputs of the function that it differentiates, per-sample gradients broadcast them.
func BindWith(weights *Weights, g *graph.Graph, node func(v *Variable) *graph.Node) *Binding {
	b := Bind(weights, g)
	b.parent = node
	return b
}

// Variable returns the node of the variable at the path, and makes the variable if it is new.
func (b *Binding) Variable(path string, init Init, trainable bool, dims ...int) *graph.Node {
	return b.read(b.declare(path, init, trainable, dims))
}

func (b *Binding) declare(path string, init Init, trainable bool, dims []int) *Variable {
	shape := shapes.Make(b.Weights.DType, dims...)
	v := b.Weights.Get(path)
	switch {
	case v == nil:
		v = &Variable{Path: path, Shape: shape, Trainable: trainable, init: init}
		b.Weights.variables[path] = v
		b.born = append(b.born, path)
	case !v.Shape.Equal(shape):
		panic(fmt.Errorf("variable %s is %s, and %s is asked for", path, v.Shape, shape))
	}
	return v
}

// Copy returns the node of a variable at path that is born equal to the one at original: an average.
func (b *Binding) Copy(path, original string) *graph.Node {
	from := b.known(original)
	v := b.Weights.Get(path)
	if v == nil {
		v = &Variable{Path: path, Shape: from.Shape, copyOf: from}
		b.Weights.variables[path] = v
		b.born = append(b.born, path)
	}
	return b.read(v)
}

// Statistics returns the paths of the variables under the scopes that the graph has met and no optimiser changes.
func (b *Binding) Statistics(scopes []string) []string {
	var paths []string
	for _, v := range b.inputs {
		if !v.Trainable && slices.ContainsFunc(scopes, func(scope string) bool { return Under(v.Path, scope) }) {
			paths = append(paths, v.Path)
		}
	}
	slices.Sort(paths)
	return paths
}

// Value returns the current node of a variable that exists.
func (b *Binding) Value(path string) *graph.Node { return b.read(b.known(path)) }

// known returns a variable that exists.
func (b *Binding) known(path string) *Variable {
	v := b.Weights.Get(path)
	if v == nil {
		panic(fmt.Errorf("there is no variable %s; there are variables in %s", path, strings.Join(b.scopes(), ", ")))
	}
	return v
}

func (b *Binding) scopes() []string {
	var scopes []string
	for _, v := range b.Weights.All("") {
		scope, _, _ := strings.Cut(v.Path, "/")
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

func (b *Binding) read(v *Variable) *graph.Node {
	for _, reader := range b.readers {
		reader[v.Path] = true
	}
	node := b.nodes[v.Path]
	if node == nil {
		node = b.parent(v)
		b.nodes[v.Path] = node
		b.inputs = append(b.inputs, v)
	}
	return node
}

// Set makes node the variable's value from here on, and its value after the execution.
func (b *Binding) Set(path string, node *graph.Node) {
	v := b.known(path)
	if !v.Shape.Equal(node.Shape()) {
		panic(fmt.Errorf("variable %s is %s, and is set to %s", path, v.Shape, node.Shape()))
	}
	b.read(v) // a variable that is only written is an input too, so that one list describes the call
	b.nodes[path] = node
	if !slices.Contains(b.changed, path) {
		b.changed = append(b.changed, path)
	}
}

// Watch runs fn and returns the paths of the variables that it read.
func (b *Binding) Watch(fn func()) map[string]bool {
	seen := map[string]bool{}
	b.readers = append(b.readers, seen)
	defer func() { b.readers = b.readers[:len(b.readers)-1] }()
	fn()
	return seen
}

// Instead runs fn with other nodes in the place of variables, by path. What fn sets stays.
func (b *Binding) Instead(nodes map[string]*graph.Node, fn func()) {
	before := map[string]*graph.Node{}
	for path, node := range nodes {
		before[path] = b.Value(path)
		b.nodes[path] = node
	}
	defer func() { maps.Copy(b.nodes, before) }()
	fn()
}

// Noted runs fn and returns what networks noted on the way, by name.
func (b *Binding) Noted(fn func()) map[string]*graph.Node {
	noted := map[string]*graph.Node{}
	b.notes = append(b.notes, noted)
	defer func() { b.notes = b.notes[:len(b.notes)-1] }()
	fn()
	return noted
}

// Inputs returns the variables that the graph reads, in the order of their parameters.
func (b *Binding) Inputs() []*Variable { return b.inputs }

// Changed returns the variables that the graph changes, and the nodes with their new values.
func (b *Binding) Changed() ([]*Variable, []*graph.Node) {
	variables, nodes := make([]*Variable, len(b.changed)), make([]*graph.Node, len(b.changed))
	for i, path := range b.changed {
		variables[i], nodes[i] = b.Weights.Get(path), b.nodes[path]
	}
	return variables, nodes
}

// Abandon removes the variables that this build made: it failed, and a corrected model must find a clean memory.
func (b *Binding) Abandon() {
	for _, path := range b.born {
		b.Weights.Remove(path)
	}
	b.born = nil
}

// Pass says what a pass through a network does with statistics of the batch.
type Pass int

const (
	// Train normalises by the batch and updates the running statistics.
	Train Pass = iota
	// Batch normalises by the batch and leaves the running statistics alone.
	Batch
	// Fixed normalises by the running statistics: what a sample is does not depend on its neighbours.
	Fixed
	// Measure normalises by the batch and sets the running statistics to the batch's: what standing statistics are averaged from.
	Measure
)

// Net is a place in the tree of weights, and how a pass through it behaves. It is a value: In and the other methods return
// changed copies.
type Net struct {
	binding *Binding
	path    string
	pass    Pass
	prefix  string // put before the paths of variables: "average/" reads the averaged copy
	hooks   []Hook
	marks   map[string][]Mark

	reference  *Reference // batch norm is virtual, by this reference batch; nil: it is not
	collecting bool       // this is the pass over the reference batch
}

// Mark makes something else of what a network marked with a name, see [Net.Mark]: attention where a map has a side, statistics of the batch
// beside features.
type Mark func(net Net, x *graph.Node) *graph.Node

// Hook stands between the layers below a place and their weights of two axes or more: it returns what the layer sees in place
// of weight, a node of the same shape. name is the weight's at net, out the axis of it that counts the outputs. Spectral
// normalisation is one, an equalised learning rate another.
type Hook func(net Net, name string, weight *graph.Node, out int) *graph.Node

// Root returns the place at path, at the top of the tree.
func (b *Binding) Root(path string) Net {
	b.Where = path
	return Net{binding: b, path: path}
}

// In returns the place called name below this one.
func (n Net) In(name string) Net {
	n.path += "/" + name
	n.binding.Where = n.path
	return n
}

// Nth is In with a numbered name: Nth("up", 3) is In("up3").
func (n Net) Nth(name string, i int) Net { return n.In(name + strconv.Itoa(i)) }

// With returns the same place for another kind of pass.
func (n Net) With(pass Pass) Net { n.pass = pass; return n }

// Under returns the same place read below another root: Under("average/") reads the averaged copy of the weights.
func (n Net) Under(prefix string) Net { n.prefix = prefix; return n }

// Through returns the same place with a hook more. Of several, a later one sees what the one before returned.
func (n Net) Through(hook Hook) Net {
	n.hooks = append(slices.Clip(n.hooks), hook)
	return n
}

// Bare returns the same place without hooks.
func (n Net) Bare() Net { n.hooks = nil; return n }

// Marking returns the same place with one thing more that is made of what networks mark with the name.
func (n Net) Marking(name string, make Mark) Net {
	marks := maps.Clone(n.marks)
	if marks == nil {
		marks = map[string][]Mark{}
	}
	marks[name] = append(slices.Clip(marks[name]), make)
	n.marks = marks
	return n
}

// Mark shows a node to whoever dressed the place, and returns what the network is to go on with: x itself where nobody did. Networks mark
// "map" after every layer that makes a map [batch, side, side, channels] of a side, and critics "features", the input of their last layer.
func (n Net) Mark(name string, x *graph.Node) *graph.Node {
	n.Note(name, x)
	for _, make := range n.marks[name] {
		x = make(n.In(name), x)
	}
	return x
}

// Note makes a node known under a name to whoever called the network, see [Binding.Noted]: the features under a critic's last layer,
// an auxiliary head's answer, an attention map. A later note of a name replaces an earlier one.
func (n Net) Note(name string, node *graph.Node) {
	if len(n.binding.notes) > 0 {
		n.binding.notes[len(n.binding.notes)-1][name] = node
	}
}

// Pass tells what kind of pass this is.
func (n Net) Pass() Pass { return n.pass }

// Path is the place's path: "critic/conv1".
func (n Net) Path() string { return n.path }

// Graph is the graph that is being built.
func (n Net) Graph() *graph.Graph { return n.binding.Graph }

// DType is the type of the variables.
func (n Net) DType() dtypes.DType { return n.binding.Weights.DType }

// Weight returns what stands for a trainable variable, made by init where it is new: its node, or what hooks make of it. Every
// layer fetches its weights here. The last axis of a weight counts the outputs.
func (n Net) Weight(name string, init Init, dims ...int) *graph.Node {
	return n.WeightOut(len(dims)-1, name, init, dims...)
}

// WeightOut is Weight for a layer whose outputs are counted by another axis.
func (n Net) WeightOut(out int, name string, init Init, dims ...int) *graph.Node {
	weight := n.variable(name, init, true, dims)
	n.binding.Weights.Get(n.path + "/" + name).Out = out
	if len(dims) < 2 {
		return weight
	}
	for _, hook := range n.hooks {
		weight = hook(n, name, weight, out)
	}
	return weight
}

// Statistic returns the node of a variable that no optimiser changes.
func (n Net) Statistic(name string, init Init, dims ...int) *graph.Node {
	return n.variable(name, init, false, dims)
}

func (n Net) variable(name string, init Init, trainable bool, dims []int) *graph.Node {
	path := n.path + "/" + name
	if n.prefix == "" {
		return n.binding.Variable(path, init, trainable, dims...)
	}
	n.binding.declare(path, init, trainable, dims) // sampling may come before the first round
	return n.binding.Copy(n.prefix+path, path)
}

// SetStatistic changes a statistic. The new value is cut from the gradient.
func (n Net) SetStatistic(name string, value *graph.Node) {
	n.binding.Set(n.prefix+n.path+"/"+name, graph.StopGradient(value))
}
