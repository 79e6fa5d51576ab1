package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/ganymede-gan/ganymede"
	"github.com/spf13/cobra"
)

// generatorFlags choose a generator of a run.
type generatorFlags struct {
	checkpoint checkpointFlag
	weights    string
	backend    string
	threads    int
	json       bool
}

func (f *generatorFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&f.checkpoint, "checkpoint", "last, or the `round` of a checkpoint")
	flags.StringVar(&f.weights, "weights", "ema", "ema (averaged, where the run keeps averages) or raw")
	flags.StringVar(&f.backend, "backend", "cpu", "what computes: cpu, go or xla:PLUGIN")
	flags.IntVar(&f.threads, "threads", 0, "threads of the cpu backend; 0 is one a CPU")
	flags.BoolVar(&f.json, "json", false, "print what was written as JSON")
	completeOfRun(cmd, "checkpoint", checkpointNames)
	completeFlag(cmd, "weights", func() []string { return []string{"ema", "raw"} })
	completeFlag(cmd, "backend", func() []string { return ganymede.Backends() })
}

// open opens the generator, and tells of checkpoints that were passed over.
func (f *generatorFlags) open(a *app, dir string) (*ganymede.Generator, error) {
	if f.weights != "ema" && f.weights != "raw" {
		return nil, usageError{fmt.Errorf("--weights is %q; it must be ema or raw", f.weights)}
	}
	g, err := ganymede.Open(dir, ganymede.OpenOptions{
		Checkpoint: int(f.checkpoint), Raw: f.weights == "raw", Backend: f.backend, Threads: f.threads,
	})
	if err != nil {
		return nil, err
	}
	for _, damaged := range g.Damaged {
		fmt.Fprintf(a.stderr, "ganymede: %v\n", damaged)
	}
	return g, nil
}

// checkpointFlag is a round, 0 for the last.
type checkpointFlag int

func (c *checkpointFlag) String() string {
	if *c == 0 {
		return "last"
	}
	return fmt.Sprint(int(*c))
}

func (c *checkpointFlag) Type() string { return "round" }

func (c *checkpointFlag) Set(text string) error {
	if text == "last" {
		*c = 0
		return nil
	}
	var n int
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil || n < 1 || fmt.Sprint(n) != text {
		return fmt.Errorf("it must be last, or the number of a round")
	}
	*c = checkpointFlag(n)
	return nil
}

// written is what a verb that writes samples tells.
type written struct {
	Path    string `json:"path"`
	Format  string `json:"format,omitempty"`
	Samples int    `json:"samples"`
	Seed    int64  `json:"seed"`
	Round   int    `json:"round"`   // of the checkpoint
	Weights string `json:"weights"` // averaged or raw
}

func newSample(a *app) *cobra.Command {
	var f generatorFlags
	var o ganymede.SampleOptions
	var format, out string
	var truncation float64
	cmd := &cobra.Command{
		Use:   "sample RUN",
		Short: "Make new pictures or points with a trained run",
		Long: `Sample makes records with a run's generator and writes them: on one sheet (grid), as a folder of pictures (png), as the arrays
of the model's output (npz), or, of points, as a table (csv). Sample i of a seed is always the same, however many are made.`,
		Example: `  ganymede sample runs/fashion-cgan-1
  ganymede sample runs/fashion-cgan-1 -n 20 --class Sneaker --class Bag
  ganymede sample runs/emoji-dcgan-1 -n 1000 --seed 7 --format png --out new-emoji
  ganymede sample runs/ring-wgan-gp-1 -n 2500 --out points.csv`,
		Args: arguments(1, 1, "one run"), ValidArgsFunction: completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := f.open(a, args[0])
			if err != nil {
				return err
			}
			defer g.Close()
			if format == "" {
				format = formatFor(out)
			}
			if !slices.Contains(g.Formats(), format) {
				return usageError{fmt.Errorf("--format is %q; this run's samples are written as %s", format, words(g.Formats()))}
			}
			if out == "" {
				out = defaultOut(args[0], format)
			}
			if cmd.Flags().Changed("truncation") {
				o.Truncation = &truncation
			}
			samples, err := g.Sample(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := g.Save(samples, format, out); err != nil {
				return err
			}
			w := written{Path: out, Format: format, Samples: o.N, Seed: o.Seed, Round: g.Round, Weights: g.Weights}
			return a.tellWritten(w, f.json)
		},
	}
	flags := cmd.Flags()
	flags.IntVarP(&o.N, "number", "n", 64, "how many")
	flags.Int64Var(&o.Seed, "seed", 1, "another seed makes others")
	flags.StringArrayVar(&o.Classes, "class", nil, "class to make, of a conditional model; may be given many times")
	flags.Float64Var(&truncation, "truncation", 1, "less makes samples more alike and more typical: `psi` from 0 to 1 of models with styles; of others the largest number of a latent, as 0.5")
	flags.StringVar(&format, "format", "", "grid, png, npz or, of points, csv; default is what --out ends in, else grid")
	flags.StringVar(&out, "out", "", "file, or folder for png; default is a name after the run's, here")
	f.add(cmd)
	completeOfRun(cmd, "class", classNames)
	completeFlag(cmd, "format", func() []string { return []string{ganymede.Grid, ganymede.PNG, ganymede.NPZ, ganymede.CSV} })
	return cmd
}

// formatFor is the format that a path asks for.
func formatFor(out string) string {
	switch format := ganymede.FormatOf(out); {
	case format != "":
		return format
	case out == "":
		return ganymede.Grid
	}
	return ganymede.PNG // a folder
}

// defaultOut is where samples go if nobody says.
func defaultOut(dir, format string) string {
	base := filepath.Base(filepath.Clean(dir)) + "-samples"
	switch format {
	case ganymede.Grid:
		return base + ".png"
	case ganymede.PNG:
		return base
	}
	return base + "." + format
}

func (a *app) tellWritten(w written, asJSON bool) error {
	if asJSON {
		return a.printJSON(w)
	}
	fmt.Fprintf(a.stdout, "%s  (%s, seed %d, %s weights after round %s)\n", w.Path, plural(w.Samples, "sample"), w.Seed, w.Weights, count(w.Round))
	return nil
}

// words is "a, b or c".
func words(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return some(names[:n-1], n) + " or " + names[n-1]
	}
}
