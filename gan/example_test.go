package gan_test

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// Two networks and the shared options make a game: here WGAN-GP on points, with a lazy R1 for good measure.
func ExamplePair() {
	generator := layers.MLP{Hidden: []int{64, 64}, Units: 2, Activation: layers.ReLU}
	critic := layers.MLP{Hidden: []int{64, 64}, Units: 1, Activation: layers.LeakyReLU(0.2)}
	pair := gan.Pair{
		Record: gan.Records("points", 2), Latent: gan.Normal("z", 8),
		Generator: func(net gan.Net, z, _ *gan.Node) *gan.Node { return generator.On(net, z) },                 // [batch, 2]
		Critic:    func(net gan.Net, x, _ *gan.Node) *gan.Node { return graph.Reshape(critic.On(net, x), -1) }, // [batch]
	}

	options := config.Default[gan.Options]()
	options.Objective, options.Penalty.GP, options.Optim.Critic = "wasserstein", 10, 5
	options.Penalty.R1, options.Penalty.Every = 0.1, 16
	game, err := pair.Game(options)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, move := range game.Acts[0].Moves {
		fmt.Printf("%s: %d turns every %d rounds, owns %v\n", move.Name, max(move.Times, 1), max(move.Every, 1), move.Owns)
	}

	options.Penalty.GP, options.Penalty.Smoothing = 0, 0.1
	_, err = pair.Game(options)
	fmt.Println(err)
	// Output:
	// critic: 5 turns every 1 rounds, owns [critic]
	// critic/slope: 1 turns every 16 rounds, owns [critic]
	// generator: 1 turns every 1 rounds, owns [generator]
	// objective: wasserstein has no lower bound unless the critic is Lipschitz; set penalty.clip, penalty.gp or penalty.dragan
	// penalty.smoothing: it lowers the target of real records, and objective=wasserstein has no targets; leave it at 0
}
