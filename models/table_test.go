package models_test

import (
	"context"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/compute"
)

func TestMain(m *testing.M) {
	ops.Register()
	os.Exit(m.Run())
}

// backend is the project's engine, one for each test.
func backend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := engine.New("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

// configured is a model with its options, as a run would have them.
type configured struct {
	builder gan.Builder
	shared  gan.Options
	config  *config.Config
}

// configure applies the model's own values and then the settings, key=value.
func configure(t testing.TB, model gan.Model, settings ...string) *configured {
	t.Helper()
	c := &configured{builder: model.Options()}
	var err error
	if c.config, err = model.Configure(c.builder, &c.shared, false); err != nil {
		t.Fatal(err)
	}
	if err := c.config.Load(config.Flags(settings)); err != nil {
		t.Fatal(err)
	}
	return c
}

// game makes the game for data of a shape, or says why not.
func (c *configured) game(d gan.Data) (*gan.Game, error) {
	g, err := gan.Build(c.builder, d, c.shared)
	if err != nil {
		return nil, err
	}
	return g, g.Check()
}

// pair makes the networks of a model of two players.
func (c *configured) pair(d gan.Data) (gan.Pair, error) { return c.builder.(gan.PairBuilder).Pair(d) }

// small are settings that make any model small, those of them that it has.
func small(t testing.TB, model gan.Model) []string {
	t.Helper()
	c := configure(t, model)
	settings := []string{"optim.batch=2"}
	for _, s := range []string{"latent=3", "filters=2", "critic-filters=2", "blocks=1", "hidden=4", "depth=1"} {
		key, _, _ := strings.Cut(s, "=")
		if _, ok := c.config.Option(key); ok {
			settings = append(settings, s)
		}
	}
	return settings
}

// values lists what an option of a closed list may be, without "auto"; nil if the model has no such option.
func values(t testing.TB, model gan.Model, key string) []string {
	t.Helper()
	o, ok := configure(t, model).config.Option(key)
	if !ok {
		return nil
	}
	_, list, _ := strings.Cut(o.Range, "one of ")
	var out []string
	for _, v := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		if v != "auto" && v != "or" && v != "and" {
			out = append(out, v)
		}
	}
	return out
}

// set is data for a test.
type set struct {
	shape  gan.Data
	source data.Source
}

// figures are pictures of two classes, in [-1, 1]: discs and bars at random places.
func figures(t testing.TB, side, channels, n int) set {
	t.Helper()
	random := layers.Stream(1, "shapes")
	pictures, labels := make([]float32, 0, n*side*side*channels), make([]int32, n)
	for i := range n {
		labels[i] = int32(i % 2)
		x, y := 0.25+0.5*random.Float64(), 0.25+0.5*random.Float64()
		for row := range side {
			for column := range side {
				u, v := (float64(column)+0.5)/float64(side)-x, (float64(row)+0.5)/float64(side)-y
				far := math.Abs(v) - 0.12 // from the middle of a bar
				if labels[i] == 0 {
					far = math.Hypot(u, v) - 0.22 // of a disc
				}
				for range channels {
					pictures = append(pictures, float32(max(-1, min(1, -far*float64(side)/2))))
				}
			}
		}
	}
	fields := []data.Field{{Name: data.Pictures, Shape: []int{side, side, channels}, Low: -1, High: 1}, {Name: data.Labels, Int: true, High: 1}}
	source, err := data.InMemory(fields, data.Batch{
		data.Pictures: {Shape: []int{n, side, side, channels}, Float: pictures}, data.Labels: {Shape: []int{n}, Int: labels},
	})
	if err != nil {
		t.Fatal(err)
	}
	return set{gan.Data{Field: data.Pictures, Shape: []int{side, side, channels}, Classes: 2}, source}
}

// negatives are pairs of figures and the same with dark and bright exchanged, as two kinds of pictures.
func negatives(t testing.TB, side, channels, n int) set {
	t.Helper()
	batch := data.Batch{}
	var indices []int
	for i := range n {
		indices = append(indices, i)
	}
	if err := figures(t, side, channels, n).source.Read(context.Background(), indices, batch); err != nil {
		t.Fatal(err)
	}
	a := batch[data.Pictures]
	b := data.Array{Shape: a.Shape, Float: make([]float32, len(a.Float))}
	for i, v := range a.Float {
		b.Float[i] = -v
	}
	domain := func(name string, array data.Array) data.Source {
		source, err := data.InMemory([]data.Field{{Name: name, Shape: a.Shape[1:], Low: -1, High: 1}}, data.Batch{name: array})
		if err != nil {
			t.Fatal(err)
		}
		return source
	}
	source, err := data.Together(domain(data.A, a), domain(data.B, b))
	if err != nil {
		t.Fatal(err)
	}
	return set{gan.Data{Field: data.A, To: data.B, Paired: true, Shape: a.Shape[1:]}, source}
}

// ring is eight Gaussians of deviation 0.01 on a circle of radius 1; a record's class is the half of the plane that it is in.
func ring(t testing.TB, n int) set {
	t.Helper()
	random := layers.Stream(1, "ring")
	points, labels := make([]float32, 0, 2*n), make([]int32, n)
	for i := range n {
		angle := 2 * math.Pi * float64(i%8) / 8
		labels[i] = int32(i % 8 / 4)
		points = append(points, float32(math.Cos(angle)+0.01*random.NormFloat64()), float32(math.Sin(angle)+0.01*random.NormFloat64()))
	}
	fields := []data.Field{{Name: data.Points, Shape: []int{2}, Low: -1.1, High: 1.1}, {Name: data.Labels, Int: true, High: 1}}
	source, err := data.InMemory(fields, data.Batch{data.Points: {Shape: []int{n, 2}, Float: points}, data.Labels: {Shape: []int{n}, Int: labels}})
	if err != nil {
		t.Fatal(err)
	}
	return set{gan.Data{Field: data.Points, Shape: []int{2}, Classes: 2}, source}
}

// trainer plays a game on a set from new weights.
func trainer(t testing.TB, b compute.Backend, game *gan.Game, s set, rounds int) *train.Trainer {
	t.Helper()
	tr := &train.Trainer{Game: game, Weights: layers.NewWeights(1), Backend: b, Source: s.source, Seed: 1, Rounds: rounds}
	t.Cleanup(tr.Finalize)
	return tr
}

// run plays so many rounds.
func run(t testing.TB, tr *train.Trainer, rounds int) {
	t.Helper()
	for range rounds {
		if _, err := tr.Play(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}
