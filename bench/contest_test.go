package bench

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// scripted is an entrant whose runs take what it says, and which writes down when it was asked.
func scripted(name string, threads int, takes float64, order *[]string) *entrant {
	return &entrant{name: name, threads: threads, close: func() {}, burst: func(_ context.Context, runs int) ([]float64, error) {
		*order = append(*order, name)
		return slices.Repeat([]float64{takes}, runs), nil
	}}
}

// Bursts go A B A B after everybody has warmed up, and ratios are ours over theirs.
func TestContestInterleaves(t *testing.T) {
	var order []string
	c := contest{entrants: []*entrant{scripted("", 1, 0.2, &order), scripted("torch", 1, 0.4, &order)}, bursts: 3}
	outcomes, _, failed, err := c.play(t.Context())
	if err != nil || len(failed) > 0 {
		t.Fatal(err, failed)
	}
	if got, want := strings.Join(order, ","), ",,torch,torch,,torch,,torch,,torch"; got != want {
		t.Errorf("order of bursts %q, want %q", got, want)
	}
	rows := task{name: "work", flops: 4e9}.rows(outcomes, 40, map[int]string{1: "direct"})
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	r := rows[0]
	if r.Seconds != 0.2 || r.GFLOPS != 20 || r.OfPeak != 0.5 || r.Algorithm != "direct" || r.Pairs != 3 {
		t.Errorf("row %+v", r)
	}
	if p := r.Peers["torch"]; p.Ratio != 0.5 || p.Seconds != 0.4 || p.Low != 0.5 || p.High != 0.5 {
		t.Errorf("peer %+v", p)
	}
}

// Where a burst is one run or two, the runs before, on memory that has gone cold, are not in its median; a long run has none before it.
func TestColdRunsDoNotCount(t *testing.T) {
	for takes, want := range map[float64]float64{0.2: 0.2, 0.01: 0.01, 5: 50} {
		cold := &entrant{threads: 1, close: func() {}, burst: func(_ context.Context, runs int) ([]float64, error) {
			seconds := slices.Repeat([]float64{takes}, runs)
			seconds[0] = 10 * takes
			return seconds, nil
		}}
		cold.took = takes
		outcomes, _, _, err := (&contest{entrants: []*entrant{cold}, bursts: 1}).play(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := outcomes[0].bursts[0]; got != want {
			t.Errorf("runs of %v s and a first of ten times as long count as %v s, want %v", takes, got, want)
		}
	}
}

// A burst is so many runs that the clock can tell it, and a contest so many bursts as there is time for.
func TestContestFitsItsTime(t *testing.T) {
	for _, c := range []struct {
		takes        float64
		length       time.Duration
		runs, bursts int
	}{
		{0.0001, time.Second, mostRuns, most},    // short work: as many as are useful
		{0.010, 200 * time.Millisecond, 4, 5},    // 4 runs are 40 ms
		{3, 8 * time.Second, 1, fewest},          // long work: as few as tell anything
		{31, 8 * time.Second, 1, fewest - 1},     // endless work: A B A B
		{1e-9, time.Millisecond, mostRuns, most}, // faster than the clock
	} {
		var order []string
		outcomes, _, _, err := (&contest{entrants: []*entrant{scripted("", 1, c.takes, &order)}, length: c.length}).play(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if o := outcomes[0]; o.runs != c.runs || len(o.bursts) != c.bursts {
			t.Errorf("runs of %v s: %d bursts of %d, want %d of %d", c.takes, len(o.bursts), o.runs, c.bursts, c.runs)
		}
	}
}

// A peer that breaks is out and told of; the others, and we, go on. If we break there is nothing to compare.
func TestContestOutlivesPeers(t *testing.T) {
	var order []string
	broken, asked := scripted("jax", 1, 1, &order), 0
	broken.burst = func(_ context.Context, runs int) ([]float64, error) {
		if asked++; asked > 3 {
			return nil, errors.New("out of memory")
		}
		return slices.Repeat([]float64{1}, runs), nil
	}
	entrants := []*entrant{scripted("", 1, 1, &order), broken, scripted("torch", 1, 2, &order)}
	outcomes, _, failed, err := (&contest{entrants: entrants, bursts: 4}).play(t.Context())
	if err != nil || failed["jax"] == nil || len(outcomes) != 2 || len(outcomes[1].bursts) != 4 {
		t.Fatalf("%d outcomes, failed %v, %v", len(outcomes), failed, err)
	}
	broken.name, asked = "", 0
	if _, _, _, err := (&contest{entrants: entrants, bursts: 4}).play(t.Context()); err == nil {
		t.Error("we failed, and nobody noticed")
	}
}

// A layout that lost its first trial to a busy machine gets more of them; one that is far behind does not, nor one that takes long.
func TestTheFasterLayoutIsTriedAgain(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, then   [2]float64 // seconds of the first trial and of the later ones, by layout
		best, retried int
	}{
		{"close", [2]float64{0.9, 1.0}, [2]float64{0.9, 0.7}, 1, retrials},
		{"clear", [2]float64{0.9, 2.0}, [2]float64{0.9, 0.7}, 0, 0},
		{"long", [2]float64{15, 16}, [2]float64{15, 10}, 0, 0},
		{"soon clear", [2]float64{1.0, 1.2}, [2]float64{0.5, 1.2}, 0, 1},
	} {
		var rivals []*entrant
		asked := 0
		for i := range 2 {
			e := &entrant{took: c.first[i]}
			e.burst = func(_ context.Context, runs int) ([]float64, error) {
				asked++
				return slices.Repeat([]float64{c.then[i]}, runs), nil
			}
			rivals = append(rivals, e)
		}
		if err := tryAgain(t.Context(), rivals); err != nil {
			t.Fatal(err)
		}
		if fastest(rivals) != rivals[c.best] || asked != 2*c.retried {
			t.Errorf("%s: took %v and %v after %d bursts", c.name, rivals[0].took, rivals[1].took, asked)
		}
	}
}
