// Package ir is the engine's intermediate representation: a graph of operations on arrays of fixed shape.
//
// What goes in: operations, added one by one, each with its inputs and the shapes of its results. What comes out: a graph in which equal
// operations on equal inputs are one node, in an order in which inputs come before their readers, and its text. It does not
// know what an operation computes: that is said by the values of Op, which live with their kernels in package engine.
package ir

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute/shapes"
)

// Op says what a node computes. Two ops with the same name and attributes compute the same function.
type Op interface {
	// Name is the operation in lower case, "add", "reduce.sum".
	Name() string

	// Attrs is the text of all parameters that are not inputs, in one canonical form: it is printed, and it is identity.
	Attrs() string
}

// Value is one result of a node. It is comparable; the zero Value is no value.
type Value struct {
	Node  *Node
	Index int
}

// Shape is the shape of the value.
func (v Value) Shape() shapes.Shape { return v.Node.Out[v.Index] }

// String is %7, or %7.1 for the second result of a node that has several.
func (v Value) String() string {
	if len(v.Node.Out) == 1 {
		return fmt.Sprintf("%%%d", v.Node.ID)
	}
	return fmt.Sprintf("%%%d.%d", v.Node.ID, v.Index)
}

// Node is one operation.
type Node struct {
	ID  int // position in Graph.Nodes
	Op  Op
	In  []Value
	Out []shapes.Shape
}

// Value is the only result of a node that has one.
func (n *Node) Value() Value { return Value{n, 0} }

// Graph is a function: parameters in, outputs out.
type Graph struct {
	Nodes   []*Node // inputs before their readers
	Params  []*Node // in the order of the call, also the unused ones
	Outputs []Value

	seen map[string]*Node
}

// New returns an empty graph.
func New() *Graph { return &Graph{seen: map[string]*Node{}} }

// Add returns the node that computes op on these inputs: a new one, or the one that is there already.
func (g *Graph) Add(op Op, in []Value, out ...shapes.Shape) *Node {
	key := identity(op, in, out)
	if n, ok := g.seen[key]; ok {
		return n
	}
	n := g.append(op, in, out)
	g.seen[key] = n
	return n
}

// AddParam adds the next parameter. Parameters are never merged.
func (g *Graph) AddParam(op Op, shape shapes.Shape) *Node {
	n := g.append(op, nil, []shapes.Shape{shape})
	g.Params = append(g.Params, n)
	return n
}

func (g *Graph) append(op Op, in []Value, out []shapes.Shape) *Node {
	n := &Node{ID: len(g.Nodes), Op: op, In: in, Out: out}
	g.Nodes = append(g.Nodes, n)
	return n
}

// identity is the key under which equal nodes meet. Shapes are part of it, because some ops (iota, broadcast) are told apart by nothing else.
func identity(op Op, in []Value, out []shapes.Shape) string {
	b := make([]byte, 0, 64)
	b = append(b, op.Name()...)
	b = append(b, '{')
	b = append(b, op.Attrs()...)
	b = append(b, '}')
	for _, v := range in {
		b = fmt.Appendf(b, " %d.%d", v.Node.ID, v.Index)
	}
	for _, s := range out {
		b = fmt.Appendf(b, " :%d%v", int(s.DType), s.Dimensions)
	}
	return string(b)
}

// Users counts the readers of each node's values; a graph output counts as one.
func (g *Graph) Users() map[Value]int {
	users := make(map[Value]int, len(g.Nodes))
	for _, n := range g.Nodes {
		for _, v := range n.In {
			users[v]++
		}
	}
	for _, v := range g.Outputs {
		users[v]++
	}
	return users
}

// Rewrite copies the graph node by node through f, which adds what the node becomes to the new graph and returns its values
// there, one for each of the node's results. in holds the node's inputs in the new graph. Parameters are copied by Rewrite itself.
func (g *Graph) Rewrite(f func(to *Graph, n *Node, in []Value) []Value) *Graph {
	to := New()
	values := make(map[Value]Value, len(g.Nodes))
	for _, p := range g.Params {
		values[p.Value()] = to.AddParam(p.Op, p.Out[0]).Value()
	}
	for _, n := range g.Nodes {
		if _, done := values[Value{n, 0}]; done {
			continue
		}
		in := make([]Value, len(n.In))
		for i, v := range n.In {
			in[i] = values[v]
		}
		for i, v := range f(to, n, in) {
			values[Value{n, i}] = v
		}
	}
	to.Outputs = make([]Value, len(g.Outputs))
	for i, v := range g.Outputs {
		to.Outputs[i] = values[v]
	}
	return to
}

// Copy adds the node unchanged to another graph; it is what a Rewrite does with nodes that are not its business.
func Copy(to *Graph, n *Node, in []Value) []Value {
	return Results(to.Add(n.Op, in, n.Out...))
}

// Results are all values of a node.
func Results(n *Node) []Value {
	values := make([]Value, len(n.Out))
	for i := range values {
		values[i] = Value{n, i}
	}
	return values
}

// Verify checks what every pass must keep: inputs come before readers, every value exists, shapes are concrete, parameters are in the graph.
func (g *Graph) Verify() error {
	for i, n := range g.Nodes {
		if n.ID != i {
			return fmt.Errorf("node %s at position %d has number %d", n.Op.Name(), i, n.ID)
		}
		for _, v := range n.In {
			if err := g.owns(v, i); err != nil {
				return fmt.Errorf("%%%d = %s: %w", n.ID, n.Op.Name(), err)
			}
		}
		for _, s := range n.Out {
			if !s.Ok() || s.IsDynamic() {
				return fmt.Errorf("%%%d = %s: result shape %s is not concrete", n.ID, n.Op.Name(), s)
			}
		}
	}
	for _, p := range g.Params {
		if err := g.owns(p.Value(), len(g.Nodes)); err != nil {
			return fmt.Errorf("parameter: %w", err)
		}
	}
	for _, v := range g.Outputs {
		if err := g.owns(v, len(g.Nodes)); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	return nil
}

// owns says whether v is a value of this graph defined before position end.
func (g *Graph) owns(v Value, end int) error {
	switch {
	case v.Node == nil:
		return fmt.Errorf("a value is missing")
	case v.Node.ID >= end || g.Nodes[v.Node.ID] != v.Node:
		return fmt.Errorf("%s is not defined before it is read", v)
	case v.Index < 0 || v.Index >= len(v.Node.Out):
		return fmt.Errorf("%s: the node has %d results", v, len(v.Node.Out))
	}
	return nil
}

// String is the text form: a line a node, and the outputs.
//
//	%2 = add %0, %1 : f32[3 4]
//	return %2
func (g *Graph) String() string {
	var b strings.Builder
	for _, n := range g.Nodes {
		for i, v := range Results(n) {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(v.String())
		}
		fmt.Fprintf(&b, " = %s", n.Op.Name())
		for i, v := range n.In {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, " %s", v)
		}
		if a := n.Op.Attrs(); a != "" {
			fmt.Fprintf(&b, " {%s}", a)
		}
		b.WriteString(" :")
		for _, s := range n.Out {
			fmt.Fprintf(&b, " %s", ShapeText(s))
		}
		b.WriteByte('\n')
	}
	b.WriteString("return")
	for i, v := range g.Outputs {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %s", v)
	}
	b.WriteByte('\n')
	return b.String()
}

// ShapeText is a shape in the text form: f32[3 4].
func ShapeText(s shapes.Shape) string {
	name := strings.ToLower(s.DType.String())
	for long, short := range map[string]string{"bfloat": "bf", "float": "f", "uint": "u", "int": "i", "complex": "c"} {
		if rest, ok := strings.CutPrefix(name, long); ok {
			name = short + rest
			break
		}
	}
	return name + fmt.Sprint(s.Dimensions)
}
