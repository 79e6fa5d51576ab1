package bench

import (
	"context"
	"fmt"
	"time"
)

// entrant does a row's work. The work's memory is its own from the first burst to close.
type entrant struct {
	name    string // "" is ours
	threads int
	layout  string                                                 // of a peer's arrays
	took    float64                                                // seconds of a run, if it has warmed up already; else 0
	burst   func(ctx context.Context, runs int) ([]float64, error) // seconds of each run
	close   func()
}

// Lengths of bursts: the shortest, and the most and least bursts of each entrant; where all entrants' bursts take more than endless, two
// each must do. A burst is long against the clock and a change of processes, and short against what else a machine does.
const (
	shortest   = 40 * time.Millisecond
	mostRuns   = 200
	fewest     = 3
	most       = 9
	endless    = 30 * time.Second
	settlement = 5 * time.Millisecond // between two bursts, in which the threads of the last one fall asleep
)

// contest lets the entrants do their work in turn, A B A B, in bursts, for about so long (0 bursts), or so many bursts each.
type contest struct {
	entrants []*entrant
	length   time.Duration
	bursts   int
}

// outcome is what one entrant did: the median of each burst, and the peak that was measured beside it.
type outcome struct {
	*entrant
	first  int // runs of a burst that do not count, before
	runs   int // those that do
	bursts []float64
}

// play warms everybody up and plays. An entrant that fails is out, with its error; the others go on, unless it is one of ours.
func (c *contest) play(ctx context.Context) (outcomes []*outcome, peak float64, failed map[string]error, err error) {
	failed = map[string]error{}
	round := time.Duration(0) // of all entrants
	for _, e := range c.entrants {
		o, took, err := warmUp(ctx, e)
		if err != nil {
			if e.name == "" || ctx.Err() != nil {
				return nil, 0, nil, err
			}
			failed[e.name] = err
			continue
		}
		outcomes = append(outcomes, o)
		round += took * time.Duration(o.first+o.runs)
	}
	bursts := c.bursts
	switch {
	case bursts > 0:
	case round > endless:
		bursts = fewest - 1
	default:
		bursts = min(most, max(fewest, int(c.length/max(round, 1))))
	}
	var peaks []float64
	for range bursts {
		time.Sleep(settlement)
		peaks = append(peaks, peakNow())
		for i := 0; i < len(outcomes); i++ {
			o := outcomes[i]
			time.Sleep(settlement)
			seconds, err := o.burst(ctx, o.first+o.runs)
			if err == nil && len(seconds) != o.first+o.runs {
				err = fmt.Errorf("bench: %d runs were asked for and %d came back", o.first+o.runs, len(seconds))
			}
			if err == nil {
				o.bursts = append(o.bursts, median(seconds[o.first:]))
				continue
			}
			if o.name == "" || ctx.Err() != nil {
				return nil, 0, nil, err
			}
			failed[o.name] = err
			outcomes = append(outcomes[:i], outcomes[i+1:]...)
			i--
		}
	}
	return outcomes, median(peaks), failed, nil
}

// warmUp runs until a run is not the first, unless that is so already or the first is long, and settles how many runs make a burst.
func warmUp(ctx context.Context, e *entrant) (*outcome, time.Duration, error) {
	if e.took == 0 {
		seconds, err := trial(ctx, e)
		if err != nil {
			return nil, 0, err
		}
		e.took = seconds
	}
	took := max(time.Duration(e.took*float64(time.Second)), 1)
	o := &outcome{entrant: e, runs: min(mostRuns, max(1, int(shortest/took)))}
	if o.runs < few && e.took < long {
		o.first = before
	}
	return o, took, nil
}

// long is a run, in seconds, that is not repeated only to know how long it takes.
const long = 3

// Before so few runs come some that do not count: during the turns of the others memory has gone cold, which a graph that is played again and
// again does not see. They are two because executions take their two sets of memory in turn.
const few, before = 3, 2

// trial is how long a run takes that is not the first, unless the first is long already.
func trial(ctx context.Context, e *entrant) (float64, error) {
	const tried = 3
	first, err := e.burst(ctx, 1)
	if err != nil {
		return 0, err
	}
	if first[0] > long {
		return first[0], nil
	}
	later, err := e.burst(ctx, tried)
	return median(later), err
}
