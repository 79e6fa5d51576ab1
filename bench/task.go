package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// task is work that is timed: its rows, one for each number of threads, are played for in one contest, so that threads and peers are
// compared side by side.
type task struct {
	name   string
	flops  float64 // of a run, convolutions counted as direct; 0: not counted
	length time.Duration
	ours   func(ctx context.Context, threads int) (*entrant, string, error) // and the algorithm
	peers  []string                                                         // who does it too
	work   command                                                          // what they are told to do
	scales string                                                           // name of the row of the threads' gain; "": none is wanted

	finish func(ctx context.Context, rows []Row) error // adds what is not timed; may be nil
}

// run plays for the rows.
func (t task) run(ctx context.Context, s *suite) ([]Row, error) {
	c := contest{length: t.length, bursts: s.Bursts}
	defer func() {
		for _, e := range c.entrants {
			e.close()
		}
	}()
	algorithms := map[int]string{}
	for _, threads := range s.Threads {
		e, algorithm, err := t.ours(ctx, threads)
		if err != nil {
			return nil, err
		}
		algorithms[threads] = algorithm
		c.entrants = append(c.entrants, e)
	}
	for _, name := range t.peers {
		for _, threads := range s.Threads {
			e, err := s.peer(ctx, name, threads, t.work)
			if err != nil {
				s.report.miss(fmt.Sprintf("%s on %s", t.name, name), err)
			}
			if e != nil {
				c.entrants = append(c.entrants, e)
			}
		}
	}
	outcomes, peak, failed, err := c.play(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		s.report.miss(fmt.Sprintf("%s on %s", t.name, name), failed[name])
	}
	s.peaks = append(s.peaks, peak)
	rows := t.rows(outcomes, peak, algorithms)
	if t.finish != nil {
		err = t.finish(ctx, rows)
	}
	return rows, err
}

// rows makes the rows of outcomes, ours first, and the row of the threads' gain.
func (t task) rows(outcomes []*outcome, peak float64, algorithms map[int]string) (rows []Row) {
	ours := map[int]*outcome{}
	for _, o := range outcomes {
		if o.name == "" {
			ours[o.threads] = o
			rows = append(rows, t.row(o, peak, algorithms[o.threads]))
			continue
		}
		mine := ours[o.threads]
		ratios := pairwise(mine.bursts, o.bursts)
		for i := range rows {
			if rows[i].Threads == o.threads {
				rows[i].Peers[o.name] = Peer{
					Seconds: median(o.bursts), Ratio: median(ratios), Low: quantile(ratios, 0.25), High: quantile(ratios, 0.75), Layout: o.layout,
				}
			}
		}
	}
	if one, two := ours[1], ours[2]; t.scales != "" && one != nil && two != nil {
		rows = append(rows, Row{Name: t.scales, Threads: 2, Value: median(pairwise(one.bursts, two.bursts)), Pairs: len(two.bursts), Peers: t.gains(outcomes)})
	}
	return rows
}

// gains are the gains of the peers' threads.
func (t task) gains(outcomes []*outcome) map[string]Peer {
	gains, one := map[string]Peer{}, map[string]*outcome{}
	for _, o := range outcomes {
		switch {
		case o.name != "" && o.threads == 1:
			one[o.name] = o
		case o.name != "" && o.threads == 2 && one[o.name] != nil:
			gains[o.name] = Peer{Ratio: median(pairwise(one[o.name].bursts, o.bursts))}
		}
	}
	return gains
}

// row is one of ours.
func (t task) row(o *outcome, peak float64, algorithm string) Row {
	r := Row{Name: t.name, Threads: o.threads, Seconds: median(o.bursts), Pairs: len(o.bursts), Runs: o.runs, Algorithm: algorithm, Peers: map[string]Peer{}}
	if t.flops > 0 {
		r.GFLOPS, r.Peak = t.flops/r.Seconds/1e9, peak
		if peak > 0 {
			r.OfPeak = r.GFLOPS / peak / float64(o.threads)
		}
	}
	return r
}
