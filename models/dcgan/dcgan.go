// Package dcgan is DCGAN: Radford, Metz, Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative
// Adversarial Networks", 2015, arXiv:1511.06434. Section and figure numbers below are the paper's.
package dcgan

import (
	"fmt"
	"slices"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of section 4. The defaults are the authors' Torch code (4x4 kernels, 64 filters); filters=128 is
// figure 1.
type Options struct {
	Latent  int    `toml:"latent" default:"100" min:"1" help:"size of z; the paper uses 100"`
	Filters int    `toml:"filters" default:"64" min:"1" help:"filters next to the picture, doubled at each halving of its side; figure 1 has 128"`
	Most    int    `toml:"most-filters" default:"8" min:"1" help:"no layer has more than this many times filters"`
	Norm    string `toml:"critic-norm" default:"batch" in:"batch,layer,none" help:"normalisation in the critic"`
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "dcgan", Title: "DCGAN",
	Paper:   "Radford, Metz, Chintala 2015, Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks, arXiv:1511.06434",
	Home:    gan.Home{Data: gan.Pictures(64, 3, 0)},
	For:     "pictures of 16 to 256: the first choice on a laptop",
	Options: func() gan.Builder { return &Options{} },
	Shared:  map[string]string{"optim.share-fake": "true"}, // the authors' code steps both players on one fake batch
	Sides:   Sides,
	Length:  Length,
}

// Pair makes the networks for square pictures of side 28 or a power of two from 16 to 256.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	if err := Check(d); err != nil {
		return gan.Pair{}, err
	}
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", o.Latent), Mixes: o.Norm == "batch",
		Generator: func(net gan.Net, z, _ *gan.Node) *gan.Node { return o.Generate(net, z, d) },
		Critic:    func(net gan.Net, x, _ *gan.Node) *gan.Node { return o.Criticise(net, x) },
	}, nil
}

// Sides are those of the pictures that the networks can make.
var Sides = []int{16, 28, 32, 64, 128, 256}

// Length is the default number of rounds: a minute's worth for points and small pictures on two cores, so that a newcomer sees
// something, and for larger pictures what it takes to see anything.
func Length(d gan.Data) int {
	switch {
	case !d.Picture():
		return 10000
	case d.Shape[0] <= 32:
		return 1000
	default:
		return 5000
	}
}

// Check refuses records that the networks cannot make.
func Check(d gan.Data) error {
	if !d.Picture() {
		return fmt.Errorf("convolutions need pictures, and the records are %s of shape %v; take network=mlp where the model has it, or vanilla", d.Field, d.Shape)
	}
	if side := d.Shape[0]; side != d.Shape[1] || !slices.Contains(Sides, side) {
		return fmt.Errorf("the pictures are %dx%d; the networks can do squares of %v: set data.side", side, d.Shape[1], Sides)
	}
	return nil
}

// weights are drawn from N(0, 0.02) (section 4).
var weights = layers.Normal(0, 0.02)

// norm is batch norm with scales drawn from N(1, 0.02), as in the authors' code.
var norm = layers.BatchNorm{Scale: layers.Normal(1, 0.02)}

// widths returns the filters of the layers between the picture and the smallest map, next to the picture first.
func (o *Options) widths(side int) []int {
	var widths []int
	for half, times := side/2, 1; half >= 4; half, times = half/2, times*2 {
		widths = append(widths, o.Filters*min(times, o.Most))
	}
	return widths
}

// smallest is the side of the smallest map: 4, or 7 of 28.
func smallest(side int) int {
	for side > 7 {
		side /= 2
	}
	return side
}

// Generate is the generator of figure 1: project z to the smallest map, then double the side with transposed convolutions
// until it is the picture's. It is exported for models that take DCGAN's networks.
func (o *Options) Generate(net gan.Net, z *gan.Node, d gan.Data) *gan.Node {
	side, widths := d.Shape[0], o.widths(d.Shape[0])
	start := smallest(side)
	x := graph.Reshape(z, -1, 1, 1, z.Shape().Dimensions[1]) // [batch, 1, 1, latent]
	x = layers.ConvTranspose{Filters: widths[len(widths)-1], Kernel: start, NoBias: true, Init: weights}.On(net.In("project"), x)
	x = layers.ReLU(norm.On(net.In("project/norm"), x)) // [batch, 4, 4, C]
	for i := len(widths) - 2; i >= 0; i-- {
		at := net.Nth("up", len(widths)-1-i)
		x = layers.ConvTranspose{Filters: widths[i], Kernel: 4, Stride: 2, Pad: 1, NoBias: true, Init: weights}.On(at, x)
		x = layers.ReLU(norm.On(at.In("norm"), x)) // [batch, 2 side, 2 side, C/2]
		x = net.Mark("map", x)
	}
	// No batch norm on the generator's last layer (section 3).
	x = layers.ConvTranspose{Filters: d.Shape[2], Kernel: 4, Stride: 2, Pad: 1, NoBias: true, Init: weights}.On(net.In("out"), x)
	return graph.Tanh(x)
}

// Criticise is the discriminator: strided convolutions down to the smallest map, and one more that makes the score [batch].
func (o *Options) Criticise(net gan.Net, x *gan.Node) *gan.Node {
	leaky := layers.LeakyReLU(0.2) // section 4
	for i, filters := range o.widths(x.Shape().Dimensions[1]) {
		at := net.Nth("down", i+1)
		x = layers.Conv{Filters: filters, Kernel: 4, Stride: 2, Pad: 1, NoBias: true, Init: weights}.On(at, x)
		if i > 0 { // no batch norm on the discriminator's first layer (section 3)
			x = o.normalise(at.In("norm"), x)
		}
		x = net.Mark("map", leaky(x))
	}
	x = net.Mark("features", x)
	x = layers.Conv{Filters: 1, Kernel: x.Shape().Dimensions[1], NoBias: true, Init: weights}.On(net.In("out"), x)
	return graph.Reshape(x, -1)
}

func (o *Options) normalise(net gan.Net, x *gan.Node) *gan.Node {
	switch o.Norm {
	case "batch":
		return norm.On(net, x)
	case "layer":
		return layers.LayerNorm{}.On(net, x)
	default:
		return x
	}
}

// Differences: figure 1 is for side 64; for other sides we keep its rule, half the width at each doubling, from 4x4 (7x7 for
// 28). The authors' code updates the running statistics in every pass, and so do we.
