package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/compute"
)

// played is a game whose rounds, samples and memory are measured.
type played struct {
	name  string
	game  func() (*gan.Game, error)
	peers []string // who plays it too
	work  command  // what they are told
}

// games are the four whose rounds are compared.
func games() []played {
	pictures := func(side, channels int) gan.Data {
		return gan.Data{Field: data.Pictures, Shape: []int{side, side, channels}}
	}
	return []played{
		{"dcgan64", of("dcgan", pictures(64, 3)), []string{torch, compiled, jax}, command{Game: "dcgan"}},
		{"wgangp32", of("wgan-gp", pictures(32, 3), "network=resnet", "filters=128"), []string{torch}, command{Game: "wgangp"}},
		{"stylegan2-block", block, []string{torch}, command{Game: "block"}},
		{"vanilla28", of("vanilla", pictures(28, 1), "optim.batch=128"), []string{torch, stock}, command{Game: "vanilla"}},
	}
}

// findGame returns the game of that name.
func findGame(name string) (played, error) {
	all := games()
	i := slices.IndexFunc(all, func(g played) bool { return g.name == name })
	if i < 0 {
		return played{}, fmt.Errorf("bench: there is no game %q", name)
	}
	return all[i], nil
}

// of is the game of a model at its defaults but for the settings, key=value.
func of(model string, shape gan.Data, settings ...string) func() (*gan.Game, error) {
	return func() (*gan.Game, error) {
		m, err := models.Find(model)
		if err != nil {
			return nil, err
		}
		return makeGame(m, shape, settings)
	}
}

func makeGame(m gan.Model, shape gan.Data, settings []string) (*gan.Game, error) {
	own, shared := m.Options(), gan.Options{}
	c, err := m.Configure(own, &shared, false)
	if err != nil {
		return nil, err
	}
	if err := c.Load(config.Flags(settings)); err != nil {
		return nil, err
	}
	game, err := gan.Build(own, shape, shared)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	return game, game.Check()
}

// table is a game under way.
type table struct {
	backend compute.Backend
	trainer *train.Trainer
}

// sit prepares a game on a new engine.
func sit(game *gan.Game, threads int) (*table, error) {
	backend, err := engine.New(fmt.Sprintf("threads=%d", threads))
	if err != nil {
		return nil, err
	}
	t, err := sitOn(backend, game)
	if err != nil {
		return nil, err
	}
	t.trainer.Interrupt = backend.Interrupt
	return t, nil
}

// sitOn prepares a game from seed 0 with random records. The backend is the table's from then on.
func sitOn(backend compute.Backend, game *gan.Game) (*table, error) {
	ops.Register()
	source, err := randomRecords(game)
	if err != nil {
		backend.Finalize()
		return nil, err
	}
	return &table{backend, &train.Trainer{Game: game, Weights: layers.NewWeights(0), Backend: backend, Source: source, Rounds: 1000}}, nil
}

// burst plays rounds.
func (t *table) burst(ctx context.Context, runs int) ([]float64, error) {
	seconds := make([]float64, runs)
	for i := range seconds {
		began := time.Now()
		if _, err := t.trainer.Play(ctx); err != nil {
			return nil, err
		}
		seconds[i] = time.Since(began).Seconds()
	}
	return seconds, nil
}

func (t *table) close() {
	t.trainer.Finalize()
	t.backend.Finalize()
}

// randomRecords are four batches of what the game needs of data: numbers in [-1, 1), and classes.
func randomRecords(game *gan.Game) (data.Source, error) {
	n := 4 * game.Batch
	var fields []data.Field
	all := data.Batch{}
	for _, need := range game.Needs {
		if _, known := all[need.Name]; known || need.Kind != gan.Record {
			continue
		}
		field := data.Field{Name: need.Name, Shape: need.Shape, Int: need.Int, Low: -1, High: 1}
		array := data.Array{Shape: append([]int{n}, need.Shape...)}
		if need.Int {
			field.Low, field.High = 0, float64(max(need.Classes, 1)-1)
			array.Int = make([]int32, n*field.Size())
			for i := range array.Int {
				array.Int[i] = int32(i % max(need.Classes, 1))
			}
		} else {
			array.Float = randoms(need.Name, n*field.Size())
		}
		fields, all[need.Name] = append(fields, field), array
	}
	return data.InMemory(fields, all)
}
