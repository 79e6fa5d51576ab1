package train_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/gomlx/core/graph"
)

// conditional generates [batch, 3] from z [batch, 2] and a class of 5, with batch norm on the way, in batches of 4.
func conditional() *gan.Game {
	game := player(func(r *gan.Turn, w *gan.Node) *gan.Node { return graph.Square(w) }, nil)
	game.Shown = []string{"generator"}
	game.Generate = func(r *gan.Turn) gan.Fields {
		net := r.Net("generator")
		y := r.Need("classes")
		x := layers.Dense{Units: 7}.On(net.In("hidden"), r.Need("z"))
		x = graph.Tanh(layers.BatchNorm{}.On(net.In("norm"), x))
		x = layers.Dense{Units: 3}.On(net.In("out"), x)
		return gan.Fields{"points": x, "classes": graph.ConvertDType(y, x.DType())}
	}
	return game
}

func newSampler(t testing.TB, game *gan.Game) *train.Sampler {
	t.Helper()
	s, err := train.NewSampler(backend(t), game, layers.NewWeights(1), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Finalize)
	return s
}

func TestSampleIOfASeedDoesNotDependOnHowManyAreMade(t *testing.T) {
	s := newSampler(t, conditional())
	ctx := context.Background()
	all, err := s.Sample(ctx, 7, 0, 21, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := all["points"].Shape; !slices.Equal(got, []int{21, 3}) {
		t.Fatalf("shape %v", got)
	}
	for _, c := range []struct{ first, n int }{{0, 1}, {0, 4}, {3, 2}, {4, 4}, {5, 9}, {20, 1}, {0, 21}, {8, 0}} {
		part, err := s.Sample(ctx, 7, c.first, c.n, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(part["points"].Float, all["points"].Float[3*c.first:3*(c.first+c.n)]) {
			t.Errorf("samples %d to %d differ from those of the whole", c.first, c.first+c.n-1)
		}
	}
	other, err := s.Sample(ctx, 8, 0, 21, nil)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(other["points"].Float, all["points"].Float) {
		t.Error("two seeds make the same samples")
	}
	// The same records one by one, from their inputs.
	var inputs []train.Inputs
	for i := range 6 {
		inputs = append(inputs, s.Latents(7, i))
	}
	made, err := s.Make(ctx, inputs)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(made["points"].Float, all["points"].Float[:18]) {
		t.Error("made from their inputs, samples differ")
	}
}

func TestConditionalSamplesHaveTheirClasses(t *testing.T) {
	s := newSampler(t, conditional())
	classes := func(first, n int, label func(i int) int) []float32 {
		made, err := s.Sample(context.Background(), 7, first, n, label)
		if err != nil {
			t.Fatal(err)
		}
		return made["classes"].Float
	}
	if got := classes(3, 7, nil); !slices.Equal(got, []float32{3, 4, 0, 1, 2, 3, 4}) {
		t.Errorf("a row of samples has the classes %v", got)
	}
	if got := classes(2, 5, func(i int) int { return i / 3 }); !slices.Equal(got, []float32{0, 1, 1, 1, 2}) {
		t.Errorf("asked for classes 0 1 1 1 2, got %v", got)
	}
}

// Run it with -race too.
func TestASamplerIsSafeForConcurrentUse(t *testing.T) {
	s := newSampler(t, conditional())
	results := make([][]float32, 8)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { // the first of them gives the weights their values
			made, err := s.Sample(context.Background(), 7, 0, 9, nil)
			if err != nil {
				t.Error(err)
				return
			}
			results[i] = made["points"].Float
		})
	}
	group.Wait()
	for i := range results {
		if !slices.Equal(results[i], results[0]) {
			t.Errorf("goroutine %d has other samples than the first", i)
		}
	}
}

func TestASamplerRefusesAGenerateThatChangesWeights(t *testing.T) {
	game := conditional()
	generate := game.Generate
	game.Generate = func(r *gan.Turn) gan.Fields {
		fields := generate(r)
		r.Set("generator/out/bias", graph.MulScalar(r.Value("generator/out/bias"), 2))
		return fields
	}
	_, err := train.NewSampler(backend(t), game, layers.NewWeights(1), false)
	if err == nil || !strings.Contains(err.Error(), "Generate changes generator/out/bias; sampling must change nothing") {
		t.Error(err)
	}
}

func TestSamplingStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := newSampler(t, conditional()).Sample(ctx, 1, 0, 5, nil); err != context.Canceled {
		t.Error(err)
	}
}
