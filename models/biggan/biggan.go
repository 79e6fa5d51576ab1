// Package biggan is BigGAN: Brock, Donahue, Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", 2018,
// arXiv:1809.11096. Table and appendix numbers below are the paper's; what it leaves open is as in its author's PyTorch code
// (ajbrock/BigGAN-PyTorch).
package biggan

import (
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/models/sngan"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of appendix C for ImageNet at 128x128.
type Options struct {
	Latent      int    `toml:"latent" default:"120" min:"1" help:"size of z, of which every block sees a part of its own (the paper: 120 at 128x128)"`
	Shared      int    `toml:"shared" default:"128" min:"1" help:"size of the class embedding that all conditional batch norms share (the paper: 128)"`
	Filters     int    `toml:"filters" default:"96" min:"1" help:"channel multiplier ch of the generator (the paper: 96)"`
	Critic      int    `toml:"critic-filters" default:"96" min:"1" help:"channel multiplier ch of the critic (the paper: 96)"`
	Conditional string `toml:"conditional" default:"auto" in:"auto,yes,no" help:"whether the generator is asked for a class and the critic projects on it; auto is yes where the data have classes"`
}

// Model is the line of the table: appendix C's values, the batch of 2048 in parts of 256.
var Model = gan.Model{
	Name: "biggan", Title: "BigGAN",
	Paper:   "Brock, Donahue, Simonyan 2018, Large Scale GAN Training for High Fidelity Natural Image Synthesis, arXiv:1809.11096",
	Home:    gan.Home{Data: gan.Pictures(128, 3, 1000)},
	For:     "pictures of many classes, when there is time for large batches; quality against variety by --truncation",
	Options: func() gan.Builder { return &Options{} },
	Shared:  Shared,
	Small: map[string]string{
		"filters": "12", "critic-filters": "12", "latent": "64", "shared": "32", "optim.batch": "32", "optim.accumulate": "1",
		"optim.critic-steps": "1", "optim.rate": "0.0002", "optim.critic-rate": "0.0008", "optim.average": "0.999",
	},
	Sides:  Sides,
	Length: dcgan.Length,
}

// Shared are the paper's values of the shared options (appendix C), for BigGAN-deep too.
var Shared = map[string]string{
	"objective": "hinge", "technique.spectral": "both", "technique.orthogonal": "0.0001", "technique.attention": "64",
	"optim.batch": "256", "optim.accumulate": "8", "optim.critic-steps": "2",
	"optim.rate": "0.00005", "optim.critic-rate": "0.0002", "optim.beta1": "0", "optim.beta2": "0.999", "optim.average": "0.9999",
}

// Sides are those of the pictures that the networks can make.
var Sides = []int{16, 32, 64, 128, 256}

// Widths are the channel multipliers of the maps from the smallest, 4x4, to the picture's side (tables 4 to 6; up to 32 the author's code).
func Widths(side int) []int {
	switch side {
	case 16:
		return []int{4, 4, 4}
	case 32:
		return []int{4, 4, 4, 4}
	case 64:
		return []int{16, 16, 8, 4, 2}
	case 128:
		return []int{16, 16, 8, 4, 2, 1}
	default:
		return []int{16, 16, 8, 8, 4, 2, 1}
	}
}

// CriticWidths are the channel multipliers of the critic's blocks, from the picture down.
func CriticWidths(side int) []int {
	switch {
	case side <= 32:
		return []int{4, 4, 4, 4}
	case side == 64:
		return []int{1, 2, 4, 8, 16}
	case side == 128:
		return []int{1, 2, 4, 8, 16, 16}
	default:
		return []int{1, 2, 4, 8, 8, 16, 16}
	}
}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	if err := sngan.Check(d, Sides); err != nil {
		return gan.Pair{}, err
	}
	classes, err := sngan.Classes(o.Conditional, d)
	if err != nil {
		return gan.Pair{}, err
	}
	chunks := len(Widths(d.Shape[0])) // one for the first layer and one a block
	latent := max(o.Latent/chunks, 1) * chunks
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", latent), Classes: classes,
		Generator: func(net gan.Net, z, y *gan.Node) *gan.Node { return o.generator(net, z, y, d, classes) },
		Critic:    func(net gan.Net, x, y *gan.Node) *gan.Node { return o.critic(net, x, y, classes) },
	}, nil
}

// weights start orthogonal (appendix C).
var weights = layers.Orthogonal()

// Embed is the class embedding that all layers share, which no norm holds in bounds; nil without classes.
func Embed(net gan.Net, y *gan.Node, classes, size int) *gan.Node {
	if y == nil {
		return nil
	}
	return layers.Embedding{Rows: classes, Size: size, Init: weights}.On(net.In("shared").Bare(), y) // [batch, size]
}

// Join puts vectors behind each other, leaving nil ones out.
func Join(vectors ...*gan.Node) *gan.Node {
	var there []*gan.Node
	for _, v := range vectors {
		if v != nil {
			there = append(there, v)
		}
	}
	if len(there) == 1 {
		return there[0]
	}
	return graph.Concatenate(there, -1)
}

// generator is figure 15(a): the first chunk of z makes the 4x4 map, and each block's batch norms follow the class and a chunk of
// its own.
func (o *Options) generator(net gan.Net, z, y *gan.Node, d gan.Data, classes int) *gan.Node {
	widths := Widths(d.Shape[0])
	size := z.Shape().Dimensions[1] / len(widths)
	chunk := func(i int) *gan.Node { return graph.Slice(z, graph.AxisRange(), graph.AxisRange(i*size, (i+1)*size)) }
	class := Embed(net, y, classes, o.Shared)
	x := layers.Dense{Units: 4 * 4 * widths[0] * o.Filters, Init: weights}.On(net.In("project"), chunk(0))
	x = graph.Reshape(x, -1, 4, 4, widths[0]*o.Filters) // [batch, 4, 4, C]
	for i, width := range widths[1:] {
		condition := Join(class, chunk(i+1))
		norm := func(net gan.Net, x *gan.Node) *gan.Node {
			return layers.ConditionalBatchNorm{Init: weights}.On(net, x, condition)
		}
		x = layers.Residual{Filters: width * o.Filters, Resample: layers.Up, Norm: norm, Init: weights}.On(net.Nth("up", i+1), x)
		x = net.Mark("map", x) // [batch, 2 side, 2 side, C']
	}
	x = layers.ReLU(layers.BatchNorm{}.On(net.In("norm"), x))
	return graph.Tanh(layers.Conv{Filters: d.Shape[2], Kernel: 3, Pad: 1, Init: weights}.On(net.In("out"), x))
}

// critic is figure 15(b) and (c): a residual block a halving down to 4x4, one that keeps the side, the sum over all places, and the
// projection on the class. Up to 32 it is two blocks down and two that keep 8x8.
func (o *Options) critic(net gan.Net, x, y *gan.Node, classes int) *gan.Node {
	for i, b := range o.blocks(x.Shape().Dimensions[1]) {
		x = b.On(net.Nth("block", i+1), x)
		if b.Resample == layers.Down {
			x = net.Mark("map", x)
		}
	}
	x = net.Mark("features", graph.ReduceSum(layers.ReLU(x), 1, 2)) // [batch, C]
	return layers.Projection{Classes: classes, Init: weights}.On(net, x, y)
}

// blocks are the critic's.
func (o *Options) blocks(side int) (list []layers.Residual) {
	widths := CriticWidths(side)
	for i, width := range widths {
		resample := layers.Down
		if i == len(widths)-1 || side <= 32 && i > 1 {
			resample = layers.Same
		}
		list = append(list, layers.Residual{Filters: width * o.Critic, Resample: resample, First: i == 0, Init: weights})
	}
	return list
}

// Differences: the running statistics that sampling uses are batch norm's moving ones unless standing statistics are asked for
// (ganymede sample --truncation). The paper's averages start after 20,000 rounds, ours grow into their decay. Gradient accumulation
// makes one step of a large batch, but batch norm in the generator sees one part of it at a time, here 256 samples, as in the author's
// PyTorch code; the paper's batch norm sees all 2048. The class embedding of the orthogonal penalty is left out, as there. z is cut to
// a multiple of the number of chunks. Without classes the norms follow the chunks of z alone, and the score is plain. At 16 the networks
// are those of 32 with a doubling less.
