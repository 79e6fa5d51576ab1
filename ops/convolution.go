package ops

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// convolution is the geometry of one ConvGeneral node, with every default spelled out. Along one axis, with input x of size n,
// kernel k of size m, stride s, padding p before, input dilation l and kernel dilation r, it is
//
//	y[o] = sum over t of k[t] * X[o*s + t*r - p]        X[i*l] = x[i], and zero elsewhere
//
// Both gradients of a convolution are convolutions, so these two rules give gradients of every order. With the spans
// K = (m-1)*r+1, I = (n-1)*l+1 and O = (size of y - 1)*s+1:
//
//	by input    dx = conv(v, reversed k, in and out swapped)   stride l, input dilation s, kernel dilation r, padding K-1-p
//	by kernel   dk = conv(x, v, batch and channels swapped)    stride r, input dilation l, kernel dilation s, padding p
//
// and the padding after is whatever makes the result as large as x, or k. Paddings may be negative: they cut.
//
// Groups: with c channel groups the channels of x and the output channels of k are c blocks, which meet each other alone. With b
// batch groups the batch of x and the output channels of k are b blocks that do. The gradients of both are convolutions with
// channel groups, once the blocks lie where channel groups want them (moveGroups). No batch groups arise, of which GoMLX's stock
// backend (compute v0.1.3) misreads the size unless input and output have the batch on the same axis.
type convolution struct {
	axes                            graph.ConvolveAxesConfig
	strides                         []int
	paddings                        [][2]int
	inputDilations, kernelDilations []int
	channelGroups, batchGroups      int
}

func convolutionOf(node *graph.Node) convolution {
	p, spatial := paramsOf(node), node.Rank()-2
	return convolution{
		axes:            p.convAxes("axes"),
		strides:         p.intsOr("strides", spatial, 1),
		paddings:        p.pairsOr("paddings", spatial),
		inputDilations:  p.intsOr("inputDilations", spatial, 1),
		kernelDilations: p.intsOr("kernelDilations", spatial, 1),
		channelGroups:   max(1, p.int("channelGroupCount")),
		batchGroups:     max(1, p.int("batchGroupCount")),
	}
}

func (c convolution) apply(x, kernel *graph.Node) *graph.Node {
	return graph.ConvGeneral(x, kernel, c.axes, c.strides, c.paddings, c.inputDilations, c.kernelDilations, c.channelGroups, c.batchGroups)
}

// byInput returns the gradient by an input of inputDims, given the kernel and the gradient v by the output.
func (c convolution) byInput(inputDims []int, kernel, v *graph.Node) *graph.Node {
	a := c.axes
	back := convolution{
		axes: graph.ConvolveAxesConfig{
			InputBatch: a.OutputBatch, InputChannels: a.OutputChannels, InputSpatial: a.OutputSpatial,
			KernelInputChannels: a.KernelOutputChannels, KernelOutputChannels: a.KernelInputChannels, KernelSpatial: a.KernelSpatial,
			OutputBatch: a.InputBatch, OutputChannels: a.InputChannels, OutputSpatial: a.InputSpatial,
		},
		strides: c.inputDilations, paddings: make([][2]int, len(c.strides)),
		inputDilations: c.strides, kernelDilations: c.kernelDilations,
		channelGroups: c.groups(), batchGroups: 1,
	}
	for i := range back.paddings {
		kernelSpan, inputSpan, outputSpan := c.spans(i, inputDims, kernel.Shape().Dimensions, v.Shape().Dimensions)
		before := kernelSpan - 1 - c.paddings[i][0]
		back.paddings[i] = [2]int{before, inputSpan + kernelSpan - 1 - outputSpan - before}
	}
	kernel = reverse(kernel, a.KernelSpatial)
	kernel = moveGroups(kernel, back.channelGroups, a.KernelOutputChannels, a.KernelInputChannels)
	return moveGroups(back.apply(v, kernel), c.batchGroups, a.InputChannels, a.InputBatch)
}

// byKernel returns the gradient by a kernel of kernelDims, given the input and the gradient v by the output.
func (c convolution) byKernel(x *graph.Node, kernelDims []int, v *graph.Node) *graph.Node {
	a := c.axes
	back := convolution{
		axes: graph.ConvolveAxesConfig{
			InputBatch: a.InputChannels, InputChannels: a.InputBatch, InputSpatial: a.InputSpatial,
			KernelInputChannels: a.OutputBatch, KernelOutputChannels: a.OutputChannels, KernelSpatial: a.OutputSpatial,
			OutputBatch: a.KernelInputChannels, OutputChannels: a.KernelOutputChannels, OutputSpatial: a.KernelSpatial,
		},
		strides: c.kernelDilations, paddings: make([][2]int, len(c.strides)),
		inputDilations: c.inputDilations, kernelDilations: c.strides,
		channelGroups: c.groups(), batchGroups: 1,
	}
	for i := range back.paddings {
		kernelSpan, inputSpan, outputSpan := c.spans(i, x.Shape().Dimensions, kernelDims, v.Shape().Dimensions)
		before := c.paddings[i][0]
		back.paddings[i] = [2]int{before, kernelSpan + outputSpan - 1 - inputSpan - before}
	}
	return back.apply(moveGroups(x, c.channelGroups, a.InputChannels, a.InputBatch), v)
}

// groups is how many groups there are, of either kind; GoMLX allows only one kind at a time.
func (c convolution) groups() int { return max(c.channelGroups, c.batchGroups) }

// spans returns how many places kernel, input and output take up along spatial axis i, their gaps included.
func (c convolution) spans(i int, input, kernel, output []int) (kernelSpan, inputSpan, outputSpan int) {
	return (kernel[c.axes.KernelSpatial[i]]-1)*c.kernelDilations[i] + 1,
		(input[c.axes.InputSpatial[i]]-1)*c.inputDilations[i] + 1,
		(output[c.axes.OutputSpatial[i]]-1)*c.strides[i] + 1
}

func convVJP(node, v *graph.Node) []*graph.Node {
	c, x, kernel := convolutionOf(node), node.Inputs()[0], node.Inputs()[1]
	return []*graph.Node{
		c.byInput(x.Shape().Dimensions, kernel, v),
		c.byKernel(x, kernel.Shape().Dimensions, v),
	}
}

// moveGroups splits axis from into groups blocks, and lays the blocks one after another along axis to, which becomes that much
// larger: [a, groups*b] to [groups*a, b].
func moveGroups(x *graph.Node, groups, from, to int) *graph.Node {
	if groups == 1 {
		return x
	}
	dims := x.Shape().Dimensions
	split := slices.Insert(slices.Clone(dims), from, groups) // [..., groups, b, ...]
	split[from+1] /= groups
	x = graph.Reshape(x, split...)

	order := make([]int, 0, len(split)) // the axes of x, with that of the groups moved to before axis to
	for axis := range len(dims) {
		if axis == to {
			order = append(order, from)
		}
		if axis < from {
			order = append(order, axis)
		} else {
			order = append(order, axis+1)
		}
	}
	x = graph.TransposeAllAxes(x, order...)

	merged := slices.Clone(dims)
	merged[from] /= groups
	merged[to] *= groups
	return graph.Reshape(x, merged...)
}

// reverse turns x round along the given axes.
func reverse(x *graph.Node, axes []int) *graph.Node {
	axes = slices.DeleteFunc(slices.Clone(axes), func(axis int) bool { return x.Shape().Dimensions[axis] == 1 })
	if len(axes) == 0 {
		return x
	}
	return graph.Reverse(x, axes...)
}
