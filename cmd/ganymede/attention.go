package main

import (
	"path/filepath"

	"github.com/spf13/cobra"
)

func newAttention(a *app) *cobra.Command {
	var f generatorFlags
	var n int
	var seed int64
	var out string
	cmd := &cobra.Command{
		Use:   "attention RUN",
		Short: "Show where a generator with self-attention looks",
		Long: `Attention makes a sheet with a row for each sample: the sample, and then, for each of five places that a white square marks, the sample lit
where the generator looked when it made that place.`,
		Example: `  ganymede attention runs/fashion-sagan-1
  ganymede attention runs/emoji-biggan-1 -n 8 --seed 3 --out maps.png`,
		Args: arguments(1, 1, "one run"), ValidArgsFunction: completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := f.open(a, args[0])
			if err != nil {
				return err
			}
			defer g.Close()
			if out == "" {
				out = filepath.Base(filepath.Clean(args[0])) + "-attention.png"
			}
			made, columns, err := g.Attention(cmd.Context(), seed, n)
			if err != nil {
				return err
			}
			if err := g.SaveAttention(made, columns, out); err != nil {
				return err
			}
			return a.tellWritten(written{Path: out, Samples: n, Seed: seed, Round: g.Round, Weights: g.Weights}, f.json)
		},
	}
	flags := cmd.Flags()
	flags.IntVarP(&n, "number", "n", 4, "how many samples")
	flags.Int64Var(&seed, "seed", 1, "another seed makes others")
	flags.StringVar(&out, "out", "", "file: .png")
	f.add(cmd)
	return cmd
}
