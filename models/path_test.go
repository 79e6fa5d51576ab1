package models_test

import (
	"context"
	"testing"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/gomlx/compute"
)

// Path length regularisation shortens the path: trained with it, a step in w changes the picture less, by the same measure and the same
// seed, in three seeds of three.
func TestPathLengthIsLowerWithItsRegularisation(t *testing.T) {
	model, err := models.Find("stylegan2")
	if err != nil {
		t.Fatal(err)
	}
	s := figures(t, 8, 1, 512)
	settings := func(path string) *gan.Game {
		game, err := configure(t, model, "latent=8", "hidden=8", "mapping-layers=2", "filters=8", "penalty.r1=0.3", "optim.batch=8", "optim.rate=0.005", "style-mixing=0", path).game(s.shape)
		if err != nil {
			t.Fatal(err)
		}
		return game
	}
	without, with := settings("penalty.path=0"), settings("penalty.path=2")
	b := backend(t)
	for seed := range int64(3) {
		var lengths [2]float64
		for i, game := range []*gan.Game{without, with} {
			tr := trainer(t, b, game, s, 200)
			tr.Weights, tr.Seed = layers.NewWeights(seed), seed
			run(t, tr, 200)
			lengths[i] = pathLength(t, b, with, s, tr.Weights)
		}
		t.Logf("seed %d: the path length is %.3f without and %.3f with its regularisation", seed, lengths[0], lengths[1])
		if !(lengths[1] < lengths[0]) {
			t.Errorf("seed %d: the path length is %.3f without and %.3f with its regularisation", seed, lengths[0], lengths[1])
		}
	}
}

// pathLength is the mean of |J y| over ten batches at the weights, which are not moved: the game's own step measures it, at a rate of 0.
func pathLength(t *testing.T, b compute.Backend, game *gan.Game, s set, weights *layers.Weights) float64 {
	t.Helper()
	alone := *game
	alone.Knobs = nil
	for _, knob := range game.Knobs {
		alone.Knobs = append(alone.Knobs, gan.Knob{Name: knob.Name})
	}
	for _, move := range game.Acts[0].Moves {
		if move.Name == "generator/path" {
			move.Every, move.Slot = 1, ""
			alone.Acts = []gan.Act{{Name: "alone", Moves: []gan.Move{move}}}
		}
	}
	measure := trainer(t, b, &alone, s, 10)
	measure.Weights = weights
	sum := 0.0
	for range 10 {
		result, err := measure.Play(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		length, ok := result.Get("generator/path/length")
		if !ok {
			t.Fatal("the path length is not told")
		}
		sum += length / 10
	}
	return sum
}
