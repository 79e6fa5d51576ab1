package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede"
	"github.com/ganymede-gan/ganymede/bench"
	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/spf13/cobra"
)

// benchFlags are those of `ganymede bench`.
type benchFlags struct {
	bench.Options
	asJSON    bool
	save, doc string
	from      string
}

func newBench(a *app) *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast the engine is here, alone or side by side with PyTorch, JAX, NumPy and GoMLX's own backend",
		Long: `Bench measures products, convolutions, whole rounds, sampling, compiling and memory, in float32, on one and on two threads. Rows are printed as
they come. With --peers the same work is done by others too, in turn, in short bursts; bench/peers/setup.sh installs them. A ratio is ours over
theirs: under 1 is faster. Use a quiet machine.`,
		Example: `  ganymede bench
  ganymede bench --only round/dcgan64 --threads 1 --json
  ganymede bench --peers --doc docs/benchmarks.md
  ganymede bench round --model dcgan --profile`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.bench(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON object at the end, and the rows on stderr as they come")
	flags.BoolVar(&f.Peers, "peers", false, "measure the peers too")
	flags.BoolVar(&f.Every, "all", false, "measure a round of every model too")
	flags.StringSliceVar(&f.Only, "only", nil, "only these rows: names, what names begin with (conv/dcgan64), or patterns (conv/*/*/forward)")
	flags.IntSliceVar(&f.Threads, "threads", nil, "numbers of threads (default 1,2)")
	flags.IntVar(&f.Bursts, "bursts", 0, "bursts of each side; 0 is as many as there is time for, 3 to 9")
	flags.StringSliceVar(&f.Pythons, "python", []string{filepath.FromSlash("bench/.venv/bin/python")}, "where PyTorch, JAX and NumPy are looked for, in this order")
	flags.StringVar(&f.Stock, "stock", filepath.FromSlash("bench/.venv/bin/stock"), "the program of bench/peers/stock, which is GoMLX's own backend")
	flags.StringVar(&f.save, "save", "", "file to write the report to, as JSON")
	flags.StringVar(&f.doc, "doc", "", "page to write, docs/benchmarks.md, and the report beside it as .json; what stands under its heading Notes is kept")
	flags.StringVar(&f.from, "from", "", "measure nothing and take the report from this file")
	completeFlag(cmd, "only", func() []string { return bench.Names(true) })
	cmd.AddCommand(newBenchRound(a), newBenchMemory(a))
	return cmd
}

func (a *app) bench(ctx context.Context, f benchFlags) error {
	if slices.ContainsFunc(f.Threads, func(n int) bool { return n < 1 }) {
		return usageError{errors.New("--threads: each must be 1 or more")}
	}
	if f.Bursts < 0 {
		return usageError{errors.New("--bursts cannot be negative")}
	}
	report, failed := a.benchReport(ctx, f)
	if errors.Is(failed, bench.ErrNothing) {
		return usageError{failed}
	}
	if report == nil {
		return failed
	}
	if f.doc != "" {
		if err := report.WritePage(f.doc); err != nil {
			return err
		}
		if f.save == "" && f.from == "" {
			f.save = strings.TrimSuffix(f.doc, filepath.Ext(f.doc)) + ".json"
		}
	}
	if f.save != "" {
		if err := report.Save(f.save); err != nil {
			return err
		}
	}
	if f.asJSON {
		return errors.Join(failed, a.printJSON(report))
	}
	report.PrintSummary(a.stdout)
	return failed
}

// benchReport measures, or reads what was measured. With an error there may be a report of what was measured all the same.
func (a *app) benchReport(ctx context.Context, f benchFlags) (*bench.Report, error) {
	if f.from != "" {
		return bench.Load(f.from)
	}
	out := a.stdout
	if f.asJSON {
		out = a.stderr
	}
	f.Tell = func(rows []bench.Row) { bench.Print(out, rows) }
	f.Command, f.Version = "ganymede "+strings.Join(os.Args[1:], " "), ganymede.Version()
	f.Child = func(args []string) []string { return append([]string{os.Args[0], "bench"}, args...) }
	return bench.Run(ctx, f.Options)
}

// newBenchRound is `ganymede bench round`.
func newBenchRound(a *app) *cobra.Command {
	var o bench.RoundOptions
	var asJSON, profile bool
	var trace string
	cmd := &cobra.Command{
		Use:   "round",
		Short: "Measure rounds of a model on random pictures, and where their time goes",
		Long: `Round plays rounds of a model on random pictures and prints how long one takes. With --profile it prints a table of the kernels (calls, time, GFLOP/s,
share of the peak, bytes) and writes a trace that chrome://tracing and ui.perfetto.dev show.`,
		Example: `  ganymede bench round --model dcgan --profile
  ganymede bench round --model wgan-gp --set network=resnet --side 32 --profile --trace resnet.json`,
		Args: arguments(0, 0, "no arguments; the model is given by --model"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := models.Find(o.Model); err != nil {
				return usageError{err}
			}
			if o.Threads < 1 || o.Rounds < 1 {
				return usageError{errors.New("--threads and --rounds must be 1 or more")}
			}
			p, err := bench.ProfileRound(cmd.Context(), o)
			var options *config.Error
			if errors.As(err, &options) {
				return usageError{err}
			}
			if err != nil {
				return err
			}
			return a.printProfile(p, profile, asJSON, trace)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Model, "model", "dcgan", "the model")
	flags.IntVar(&o.Side, "side", 0, "side of the pictures; 0 is 64, or what the model can do")
	flags.IntVar(&o.Channels, "channels", 0, "channels of the pictures; 0 is 3 at side 64 and 1 below")
	flags.IntVar(&o.Classes, "classes", 0, "classes of the pictures; 0 is 2")
	flags.StringArrayVar(&o.Set, "set", nil, "an option, key=value")
	flags.IntVar(&o.Threads, "threads", runtime.NumCPU(), "threads")
	flags.IntVar(&o.Rounds, "rounds", 3, "rounds, after two that do not count")
	flags.BoolVar(&profile, "profile", false, "print the table of kernels and write the trace")
	flags.StringVar(&trace, "trace", "trace.json", "the trace's file")
	flags.BoolVar(&asJSON, "json", false, "as JSON")
	completeFlag(cmd, "model", modelNames)
	return cmd
}

func (a *app) printProfile(p *bench.Profile, profile, asJSON bool, trace string) error {
	switch {
	case asJSON:
		if err := a.printJSON(p); err != nil {
			return err
		}
	case profile:
		p.Print(a.stdout)
	default:
		fmt.Fprintf(a.stdout, "%s, %d threads: %.4f s a round (median of %d)\n", p.Name, p.Threads, p.Round, p.Rounds)
	}
	if !profile {
		return nil
	}
	if err := p.WriteTrace(trace); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "the trace is %s; chrome://tracing and ui.perfetto.dev show it\n", trace)
	return nil
}

// newBenchMemory is what bench starts this program as, to see how much memory rounds need in a process that does nothing else.
func newBenchMemory(a *app) *cobra.Command {
	var threads int
	cmd := &cobra.Command{
		Use: "memory GAME", Hidden: true, Args: arguments(1, 1, "one of bench's games"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := bench.Memory(cmd.Context(), args[0], threads)
			if err != nil {
				return err
			}
			return a.printJSON(n)
		},
	}
	cmd.Flags().IntVar(&threads, "threads", 1, "threads")
	return cmd
}
