package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/ganymede-gan/ganymede/run"
	"github.com/spf13/cobra"
)

func newRuns(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "runs [DIR]",
		Short: "Show the runs in a folder side by side",
		Example: `  ganymede runs
  ganymede runs elsewhere/runs --json`,
		Args: arguments(0, 1, "at most one folder of runs"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "runs"
			if len(args) == 1 {
				dir = args[0]
			}
			all, err := run.List(dir)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(append([]run.Summary{}, all...)) // [] rather than null
			}
			if len(all) == 0 {
				fmt.Fprintf(a.stdout, "there are no runs in %s; ganymede train makes one\n", dir)
				return nil
			}
			return a.printRuns(all)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func (a *app) printRuns(all []run.Summary) error {
	table := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "RUN\tMODEL\tDATA\tROUNDS\tSTATE\tLAST LOSSES")
	for _, s := range all {
		state := string(s.Condition)
		if s.Condition == run.Broken || s.Condition == run.Failed {
			state += ": " + cut(s.Reason, 60)
		}
		losses := ""
		if s.Last != nil {
			losses = lossesText(s.Last)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, s.Model, s.Data, count(s.Round), state, losses)
	}
	return table.Flush()
}

// lossesText shows the losses of a record: "critic 1.234, generator 0.812".
func lossesText(r *run.Record) string {
	var parts []string
	for _, f := range r.Fields {
		if move, ok := strings.CutSuffix(f.Name, "/loss"); ok {
			value, _ := r.Number(f.Name)
			parts = append(parts, move+" "+figure(value))
		}
	}
	return strings.Join(parts, ", ")
}
