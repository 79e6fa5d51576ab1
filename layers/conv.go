package layers

import (
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Conv is a convolution of pictures: [batch, height, width, in] to [batch, height', width', Filters], with height' =
// (height + 2 Pad - Kernel)/Stride + 1.
type Conv struct {
	Filters, Kernel int
	Stride          int // 0 is 1
	Pad             int
	Reflect         bool // pad with mirror images of the edges in place of zeros
	NoBias          bool
	Init            Init // of the kernel; the zero value is LeCun
}

// On applies the layer with the weights at net.
func (c Conv) On(net Net, x *graph.Node) *graph.Node {
	if c.Reflect {
		x, c.Pad = ops.ReflectPad(x, c.Pad), 0
	}
	return c.bias(net, ops.Conv(x, c.kernel(net, x), ops.ConvOptions{Stride: c.Stride, Padding: c.Pad}))
}

// OnRepeated is On(net, ops.UpsampleNearest(x, 2)) in 16/36 of the multiplications, for a 3x3 kernel.
func (c Conv) OnRepeated(net Net, x *graph.Node) *graph.Node {
	return c.bias(net, ops.UpsampleConv(x, c.kernel(net, x), 2, ops.ConvOptions{Padding: c.Pad}))
}

// OnAveraged is the mean of every 2x2 of On(net, x) in 16/36 of the multiplications, for a 3x3 kernel.
func (c Conv) OnAveraged(net Net, x *graph.Node) *graph.Node {
	return c.bias(net, ops.ConvMeanPool(x, c.kernel(net, x), 2, ops.ConvOptions{Padding: c.Pad}))
}

func (c Conv) kernel(net Net, x *graph.Node) *graph.Node {
	in := x.Shape().Dimensions[x.Rank()-1]
	return net.Weight("kernel", c.Init.or(LeCun()), c.Kernel, c.Kernel, in, c.Filters)
}

func (c Conv) bias(net Net, y *graph.Node) *graph.Node {
	if c.NoBias {
		return y
	}
	return graph.Add(y, broadcast(net.Weight("bias", Constant(0), c.Filters), y))
}

// ConvTranspose is the transposed convolution ("fractionally strided", Radford 2015): [batch, height, width, in] to
// [batch, height', width', Filters], with height' = (height - 1) Stride - 2 Pad + Kernel + OutputPad, as in Torch.
type ConvTranspose struct {
	Filters, Kernel int
	Stride          int // 0 is 1
	Pad             int
	OutputPad       int // rows and columns more at the ends
	NoBias          bool
	Init            Init // of the kernel; the zero value is LeCun
}

// On applies the layer with the weights at net.
func (c ConvTranspose) On(net Net, x *graph.Node) *graph.Node {
	in := x.Shape().Dimensions[x.Rank()-1]
	kernel := net.WeightOut(2, "kernel", c.Init.or(LeCun()), c.Kernel, c.Kernel, c.Filters, in)
	y := ops.ConvTranspose(x, kernel, ops.ConvTransposeOptions{Stride: c.Stride, Padding: c.Pad, OutputPadding: c.OutputPad})
	return Conv{Filters: c.Filters, NoBias: c.NoBias}.bias(net, y)
}
