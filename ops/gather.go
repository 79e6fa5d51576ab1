package ops

import (
	"slices"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Gather and ScatterSum are each other's gradient. GoMLX's own rules know only some forms of either, and get others wrong at second
// order; these know all. Indices must be in bounds: outside, Gather takes the nearest slice and ScatterSum adds to none.

// scatterSumVJP: by the operand it is v, and by the updates it is v gathered from where they went.
func scatterSumVJP(node, v *graph.Node) []*graph.Node {
	x, indices, updates, p := node.Inputs()[0], node.Inputs()[1], node.Inputs()[2], paramsOf(node)
	windowAxes, inserted := p.ints("updateWindowAxes"), p.ints("insertedWindowAxes")
	sizes, next := repeat(1, x.Rank()), 0 // of the slice of x that one update covers: 1 along the inserted axes
	for axis := range sizes {
		if !slices.Contains(inserted, axis) {
			sizes[axis] = updates.Shape().Dimensions[windowAxes[next]]
			next++
		}
	}
	byUpdates := graph.BackendGather(v, indices, p.int("indexVectorAxis"), windowAxes, inserted,
		p.ints("scatterAxesToOperandAxes"), sizes, p.bool("indicesAreSorted"))
	return []*graph.Node{v, nil, byUpdates}
}

// gatherVJP adds v to where it came from. A gathered slice may cover part of an axis; scattering such slices goes wrong on the stock
// backend (compute v0.1.3 takes their first places for the slice's). So each place of a part is addressed by an index of its own.
func gatherVJP(node, v *graph.Node) []*graph.Node {
	x, p := node.Inputs()[0], paramsOf(node)
	sizes, collapsed, offsets := p.ints("sliceSizes"), p.ints("collapsedSliceAxes"), p.ints("offsetOutputAxes")

	// v becomes [batch..., parts of axes..., whole axes...].
	var order, parts, whole, pointed []int // axes of v; pointed are the axes of x that points address
	for axis := range v.Rank() {
		if !slices.Contains(offsets, axis) {
			order = append(order, axis)
		}
	}
	batch, next := len(order), 0
	for axis, n := range x.Shape().Dimensions {
		switch {
		case slices.Contains(collapsed, axis):
			pointed = append(pointed, axis)
			continue // v has no such axis
		case sizes[axis] < n:
			pointed = append(pointed, axis)
			parts = append(parts, offsets[next])
		default:
			whole = append(whole, offsets[next])
		}
		next++
	}
	v = transpose(v, slices.Concat(order, parts, whole))
	if len(pointed) == 0 {
		return []*graph.Node{graph.ReduceSum(v, upTo(batch)...), nil}
	}
	grid := batch + len(parts)
	windows := upTo(v.Rank())[grid:]
	byX := graph.BackendScatterSum(graph.Zeros(x.Graph(), x.Shape()), points(node, pointed, v.Shape().Dimensions[:grid]), v,
		grid, windows, pointed, pointed, false, false)
	return []*graph.Node{byX, nil}
}

// points returns where in x each element of v came from: an array of grid by pointed axes. The first axes of the grid are those of the
// gather's indices; then comes one for each pointed axis that is not collapsed, along which the places of the slice follow.
func points(node *graph.Node, pointed, grid []int) *graph.Node {
	starts, p := node.Inputs()[1], paramsOf(node)
	startMap, collapsed := p.ints("startIndexMap"), p.ints("collapsedSliceAxes")
	if vector := p.int("indexVectorAxis"); vector == starts.Rank() {
		starts = graph.InsertAxes(starts, -1)
	} else {
		last := slices.Delete(upTo(starts.Rank()), vector, vector+1)
		starts = transpose(starts, append(last, vector))
	}
	batch := starts.Rank() - 1
	shape := shapes.Make(starts.DType(), grid...)

	columns, part := make([]*graph.Node, len(pointed)), batch
	for i, axis := range pointed {
		column := graph.Zeros(starts.Graph(), shape)
		if k := slices.Index(startMap, axis); k >= 0 {
			start := strided(starts, batch, k, k+1, 1)
			start = graph.Reshape(start, append(slices.Clone(grid[:batch]), repeat(1, len(grid)-batch)...)...)
			column = graph.BroadcastToDims(start, grid...)
		}
		if !slices.Contains(collapsed, axis) {
			column = graph.Add(column, graph.Iota(starts.Graph(), shape, part))
			part++
		}
		columns[i] = graph.InsertAxes(column, -1)
	}
	return graph.Concatenate(columns, -1)
}

// transpose leaves x alone where the order of its axes is not changed.
func transpose(x *graph.Node, order []int) *graph.Node {
	if slices.IsSorted(order) {
		return x
	}
	return graph.TransposeAllAxes(x, order...)
}

// upTo lists 0 to n-1.
func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
