package ganymede_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/train"
)

// tiny is a run that takes less than a second: a small multilayer perceptron on a ring of 8 Gaussians.
func tiny(dir string) ganymede.Request {
	return ganymede.Request{
		Data: "ring", Model: "vanilla", Run: filepath.Join(dir, "ring"), Rounds: 20, Seed: 1, Set: []string{"hidden=8", "data.points=500"},
	}
}

func ExampleTrain() {
	dir, err := os.MkdirTemp("", "ganymede")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	request := tiny(dir)
	request.Observe = func(e train.Event) {
		if e.Kind == train.Played && e.Result.Round%10 == 0 {
			loss, _ := e.Result.Get("critic/loss")
			fmt.Printf("round %d of %d, critic's loss %.1f\n", e.Result.Round, e.Rounds, loss)
		}
	}
	outcome, err := ganymede.Train(context.Background(), request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("finished:", outcome.Finished)

	// The same folder goes on for ten rounds more, as if it had never stopped.
	outcome, err = ganymede.Train(context.Background(), ganymede.Request{Run: request.Run, Resume: true, Rounds: 30, Observe: request.Observe})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("rounds:", outcome.Round)
	// Output:
	// round 10 of 20, critic's loss 1.4
	// round 20 of 20, critic's loss 1.4
	// finished: true
	// round 30 of 30, critic's loss 1.4
	// rounds: 30
}

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "ganymede")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	outcome, err := ganymede.Train(context.Background(), tiny(dir))
	if err != nil {
		log.Fatal(err)
	}

	generator, err := ganymede.Open(outcome.Dir, ganymede.OpenOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer generator.Close()
	samples, err := generator.Sample(context.Background(), ganymede.SampleOptions{N: 100, Seed: 7})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("points:", samples[data.Points].Shape)

	// Sample i of a seed is the same, to the bit, however many are made.
	few, err := generator.Sample(context.Background(), ganymede.SampleOptions{N: 3, Seed: 7})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("same:", slices.Equal(few[data.Points].Float, samples[data.Points].Float[:6]))

	if err := generator.Save(samples, ganymede.CSV, filepath.Join(dir, "points.csv")); err != nil {
		log.Fatal(err)
	}
	// Output:
	// points: [100 2]
	// same: true
}
