package ganymede

import (
	"fmt"
	"os"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/points"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/train"
)

// options are all that configure a run, as one struct a prefix.
type options struct {
	model  gan.Builder // nil for a whole game of the program's own
	shared gan.Options
	images images.Options
	points points.Options
	train  train.Options
	engine Engine
}

// configure mounts the options for a model and a kind of data.
func configure(model gan.Model, kind string) (*config.Config, *options, error) {
	o := &options{}
	mounts := []config.Mount{config.At("train", &o.train), config.At("engine", &o.engine), config.At("data", &o.images)}
	if kind == "points" {
		mounts[2] = config.At("data", &o.points)
	}
	if model.Options == nil {
		c, err := config.New(mounts...)
		return c, o, err
	}
	o.model = model.Options()
	c, err := model.Configure(o.model, &o.shared, kind == "points", mounts...)
	return c, o, err
}

// Configure returns the options of a model for a kind of data ("images" or "points") at their defaults, to list or to
// write a file to start from.
func Configure(model gan.Model, kind string) (*config.Config, error) {
	c, _, err := configure(model, kind)
	return c, err
}

// identity is what stands in run.toml beside the options, and may be said wherever they may.
type identity struct {
	Model string `toml:"model" default:"" free:"a name of ganymede models" help:"the model; one that fits the data if none is named"`
	Seed  int64  `toml:"seed" default:"0" free:"any whole number" help:"seed of everything that is drawn"`
}

var identityKeys = []string{"model", "seed"}

// identify settles the model and the seed, where the request's own fields do not: as its file says, over that its environment, over
// that its settings.
func (r *Request) identify(file []byte) error {
	var said identity
	c, err := config.New(config.At("", &said))
	if err != nil {
		return err
	}
	sources := []config.Source{config.TOML(r.File, file), c.Environment(r.Environ), config.Flags(r.Set)}
	for i, source := range sources {
		sources[i] = config.Only(source, identityKeys...)
	}
	if err := c.Load(sources...); err != nil {
		return wrong{err}
	}
	if r.Model == "" {
		r.Model = said.Model
	}
	if r.Seed == 0 {
		r.Seed = said.Seed
	}
	return nil
}

// readFile reads the file of options; nothing if there is none.
func (r *Request) readFile() ([]byte, error) {
	if r.File == "" {
		return nil, nil
	}
	content, err := os.ReadFile(r.File)
	if err != nil {
		return nil, wrong{fmt.Errorf("config: %w; give a TOML file, such as `ganymede config MODEL` writes", err)}
	}
	return content, nil
}
