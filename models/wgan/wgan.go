// Package wgan is Wasserstein GAN: Arjovsky, Chintala, Bottou, "Wasserstein GAN", 2017, arXiv:1701.07875.
package wgan

import (
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/models/vanilla"
)

// Options are the networks of section 4: DCGAN's for pictures, perceptrons otherwise (figure 7 has a generator of four hidden
// layers of 512 ReLU units).
type Options struct {
	Network string `toml:"network" default:"auto" in:"auto,dcgan,mlp" help:"networks of both players; auto is dcgan for pictures and mlp for points"`
	Hidden  int    `toml:"hidden" default:"512" min:"1" help:"units of a hidden layer of the mlp"`
	Layers  int    `toml:"layers" default:"4" min:"1" max:"16" help:"hidden layers of the mlp; figure 7's generator has four"`
	dcgan.Options
}

// Model is the line of the table: algorithm 1's values.
var Model = gan.Model{
	Name: "wgan", Title: "WGAN",
	Paper:   "Arjovsky, Chintala, Bottou 2017, Wasserstein GAN, arXiv:1701.07875",
	Home:    gan.Home{Data: gan.Pictures(64, 3, 0)},
	For:     "a loss that falls as samples get better; superseded by wgan-gp",
	Options: func() gan.Builder { return &Options{} },
	Shared: map[string]string{
		"objective": "wasserstein", "penalty.clip": "0.01", "optim.algorithm": "rmsprop", "optim.rate": "0.00005", "optim.critic-steps": "5",
	},
	Sides:  dcgan.Sides,
	Length: dcgan.Length,
}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	if o.Network == "mlp" || o.Network == "auto" && !d.Picture() {
		mlp := vanilla.Options{Latent: o.Latent, Hidden: o.Hidden, Layers: o.Layers}
		return mlp.Pair(d)
	}
	return o.Options.Pair(d)
}

// Differences: none known to us in algorithm 1. The authors' code updates the critic 100 times a round for the first 25 rounds
// and in every 500th; ours 5 times always, as algorithm 1 says (optim.pretrain gives the critic a start).
