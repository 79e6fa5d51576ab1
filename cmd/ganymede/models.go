package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/spf13/cobra"
)

// modelReport is what there is to say about a model, with its options.
type modelReport struct {
	ganymede.ModelReport
	Options []config.Option `json:"options,omitempty"`
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

// reportOn finds what the catalogue says of a model, and gathers its options.
func reportOn(m gan.Model) (r modelReport, c *config.Config, err error) {
	reports, err := ganymede.Catalogue()
	if err != nil {
		return r, nil, err
	}
	if i := slices.IndexFunc(reports, func(r ganymede.ModelReport) bool { return r.Name == m.Name }); i >= 0 {
		r.ModelReport = reports[i]
	} else if r.ModelReport, err = ganymede.Report(m); err != nil { // a model that the catalogue does not know yet
		return r, nil, err
	}
	if c, err = ganymede.Configure(m, "images"); err != nil {
		return r, nil, err
	}
	r.Options = c.Options()
	return r, c, nil
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
		line := func(format string, args ...any) {
			fmt.Fprintf(a.stdout, "%15s"+format+"\n", append([]any{""}, args...)...)
		}
		fmt.Fprintf(a.stdout, "%-14s %s\n", r.Name, r.For)
		line("%s", r.Paper)
		line("%s, at %s", playersText(r.Players), shapeText(r.At))
		line("in the paper: %s", r.full())
		if cost := r.cost(); cost != "" {
			line("a round: %s", cost)
		}
		for _, measured := range r.Measured() {
			line("%s", measured)
		}
	}
	fmt.Fprintln(a.stdout, "\nganymede models NAME lists a model's options.")
	return nil
}

// full is the size of the paper's configuration.
func (r modelReport) full() string {
	text := playersText(r.Full) + ", at " + shapeText(r.Home)
	if r.Classes > 0 {
		text += fmt.Sprintf(" with %s classes", count(r.Classes))
	}
	return text
}

// cost is what a round costs, as measured; "" where no record tells.
func (r modelReport) cost() string {
	s, known := r.Cost()
	if !known {
		return ""
	}
	return fmt.Sprintf("%.2g s in the experiment %s (%s, %s)", s.Round, s.Experiment, plural(s.Threads, "thread"), s.Machine)
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
	if asJSON {
		return a.printJSON(r)
	}
	fmt.Fprintf(a.stdout, "%s (%s), %d\n  %s\n  for: %s\n", r.Title, r.Name, r.Year, r.Paper, r.For)
	if len(r.Sides) > 0 {
		fmt.Fprintf(a.stdout, "  pictures: squares of %s\n", strings.Trim(fmt.Sprint(r.Sides), "[]"))
	}
	fmt.Fprintf(a.stdout, "  parameters: %s, at %s\n  in the paper: %s\n", playersText(r.Players), shapeText(r.At), r.full())
	if cost := r.cost(); cost != "" {
		fmt.Fprintf(a.stdout, "  a round: %s\n", cost)
	}
	for _, measured := range r.Measured() {
		fmt.Fprintf(a.stdout, "  measured: %s\n", measured)
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
