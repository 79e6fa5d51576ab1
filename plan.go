package ganymede

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/sets"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/run"
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
	Data    string // what to train on, as it was asked for
	Dir     string // of the run; "" before Train makes one
	Round   int    // already played, of a resumed run

	request Request
	options *options
	shape   gan.Data
	resumed *run.Run
}

// Prepare opens the data, chooses the model, reads the options and builds the game. It writes nothing.
func Prepare(ctx context.Context, request Request) (*Plan, error) {
	file, err := request.readFile()
	if err != nil {
		return nil, err
	}
	if request.Resume {
		return prepareResume(ctx, request, file)
	}
	if request.Data == "" {
		return nil, wrong{errors.New("there is no data to train on; give a folder, a file or the name of a set (ganymede data list)")}
	}
	if err := request.identify(file); err != nil {
		return nil, err
	}
	plan := &Plan{Data: request.Data, Seed: request.Seed, Time: request.Time, Rounds: request.Rounds, request: request}
	found, err := plan.find(ctx)
	if err != nil {
		return nil, err
	}
	sources := []config.Source{
		config.TOML(request.File, file, run.Reserved()...), plan.Config.Environment(request.Environ, identityKeys...), config.Flags(request.Set, identityKeys...),
	}
	if err := plan.settle(ctx, found, sources, nil); err != nil {
		return nil, err
	}
	return plan, plan.lengthen(0)
}

// find finds the data and mounts the options of a model that fits it, the one asked for or another.
func (p *Plan) find(ctx context.Context) (*sets.Found, error) {
	found, err := sets.Find(ctx, p.request.Data, images.ScanOptions{})
	if err != nil {
		return nil, err
	}
	if p.request.To != "" {
		if err := found.With(ctx, p.request.To, images.ScanOptions{}); err != nil {
			return nil, err
		}
	}
	if p.Model, p.Why, err = chooseModel(p.request, found); err != nil {
		return nil, err
	}
	if err := couple(p.Model, found); err != nil {
		return nil, wrong{err}
	}
	p.Config, p.options, err = configure(p.Model, found.Kind)
	return found, err
}

// lengthen settles how many rounds are played where nobody says: as many as were planned before, or the model's length.
func (p *Plan) lengthen(planned int) error {
	if p.Rounds == 0 {
		p.Rounds = planned
	}
	if p.Rounds == 0 && p.Model.Length == nil {
		return wrong{fmt.Errorf("%s has no default length; say how many rounds, or how long", p.Model.Name)}
	}
	if p.Rounds == 0 {
		p.Rounds = p.Model.Length(p.shape)
	}
	if p.Time > 0 && p.options.model != nil && p.options.shared.Optim.Schedule != "constant" {
		p.tellWarning(fmt.Errorf("the learning rates fall to 0 by round %d (optim.schedule=%s), however long it takes; say how many rounds in place of how long, or set optim.schedule=constant",
			p.Rounds, p.options.shared.Optim.Schedule))
	}
	return nil
}

// settle loads options and data, and builds the game.
func (p *Plan) settle(ctx context.Context, found *sets.Found, sources []config.Source, split *data.Split) (err error) {
	if keep := p.request.Keep; keep > 0 {
		sources = append(sources, config.Set("--keep", "train.keep", strconv.Itoa(keep)))
	}
	if err := p.Config.Load(sources...); err != nil {
		return wrong{err}
	}
	p.options.images.Side = chooseSide(p.Model, p.options.images.Side, found)
	if p.Set, err = found.Load(ctx, sets.Options{Images: p.options.images, Points: p.options.points, Split: split}); err != nil {
		return err
	}
	if p.resumed != nil { // or the game would be told first not to fit other data
		if err := p.sameData(p.resumed.Manifest); err != nil {
			return err
		}
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
		game, err = gan.Build(o.model, shape, o.shared)
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
		if field.Name == data.B {
			d.To = field.Name
			continue
		}
		d.Field, d.Shape = field.Name, field.Shape
	}
	if couple, ok := set.Codec.(images.CoupleCodec); ok {
		d.Paired = couple.Paired
	}
	return d
}
