package layers

import (
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// Dense is x W + b over the last axis: [..., in] to [..., Units].
type Dense struct {
	Units  int
	NoBias bool
	Init   Init // of W; the zero value is LeCun
}

// On applies the layer with the weights at net.
func (d Dense) On(net Net, x *graph.Node) *graph.Node {
	dims := slices.Clone(x.Shape().Dimensions)
	in := dims[len(dims)-1]
	w := net.Weight("kernel", d.Init.or(LeCun()), in, d.Units)
	y := graph.Dot(graph.Reshape(x, -1, in), w).Product()
	if !d.NoBias {
		y = graph.Add(y, broadcast(net.Weight("bias", Constant(0), d.Units), y))
	}
	dims[len(dims)-1] = d.Units
	return graph.Reshape(y, dims...)
}

// Maxout is the largest of so many affine pieces a unit (Goodfellow 2013, 1302.4389): [..., in] to [..., Units].
type Maxout struct {
	Units, Pieces int
	Init          Init // of W; the zero value is LeCun
}

// On applies the layer with the weights at net.
func (m Maxout) On(net Net, x *graph.Node) *graph.Node {
	x = Dense{Units: m.Units * m.Pieces, Init: m.Init}.On(net, x)
	dims := slices.Clone(x.Shape().Dimensions)
	return graph.ReduceMax(graph.Reshape(x, append(dims[:len(dims)-1], m.Units, m.Pieces)...), -1)
}

// IsTable tells whether the weight at a path is an [Embedding]'s.
func IsTable(path string) bool { return strings.HasSuffix(path, "/table") }

// Embedding looks rows up in a table of Rows vectors of size Size: labels [batch] (int32) to [batch, Size].
type Embedding struct {
	Rows, Size int
	Init       Init // the zero value is N(0, 1), as in Torch
}

// On applies the layer with the table at net.
func (e Embedding) On(net Net, labels *graph.Node) *graph.Node {
	table := net.Weight("table", e.Init.or(Normal(0, 1)), e.Rows, e.Size)
	return graph.Gather(table, graph.InsertAxes(labels, -1))
}

// OneHot turns labels [batch] (int32) into [batch, classes] of 0 and 1.
func OneHot(net Net, labels *graph.Node, classes int) *graph.Node {
	return graph.OneHot(labels, classes, net.DType())
}

// or returns the initialiser, or otherwise where it is the zero value.
func (i Init) or(otherwise Init) Init {
	if i.fill == nil {
		return otherwise
	}
	return i
}

// broadcast puts axes of size 1 before those of x until it has as many as like, whose last axes it shares.
func broadcast(x, like *graph.Node) *graph.Node {
	if x.Rank() == like.Rank() {
		return x
	}
	dims := make([]int, like.Rank())
	for i := range dims {
		dims[i] = 1
	}
	copy(dims[like.Rank()-x.Rank():], x.Shape().Dimensions)
	return graph.Reshape(x, dims...)
}

// Projection scores features by a plane and, of a record with a class, by that class's vector (Miyato and Koyama 2018, 1802.05637,
// equation 3): features [batch, n] and labels [batch], or nil, to scores [batch].
type Projection struct {
	Classes int
	Init    Init // of both; the zero value is Glorot
}

// On applies the layer with the weights at net.
func (p Projection) On(net Net, features, labels *graph.Node) *graph.Node {
	score := graph.Reshape(Dense{Units: 1, Init: p.Init.or(Glorot())}.On(net.In("out"), features), -1)
	if labels == nil {
		return score
	}
	n := features.Shape().Dimensions[1]
	class := Embedding{Rows: p.Classes, Size: n, Init: p.Init.or(Glorot())}.On(net.In("class"), labels) // [batch, n]
	return graph.Add(score, graph.ReduceSum(graph.Mul(class, features), 1))
}
