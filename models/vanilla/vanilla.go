// Package vanilla is the first generative adversarial network: Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair,
// Courville, Bengio, "Generative Adversarial Nets", 2014, arXiv:1406.2661. Both players are multilayer perceptrons.
package vanilla

import (
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of section 5, which leaves the sizes to the authors' code.
type Options struct {
	Latent int `toml:"latent" default:"100" min:"1" help:"size of z; the authors' MNIST code uses 100"`
	Hidden int `toml:"hidden" default:"256" min:"1" help:"units of a hidden layer"`
	Layers int `toml:"layers" default:"2" min:"1" max:"16" help:"hidden layers of each player"`
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "vanilla", Title: "Vanilla GAN",
	Paper:   "Goodfellow et al. 2014, Generative Adversarial Nets, arXiv:1406.2661",
	Home:    gan.Home{Data: gan.Pictures(28, 1, 0)},
	For:     "the original, on small pictures and points: what every later system is measured against",
	Options: func() gan.Builder { return &Options{} },
	Length:  func(d gan.Data) int { return 20000 },
}

// Pair makes the two perceptrons.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", o.Latent),
		Generator: func(net gan.Net, z, _ *gan.Node) *gan.Node {
			x := layers.MLP{Hidden: o.widths(), Units: d.Size(), Activation: layers.ReLU}.On(net, z) // [batch, size]
			if d.Picture() {
				x = graph.Tanh(x) // pictures are in [-1, 1]; points have no bounds
			}
			return graph.Reshape(x, append([]int{-1}, d.Shape...)...)
		},
		Critic: func(net gan.Net, x, _ *gan.Node) *gan.Node {
			x = graph.Reshape(x, x.Shape().Dimensions[0], -1) // a pack of records is one
			x = layers.MLP{Hidden: o.widths(), Units: 1, Activation: layers.LeakyReLU(0.2)}.On(net, x)
			return graph.Reshape(x, -1) // [batch]
		},
	}, nil
}

func (o *Options) widths() []int {
	widths := make([]int, o.Layers)
	for i := range widths {
		widths[i] = o.Hidden
	}
	return widths
}

// Differences: the paper's critic has maxout units and dropout; ours has LeakyReLU and neither, as most later code does. The
// paper's z is uniform; ours is Gaussian. Both players step by Adam rather than by gradient descent with momentum
// (optim.algorithm=sgd, optim.momentum=0.5 is the paper's). The default objective is the non-saturating one of section 3;
// objective=minimax is equation 1.
