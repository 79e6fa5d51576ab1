package bench

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Options say what is measured, and beside whom.
type Options struct {
	Only    []string // rows by name, by what names begin with, or by a pattern of path.Match; empty: all
	Threads []int    // empty: 1, and 2 where there are two CPUs
	Bursts  int      // of each entrant; 0: as many as the row's time allows, at least three
	Every   bool     // a round of every model too
	Peers   bool     // the peers too
	Pythons []string // where PyTorch, JAX and NumPy are looked for, in this order
	Stock   string   // the program of bench/peers/stock

	Command string                       // for the record
	Version string                       // of this program, for the record
	Tell    func(rows []Row)             // called with the rows of each piece of work; may be nil
	Note    func(text string)            // called with what goes on; may be nil
	Child   func(args []string) []string // the command line of this program as `bench ARGS`: memory is measured in a process of its own
}

// ErrNothing is a choice of rows that has none.
var ErrNothing = errors.New("bench: no row has that name")

// suite is a run.
type suite struct {
	Options
	report  *Report
	peaks   []float64
	workers *workers
	settled map[string]string // layouts of long work
}

// item is a piece of work that makes rows, named as these are or by what their names begin with.
type item struct {
	name string
	run  func(ctx context.Context, s *suite) ([]Row, error)
}

// items are all pieces of work, in their order.
func items(every bool) (all []item) {
	add := func(tasks []task) {
		for _, t := range tasks {
			all = append(all, item{t.name, t.run})
		}
	}
	add(matmuls())
	add(directs())
	add(convs())
	add(residuals())
	add(rounds())
	all = append(all, memoryBound())
	add(samples())
	add(compiles())
	all = append(all, memories()...)
	if every {
		add(everyModel())
	}
	return all
}

// Names lists the pieces of work.
func Names(every bool) (names []string) {
	for _, i := range items(every) {
		names = append(names, i.name)
	}
	return names
}

// Run measures. Peers that are not there, or fail, are noted in the report. If a row of ours fails the others are measured all the same, and
// the report comes with an error. A cancelled context ends everything, without a report.
func Run(ctx context.Context, o Options) (*Report, error) {
	began := time.Now()
	if len(o.Threads) == 0 {
		o.Threads = []int{1, 2}[:min(2, runtime.NumCPU())]
	}
	s := &suite{Options: o, settled: map[string]string{}, report: &Report{Machine: thisMachine(), Date: began.UTC().Format(time.RFC3339), Command: o.Command, Version: o.Version}}
	var chosen []item
	for _, i := range items(o.Every) {
		if o.wants(i.name) {
			chosen = append(chosen, i)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("%w: %s; there are %s", ErrNothing, strings.Join(o.Only, ", "), strings.Join(groups(o.Every), ", "))
	}
	if o.Peers {
		workers, err := newWorkers(ctx, o.Pythons, o.Stock)
		if err != nil {
			return nil, err
		}
		defer workers.close()
		s.workers = workers
	}
	var failed []error
	for _, i := range chosen {
		rows, err := i.run(ctx, s)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			s.report.miss(i.name, err)
			failed = append(failed, fmt.Errorf("bench: %s: %w", i.name, err))
		}
		s.report.Rows = append(s.report.Rows, rows...)
		if s.Tell != nil {
			s.Tell(rows)
		}
	}
	if s.workers != nil {
		s.report.Programs = s.workers.about
	}
	if s.peaks == nil {
		s.peaks = append(s.peaks, peakNow())
	}
	s.report.Peak = median(s.peaks)
	s.report.Seconds = time.Since(began).Seconds()
	return s.report, errors.Join(failed...)
}

// wants tells whether a row is chosen.
func (o Options) wants(name string) bool {
	return len(o.Only) == 0 || slices.ContainsFunc(o.Only, func(want string) bool {
		matched, _ := path.Match(want, name)
		return matched || name == want || strings.HasPrefix(name, strings.TrimSuffix(want, "/")+"/")
	})
}

// groups are what names of rows begin with.
func groups(every bool) (all []string) {
	for _, name := range Names(every) {
		group, _, _ := strings.Cut(name, "/")
		if !slices.Contains(all, group) {
			all = append(all, group)
		}
	}
	return all
}
