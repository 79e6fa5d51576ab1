// Package cgan is the conditional GAN: Mirza, Osindero, "Conditional Generative Adversarial Nets", 2014, arXiv:1411.1784. Both
// players see the class.
package cgan

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of section 4.1 and, with network=dcgan, the class given to DCGAN's networks.
type Options struct {
	Network string `toml:"network" default:"auto" in:"auto,dcgan,mlp" help:"networks of both players; auto is dcgan for pictures and mlp, the paper's perceptrons, for points"`
	dcgan.Options
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "cgan", Title: "Conditional GAN",
	Paper:   "Mirza, Osindero 2014, Conditional Generative Adversarial Nets, arXiv:1411.1784",
	Home:    gan.Home{Data: gan.Pictures(28, 1, 10), Set: []string{"network=mlp"}},
	For:     "pictures with classes: ask for the class you want",
	Options: func() gan.Builder { return &Options{} },
	Shared:  map[string]string{"optim.share-fake": "true"},
	Sides:   dcgan.Sides,
	Length:  dcgan.Length,
}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	if d.Classes < 2 {
		return gan.Pair{}, fmt.Errorf("a conditional model needs data with two classes or more, such as one folder a class; take dcgan for data without")
	}
	pair := gan.Pair{Record: d.Need(), Latent: gan.Normal("z", o.Latent), Classes: d.Classes}
	if o.Network == "mlp" || o.Network == "auto" && !d.Picture() {
		pair.Generator = func(net gan.Net, z, y *gan.Node) *gan.Node { return perceptron(net, z, y, d) }
		pair.Critic = func(net gan.Net, x, y *gan.Node) *gan.Node { return maxout(net, x, y, d) }
		return pair, nil
	}
	if err := dcgan.Check(d); err != nil {
		return gan.Pair{}, err
	}
	pair.Mixes = o.Norm == "batch"
	pair.Generator = func(net gan.Net, z, y *gan.Node) *gan.Node {
		return o.Generate(net, graph.Concatenate([]*gan.Node{z, layers.OneHot(net, y, d.Classes)}, -1), d)
	}
	pair.Critic = func(net gan.Net, x, y *gan.Node) *gan.Node { return o.Criticise(net, withPlanes(net, x, y, d)) }
	return pair, nil
}

// withPlanes puts one plane a class behind the channels, all 1 for the picture's class and 0 for the others.
func withPlanes(net gan.Net, x, y *gan.Node, d gan.Data) *gan.Node {
	planes := graph.InsertAxes(layers.OneHot(net, y, d.Classes), 1, 1) // [batch, 1, 1, classes]
	planes = graph.BroadcastToDims(planes, x.Shape().Dimensions[0], d.Shape[0], d.Shape[1], d.Classes)
	return graph.Concatenate([]*gan.Node{x, planes}, -1)
}

// perceptron is the generator of section 4.1: z to 200 and y to 1000 ReLU units, 1200 together, then the record.
func perceptron(net gan.Net, z, y *gan.Node, d gan.Data) *gan.Node {
	z = layers.ReLU(layers.Dense{Units: 200}.On(net.In("latent"), z))
	y = layers.ReLU(layers.Dense{Units: 1000}.On(net.In("class"), layers.OneHot(net, y, d.Classes)))
	x := layers.ReLU(layers.Dense{Units: 1200}.On(net.In("joint"), graph.Concatenate([]*gan.Node{z, y}, -1)))
	x = layers.Dense{Units: d.Size()}.On(net.In("out"), x)
	if d.Picture() {
		x = graph.Tanh(x)
	}
	return graph.Reshape(x, append([]int{-1}, d.Shape...)...)
}

// maxout is the discriminator of section 4.1: x to maxout of 240 units and 5 pieces, y to 50 and 5, both to 240 and 4.
func maxout(net gan.Net, x, y *gan.Node, d gan.Data) *gan.Node {
	x = layers.Maxout{Units: 240, Pieces: 5}.On(net.In("record"), graph.Reshape(x, -1, d.Size()))
	y = layers.Maxout{Units: 50, Pieces: 5}.On(net.In("class"), layers.OneHot(net, y, d.Classes))
	x = layers.Maxout{Units: 240, Pieces: 4}.On(net.In("joint"), graph.Concatenate([]*gan.Node{x, y}, -1))
	return graph.Reshape(layers.Dense{Units: 1}.On(net.In("out"), net.Mark("features", x)), -1)
}

// Differences: the paper's networks are network=mlp, without its dropout and with Adam in place of momentum; its z is uniform, ours
// Gaussian. With network=dcgan, the default for pictures, we give the class to DCGAN's networks: one-hot beside z, one plane a class beside the picture.
