package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Profile collects the kernel calls of a backend and how long they take. Start it with Backend.Profile. It grows with every call:
// a few executions are enough.
type Profile struct {
	began time.Time

	mu    sync.Mutex
	calls []Call
}

// Call is one call of one kernel.
type Call struct {
	Kernel string
	Method string        // the algorithm, where a kernel has several
	At     time.Duration // when it began, since the profile did
	Time   time.Duration
	Flops  int64 // additions and multiplications; convolutions are counted as direct ones
	Bytes  int64 // size of operands and results
}

// ProfileRow is what all calls of one kernel took together.
type ProfileRow struct {
	Kernel string
	Method string
	Calls  int
	Time   time.Duration
	Flops  int64
	Bytes  int64
}

// Profile begins to collect, in a new profile, and returns it; executions that run already are collected too. stop ends it.
func (b *Backend) Profile() (p *Profile, stop func()) {
	p = &Profile{began: time.Now()}
	b.profile.Store(p)
	return p, func() { b.profile.CompareAndSwap(p, nil) }
}

// add adds a call that began then and has just ended.
func (p *Profile) add(s *step, began time.Time) {
	c := Call{Kernel: s.name, Method: s.method, At: began.Sub(p.began), Time: time.Since(began), Flops: s.flops, Bytes: s.bytes}
	p.mu.Lock()
	p.calls = append(p.calls, c)
	p.mu.Unlock()
}

// Calls returns what was collected, in the order in which the calls ended.
func (p *Profile) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// Rows returns what was collected, one row a kernel, the longest first.
func (p *Profile) Rows() []ProfileRow {
	var rows []ProfileRow
	at := map[string]int{}
	for _, c := range p.Calls() {
		i, known := at[c.Kernel]
		if !known {
			i = len(rows)
			at[c.Kernel] = i
			rows = append(rows, ProfileRow{Kernel: c.Kernel, Method: c.Method})
		}
		r := &rows[i]
		r.Calls++
		r.Time += c.Time
		r.Flops += c.Flops
		r.Bytes += c.Bytes
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
		fmt.Fprintf(&b, "%8d %10.2f %5.1f%% %9.1f %9.1f  %s %s\n", r.Calls, 1e3*s, 100*s/max(total.Seconds(), 1e-12),
			float64(r.Flops)/max(s, 1e-12)/1e9, float64(r.Bytes)/max(s, 1e-12)/1e9, r.Kernel, r.Method)
	}
	return b.String()
}
