package ops

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// ConvOptions say how a kernel moves over its input. They hold for every spatial axis. The zero value is stride 1, no padding.
type ConvOptions struct {
	Stride   int      // steps between two outputs; 0 means 1
	Padding  int      // zeros before and after every spatial axis; negative cuts
	Paddings [][2]int // zeros before and after, a pair for each spatial axis; in place of Padding
	Same     bool     // pad so that the output is the input divided by the stride, rounded up; in place of both
	Dilation int      // steps between two taps of the kernel; 0 means 1
	Groups   int      // blocks of channels that meet each other alone; 0 means 1
}

// Conv returns the convolution of x [batch, height, width, in] with kernel [kernel height, kernel width, in/groups, out]: an array
// of [batch, (height + padding - kernel height) / stride + 1, ..., out]. As everywhere in this field it is a correlation: the
// kernel is not turned round.
//
// Same lays the odd zero of an uneven padding behind, as TensorFlow does; PyTorch's symmetric padding is Padding.
func Conv(x, kernel *graph.Node, o ConvOptions) *graph.Node {
	o = o.withDefaults("Conv", x, kernel)
	o.checkChannels("Conv", x, kernel)
	c := o.convolution(spatial(x), kernel)
	if c.coversOnce(x.Shape().Dimensions, kernel) {
		return dense(x, kernel)
	}
	return c.apply(x, kernel)
}

// coversOnce says that the kernel lies on all of an input and has no other place to go: then the convolution is one product of matrices,
// as the last layer of many critics, and its gradient the first of many generators.
func (c convolution) coversOnce(input []int, kernel *graph.Node) bool {
	n := len(input) - 2
	return c.channelGroups == 1 && product(c.kernelDilations) == 1 && slices.Equal(input[1:1+n], kernel.Shape().Dimensions[:n]) &&
		!slices.ContainsFunc(c.paddings, func(p [2]int) bool { return p != [2]int{} })
}

// dense multiplies x [batch, height, width, in] with kernel [height, width, in, out] to [batch, 1, 1, out].
func dense(x, kernel *graph.Node) *graph.Node {
	batch, out := x.Shape().Dimensions[0], channels(kernel)
	y := graph.Einsum("bi,io->bo", graph.Reshape(x, batch, -1), graph.Reshape(kernel, -1, out))
	return graph.Reshape(y, append(append([]int{batch}, repeat(1, x.Rank()-2)...), out)...)
}

// denseTranspose multiplies x [batch, 1, 1, in] with kernel [height, width, out, in] to [batch, height, width, out].
func denseTranspose(x, kernel *graph.Node) *graph.Node {
	batch, in := x.Shape().Dimensions[0], channels(x)
	y := graph.Einsum("bi,oi->bo", graph.Reshape(x, batch, in), graph.Reshape(kernel, -1, in))
	return graph.Reshape(y, append([]int{batch}, kernel.Shape().Dimensions[:x.Rank()-1]...)...)
}

// ConvTransposeOptions say how a kernel is laid out over the output. They hold for every spatial axis.
type ConvTransposeOptions struct {
	Stride        int      // steps between two inputs; 0 means 1
	Padding       int      // rows cut from both ends of every spatial axis of the output
	Paddings      [][2]int // rows cut from the two ends, a pair for each spatial axis; in place of Padding
	OutputPadding int      // rows more at the end of every spatial axis, less than the stride or the dilation
	Same          bool     // cut so that the output is the input times the stride; in place of all three
	Dilation      int      // steps between two taps of the kernel; 0 means 1
	Groups        int      // blocks of channels that meet each other alone; 0 means 1
}

// ConvTranspose returns the transposed convolution of x [batch, height, width, in] with kernel [kernel height, kernel width,
// out/groups, in]: an array of [batch, (height-1)*stride - 2*padding + dilation*(kernel height-1) + 1 + output padding, ..., out].
//
// It is the gradient of [Conv] by its input: with a kernel [h, w, a, b] and equal options, Conv makes b channels of a and
// ConvTranspose makes a channels of b. That is PyTorch's ConvTranspose2d, whose weight is [in, out/groups, h, w], and the kernel
// layout of Keras's Conv2DTranspose.
func ConvTranspose(x, kernel *graph.Node, o ConvTransposeOptions) *graph.Node {
	forward := ConvOptions{
		Stride: o.Stride, Padding: o.Padding, Paddings: o.Paddings, Same: o.Same, Dilation: o.Dilation, Groups: o.Groups,
	}.withDefaults("ConvTranspose", x, kernel)
	if in, wanted := channels(x), channels(kernel); in != wanted {
		fail("ConvTranspose: input %v has %d channels, kernel %v wants %d (its last axis)", x.Shape(), in, kernel.Shape(), wanted)
	}
	if most := max(forward.Stride, forward.Dilation); o.OutputPadding < 0 || o.OutputPadding >= most {
		fail("ConvTranspose: output padding %d; it must be at least 0 and less than the stride or the dilation, %d", o.OutputPadding, most)
	}
	dims := append([]int{}, x.Shape().Dimensions...) // of the output, which is the input of the convolution
	dims[len(dims)-1] = kernel.Shape().Dimensions[len(dims)-2] * forward.Groups
	for i, n := range spatial(x) {
		if o.Same {
			dims[i+1] = n * forward.Stride
			continue
		}
		before, after := forward.padding(i)
		dims[i+1] = (n-1)*forward.Stride + (kernel.Shape().Dimensions[i]-1)*forward.Dilation + 1 - before - after + o.OutputPadding
		if dims[i+1] < 1 {
			fail("ConvTranspose: padding %d+%d leaves no output of input %v and kernel %v", before, after, x.Shape(), kernel.Shape())
		}
	}
	c := forward.convolution(dims[1:len(dims)-1], kernel)
	if product(spatial(x)) == 1 && c.coversOnce(dims, kernel) {
		return denseTranspose(x, kernel)
	}
	return c.byInput(dims, kernel, x)
}

// withDefaults fills in what is 0 and refuses what contradicts itself.
func (o ConvOptions) withDefaults(function string, x, kernel *graph.Node) ConvOptions {
	if x.Rank() < 3 || kernel.Rank() != x.Rank() {
		fail("%s: input %v and kernel %v; both must have one axis for each spatial axis and two more", function, x.Shape(), kernel.Shape())
	}
	for _, option := range []*int{&o.Stride, &o.Dilation, &o.Groups} {
		if *option == 0 {
			*option = 1
		}
	}
	switch {
	case o.Stride < 0 || o.Dilation < 0 || o.Groups < 0:
		fail("%s: stride %d, dilation %d, groups %d; none may be negative", function, o.Stride, o.Dilation, o.Groups)
	case o.Same && (o.Padding != 0 || o.Paddings != nil), o.Padding != 0 && o.Paddings != nil:
		fail("%s: more than one padding; give Padding, Paddings or Same", function)
	case o.Paddings != nil && len(o.Paddings) != x.Rank()-2:
		fail("%s: %d pairs of paddings for an input %v of %d spatial axes", function, len(o.Paddings), x.Shape(), x.Rank()-2)
	case channels(kernel)%o.Groups != 0:
		fail("%s: the last axis of kernel %v does not divide into %d groups", function, kernel.Shape(), o.Groups)
	}
	return o
}

func (o ConvOptions) checkChannels(function string, x, kernel *graph.Node) {
	if in, wanted := channels(x), kernel.Shape().Dimensions[x.Rank()-2]*o.Groups; in != wanted {
		fail("%s: input %v has %d channels, kernel %v in %d groups wants %d", function, x.Shape(), in, kernel.Shape(), o.Groups, wanted)
	}
}

// padding returns what is laid before and after spatial axis i; Same has its own (samePadding).
func (o ConvOptions) padding(i int) (before, after int) {
	if o.Paddings != nil {
		return o.Paddings[i][0], o.Paddings[i][1]
	}
	return o.Padding, o.Padding
}

// samePadding makes the output of an axis of n as long as n over the stride, rounded up.
func (o ConvOptions) samePadding(n, taps int) (before, after int) {
	outputs := (n + o.Stride - 1) / o.Stride
	all := max(0, (outputs-1)*o.Stride+(taps-1)*o.Dilation+1-n)
	return all / 2, all - all/2
}

// convolution is the geometry over an input of the given spatial size.
func (o ConvOptions) convolution(size []int, kernel *graph.Node) convolution {
	n := len(size)
	c := convolution{
		axes:           channelsLast(n),
		strides:        repeat(o.Stride, n),
		paddings:       make([][2]int, n),
		inputDilations: repeat(1, n), kernelDilations: repeat(o.Dilation, n),
		channelGroups: o.Groups, batchGroups: 1,
	}
	for i := range size {
		before, after := o.padding(i)
		if o.Same {
			before, after = o.samePadding(size[i], kernel.Shape().Dimensions[i])
		}
		c.paddings[i] = [2]int{before, after}
	}
	return c
}

// channelsLast are the axes of [batch, n spatial axes, channels], with kernels of [n spatial axes, in, out].
func channelsLast(n int) graph.ConvolveAxesConfig {
	inside, kernel := make([]int, n), make([]int, n)
	for i := range n {
		inside[i], kernel[i] = i+1, i
	}
	return graph.ConvolveAxesConfig{
		InputBatch: 0, InputSpatial: inside, InputChannels: n + 1,
		KernelSpatial: kernel, KernelInputChannels: n, KernelOutputChannels: n + 1,
		OutputBatch: 0, OutputSpatial: inside, OutputChannels: n + 1,
	}
}

// channels is the size of the last axis.
func channels(x *graph.Node) int { return x.Shape().Dimensions[x.Rank()-1] }

// spatial are the sizes of the axes between the first and the last.
func spatial(x *graph.Node) []int { return x.Shape().Dimensions[1 : x.Rank()-1] }
