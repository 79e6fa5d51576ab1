// Package stylegan is StyleGAN: Karras, Laine, Aila, "A Style-Based Generator Architecture for Generative Adversarial Networks", 2018,
// arXiv:1812.04948. Section, figure and table numbers below are the paper's; the authors' code is NVlabs/stylegan.
package stylegan

import (
	"fmt"
	"math"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/progressive"
	"github.com/ganymede-gan/ganymede/models/stylegan2"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the paper's choices. The defaults are configuration F of table 1.
type Options struct {
	Latent      int     `toml:"latent" default:"512" min:"1" help:"size of z"`
	Hidden      int     `toml:"hidden" default:"512" min:"1" help:"size of w and units of the mapping's layers"`
	Mapping     int     `toml:"mapping-layers" default:"8" min:"1" max:"16" help:"layers of the mapping from z to w"`
	Base        int     `toml:"filters-base" default:"16384" min:"1" help:"a layer at a side has filters-base/side filters, but at most filters"`
	Filters     int     `toml:"filters" default:"512" min:"1" help:"no layer has more filters"`
	Mixing      float64 `toml:"style-mixing" default:"0.9" min:"0" max:"1" help:"share of generated records that take their styles from two latents in training"`
	Group       int     `toml:"deviation-group" default:"4" min:"1" help:"records of a group whose deviation the critic sees"`
	Records     int     `toml:"stage-records" default:"600000" min:"1" help:"real pictures that are shown while a side's layers fade in, and again when they are"`
	Schedule    bool    `toml:"stage-sizes" default:"true" help:"batches of 8, 4 and 2 times optim.batch at sides 8, 16 and 32, and rates of 1.5, 2 and 3 times optim.rate from sides 128, 256 and 512"`
	Conditional bool    `toml:"conditional" default:"false" help:"the data's classes are given to both players"`
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "stylegan", Title: "StyleGAN",
	Paper:   "Karras et al. 2018, A Style-Based Generator Architecture for Generative Adversarial Networks, arXiv:1812.04948",
	Home:    gan.Home{Data: gan.Pictures(1024, 3, 0)},
	For:     "pictures whose coarse and fine styles can be mixed; stylegan2 is its successor",
	Options: func() gan.Builder { return &Options{} },
	// Appendix C and the authors' code.
	Shared: map[string]string{
		"objective": "nonsaturating", "penalty.r1": "10",
		"optim.batch": "32", "optim.rate": "0.001", "optim.beta1": "0", "optim.beta2": "0.99", "optim.average": "0.9978",
	},
	Small: map[string]string{
		"latent": "64", "hidden": "64", "mapping-layers": "4", "filters-base": "1024", "filters": "64", "stage-records": "3200", "stage-sizes": "false",
		"penalty.r1": "1", "optim.batch": "16", "optim.rate": "0.002", "optim.average": "0.998",
	},
	Sides:  stylegan2.Sides,
	Length: progressive.Length,
}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	if err := stylegan2.Check(d); err != nil {
		return gan.Pair{}, err
	}
	classes := 0
	if o.Conditional {
		if classes = d.Classes; classes < 2 {
			return gan.Pair{}, fmt.Errorf("a conditional model needs two classes or more, and the data has %d; set conditional=false", d.Classes)
		}
	}
	side := d.Shape[0]
	critic := progressive.Critic{Width: o.width, Group: o.Group, Channels: d.Shape[2], Classes: classes, Smooth: blur}
	styled := func(side int, synthesis func(net gan.Net, styles *gan.Node) *gan.Node) gan.Styled {
		return gan.Styled{
			Layers: styles(side), Mixing: o.Mixing, Cut: 8, Synthesis: synthesis,
			Mapping: layers.Mapping{Layers: o.Mapping, Units: o.Hidden, Classes: classes}.On,
		}
	}
	whole := styled(side, func(net gan.Net, w *gan.Node) *gan.Node { return o.whole(net, w, d) })
	grown := progressive.Grown{First: 8, Last: side, Records: o.Records, Batch: o.batch, Rate: o.rate}
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", o.Latent), Classes: classes, Linear: true,
		Generator: whole.Generate, Styled: &whole,
		Critic: func(net gan.Net, x, y *gan.Node) *gan.Node { return critic.On(net, x, y, side, false) },
		Stages: grown.Stages(func(s *gan.Stage) {
			s.Generator = styled(s.Side, func(net gan.Net, w *gan.Node) *gan.Node { return o.synthesis(net, w, d, s.Side, s.Fades) }).Generate
			s.Critic = func(net gan.Net, x, y *gan.Node) *gan.Node { return critic.On(net, x, y, s.Side, s.Fades) }
		}),
	}, nil
}

// styles is how many layers of the synthesis take a style: two a side.
func styles(side int) int { return 2 * (int(math.Log2(float64(side))) - 1) }

func (o *Options) width(side int) int { return max(1, min(o.Base/side, o.Filters)) }

// batch and rate are the authors' code's for eight GPUs, as multiples.
func (o *Options) batch(side int) float64 {
	if !o.Schedule || side > 32 {
		return 1
	}
	return 64 / float64(side)
}

func (o *Options) rate(side int) float64 {
	switch {
	case !o.Schedule || side < 128:
		return 1
	case side == 128:
		return 1.5
	case side == 256:
		return 2
	default:
		return 3
	}
}

// he is the constant that keeps the variance of a leaky ReLU's maps.
var he = layers.Equalised{Gain: math.Sqrt2}

// blur is the low-pass filter after a side is doubled and before it is halved (section 2 and configuration B of table 1).
func blur(x *gan.Node) *gan.Node {
	return ops.Filter(x, []float64{0.25, 0.5, 0.25}, ops.FilterOptions{Before: 1, After: 1})
}

// first is the level of the first side, 8, which counts doublings from 4.
const first = 1

// synthesis is figure 1b up to a side. Where its layers fade in, it is the mean of what they make and of what the side before makes,
// doubled, by the knob.
func (o *Options) synthesis(net gan.Net, w *gan.Node, d gan.Data, side int, fades bool) *gan.Node {
	level, x := net.Statistic("level", layers.Constant(first)), o.start(net, w)
	before := x
	for s, k := 8, 2; s <= side; s, k = s*2, k+2 {
		before, x = x, o.block(net, x, w, s, k)
	}
	picture := o.colours(net, x, d, side)
	grown := graph.AddScalar(graph.ZerosLike(level), math.Log2(float64(side/4)))
	if fades {
		alpha := net.Knob(gan.Fade)
		picture = progressive.Mix(ops.UpsampleNearest(o.colours(net, before, d, side/2), 2), picture, alpha)
		grown = graph.Add(graph.AddScalar(grown, -1), alpha)
	}
	if net.Pass() == layers.Train {
		net.SetStatistic("level", grown)
	}
	return picture
}

// whole is the synthesis at whatever level the weights are.
func (o *Options) whole(net gan.Net, w *gan.Node, d gan.Data) *gan.Node {
	level, x := net.Statistic("level", layers.Constant(first)), o.start(net, w)
	picture := o.colours(net, x, d, 4)
	for s, k := 8, 2; s <= d.Shape[0]; s, k = s*2, k+2 {
		x = o.block(net, x, w, s, k)
		picture = progressive.Mix(ops.UpsampleNearest(picture, 2), o.colours(net, x, d, s), progressive.Share(level, k/2-1))
	}
	return picture
}

// start makes the maps of 4x4 of a learned constant.
func (o *Options) start(net gan.Net, w *gan.Node) *gan.Node {
	at, c := net.In("4x4"), o.width(4)
	constant := at.Weight("constant", layers.Constant(1), 4, 4, c)
	x := graph.BroadcastToDims(graph.InsertAxes(constant, 0), w.Shape().Dimensions[0], 4, 4, c)
	x = o.layer(at.In("start"), x, w, 0)
	return o.layer(at.In("conv"), layers.EqualConv{Filters: c, Kernel: 3, NoBias: true, Equalised: he}.On(at.In("conv"), x), w, 1)
}

// block doubles the side; its layers take the styles k and k+1.
func (o *Options) block(net gan.Net, x, w *gan.Node, side, k int) *gan.Node {
	at, conv := net.In(fmt.Sprintf("%dx%d", side, side)), layers.EqualConv{Filters: o.width(side), Kernel: 3, NoBias: true, Equalised: he}
	x = o.layer(at.In("up"), blur(conv.OnRepeated(at.In("up"), x)), w, k)
	return net.Mark("map", o.layer(at.In("conv"), conv.On(at.In("conv"), x), w, k+1))
}

// layer is what follows a convolution: noise, bias, activation, style.
func (o *Options) layer(net gan.Net, x, w *gan.Node, k int) *gan.Node {
	return styled(net, layers.Bias(net, layers.Noise{EachChannel: true}.On(net, x)), w, k)
}

// styled is adaptive instance normalisation after the activation (equation 1), by style k of w [batch, layers, size]: a scale and a shift
// for each channel.
func styled(net gan.Net, x, w *gan.Node, k int) *gan.Node {
	x = layers.InstanceNorm{Epsilon: 1e-8}.On(net, ops.LeakyReLU(x, 0.2))
	c := x.Shape().Dimensions[3]
	style := graph.Squeeze(graph.SliceAxis(w, 1, graph.AxisElem(k)), 1)
	style = layers.EqualDense{Units: 2 * c}.On(net.In("style"), style)
	half := func(from int) *gan.Node {
		return graph.Reshape(graph.SliceAxis(style, 1, graph.AxisRange(from, from+c)), -1, 1, 1, c)
	}
	return graph.Add(graph.Mul(x, graph.AddScalar(half(0), 1)), half(c))
}

// colours makes the picture of a side.
func (o *Options) colours(net gan.Net, x *gan.Node, d gan.Data, side int) *gan.Node {
	return layers.EqualConv{Filters: d.Shape[2], Kernel: 1}.On(net.In(fmt.Sprintf("%dx%d/colours", side, side)), x)
}

// Differences: each record, not each batch, has its own place where styles are mixed. Convolutions that double a side are the authors'
// fused ones turned round. Real pictures are made smaller in the graph of the round. Sampled noise is drawn for each sample from its
// seed. Truncation holds for the first 8 layers where psi is asked for; the authors sample with psi 0.7 unless told otherwise.
