package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Profile collects how long the kernels of a backend take, by name. Start it with Backend.Profile.
type Profile struct {
	mu   sync.Mutex
	rows map[string]*ProfileRow
}

// ProfileRow is what all calls of one kernel took together.
type ProfileRow struct {
	Kernel string
	Calls  int
	Time   time.Duration
	Flops  int64 // additions and multiplications; convolutions are counted as direct ones
	Bytes  int64 // size of operands and results
}

// Profile begins to collect, in a new profile, and returns it; executions that run already are collected too. stop ends it.
func (b *Backend) Profile() (p *Profile, stop func()) {
	p = &Profile{rows: map[string]*ProfileRow{}}
	b.profile.Store(p)
	return p, func() { b.profile.CompareAndSwap(p, nil) }
}

func (p *Profile) add(s *step, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	row := p.rows[s.name]
	if row == nil {
		row = &ProfileRow{Kernel: s.name}
		p.rows[s.name] = row
	}
	row.Calls++
	row.Time += d
	row.Flops += s.flops
	row.Bytes += s.bytes
}

// Rows returns what was collected, the longest first.
func (p *Profile) Rows() []ProfileRow {
	p.mu.Lock()
	defer p.mu.Unlock()
	rows := make([]ProfileRow, 0, len(p.rows))
	for _, r := range p.rows {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b ProfileRow) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Kernel, b.Kernel))
	})
	return rows
}

// String is a table of the rows.
func (p *Profile) String() string {
	rows := p.Rows()
	var total time.Duration
	for _, r := range rows {
		total += r.Time
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%8s %10s %6s %9s %9s  %s\n", "calls", "ms", "share", "GFLOP/s", "GB/s", "kernel")
	for _, r := range rows {
		s := r.Time.Seconds()
		fmt.Fprintf(&b, "%8d %10.2f %5.1f%% %9.1f %9.1f  %s\n", r.Calls, 1e3*s, 100*s/max(total.Seconds(), 1e-12),
			float64(r.Flops)/max(s, 1e-12)/1e9, float64(r.Bytes)/max(s, 1e-12)/1e9, r.Kernel)
	}
	return b.String()
}
