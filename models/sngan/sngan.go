// Package sngan is SNGAN with the projection discriminator: Miyato, Kataoka, Koyama, Yoshida, "Spectral Normalization for Generative
// Adversarial Networks", 2018, arXiv:1802.05957, and, where the data have classes, Miyato, Koyama, "cGANs with Projection
// Discriminator", 2018, arXiv:1802.05637. Table and equation numbers below are the first paper's.
package sngan

import (
	"fmt"
	"slices"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of tables 4 and 5 (appendix B.4). The defaults are those for CIFAR-10.
type Options struct {
	Latent      int    `toml:"latent" default:"128" min:"1" help:"size of z; the paper uses 128"`
	Filters     int    `toml:"filters" default:"256" min:"1" help:"filters of the generator's smallest map (the paper: 256 at 32, 1024 above)"`
	Critic      int    `toml:"critic-filters" default:"128" min:"1" help:"filters of the critic's smallest map (the paper: 128 at 32, 1024 above)"`
	Conditional string `toml:"conditional" default:"auto" in:"auto,yes,no" help:"whether the generator is asked for a class and the critic projects on it; auto is yes where the data have classes"`
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "sngan", Title: "SNGAN",
	Paper:   "Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks, arXiv:1802.05957",
	Home:    gan.Home{Data: gan.Pictures(32, 3, 10)},
	For:     "pictures, with or without classes, where training must not diverge: no penalty, one norm for every layer",
	Options: func() gan.Builder { return &Options{} },
	Shared: map[string]string{
		"objective": "hinge", "technique.spectral": "critic",
		"optim.beta1": "0", "optim.beta2": "0.9", "optim.critic-steps": "5", "optim.schedule": "linear",
	},
	Small:  map[string]string{"filters": "48", "critic-filters": "32", "latent": "64", "optim.batch": "32", "optim.critic-steps": "2"},
	Sides:  Sides,
	Length: dcgan.Length,
}

// Sides are those of the pictures that the networks can make.
var Sides = []int{16, 32, 64, 128}

// Check refuses records that residual networks from 4x4 cannot make.
func Check(d gan.Data, sides []int) error {
	if !d.Picture() {
		return fmt.Errorf("convolutions need pictures, and the records are %s of shape %v; take wgan-gp or vanilla", d.Field, d.Shape)
	}
	if side := d.Shape[0]; side != d.Shape[1] || !slices.Contains(sides, side) {
		return fmt.Errorf("the pictures are %dx%d; the networks can do squares of %v: set data.side", side, d.Shape[1], sides)
	}
	return nil
}

// Classes is how many classes a model that may be conditional has, 0 if it is not.
func Classes(conditional string, d gan.Data) (int, error) {
	switch {
	case conditional == "no" || conditional == "auto" && d.Classes < 2:
		return 0, nil
	case d.Classes < 2:
		return 0, fmt.Errorf("a conditional model needs data with two classes or more, such as one folder a class; set conditional=no")
	}
	return d.Classes, nil
}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	if err := Check(d, Sides); err != nil {
		return gan.Pair{}, err
	}
	classes, err := Classes(o.Conditional, d)
	if err != nil {
		return gan.Pair{}, err
	}
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", o.Latent), Classes: classes,
		Generator: func(net gan.Net, z, y *gan.Node) *gan.Node { return o.generator(net, z, y, d, classes) },
		Critic:    func(net gan.Net, x, y *gan.Node) *gan.Node { return o.critic(net, x, y, classes) },
	}, nil
}

// Widths returns the filters of the maps from the smallest, 4x4, to the picture's side: all equal up to 32 (table 4), and above
// halved towards the picture, whose map has a sixteenth (table 5; 8x8 is as wide as 4x4 at 128).
func Widths(side, widest int) []int {
	var widths []int
	for s := side; s >= 4; s /= 2 {
		width := widest
		if side > 32 {
			width = max(1, min(widest, widest*side/(16*s)))
		}
		widths = append(widths, width)
	}
	slices.Reverse(widths)
	return widths
}

// generator is table 4(a): a dense layer to 4x4, a residual block a doubling, and a convolution to the picture.
func (o *Options) generator(net gan.Net, z, y *gan.Node, d gan.Data, classes int) *gan.Node {
	norm := layers.BatchNorm{}.On
	if classes > 0 {
		norm = func(net gan.Net, x *gan.Node) *gan.Node {
			return layers.ConditionalBatchNorm{Classes: classes}.On(net, x, y)
		}
	}
	widths := Widths(d.Shape[0], o.Filters)
	x := layers.Dense{Units: 4 * 4 * widths[0], Init: layers.Glorot()}.On(net.In("project"), z)
	x = graph.Reshape(x, -1, 4, 4, widths[0]) // [batch, 4, 4, C]
	for i, filters := range widths[1:] {
		x = layers.Residual{Filters: filters, Resample: layers.Up, Norm: norm}.On(net.Nth("up", i+1), x)
		x = net.Mark("map", x) // [batch, 2 side, 2 side, C']
	}
	x = layers.ReLU(layers.BatchNorm{}.On(net.In("norm"), x))
	return graph.Tanh(layers.Conv{Filters: d.Shape[2], Kernel: 3, Pad: 1, Init: layers.Glorot()}.On(net.In("out"), x))
}

// critic is table 4(b): residual blocks, the sum over all places, and the projection on the class.
func (o *Options) critic(net gan.Net, x, y *gan.Node, classes int) *gan.Node {
	side := x.Shape().Dimensions[1]
	for i, b := range blocks(side, o.Critic) {
		x = b.On(net.Nth("block", i+1), x)
		if b.Resample == layers.Down {
			x = net.Mark("map", x)
		}
	}
	x = net.Mark("features", graph.ReduceSum(layers.ReLU(x), 1, 2)) // [batch, C]
	return layers.Projection{Classes: classes}.On(net, x, y)
}

// blocks are the critic's: up to 32 two that halve the side and two that keep it; above, five that halve it, each twice as wide as
// the one before, and from 128 on one more.
func blocks(side, widest int) []layers.Residual {
	if side <= 32 {
		down := layers.Residual{Filters: widest, Resample: layers.Down}
		first := down
		first.First = true
		same := layers.Residual{Filters: widest}
		return []layers.Residual{first, down, same, same}
	}
	var list []layers.Residual
	width := max(widest/16, 1)
	list = append(list, layers.Residual{Filters: width, Resample: layers.Down, First: true})
	for range 4 {
		// A block's first convolution keeps the width of its input, as in the authors' code.
		list = append(list, layers.Residual{Filters: min(2*width, widest), Hidden: width, Resample: layers.Down})
		width = min(2*width, widest)
	}
	if side > 64 {
		list = append(list, layers.Residual{Filters: width})
	}
	return list
}

// Differences: the critic's last layer has a bias, as in kwotsin/mimicry, from which the parameter counts of the tests are; the authors'
// code has none. Their generator steps on 128 samples and their critic on 64; ours on one batch size. At 16 the networks are those of 32
// with a doubling less. The averaged weights that we sample from by default are not the paper's (--weights raw).
