package main

import (
	"fmt"
	"path/filepath"

	"github.com/ganymede-gan/ganymede"
	"github.com/spf13/cobra"
)

func newTraverse(a *app) *cobra.Command {
	var f generatorFlags
	var o ganymede.TraverseOptions
	var out string
	var gif bool
	cmd := &cobra.Command{
		Use:   "traverse RUN",
		Short: "Change one code, or one number of the latent, and see what changes",
		Long: `Traverse makes rows of samples in which nothing changes but one code of a model that has codes, or one number of the latent: on a
sheet, or as an animation in which the rows change side by side. Without a choice it is the first code, or the first direction.`,
		Example: `  ganymede traverse runs/mnist-infogan-1
  ganymede traverse runs/mnist-infogan-1 --code 2 --gif
  ganymede traverse runs/emoji-dcgan-1 --direction 5 --frames 12`,
		Args: arguments(1, 1, "one run"), ValidArgsFunction: completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := f.open(a, args[0])
			if err != nil {
				return err
			}
			defer g.Close()
			if !cmd.Flags().Changed("code") && !cmd.Flags().Changed("direction") {
				if o.Direction = 1; len(g.Codes()) > 0 {
					o.Code, o.Direction = 1, 0
				}
			}
			if out == "" {
				name := fmt.Sprintf("code%d", o.Code)
				if o.Direction != 0 {
					name = fmt.Sprintf("direction%d", o.Direction)
				}
				out = filepath.Base(filepath.Clean(args[0])) + "-" + name + ".png"
				if gif {
					out = out[:len(out)-len(".png")] + ".gif"
				}
			}
			made, frames, err := g.Traverse(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := g.SaveInterpolation(made, o.Rows, out); err != nil {
				return err
			}
			return a.tellWritten(written{Path: out, Samples: o.Rows * frames, Seed: o.Seed, Round: g.Round, Weights: g.Weights}, f.json)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Code, "code", 0, "code that changes, from 1")
	flags.IntVar(&o.Direction, "direction", 0, "number of the latent that changes, from 1")
	flags.IntVar(&o.Frames, "frames", 10, "samples in a row; a categorical code has one a value")
	flags.IntVar(&o.Rows, "rows", 8, "rows, each of another sample")
	flags.Int64Var(&o.Seed, "seed", 1, "another seed makes others")
	flags.BoolVar(&gif, "gif", false, "an animation rather than a sheet")
	flags.StringVar(&out, "out", "", "file: .png or .gif (of points: .png or .csv)")
	f.add(cmd)
	return cmd
}
