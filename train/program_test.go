package train_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/gomlx/core/graph"
)

func TestABuildErrorNamesMoveLayerAndLine(t *testing.T) {
	convolved := func(r *gan.Turn, w *gan.Node) *gan.Node {
		x := layers.Dense{Units: 3}.On(r.Net("player").In("hidden"), r.Need("z"))
		x = layers.Conv{Filters: 2, Kernel: 3}.On(r.Net("player").In("conv1"), x) // of no picture
		return graph.Add(w, graph.ReduceAllSum(x))
	}
	line := "program_test.go:18"
	for name, c := range map[string]struct {
		loss              func(r *gan.Turn, w *gan.Node) *gan.Node
		owns              string
		where, line, says string
	}{
		"shapes": {convolved, "player", "move player > player/conv1", line, "Conv"},
		"text": {func(r *gan.Turn, w *gan.Node) *gan.Node { panic("no such luck") },
			"player", "move player > player", "program_test.go:", "no such luck"},
		"index": {func(r *gan.Turn, w *gan.Node) *gan.Node { return []*gan.Node{w}[len(w.Shape().Dimensions)+1] },
			"player", "move player > player", "program_test.go:", "index out of range"},
		"nil": {func(r *gan.Turn, w *gan.Node) *gan.Node { return nil }, "player", "move player > player", "", "nil"},
		"owner": {func(r *gan.Turn, w *gan.Node) *gan.Node { return w },
			"plaier", "move player > player", "", "the loss does not depend on any trainable weight in [plaier]; there are weights in [player]"},
		"vector": {func(r *gan.Turn, w *gan.Node) *gan.Node { return graph.Mul(w, r.Need("x")) },
			"player", "move player > player", "", "the loss is (Float32)[4]; it must be a scalar"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrainer(t, player(c.loss, func(m *gan.Move) { m.Owns = []string{c.owns} }))
			_, err := tr.Play(context.Background())
			build := new(train.BuildError)
			if !errors.As(err, &build) {
				t.Fatalf("%v, want a BuildError", err)
			}
			if build.Where != c.where {
				t.Errorf("it was at %q, want %q", build.Where, c.where)
			}
			if !strings.HasPrefix(build.Line, c.line) || c.line == "" && build.Line != "" {
				t.Errorf("the line is %q, want %q", build.Line, c.line)
			}
			if !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.where) {
				t.Errorf("%v, want %q in it", err, c.says)
			}
			if all := tr.Weights.All(""); len(all) > 0 {
				t.Errorf("the failed build left %s", all[0].Path)
			}
			// A corrected model finds a clean memory.
			tr.Game = player(func(r *gan.Turn, w *gan.Node) *gan.Node {
				x := layers.Dense{Units: 5}.On(r.Net("player").In("hidden"), r.Need("z"))
				return graph.Add(w, graph.ReduceAllSum(x))
			}, nil)
			play(t, tr)
		})
	}
}

// A failed build of a later act leaves the weights that were trained.
func TestAFailedBuildKeepsOlderWeights(t *testing.T) {
	game := player(func(r *gan.Turn, w *gan.Node) *gan.Node { return graph.Square(w) }, nil)
	game.Acts[0].Rounds = 2
	late := game.Acts[0].Moves[0]
	late.Loss = func(r *gan.Turn) *gan.Node {
		layers.Dense{Units: 3}.On(r.Net("late"), r.Need("z"))
		panic("not yet")
	}
	game.Acts = append(game.Acts, gan.Act{Name: "late", Moves: []gan.Move{late}})
	tr := newTrainer(t, game)
	play(t, tr)
	play(t, tr)
	before := value(t, tr.Weights, "player/w")[0]
	if _, err := tr.Play(context.Background()); err == nil || !strings.Contains(err.Error(), "not yet") {
		t.Error(err)
	}
	if after := value(t, tr.Weights, "player/w")[0]; after != before || tr.Round() != 2 || len(tr.Weights.All("late")) > 0 {
		t.Errorf("w is %v, was %v; %d rounds; %d late weights", after, before, tr.Round(), len(tr.Weights.All("late")))
	}
}
