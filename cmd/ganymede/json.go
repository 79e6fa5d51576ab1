package main

import (
	"encoding/json"
	"io"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/ganymede-gan/ganymede/train"
)

// printJSON writes a value as one indented object.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// jsonDisplay writes one object a line.
type jsonDisplay struct{ out io.Writer }

type object map[string]any

func (d *jsonDisplay) line(o object) {
	e := json.NewEncoder(d.out)
	e.SetEscapeHTML(false)
	e.Encode(o) // a reader that went away is no reason to stop training
}

func (d *jsonDisplay) start(p *ganymede.Plan) {
	d.line(object{
		"type": "start", "model": p.Model.Name, "why": p.Why, "data": p.Set.Name, "train": p.Set.Origin.Train, "held_out": p.Set.Origin.HeldOut,
		"classes": p.Set.Codec.Classes(), "rounds": p.Rounds, "round": p.Round, "batch": p.Game.Batch, "seed": p.Seed, "backend": p.Backend, "seconds": p.Time.Seconds(),
		"defects": p.Set.Defects, "notes": p.Set.Notes,
	})
}

func (d *jsonDisplay) idle(p *ganymede.Plan) {
	d.line(object{"type": "end", "state": "finished", "dir": p.Dir, "round": p.Round, "rounds": p.Rounds})
}

func (d *jsonDisplay) note(string) {}

func (d *jsonDisplay) event(e train.Event) {
	switch e.Kind {
	case train.Played:
		o := object{"type": "round", "round": e.Result.Round, "rounds": e.Rounds, "wall_seconds": e.Took.Seconds()}
		record := run.Record{}
		for _, term := range e.Result.Terms {
			record.Fields = append(record.Fields, run.Field{Name: term.Name, Value: term.Value})
		}
		o["terms"] = record // knows how to write what is not finite
		d.line(o)
	case train.Sampled:
		d.line(object{"type": "sample", "round": e.Result.Round, "path": e.Path})
	case train.Saved:
		d.line(object{"type": "checkpoint", "round": e.Result.Round, "path": e.Path})
	case train.Warned:
		d.line(object{"type": "warning", "warning": e.Warning.Error()})
	}
}

func (d *jsonDisplay) end(e ending) {
	o := object{"type": "end", "state": e.state(), "wall_seconds": e.took.Seconds()}
	if e.outcome != nil {
		o["dir"], o["round"], o["progress"], o["adopted"] = e.outcome.Dir, e.outcome.Round, e.outcome.Progress, e.outcome.Adopted
	}
	if e.err != nil && !e.interrupted {
		o["error"] = e.err.Error()
	}
	if d := e.diverged(); d != nil {
		o["diverged"] = object{"round": d.Round, "term": d.Term, "tensor": d.Tensor, "good": d.Good}
	}
	d.line(o)
}
