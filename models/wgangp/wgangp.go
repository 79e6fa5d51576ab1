// Package wgangp is WGAN-GP: Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville, "Improved Training of Wasserstein GANs", 2017,
// arXiv:1704.00028. Algorithm, table and appendix numbers below are the paper's.
package wgangp

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/models/vanilla"
	"github.com/gomlx/gomlx/core/graph"
)

// Options choose among the paper's networks.
type Options struct {
	Network string `toml:"network" default:"auto" in:"auto,mlp,dcgan,resnet" help:"networks of both players; auto is mlp for points and dcgan for pictures"`
	Latent  int    `toml:"latent" default:"128" min:"1" help:"size of z; the paper's ResNets use 128"`
	Filters int    `toml:"filters" default:"64" min:"1" help:"filters of dcgan next to the picture, or of every resnet block (the paper's CIFAR-10 ResNet: 128)"`
	Most    int    `toml:"most-filters" default:"8" min:"1" help:"dcgan: no layer has more than this many times filters"`
	Hidden  int    `toml:"hidden" default:"512" min:"1" help:"units of a hidden layer of the mlp; the authors' toy code uses 512"`
	Layers  int    `toml:"layers" default:"3" min:"1" max:"16" help:"hidden layers of the mlp; the authors' toy code has 3"`
	Norm    string `toml:"critic-norm" default:"auto" in:"auto,layer,none,batch" help:"normalisation in convolutional critics; auto is layer for dcgan, none for resnet; batch cannot go with the penalty"`
}

// Model is the line of the table: algorithm 1's values.
var Model = gan.Model{
	Name: "wgan-gp", Title: "WGAN-GP",
	Paper:   "Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028",
	Home:    gan.Home{Data: gan.Pictures(32, 3, 0), Set: []string{"network=resnet", "filters=128"}},
	For:     "points and pictures where every mode counts; slow but steady",
	Options: func() gan.Builder { return &Options{} },
	Shared: map[string]string{
		"objective": "wasserstein", "penalty.gp": "10", "optim.rate": "0.0001", "optim.beta1": "0", "optim.beta2": "0.9", "optim.critic-steps": "5",
	},
	// The authors' toy code (gan_toy.py) has lambda 0.1 and batches of 256; the falling rate sharpens the modes.
	Points: map[string]string{
		"penalty.gp": "0.1", "optim.batch": "256", "optim.rate": "0.001", "optim.beta1": "0.5", "optim.schedule": "linear", "optim.schedule-start": "0.2",
	},
	Sides:  dcgan.Sides,
	Length: dcgan.Length,
}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	network := o.Network
	if network == "auto" {
		network = "mlp"
		if d.Picture() {
			network = "dcgan"
		}
	}
	switch network {
	case "mlp":
		return (&vanilla.Options{Latent: o.Latent, Hidden: o.Hidden, Layers: o.Layers}).Pair(d)
	case "dcgan":
		return (&dcgan.Options{Latent: o.Latent, Filters: o.Filters, Most: o.Most, Norm: o.norm("layer")}).Pair(d)
	default:
		return o.resnet(d)
	}
}

// resnet is the architecture of appendix F for 32x32, and its rule (one block a doubling from 4x4) for other sides.
func (o *Options) resnet(d gan.Data) (gan.Pair, error) {
	if err := dcgan.Check(d); err != nil {
		return gan.Pair{}, err
	}
	if d.Shape[0] == 28 {
		return gan.Pair{}, fmt.Errorf("the pictures are 28x28; the resnet can do 16, 32, 64, 128 and 256: set data.side=32")
	}
	norm := o.norm("none") // "We use batch normalization in the generator but not the critic" (appendix F)
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", o.Latent), Mixes: norm == "batch",
		Generator: func(net gan.Net, z, _ *gan.Node) *gan.Node {
			x := layers.Dense{Units: 4 * 4 * o.Filters, Init: layers.Glorot()}.On(net.In("project"), z)
			x = graph.Reshape(x, -1, 4, 4, o.Filters) // [batch, 4, 4, C]
			for i, side := 1, 8; side <= d.Shape[0]; i, side = i+1, side*2 {
				x = layers.Residual{Filters: o.Filters, Resample: layers.Up, Norm: layers.BatchNorm{}.On}.On(net.Nth("up", i), x)
				x = net.Mark("map", x)
			}
			x = layers.ReLU(layers.BatchNorm{}.On(net.In("norm"), x))
			x = layers.Conv{Filters: d.Shape[2], Kernel: 3, Pad: 1, Init: layers.Glorot()}.On(net.In("out"), x)
			return graph.Tanh(x)
		},
		Critic: func(net gan.Net, x, _ *gan.Node) *gan.Node {
			for i, side := 1, d.Shape[0]/2; side >= 8; i, side = i+1, side/2 {
				x = layers.Residual{Filters: o.Filters, Resample: layers.Down, Norm: normalise(norm), First: i == 1}.On(net.Nth("down", i), x)
				x = net.Mark("map", x)
			}
			for i := range 2 {
				x = layers.Residual{Filters: o.Filters, Norm: normalise(norm)}.On(net.Nth("block", i+1), x) // [batch, 8, 8, C]
			}
			x = net.Mark("features", graph.ReduceMean(layers.ReLU(x), 1, 2)) // [batch, C]
			return graph.Reshape(layers.Dense{Units: 1, Init: layers.Glorot()}.On(net.In("out"), x), -1)
		},
	}, nil
}

// norm is the critic's normalisation, auto being what the paper has for these networks.
func (o *Options) norm(auto string) string {
	if o.Norm == "auto" {
		return auto
	}
	return o.Norm
}

func normalise(norm string) func(net gan.Net, x *gan.Node) *gan.Node {
	switch norm {
	case "layer":
		return layers.LayerNorm{}.On
	case "batch":
		return layers.BatchNorm{}.On
	default:
		return nil
	}
}

// Differences: the authors' DCGAN critic for 64x64 has 5x5 kernels and a dense last layer, ours DCGAN's 4x4. Their toy code has a
// latent of 2 numbers, ReLU in the critic and a penalty of weight 0.1, ours 128, LeakyReLU and 10 (on points, penalty.gp=0.1
// converges several times sooner). The authors' CIFAR-10 run has a rate of 0.0002 that falls linearly to 0 over 100,000 rounds
// (optim.rate, optim.schedule=linear). The averaged weights that we sample from by default are not the paper's (--weights raw).
