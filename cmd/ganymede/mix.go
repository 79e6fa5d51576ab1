package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ganymede-gan/ganymede"
	"github.com/spf13/cobra"
)

func newMix(a *app) *cobra.Command {
	var f generatorFlags
	var o ganymede.MixOptions
	var layers, out string
	var truncation float64
	cmd := &cobra.Command{
		Use:   "mix RUN",
		Short: "Mix the styles of samples, of a run with styles",
		Long: `Mix makes a sheet: a sample of each fine seed on top, one of each coarse seed on the left, and where they meet the picture that has the
coarse sample's styles in some layers, the coarsest if nobody says, and the fine sample's in the others.`,
		Example: `  ganymede mix runs/emoji-stylegan2-1 --coarse 1,2,3 --fine 4,5,6,7
  ganymede mix runs/emoji-stylegan2-1 --coarse 1,2,3 --fine 4,5,6,7 --layers 4-7`,
		Args: arguments(1, 1, "one run"), ValidArgsFunction: completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := f.open(a, args[0])
			if err != nil {
				return err
			}
			defer g.Close()
			if out == "" {
				out = filepath.Base(filepath.Clean(args[0])) + "-mix.png"
			}
			if filepath.Ext(out) != ".png" {
				return usageError{fmt.Errorf("--out is %s; a mix is written as .png", out)}
			}
			o.From, o.To = 0, min(3, g.Styles()-1)
			if layers != "" {
				if o.From, o.To, err = span(layers); err != nil {
					return usageError{err}
				}
			}
			if cmd.Flags().Changed("truncation") {
				o.Truncation = &truncation
			}
			made, err := g.Mix(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := g.SaveMix(made, len(o.Fine), out); err != nil {
				return err
			}
			return a.tellWritten(written{Path: out, Samples: len(o.Coarse) * len(o.Fine), Seed: o.Coarse[0], Round: g.Round, Weights: g.Weights}, f.json)
		},
	}
	flags := cmd.Flags()
	flags.Int64SliceVar(&o.Coarse, "coarse", []int64{1, 2, 3, 4}, "`seeds` of the samples on the left")
	flags.Int64SliceVar(&o.Fine, "fine", []int64{5, 6, 7, 8}, "`seeds` of the samples on top")
	flags.StringVar(&layers, "layers", "", "layers that take the coarse styles, as 0-3, from the coarsest; default is 0-3, which is up to 8x8")
	flags.Float64Var(&truncation, "truncation", 1, "`psi` from 0 to 1: less makes samples more alike and more typical")
	flags.StringVar(&out, "out", "", "file, .png; default is a name after the run's, here")
	f.add(cmd)
	return cmd
}

// span reads "0-3", or "2", which is "2-2".
func span(text string) (from, to int, err error) {
	first, last, ranged := strings.Cut(text, "-")
	if !ranged {
		last = first
	}
	if from, err = strconv.Atoi(first); err == nil {
		to, err = strconv.Atoi(last)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("--layers is %q; it must be a layer or two, as 0-3", text)
	}
	return from, to, nil
}
