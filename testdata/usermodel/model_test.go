package usermodel

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
)

// A program's own model and a program's own game train, stop, go on, open and sample as the project's models do.
func TestOwnModelsAndGames(t *testing.T) {
	shallow := Model
	for name, own := range map[string]ganymede.Request{
		"model": {Custom: &shallow, Set: []string{"width=5", "objective=hinge", "penalty.r1=0.1"}},
		"game":  {Game: Game},
		"named": {Game: Game, Custom: &gan.Model{Name: "reader", Title: "Reader", Length: func(gan.Data) int { return 12 }}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, dir := context.Background(), t.TempDir()
			request := func(run string, rounds int) ganymede.Request {
				r := own
				r.Data, r.Run, r.Rounds, r.Seed = "ring", filepath.Join(dir, run), rounds, 3
				r.Set = append(r.Set[:len(r.Set):len(r.Set)], "data.points=200")
				return r
			}
			if _, err := ganymede.Train(ctx, request("whole", 12)); err != nil {
				t.Fatal(err)
			}
			if _, err := ganymede.Train(ctx, request("parts", 5)); err != nil {
				t.Fatal(err)
			}
			rest := own
			rest.Run, rest.Resume, rest.Rounds, rest.Set = filepath.Join(dir, "parts"), true, 12, nil
			outcome, err := ganymede.Train(ctx, rest)
			if err != nil {
				t.Fatal(err)
			}
			const state = "checkpoints/round-12/state.safetensors"
			whole, err := os.ReadFile(filepath.Join(dir, "whole", state))
			if err != nil {
				t.Fatal(err)
			}
			if parts, err := os.ReadFile(filepath.Join(outcome.Dir, state)); err != nil || !bytes.Equal(parts, whole) {
				t.Errorf("a resumed run differs (%v)", err)
			}
			generator, err := ganymede.Open(outcome.Dir, ganymede.OpenOptions{Custom: own.Custom, Game: own.Game})
			if err != nil {
				t.Fatal(err)
			}
			defer generator.Close()
			samples, err := generator.Sample(ctx, ganymede.SampleOptions{N: 9})
			if err != nil {
				t.Fatal(err)
			}
			if got := samples[data.Points].Len(); got != 9 {
				t.Errorf("%d samples, want 9", got)
			}
		})
	}
}

// Without the program's model a run cannot be opened, and the error says whose it is.
func TestOwnModelIsAskedFor(t *testing.T) {
	shallow := Model
	outcome, err := ganymede.Train(context.Background(), ganymede.Request{
		Data: "ring", Custom: &shallow, Rounds: 1, Run: filepath.Join(t.TempDir(), "run"), Set: []string{"data.points=200"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ganymede.Open(outcome.Dir, ganymede.OpenOptions{}); err == nil {
		t.Error("a run of an unknown model was opened")
	}
}
