package train_test

import (
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestMain(m *testing.M) {
	ops.Register()
	os.Exit(m.Run())
}

func backend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := engine.New("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

// numbered is a source of n records: x is the record's number, label its number modulo 3.
func numbered(t testing.TB, n int) data.Source {
	t.Helper()
	x, labels := make([]float32, n), make([]int32, n)
	for i := range n {
		x[i], labels[i] = float32(i), int32(i%3)
	}
	source, err := data.InMemory(
		[]data.Field{{Name: "x", High: float64(n)}, {Name: "labels", Int: true, High: 2}},
		data.Batch{"x": {Shape: []int{n}, Float: x}, "labels": {Shape: []int{n}, Int: labels}})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// player is a game of one move with a weight w, which starts at 1.
func player(loss func(r *gan.Turn, w *gan.Node) *gan.Node, change func(*gan.Move)) *gan.Game {
	move := gan.Move{
		Name: "player", Owns: []string{"player"}, Optimizer: gan.SGD{}, Rate: "rate",
		Loss: func(r *gan.Turn) *gan.Node { return loss(r, r.Net("player").Weight("w", layers.Constant(1))) },
	}
	if change != nil {
		change(&move)
	}
	return &gan.Game{
		Batch: 4, Needs: []gan.Need{gan.Records("x"), gan.RecordLabels("labels", 3), gan.Normal("z", 2), gan.Labels("classes", 5)},
		Knobs: []gan.Knob{{Name: "rate", Value: 0.3}}, Acts: []gan.Act{{Name: "play", Moves: []gan.Move{move}}},
	}
}

func newTrainer(t testing.TB, game *gan.Game) *train.Trainer {
	t.Helper()
	tr := &train.Trainer{Game: game, Weights: layers.NewWeights(1), Backend: backend(t), Source: numbered(t, 12), Seed: 1, Rounds: 100}
	t.Cleanup(tr.Finalize)
	return tr
}

func play(t testing.TB, tr *train.Trainer) train.Result {
	t.Helper()
	result, err := tr.Play(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func value(t testing.TB, w *layers.Weights, path string) []float32 {
	t.Helper()
	flat, err := tensors.CopyFlatData[float32](w.Get(path).Value)
	if err != nil {
		t.Fatal(err)
	}
	return flat
}

// watched reports every draw of its turns: terms hold means, so each number has a term of its own.
func watched(times int, needs ...string) *gan.Game {
	turn := 0
	return player(func(r *gan.Turn, w *gan.Node) *gan.Node {
		for _, name := range needs {
			flat := graph.Reshape(graph.ConvertDType(r.Need(name), w.DType()), -1)
			for i := range flat.Shape().Dimensions[0] {
				r.Term(strings.Join([]string{name, string(rune('a' + turn)), string(rune('a' + i))}, "."), graph.Slice(flat, graph.AxisElem(i)))
			}
		}
		turn = (turn + 1) % times
		return graph.Square(w)
	}, func(m *gan.Move) { m.Times = times })
}

// terms are those of a result that begin with a prefix.
func terms(r train.Result, prefix string) (out []float64) {
	for _, v := range r.Terms {
		if strings.HasPrefix(v.Name, "player/"+prefix) {
			out = append(out, v.Value)
		}
	}
	return out
}

func TestDrawsDependOnSeedRoundAndNameAlone(t *testing.T) {
	straight := newTrainer(t, watched(2, "x", "z", "classes"))
	var rounds []train.Result
	for range 4 {
		rounds = append(rounds, play(t, straight))
	}
	for _, name := range []string{"x.a", "x.b", "z.a", "z.b", "classes.a"} {
		if slices.Equal(terms(rounds[0], name), terms(rounds[1], name)) {
			t.Errorf("two rounds draw the same %s", name)
		}
	}
	for _, name := range []string{"x", "z"} {
		if slices.Equal(terms(rounds[0], name+".a"), terms(rounds[0], name+".b")) {
			t.Errorf("two turns draw the same %s", name)
		}
	}
	jumped := newTrainer(t, watched(2, "x", "z", "classes"))
	jumped.SetRound(3)
	fewer := newTrainer(t, watched(2, "z"))
	fewer.SetRound(3)
	other := newTrainer(t, watched(2, "z"))
	other.Seed = 2
	other.SetRound(3)
	got := play(t, jumped)
	for _, name := range []string{"x", "z", "classes"} {
		if got.Round != 4 || !slices.Equal(terms(got, name), terms(rounds[3], name)) {
			t.Errorf("round 4 draws other %s when the rounds before are not played", name)
		}
	}
	if !slices.Equal(terms(play(t, fewer), "z"), terms(rounds[3], "z")) {
		t.Errorf("what is drawn for z depends on the other needs")
	}
	if slices.Equal(terms(play(t, other), "z"), terms(rounds[3], "z")) {
		t.Errorf("two seeds draw the same")
	}
}

func TestRecordsComeOnceAnEpochWithTheirOwnLabels(t *testing.T) {
	tr := newTrainer(t, watched(3, "x", "labels")) // 3 turns of 4: a round is an epoch of 12 records
	for range 3 {
		r := play(t, tr)
		x, labels := terms(r, "x"), terms(r, "labels")
		for i := range x {
			if labels[i] != math.Mod(x[i], 3) {
				t.Errorf("record %v came with the label %v", x[i], labels[i])
			}
		}
		slices.Sort(x)
		for i := range x {
			if x[i] != float64(i) {
				t.Fatalf("an epoch had the records %v", x)
			}
		}
	}
}

// Two fields of two domains of unequal length: each has every record once an epoch of its own, and they do not go together. Of a
// pair's fields that are drawn together record goes with record.
func TestDomainsAreDrawnApartOrInPairs(t *testing.T) {
	domain := func(name string, first, n int) data.Source {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(first + i)
		}
		source, err := data.InMemory([]data.Field{{Name: name, High: 1000}}, data.Batch{name: {Shape: []int{n}, Float: x}})
		if err != nil {
			t.Fatal(err)
		}
		return source
	}
	pairs, err := data.Together(domain("a", 0, 12), domain("b", 100, 12))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		source data.Source
		need   func(name string, shape ...int) gan.Need
		b      int // records of b
	}{
		"two lengths":        {data.Apart(domain("a", 0, 12), domain("b", 100, 8)), gan.RecordsApart, 8},
		"pairs, drawn apart": {pairs, gan.RecordsApart, 12},
		"pairs":              {pairs, gan.Records, 12},
	} {
		t.Run(name, func(t *testing.T) {
			game := watched(1, "a", "b")
			game.Needs = []gan.Need{c.need("a"), c.need("b")}
			tr := newTrainer(t, game)
			tr.Source = c.source
			var a, b []float64
			together := 0
			for range 6 {
				r := play(t, tr)
				a, b = append(a, terms(r, "a")...), append(b, terms(r, "b")...)
			}
			for i := range a {
				if b[i]-a[i] == 100 {
					together++
				}
			}
			if inPairs := name == "pairs"; inPairs != (together == len(a)) {
				t.Errorf("%d of %d records came with their partner", together, len(a))
			}
			for field, drawn := range map[string][]float64{"a": a[:12], "b": b[:c.b]} { // an epoch each
				slices.Sort(drawn)
				for i, x := range drawn {
					if math.Mod(x, 100) != float64(i) {
						t.Fatalf("an epoch of %s had the records %v", field, drawn)
					}
				}
			}
			late := newTrainer(t, game) // resumable: a round depends on its number alone
			late.Source = c.source
			late.SetRound(5)
			if r := play(t, late); !slices.Equal(terms(r, "b"), b[20:]) {
				t.Errorf("round 6 drew %v, and %v when the rounds before were not played", b[20:], terms(r, "b"))
			}
		})
	}
}

func TestAMissingFieldIsNamed(t *testing.T) {
	game := player(func(r *gan.Turn, w *gan.Node) *gan.Node {
		return graph.Mul(w, graph.ReduceAllMean(r.Need("pictures")))
	}, nil)
	game.Needs = append(game.Needs, gan.Records("pictures", 8, 8, 1))
	_, err := newTrainer(t, game).Play(context.Background())
	if err == nil || !strings.Contains(err.Error(), `the game needs the field "pictures", and the data has none of that name`) {
		t.Error(err)
	}
}

// w falls from 1 to 0.7, 0.271 and then below 0, where the logarithm is no number.
func TestNaNStopsWithPlayerRoundAndTensor(t *testing.T) {
	tr := newTrainer(t, player(func(r *gan.Turn, w *gan.Node) *gan.Node { return graph.Log(w) }, nil))
	for range 3 {
		play(t, tr)
	}
	before := value(t, tr.Weights, "player/w")[0]
	result, err := tr.Play(context.Background())
	diverged := new(train.NotFinite)
	if !errors.As(err, &diverged) {
		t.Fatalf("%v, want a NotFinite", err)
	}
	if diverged.Round != 4 || diverged.Term != "player/loss" || diverged.Tensor != "player/w" && diverged.Tensor != "" {
		t.Errorf("%+v", diverged)
	}
	for _, part := range []string{"round 4", "the player diverged", "player/loss is NaN", "lower optim.rate"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v, want %q in it", err, part)
		}
	}
	if after := value(t, tr.Weights, "player/w")[0]; after != before || tr.Round() != 3 {
		t.Errorf("w is %v after the round and %v before; %d rounds are played", after, before, tr.Round())
	}
	if loss, ok := result.Get("player/loss"); !ok || !math.IsNaN(loss) {
		t.Errorf("the result of the failed round is %+v", result)
	}
}

// An infinite gradient makes an infinite weight, though the loss is a number: sqrt at 0.
func TestAnInfiniteGradientNamesTheTensor(t *testing.T) {
	tr := newTrainer(t, player(func(r *gan.Turn, w *gan.Node) *gan.Node { return graph.Sqrt(graph.Sub(w, graph.StopGradient(w))) }, nil))
	_, err := tr.Play(context.Background())
	diverged := new(train.NotFinite)
	if !errors.As(err, &diverged) || diverged.Term != "player/gradient" || diverged.Tensor != "player/w" {
		t.Errorf("%v", err)
	}
}

func TestACancelledRoundLeavesTheWeights(t *testing.T) {
	tr := newTrainer(t, watched(1, "x"))
	play(t, tr)
	before := value(t, tr.Weights, "player/w")[0]
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := tr.Play(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if value(t, tr.Weights, "player/w")[0] != before || tr.Round() != 1 {
		t.Error("a cancelled round changed something")
	}
}

// cancelling cancels a context when it is read.
type cancelling struct {
	data.Source
	cancel context.CancelFunc
}

func (c cancelling) Read(ctx context.Context, indices []int, into data.Batch) error {
	err := c.Source.Read(ctx, indices, into)
	c.cancel()
	return err
}

// A round that ends soon after it is cancelled is kept, and nothing that runs later is interrupted for it.
func TestACancelledRoundThatEndsIsKeptAndInterruptsNothingLater(t *testing.T) {
	tr := newTrainer(t, watched(1, "x"))
	ctx, cancel := context.WithCancel(context.Background())
	tr.Source = cancelling{tr.Source, cancel}
	var interrupts atomic.Int32
	tr.Interrupt = func() { interrupts.Add(1) }
	if _, err := tr.Play(ctx); err != nil || tr.Round() != 1 {
		t.Errorf("%d rounds are played: %v", tr.Round(), err)
	}
	time.Sleep(2200 * time.Millisecond) // the patience is two seconds
	if n := interrupts.Load(); n != 0 {
		t.Errorf("%d interrupts after the round was over", n)
	}
}

// Twelve rounds of a game with pre-training, a lazy penalty, several turns and averages, at once and in two parts by way of what a
// checkpoint holds: the same bytes and the same terms.
func TestResumingEqualsTheStraightRun(t *testing.T) {
	o := config.Default[gan.Options]()
	o.Optim.Batch, o.Optim.Critic, o.Optim.Pretrain, o.Optim.Schedule = 4, 2, 3, "linear"
	o.Penalty.R1, o.Penalty.Every, o.Penalty.Noise = 1, 4, 0.1
	mlp := layers.MLP{Hidden: []int{5}, Units: 1, Activation: layers.ReLU, Norm: layers.BatchNorm{}.On}
	pair := gan.Pair{
		Record: gan.Records("x"), Latent: gan.Normal("z", 2), Mixes: true,
		Generator: func(net gan.Net, z, _ *gan.Node) *gan.Node { return graph.Reshape(mlp.On(net, z), -1) },
		Critic: func(net gan.Net, x, _ *gan.Node) *gan.Node {
			return graph.Reshape(mlp.On(net, graph.InsertAxes(x, -1)), -1)
		},
	}
	game, err := pair.Game(o)
	if err != nil {
		t.Fatal(err)
	}
	start := func() *train.Trainer { tr := newTrainer(t, game); tr.Rounds = 12; return tr }
	straight := start()
	var want []train.Result
	for range 12 {
		want = append(want, play(t, straight))
	}
	final, err := train.State(straight.Weights)
	if err != nil {
		t.Fatal(err)
	}
	for _, half := range []int{1, 3, 6, 7} {
		first, second := start(), start()
		for range half {
			play(t, first)
		}
		state, err := train.State(first.Weights)
		if err != nil {
			t.Fatal(err)
		}
		second.Weights = layers.NewWeights(1)
		if err := train.Restore(second.Weights, &state); err != nil {
			t.Fatal(err)
		}
		second.SetRound(half)
		for i := half; i < 12; i++ {
			if got := play(t, second); got.Round != want[i].Round || got.Act != want[i].Act || !slices.Equal(got.Terms, want[i].Terms) {
				t.Fatalf("resumed after %d rounds, round %d is %+v, want %+v", half, i+1, got, want[i])
			}
		}
		got, err := train.State(second.Weights)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Tensors) != len(final.Tensors) || len(final.Tensors) < 30 {
			t.Fatalf("resumed after %d rounds there are %d tensors, want %d", half, len(got.Tensors), len(final.Tensors))
		}
		for i, tensor := range final.Tensors {
			if other := got.Tensors[i]; other.Name != tensor.Name || other.Trainable != tensor.Trainable || !slices.Equal(other.Data, tensor.Data) {
				t.Errorf("resumed after %d rounds, %s differs", half, tensor.Name)
			}
		}
	}
}
