package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/ganymede-gan/ganymede/cmd/ganymede/internal/terminal"
	"github.com/ganymede-gan/ganymede/data/sets"
	"github.com/spf13/cobra"
)

func newData(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "List the sets of data that have a name, or fetch one",
		Example: `  ganymede data list
  ganymede data fetch mnist`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usageError{unknownCommand(cmd, args[0])}
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDataList(a), newDataFetch(a))
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

// fetched is what `ganymede data fetch` tells.
type fetched struct {
	Dir string `json:"dir"`
	sets.Receipt
}

func newDataFetch(a *app) *cobra.Command {
	var asJSON, quiet bool
	var dest string
	cmd := &cobra.Command{
		Use:   "fetch NAME",
		Short: "Download a public set, once",
		Long: `Fetch downloads a public set from a list of mirrors into the user's cache, after which train knows it by name. A download that was
broken off goes on where it stopped. Files are checked by their SHA-256 where an original was at hand to take it from; the others are said
to be unverified.`,
		Example: `  ganymede data fetch mnist
  ganymede train mnist`,
		Args: arguments(1, 1, "one name of `ganymede data list`"), ValidArgsFunction: completeFirst(setNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, receipt, err := sets.Fetch(cmd.Context(), args[0], dest, a.fetchProgress(quiet || asJSON))
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(fetched{dir, receipt})
			}
			checked := "every file has the checksum of the original"
			if !receipt.Verified {
				checked = "UNVERIFIED: no original was at hand to compare with"
			}
			fmt.Fprintf(a.stdout, "%s\n  %s\n  licence %s\n", dir, checked, receipt.Licence)
			if receipt.Attribution != "" {
				fmt.Fprintf(a.stdout, "  to be shown beside what is made: %s\n", receipt.Attribution)
			}
			fmt.Fprintf(a.stdout, "next:\n  ganymede train %s\n", receipt.Name)
			return nil
		},
	}
	cmd.Flags().StringVar(&dest, "dest", "", "folder to put the set's folder in, instead of the user's cache")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print only the result")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// fetchProgress tells how far a download is: on a terminal in one line that is kept up to date, elsewhere a line a file.
func (a *app) fetchProgress(quiet bool) func(sets.Progress) {
	if quiet {
		return nil
	}
	live := terminal.Is(a.stderr)
	done := -1
	return func(p sets.Progress) {
		line := fmt.Sprintf("%s: %s of %s files, %s", p.Set, count(p.Done), count(p.Total), size(p.Bytes))
		switch {
		case live:
			fmt.Fprintf(a.stderr, "\r\x1b[2K%s", line)
			if p.Done == p.Total {
				fmt.Fprintln(a.stderr)
			}
		case p.Done != done:
			done = p.Done
			fmt.Fprintln(a.stderr, line)
		}
	}
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
