package ops

import "github.com/gomlx/gomlx/core/graph"

// Separable multiplies both spatial axes of x [batch, side, side, channels] by the matrix [outputs][side], each channel by itself:
// y = M x M^T, [batch, outputs, outputs, channels]. A filter along an axis is a matrix with a band, and what else is linear along it (padding,
// mirror images, more or fewer elements) multiplies into the same one: a few dense products then take the place of a pass over the picture
// for each tap, and so in its gradients.
func Separable(x *graph.Node, matrix [][]float64) *graph.Node {
	d := x.Shape().Dimensions
	if x.Rank() != 4 || len(matrix) == 0 || d[1] != len(matrix[0]) || d[2] != len(matrix[0]) {
		fail("Separable: pictures %v and a matrix of %d rows; they must be [batch, side, side, channels] and [outputs][side]", x.Shape(), len(matrix))
	}
	m := graph.ConvertDType(graph.Const(x.Graph(), matrix), x.DType())
	x = planesOf(x)
	if len(matrix) > d[1] { // the smaller picture goes through both products
		return pixelsOf(alongRows(alongColumns(x, m), m))
	}
	return pixelsOf(alongColumns(alongRows(x, m), m))
}

// planesOf puts the channels of pictures before the spatial axes, where a row has nothing but neighbours, and pixelsOf puts them back.
func planesOf(x *graph.Node) *graph.Node { return graph.TransposeAllAxes(x, 0, 3, 1, 2) }
func pixelsOf(x *graph.Node) *graph.Node { return graph.TransposeAllAxes(x, 0, 2, 3, 1) }

// alongRows multiplies the rows of planes [batch, channels, height, width], and alongColumns their columns.
func alongRows(x, m *graph.Node) *graph.Node {
	d, outputs := x.Shape().Dimensions, m.Shape().Dimensions[0]
	planes := d[0] * d[1]
	each := graph.BroadcastToDims(graph.InsertAxes(m, 0), planes, outputs, d[2])
	y := graph.Einsum("poi,piw->pow", each, graph.Reshape(x, planes, d[2], d[3]))
	return graph.Reshape(y, d[0], d[1], outputs, d[3])
}

func alongColumns(x, m *graph.Node) *graph.Node { return graph.Einsum("bchi,oi->bcho", x, m) }
