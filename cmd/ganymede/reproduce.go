package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/reproduce"
	"github.com/spf13/cobra"
)

// The files that published results are kept in, from the repository's root.
const (
	resultsPage    = "docs/results.md"
	resultsRecords = "docs/results"
	readmePage     = "README.md"
	modelsFile     = "docs/models.json"
)

func newReproduce(a *app) *cobra.Command {
	var o ganymede.ReproduceOptions
	var table, quiet, asJSON bool
	var page, readme, file string
	cmd := &cobra.Command{
		Use:   "reproduce [NAME]",
		Short: "Repeat a published experiment, or collate what was repeated",
		Long: `Reproduce trains and judges the parts of an experiment, one after the other, and writes a record of each. What was begun before
is gone on with. With --table it trains nothing and collates the records into a page; only those count whose seed, configuration, commit
and rounds are there. The table of models in the README and what ` + "`ganymede models`" + ` says are collated with it. Without a name it
lists the experiments.`,
		Example: `  ganymede reproduce
  ganymede reproduce ring --part wgan-gp
  ganymede reproduce --table`,
		Args: arguments(0, 1, "at most one experiment"), ValidArgsFunction: completeFirst(experimentNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case table:
				return a.collate(page, o.Records, readme, file)
			case len(args) == 0:
				return a.experiments(asJSON)
			}
			o.Name = args[0]
			return a.reproduce(cmd.Context(), o, quiet, asJSON)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Part, "part", "", "only that part")
	flags.Int64Var(&o.Seed, "seed", 0, "another seed than the experiment's own")
	flags.StringVar(&o.Data, "data", "", "where its data is, if not in the usual places")
	flags.StringVar(&o.Runs, "runs", filepath.Join("runs", "reproduce"), "folder of the runs")
	flags.StringVar(&o.Records, "records", filepath.FromSlash(resultsRecords), "folder of the records")
	flags.StringVar(&page, "page", filepath.FromSlash(resultsPage), "page that --table writes")
	flags.StringVar(&readme, "readme", readmePage, "page whose table of models --table writes; \"\" for none")
	flags.StringVar(&file, "models", filepath.FromSlash(modelsFile), "file of the models that --table writes beside it")
	flags.StringVar(&o.Backend, "backend", "cpu", "what computes: cpu, go or xla:PLUGIN")
	flags.IntVar(&o.Threads, "threads", 0, "threads of the cpu backend; 0 is one a CPU")
	flags.BoolVar(&table, "table", false, "only collate the records into the page")
	flags.BoolVarP(&quiet, "quiet", "q", false, "do not tell of training")
	flags.BoolVar(&asJSON, "json", false, "print the records as JSON")
	return cmd
}

func experimentNames() (names []string) {
	for _, e := range reproduce.Table() {
		names = append(names, e.Name+"\t"+e.Title)
	}
	return names
}

// experimentReport is an experiment in the list.
type experimentReport struct {
	Name  string   `json:"name"`
	Title string   `json:"title"`
	Claim string   `json:"claim"`
	Parts []string `json:"parts"`
}

func (a *app) experiments(asJSON bool) error {
	var all []experimentReport
	for _, e := range reproduce.Table() {
		r := experimentReport{Name: e.Name, Title: e.Title, Claim: e.Claim}
		for _, p := range e.Parts {
			r.Parts = append(r.Parts, p.Name)
		}
		all = append(all, r)
	}
	if asJSON {
		return a.printJSON(all)
	}
	for _, r := range all {
		fmt.Fprintf(a.stdout, "%-10s %s\n           parts: %s\n", r.Name, r.Title, strings.Join(r.Parts, ", "))
	}
	return nil
}

func (a *app) reproduce(ctx context.Context, o ganymede.ReproduceOptions, quiet, asJSON bool) error {
	if !quiet {
		follower := a.newFollower()
		defer follower.stop()
		o.Say = func(format string, args ...any) { follower.note(fmt.Sprintf(format, args...)) }
		o.Observe = follower.event
	}
	records, err := ganymede.Reproduce(ctx, o)
	if asJSON && len(records) > 0 {
		if err := a.printJSON(records); err != nil {
			return err
		}
	} else {
		a.printRecords(records)
	}
	return err
}

func (a *app) printRecords(records []*reproduce.Record) {
	for _, r := range records {
		fmt.Fprintf(a.stdout, "%s/%s, seed %d, %s in %.0f s\n", r.Experiment, r.Part, r.Seed, plural(r.Rounds, "round"), r.Seconds)
		for _, f := range r.Figures {
			text := fmt.Sprintf("  %-28s %s", f.Name, figure(f.Value))
			if real, ok := r.Real.Get(f.Name); ok {
				text += fmt.Sprintf("   real data: %s", figure(real))
			}
			fmt.Fprintln(a.stdout, text)
		}
	}
}

func (a *app) collate(page, records, readme, file string) error {
	omitted, err := reproduce.Write(page, records)
	if err != nil {
		return err
	}
	for _, o := range omitted {
		fmt.Fprintf(a.stderr, "ganymede: %s does not count: %v\n", o.Path, o.Err)
	}
	fmt.Fprintln(a.stdout, page)
	if readme == "" {
		return nil
	}
	if err := ganymede.WriteCatalogue(records, file, readme); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s\n%s\n", file, readme)
	return nil
}
