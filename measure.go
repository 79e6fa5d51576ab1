package ganymede

import (
	"context"
	"fmt"
	"time"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/train"
)

// Player is somebody who owns weights.
type Player struct {
	Name       string `json:"name"`
	Parameters int    `json:"parameters"`
}

// Estimate is what a plan costs.
type Estimate struct {
	Players []Player
	Compile time.Duration // before the first round
	Round   time.Duration // each, the mean of those that were played
	State   int64         // bytes of all that a checkpoint keeps: weights, averages, moments
}

// Measure compiles the plan and plays a few rounds, without writing anything.
func (p *Plan) Measure(ctx context.Context, rounds int) (*Estimate, error) {
	start := time.Now()
	stage, err := p.stage()
	if err != nil {
		return nil, err
	}
	defer stage.close()
	e := &Estimate{Players: players(p.Game, stage.trainer.Weights), Compile: time.Since(start)}
	if _, err := stage.trainer.Play(ctx); err != nil { // the first round pays for memory that the others reuse
		return nil, err
	}
	start = time.Now()
	for range rounds {
		if _, err := stage.trainer.Play(ctx); err != nil {
			return nil, err
		}
	}
	e.Round = time.Since(start) / time.Duration(max(rounds, 1))
	for _, v := range stage.trainer.Weights.All("") {
		e.State += int64(v.Shape.ByteSize())
	}
	return e, nil
}

// players lists who owns weights in a game, in the order of their moves.
func players(game *gan.Game, weights *layers.Weights) (all []Player) {
	seen := map[string]bool{}
	for _, act := range game.Acts {
		for _, move := range act.Moves {
			for _, scope := range move.Owns {
				if !seen[scope] {
					seen[scope] = true
					all = append(all, Player{scope, weights.Count(scope)})
				}
			}
		}
	}
	return all
}

// CountParameters tells how many numbers each player of a model learns on data of a shape, at the model's defaults but for settings. Nothing
// is computed.
func CountParameters(model gan.Model, shape gan.Data, settings ...string) ([]Player, error) {
	c, options, err := configure(model, kindOf(shape))
	if err != nil {
		return nil, err
	}
	if err := c.Load(config.Flags(settings)); err != nil {
		return nil, wrong{err}
	}
	game, err := makeGame(model, options, nil, shape)
	if err != nil {
		return nil, err
	}
	backend, err := openBackend("", 1, config.Default[Engine]())
	if err != nil {
		return nil, err
	}
	defer backend.compute.Finalize()
	weights, err := train.Outline(backend.compute, game)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", model.Name, err)
	}
	return players(game, weights), nil
}

func kindOf(shape gan.Data) string {
	if shape.Picture() {
		return "images"
	}
	return "points"
}

// DefaultShape is data that a model is at home with: pictures of its paper's size where it makes pictures of given sides, of
// 28x28 otherwise; conditional models get ten classes.
func DefaultShape(model gan.Model) gan.Data {
	shape := gan.Data{Field: "pictures", Shape: []int{28, 28, 1}, Classes: 10}
	for _, side := range model.Sides {
		if side == 64 {
			shape.Shape = []int{64, 64, 3}
		}
	}
	if model.Domains != gan.One {
		shape = gan.Data{Field: data.A, To: data.B, Paired: true, Shape: []int{256, 256, 3}}
	}
	return shape
}
