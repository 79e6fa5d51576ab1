// Package r3gan is R3GAN: Huang, Gokaslan, Kuleshov, Tompkin, "The GAN is dead; long live the GAN! A Modern Baseline GAN", 2024,
// arXiv:2501.05441. Section, table and figure numbers below are the paper's; the authors' code is brownvc/R3GAN.
package r3gan

import (
	"fmt"
	"math"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/models/stylegan2"
	"github.com/ganymede-gan/ganymede/models/vanilla"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of section 4 and appendix D. The defaults are the authors' for CIFAR-10.
type Options struct {
	Network     string `toml:"network" default:"auto" in:"auto,mlp,resnet" help:"networks of both players; auto is mlp for points and resnet, the paper's backbone, for pictures"`
	Latent      int    `toml:"latent" default:"64" min:"1" help:"size of z"`
	Filters     int    `toml:"filters" default:"768" min:"1" help:"width of the stages up to 32x32, half of it at each doubling from there on"`
	Blocks      int    `toml:"blocks" default:"2" min:"1" max:"8" help:"residual blocks of a stage"`
	Group       int    `toml:"group" default:"16" min:"1" help:"channels of a group of the blocks' grouped convolutions"`
	Conditional string `toml:"conditional" default:"auto" in:"auto,yes,no" help:"the data's classes are given to both players; auto: where there are some, of pictures"`
	Hidden      int    `toml:"hidden" default:"512" min:"1" help:"units of a hidden layer of the mlp"`
	Layers      int    `toml:"layers" default:"3" min:"1" max:"16" help:"hidden layers of the mlp"`
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "r3gan", Title: "R3GAN",
	Paper:   "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern Baseline GAN, arXiv:2501.05441",
	Home:    gan.Home{Data: gan.Pictures(32, 3, 10)},
	For:     "the modern baseline: a loss that converges and a plain backbone, for pictures and points",
	Options: func() gan.Builder { return &Options{} },
	// The authors' preset for CIFAR-10: rates, betas, gamma and augmentation go by a cosine to their last values.
	Shared: map[string]string{
		"objective": "relativistic", "penalty.r1": "0.05", "penalty.r2": "0.05", "penalty.slopes-end": "0.1",
		"optim.batch": "512", "optim.rate": "0.0002", "optim.beta1": "0", "optim.beta2": "0.9", "optim.beta2-end": "0.99",
		"optim.schedule": "cosine", "optim.schedule-end": "0.25", "optim.average": "0.9999",
		"technique.ada": "r3gan", "technique.ada-target": "0", "technique.ada-end": "0.55",
	},
	Points: map[string]string{"technique.ada": "none", "penalty.r1": "0.1", "penalty.r2": "0.1", "optim.batch": "256", "optim.rate": "0.001", "optim.average": "0.999", "hidden": "128"},
	Small: map[string]string{
		"filters": "32", "blocks": "1", "penalty.r1": "1", "penalty.r2": "1", "optim.batch": "16", "optim.rate": "0.0005", "optim.average": "0.999",
		"technique.ada": "none",
	},
	Sides:  stylegan2.Sides,
	Length: dcgan.Length,
}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	if o.Network == "mlp" || o.Network == "auto" && !d.Picture() {
		return (&vanilla.Options{Latent: o.Latent, Hidden: o.Hidden, Layers: o.Layers}).Pair(d)
	}
	if err := stylegan2.Check(d); err != nil {
		return gan.Pair{}, err
	}
	classes := d.Classes
	switch {
	case o.Conditional == "no" || o.Conditional == "auto" && classes < 2:
		classes = 0
	case classes < 2:
		return gan.Pair{}, fmt.Errorf("a conditional model needs two classes or more, and the data has %d; set conditional=no", classes)
	}
	side, channels := d.Shape[0], d.Shape[2]
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", o.Latent), Classes: classes, Linear: true,
		Generator: func(net gan.Net, z, y *gan.Node) *gan.Node { return o.generator(net, z, y, side, channels, classes) },
		Critic:    func(net gan.Net, x, y *gan.Node) *gan.Node { return o.critic(net, x, y, classes) },
	}, nil
}

// width is that of the stage at a side.
func (o *Options) width(side int) int {
	width := o.Filters
	for ; side > 32; side /= 2 {
		width /= 2
	}
	return max(1, width)
}

// smooth is the low-pass filter of all resampling: [1, 2, 1] after a box.
var smooth = []float64{1. / 8, 3. / 8, 3. / 8, 1. / 8}

// generator is figure 3b: a basis of 4x4, and stages that end in blocks.
func (o *Options) generator(net gan.Net, z, y *gan.Node, side, channels, classes int) *gan.Node {
	blocks := o.blocks(side)
	if classes > 0 {
		z = graph.Concatenate([]*gan.Node{z, embed(net.In("label"), y, classes, o.Latent, 1)}, -1)
	}
	at, c := net.In("4x4"), o.width(4)
	basis := at.Weight("basis", layers.Normal(0, 1), 4, 4, c)
	x := linear(at.In("project"), z, c)
	x = graph.Mul(graph.InsertAxes(basis, 0), graph.Reshape(x, -1, 1, 1, c)) // [batch, 4, 4, C]
	x = o.stage(at, x, blocks)
	for s := 8; s <= side; s *= 2 {
		at := net.In(fmt.Sprintf("%dx%d", s, s))
		x = ops.UpsampleFiltered(change(at.In("change"), x, o.width(s)), smooth)
		x = net.Mark("map", o.stage(at, x, blocks)) // [batch, s, s, C]
	}
	return conv(net.In("out"), x, channels, 1, 0, 1)
}

// critic is its mirror image.
func (o *Options) critic(net gan.Net, x, y *gan.Node, classes int) *gan.Node {
	side := x.Shape().Dimensions[1]
	blocks := o.blocks(side)
	x = conv(net.In("in"), x, o.width(side), 1, 0, 1)
	for s := side; s > 4; s /= 2 {
		at := net.In(fmt.Sprintf("%dx%d", s, s))
		x = o.stage(at, x, blocks)
		x = net.Mark("map", change(at.In("change"), ops.DownsampleFiltered(x, smooth), o.width(s/2)))
	}
	at, c := net.In("4x4"), o.width(4)
	x = o.stage(at, x, blocks)
	basis := at.Weight("basis", layers.Normal(0, 1./4), 4, 4, c) // a convolution by channel that covers the map
	x = net.Mark("features", graph.ReduceSum(graph.Mul(x, graph.InsertAxes(basis, 0)), 1, 2))
	if classes == 0 {
		return graph.Reshape(linear(net.In("out"), x, 1), -1)
	}
	// A projection: the features' product with the class's own direction.
	x = linear(net.In("out"), x, c)
	return graph.ReduceSum(graph.Mul(x, embed(net.In("label"), y, classes, c, 1/math.Sqrt(float64(c)))), 1)
}

// blocks is how many there are in a network: each starts with a variance that lets as many add up (fix-up, section 3.4 of the paper).
func (o *Options) blocks(side int) int { return o.Blocks * (int(math.Log2(float64(side))) - 1) }

// stage is Blocks residual blocks.
func (o *Options) stage(net gan.Net, x *gan.Node, blocks int) *gan.Node {
	for i := range o.Blocks {
		x = o.block(net.Nth("block", i+1), x, blocks)
	}
	return x
}

// block is figure 3b's: 1x1 to twice the width, grouped 3x3, 1x1 back, without normalisation; the last weights start at 0.
func (o *Options) block(net gan.Net, x *gan.Node, blocks int) *gan.Node {
	c := x.Shape().Dimensions[3]
	wide := 2 * c
	gain := math.Sqrt(2/(1+0.2*0.2)) * math.Pow(float64(blocks), -1./4)
	y := activate(net.In("bias1"), conv(net.In("conv1"), x, wide, 1, 0, gain))
	y = activate(net.In("bias2"), conv(net.In("conv2"), y, wide, 3, groups(wide, o.Group), gain))
	return graph.Add(x, conv(net.In("conv3"), y, c, 1, 0, 0))
}

// groups is how many groups of at most so many channels divide a width.
func groups(width, most int) int {
	n := (width + most - 1) / most
	for width%n != 0 {
		n++
	}
	return n
}

// activate adds a bias and applies the leaky ReLU.
func activate(net gan.Net, x *gan.Node) *gan.Node { return ops.LeakyReLU(layers.Bias(net, x), 0.2) }

// change is a 1x1 convolution where the width changes.
func change(net gan.Net, x *gan.Node, width int) *gan.Node {
	if x.Shape().Dimensions[3] == width {
		return x
	}
	return conv(net, x, width, 1, 0, 1)
}

// conv is a convolution without bias, drawn from N(0, gain^2 / fan-in); groups 0 is 1.
func conv(net gan.Net, x *gan.Node, filters, kernel, groups int, gain float64) *gan.Node {
	in := x.Shape().Dimensions[3] / max(1, groups)
	w := net.Weight("kernel", layers.Normal(0, gain/math.Sqrt(float64(kernel*kernel*in))), kernel, kernel, in, filters)
	return ops.Conv(x, w, ops.ConvOptions{Padding: kernel / 2, Groups: groups})
}

// linear is a product without bias.
func linear(net gan.Net, x *gan.Node, units int) *gan.Node {
	return layers.Dense{Units: units, NoBias: true, Init: layers.Normal(0, 1/math.Sqrt(float64(x.Shape().Dimensions[1])))}.On(net, x)
}

// embed is a row a class.
func embed(net gan.Net, y *gan.Node, classes, size int, gain float64) *gan.Node {
	return layers.Embedding{Rows: classes, Size: size, Init: layers.Normal(0, gain/math.Sqrt(float64(classes)))}.On(net, y)
}

// Differences: the authors' schedules end after 20 million records and go on from there; ours end with the planned rounds. Their averaged
// weights have a half-life that grows by the same cosine from 0 to 5 million records; ours have a constant decay, reached from
// below. They compute in bfloat16. Pictures are not mirrored unless the data is. Points, for which there is no backbone, have vanilla's
// perceptrons under the same loss. Where the width is no multiple of the group, groups are smaller.
