// Package stylegan2 is StyleGAN2: Karras, Laine, Aittala, Hellsten, Lehtinen, Aila, "Analyzing and Improving the Image Quality of
// StyleGAN", 2019, arXiv:1912.04958. Section, figure and table numbers below are the paper's; the authors' code is NVlabs/stylegan2.
package stylegan2

import (
	"fmt"
	"math"
	"slices"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the paper's choices. The defaults are config F of table 1.
type Options struct {
	Latent      int     `toml:"latent" default:"512" min:"1" help:"size of z"`
	Hidden      int     `toml:"hidden" default:"512" min:"1" help:"size of w and units of the mapping's layers"`
	Mapping     int     `toml:"mapping-layers" default:"8" min:"1" max:"16" help:"layers of the mapping from z to w"`
	Base        int     `toml:"filters-base" default:"32768" min:"1" help:"a layer at a side has filters-base/side filters, but at most filters; config F has 32768, config E 16384"`
	Filters     int     `toml:"filters" default:"512" min:"1" help:"no layer has more filters"`
	Generator   string  `toml:"generator-form" default:"skip" in:"skip,residual,plain" help:"how the generator's layers reach the picture (figure 7); the paper's choice is skip"`
	Critic      string  `toml:"critic-form" default:"residual" in:"skip,residual,plain" help:"how the picture reaches the critic's layers (figure 7); the paper's choice is residual"`
	Mixing      float64 `toml:"style-mixing" default:"0.9" min:"0" max:"1" help:"share of generated records that take their styles from two latents in training"`
	Group       int     `toml:"deviation-group" default:"4" min:"1" help:"records of a group whose deviation the critic sees"`
	Conditional bool    `toml:"conditional" default:"false" help:"the data's classes are given to both players"`
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "stylegan2", Title: "StyleGAN2",
	Paper:   "Karras et al. 2019, Analyzing and Improving the Image Quality of StyleGAN, arXiv:1912.04958",
	Home:    gan.Home{Data: gan.Pictures(1024, 3, 0)},
	For:     "pictures of 8 to 1024 at their best, with styles to mix and to truncate; slow",
	Options: func() gan.Builder { return &Options{} },
	Shared:  Shared,
	Small:   Small,
	Sides:   Sides,
	Length:  dcgan.Length,
}

// Shared are the paper's values of the shared options: appendix B, and the code where it is silent. The average's half-life of 10,000
// records is 0.9978 a round of 32.
var Shared = map[string]string{
	"objective": "nonsaturating", "penalty.r1": "10", "penalty.every": "16", "penalty.path": "2", "penalty.path-every": "4",
	"optim.batch": "32", "optim.rate": "0.002", "optim.beta1": "0", "optim.beta2": "0.99", "optim.average": "0.9978",
}

// Small are values that play a round of 64x64 pictures in half a second on two cores.
var Small = map[string]string{
	"latent": "64", "hidden": "64", "mapping-layers": "4", "filters-base": "1024", "filters": "64", "penalty.r1": "1", "optim.batch": "16", "optim.average": "0.998",
}

// Sides are those of the pictures that the networks can make.
var Sides = []int{8, 16, 32, 64, 128, 256, 512, 1024}

// Check refuses records that the networks cannot make.
func Check(d gan.Data) error {
	if !d.Picture() {
		return fmt.Errorf("convolutions need pictures, and the records are %s of shape %v; take a model that makes points, such as wgan-gp", d.Field, d.Shape)
	}
	if side := d.Shape[0]; side != d.Shape[1] || !slices.Contains(Sides, side) {
		return fmt.Errorf("the pictures are %dx%d; the networks can do squares of %v: set data.side", side, d.Shape[1], Sides)
	}
	return nil
}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	if err := Check(d); err != nil {
		return gan.Pair{}, err
	}
	classes := 0
	if o.Conditional {
		if classes = d.Classes; classes < 2 {
			return gan.Pair{}, fmt.Errorf("a conditional model needs two classes or more, and the data has %d; set conditional=false", d.Classes)
		}
	}
	side, channels := d.Shape[0], d.Shape[2]
	styled := gan.Styled{
		Layers: Styles(side), Mixing: o.Mixing,
		Mapping:   layers.Mapping{Layers: o.Mapping, Units: o.Hidden, Classes: classes}.On,
		Synthesis: func(net gan.Net, styles *gan.Node) *gan.Node { return o.synthesis(net, styles, side, channels) },
	}
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", o.Latent), Classes: classes, Linear: true,
		Generator: styled.Generate, Styled: &styled,
		Critic: func(net gan.Net, x, y *gan.Node) *gan.Node { return o.critic(net, x, y, classes) },
	}, nil
}

// Styles is how many layers of the synthesis take a style: one at 4x4, two at each further side, and the last one that makes colours.
func Styles(side int) int {
	n := 2
	for s := 8; s <= side; s *= 2 {
		n += 2
	}
	return n
}

// width is the filters of the layers at a side.
func (o *Options) width(side int) int { return max(1, min(o.Base/side, o.Filters)) }

// smooth is the low-pass filter of all resampling.
var smooth = []float64{1. / 8, 3. / 8, 3. / 8, 1. / 8}

// leaky is the activation, with the gain that keeps its variance (figure 2).
func leaky(x *gan.Node) *gan.Node { return graph.MulScalar(ops.LeakyReLU(x, 0.2), math.Sqrt2) }

// synthesis is figure 7, right. At a side, style k of the layer that makes colours is that of the next side's first layer.
func (o *Options) synthesis(net gan.Net, styles *gan.Node, side, channels int) *gan.Node {
	style := func(i int) *gan.Node {
		return graph.Squeeze(graph.SliceAxis(styles, 1, graph.AxisElem(i)), 1)
	}
	batch := styles.Shape().Dimensions[0]
	constant := net.Weight("constant", layers.Normal(0, 1), 4, 4, o.width(4))
	x := graph.BroadcastToDims(graph.InsertAxes(constant, 0), batch, 4, 4, o.width(4))
	x = o.layer(net.In("4x4/conv"), x, style(0), 4, false) // [batch, 4, 4, C]
	var picture *gan.Node
	if o.Generator == "skip" {
		picture = colours(net.In("4x4/colours"), nil, x, style(1), channels)
	}
	for s, k := 8, 1; s <= side; s, k = s*2, k+2 {
		at := net.In(fmt.Sprintf("%dx%d", s, s))
		y := o.layer(at.In("up"), x, style(k), s, true)
		y = o.layer(at.In("conv"), y, style(k+1), s, false) // [batch, s, s, C]
		if o.Generator == "residual" {
			short := layers.EqualConv{Filters: o.width(s), Kernel: 1, NoBias: true}.On(at.In("shortcut"), x)
			y = halve(graph.Add(y, ops.UpsampleFiltered(short, smooth)))
		}
		x = net.Mark("map", y)
		if o.Generator == "skip" || s == side {
			picture = colours(at.In("colours"), picture, x, style(k+2), channels)
		}
	}
	return picture
}

// layer is figure 2c: modulated convolution, noise, bias, activation.
func (o *Options) layer(net gan.Net, x, w *gan.Node, side int, up bool) *gan.Node {
	x = layers.ModulatedConv{Filters: o.width(side), Kernel: 3, Up: up, Smooth: smooth}.On(net, x, w)
	x = layers.Noise{}.On(net, x)
	return leaky(layers.Bias(net, x))
}

// colours adds what the maps at a side say to the picture of the sides before, made larger.
func colours(net gan.Net, picture, x, w *gan.Node, channels int) *gan.Node {
	y := layers.Bias(net, layers.ModulatedConv{Filters: channels, Kernel: 1, Plain: true}.On(net, x, w))
	if picture == nil {
		return y
	}
	return graph.Add(ops.UpsampleFiltered(picture, smooth), y)
}

// halve keeps the variance of a sum of two (section 4.1).
func halve(x *gan.Node) *gan.Node { return graph.MulScalar(x, math.Sqrt(0.5)) }

// critic is figure 7, left.
func (o *Options) critic(net gan.Net, picture, y *gan.Node, classes int) *gan.Node {
	var x *gan.Node
	side := picture.Shape().Dimensions[1]
	for s := side; s > 4; s /= 2 {
		at := net.In(fmt.Sprintf("%dx%d", s, s))
		if o.Critic == "skip" || s == side {
			x = o.colour(at.In("colours"), x, picture)
		}
		if o.Critic == "skip" {
			picture = ops.DownsampleFiltered(picture, smooth)
		}
		t := x
		x = leaky(layers.EqualConv{Filters: o.width(s), Kernel: 3}.On(at.In("conv"), x))
		x = leaky(layers.EqualConv{Filters: o.width(s / 2), Kernel: 3, Smooth: smooth}.OnSmoothed(at.In("down"), x)) // [batch, s/2, s/2, C]
		if o.Critic == "residual" {
			short := layers.EqualConv{Filters: o.width(s / 2), Kernel: 1, NoBias: true, Smooth: smooth}.OnSmoothed(at.In("shortcut"), t)
			x = halve(graph.Add(x, short))
		}
		x = net.Mark("map", x)
	}
	at := net.In("4x4")
	if o.Critic == "skip" {
		x = o.colour(at.In("colours"), x, picture)
	}
	x = layers.MinibatchDeviation{Group: o.Group}.On(at, x)
	x = leaky(layers.EqualConv{Filters: o.width(4), Kernel: 3}.On(at.In("conv"), x))
	x = graph.Reshape(x, x.Shape().Dimensions[0], -1)
	x = leaky(layers.EqualDense{Units: o.width(4)}.On(at.In("dense"), x))
	x = layers.EqualDense{Units: max(1, classes)}.On(net.In("out"), net.Mark("features", x))
	if classes > 0 { // the score of the record's class (Mescheder 2018, as in the authors' code)
		x = graph.ReduceSum(graph.Mul(x, layers.OneHot(net, y, classes)), 1)
	}
	return graph.Reshape(x, -1)
}

// colour adds what the picture says at a side to the maps of the sides before.
func (o *Options) colour(net gan.Net, x, picture *gan.Node) *gan.Node {
	y := leaky(layers.EqualConv{Filters: o.width(picture.Shape().Dimensions[1]), Kernel: 1}.On(net, picture))
	if x == nil {
		return y
	}
	return graph.Add(x, y)
}

// Differences: each record, not each batch, has its own place where styles are mixed. The averaged weights follow before the step on the
// path length in a round that has one, not after. A transposed convolution lays its kernel out as Torch does (the authors' second code,
// NVlabs/stylegan2-ada-pytorch), which is the first code's turned round. The residual form of the generator halves the variance of the
// sum, as that code does. Pictures are not mirrored unless the data is. Sampled noise is drawn for each sample from its seed.
