// Package acgan is AC-GAN: Odena, Olah, Shlens, "Conditional Image Synthesis With Auxiliary Classifier GANs", 2016, arXiv:1610.09585.
// The critic also tells each picture's class, and the generator is to be of the class that it was asked for. Section and table numbers
// below are the paper's.
package acgan

import (
	"fmt"
	"slices"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of appendix A, table 1, for ImageNet at 128x128. Table 2, for CIFAR-10 at 32x32, has filters=384.
type Options struct {
	Latent  int     `toml:"latent" default:"100" min:"1" help:"size of z, beside one number a class; the paper uses 100"`
	Filters int     `toml:"filters" default:"768" min:"1" help:"filters of the generator's smallest map (the paper: 768 at 128x128, 384 at 32x32)"`
	Critic  int     `toml:"critic-filters" default:"16" min:"1" help:"filters of the critic's first layer, doubled in each of the six (the paper: 16)"`
	Dropout float64 `toml:"dropout" default:"0.5" min:"0" below:"1" help:"share of the critic's activations that is dropped after each layer (the paper: 0.5)"`
	Weight  float64 `toml:"class-weight" default:"1" min:"0" help:"weight of the auxiliary classifier's loss in both players (section 3: 1)"`
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "acgan", Title: "AC-GAN",
	Paper:   "Odena, Olah, Shlens 2016, Conditional Image Synthesis With Auxiliary Classifier GANs, arXiv:1610.09585",
	Home:    gan.Home{Data: gan.Pictures(128, 3, 10)},
	For:     "pictures with classes that are to be told apart: the critic is a classifier too",
	Options: func() gan.Builder { return &Options{} },
	Shared:  map[string]string{"optim.batch": "100"},
	Small:   map[string]string{"filters": "96", "latent": "64", "critic-filters": "8", "dropout": "0.25", "optim.batch": "32"},
	Sides:   sides,
	Length:  dcgan.Length,
}

var sides = []int{16, 28, 32, 64, 128}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	switch {
	case !d.Picture():
		return gan.Pair{}, fmt.Errorf("convolutions need pictures, and the records are %s of shape %v; take cgan with network=mlp", d.Field, d.Shape)
	case d.Shape[0] != d.Shape[1] || !slices.Contains(sides, d.Shape[0]):
		return gan.Pair{}, fmt.Errorf("the pictures are %dx%d; the networks can do squares of %v: set data.side", d.Shape[0], d.Shape[1], sides)
	case d.Classes < 2:
		return gan.Pair{}, fmt.Errorf("a conditional model needs data with two classes or more, such as one folder a class; take dcgan for data without")
	}
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", o.Latent), Classes: d.Classes, Mixes: true,
		Generator: func(net gan.Net, z, y *gan.Node) *gan.Node { return o.generator(net, z, y, d) },
		Critic:    func(net gan.Net, x, _ *gan.Node) *gan.Node { return o.critic(net, x, d.Classes) },
		Beside:    func(r *gan.Turn, seen gan.Seen) *gan.Node { return o.classLoss(r, seen, d.Classes) },
	}, nil
}

// weights are drawn from N(0, 0.02) (table 1).
var weights = layers.Normal(0, 0.02)

// maps returns the side of the generator's smallest map and the widths before each doubling: table 2's up to 64, table 1's above.
func (o *Options) maps(side int) (start int, widths []int) {
	w := o.Filters
	switch {
	case side == 28:
		return 7, []int{w, w / 2}
	case side <= 64:
		return side / 8, []int{w, w / 2, w / 4}
	default:
		return side / 16, []int{w, w / 2, w / 3, w / 4}
	}
}

// generator is appendix A's: z and the class to the smallest map, then transposed 5x5 convolutions that double its side.
func (o *Options) generator(net gan.Net, z, y *gan.Node, d gan.Data) *gan.Node {
	start, widths := o.maps(d.Shape[0])
	x := graph.Concatenate([]*gan.Node{z, layers.OneHot(net, y, d.Classes)}, -1)
	x = layers.ReLU(layers.Dense{Units: start * start * widths[0], Init: weights}.On(net.In("project"), x))
	x = graph.Reshape(x, -1, start, start, widths[0])
	for i, filters := range widths[1:] {
		at := net.Nth("up", i+1)
		x = double(at, x, max(filters, 1))
		x = net.Mark("map", layers.ReLU(layers.BatchNorm{}.On(at.In("norm"), x))) // [batch, 2 side, 2 side, C']
	}
	return graph.Tanh(double(net.In("out"), x, d.Shape[2]))
}

// double is a transposed 5x5 convolution of stride 2 that doubles the side.
func double(net gan.Net, x *gan.Node, filters int) *gan.Node {
	return layers.ConvTranspose{Filters: filters, Kernel: 5, Stride: 2, Pad: 2, OutputPad: 1, Init: weights}.On(net, x)
}

// critic is appendix A's: six 3x3 convolutions, every other one halving the side, and on top a score [batch] and, noted as "class", logits of the
// classes [batch, classes].
func (o *Options) critic(net gan.Net, x *gan.Node, classes int) *gan.Node {
	for i := range 6 {
		at := net.Nth("conv", i+1)
		x = layers.Conv{Filters: o.Critic << i, Kernel: 3, Stride: 2 - i%2, Pad: 1, Init: weights}.On(at, x)
		if i > 0 {
			x = layers.BatchNorm{}.On(at.In("norm"), x)
		}
		x = layers.LeakyReLU(0.2)(x)
		if o.Dropout > 0 {
			x = layers.Dropout{Rate: o.Dropout}.On(at, x)
		}
		if i%2 == 0 {
			x = net.Mark("map", x)
		}
	}
	x = net.Mark("features", graph.Reshape(x, x.Shape().Dimensions[0], -1))
	net.Note("class", layers.Dense{Units: classes, Init: weights}.On(net.In("class"), x))
	return graph.Reshape(layers.Dense{Units: 1, Init: weights}.On(net.In("out"), x), -1)
}

// classLoss is -L_C, equation 3: both players want the class to be told, of real and of generated pictures.
func (o *Options) classLoss(r *gan.Turn, seen gan.Seen, classes int) *gan.Node {
	logits := seen.Noted["class"]
	loss := graph.ReduceAllMean(ops.SoftmaxCrossEntropy(logits, graph.OneHot(seen.Labels, classes, logits.DType())))
	name := "class-real"
	if seen.Fake {
		name = "class-fake"
	}
	return graph.MulScalar(r.Term(name, loss), o.Weight)
}

// Differences: the paper trains a hundred models of ten of ImageNet's classes each and adds noise to the critic's activations; ours sees all
// classes, and has no such noise (penalty.noise is on its input). The table leaves open from which side the generator starts: ours doubles
// four times from 8x8 to 128x128, and three times to 32x32 from 4x4. At 28, which is not in the paper, the smallest map is 7x7 with a
// doubling less. The averaged weights that we sample from by default are not the paper's (--weights raw).
