// Package usermodel is what a program outside the project may bring: a model of its own, and a whole game of its own.
package usermodel

import (
	"errors"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the model's own; the shared ones (objective, penalty.*, optim.*) come by themselves.
type Options struct {
	Latent int `toml:"latent" default:"4" min:"1" help:"size of z"`
	Width  int `toml:"width" default:"8" min:"1" help:"units of the hidden layer"`
}

// Model is a pair of shallow networks for points.
var Model = gan.Model{
	Name: "shallow", Title: "Shallow GAN", Paper: "none", For: "showing how a model is brought along",
	Options: func() gan.Builder { return &Options{} },
	Length:  func(gan.Data) int { return 100 },
}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	if d.Picture() {
		return gan.Pair{}, errors.New("it makes points, and the data are pictures")
	}
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", o.Latent),
		Generator: func(net gan.Net, z, _ *gan.Node) *gan.Node { return shallow(net, z, o.Width, d.Size()) },
		Critic: func(net gan.Net, x, _ *gan.Node) *gan.Node {
			return graph.Reshape(shallow(net, x, o.Width, 1), -1) // [batch]
		},
	}, nil
}

func shallow(net gan.Net, x *gan.Node, hidden, units int) *gan.Node {
	x = layers.LeakyReLU(0.2)(layers.Dense{Units: hidden}.On(net.In("hidden"), x))
	return layers.Dense{Units: units}.On(net.In("out"), x)
}

// Game is a game of three that no pair can describe: beside generator and critic, an encoder learns to find the latent that a
// record was made from, and the generator helps it, so that latents stay readable.
func Game(d gan.Data) (*gan.Game, error) {
	const latent = 4
	generate := func(r *gan.Turn) *gan.Node { return shallow(r.Net("generator"), r.Need("z"), 8, d.Size()) }
	score := func(r *gan.Turn, x *gan.Node) *gan.Node { return shallow(r.Net("critic"), x, 8, 1) } // [batch, 1]
	read := func(r *gan.Turn, x *gan.Node) *gan.Node {
		z := shallow(r.Net("encoder"), x, 8, latent)
		return r.Term("read", graph.ReduceAllMean(graph.Square(graph.Sub(z, r.Need("z")))))
	}
	hinge := func(x *gan.Node) *gan.Node { return graph.ReduceAllMean(graph.MaxScalar(graph.AddScalar(x, 1), 0)) }
	return &gan.Game{
		Batch: 16,
		Needs: []gan.Need{d.Need(), gan.Normal("z", latent)},
		Knobs: []gan.Knob{{Name: "rate", Value: 1e-3}},
		Shown: []string{"generator"},
		Acts: []gan.Act{{Name: "play", Moves: []gan.Move{
			{
				Name: "critic", Owns: []string{"critic"}, Optimizer: gan.Adam{Beta1: 0.5, Beta2: 0.9}, Rate: "rate", Times: 2,
				Loss: func(r *gan.Turn) *gan.Node {
					real, fake := r.Need(d.Field), graph.StopGradient(generate(r))
					return graph.Add(hinge(graph.Neg(score(r, real))), hinge(score(r, fake)))
				},
			},
			{
				Name: "generator", Owns: []string{"generator", "encoder"}, Optimizer: gan.Adam{Beta1: 0.5, Beta2: 0.9}, Rate: "rate",
				Loss: func(r *gan.Turn) *gan.Node {
					fake := generate(r)
					return graph.Sub(read(r, fake), graph.ReduceAllMean(score(r, fake)))
				},
			},
		}}},
		Generate: func(r *gan.Turn) gan.Fields { return gan.Fields{d.Field: generate(r)} },
	}, nil
}
