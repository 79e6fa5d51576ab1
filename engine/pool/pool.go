// Package pool runs independent blocks of work on a fixed set of goroutines.
//
// In goes a number of blocks and a function of the block's index; when Run returns, every block has run once. The
// blocks are handed out by an atomic counter, so a slow core takes fewer of them, and the caller works too. The
// package knows nothing of what the blocks compute, and promises no order between them: blocks must write to
// different places, and then the result does not depend on the number of threads.
package pool

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// spin is how long an idle worker, or a caller waiting for the last blocks, polls before it sleeps. The gaps between
// the kernels of one plan are shorter than this, and waking a sleeping goroutine takes some 5 microseconds.
const spin = 50 * time.Microsecond

// Pool is a set of workers. A nil Pool runs everything on the caller. A Pool is safe for concurrent use: while one
// Run has the workers, another one (also one nested in a block) runs inline on its own caller.
type Pool struct {
	*workers        // nil: everything on the caller
	before   func() // called before each block; may be nil
}

// workers are the goroutines of a pool, and what they share with it.
type workers struct {
	threads int
	busy    sync.Mutex // held by the Run that has the workers

	job    atomic.Pointer[job]
	seq    atomic.Uint64 // counts published jobs; what the workers poll
	parked atomic.Int32  // workers that sleep, or are about to
	closed atomic.Bool
	sleep  sync.Mutex
	wake   *sync.Cond
	done   sync.WaitGroup
}

// New returns a pool in which a Run uses the given number of threads: its caller and threads-1 workers. Close it.
func New(threads int) *Pool {
	p := &workers{threads: max(threads, 1)}
	p.wake = sync.NewCond(&p.sleep)
	for range p.threads - 1 {
		p.done.Go(p.worker)
	}
	return &Pool{workers: p}
}

// Before returns the same workers under another Pool, which calls a function before each block; that may panic to skip the
// blocks that have not begun. Close the original only. Of a nil Pool it is one that runs everything on the caller.
func (p *Pool) Before(f func()) *Pool {
	if p == nil {
		return &Pool{before: f}
	}
	return &Pool{workers: p.workers, before: f}
}

// Threads returns how many goroutines a Run uses, its caller included.
func (p *Pool) Threads() int {
	if p == nil || p.workers == nil {
		return 1
	}
	return p.threads
}

// Close stops the workers and waits for them. Run still works afterwards, inline.
func (p *Pool) Close() {
	if p == nil || p.workers == nil {
		return
	}
	p.busy.Lock() // let a Run in progress keep its workers
	defer p.busy.Unlock()
	p.closed.Store(true)
	p.seq.Add(1)
	p.rouse()
	p.done.Wait()
}

// Panic is what Run panics with, in its caller, when a block has panicked. The other blocks are skipped if they have
// not begun, and the pool stays usable.
type Panic struct {
	Block int
	Value any
	Stack []byte // of the block
}

func (e *Panic) Error() string { return fmt.Sprintf("panic in block %d: %v", e.Block, e.Value) }

// Unwrap returns the value of the panic if it was an error.
func (e *Panic) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Run calls fn(0) ... fn(n-1), each once, on the pool's threads, and returns when all have returned.
func (p *Pool) Run(n int, fn func(i int)) {
	if n <= 0 {
		return
	}
	if n == 1 || p.Threads() == 1 || !p.busy.TryLock() {
		p.inline(n, fn)
		return
	}
	j := &job{n: int64(n), blocks: blocks{fn: fn, before: p.before}}
	j.left.Store(int64(n))
	p.share(j)
	j.fail()
}

// inline runs all blocks on the caller.
func (p *Pool) inline(n int, fn func(i int)) {
	b := blocks{fn: fn}
	if p != nil {
		b.before = p.before
	}
	for i := range n {
		b.run(i)
	}
	b.fail()
}

// share runs the job on the caller and the workers. The caller holds p.busy; share gives it back.
func (p *workers) share(j *job) {
	defer p.busy.Unlock()
	if !p.closed.Load() {
		p.job.Store(j)
		p.seq.Add(1)
		p.rouse()
	}
	j.work()
	j.wait()
	p.job.Store(nil) // a finished job must not keep its operands alive
}

// rouse wakes sleeping workers. A worker counts itself as parked before it looks at seq for the last time, and seq has
// changed before rouse looks at parked: one of the two sees the other.
func (p *workers) rouse() {
	if p.parked.Load() > 0 {
		p.sleep.Lock()
		p.wake.Broadcast()
		p.sleep.Unlock()
	}
}

func (p *workers) worker() {
	var seen uint64
	for {
		seen = p.next(seen)
		if p.closed.Load() {
			return
		}
		if j := p.job.Load(); j != nil {
			j.work()
		}
	}
}

// next waits until seq is no longer seen and returns it.
func (p *workers) next(seen uint64) uint64 {
	if poll(func() bool { return p.seq.Load() != seen }) {
		return p.seq.Load()
	}
	p.sleep.Lock()
	defer p.sleep.Unlock()
	p.parked.Add(1)
	defer p.parked.Add(-1)
	for p.seq.Load() == seen {
		p.wake.Wait()
	}
	return p.seq.Load()
}

// poll asks until the answer is yes, for the spinning time at most.
func poll(ready func() bool) bool {
	start := time.Now()
	for {
		for range 64 {
			if ready() {
				return true
			}
		}
		if time.Since(start) > spin {
			return false
		}
	}
}

// A job is one Run on several threads. It is never reused, so a worker that comes late finds nothing left to take.
type job struct {
	blocks
	n        int64
	taken    atomic.Int64
	left     atomic.Int64
	finished atomic.Pointer[chan struct{}] // made by a caller that sleeps until all blocks have run
}

// blocks are what runs, and what has failed.
type blocks struct {
	fn      func(int)
	before  func()
	failure atomic.Pointer[Panic]
}

func (j *job) work() {
	for {
		i := j.taken.Add(1) - 1
		if i >= j.n {
			return
		}
		j.run(int(i))
		if j.left.Add(-1) == 0 {
			if sleeps := j.finished.Load(); sleeps != nil {
				close(*sleeps)
			}
		}
	}
}

func (b *blocks) run(i int) {
	if b.failure.Load() != nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			b.failure.CompareAndSwap(nil, &Panic{Block: i, Value: v, Stack: debug.Stack()})
		}
	}()
	if b.before != nil {
		b.before()
	}
	b.fn(i)
}

// fail panics if a block has.
func (b *blocks) fail() {
	if e := b.failure.Load(); e != nil {
		panic(e)
	}
}

// wait waits for the last block. The caller tells that it sleeps before it looks at left for the last time, and left has changed before work
// looks whether it does: one of the two sees the other.
func (j *job) wait() {
	if poll(func() bool { return j.left.Load() == 0 }) {
		return
	}
	finished := make(chan struct{})
	j.finished.Store(&finished)
	if j.left.Load() > 0 {
		<-finished
	}
}
