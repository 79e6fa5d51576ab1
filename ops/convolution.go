package ops

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// convolution is the geometry of one ConvGeneral node, with every default spelled out.
//
// It links three arrays: the input x, the kernel k and the output y. Along one axis, with input dilation l, kernel dilation r, stride
// s and padding p before, element i of x, tap t of k and element o of y meet where
//
//	i*l = o*s + t*r - p
//
// and y[o] is the sum of x[i]*k[t] over all that meet. So the gradient by x is the sum of v[o]*k[t], and that by k the sum of
// x[i]*v[o], over the same places, if v is the gradient by y. Each is a convolution of its two arrays again: one of them is read as the
// input, the other as the kernel, and where the signs are against it an array is turned round (contract). So these rules give
// gradients of every order.
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

// leg is one of the three arrays that a convolution links.
type leg int

const (
	inputLeg leg = iota
	kernelLeg
	outputLeg
)

// operand is an array in the place of a leg: its values, or the gradient by it.
type operand struct {
	leg
	node *graph.Node
}

// byInput returns the gradient by an input of dims, given the kernel and the gradient v by the output. The one that spans more is
// read as the input of a convolution, the other as its kernel: for a strided convolution that is v with gaps under a small kernel.
func (c convolution) byInput(dims []int, kernel, v *graph.Node) *graph.Node {
	first, second := operand{outputLeg, v}, operand{kernelLeg, kernel}
	if c.places(second) > c.places(first) {
		first, second = second, first
	}
	return c.contract(first, second, inputLeg, dims)
}

// byKernel returns the gradient by a kernel of dims, given the input x and the gradient v by the output. The one with smaller gaps,
// of equals the larger, is read as the input of a convolution: then it has none, and the other is a kernel with gaps.
func (c convolution) byKernel(x *graph.Node, dims []int, v *graph.Node) *graph.Node {
	first, second := operand{inputLeg, x}, operand{outputLeg, v}
	gaps := product(c.inputDilations) - product(c.strides)
	if gaps > 0 || gaps == 0 && c.places(second) > c.places(first) {
		first, second = second, first
	}
	return c.contract(first, second, kernelLeg, dims)
}

// contract sums the products of two legs over the places where they meet the third, which is to have dims: as a convolution with
// first for its input and second for its kernel.
//
// That needs first = third + second, up to padding. If first is the input of c, it is so. If not, the input is second or third, on
// the wrong side by its sign alone; then the other of the two is counted from its end, which changes its sign.
func (c convolution) contract(first, second operand, third leg, dims []int) *graph.Node {
	link, spatial := c.links(), c.spatial()
	sum := convolution{
		axes: graph.ConvolveAxesConfig{
			InputBatch: link[first.leg][third], InputChannels: link[first.leg][second.leg], InputSpatial: spatial[first.leg],
			KernelInputChannels: link[second.leg][first.leg], KernelOutputChannels: link[second.leg][third], KernelSpatial: spatial[second.leg],
			OutputBatch: link[third][first.leg], OutputChannels: link[third][second.leg], OutputSpatial: spatial[third],
		},
		strides: c.steps(third), inputDilations: c.steps(first.leg), kernelDilations: c.steps(second.leg),
		paddings:      make([][2]int, len(c.strides)),
		channelGroups: c.channelGroups * c.batchGroups, batchGroups: 1, // GoMLX allows only one kind at a time
	}
	turned := third
	if third == inputLeg {
		turned = second.leg
	}
	var spans [3]int
	for i := range sum.paddings {
		spans[first.leg] = c.span(first.leg, i, first.node.Shape().Dimensions)
		spans[second.leg] = c.span(second.leg, i, second.node.Shape().Dimensions)
		spans[third] = c.span(third, i, dims)
		before := c.paddings[i][0]
		if first.leg != inputLeg {
			before = spans[turned] - 1 - before
		}
		sum.paddings[i] = [2]int{before, spans[third] + spans[second.leg] - 1 - spans[first.leg] - before}
	}

	home := c.homes(link)
	a := moveGroups(first.node, sum.channelGroups, home[first.leg], sum.axes.InputChannels)
	b := moveGroups(second.node, sum.channelGroups, home[second.leg], sum.axes.KernelOutputChannels)
	if first.leg != inputLeg && turned == second.leg {
		b = reverse(b, spatial[turned])
	}
	result := sum.apply(a, b)
	if first.leg != inputLeg && turned == third {
		result = reverse(result, spatial[turned])
	}
	return moveGroups(result, sum.channelGroups, sum.axes.OutputChannels, home[third])
}

// links are the axes of each leg by which it meets each other one: x and k meet by the input channels, x and y by the batch, k and y
// by the output channels.
func (c convolution) links() [3][3]int {
	return [3][3]int{
		inputLeg:  {kernelLeg: c.axes.InputChannels, outputLeg: c.axes.InputBatch},
		kernelLeg: {inputLeg: c.axes.KernelInputChannels, outputLeg: c.axes.KernelOutputChannels},
		outputLeg: {inputLeg: c.axes.OutputBatch, kernelLeg: c.axes.OutputChannels},
	}
}

// homes are the axes of each leg along which its groups lie.
func (c convolution) homes(link [3][3]int) [3]int {
	homes := [3]int{inputLeg: link[inputLeg][kernelLeg], kernelLeg: link[kernelLeg][outputLeg], outputLeg: link[outputLeg][kernelLeg]}
	if c.batchGroups > 1 {
		homes[inputLeg] = link[inputLeg][outputLeg]
	}
	return homes
}

// spatial are the spatial axes of each leg.
func (c convolution) spatial() [3][]int {
	return [3][]int{inputLeg: c.axes.InputSpatial, kernelLeg: c.axes.KernelSpatial, outputLeg: c.axes.OutputSpatial}
}

// steps are the distances between neighbours of a leg, along each spatial axis.
func (c convolution) steps(l leg) []int {
	return [3][]int{inputLeg: c.inputDilations, kernelLeg: c.kernelDilations, outputLeg: c.strides}[l]
}

// span is how many places a leg of dims takes up along spatial axis i, its gaps included.
func (c convolution) span(l leg, i int, dims []int) int {
	return (dims[c.spatial()[l][i]]-1)*c.steps(l)[i] + 1
}

// places is the span over all spatial axes.
func (c convolution) places(o operand) int {
	n := 1
	for i := range c.strides {
		n *= c.span(o.leg, i, o.node.Shape().Dimensions)
	}
	return n
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
	if groups == 1 || from == to {
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

func product(list []int) int {
	n := 1
	for _, v := range list {
		n *= v
	}
	return n
}
