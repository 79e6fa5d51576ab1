package ops

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// window is how one axis is read by the windows of a ReduceWindow node, or of a pool: size taps, dilation steps apart, from a
// place that moves by the stride, over an input with gaps and padding.
type window struct {
	size, stride, dilation, gap int // gap is the input dilation: steps between two inputs
	before, after               int // padding
}

// windowsOf reads a ReduceWindow node, a window for each axis of its input. Where GoMLX was given no strides they are the sizes.
func windowsOf(node *graph.Node) []window {
	p, rank := paramsOf(node), node.Rank()
	sizes := p.intsOr("windowDimensions", rank, 1)
	strides, gaps, dilations := p.ints("strides"), p.intsOr("inputDilations", rank, 1), p.intsOr("windowDilations", rank, 1)
	if len(strides) == 0 {
		strides = sizes
	}
	list := make([]window, rank)
	for axis, padding := range p.pairsOr("paddings", rank) {
		list[axis] = window{sizes[axis], strides[axis], dilations[axis], gaps[axis], padding[0], padding[1]}
	}
	return list
}

func reduceWindowVJP(node, v *graph.Node) []*graph.Node {
	windows := windowsOf(node)
	switch kind := compute.ReduceOpType(paramsOf(node).int("reductionType")); kind {
	case compute.ReduceOpSum:
		return []*graph.Node{spread(v, windows, node.Inputs()[0].Shape().Dimensions)}
	case compute.ReduceOpMax:
		return composed(node, v, func(x *graph.Node) *graph.Node { return slideAll(x, windows, graph.Max, infinity(x, -1)) })
	case compute.ReduceOpMin:
		return composed(node, v, func(x *graph.Node) *graph.Node { return slideAll(x, windows, graph.Min, infinity(x, 1)) })
	default:
		fail("ReduceWindow by %s has no gradient; there is one for sum, max and min", kind)
		return nil
	}
}

// spread is the gradient of a sum over windows by an input of inputDims: a sum over windows of v, by the same rule as the gradient
// of a convolution by its input (with a kernel of ones).
func spread(v *graph.Node, windows []window, inputDims []int) *graph.Node {
	config := make([]graph.PadAxis, len(windows))
	sizes, strides, dilations := make([]int, len(windows)), make([]int, len(windows)), make([]int, len(windows))
	for axis, w := range windows {
		windowSpan, inputSpan := (w.size-1)*w.dilation+1, (inputDims[axis]-1)*w.gap+1
		outputSpan := (v.Shape().Dimensions[axis]-1)*w.stride + 1
		before := windowSpan - 1 - w.before
		config[axis] = graph.PadAxis{Start: before, End: inputSpan + windowSpan - 1 - outputSpan - before, Interior: w.stride - 1}
		sizes[axis], strides[axis], dilations[axis] = w.size, w.gap, w.dilation
	}
	v = padOrCut(v, graph.ScalarZero(v.Graph(), v.DType()), config)
	return graph.BackendReduceWindow(v, compute.ReduceOpSum, sizes, strides, nil, dilations, nil)
}

// slideAll combines the elements under each window, two at a time, axis by axis. The last axis comes first: then the first of
// equal elements, in row-major order, is the one that comes first in combine.
func slideAll(x *graph.Node, windows []window, combine func(a, b *graph.Node) *graph.Node, fill *graph.Node) *graph.Node {
	for axis := len(windows) - 1; axis >= 0; axis-- {
		x = slide(x, axis, windows[axis], combine, fill)
	}
	return x
}

func slide(x *graph.Node, axis int, w window, combine func(a, b *graph.Node) *graph.Node, fill *graph.Node) *graph.Node {
	config := make([]graph.PadAxis, x.Rank())
	config[axis] = graph.PadAxis{Start: w.before, End: w.after, Interior: w.gap - 1}
	x = padOrCut(x, fill, config)
	outputs := (x.Shape().Dimensions[axis]-(w.size-1)*w.dilation-1)/w.stride + 1
	var all *graph.Node
	for tap := range w.size {
		first := tap * w.dilation
		one := strided(x, axis, first, first+(outputs-1)*w.stride+1, w.stride)
		if tap == 0 {
			all = one
		} else {
			all = combine(all, one)
		}
	}
	return all
}

// composed differentiates an operation of one input through an equal composition f of others: the gradient of sum(f(x)*v) by x.
// It starts from a node of its own, so that only paths through f count, and not those by which v depends on x; the next order
// takes those.
func composed(node, v *graph.Node, f func(x *graph.Node) *graph.Node) []*graph.Node {
	x := graph.Identity(node.Inputs()[0])
	return graph.Gradient(graph.ReduceAllSum(graph.Mul(f(x), v)), x)
}

func infinity(x *graph.Node, sign int) *graph.Node { return graph.Infinity(x.Graph(), x.DType(), sign) }

// strided takes every stride-th element of one axis from first to before end.
func strided(x *graph.Node, axis, first, end, stride int) *graph.Node {
	if first == 0 && end == x.Shape().Dimensions[axis] && stride == 1 {
		return x
	}
	return graph.SliceAxis(x, axis, graph.AxisRange(first, end).Stride(stride))
}

// padOrCut pads x with fill. Negative paddings cut, by a slice: the stock backend's Pad (compute v0.1.3) writes out of bounds.
func padOrCut(x, fill *graph.Node, config []graph.PadAxis) *graph.Node {
	grow := make([]graph.PadAxis, len(config))
	for axis, c := range config {
		grow[axis] = graph.PadAxis{Start: max(0, c.Start), End: max(0, c.End), Interior: c.Interior}
	}
	x = padWith(x, fill, grow)
	for axis, c := range config {
		x = strided(x, axis, max(0, -c.Start), x.Shape().Dimensions[axis]-max(0, -c.End), 1)
	}
	return x
}

// padWith leaves x alone where there is nothing to pad.
func padWith(x, fill *graph.Node, config []graph.PadAxis) *graph.Node {
	for _, axis := range config {
		if axis != (graph.PadAxis{}) {
			return graph.Pad(x, fill, config...)
		}
	}
	return x
}

// reduceProductVJP multiplies in pairs, so that zeros among the factors do no harm (as dividing the product by each would).
func reduceProductVJP(node, v *graph.Node) []*graph.Node {
	axes := paramsOf(node).ints("axes")
	return composed(node, v, func(x *graph.Node) *graph.Node { return multiply(x, axes) })
}

// multiply multiplies over the given axes, or all where there are none, and drops them.
func multiply(x *graph.Node, axes []int) *graph.Node {
	reduced := make([]bool, x.Rank())
	for axis := range reduced {
		reduced[axis] = len(axes) == 0
	}
	for _, axis := range axes {
		reduced[axis] = true
	}
	var kept []int
	for axis, n := range x.Shape().Dimensions {
		if !reduced[axis] {
			kept = append(kept, n)
			continue
		}
		for n > 1 {
			half := n / 2
			pairs := graph.Mul(strided(x, axis, 0, half, 1), strided(x, axis, half, 2*half, 1))
			if n%2 == 1 {
				pairs = graph.Concatenate([]*graph.Node{pairs, strided(x, axis, n-1, n, 1)}, axis)
			}
			x, n = pairs, n-half
		}
	}
	return graph.Reshape(x, kept...)
}
