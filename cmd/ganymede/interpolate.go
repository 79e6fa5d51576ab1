package main

import (
	"path/filepath"

	"github.com/spf13/cobra"
)

func newInterpolate(a *app) *cobra.Command {
	var f generatorFlags
	var frames, rows int
	var seed int64
	var out string
	cmd := &cobra.Command{
		Use:   "interpolate RUN",
		Short: "Go from one sample to another, step by step",
		Long: `Interpolate makes rows that each go from one sample of the seed to another through the latent space, along the great circle: on a
sheet, or as an animation in which the rows go on side by side.`,
		Example: `  ganymede interpolate runs/fashion-cgan-1
  ganymede interpolate runs/emoji-dcgan-1 --rows 6 --frames 24 --out morph.gif`,
		Args: arguments(1, 1, "one run"), ValidArgsFunction: completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := f.open(a, args[0])
			if err != nil {
				return err
			}
			defer g.Close()
			if out == "" {
				out = filepath.Base(filepath.Clean(args[0])) + "-interpolation.png"
			}
			made, err := g.Interpolate(cmd.Context(), seed, rows, frames)
			if err != nil {
				return err
			}
			if err := g.SaveInterpolation(made, rows, out); err != nil {
				return err
			}
			return a.tellWritten(written{Path: out, Samples: rows * frames, Seed: seed, Round: g.Round, Weights: g.Weights}, f.json)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&frames, "frames", 8, "samples in a row")
	flags.IntVar(&rows, "rows", 4, "rows")
	flags.Int64Var(&seed, "seed", 1, "another seed makes others")
	flags.StringVar(&out, "out", "", "file: .png or .gif (of points: .png or .csv)")
	f.add(cmd)
	return cmd
}
