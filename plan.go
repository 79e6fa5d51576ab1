package ganymede

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/sets"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/pelletier/go-toml/v2"
)

// Plan is a training run that is settled and checked, and not begun.
type Plan struct {
	Model   gan.Model
	Why     string // how the model was chosen; "" if it was asked for
	Config  *config.Config
	Set     *data.Set
	Game    *gan.Game
	Rounds  int
	Time    time.Duration
	Seed    int64
	Backend string
	Dir     string // of the run; "" before Train makes one
	Round   int    // already played, of a resumed run

	request Request
	options *options
	shape   gan.Data
	resumed *run.Run
}

// Prepare opens the data, chooses the model, reads the options and builds the game. It writes nothing.
func Prepare(ctx context.Context, request Request) (plan *Plan, err error) {
	if request.Resume {
		return prepareResume(ctx, request)
	}
	if request.Data == "" {
		return nil, wrong{errors.New("there is no data to train on; give a folder, a file or the name of a set (ganymede data list)")}
	}
	if request.Model == "" && request.File != "" {
		if request.Model, err = modelInFile(request.File); err != nil {
			return nil, err
		}
	}
	found, err := sets.Find(ctx, request.Data, images.ScanOptions{})
	if err != nil {
		return nil, err
	}
	plan = &Plan{Seed: request.Seed, request: request}
	if plan.Model, plan.Why, err = chooseModel(request, found); err != nil {
		return nil, err
	}
	var sources []config.Source
	if request.File != "" {
		sources = append(sources, config.File(request.File, run.Reserved()...))
	}
	if plan.Config, plan.options, err = configure(plan.Model, found.Kind); err != nil {
		return nil, err
	}
	if request.Environ != nil {
		sources = append(sources, plan.Config.Environment(request.Environ))
	}
	if err := plan.settle(ctx, found, append(sources, config.Flags(request.Set)), nil); err != nil {
		return nil, err
	}
	plan.Time, plan.Rounds = request.Time, request.Rounds
	if plan.Rounds == 0 {
		plan.Rounds, err = plan.length()
	}
	return plan, err
}

// length is how many rounds are played if nobody says.
func (p *Plan) length() (int, error) {
	if p.Model.Length == nil {
		return 0, wrong{fmt.Errorf("%s has no default length; say how many rounds, or how long", p.Model.Name)}
	}
	return p.Model.Length(p.shape), nil
}

// modelInFile returns the model that a configuration file names, or "".
func modelInFile(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", wrong{fmt.Errorf("config: %w; give a TOML file, such as `ganymede config MODEL` writes", err)}
	}
	var head struct {
		Model string `toml:"model"`
	}
	if err := toml.Unmarshal(content, &head); err != nil {
		return "", nil // the options in it are read next, and the error there names the line
	}
	return head.Model, nil
}

// settle loads options and data, and builds the game.
func (p *Plan) settle(ctx context.Context, found *sets.Found, sources []config.Source, split *data.Split) (err error) {
	if err := p.Config.Load(sources...); err != nil {
		return wrong{err}
	}
	if p.request.Keep > 0 {
		p.options.train.Keep = p.request.Keep
	}
	p.options.images.Side = chooseSide(p.Model, p.options.images.Side, found)
	if p.Set, err = found.Load(ctx, sets.Options{Images: p.options.images, Points: p.options.points, Split: split}); err != nil {
		return err
	}
	p.shape = shapeOf(p.Set)
	if p.Game, err = makeGame(p.Model, p.options, p.request.Game, p.shape); err != nil {
		return wrong{err}
	}
	if n := p.Set.Train.Len(); n < 1 {
		return fmt.Errorf("%s: no records are left to train on", p.Set.Name)
	}
	p.Backend = backendName(p.request.Backend)
	return nil
}

// makeGame makes the game of a model with its options, or the program's own.
func makeGame(model gan.Model, o *options, own GameFunc, shape gan.Data) (game *gan.Game, err error) {
	if own != nil {
		game, err = own(shape)
	} else {
		var pair gan.Pair
		if pair, err = o.model.Pair(shape); err == nil {
			game, err = pair.Game(o.shared)
		}
	}
	if err == nil {
		err = game.Check()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", model.Name, err)
	}
	return game, nil
}

// shapeOf is what a model must know of a set.
func shapeOf(set *data.Set) gan.Data {
	var d gan.Data
	for _, field := range set.Train.Fields() {
		if field.Name == data.Labels {
			d.Classes = int(field.High) + 1
			continue
		}
		d.Field, d.Shape = field.Name, field.Shape
	}
	return d
}
