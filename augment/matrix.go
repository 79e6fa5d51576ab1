package augment

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// Matrices are [batch, n, n], one a record, made of numbers [batch].

func one(like *Node) *Node  { return graph.OnesLike(like) }
func zero(like *Node) *Node { return graph.ZerosLike(like) }

// product is a b, record by record.
func product(a, b *Node) *Node { return graph.Einsum("bij,bjk->bik", a, b) }

// matrix puts rows of numbers [batch] together.
func matrix(rows ...[]*Node) *Node {
	var flat []*Node
	for _, row := range rows {
		for _, entry := range row {
			flat = append(flat, graph.InsertAxes(entry, -1))
		}
	}
	return graph.Reshape(graph.Concatenate(flat, -1), flat[0].Shape().Dimensions[0], len(rows), len(rows[0]))
}

// translate2 moves by (x, y) in the plane.
func translate2(x, y *Node) *Node {
	i, o := one(x), zero(x)
	return matrix([]*Node{i, o, x}, []*Node{o, i, y}, []*Node{o, o, i})
}

// scale2 stretches by x and y.
func scale2(x, y *Node) *Node {
	i, o := one(x), zero(x)
	return matrix([]*Node{x, o, o}, []*Node{o, y, o}, []*Node{o, o, i})
}

// rotate2 turns the first axis towards the second by an angle.
func rotate2(angle *Node) *Node {
	s, c, i, o := graph.Sin(angle), graph.Cos(angle), one(angle), zero(angle)
	return matrix([]*Node{c, graph.Neg(s), o}, []*Node{s, c, o}, []*Node{o, o, i})
}

// scaleOf and shiftOf are the same for every record of a batch of matrices.
func scaleOf(batch *Node, by float64) *Node {
	v := number(batch, by)
	return scale2(v, v)
}

func shiftOf(batch *Node, by float64) *Node {
	v := number(batch, by)
	return translate2(v, v)
}

func number(batch *Node, value float64) *Node {
	first := graph.Reshape(graph.Slice(batch, graph.AxisRange(), graph.AxisElem(0), graph.AxisElem(0)), -1)
	return graph.AddScalar(graph.ZerosLike(first), value)
}

// affine3 maps colours by 3x3 rows, and adds the same to each; nil adds nothing.
func affine3(rows [3][3]*Node, add *Node) *Node {
	i, o := one(rows[0][0]), zero(rows[0][0])
	if add == nil {
		add = o
	}
	row := func(k int) []*Node { return []*Node{rows[k][0], rows[k][1], rows[k][2], add} }
	return matrix(row(0), row(1), row(2), []*Node{o, o, o, i})
}

// diagonal has one number on the diagonal, and alike another one elsewhere.
func diagonal(d *Node) [3][3]*Node { return alike(d, zero(d)) }

func alike(d, other *Node) [3][3]*Node {
	return [3][3]*Node{{d, other, other}, {other, d, other}, {other, other, d}}
}

// around turns colours around the grey axis by an angle (Rodrigues' formula).
func around(angle *Node) [3][3]*Node {
	c := graph.Cos(angle)
	s := graph.MulScalar(graph.Sin(angle), 1/math.Sqrt(3))
	third := graph.MulScalar(graph.OneMinus(c), 1./3)
	d, less, more := graph.Add(third, c), graph.Sub(third, s), graph.Add(third, s)
	return [3][3]*Node{{d, less, more}, {more, d, less}, {less, more, d}}
}
