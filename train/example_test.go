package train_test

import (
	"context"
	"fmt"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/gomlx/core/graph"
)

// A game of one player, whose weight learns the mean of the data.
func ExampleTrainer() {
	ops.Register()
	backend, err := engine.New("")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Finalize()
	source, err := data.InMemory([]data.Field{{Name: "x"}}, data.Batch{"x": {Shape: []int{4}, Float: []float32{1, 2, 3, 6}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	game := &gan.Game{
		Batch: 4,
		Needs: []gan.Need{gan.Records("x")},
		Knobs: []gan.Knob{{Name: "rate", Value: 0.25}},
		Acts: []gan.Act{{Moves: []gan.Move{{
			Name: "player", Owns: []string{"player"}, Optimizer: gan.SGD{}, Rate: "rate",
			Loss: func(r *gan.Turn) *gan.Node {
				mean := r.Net("player").Weight("mean", layers.Constant(0))
				return graph.ReduceAllMean(graph.Square(graph.Sub(r.Need("x"), mean)))
			},
		}}}},
	}
	trainer := &train.Trainer{Game: game, Weights: layers.NewWeights(1), Backend: backend, Source: source, Seed: 1, Rounds: 3}
	defer trainer.Finalize()
	for range 3 {
		result, err := trainer.Play(context.Background())
		if err != nil {
			fmt.Println(err)
			return
		}
		loss, _ := result.Get("player/loss")
		fmt.Printf("round %d: loss %.4f\n", result.Round, loss)
	}
	fmt.Println(trainer.Weights.Get("player/mean").Value)
	// Output:
	// round 1: loss 12.5000
	// round 2: loss 5.7500
	// round 3: loss 4.0625
	// float32(2.625)
}
