package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/ganymede-gan/ganymede/data/sets"
	"github.com/spf13/cobra"
)

func newData(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "List the sets of data that have a name",
		Example: `  ganymede data list
  ganymede data list --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usageError{unknownCommand(cmd, args[0])}
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDataList(a))
	return cmd
}

func newDataList(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the sets that come with the project and the usual public ones",
		Example: `  ganymede data list`,
		Args:    arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if asJSON {
				return a.printJSON(sets.List())
			}
			table := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
			fmt.Fprintln(table, "NAME\tRECORDS\tSIZE\tWHERE\tWHAT\tLICENCE")
			for _, s := range sets.List() {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, recordsText(s), sizeText(s), where(s), s.What, s.Licence)
			}
			return table.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func recordsText(s sets.Info) string {
	switch {
	case s.Kind == "points":
		return "any"
	case s.Test > 0:
		return fmt.Sprintf("%s + %s", count(s.Train), count(s.Test))
	}
	return count(s.Train)
}

func sizeText(s sets.Info) string {
	if s.Bytes == 0 {
		return "-"
	}
	return size(s.Bytes)
}

func where(s sets.Info) string {
	switch {
	case s.Embedded:
		return "here"
	case s.Fetched:
		return "fetched"
	}
	return "to fetch"
}
