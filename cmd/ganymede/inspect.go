package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/sets"
	"github.com/spf13/cobra"
)

func newInspect(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect RUN|DATA",
		Short: "Say what a run or a set of data is",
		Long: `Inspect looks at everything that a run's folder holds, or at every picture under a path: shapes, classes, counts, ranges of
values, and defects by file name.`,
		Example: `  ganymede inspect ./my-pictures
  ganymede inspect fashion --json
  ganymede inspect runs/fashion-cgan-1`,
		Args:              arguments(1, 1, "one run, path or set"),
		ValidArgsFunction: completeRunsAndData,
		RunE: func(cmd *cobra.Command, args []string) error {
			if ganymede.IsRun(args[0]) {
				report, err := ganymede.InspectRun(args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return a.printJSON(report)
				}
				a.printRun(report)
				return nil
			}
			found, err := ganymede.InspectData(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(dataReport(found))
			}
			a.printData(found)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// dataReport is the part of what was found that describes it.
func dataReport(found *sets.Found) any {
	if found.Survey != nil {
		return struct {
			Kind string `json:"kind"`
			*images.Survey
		}{found.Kind, found.Survey}
	}
	return struct {
		sets.Info
		Modes [][2]float64 `json:"modes,omitempty"`
		Sigma float64      `json:"sigma"`
	}{found.Info, found.Distribution.Modes, found.Distribution.Sigma}
}

func (a *app) printData(found *sets.Found) {
	s := found.Survey
	if s == nil {
		d := found.Distribution
		fmt.Fprintf(a.stdout, "%s: %s\n  points in the plane, drawn by a formula, as many as are asked for (data.points)\n", d.Name, d.What)
		if len(d.Modes) > 0 {
			fmt.Fprintf(a.stdout, "  %s, sigma %v\n", plural(len(d.Modes), "mode"), d.Sigma)
		}
		return
	}
	fmt.Fprintf(a.stdout, "%s: %s in a %s of %s, %s\n", s.Name, plural(s.Pictures, "picture"), s.Container, s.Holds, size(s.Bytes))
	if s.Test > 0 {
		fmt.Fprintf(a.stdout, "  train %s, test %s\n", count(s.Train), count(s.Test))
	}
	for _, c := range s.Classes {
		fmt.Fprintf(a.stdout, "  class %-20s %s", c.Name, count(c.Train))
		if c.Test > 0 {
			fmt.Fprintf(a.stdout, " + %s", count(c.Test))
		}
		fmt.Fprintln(a.stdout)
	}
	fmt.Fprintf(a.stdout, "  sizes   %s\n", sizesText(s.Sizes))
	fmt.Fprintf(a.stdout, "  colours %s\n  formats %s\n", kindsText(s.Kinds), kindsText(s.Formats))
	if s.Low != nil && s.High != nil {
		fmt.Fprintf(a.stdout, "  values  %v to %v\n", *s.Low, *s.High)
	}
	if s.Other > 0 {
		fmt.Fprintf(a.stdout, "  other   %s, passed over\n", plural(s.Other, "file"))
	}
	for _, note := range s.Notes {
		fmt.Fprintf(a.stdout, "  note: %s\n", note)
	}
	for _, d := range s.Defects {
		fmt.Fprintf(a.stdout, "  defect: %s\n", d)
	}
	if s.Licence != "" {
		fmt.Fprintf(a.stdout, "  licence %s\n", s.Licence)
	}
	if s.Credit != "" {
		fmt.Fprintf(a.stdout, "  to be shown beside what is made: %s\n", s.Credit)
	}
	fmt.Fprintf(a.stdout, "  sha256  %s\n", s.Hash)
}

// sizesText lists the commonest sizes.
func sizesText(sizes []images.Size) string {
	var parts []string
	for i, s := range sizes {
		if i == 6 {
			parts = append(parts, fmt.Sprintf("and %d other sizes", len(sizes)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("%dx%d (%s)", s.Width, s.Height, count(s.Pictures)))
	}
	return strings.Join(parts, ", ")
}

func kindsText(kinds images.Kinds) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		parts = append(parts, fmt.Sprintf("%s (%s)", name, count(kinds[name])))
	}
	return strings.Join(parts, ", ")
}

func (a *app) printRun(r *ganymede.RunReport) {
	w := a.stdout
	fmt.Fprintf(w, "%s: %s on %s, %s after round %s", r.Dir, r.Model, r.Data, r.Condition, count(r.Round))
	if r.Planned >= r.Round { // a run for a time may have more
		fmt.Fprintf(w, " of %s", count(r.Planned))
	}
	fmt.Fprintln(w)
	if r.Reason != "" {
		fmt.Fprintf(w, "  reason   %s\n", r.Reason)
	}
	fmt.Fprintf(w, "  made     %s, seed %d, by ganymede %s on %s\n", r.Created.Local().Format("2006-01-02 15:04"), r.Seed, r.Versions["ganymede"], r.Versions["backend"])
	fmt.Fprintf(w, "  data     %s: %s records, sha256 %.16s\n", r.Origin.Path, count(int(r.Origin.Count)), r.Origin.SHA256)
	fmt.Fprintf(w, "  makes    %s of %s\n", r.Kind, shapeText(r.Shape))
	if len(r.Classes) > 0 {
		fmt.Fprintf(w, "  classes  %s\n", some(r.Classes, 20))
	}
	if len(r.Players) > 0 {
		fmt.Fprintf(w, "  players  %s parameters\n", playersText(r.Players))
	}
	fmt.Fprintf(w, "  saved    checkpoints of rounds %s; %s of samples\n", numbers(r.Checkpoints), plural(len(r.Sheets), "sheet"))
	for _, damaged := range r.Damaged {
		fmt.Fprintf(w, "  damaged  %s\n", damaged)
	}
	if r.Last != nil {
		fmt.Fprintf(w, "  last     %s\n", lossesText(r.Last))
	}
}

func numbers(rounds []int) string {
	if len(rounds) == 0 {
		return "none"
	}
	var parts []string
	for _, n := range rounds {
		parts = append(parts, count(n))
	}
	return some(parts, 12)
}
