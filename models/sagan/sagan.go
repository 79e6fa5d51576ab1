// Package sagan is SAGAN: Zhang, Goodfellow, Metaxas, Odena, "Self-Attention Generative Adversarial Networks", 2018,
// arXiv:1805.08318. Section numbers below are the paper's; sizes it does not give are its authors' code's (brain-research/self-attention-gan).
package sagan

import (
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/models/sngan"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of sections 4 and 5 for ImageNet at 128x128.
type Options struct {
	Latent      int    `toml:"latent" default:"128" min:"1" help:"size of z; the authors' code uses 128"`
	Filters     int    `toml:"filters" default:"1024" min:"1" help:"filters of the generator's smallest map (the authors' code: 1024)"`
	Critic      int    `toml:"critic-filters" default:"1024" min:"1" help:"filters of the critic's smallest map (the authors' code: 1024)"`
	Conditional string `toml:"conditional" default:"auto" in:"auto,yes,no" help:"whether the generator is asked for a class and the critic projects on it; auto is yes where the data have classes"`
}

// Model is the line of the table: section 5's values.
var Model = gan.Model{
	Name: "sagan", Title: "SAGAN",
	Paper:   "Zhang, Goodfellow, Metaxas, Odena 2018, Self-Attention Generative Adversarial Networks, arXiv:1805.08318",
	Home:    gan.Home{Data: gan.Pictures(128, 3, 1000)},
	For:     "pictures whose far parts must fit together: every place looks at every other",
	Options: func() gan.Builder { return &Options{} },
	Shared: map[string]string{
		"objective": "hinge", "technique.spectral": "both", "technique.attention": "32", "optim.batch": "256",
		"optim.rate": "0.0001", "optim.critic-rate": "0.0004", "optim.beta1": "0", "optim.beta2": "0.9",
	},
	Small:  map[string]string{"filters": "48", "critic-filters": "48", "latent": "64", "optim.batch": "32", "optim.rate": "0.0002", "optim.critic-rate": "0.0008"},
	Sides:  sngan.Sides,
	Length: dcgan.Length,
}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	if err := sngan.Check(d, sngan.Sides); err != nil {
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

// generator is SNGAN's with attention: a dense layer to 4x4, a residual block with conditional batch norm a doubling.
func (o *Options) generator(net gan.Net, z, y *gan.Node, d gan.Data, classes int) *gan.Node {
	norm := layers.BatchNorm{}.On
	if classes > 0 {
		norm = func(net gan.Net, x *gan.Node) *gan.Node {
			return layers.ConditionalBatchNorm{Classes: classes}.On(net, x, y)
		}
	}
	widths := sngan.Widths(d.Shape[0], o.Filters)
	x := layers.Dense{Units: 4 * 4 * widths[0], Init: layers.Glorot()}.On(net.In("project"), z)
	x = graph.Reshape(x, -1, 4, 4, widths[0]) // [batch, 4, 4, C]
	for i, filters := range widths[1:] {
		x = layers.Residual{Filters: filters, Resample: layers.Up, Norm: norm, Init: layers.Glorot()}.On(net.Nth("up", i+1), x)
		x = net.Mark("map", x) // [batch, 2 side, 2 side, C']
	}
	x = layers.ReLU(layers.BatchNorm{}.On(net.In("norm"), x))
	return graph.Tanh(layers.Conv{Filters: d.Shape[2], Kernel: 3, Pad: 1, Init: layers.Glorot()}.On(net.In("out"), x))
}

// critic mirrors it: a residual block a halving down to 4x4, one that keeps the side, the sum over all places, the projection.
func (o *Options) critic(net gan.Net, x, y *gan.Node, classes int) *gan.Node {
	widths := sngan.Widths(x.Shape().Dimensions[1], o.Critic)
	for i := len(widths) - 2; i >= 0; i-- {
		// A map is as wide as the generator's of twice its side.
		block := layers.Residual{Filters: widths[i+1], Resample: layers.Down, First: i == len(widths)-2, Init: layers.Glorot()}
		x = block.On(net.Nth("down", len(widths)-1-i), x)
		x = net.Mark("map", x) // [batch, side/2, side/2, C']
	}
	x = layers.Residual{Filters: o.Critic, Init: layers.Glorot()}.On(net.In("block"), x)
	x = net.Mark("features", graph.ReduceSum(layers.ReLU(x), 1, 2)) // [batch, C]
	return layers.Projection{Classes: classes}.On(net, x, y)
}

// Differences: the paper's formula halves neither keys nor values in side; the authors' code, and so ours, does. The authors update the
// power iteration's vectors of the critic once a step; ours at every pass that trains, as PyTorch does. Below 128 the rule is SNGAN's:
// one width up to 32, a halving at each doubling above. Without classes the norms and the score are plain.
