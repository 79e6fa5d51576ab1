package engine

import (
	"errors"
	"fmt"
	"sync"
	"time"
	"unsafe"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

// ErrInterrupted is what Execute returns (wrapped) after Backend.Interrupt. The inputs, donated ones too, hold what they held.
var ErrInterrupted = errors.New("execution interrupted")

// run is one execution of a plan: where its buffers are this time, and what its workers need. A run is used again after its
// execution has ended.
type run struct {
	plan   *plan
	engine *Backend
	mem    [][]byte // of each buffer
	epoch  uint64   // Backend.epoch when the execution began; when that moves on, it stops
	serial bool     // everything on the calling goroutine
	all    *pool.Pool
	alone  *pool.Pool

	mu     sync.Mutex
	frames []*frame // idle
	step   int      // current step, so that a frame can tell what it was filled for
	nested map[*plan]*run
}

// stop is the panic by which a kernel ends an execution; nothing else is meant by it.
type stop struct{ err error }

func (s stop) Error() string { return s.err.Error() }

// newRun makes a run of a plan, without its arena, parameters and outputs.
func newRun(b *Backend, p *plan) *run {
	r := &run{plan: p, engine: b, mem: make([][]byte, len(p.buffers))}
	r.all, r.alone = b.pool.Before(r.check), (*pool.Pool)(nil).Before(r.check)
	for i, buf := range p.buffers {
		if buf.kind == isConst {
			r.mem[i] = buf.data
		}
	}
	return r
}

// execute runs all steps. Panics, of kernels and of workers, become errors.
func (r *run) execute(arena []byte, params, outputs [][]byte) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errorOf(v, r.plan, r.step)
		}
	}()
	r.exec(arena, params, outputs)
	return nil
}

// exec is execute for a plan within a plan: it panics.
func (r *run) exec(arena []byte, params, outputs [][]byte) {
	r.bind(arena, params, outputs)
	for _, f := range r.frames {
		f.step = -1
	}
	profile := r.engine.profile.Load()
	for i := range r.plan.steps {
		r.step = i
		r.check()
		s := &r.plan.steps[i]
		if profile == nil {
			s.run(r)
			continue
		}
		start := time.Now()
		s.run(r)
		profile.add(s, start)
	}
}

func (r *run) bind(arena []byte, params, outputs [][]byte) {
	for i := range r.plan.buffers {
		switch b := &r.plan.buffers[i]; b.kind {
		case inArena:
			if b.size > 0 && b.place+b.size <= len(arena) {
				r.mem[i] = arena[b.place : b.place+b.size : b.place+b.size]
			}
		case isParam:
			r.mem[i] = params[b.index]
		case isOutput:
			r.mem[i] = outputs[b.index]
		}
	}
}

// release forgets the caller's memory, so that an idle run keeps nothing alive.
func (r *run) release() {
	for i := range r.plan.buffers {
		if r.plan.buffers[i].kind != isConst {
			r.mem[i] = nil
		}
	}
	for _, f := range r.frames {
		clear(f.reg)
		f.step = -1
	}
	for _, n := range r.nested {
		n.release()
	}
}

// check ends the execution if it has been interrupted.
func (r *run) check() {
	if r.engine.epoch.Load() != r.epoch {
		panic(stop{ErrInterrupted})
	}
}

// within is the run of a plan that is part of this one: a branch, a loop body.
func (r *run) within(p *plan) *run {
	if r.nested == nil {
		r.nested = map[*plan]*run{}
	}
	n := r.nested[p]
	if n == nil {
		n = newRun(r.engine, p)
		r.nested[p] = n
	}
	n.epoch, n.serial = r.epoch, r.serial
	return n
}

// workers is the pool for the blocks of this run. It looks for an interrupt before each of them.
func (r *run) workers() *pool.Pool {
	if r.serial {
		return r.alone
	}
	return r.all
}

// parallel calls f(0) ... f(n-1), on all threads. What the calls write must not overlap.
func (r *run) parallel(n int, f func(i int)) { r.workers().Run(n, f) }

// parallelRange splits 0 ... n-1 into ranges of at most grain and calls f for each.
func (r *run) parallelRange(n, grain int, f func(lo, hi int)) {
	r.parallel((n+grain-1)/grain, func(i int) { f(i*grain, min(n, (i+1)*grain)) })
}

// divider splits 0 ... n-1 into ranges of at most grain, as parallelRange does.
type divider func(n, grain int, f func(lo, hi int))

// inOne is a divider that does not divide.
func inOne(n, _ int, f func(lo, hi int)) { f(0, n) }

// errorOf makes an error of what a kernel panicked with.
func errorOf(v any, p *plan, at int) error {
	name := "start"
	if at < len(p.steps) {
		name = p.steps[at].name
	}
	err, ok := v.(error)
	if !ok {
		return fmt.Errorf("engine: kernel %s failed: %v", name, v)
	}
	if s := (stop{}); errors.As(err, &s) {
		return fmt.Errorf("engine: kernel %s: %w", name, s.err)
	}
	return fmt.Errorf("engine: kernel %s failed: %w", name, err)
}

// frame is what one worker needs to run a loop: registers, and memory for those that do not point into arrays.
type frame struct {
	reg   []unsafe.Pointer
	space []byte
	step  int // the step whose constants the registers hold, or -1
}

// borrow lends a frame with this many registers, each with blockBytes of space of its own.
func (r *run) borrow(registers int) *frame {
	r.mu.Lock()
	var f *frame
	if k := len(r.frames); k > 0 {
		f = r.frames[k-1]
		r.frames = r.frames[:k-1]
	}
	r.mu.Unlock()
	if f == nil {
		f = &frame{step: -1}
	}
	if len(f.reg) < registers {
		f.reg = make([]unsafe.Pointer, registers)
		f.space, _ = newBytes(registers * blockBytes) // far below any limit
		f.step = -1
	}
	return f
}

func (r *run) giveBack(f *frame) {
	r.mu.Lock()
	r.frames = append(r.frames, f)
	r.mu.Unlock()
}

// own points a register at its own space.
func (f *frame) own(reg int) unsafe.Pointer {
	p := unsafe.Pointer(&f.space[reg*blockBytes])
	f.reg[reg] = p
	return p
}

// block is the current block of a register.
func block[T any](f *frame, reg, n int) []T { return unsafe.Slice((*T)(f.reg[reg]), n) }
