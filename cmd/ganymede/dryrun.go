package main

import (
	"context"
	"fmt"
	"time"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
)

// timedRounds is how many rounds a dry run plays to time them.
const timedRounds = 3

// dryReport is what a dry run finds.
type dryReport struct {
	Model   string            `json:"model"`
	Why     string            `json:"why,omitempty"`
	Data    data.Origin       `json:"data"`
	Fields  []data.Field      `json:"fields"`
	Classes []string          `json:"classes,omitempty"`
	Rounds  int               `json:"rounds"`
	Batch   int               `json:"batch"`
	Backend string            `json:"backend"`
	Players []ganymede.Player `json:"players"`
	Changed []config.Option   `json:"changed"` // options that are not at their defaults
	State   int64             `json:"state_bytes"`
	Memory  int64             `json:"memory_bytes"`
	Compile float64           `json:"compile_seconds"`
	Round   float64           `json:"round_seconds"`
	Whole   float64           `json:"whole_seconds"` // of all rounds
}

// dryRun says what would be trained and what it would cost, and writes nothing.
func (a *app) dryRun(ctx context.Context, p *ganymede.Plan, asJSON bool) error {
	e, err := p.Measure(ctx, timedRounds)
	if err != nil {
		return err
	}
	r := dryReport{
		Model: p.Model.Name, Why: p.Why, Data: p.Set.Origin, Fields: p.Set.Train.Fields(), Classes: p.Set.Codec.Classes(), Rounds: p.Rounds, Batch: p.Game.Batch,
		Backend: p.Backend, Players: e.Players, Changed: changed(p.Config), State: e.State, Memory: memoryInUse(),
		Compile: e.Compile.Seconds(), Round: e.Round.Seconds(), Whole: (time.Duration(max(0, p.Rounds-p.Round)) * e.Round).Seconds(),
	}
	if p.Time > 0 {
		r.Whole = p.Time.Seconds()
	}
	if asJSON {
		return a.printJSON(r)
	}
	describe(a.stdout, p)
	for _, f := range r.Fields {
		fmt.Fprintf(a.stdout, "field   %s %v, from %v to %v\n", f.Name, append([]int{p.Game.Batch}, f.Shape...), f.Low, f.High)
	}
	for _, player := range r.Players {
		fmt.Fprintf(a.stdout, "player  %s: %s parameters\n", player.Name, count(player.Parameters))
	}
	for _, o := range r.Changed {
		from := o.Origin.String()
		if o.Origin.Kind == config.FromDefault {
			from = "chosen for the data" // nobody set it, and it is not the default
		}
		fmt.Fprintf(a.stdout, "option  %s = %s (%s; the default is %s)\n", o.Key, config.Notation(o.Value), from, config.Notation(o.Default))
	}
	fmt.Fprintf(a.stdout, "memory  %s for the process, %s a checkpoint\n", size(r.Memory), size(r.State))
	fmt.Fprintf(a.stdout, "time    %s to compile, %s a round on %s, about %s for the whole run\n",
		short(e.Compile), short(e.Round), r.Backend, short(time.Duration(r.Whole*float64(time.Second))))
	fmt.Fprintln(a.stdout, "this was a dry run: nothing was written")
	return nil
}
