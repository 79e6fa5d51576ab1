package gan

import (
	"fmt"
	"maps"

	"github.com/ganymede-gan/ganymede/config"
)

// Model is a published system: its networks and the choices its paper reports. A program's own systems are values of
// this type as well as ours.
type Model struct {
	Name  string // "dcgan"
	Title string // "DCGAN"
	Paper string // authors, year, title, arXiv id
	Home  Home   // where the paper's own configuration is at home
	For   string // what it is good for, in a line

	// Options returns a new struct of the model's own options, tagged as package config wants, at their defaults.
	Options func() Builder
	// Paper's values of the shared options, by key, where they differ from the defaults: "penalty.gp": "10".
	Shared map[string]string
	// Points are values over these where records are points, as an author's toy code has them.
	Points map[string]string
	// Small are values over these, of the model's own options and the shared ones, that train on a laptop. A model that has
	// some has the option preset: small, the default, or paper, which is the model without them.
	Small map[string]string
	// Domains says what data the model learns from.
	Domains Domains
	// Sides are the sides of square pictures that the networks can make, ascending; nil: any.
	Sides []int
	// Length is the default number of rounds for data of a shape.
	Length func(d Data) int
}

// Home is what a paper's own configuration is counted on: the data, and settings where the paper's networks are not the default.
type Home struct {
	Data Data
	Set  []string // key=value
}

// Preset chooses among the configurations of a model.
type Preset struct {
	Name string `toml:"preset" default:"small" in:"small,paper" help:"the values that nobody sets: those that train on a laptop, or the paper's"`
}

// Configure gathers the model's own options, the shared ones and more under one configuration, the model's values being
// their defaults.
func (m Model) Configure(own Builder, shared *Options, points bool, more ...config.Mount) (*config.Config, error) {
	mounts := []config.Mount{config.At("", own), config.At("", shared)}
	if m.Small != nil {
		mounts = append(mounts, config.At("", &Preset{}))
	}
	c, err := config.New(append(mounts, more...)...)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	maps.Copy(values, m.Shared)
	if points {
		maps.Copy(values, m.Points)
	}
	if err := c.Preset(m.Name, values); err != nil || m.Small == nil {
		return c, err
	}
	return c, c.Presets("preset", m.Name, map[string]map[string]string{"small": m.Small})
}

// Domains says of how many kinds of records a model learns.
type Domains int

const (
	// One kind of records: the model makes more of it.
	One Domains = iota
	// Two kinds, whose records have nothing to do with each other: the model translates between them.
	Two
	// Pairs of a record of one kind and one of the other: the model translates the first into the second.
	Pairs
)

// Builder is a model's own options: a PairBuilder, or a GameBuilder where two players cannot say what the paper says.
type Builder any

// PairBuilder makes the networks of two players.
type PairBuilder interface {
	// Pair makes the networks for data of a shape, or says why the model cannot do it.
	Pair(d Data) (Pair, error)
}

// GameBuilder makes a whole game.
type GameBuilder interface {
	// Game makes the game for data of a shape, with the shared options, or says why the model cannot do it.
	Game(d Data, shared Options) (*Game, error)
}

// Build makes the game of a model's own options and the shared ones for data of a shape.
func Build(own Builder, d Data, shared Options) (*Game, error) {
	switch own := own.(type) {
	case GameBuilder:
		return own.Game(d, shared)
	case PairBuilder:
		if d.To != "" {
			return nil, fmt.Errorf("it makes more of one kind of records, and the data have two kinds; take a model that translates, or leave --to out")
		}
		pair, err := own.Pair(d)
		if err != nil {
			return nil, err
		}
		return pair.Game(shared)
	default:
		return nil, fmt.Errorf("options of type %T make neither a pair nor a game: they need a method Pair or Game", own)
	}
}

// Data is what a model must know of the data.
type Data struct {
	Field   string // "pictures", "points"; of two domains that of the first, "a"
	To      string // of two domains the field of the second, "b", of the same shape; else ""
	Paired  bool   // of two domains: record i of one belongs to record i of the other
	Shape   []int  // of one record: [height, width, channels] or [2]
	Classes int    // 0 or 1: no classes
}

// Pictures are square pictures; classes is 0 where they have none.
func Pictures(side, channels, classes int) Data {
	return Data{Field: "pictures", Shape: []int{side, side, channels}, Classes: classes}
}

// Need is the need for the data's records.
func (d Data) Need() Need { return Records(d.Field, d.Shape...) }

// Size is how many numbers a record has.
func (d Data) Size() int {
	size := 1
	for _, n := range d.Shape {
		size *= n
	}
	return size
}

// Picture tells whether records are pictures, [side, side, channels].
func (d Data) Picture() bool { return len(d.Shape) == 3 }
