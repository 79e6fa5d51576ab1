package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/config"
)

// describe says what will be trained on what.
func describe(w io.Writer, p *ganymede.Plan) {
	fmt.Fprintf(w, "data    %s: %s, %s\n", p.Set.Name, plural(p.Set.Origin.Train, noun(p)), heldOut(p))
	if text := layout(p); text != "" {
		fmt.Fprintf(w, "        %s\n", text)
	}
	for _, note := range p.Set.Notes {
		fmt.Fprintf(w, "        note: %s\n", note)
	}
	if n := len(p.Set.Defects); n > 0 {
		fmt.Fprintf(w, "        %s skipped (first: %s)\n", plural(n, "broken file"), p.Set.Defects[0])
	}
	fmt.Fprintf(w, "model   %s", p.Model.Title)
	if p.Why != "" {
		fmt.Fprintf(w, ", chosen because %s (--model to choose)", p.Why)
	}
	fmt.Fprintf(w, "\nlength  %s\n", length(p))
}

func noun(p *ganymede.Plan) string {
	if p.Set.Codec.Kind() == "points" {
		return "point"
	}
	return "picture"
}

func heldOut(p *ganymede.Plan) string {
	if n := p.Set.Origin.HeldOut; n > 0 {
		return fmt.Sprintf("and %s held out that are never trained on", count(n))
	}
	return "none held out"
}

// layout says how pictures will look, and what classes there are.
func layout(p *ganymede.Plan) string {
	codec, ok := ganymede.PictureCodec(p.Set.Codec)
	if !ok {
		return ""
	}
	colours := map[int]string{1: "grey", 3: "colour", 4: "colour with transparency"}[codec.Channels]
	text := fmt.Sprintf("%dx%d, %s", codec.Side, codec.Side, colours)
	if n := len(codec.ClassNames); n > 1 {
		text += fmt.Sprintf(", %d classes: %s", n, some(codec.ClassNames, 10))
	}
	return text
}

// some lists at most n names.
func some(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:n], ", ") + ", ..."
}

func length(p *ganymede.Plan) string {
	batch := fmt.Sprintf("of %s", plural(p.Game.Batch, noun(p)))
	if p.Time > 0 {
		return fmt.Sprintf("rounds %s for %s", batch, short(p.Time))
	}
	if p.Round > 0 {
		return fmt.Sprintf("%s %s; %s are played, %s to go", plural(p.Rounds, "round"), batch, count(p.Round), count(max(0, p.Rounds-p.Round)))
	}
	return fmt.Sprintf("%s %s", plural(p.Rounds, "round"), batch)
}

// conclude says how it ended, where things are, and what to type next.
func conclude(w io.Writer, e ending) {
	o := e.outcome
	diverged := e.diverged()
	switch {
	case e.interrupted:
		fmt.Fprintf(w, "\ninterrupted after round %s; saved in %s\n", count(o.Round), o.Dir)
	case diverged != nil:
		fmt.Fprintf(w, "\ndiverged in round %s; the last good checkpoint, of round %s, is kept in %s\n", count(diverged.Round), count(diverged.Good), o.Dir)
	case e.err != nil:
		fmt.Fprintf(w, "\nstopped after round %s; what was saved is in %s\n", count(o.Round), o.Dir)
	default:
		fmt.Fprintf(w, "\n%s in %s, in %s\n", plural(o.Round, "round"), short(e.took), o.Dir)
	}
	if o.Progress != "" {
		fmt.Fprintf(w, "  how it learnt:  %s\n", o.Progress)
	}
	fmt.Fprintf(w, "  samples:        %s\n", filepath.Join(o.Dir, "samples"))
	table := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	defer table.Flush()
	switch {
	case diverged != nil:
		fmt.Fprintf(table, "next:\n  ganymede sample %s\tnew %ss of that checkpoint\n", o.Dir, noun(e.plan))
		fmt.Fprintf(table, "  ganymede train %s --init %s%s\tfrom there, lower; --resume would diverge again\n", e.plan.Data, o.Dir, lower(e.plan.Config))
	case e.plan.Set.Codec.Kind() == "couples" && (e.err == nil || e.interrupted):
		fmt.Fprintf(table, "next:\n  ganymede translate %s PICTURE\tthe other kind of it\n", o.Dir)
		fmt.Fprintf(table, "  ganymede train --resume %s%s\tgo on\n", o.Dir, more(e))
	case e.err == nil, e.interrupted:
		fmt.Fprintf(table, "next:\n  ganymede sample %s\tnew %ss\n", o.Dir, noun(e.plan))
		fmt.Fprintf(table, "  ganymede interpolate %s\tfrom one to the next\n", o.Dir)
		fmt.Fprintf(table, "  ganymede train --resume %s%s\tgo on\n", o.Dir, more(e))
	}
}

// lower are the flags that halve the rate.
func lower(c *config.Config) string {
	o, ok := c.Option("optim.rate")
	rate, isNumber := o.Value.(float64)
	if !ok || !isNumber {
		return "" // a game of a program's own
	}
	return " --set optim.rate=" + config.Notation(rate/2)
}

// more is the flag that goes on from here.
func more(e ending) string {
	switch {
	case e.plan.Time > 0:
		return " --time " + short(e.plan.Time)
	case e.interrupted: // the run knows how many
		return ""
	}
	return fmt.Sprintf(" --rounds %d", 2*e.plan.Rounds)
}

// changed lists the options that are not at their defaults.
func changed(c *config.Config) (all []config.Option) {
	for _, o := range c.Options() {
		if config.Notation(o.Value) != config.Notation(o.Default) {
			all = append(all, o)
		}
	}
	return all
}
