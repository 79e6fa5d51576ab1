// Package biggandeep is BigGAN-deep: Brock, Donahue, Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis",
// 2018, arXiv:1809.11096, appendix B and tables 7 to 9, and the author's PyTorch code (ajbrock/BigGAN-PyTorch, BigGANdeep.py): four times as
// deep as BigGAN with half its parameters, because blocks are bottlenecks and shortcuts drop or add channels without a product.
package biggandeep

import (
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/biggan"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/models/sngan"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of appendix B for ImageNet at 128x128.
type Options struct {
	Latent      int    `toml:"latent" default:"128" min:"1" help:"size of z (the paper: 128)"`
	Shared      int    `toml:"shared" default:"128" min:"1" help:"size of the class embedding that all conditional batch norms share (the paper: 128)"`
	Filters     int    `toml:"filters" default:"128" min:"1" help:"channel multiplier ch of the generator (the paper: 128)"`
	Critic      int    `toml:"critic-filters" default:"128" min:"1" help:"channel multiplier ch of the critic (the paper: 128)"`
	Depth       int    `toml:"depth" default:"2" min:"1" max:"8" help:"blocks a resolution in both players (the paper: 2)"`
	Conditional string `toml:"conditional" default:"auto" in:"auto,yes,no" help:"whether the generator is asked for a class and the critic projects on it; auto is yes where the data have classes"`
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "biggan-deep", Title: "BigGAN-deep",
	Paper:   "Brock, Donahue, Simonyan 2018, Large Scale GAN Training for High Fidelity Natural Image Synthesis, arXiv:1809.11096",
	Home:    gan.Home{Data: gan.Pictures(128, 3, 1000)},
	For:     "as biggan, deeper with fewer parameters: bottleneck blocks",
	Options: func() gan.Builder { return &Options{} },
	Shared:  biggan.Shared,
	Small: map[string]string{
		"filters": "16", "critic-filters": "16", "latent": "64", "shared": "32", "optim.batch": "32", "optim.accumulate": "1",
		"optim.critic-steps": "1", "optim.rate": "0.0002", "optim.critic-rate": "0.0008", "optim.average": "0.999",
	},
	Sides:  biggan.Sides,
	Length: dcgan.Length,
}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	if err := sngan.Check(d, biggan.Sides); err != nil {
		return gan.Pair{}, err
	}
	classes, err := sngan.Classes(o.Conditional, d)
	if err != nil {
		return gan.Pair{}, err
	}
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", o.Latent), Classes: classes,
		Generator: func(net gan.Net, z, y *gan.Node) *gan.Node { return o.generator(net, z, y, d, classes) },
		Critic:    func(net gan.Net, x, y *gan.Node) *gan.Node { return o.critic(net, x, y, classes) },
	}, nil
}

// weights start orthogonal (appendix C).
var weights = layers.Orthogonal()

// bottleneck is by how much the inner convolutions are narrower.
const bottleneck = 4

func conv(net gan.Net, x *gan.Node, filters, kernel int) *gan.Node {
	return layers.Conv{Filters: max(filters, 1), Kernel: kernel, Pad: kernel / 2, Init: weights}.On(net, x)
}

// generator is figure 16(a): the class and all of z make the 4x4 map and steer every batch norm.
func (o *Options) generator(net gan.Net, z, y *gan.Node, d gan.Data, classes int) *gan.Node {
	widths := biggan.Widths(d.Shape[0])
	condition := biggan.Join(biggan.Embed(net, y, classes, o.Shared), z) // [batch, shared + latent]
	x := layers.Dense{Units: 4 * 4 * widths[0] * o.Filters, Init: weights}.On(net.In("project"), condition)
	x = graph.Reshape(x, -1, 4, 4, widths[0]*o.Filters) // [batch, 4, 4, C]
	for i, width := range widths[1:] {
		for depth := range o.Depth {
			filters, last := widths[i]*o.Filters, depth == o.Depth-1
			if depth > 0 || o.Depth == 1 {
				filters = width * o.Filters
			}
			x = up(net.Nth("up", i+1).Nth("block", depth+1), x, condition, filters, last)
		}
		x = net.Mark("map", x) // [batch, 2 side, 2 side, C']
	}
	x = layers.ReLU(layers.BatchNorm{}.On(net.In("norm"), x))
	return graph.Tanh(layers.Conv{Filters: d.Shape[2], Kernel: 3, Pad: 1, Init: weights}.On(net.In("out"), x))
}

// up is figure 16(b): 1x1, 3x3, 3x3, 1x1 convolutions after conditional batch norm and ReLU each. The shortcut drops channels.
func up(net gan.Net, x, condition *gan.Node, filters int, double bool) *gan.Node {
	in := x.Shape().Dimensions[3]
	hidden := in / bottleneck
	active := func(i int, h *gan.Node) *gan.Node {
		return layers.ReLU(layers.ConditionalBatchNorm{Init: weights}.On(net.Nth("norm", i), h, condition))
	}
	h := active(2, conv(net.In("conv1"), active(1, x), hidden, 1))
	if in != filters {
		x = graph.Slice(x, graph.AxisRange(), graph.AxisRange(), graph.AxisRange(), graph.AxisRange(0, filters))
	}
	second := layers.Conv{Filters: max(hidden, 1), Kernel: 3, Pad: 1, Init: weights}
	if double {
		x = ops.UpsampleNearest(x, 2)
		h = second.OnRepeated(net.In("conv2"), h)
	} else {
		h = second.On(net.In("conv2"), h)
	}
	h = conv(net.In("conv3"), active(3, h), hidden, 3)
	return graph.Add(conv(net.In("conv4"), active(4, h), filters, 1), x)
}

// critic is figure 16(a): a 3x3 convolution, stages of blocks of which the first halves the side, the sum over all places, and the
// projection on the class.
func (o *Options) critic(net gan.Net, x, y *gan.Node, classes int) *gan.Node {
	stages := o.stages(x.Shape().Dimensions[1])
	x = conv(net.In("in"), x, stages[0].in*o.Critic, 3)
	for i, s := range stages {
		for depth := range o.Depth {
			x = down(net.Nth("stage", i+1).Nth("block", depth+1), x, s.out*o.Critic, s.halve && depth == 0)
		}
		if s.halve {
			x = net.Mark("map", x)
		}
	}
	x = net.Mark("features", graph.ReduceSum(layers.ReLU(x), 1, 2)) // [batch, C]
	return layers.Projection{Classes: classes, Init: weights}.On(net, x, y)
}

// stage is a resolution of the critic, with its channel multipliers.
type stage struct {
	in, out int
	halve   bool
}

// stages are the author's code's: a halving each down to 4x4, or for pictures up to 32 two halvings and one stage that keeps the side.
func (o *Options) stages(side int) (list []stage) {
	if side <= 32 {
		return []stage{{4, 4, true}, {4, 4, true}, {4, 4, false}}
	}
	widths := biggan.CriticWidths(side)
	for i, out := range widths[1:] {
		list = append(list, stage{widths[i], out, true})
	}
	return list
}

// down is figure 16(c): ReLU before each of 1x1, 3x3, 3x3, 1x1 convolutions; the shortcut gets its new channels from a 1x1 convolution.
func down(net gan.Net, x *gan.Node, filters int, halve bool) *gan.Node {
	hidden := filters / bottleneck
	h := conv(net.In("conv1"), layers.ReLU(x), hidden, 1)
	h = conv(net.In("conv2"), layers.ReLU(h), hidden, 3)
	h = layers.ReLU(conv(net.In("conv3"), layers.ReLU(h), hidden, 3))
	if halve {
		h, x = ops.MeanPool(h, ops.PoolOptions{Window: 2}), ops.MeanPool(x, ops.PoolOptions{Window: 2})
	}
	h = conv(net.In("conv4"), h, filters, 1)
	if in := x.Shape().Dimensions[3]; in != filters {
		x = graph.Concatenate([]*gan.Node{x, conv(net.In("shortcut"), x, filters-in, 1)}, -1)
	}
	return graph.Add(h, x)
}

// Differences: those of biggan but for the chunks of z.
