package ops

import "github.com/gomlx/gomlx/core/graph"

// PoolOptions say how a window moves over its input. They hold for every spatial axis.
type PoolOptions struct {
	Window  int // elements under the window
	Stride  int // steps between two windows; 0 means as many as the window has elements
	Padding int // elements before and after every spatial axis, at most half a window
}

// SumPool returns the sum under each window, padding counted as 0: x [batch, height, width, channels] to [batch, (height +
// 2*padding - window) / stride + 1, ..., channels].
func SumPool(x *graph.Node, o PoolOptions) *graph.Node {
	o = o.checked("SumPool", x)
	if o.tiles(x) {
		return sumTiles(x, o.Window)
	}
	return slideAll(x, o.windows(x), graph.Add, graph.ScalarZero(x.Graph(), x.DType()))
}

// MeanPool returns [SumPool] over the number of elements of a window, padding counted as elements, as PyTorch does by default.
func MeanPool(x *graph.Node, o PoolOptions) *graph.Node {
	elements := 1
	for range spatial(x) {
		elements *= o.Window
	}
	return graph.MulScalar(SumPool(x, o), 1/float64(elements))
}

// MaxPool returns the largest element under each window, of the shape of [SumPool]; padding is never the largest. The gradient goes
// to the largest element, the first of equal ones.
func MaxPool(x *graph.Node, o PoolOptions) *graph.Node {
	return slideAll(x, o.checked("MaxPool", x).windows(x), graph.Max, infinity(x, -1))
}

func (o PoolOptions) checked(function string, x *graph.Node) PoolOptions {
	if o.Stride == 0 {
		o.Stride = o.Window
	}
	switch {
	case x.Rank() < 3:
		fail("%s: input %v; it must have a batch, spatial axes and channels", function, x.Shape())
	case o.Window < 1 || o.Stride < 1:
		fail("%s: window %d, stride %d; both must be at least 1", function, o.Window, o.Stride)
	case o.Padding < 0 || o.Padding > o.Window/2:
		fail("%s: padding %d; it must be between 0 and half the window, %d", function, o.Padding, o.Window/2)
	}
	for _, n := range spatial(x) {
		if n+2*o.Padding < o.Window {
			fail("%s: window %d does not fit into input %v with padding %d", function, o.Window, x.Shape(), o.Padding)
		}
	}
	return o
}

// windows has a window of one element for the batch and the channels.
func (o PoolOptions) windows(x *graph.Node) []window {
	list := make([]window, x.Rank())
	for axis := range list {
		list[axis] = window{size: 1, stride: 1, dilation: 1, gap: 1}
		if axis > 0 && axis < x.Rank()-1 {
			list[axis] = window{o.Window, o.Stride, 1, 1, o.Padding, o.Padding}
		}
	}
	return list
}

// tiles says that the windows lie side by side and cover the input.
func (o PoolOptions) tiles(x *graph.Node) bool {
	for _, n := range spatial(x) {
		if n%o.Window != 0 {
			return false
		}
	}
	return o.Stride == o.Window && o.Padding == 0
}

// sumTiles splits each spatial axis into tiles and sums within them: one reduction, whose gradient is a broadcast.
func sumTiles(x *graph.Node, size int) *graph.Node {
	dims := x.Shape().Dimensions
	split, within := []int{dims[0]}, []int{}
	for _, n := range spatial(x) {
		within = append(within, len(split)+1)
		split = append(split, n/size, size)
	}
	return graph.ReduceSum(graph.Reshape(x, append(split, channels(x))...), within...)
}
