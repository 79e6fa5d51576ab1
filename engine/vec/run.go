package vec

import (
	"fmt"
	"sync"
	"unsafe"
)

// Program is a compiled loop. It does not change, and several goroutines may run it at the same time.
type Program struct {
	nodes      []node
	live       []bool
	inputs     []Value
	outputs    []Value
	reductions []reduction

	before []step  // what is done once a Run, in order: steps over single values and compact spans
	loop   []step  // what is done for each block, in order
	spread []Value // small values the loop reads: compact ones are written out once, others block by block

	hazards [][]int // of each output, the inputs that are read after it is computed
	home    []int   // of each step in the loop, the register that holds its value
	numbers int     // how many registers of float32
	truths  int     // how many registers of truth values
	lastUse []int   // of each value, the last place in loop that reads it; len(loop) if a reduction reads it
	block   int

	pool sync.Pool // of *state
}

// Array is an argument of a program: numbers or truth values, whichever the program asks for.
type Array struct {
	F []float32
	B []bool
}

// Args are the arguments of a run. In and Out have an entry for each input and output of the program; those that are as
// long as the loop are indexed by the loop's counter, small ones by their span. An output may be the same array as an
// input; arrays must not overlap otherwise. Reductions has an array of span.Mid numbers for each reduction; Run joins its
// results to what is there, so it must hold something at the start, see Reduction.Identity.
type Args struct {
	In, Out    []Array
	Reductions [][]float32
}

// Long inputs are asked for ahead of the work if there are manyStreams of them and all together have cacheSize bytes or
// more. The processor follows one or two on its own, and asking costs a tenth; with four it is the other way around.
const (
	manyStreams = 3
	cacheSize   = 1 << 20
)

// farSize is how many bytes of arrays make a loop store past the caches: a store through them reads the line first, and of so much the first
// results are gone before anybody reads them. Adam over two million weights takes 0.6 of the time so; loops of half the size gain
// little or nothing, and who reads their results next loses a little.
const farSize = 56 << 20

// state is the working memory of one run.
type state struct {
	k       *kernels
	single  []float32   // of each single value, its number
	singleB []bool      // or its truth value
	cur     [][]float32 // of each value, the numbers of the block at hand
	curB    [][]bool    // or its truth values
	small   [][]float32 // of each value of a small span, its numbers; small[v][:Mid] are also cur[v] before the loop
	smallB  [][]bool
	wide    [][]float32 // of each value in spread, room to be written out
	wideB   [][]bool
	regs    [][]float32
	regsB   [][]bool
	bound   int         // the length of the block that registers are cut to
	streams [][]float32 // the long inputs of numbers
	ahead   bool        // ask for the next block of them while working on this one
	past    bool        // store past the caches
	direct  []int       // of each value, the output that it is computed into, or -1
	folds   []folder
}

func (p *Program) newState() *state {
	n := len(p.nodes)
	st := &state{
		single: make([]float32, n), singleB: make([]bool, n),
		cur: make([][]float32, n), curB: make([][]bool, n),
		small: make([][]float32, n), smallB: make([][]bool, n),
		wide: make([][]float32, n), wideB: make([][]bool, n),
		direct: make([]int, n),
		folds:  make([]folder, len(p.reductions)),
	}
	for v, n := range p.nodes {
		if n.code == opConst {
			st.single[v], st.cur[v] = n.constant, []float32{n.constant}
		}
	}
	for _, step := range p.before {
		v := step.v
		if n := &p.nodes[v]; n.truth {
			st.smallB[v] = make([]bool, n.span.Mid)
		} else {
			st.small[v] = make([]float32, n.span.Mid)
		}
	}
	for _, v := range p.spread {
		room := p.block
		if s := p.nodes[v].span; s.compact() {
			room += s.Mid
		}
		if p.nodes[v].truth {
			st.wideB[v] = make([]bool, room)
		} else {
			st.wide[v] = make([]float32, room)
		}
	}
	for range p.numbers {
		st.regs = append(st.regs, make([]float32, p.block))
	}
	for range p.truths {
		st.regsB = append(st.regsB, make([]bool, p.block))
	}
	for i, r := range p.reductions {
		st.folds[i] = newFolder(r.op, r.span)
	}
	return st
}

// Run does the loop for the elements from, from+1, ... to-1. The results of a run over a part are those of the whole: what
// is stored is the same, and reductions follow the order of the run's elements, so the split of the work, not the number
// of threads that do it, decides their bits.
func (p *Program) Run(args *Args, from, to int) {
	p.check(args, to)
	if from >= to {
		return
	}
	st, ok := p.pool.Get().(*state)
	if !ok {
		st = p.newState()
	}
	st.k = active
	p.start(st, args, from)
	for i := from; i < to; i += p.block {
		p.runBlock(st, args, from, i, min(p.block, to-i), to)
	}
	for i := range st.folds {
		st.folds[i].finish(args.Reductions[i], from, to)
	}
	p.release(st)
	p.pool.Put(st)
}

// check panics if the arguments do not fit the program: that is a mistake of the caller, not of its data.
func (p *Program) check(args *Args, to int) {
	if len(args.In) != len(p.inputs) || len(args.Out) != len(p.outputs) || len(args.Reductions) != len(p.reductions) {
		panic(fmt.Sprintf("vec: program wants %d inputs, %d outputs, %d reductions, got %d, %d, %d",
			len(p.inputs), len(p.outputs), len(p.reductions), len(args.In), len(args.Out), len(args.Reductions)))
	}
	array := func(kind string, i int, v Value, a Array) {
		n := &p.nodes[v]
		want, got := to, len(a.F)
		if !n.full() {
			want = n.span.Mid
		}
		if n.truth {
			got = len(a.B)
		}
		if got < want {
			panic(fmt.Sprintf("vec: %s %d (truth values: %t) has %d elements, the run needs %d", kind, i, n.truth, got, want))
		}
	}
	for i, v := range p.inputs {
		array("input", i, v, args.In[i])
	}
	for i, v := range p.outputs {
		array("output", i, v, args.Out[i])
	}
	for i, r := range p.reductions {
		if len(args.Reductions[i]) < r.span.Mid {
			panic(fmt.Sprintf("vec: reduction %d has %d elements, its span %d", i, len(args.Reductions[i]), r.span.Mid))
		}
	}
}

// start reads the small inputs, does the steps before the loop, and decides which outputs are written without a copy.
func (p *Program) start(st *state, args *Args, from int) {
	total := 0 // bytes of the long inputs
	for i, v := range p.inputs {
		n := &p.nodes[v]
		if n.full() {
			if !n.truth {
				st.streams = append(st.streams, args.In[i].F)
				total += 4 * len(args.In[i].F)
			}
			continue
		}
		if n.truth {
			st.smallB[v] = args.In[i].B[:n.span.Mid]
			st.singleB[v] = st.smallB[v][0]
		} else {
			st.small[v] = args.In[i].F[:n.span.Mid]
			st.single[v] = st.small[v][0]
		}
		st.cur[v], st.curB[v] = st.small[v], st.smallB[v]
	}
	for i := range p.before {
		v := p.before[i].v
		st.cur[v], st.curB[v] = st.small[v], st.smallB[v]
		p.before[i].do(st)
		if n := &p.nodes[v]; n.single() {
			if n.truth {
				st.singleB[v] = st.smallB[v][0]
			} else {
				st.single[v] = st.small[v][0]
			}
		}
	}
	for _, v := range p.spread {
		if !p.nodes[v].span.compact() {
			continue
		}
		if p.nodes[v].truth {
			Tile(st.wideB[v], st.smallB[v], 0)
		} else {
			Tile(st.wide[v], st.small[v], 0)
		}
	}
	st.ahead = len(st.streams) >= manyStreams && total >= cacheSize
	for _, a := range args.Out {
		total += 4 * len(a.F)
	}
	st.past = total >= farSize
	p.chooseDirect(st, args)
	for i := range st.folds {
		st.folds[i].start()
	}
}

// chooseDirect lets a step write into its output where nothing that overlaps the output is read after it.
func (p *Program) chooseDirect(st *state, args *Args) {
	for _, v := range p.outputs {
		st.direct[v] = -1
	}
	for o, v := range p.outputs {
		if st.direct[v] >= 0 || st.past && !p.nodes[v].truth {
			continue // stored twice: the second is a copy; or past the caches, from a register
		}
		st.direct[v] = o
		for _, i := range p.hazards[o] {
			if overlap(args.Out[o], args.In[i]) {
				st.direct[v] = -1
			}
		}
	}
}

func overlap(a, b Array) bool {
	start := func(x Array) (first, size uintptr) {
		if x.F != nil {
			return uintptr(unsafe.Pointer(unsafe.SliceData(x.F))), 4 * uintptr(len(x.F))
		}
		return uintptr(unsafe.Pointer(unsafe.SliceData(x.B))), uintptr(len(x.B))
	}
	p, n := start(a)
	q, m := start(b)
	return p < q+m && q < p+n
}

// runBlock does the loop for elements i, ... i+n-1 of a run that began at from and goes on to to.
func (p *Program) runBlock(st *state, args *Args, from, i, n, to int) {
	p.bind(st, args, i, n)
	next := min(n, to-i-n)
	if !st.ahead {
		next = 0
	}
	ahead := (next*len(st.streams)/max(len(p.loop), 1) + 15) &^ 15
	for at := range p.loop {
		p.loop[at].do(st)
		st.fetch(i+n, next, at*ahead, ahead)
	}
	for k, r := range p.reductions {
		if r.dot >= 0 {
			st.k.accumulateDot(&st.folds[k].acc, st.cur[r.v], st.cur[r.dot])
			continue
		}
		st.folds[k].add(st.k, args.Reductions[k], st.cur[r.v], from, i)
	}
	for o, v := range p.outputs {
		if st.direct[v] == o {
			continue
		}
		switch {
		case p.nodes[v].truth:
			copy(args.Out[o].B[i:i+n], st.curB[v])
		case st.past:
			st.k.copyPast(args.Out[o].F[i:i+n], st.cur[v])
		default:
			copy(args.Out[o].F[i:i+n], st.cur[v])
		}
	}
}

// copyPast copies past the caches what fills lines of 64 bytes.
func (k *kernels) copyPast(dst, src []float32) {
	const line = 16
	if lines := len(dst) / line; k.stream != nil && lines > 0 && uintptr(unsafe.Pointer(&dst[0]))%(4*line) == 0 {
		_ = src[lines*line-1]
		k.stream(&dst[0], &src[0], lines)
		dst, src = dst[lines*line:], src[lines*line:]
	}
	copy(dst, src)
}

// fetch asks for a part of the next block, which begins at start and has n elements in each of the streams: the count
// elements from place at on, in all of them one after another. Doing so step by step keeps the requests from crowding.
func (st *state) fetch(start, n, at, count int) {
	for count > 0 && n > 0 && at < n*len(st.streams) {
		from := at % n
		part := min(count, n-from)
		st.k.prefetch(st.streams[at/n][start+from : start+from+part])
		at += part
		count -= part
	}
}

// bind lets cur be the block: of inputs, of small values, of registers, of outputs that steps write into.
func (p *Program) bind(st *state, args *Args, i, n int) {
	for k, v := range p.inputs {
		switch {
		case !p.nodes[v].full():
		case p.nodes[v].truth:
			st.curB[v] = args.In[k].B[i : i+n]
		default:
			st.cur[v] = args.In[k].F[i : i+n]
		}
	}
	for _, v := range p.spread {
		p.spreadBlock(st, v, i, n)
	}
	if n != st.bound { // registers stay where they are from block to block
		st.bound = n
		for _, s := range p.loop {
			if p.nodes[s.v].truth {
				st.curB[s.v] = st.regsB[p.home[s.v]][:n]
			} else {
				st.cur[s.v] = st.regs[p.home[s.v]][:n]
			}
		}
	}
	for o, v := range p.outputs {
		switch {
		case st.direct[v] != o:
		case p.nodes[v].truth:
			st.curB[v] = args.Out[o].B[i : i+n]
		default:
			st.cur[v] = args.Out[o].F[i : i+n]
		}
	}
}

// spreadBlock makes a small value as long as the block.
func (p *Program) spreadBlock(st *state, v Value, i, n int) {
	s, truth := p.nodes[v].span, p.nodes[v].truth
	phase := s.at(i)
	if s.compact() { // the repetitions are there: begin at the right one
		if truth {
			st.curB[v] = st.wideB[v][phase : phase+n]
		} else {
			st.cur[v] = st.wide[v][phase : phase+n]
		}
		return
	}
	if truth {
		st.curB[v] = st.wideB[v][:n]
		unroll(st.curB[v], st.smallB[v], s, i)
	} else {
		st.cur[v] = st.wide[v][:n]
		unroll(st.cur[v], st.small[v], s, i)
	}
}

// unroll sets dst[k] = src[s.at(i+k)].
func unroll[T any](dst, src []T, s Span, i int) {
	if s.Inner == 1 {
		Tile(dst, src, s.at(i))
		return
	}
	for at, skip := s.at(i), i%s.Inner; len(dst) > 0; at, skip = 0, 0 {
		n := min(len(dst), (s.Mid-at)*s.Inner-skip)
		Repeat(dst[:n], src[at:], s.Inner, skip)
		dst = dst[n:]
	}
}

// release drops the references to the arguments.
func (p *Program) release(st *state) {
	clear(st.streams)
	st.streams, st.bound = st.streams[:0], 0
	for _, v := range p.inputs {
		st.small[v], st.smallB[v], st.cur[v], st.curB[v] = nil, nil, nil, nil
	}
	for _, v := range p.outputs {
		st.cur[v], st.curB[v] = nil, nil
	}
}
