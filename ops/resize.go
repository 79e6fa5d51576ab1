package ops

import "github.com/gomlx/gomlx/core/graph"

// UpsampleNearest repeats every element factor times along every spatial axis: x [batch, height, width, channels] to
// [batch, height*factor, width*factor, channels].
func UpsampleNearest(x *graph.Node, factor int) *graph.Node {
	checkFactor("UpsampleNearest", x, factor)
	dims := x.Shape().Dimensions
	apart, repeated, merged := []int{dims[0]}, []int{dims[0]}, []int{dims[0]}
	for _, n := range spatial(x) {
		apart, repeated, merged = append(apart, n, 1), append(repeated, n, factor), append(merged, n*factor)
	}
	c := channels(x)
	x = graph.BroadcastToDims(graph.Reshape(x, append(apart, c)...), append(repeated, c)...)
	return graph.Reshape(x, append(merged, c)...)
}

// UpsampleBilinear interpolates linearly along every spatial axis: x [batch, height, width, channels] to [batch, height*factor,
// width*factor, channels]. Elements are squares whose values hold in their centres, and beyond the outermost centres they stay as
// they are: PyTorch's Upsample with align_corners=False.
func UpsampleBilinear(x *graph.Node, factor int) *graph.Node {
	checkFactor("UpsampleBilinear", x, factor)
	for i := range spatial(x) {
		x = upsampleLinear(x, i+1, factor)
	}
	return x
}

// upsampleLinear makes factor elements of each along one axis. Their centres lie (phase+1/2)/factor - 1/2 from its own, between it
// and the one before or the one after.
func upsampleLinear(x *graph.Node, axis, factor int) *graph.Node {
	n := x.Shape().Dimensions[axis]
	edge := func(from int) *graph.Node { return strided(x, axis, from, from+1, 1) }
	before, after := edge(0), edge(n-1)
	if n > 1 {
		before = graph.Concatenate([]*graph.Node{before, strided(x, axis, 0, n-1, 1)}, axis)
		after = graph.Concatenate([]*graph.Node{strided(x, axis, 1, n, 1), after}, axis)
	}
	phases := make([]*graph.Node, factor)
	for phase := range phases {
		offset := (float64(phase)+0.5)/float64(factor) - 0.5
		other, weight := after, offset
		if offset < 0 {
			other, weight = before, -offset
		}
		phases[phase] = graph.InsertAxes(graph.Add(graph.MulScalar(x, 1-weight), graph.MulScalar(other, weight)), axis+1)
	}
	dims := append([]int{}, x.Shape().Dimensions...)
	dims[axis] *= factor
	return graph.Reshape(graph.Concatenate(phases, axis+1), dims...)
}

// UpsampleConv returns Conv(UpsampleNearest(x, factor), kernel, o), to rounding, for a stride and a dilation of 1, in one
// convolution over x with gaps. Of its taps those that meet the same element of x are summed first: for a 3x3 kernel and factor 2 it
// takes 16 multiplications where the two steps take 36.
//
// Between upsampled elements u and elements with gaps g, u[i] = g[i] + ... + g[i-factor+1]. So the kernel becomes its own sum over
// factor shifts, which has factor-1 taps more.
func UpsampleConv(x, kernel *graph.Node, factor int, o ConvOptions) *graph.Node {
	checkFactor("UpsampleConv", x, factor)
	o = o.fusable("UpsampleConv", x, kernel)
	size := make([]int, len(spatial(x)))
	for i, n := range spatial(x) {
		size[i] = n * factor
	}
	c := o.convolution(size, kernel)
	for i := range size {
		c.inputDilations[i] = factor
		c.paddings[i][0] += factor - 1
		c.paddings[i][1] += factor - 1
	}
	return c.apply(x, sumOfShifts(kernel, factor))
}

// ConvMeanPool returns MeanPool(Conv(x, kernel, o), {Window: factor}), to rounding, for a stride and a dilation of 1, in one
// convolution of stride factor: for a 3x3 kernel and factor 2 it takes 16 multiplications where the two steps take 36. Rows and
// columns that do not fill a window are dropped, as by MeanPool.
func ConvMeanPool(x, kernel *graph.Node, factor int, o ConvOptions) *graph.Node {
	checkFactor("ConvMeanPool", x, factor)
	o = o.fusable("ConvMeanPool", x, kernel)
	c, elements := o.convolution(spatial(x), kernel), 1
	for i := range c.strides {
		c.strides[i] = factor
		elements *= factor
	}
	return c.apply(x, graph.MulScalar(sumOfShifts(kernel, factor), 1/float64(elements)))
}

// sumOfShifts adds the kernel to itself, moved by 1 to factor-1 taps along every spatial axis.
func sumOfShifts(kernel *graph.Node, factor int) *graph.Node {
	for axis := range kernel.Rank() - 2 {
		var sum *graph.Node
		for shift := range factor {
			config := make([]graph.PadAxis, kernel.Rank())
			config[axis] = graph.PadAxis{Start: shift, End: factor - 1 - shift}
			moved := padWith(kernel, graph.ScalarZero(kernel.Graph(), kernel.DType()), config)
			if shift == 0 {
				sum = moved
			} else {
				sum = graph.Add(sum, moved)
			}
		}
		kernel = sum
	}
	return kernel
}

// fusable refuses what cannot be joined with a resizing.
func (o ConvOptions) fusable(function string, x, kernel *graph.Node) ConvOptions {
	o = o.withDefaults(function, x, kernel)
	if o.Stride != 1 || o.Dilation != 1 {
		fail("%s: stride %d and dilation %d; both must be 1, or take the two steps apart", function, o.Stride, o.Dilation)
	}
	o.checkChannels(function, x, kernel)
	return o
}

func checkFactor(function string, x *graph.Node, factor int) {
	if factor < 1 || x.Rank() < 3 {
		fail("%s: factor %d, input %v; the factor must be at least 1 and the input have a batch, spatial axes and channels", function, factor, x.Shape())
	}
}
