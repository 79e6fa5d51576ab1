package main

import (
	"fmt"
	"math"
	"path/filepath"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/spf13/cobra"
)

// translated is what the verb tells.
type translated struct {
	Path      string        `json:"path"`
	Pictures  []string      `json:"pictures"`
	Direction string        `json:"direction"`
	Round     int           `json:"round"`
	Weights   string        `json:"weights"`
	Defects   []data.Defect `json:"defects,omitempty"`
}

func newTranslate(a *app) *cobra.Command {
	var f generatorFlags
	var o ganymede.TranslateOptions
	var out string
	cmd := &cobra.Command{
		Use:   "translate RUN PATH...",
		Short: "Translate pictures into the other kind with a run of cyclegan or pix2pix",
		Long: `Translate makes of every picture one of the other kind: of files, of all pictures in folders and archives. They are made square and
scaled as the run's own were, and written as PNG files of the same names. A run goes from the data that it was trained on (ab) to that
of --to, and one of cyclegan back as well (ba).`,
		Example: `  ganymede translate runs/horses-to-zebras-cyclegan-1 horse.jpg more-horses
  ganymede translate runs/horses-to-zebras-cyclegan-1 zebra.jpg --direction ba --out horses`,
		Args: arguments(2, math.MaxInt, "a run and one picture or more"), ValidArgsFunction: completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := f.open(a, args[0])
			if err != nil {
				return err
			}
			defer g.Close()
			if out == "" {
				out = filepath.Base(filepath.Clean(args[0])) + "-" + o.Direction
			}
			done, err := g.TranslateFiles(cmd.Context(), args[1:], out, o)
			if err != nil {
				return err
			}
			if f.json {
				return a.printJSON(translated{out, done.Written, o.Direction, g.Round, g.Weights, done.Defects})
			}
			for _, defect := range done.Defects {
				fmt.Fprintf(a.stderr, "ganymede: %s\n", defect)
			}
			fmt.Fprintf(a.stdout, "%s  (%s, %s, %s weights after round %s)\n", out, plural(len(done.Written), "picture"), o.Direction, g.Weights, count(g.Round))
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Direction, "direction", "ab", "ab, or ba where the run goes back too")
	flags.Int64Var(&o.Seed, "seed", 1, "of the noise, where the model has some; another seed makes others")
	flags.StringVar(&out, "out", "", "`folder`; default is a name after the run's, here")
	f.add(cmd)
	completeFlag(cmd, "direction", func() []string { return []string{"ab", "ba"} })
	return cmd
}
