package ops

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Warp makes pictures [batch, height, width, channels] of x [batch, h, w, channels], linearly interpolated between the centres of its
// elements: the element whose centre lies at (column, row) from the middle of the new picture is read at inverse * (column, row, 1) from
// the middle of x, in elements. inverse is [batch, 2, 3]. Beyond the edges x is 0. It is PyTorch's affine_grid and grid_sample with
// align_corners=False. There is no gradient by inverse.
func Warp(x, inverse *graph.Node, height, width int) *graph.Node {
	d := x.Shape().Dimensions
	if x.Rank() != 4 || inverse.Rank() != 3 || inverse.Shape().Dimensions[0] != d[0] || inverse.Shape().Dimensions[1] != 2 || inverse.Shape().Dimensions[2] != 3 {
		fail("Warp: pictures %v and matrices %v; they must be [batch, height, width, channels] and [batch, 2, 3]", x.Shape(), inverse.Shape())
	}
	inverse = graph.StopGradient(inverse)
	places := shapes.Make(x.DType(), d[0], height, width)
	column := graph.AddScalar(graph.Iota(x.Graph(), places, 2), 0.5-float64(width)/2)
	row := graph.AddScalar(graph.Iota(x.Graph(), places, 1), 0.5-float64(height)/2)
	entry := func(i, j int) *graph.Node {
		return graph.Reshape(graph.Slice(inverse, graph.AxisRange(), graph.AxisElem(i), graph.AxisElem(j)), d[0], 1, 1)
	}
	place := func(i, n int) *graph.Node { // where in x, as an index
		at := graph.Add(graph.Add(graph.Mul(column, entry(i, 0)), graph.Mul(row, entry(i, 1))), entry(i, 2))
		return graph.AddScalar(at, float64(n)/2-0.5)
	}
	right, down := place(0, d[2]), place(1, d[1])
	left, top := graph.Floor(right), graph.Floor(down)
	right, down = graph.Sub(right, left), graph.Sub(down, top) // the shares of the next element

	// All four neighbours of all places are read at once, from planes, so that what comes out is added up along whole rows.
	var indices, shares []*graph.Node
	for corner := range 4 {
		i, j := corner/2, corner%2
		r, rIn := within(graph.AddScalar(top, float64(i)), d[1])
		c, cIn := within(graph.AddScalar(left, float64(j)), d[2])
		share := graph.Mul(shareOf(down, i), shareOf(right, j))
		share = graph.Where(graph.LogicalAnd(rIn, cIn), share, graph.ZerosLike(share))
		indices = append(indices, graph.InsertAxes(graph.Add(graph.MulScalar(r, d[2]), c), 0, 1)) // [1, batch, 1, height, width]
		shares = append(shares, graph.InsertAxes(share, 0, 1))
	}
	plane := graph.MulScalar(graph.Iota(x.Graph(), shapes.Make(dtypes.Int32, d[0]*d[3]), 0), d[1]*d[2])
	index := graph.Add(graph.Concatenate(indices, 0), graph.Reshape(plane, 1, d[0], d[3], 1, 1))
	read := graph.Gather(graph.Reshape(planesOf(x), -1), graph.InsertAxes(index, -1)) // [4, batch, channels, height, width]
	return pixelsOf(graph.ReduceSum(graph.Mul(read, graph.Concatenate(shares, 0)), 0))
}

// shareOf is the weight of the first (0) or the next (1) of two neighbours.
func shareOf(next *graph.Node, which int) *graph.Node {
	if which == 1 {
		return next
	}
	return graph.OneMinus(next)
}

// within returns an index, made to lie from 0 to n-1, and whether it did.
func within(at *graph.Node, n int) (index, in *graph.Node) {
	low, high := graph.ScalarZero(at.Graph(), at.DType()), graph.Scalar(at.Graph(), at.DType(), float64(n-1))
	in = graph.LogicalAnd(graph.GreaterOrEqual(at, low), graph.LessOrEqual(at, high))
	return graph.ConvertDType(graph.Min(graph.Max(at, low), high), dtypes.Int32), in
}
