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
