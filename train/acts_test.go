package train_test

import (
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// An act has its own batch, and where it is fresh its optimisers start anew, also when a run is resumed between the two acts.
func TestActsHaveTheirOwnBatchAndFreshOptimisers(t *testing.T) {
	acts := func() *gan.Game {
		game := player(func(r *gan.Turn, w *gan.Node) *gan.Node {
			x := r.Need("x")
			r.Term("records", graph.Const(x.Graph(), float32(x.Shape().Dimensions[0])))
			return graph.Square(graph.Sub(w, graph.ReduceAllMean(x)))
		}, func(m *gan.Move) { m.Optimizer = gan.Adam{Beta1: 0.5, Beta2: 0.9} })
		small, large := game.Acts[0], game.Acts[0]
		small.Name, small.Rounds = "small", 3
		large.Name, large.Batch, large.Fresh = "large", 6, true
		game.Acts = []gan.Act{small, large}
		return game
	}
	tr := newTrainer(t, acts())
	var resumed float32
	for round := range 6 {
		if round == 3 { // a run that stops here goes on in another process
			other := newTrainer(t, acts())
			for _, v := range tr.Weights.All("") {
				value, err := v.Value.LocalClone()
				if err != nil {
					t.Fatal(err)
				}
				if err := other.Weights.Put(v.Path, value, v.Trainable); err != nil {
					t.Fatal(err)
				}
			}
			other.SetRound(3)
			play(t, other)
			resumed = value(t, other.Weights, "player/w")[0]
		}
		result := play(t, tr)
		records, _ := result.Get("player/records")
		steps := value(t, tr.Weights, "moves/player/steps")[0]
		if want := []float64{4, 4, 4, 6, 6, 6}[round]; records != want {
			t.Errorf("round %d has %v records, want %v", round+1, records, want)
		}
		if want := float32(round%3 + 1); steps != want {
			t.Errorf("after round %d the optimiser counts %v steps, want %v", round+1, steps, want)
		}
		if w := value(t, tr.Weights, "player/w")[0]; round == 3 && w != resumed {
			t.Errorf("a run resumed between two acts goes to %v, one in one go to %v", resumed, w)
		}
	}
}

// What networks ask for is drawn for each pass, in as many batches as it takes.
func TestNetworksDraw(t *testing.T) {
	var passes [3]*gan.Node
	game := player(func(r *gan.Turn, w *gan.Node) *gan.Node {
		net := r.Net("player").In("layer")
		passes = [3]*gan.Node{net.Normal("noise", 4, 2), net.Normal("noise", 4, 2), net.Uniform("mask", 10, 3)}
		for i, p := range passes {
			r.Term([]string{"first", "second", "mask"}[i], p)
		}
		return graph.Square(graph.Mul(w, net.Knob("rate")))
	}, nil)
	tr := newTrainer(t, game)
	one, two := play(t, tr), play(t, tr)
	first, _ := one.Get("player/first")
	second, _ := one.Get("player/second")
	next, _ := two.Get("player/first")
	if first == second || first == next {
		t.Errorf("two passes draw %v and %v, the next round %v", first, second, next)
	}
	if mask, _ := one.Get("player/mask"); mask < 0.2 || mask > 0.8 {
		t.Errorf("the mean of 30 numbers from [0, 1) is %v", mask)
	}
	if got := passes[2].Shape().Dimensions; !slices.Equal(got, []int{10, 3}) {
		t.Errorf("10 records of 3 numbers are %v", got)
	}
	again := newTrainer(t, game)
	same, _ := play(t, again).Get("player/second")
	if same != second {
		t.Errorf("the same seed draws %v and %v", second, same)
	}
}

// A network outside a round has nobody who draws for it, and says so.
func TestDrawingNeedsSomebody(t *testing.T) {
	g := graph.NewGraph(backend(t), "nobody")
	defer g.Finalize()
	defer func() {
		if caught := recover(); caught == nil {
			t.Error("noise came from nowhere")
		}
	}()
	layers.Bind(layers.NewWeights(1), g).Root("net").Normal("noise", 2)
}
