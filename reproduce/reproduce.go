// Package reproduce repeats published experiments: it trains, judges and tabulates. In go an experiment (a value of the table in
// experiments.go) and a Studio that trains and samples; out come records, JSON with figures and all that is needed to get them
// again, and a page that collates them. It does not know models, flags or terminals, and never judges weights that the
// experiment did not train.
package reproduce

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/gomlx/compute"
)

// Experiment is something that a paper reports, and how it is repeated.
type Experiment struct {
	Name   string   // "ring"
	Title  string   //
	Claim  string   // what the papers report, with the source
	Data   []string // where the data may be: the first path that is there, else the last, a set's name
	Set    []string // options of the data that all parts share, key=value
	Credit string   // attribution that pictures made from the data must carry, where the data itself does not say
	Judge  Judge    //
	// Make writes the data into a folder, where it is made: it returns where they are, and where the second kind of pictures is.
	Make  func(ctx context.Context, studio *Studio, dir string) (data, to string, err error)
	Parts []Part //
}

// Part is one system of an experiment, trained once for each seed.
type Part struct {
	Name   string
	Model  string
	Rounds int
	Set    []string // options that differ from the model's own, key=value
	Seeds  []int64
	Bars   []Bar // what its figures should reach; none: it stands beside for comparison
}

// Bar is a bound on a figure.
type Bar struct {
	Figure string
	Least  float64
	Most   float64 // 0: no upper bound
}

// Reached tells whether the figure is there and within the bound.
func (b Bar) Reached(figures Figures) bool {
	value, ok := figures.Get(b.Figure)
	return ok && value >= b.Least && (b.Most == 0 || value <= b.Most)
}

// Figure is a named number.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// Figures are numbers in the order in which they are to be read.
type Figures []Figure

// Get returns the number of that name.
func (f Figures) Get(name string) (float64, bool) {
	i := slices.IndexFunc(f, func(figure Figure) bool { return figure.Name == name })
	if i < 0 {
		return 0, false
	}
	return f[i].Value, true
}

// Judge looks at samples beside real data.
type Judge struct {
	Samples  int
	Protocol string   // in words
	Headline []string // the figures that stand for the others where there is room for few; none: the pictures say it
	Judge    func(ctx context.Context, exhibit Exhibit) (Verdict, error)
}

// Exhibit is what is judged.
type Exhibit struct {
	Samples data.Batch // Judge.Samples of them, of the seed 0
	Asked   []int32    // the class of each, where the model is conditional
	Set     *data.Set
	Studio  *Studio

	Experiment, Part string
	Seed             int64

	// Truncate makes n samples of a seed whose latents lie within a threshold; infinity is none.
	Truncate func(ctx context.Context, seed int64, n int, threshold float64) (data.Batch, error)
	// Codes is how many codes the model has, and Traverse makes rows of samples along one of them: see Trained.
	Codes    int
	Traverse func(ctx context.Context, code int, seed int64, rows int) (samples data.Batch, frames int, err error)
	// Translate makes the other kind of each picture, where the model translates.
	Translate func(ctx context.Context, pictures data.Array, direction string) (data.Array, error)
	// Read is what the critic makes of pictures beside their score, by name.
	Read func(ctx context.Context, pictures data.Array) (data.Batch, error)
}

// Verdict is what a judge found.
type Verdict struct {
	Figures  Figures
	Real     Figures           // the same on held-out records of the same data
	Pictures map[string][]byte // PNG files by name
	Notes    []string          // what else must be said, such as a classifier's accuracy
}

// Job is a run to train.
type Job struct {
	Data, Model string
	To          string // the second kind of pictures
	Rounds      int
	Seed        int64
	Set         []string
	Dir         string // of the run; what was begun there is gone on with
}

// Trained is a run whose rounds are all played.
type Trained struct {
	Dir    string
	Commit string // that the run was begun with
	Hash   string // of its configuration
	Values config.Values
	Set    *data.Set
	// Sample makes n samples of a seed; asked are their classes where the model is conditional, taken in turn.
	Sample func(ctx context.Context, seed int64, n int) (samples data.Batch, asked []int32, err error)
	// Truncate makes n samples of a seed whose latents lie within a threshold, with statistics of their own; infinity is none.
	Truncate func(ctx context.Context, seed int64, n int, threshold float64) (data.Batch, error)
	Codes    int // that steer the samples, 0 of most models
	// Traverse makes rows of samples along a code, counted from 1, and says how many frames a row has: as many as a categorical code has values,
	// ten of a continuous one.
	Traverse func(ctx context.Context, code int, seed int64, rows int) (samples data.Batch, frames int, err error)
	// Translate makes the other kind of each picture, where the model translates: direction is ab or ba.
	Translate func(ctx context.Context, pictures data.Array, direction string) (data.Array, error)
	// Read is what the critic makes of pictures beside their score, by name.
	Read  func(ctx context.Context, pictures data.Array) (data.Batch, error)
	Close func()
}

// Studio is what experiments are made with. The front door lends it, so that a part is trained exactly as a user would.
type Studio struct {
	Train   func(ctx context.Context, job Job) (*Trained, error)
	Backend compute.Backend // trains and runs what judges
	Name    string          // of the backend
	Threads int
	Commit  string // of this program; "" if it was not recorded
	Runs    string // folder of the runs
	Records string // folder of the records
	Cache   string // folder of what judges
	Data    string // in place of the experiment's own; "" takes that
	Say     func(format string, args ...any)
}

// Find returns the experiment of that name.
func Find(name string) (Experiment, error) {
	table := Table()
	i := slices.IndexFunc(table, func(e Experiment) bool { return e.Name == name })
	if i >= 0 {
		return table[i], nil
	}
	var names []string
	for _, e := range table {
		names = append(names, e.Name)
	}
	hint := ""
	if near := config.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return Experiment{}, fmt.Errorf("reproduce: there is no experiment %q%s there are %s", name, hint, strings.Join(names, ", "))
}

// Part returns the part of that name.
func (e Experiment) Part(name string) (Part, error) {
	var names []string
	for _, p := range e.Parts {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Part{}, fmt.Errorf("reproduce: %s has no part %q; it has %s", e.Name, name, strings.Join(names, ", "))
}
