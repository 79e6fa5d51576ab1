package main

import (
	"fmt"
	"strings"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/spf13/cobra"
)

// modelReport is what there is to say about a model.
type modelReport struct {
	Name    string            `json:"name"`
	Title   string            `json:"title"`
	Paper   string            `json:"paper"`
	For     string            `json:"for"`
	Sides   []int             `json:"sides,omitempty"` // of pictures; empty: any
	At      []int             `json:"at"`              // the shape that the parameters are counted at
	Players []ganymede.Player `json:"players"`
	Full    []ganymede.Player `json:"full,omitempty"` // of one model, with preset=paper, where Players are of the small preset
	Rounds  int               `json:"rounds"`         // by default
	Options []config.Option   `json:"options,omitempty"`
}

func newModels(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "models [NAME]",
		Short: "List the models, or one with its options",
		Example: `  ganymede models
  ganymede models wgan-gp
  ganymede models --json`,
		Args:              arguments(0, 1, "at most one model"),
		ValidArgsFunction: completeFirst(modelNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.model(args[0], asJSON)
			}
			return a.models(asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, with all options")
	return cmd
}

func modelNames() (names []string) {
	for _, m := range models.Table() {
		names = append(names, m.Name+"\t"+m.Title)
	}
	return names
}

// reportOn counts a model's parameters and gathers its options.
func reportOn(m gan.Model) (modelReport, *config.Config, error) {
	shape := ganymede.DefaultShape(m)
	r := modelReport{Name: m.Name, Title: m.Title, Paper: m.Paper, For: m.For, Sides: m.Sides, At: shape.Shape, Rounds: m.Length(shape)}
	c, err := ganymede.Configure(m, "images")
	if err != nil {
		return r, nil, err
	}
	r.Options = c.Options()
	r.Players, err = ganymede.CountParameters(m, shape)
	return r, c, err
}

func (a *app) models(asJSON bool) error {
	var reports []modelReport
	for _, m := range models.Table() {
		r, _, err := reportOn(m)
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	if asJSON {
		return a.printJSON(reports)
	}
	for _, r := range reports {
		fmt.Fprintf(a.stdout, "%-12s %s\n%13s%s\n%13s%s, at %s\n", r.Name, r.For, "", r.Paper, "", playersText(r.Players), shapeText(r.At))
	}
	fmt.Fprintln(a.stdout, "\nganymede models NAME lists a model's options.")
	return nil
}

func (a *app) model(name string, asJSON bool) error {
	m, err := models.Find(name)
	if err != nil {
		return usageError{err}
	}
	r, c, err := reportOn(m)
	if err != nil {
		return err
	}
	if m.Small != nil {
		if r.Full, err = ganymede.CountParameters(m, ganymede.DefaultShape(m), "preset=paper"); err != nil {
			return err
		}
	}
	if asJSON {
		return a.printJSON(r)
	}
	fmt.Fprintf(a.stdout, "%s (%s)\n  %s\n  for: %s\n", r.Title, r.Name, r.Paper, r.For)
	if len(r.Sides) > 0 {
		fmt.Fprintf(a.stdout, "  pictures: squares of %s\n", strings.Trim(fmt.Sprint(r.Sides), "[]"))
	}
	fmt.Fprintf(a.stdout, "  parameters: %s, at %s\n", playersText(r.Players), shapeText(r.At))
	if r.Full != nil {
		fmt.Fprintf(a.stdout, "  of preset=paper: %s\n", playersText(r.Full))
	}
	fmt.Fprintf(a.stdout, "  length: %s by default\n\noptions (--set key=value):\n%s", plural(r.Rounds, "round"), c.Help())
	return nil
}

func playersText(players []ganymede.Player) string {
	var parts []string
	for _, p := range players {
		parts = append(parts, p.Name+" "+count(p.Parameters))
	}
	return strings.Join(parts, ", ")
}

func shapeText(shape []int) string {
	var parts []string
	for _, n := range shape {
		parts = append(parts, fmt.Sprint(n))
	}
	return strings.Join(parts, "x")
}
