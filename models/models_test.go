package models_test

import (
	"bytes"
	"context"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/train"
)

// Every model of the table passes this: a new one adds its line there, and its parameters in TestParameters.
func TestEveryModel(t *testing.T) {
	for _, model := range models.Table() {
		t.Run(model.Name, func(t *testing.T) {
			t.Run("is described in full", func(t *testing.T) { described(t, model) })
			sets := []set{figures(t, 16, 1, 16)}
			if model.Domains != gan.One {
				sets = []set{negatives(t, 32, 1, 16)}
			} else if model.Sides == nil || slices.Contains(values(t, model, "network"), "mlp") {
				sets = append(sets, ring(t, 16))
			}
			for _, s := range sets {
				settings := small(t, model)
				game, err := configure(t, model, settings...).game(s.shape)
				if err != nil {
					t.Fatal(err)
				}
				t.Run(s.shape.Field+": keeps players apart", func(t *testing.T) { keepsPlayersApart(t, game, s) })
				t.Run(s.shape.Field+": samples in range", func(t *testing.T) { samplesInRange(t, model, game, s) })
				t.Run(s.shape.Field+": resumes to the bit", func(t *testing.T) { resumes(t, game, s) })
			}
		})
	}
}

func described(t *testing.T, model gan.Model) {
	if err := config.Check(model.Options()); err != nil {
		t.Error(err)
	}
	if err := configure(t, model).config.Validate(); err != nil {
		t.Error(err)
	}
	if !regexp.MustCompile(`20\d\d, .*arXiv:\d{4}\.\d{4,5}$`).MatchString(model.Paper) {
		t.Errorf("the paper %q has no year, title and arXiv id", model.Paper)
	}
	if model.Title == "" || len(model.For) < 20 {
		t.Errorf("title %q, for %q", model.Title, model.For)
	}
	if len(model.Home.Data.Shape) == 0 {
		t.Error("it does not say on what data the paper's configuration is counted")
	}
	if model.Name != strings.ToLower(model.Name) {
		t.Errorf("the name %q has capitals", model.Name)
	}
	for _, d := range []gan.Data{ring(t, 8).shape, figures(t, 16, 1, 2).shape, negatives(t, 16, 1, 2).shape} {
		if n := model.Length(d); n < 100 {
			t.Errorf("a run on %s is %d rounds long", d.Field, n)
		}
	}
	for _, side := range model.Sides {
		d := gan.Data{Field: "pictures", Shape: []int{side, side, 3}, Classes: 2}
		if model.Domains != gan.One {
			d = gan.Data{Field: "a", To: "b", Paired: true, Shape: d.Shape}
		}
		if _, err := configure(t, model).game(d); err != nil {
			t.Errorf("side %d: %v", side, err)
		}
	}
}

// changed are the paths of the trainable weights that a round changes.
func changed(before, after map[string][]byte, w *layers.Weights) (paths []string) {
	for path, value := range after {
		if v := w.Get(path); v.Trainable && before[path] != nil && !bytes.Equal(value, before[path]) {
			paths = append(paths, path)
		}
	}
	return paths
}

// snapshot copies the bytes of every variable that has a value.
func snapshot(t testing.TB, w *layers.Weights) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, v := range w.All("") {
		if v.Value != nil {
			if err := v.Value.ConstBytes(func(raw []byte) { all[v.Path] = slices.Clone(raw) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// keepsPlayersApart plays each move alone: it must move its owner's weights, all of them, and no other's.
func keepsPlayersApart(t *testing.T, game *gan.Game, s set) {
	b := backend(t)
	whole := trainer(t, b, game, s, 10)
	run(t, whole, 1)
	for _, move := range game.Acts[0].Moves {
		alone := *game
		alone.Acts = []gan.Act{{Name: "alone", Moves: []gan.Move{move}}}
		tr := trainer(t, b, &alone, s, 10)
		tr.Weights = whole.Weights
		before := snapshot(t, whole.Weights)
		run(t, tr, 1)
		paths := changed(before, snapshot(t, whole.Weights), whole.Weights)
		own := 0
		for _, scope := range move.Owns {
			for _, v := range whole.Weights.All(scope) {
				if v.Trainable {
					own++
				}
			}
		}
		for _, path := range paths {
			if !slices.ContainsFunc(move.Owns, func(scope string) bool { return layers.Under(path, scope) }) {
				t.Errorf("the move %s changes %s, which it does not own", move.Name, path)
			}
		}
		if len(paths) < own/2 {
			t.Errorf("the move %s changes %d of its %d weights", move.Name, len(paths), own)
		}
	}
}

// samplesInRange makes samples before and after two rounds: finite, of the record's shape, pictures in [-1, 1], not all equal.
func samplesInRange(t *testing.T, model gan.Model, game *gan.Game, s set) {
	b := backend(t)
	tr := trainer(t, b, game, s, 10)
	for range 2 {
		for _, averaged := range []bool{false, true} {
			sampler, err := train.NewSampler(b, game, tr.Weights, averaged)
			if err != nil {
				t.Fatal(err)
			}
			if sampler.Starts() != nil {
				sampler.Show(held(t, s, 0))
			}
			samples, err := sampler.Sample(context.Background(), 1, 0, 5, nil)
			sampler.Finalize()
			if err != nil {
				t.Fatal(err)
			}
			field := s.shape.Field
			if model.Domains != gan.One {
				field = gan.AB
			}
			a := samples[field]
			if want := append([]int{5}, s.shape.Shape...); !slices.Equal(a.Shape, want) {
				t.Fatalf("samples of shape %v, want %v", a.Shape, want)
			}
			for _, v := range a.Float {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || s.shape.Picture() && (v < -1 || v > 1) {
					t.Fatalf("a sample has the value %v", v)
				}
			}
			if slices.Equal(a.Float[:s.shape.Size()], a.Float[s.shape.Size():2*s.shape.Size()]) {
				t.Error("two samples are equal")
			}
		}
		run(t, tr, 2)
	}
}

// resumes plays five rounds at once, and two and three with all variables carried over into new memory, in another order.
func resumes(t *testing.T, game *gan.Game, s set) {
	b := backend(t)
	straight := trainer(t, b, game, s, 5)
	run(t, straight, 5)
	first := trainer(t, b, game, s, 5)
	run(t, first, 2)
	second := trainer(t, b, game, s, 5)
	second.Weights = layers.NewWeights(99) // its own initial values must not matter
	for _, v := range slices.Backward(first.Weights.All("")) {
		value, err := v.Value.LocalClone()
		if err != nil {
			t.Fatal(err)
		}
		if err := second.Weights.Put(v.Path, value, v.Trainable); err != nil {
			t.Fatal(err)
		}
	}
	second.SetRound(2)
	run(t, second, 3)
	want, got := snapshot(t, straight.Weights), snapshot(t, second.Weights)
	if len(want) != len(got) {
		t.Errorf("%d variables, want %d", len(got), len(want))
	}
	for path, value := range want {
		if !bytes.Equal(value, got[path]) {
			t.Errorf("%s differs after resuming", path)
		}
	}
}

func TestFind(t *testing.T) {
	if m, err := models.Find("wgan-gp"); err != nil || m.Name != "wgan-gp" {
		t.Error(m.Name, err)
	}
	var names []string
	for _, m := range models.Table() {
		names = append(names, m.Name)
	}
	all := strings.Join(names, ", ")
	for name, want := range map[string]string{
		"dcgn":  `models: there is no "dcgn"; did you mean dcgan? there are ` + all,
		"zebra": `models: there is no "zebra"; there are ` + all,
	} {
		if _, err := models.Find(name); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
