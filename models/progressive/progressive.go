// Package progressive is Progressive GAN: Karras, Aila, Laine, Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability,
// and Variation", 2017, arXiv:1710.10196. Section and table numbers below are the paper's; the authors' code is
// tkarras/progressive_growing_of_gans.
package progressive

import (
	"fmt"
	"math"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/stylegan2"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of section 2 to 4 and appendix A.
type Options struct {
	Latent  int  `toml:"latent" default:"512" min:"1" help:"size of z"`
	Base    int  `toml:"filters-base" default:"16384" min:"1" help:"a layer at a side has filters-base/side filters, but at most filters"`
	Filters int  `toml:"filters" default:"512" min:"1" help:"no layer has more filters"`
	Group   int  `toml:"deviation-group" default:"4" min:"1" help:"records of a group whose deviation the critic sees"`
	Records int  `toml:"stage-records" default:"800000" min:"1" help:"real pictures that are shown while a side's layers fade in, and again when they are"`
	Shrink  bool `toml:"smaller-batches" default:"true" help:"batches of 7/8, 3/8 and 3/16 at 256, 512 and 1024, as in appendix A.1"`
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "progressive", Title: "Progressive GAN",
	Paper:   "Karras et al. 2017, Progressive Growing of GANs for Improved Quality, Stability, and Variation, arXiv:1710.10196",
	Home:    gan.Home{Data: gan.Pictures(1024, 3, 0)},
	For:     "large pictures, learnt from small ones upward; see also stylegan2",
	Options: func() gan.Builder { return &Options{} },
	// Appendix A.1. The average's decay is that of section 6.
	Shared: map[string]string{
		"objective": "wasserstein", "penalty.gp": "10", "penalty.drift": "0.001",
		"optim.batch": "16", "optim.rate": "0.001", "optim.beta1": "0", "optim.beta2": "0.99", "optim.average": "0.999",
	},
	Small:  map[string]string{"latent": "64", "filters-base": "1024", "filters": "64", "stage-records": "3200"},
	Sides:  stylegan2.Sides,
	Length: Length,
}

// Length is the default number of rounds: a run of the small preset reaches the last side with some rounds to spare.
func Length(d gan.Data) int {
	n := 1000
	if d.Picture() {
		for side := 4; side < d.Shape[0]; side *= 2 {
			n += 400
		}
	}
	return n
}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	if err := stylegan2.Check(d); err != nil {
		return gan.Pair{}, err
	}
	critic := Critic{Width: o.width, Group: o.Group, Channels: d.Shape[2]}
	grown := Grown{First: 4, Last: d.Shape[0], Records: o.Records, Batch: o.batch}
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", o.Latent), Linear: true,
		Generator: func(net gan.Net, z, _ *gan.Node) *gan.Node { return o.whole(net, z, d) },
		Critic:    func(net gan.Net, x, _ *gan.Node) *gan.Node { return critic.On(net, x, nil, d.Shape[0], false) },
		Stages: grown.Stages(func(s *gan.Stage) {
			s.Generator = func(net gan.Net, z, _ *gan.Node) *gan.Node { return o.generator(net, z, d, s.Side, s.Fades) }
			s.Critic = func(net gan.Net, x, _ *gan.Node) *gan.Node { return critic.On(net, x, nil, s.Side, s.Fades) }
		}),
	}, nil
}

// Grown says how networks grow: from a side to another, doubling.
type Grown struct {
	First, Last int
	Records     int                    // that a side shows while its layers fade in, and again after
	Batch, Rate func(side int) float64 // times the options'; nil: 1
}

// Stages are the stages; make gives each its networks.
func (g Grown) Stages(make func(s *gan.Stage)) []gan.Stage {
	var stages []gan.Stage
	add := func(name string, side int, fades bool) {
		s := gan.Stage{Name: name, Side: side, Records: g.Records, Fades: fades, Fresh: fades}
		if g.Batch != nil {
			s.Batch = g.Batch(side)
		}
		if g.Rate != nil {
			s.Rate = g.Rate(side)
		}
		make(&s)
		stages = append(stages, s)
	}
	for side := g.First; side <= g.Last; side *= 2 {
		name := fmt.Sprintf("%dx%d", side, side)
		if side > g.First {
			add(name+" fades in", side, true)
		}
		add(name, side, false)
	}
	return stages
}

// batch is by how much batches are smaller at large sides (appendix A.1).
func (o *Options) batch(side int) float64 {
	if !o.Shrink {
		return 1
	}
	switch side {
	case 256:
		return 14. / 16
	case 512:
		return 6. / 16
	case 1024:
		return 3. / 16
	}
	return 1
}

func (o *Options) width(side int) int { return max(1, min(o.Base/side, o.Filters)) }

// he is the constant that keeps the variance of a leaky ReLU's maps (section 4.1).
var he = layers.Equalised{Gain: math.Sqrt2}

func leaky(x *gan.Node) *gan.Node { return ops.LeakyReLU(x, 0.2) }

// generator is table 2 up to a side. Where its layers fade in, it is the mean of what they make and of what the side before makes,
// doubled, by the knob (figure 2).
func (o *Options) generator(net gan.Net, z *gan.Node, d gan.Data, side int, fades bool) *gan.Node {
	level, x := net.Statistic("level", layers.Constant(0)), o.start(net, z)
	before := x
	for s := 8; s <= side; s *= 2 {
		before, x = x, o.block(net, x, s)
	}
	picture := o.colours(net, x, d, side)
	grown := graph.AddScalar(graph.ZerosLike(level), math.Log2(float64(side/4)))
	if fades {
		alpha := net.Knob(gan.Fade)
		picture = Mix(ops.UpsampleNearest(o.colours(net, before, d, side/2), 2), picture, alpha)
		grown = graph.Add(graph.AddScalar(grown, -1), alpha)
	}
	if net.Pass() == layers.Train {
		net.SetStatistic("level", grown)
	}
	return picture
}

// whole is the generator at whatever level the weights are: it makes the pictures of all sides and takes those that are grown, as the
// authors' code does (structure = linear).
func (o *Options) whole(net gan.Net, z *gan.Node, d gan.Data) *gan.Node {
	level, x := net.Statistic("level", layers.Constant(0)), o.start(net, z)
	picture := o.colours(net, x, d, 4)
	for s, k := 8, 0; s <= d.Shape[0]; s, k = s*2, k+1 {
		x = o.block(net, x, s)
		picture = Mix(ops.UpsampleNearest(picture, 2), o.colours(net, x, d, s), Share(level, k))
	}
	return picture
}

// Share is how far layers are faded in at a level, which counts doublings: those that double for the k-th time, from 0.
func Share(level *gan.Node, k int) *gan.Node {
	return graph.ClipScalar(graph.AddScalar(level, float64(-k)), 0, 1)
}

// Mix goes from a (alpha 0) to b (alpha 1).
func Mix(a, b, alpha *gan.Node) *gan.Node {
	return graph.Add(graph.Mul(a, graph.OneMinus(alpha)), graph.Mul(b, alpha))
}

// start makes the maps of 4x4.
func (o *Options) start(net gan.Net, z *gan.Node) *gan.Node {
	at, c := net.In("4x4"), o.width(4)
	dense := layers.EqualDense{Units: 16 * c, NoBias: true, Equalised: layers.Equalised{Gain: math.Sqrt2 / 4}} // the authors' code has a quarter here
	x := graph.Reshape(dense.On(at.In("dense"), layers.PixelNorm(z)), -1, 4, 4, c)
	x = layers.PixelNorm(leaky(layers.Bias(at.In("dense"), x)))
	return layers.PixelNorm(leaky(layers.EqualConv{Filters: c, Kernel: 3, Equalised: he}.On(at.In("conv"), x)))
}

// block doubles the side.
func (o *Options) block(net gan.Net, x *gan.Node, side int) *gan.Node {
	at, conv := net.In(fmt.Sprintf("%dx%d", side, side)), layers.EqualConv{Filters: o.width(side), Kernel: 3, Equalised: he}
	x = layers.PixelNorm(leaky(conv.OnRepeated(at.In("up"), x)))
	return net.Mark("map", layers.PixelNorm(leaky(conv.On(at.In("conv"), x))))
}

// colours makes the picture of a side.
func (o *Options) colours(net gan.Net, x *gan.Node, d gan.Data, side int) *gan.Node {
	return layers.EqualConv{Filters: d.Shape[2], Kernel: 1}.On(net.In(fmt.Sprintf("%dx%d/colours", side, side)), x)
}

// Critic is table 2's, which StyleGAN takes with a filter before it halves sides.
type Critic struct {
	Width    func(side int) int // filters
	Group    int                // of the minibatch deviation
	Channels int                // of the pictures
	Classes  int                // that have a score each; 0: one score
	Smooth   func(x *gan.Node) *gan.Node
}

// On returns the scores [batch] of pictures of a side. Where its layers fade in, they are mixed by the knob with what the layers of the
// side before see of the picture, halved.
func (c Critic) On(net gan.Net, picture, y *gan.Node, side int, fades bool) *gan.Node {
	x := c.colours(net, picture)
	for s := side; s > 4; s /= 2 {
		at := net.In(fmt.Sprintf("%dx%d", s, s))
		x = leaky(layers.EqualConv{Filters: c.Width(s), Kernel: 3, Equalised: he}.On(at.In("conv"), x))
		if c.Smooth != nil {
			x = c.Smooth(x)
		}
		x = leaky(layers.EqualConv{Filters: c.Width(s / 2), Kernel: 3, Equalised: he}.OnAveraged(at.In("down"), x)) // [batch, s/2, s/2, C]
		if fades && s == side {
			x = Mix(c.colours(net, ops.MeanPool(picture, ops.PoolOptions{Window: 2})), x, net.Knob(gan.Fade))
		}
		x = net.Mark("map", x)
	}
	at := net.In("4x4")
	x = layers.MinibatchDeviation{Group: c.Group}.On(at, x)
	x = leaky(layers.EqualConv{Filters: c.Width(4), Kernel: 3, Equalised: he}.On(at.In("conv"), x))
	x = graph.Reshape(x, x.Shape().Dimensions[0], -1)
	x = leaky(layers.EqualDense{Units: c.Width(4), Equalised: he}.On(at.In("dense"), x))
	x = layers.EqualDense{Units: max(1, c.Classes)}.On(net.In("out"), net.Mark("features", x))
	if c.Classes > 0 {
		x = graph.ReduceSum(graph.Mul(x, layers.OneHot(net, y, c.Classes)), 1)
	}
	return graph.Reshape(x, -1)
}

// colours makes the first maps of a picture.
func (c Critic) colours(net gan.Net, picture *gan.Node) *gan.Node {
	side := picture.Shape().Dimensions[1]
	return leaky(layers.EqualConv{Filters: c.Width(side), Kernel: 1, Equalised: he}.On(net.In(fmt.Sprintf("%dx%d/colours", side, side)), picture))
}

// Differences: the authors' code trains an auxiliary classifier where labels are asked for (AC-GAN); ours is unconditional. It adjusts
// sizes and rates every fourth step, ours every step. Its convolutions that double a side are its fused ones turned round. Real
// pictures are made smaller in the graph of the round. The number of a layer's filters is the paper's for 1024 at every size of
// picture. Sampling computes the layers of all sides, grown or not.
