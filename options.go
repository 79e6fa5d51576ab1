package ganymede

import (
	"maps"

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
	var mounts []config.Mount
	if model.Options != nil {
		o.model = model.Options()
		mounts = append(mounts, config.At("", o.model), config.At("", &o.shared))
	}
	mounts = append(mounts, config.At("train", &o.train), config.At("engine", &o.engine))
	if kind == "points" {
		mounts = append(mounts, config.At("data", &o.points))
	} else {
		mounts = append(mounts, config.At("data", &o.images))
	}
	c, err := config.New(mounts...)
	if err != nil {
		return nil, nil, err
	}
	presets := maps.Clone(model.Shared)
	if kind == "points" {
		if presets == nil {
			presets = map[string]string{}
		}
		maps.Copy(presets, model.Points)
	}
	return c, o, c.Preset(model.Name, presets)
}

// Configure returns the options of a model for a kind of data ("images" or "points") at their defaults, to list or to
// write a file to start from.
func Configure(model gan.Model, kind string) (*config.Config, error) {
	c, _, err := configure(model, kind)
	return c, err
}
