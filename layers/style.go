package layers

import (
	"math"

	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// The parts of Progressive GAN (Karras 2017, 1710.10196), StyleGAN (Karras 2018, 1812.04948) and StyleGAN2 (Karras 2019, 1912.04958).

// Equalised draws weights from N(0, 1) and scales them where they are used, so that Adam moves every layer by as much for its size
// (Karras 2017, section 4.1). The zero value is the paper's constant 1/sqrt(fan-in).
type Equalised struct {
	Gain float64 // times 1/sqrt(fan-in); 0 is 1. He's constant is sqrt(2)
	Rate float64 // the layer learns so many times as fast as the others; 0 is 1. StyleGAN's mapping has 0.01
}

// weight returns the scaled weight. It is drawn from N(0, 1/Rate^2), so that at first it does not depend on the rate.
func (e Equalised) weight(net Net, dims ...int) *graph.Node {
	in, _ := fans(dims)
	return graph.MulScalar(net.Weight("kernel", Normal(0, 1/e.rate()), dims...), e.gain()*e.rate()/math.Sqrt(in))
}

// bias returns a bias that starts at a value.
func (e Equalised) bias(net Net, start float64, units int) *graph.Node {
	b := net.Weight("bias", Constant(start), units)
	if e.rate() == 1 {
		return b
	}
	return graph.MulScalar(b, e.rate())
}

func (e Equalised) gain() float64 { return orOne(e.Gain) }
func (e Equalised) rate() float64 { return orOne(e.Rate) }

func orOne(x float64) float64 {
	if x == 0 {
		return 1
	}
	return x
}

// EqualDense is Dense with an equalised learning rate: [batch, in] to [batch, Units].
type EqualDense struct {
	Units  int
	NoBias bool
	Start  float64 // of the bias
	Equalised
}

// On applies the layer with the weights at net.
func (d EqualDense) On(net Net, x *graph.Node) *graph.Node {
	y := graph.Dot(x, d.weight(net, x.Shape().Dimensions[1], d.Units)).Product()
	if d.NoBias {
		return y
	}
	return graph.Add(y, broadcast(d.bias(net, d.Start, d.Units), y))
}

// EqualConv is Conv with an equalised learning rate, of stride 1 and padded so that the side stays: [batch, height, width, in] to [batch,
// height, width, Filters].
type EqualConv struct {
	Filters, Kernel int
	NoBias          bool
	Smooth          []float64 // the low-pass filter of OnSmoothed, an even number of taps of sum 1
	Equalised
}

// On applies the layer with the weights at net.
func (c EqualConv) On(net Net, x *graph.Node) *graph.Node {
	return c.biased(net, ops.Conv(x, c.kernel(net, x), ops.ConvOptions{Padding: c.Kernel / 2}))
}

// OnRepeated is On(net, ops.UpsampleNearest(x, 2)) in fewer multiplications.
func (c EqualConv) OnRepeated(net Net, x *graph.Node) *graph.Node {
	return c.biased(net, ops.UpsampleConv(x, c.kernel(net, x), 2, ops.ConvOptions{Padding: c.Kernel / 2}))
}

// OnAveraged is the mean of every 2x2 of On(net, x) in fewer multiplications; the bias is added after.
func (c EqualConv) OnAveraged(net Net, x *graph.Node) *graph.Node {
	return c.biased(net, ops.ConvMeanPool(x, c.kernel(net, x), 2, ops.ConvOptions{Padding: c.Kernel / 2}))
}

// OnSmoothed halves the side: x through the filter, then the convolution with stride 2 (Karras 2019; what its code calls down).
func (c EqualConv) OnSmoothed(net Net, x *graph.Node) *graph.Node {
	if c.Kernel == 1 {
		return c.On(net, ops.DownsampleFiltered(x, c.Smooth))
	}
	before, after := (len(c.Smooth)-1)/2+c.Kernel/2, (len(c.Smooth)-2)/2+c.Kernel/2
	x = ops.Filter(x, c.Smooth, ops.FilterOptions{Before: before, After: after})
	return c.biased(net, ops.Conv(x, c.kernel(net, x), ops.ConvOptions{Stride: 2}))
}

func (c EqualConv) kernel(net Net, x *graph.Node) *graph.Node {
	return c.weight(net, c.Kernel, c.Kernel, x.Shape().Dimensions[x.Rank()-1], c.Filters)
}

func (c EqualConv) biased(net Net, y *graph.Node) *graph.Node {
	if c.NoBias {
		return y
	}
	return graph.Add(y, broadcast(c.bias(net, 0, c.Filters), y))
}

// ModulatedConv is StyleGAN2's convolution (Karras 2019, section 2.2): a style scales the channels that go in (equation 1), and what
// comes out is divided by the norm that its weights have then (equation 3). Scaling the maps before and after one convolution with
// shared weights is the same as a convolution with weights of each record's own.
type ModulatedConv struct {
	Filters, Kernel int
	Up              bool      // double the side: a transposed convolution, then the filter
	Smooth          []float64 // the filter, an even number of taps of sum 1
	Plain           bool      // no demodulation (the layer that makes colours)
}

// On applies the layer, without bias, to x [batch, height, width, in] in the style w [batch, size].
func (c ModulatedConv) On(net Net, x, w *graph.Node) *graph.Node {
	in := x.Shape().Dimensions[x.Rank()-1]
	style := EqualDense{Units: in, Start: 1}.On(net.In("style"), w) // [batch, in]
	kernel := Equalised{}.weight(net, c.Kernel, c.Kernel, in, c.Filters)
	x = graph.Mul(x, eachChannel(style))
	if c.Up {
		x = c.up(x, kernel)
	} else {
		x = ops.Conv(x, kernel, ops.ConvOptions{Padding: c.Kernel / 2})
	}
	if c.Plain {
		return x
	}
	squares := graph.ReduceSum(graph.Square(kernel), 0, 1) // [in, out]
	norm := graph.Dot(graph.Square(style), squares).Product()
	return graph.Mul(x, eachChannel(graph.Reciprocal(graph.Sqrt(graph.AddScalar(norm, 1e-8)))))
}

// up is the transposed convolution of stride 2 and then the filter, with the gain of 4 that the zeros between take away. A kernel of
// 1 leaves what is between to the filter alone.
func (c ModulatedConv) up(x, kernel *graph.Node) *graph.Node {
	x = ops.ConvTranspose(x, graph.TransposeAllAxes(kernel, 0, 1, 3, 2), ops.ConvTransposeOptions{Stride: 2}) // [batch, 2 h + Kernel - 2, ...]
	taps := make([]float64, len(c.Smooth))
	for i, t := range c.Smooth {
		taps[i] = 2 * t
	}
	// The side is to be 2 h: of the filter's margin, what the kernel has added already is less.
	margin := len(c.Smooth) - 1 - (c.Kernel - 2)
	return ops.Filter(x, taps, ops.FilterOptions{Before: (margin + 1) / 2, After: margin / 2})
}

// eachChannel gives [batch, channels] the axes of maps.
func eachChannel(x *graph.Node) *graph.Node {
	return graph.Reshape(x, x.Shape().Dimensions[0], 1, 1, x.Shape().Dimensions[1])
}

// Noise adds one number from N(0, 1) a pixel, drawn anew for each pass, times a learned strength that starts at 0: one for the layer
// (Karras 2019), or one a channel (Karras 2018).
type Noise struct{ EachChannel bool }

// On applies the layer with the strength at net.
func (l Noise) On(net Net, x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	noise := net.Normal("noise", d[0], d[1], d[2], 1)
	if l.EachChannel {
		return graph.Add(x, graph.Mul(noise, broadcast(net.Weight("strength", Constant(0), d[3]), x)))
	}
	return graph.Add(x, graph.Mul(noise, net.Weight("strength", Constant(0))))
}

// MinibatchDeviation puts a map more behind x: how much the records of a group differ, on average over channels and places, so
// that the critic sees a lack of variety (Karras 2017, section 3). It has no weights. [batch, height, width, c] to [batch, height, width,
// c+1].
type MinibatchDeviation struct {
	Group int // records of a group at most; 0 is 4. It is made smaller until it divides the batch
}

// On applies the layer.
func (l MinibatchDeviation) On(_ Net, x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	group := l.Group
	if group == 0 {
		group = 4
	}
	for group = min(group, d[0]); d[0]%group != 0; {
		group--
	}
	y := graph.Reshape(x, group, d[0]/group, d[1], d[2], d[3])
	y = graph.Sub(y, graph.ReduceAndKeep(y, graph.ReduceMean, 0))
	y = graph.Sqrt(graph.AddScalar(graph.ReduceMean(graph.Square(y), 0), 1e-8)) // [batch/group, height, width, c]
	y = graph.Reshape(graph.ReduceMean(y, 1, 2, 3), 1, -1, 1, 1, 1)
	y = graph.Reshape(graph.BroadcastToDims(y, group, d[0]/group, d[1], d[2], 1), d[0], d[1], d[2], 1)
	return graph.Concatenate([]*graph.Node{x, y}, -1)
}

// PixelNorm divides the channels of each place by their root mean square (Karras 2017, section 4.2): the last axis of x.
func PixelNorm(x *graph.Node) *graph.Node {
	square := graph.ReduceAndKeep(graph.Square(x), graph.ReduceMean, -1)
	return graph.Mul(x, graph.Reciprocal(graph.Sqrt(graph.AddScalar(square, 1e-8))))
}

// Mapping makes w of z (Karras 2018, section 2): z, and behind it an embedding of the label, normalised, then layers that learn
// slowly.
type Mapping struct {
	Layers, Units int
	Classes       int // 0: no label
}

// On applies the layers to z [batch, latent] and labels y [batch], nil without classes: [batch, Units].
func (m Mapping) On(net Net, z, y *graph.Node) *graph.Node {
	if m.Classes > 0 {
		embedded := Embedding{Rows: m.Classes, Size: z.Shape().Dimensions[1]}.On(net.In("label"), y)
		z = graph.Concatenate([]*graph.Node{z, embedded}, -1)
	}
	w := PixelNorm(z)
	for i := range m.Layers {
		w = EqualDense{Units: m.Units, Equalised: Equalised{Gain: math.Sqrt2, Rate: 0.01}}.On(net.Nth("dense", i+1), w)
		w = ops.LeakyReLU(w, 0.2)
	}
	return w
}

// Bias adds the weight "bias" at net, which starts at 0, to each channel.
func Bias(net Net, x *graph.Node) *graph.Node {
	return graph.Add(x, broadcast(net.Weight("bias", Constant(0), x.Shape().Dimensions[x.Rank()-1]), x))
}
