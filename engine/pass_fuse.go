package engine

import (
	"math/bits"
	"slices"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// fuse makes loops of elementwise operations and reductions: operations over one space go into one loop if one reads what the other makes,
// or if both read the same array, and nothing outside the loop lies between them. A value that is read outside becomes a result of the loop,
// one that is not never gets to memory. Nor does one that other loops can cheaply compute again from what they read anyway, or from one array in
// its place: x - mean, or the mask of a ReLU, are not kept for the backward pass.
//
//	%2 = mul %0, %1 : f32[8 4]
//	%3 = tanh %2 : f32[8 4]                 ==>    %2.0, %2.1 = loop %0, %1 {over [8 4]: r2 = mul[0 1]; r3 = tanh[2]; store r3 sum r3 over 0}
//	%4 = reduce.sum %3 {[0]} : f32[4]              return %2.0, %2.1
//	return %3, %4
//
// It runs after prune, so that nobody stores what no one reads.
func fuse(_ *Backend, g *ir.Graph) *ir.Graph {
	f := newFusion(g)
	for _, n := range g.Nodes {
		f.place(n)
	}
	return f.emit()
}

// maxLoop bounds the instructions of a loop, and maxStreams the arrays it reads and writes.
const (
	maxLoop    = 96
	maxStreams = 24
)

// unit is a group of nodes that become one loop, or a single other node.
type unit struct {
	id      int
	nodes   []*ir.Node
	space   []int // nil if it is not a loop
	axes    []int // of its reductions
	reduces bool
	vec     bool
	needs   bitset // the units it depends on, through any number of others
	merged  *unit  // where its nodes have gone, if they have
	streams map[ir.Value]bool

	reads   []ir.Value // what the loop reads from memory
	program []*ir.Node // what it computes again of other loops, before its own nodes
}

type bitset []uint64

func (b bitset) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }
func (b bitset) add(i int)      { b[i/64] |= 1 << (i % 64) }

// join adds what other has, and says whether that was anything new.
func (b bitset) join(other bitset) bool {
	fresh := false
	for i, w := range other {
		fresh = fresh || w&^b[i] != 0
		b[i] |= w
	}
	return fresh
}

func (b bitset) each(f func(i int)) {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			f(64*i + bits.TrailingZeros64(w))
		}
	}
}

type fusion struct {
	graph  *ir.Graph
	units  []*unit
	of     []*unit            // of each node
	reader map[ir.Value]*unit // a loop that reads the value
}

func newFusion(g *ir.Graph) *fusion {
	return &fusion{graph: g, of: make([]*unit, len(g.Nodes)), reader: map[ir.Value]*unit{}}
}

// unitOf follows merges.
func (f *fusion) unitOf(n *ir.Node) *unit {
	u := f.of[n.ID]
	for u.merged != nil {
		u = u.merged
	}
	return u
}

// place puts a node into a unit: one that it can join, or a new one.
func (f *fusion) place(n *ir.Node) {
	u := f.newUnit(n)
	if u.space == nil {
		return
	}
	for _, v := range n.In { // loops that make what it reads
		if other := f.unitOf(v.Node); other != u {
			f.tryMerge(other, u)
			u = f.unitOf(n)
		}
	}
	for _, v := range n.In { // loops that read what it reads
		if other := f.reader[v]; other != nil && v.Shape().Size() >= 4096 {
			for other.merged != nil {
				other = other.merged
			}
			if other != u {
				f.tryMerge(other, u)
				u = f.unitOf(n)
			}
		}
	}
	for _, v := range n.In {
		f.reader[v] = u
	}
}

func (f *fusion) newUnit(n *ir.Node) *unit {
	u := &unit{id: len(f.units), nodes: []*ir.Node{n}, needs: make(bitset, (len(f.graph.Nodes)+63)/64)}
	f.units = append(f.units, u)
	f.of[n.ID] = u
	for _, v := range n.In {
		other := f.unitOf(v.Node)
		u.needs.add(other.id)
		u.needs.join(other.needs)
	}
	switch op := n.Op.(type) {
	case scalarOp:
		u.space = n.Out[0].Dimensions
		u.vec = op.loop(n).code[0].vectorised()
	case reduceOp:
		u.space, u.axes, u.reduces = n.In[0].Shape().Dimensions, op.axes, true
		u.vec = op.loop(n).vectorised(dtypesOf(n.In))
	default:
		return u
	}
	if u.space == nil {
		u.space = []int{}
	}
	u.streams = map[ir.Value]bool{}
	for _, v := range n.In {
		u.streams[v] = true
	}
	return u
}

// tryMerge joins the later unit into the earlier one, if that is allowed.
func (f *fusion) tryMerge(to, from *unit) {
	if to.space == nil || to.vec != from.vec || !slices.Equal(to.space, from.space) || len(to.nodes)+len(from.nodes) > maxLoop {
		return
	}
	if to.reduces && from.reduces && !slices.Equal(to.axes, from.axes) {
		return
	}
	if f.readsReduction(from, to) || f.readsReduction(to, from) || f.between(to, from) || f.between(from, to) {
		return
	}
	streams := len(to.streams)
	for v := range from.streams {
		if !to.streams[v] && f.unitOf(v.Node) != to {
			streams++
		}
	}
	if streams > maxStreams {
		return
	}
	f.merge(to, from)
}

// readsReduction says whether a unit reads a reduction of the other one: that is there only when the other loop has ended.
func (f *fusion) readsReduction(reader, maker *unit) bool {
	if !maker.reduces {
		return false
	}
	for _, n := range reader.nodes {
		for _, v := range n.In {
			if _, reduces := v.Node.Op.(reduceOp); reduces && f.unitOf(v.Node) == maker {
				return true
			}
		}
	}
	return false
}

// between says whether a path leads from a to b through another unit.
func (f *fusion) between(a, b *unit) bool {
	found := false
	b.needs.each(func(i int) {
		u := f.units[i]
		found = found || u != a && u != b && u.merged == nil && u.needs.has(a.id)
	})
	return found
}

func (f *fusion) merge(to, from *unit) {
	from.merged = to
	to.nodes = append(to.nodes, from.nodes...)
	for v := range from.streams {
		if f.unitOf(v.Node) != to {
			to.streams[v] = true
		}
	}
	if from.reduces {
		to.reduces, to.axes = true, from.axes
	}
	to.needs.join(from.needs)
	to.needs.remove(to.id)
	to.needs.remove(from.id)
	for _, u := range f.units { // who needs one of the two needs what both need
		if u.merged == nil && u != to && (u.needs.has(to.id) || u.needs.has(from.id)) {
			u.needs.remove(from.id)
			u.needs.add(to.id)
			u.needs.join(to.needs)
		}
	}
}

func (b bitset) remove(i int) { b[i/64] &^= 1 << (i % 64) }

// emit builds the new graph: units in the order of their last nodes, what they need before them.
func (f *fusion) emit() *ir.Graph {
	var order []*unit
	for _, u := range f.units {
		if u.merged == nil {
			slices.SortFunc(u.nodes, func(a, b *ir.Node) int { return a.ID - b.ID })
			order = append(order, u)
		}
	}
	slices.SortStableFunc(order, func(a, b *unit) int { return a.nodes[len(a.nodes)-1].ID - b.nodes[len(b.nodes)-1].ID })
	e := &emission{fusion: f, to: ir.New(), values: map[ir.Value]ir.Value{}, done: make([]bool, len(f.units)), stored: f.storedAnyway()}
	for _, p := range f.graph.Params {
		e.values[p.Value()] = e.to.AddParam(p.Op, p.Out[0]).Value()
		e.done[f.unitOf(p).id] = true
	}
	for _, u := range order {
		e.sort(u)
	}
	for _, u := range e.order {
		if u.space != nil {
			e.write(u)
		}
	}
	for _, u := range e.order {
		e.emit(u)
	}
	for _, v := range f.graph.Outputs {
		e.to.Outputs = append(e.to.Outputs, e.values[v])
	}
	return e.to
}

// storedAnyway are the values that something else than a loop reads.
func (f *fusion) storedAnyway() map[ir.Value]bool {
	stored := map[ir.Value]bool{}
	for _, v := range f.graph.Outputs {
		stored[v] = true
	}
	for _, n := range f.graph.Nodes {
		if f.unitOf(n).space == nil {
			for _, v := range n.In {
				stored[v] = true
			}
		}
	}
	return stored
}

// emission is the second half of fuse.
type emission struct {
	*fusion
	to     *ir.Graph
	values map[ir.Value]ir.Value
	done   []bool
	order  []*unit
	stored map[ir.Value]bool // values that loops must store
}

// sort appends a unit to the order, after what it needs.
func (e *emission) sort(u *unit) {
	if e.done[u.id] {
		return
	}
	e.done[u.id] = true
	for _, n := range u.nodes {
		for _, v := range n.In {
			e.sort(e.unitOf(v.Node))
		}
	}
	e.order = append(e.order, u)
}

// write decides what a loop reads from memory and what it computes again, and writes its program.
func (e *emission) write(u *unit) {
	w := &writer{emission: e, unit: u, regs: map[ir.Value]int{}}
	for _, n := range u.nodes {
		for _, v := range n.In {
			if e.unitOf(v.Node) != u && !e.again(v, u) {
				w.read(v)
			}
		}
	}
	for _, n := range u.nodes {
		for _, v := range n.In {
			if e.unitOf(v.Node) != u && !w.has(v) {
				w.offer(v)
			}
		}
	}
	u.reads = w.reads
	u.program = w.nodes
}

// again says whether a value that another loop makes might be computed again in this one: whether it is cheap, and of this space.
func (e *emission) again(v ir.Value, u *unit) bool {
	op, ok := v.Node.Op.(scalarOp)
	return ok && cheap[op.op] && !e.stored[v] && e.unitOf(v.Node).vec == u.vec && slices.Equal(v.Shape().Dimensions, u.space) && v.Shape().Size() >= againSize
}

// cheap are the operations that cost less than a pass through memory.
var cheap = map[string]bool{
	"add": true, "sub": true, "mul": true, "neg": true, "abs": true, "max": true, "min": true, "where": true, "clamp": true, "sign": true,
	"equal": true, "notequal": true, "less": true, "lessequal": true, "greater": true, "greaterequal": true, "and": true, "or": true, "not": true,
}

// maxAgain is the most instructions that are done again for one value, and againSize the fewest elements for which that is done.
const (
	maxAgain  = 8
	againSize = 512
)

// writer collects the program of a loop: reads from memory, and nodes in the order of their instructions.
type writer struct {
	*emission
	unit  *unit
	reads []ir.Value
	nodes []*ir.Node
	regs  map[ir.Value]int // of what is there already
}

func (w *writer) has(v ir.Value) bool {
	_, ok := w.regs[v]
	return ok
}

// read makes a value an input of the loop.
func (w *writer) read(v ir.Value) {
	if !w.has(v) {
		w.regs[v] = len(w.regs)
		w.reads = append(w.reads, v)
		w.stored[v] = true
	}
}

// offer computes a value again if that reads at most one array in its place, which is no wider; else it is read.
func (w *writer) offer(v ir.Value) {
	plan := &retake{writer: w, seen: map[ir.Value]bool{}}
	if !plan.take(v) || len(plan.nodes) > maxAgain || len(w.nodes)+len(plan.nodes)+len(w.unit.nodes) > maxLoop || !plan.pays(v) {
		w.read(v)
		return
	}
	for _, r := range plan.reads {
		w.read(r)
	}
	for _, n := range plan.nodes {
		w.regs[n.Value()] = len(w.regs)
		w.nodes = append(w.nodes, n)
	}
}

// retake is what it takes to compute a value again.
type retake struct {
	*writer
	seen  map[ir.Value]bool
	reads []ir.Value
	nodes []*ir.Node
}

func (r *retake) take(v ir.Value) bool {
	if r.has(v) || r.seen[v] {
		return true
	}
	r.seen[v] = true
	if !r.again(v, r.unit) {
		r.reads = append(r.reads, v)
		return true
	}
	if len(r.nodes) > maxAgain {
		return false
	}
	for _, x := range v.Node.In {
		if !r.take(x) {
			return false
		}
	}
	r.nodes = append(r.nodes, v.Node)
	return true
}

// pays says whether the reads cost no more than reading the value itself.
func (r *retake) pays(v ir.Value) bool {
	bytes := 0
	for _, x := range r.reads {
		if size := distinct(x); 16*size > v.Shape().Size() {
			bytes += size * x.Shape().DType.Size()
		}
	}
	return bytes <= v.Shape().Size()*v.Shape().DType.Size()
}

// distinct is how many elements of a value lie in memory: a broadcast repeats those of its operand.
func distinct(v ir.Value) int {
	for {
		if _, ok := v.Node.Op.(broadcastOp); !ok {
			return v.Shape().Size()
		}
		v = v.Node.In[0]
	}
}

// emit adds the loop, or the other node, of a unit.
func (e *emission) emit(u *unit) {
	if u.space == nil {
		n := u.nodes[0]
		for i, v := range ir.Copy(e.to, n, e.local(n.In)) {
			e.values[ir.Value{Node: n, Index: i}] = v
		}
		return
	}
	l, out := e.loop(u)
	if len(out) == 0 {
		return // all of it is computed again where it is needed
	}
	n := e.to.Add(l, e.local(u.reads), shapesOf(out)...)
	for i, v := range out {
		e.values[v] = ir.Value{Node: n, Index: i}
	}
}

// local are the values in the new graph.
func (e *emission) local(in []ir.Value) []ir.Value {
	out := make([]ir.Value, len(in))
	for i, v := range in {
		out[i] = e.values[v]
	}
	return out
}

// loop is the program of a unit, with the values it makes.
func (e *emission) loop(u *unit) (l *loop, out []ir.Value) {
	l = &loop{space: u.space, inputs: len(u.reads)}
	regs := map[ir.Value]int{}
	for i, v := range u.reads {
		regs[v] = i
	}
	own := map[*ir.Node]bool{}
	for _, n := range u.nodes {
		own[n] = true
	}
	for _, n := range append(slices.Clone(u.program), u.nodes...) {
		switch op := n.Op.(type) {
		case scalarOp:
			c := op.loop(n).code[0]
			for i, v := range n.In {
				c.args[i] = regs[v]
			}
			regs[n.Value()] = l.inputs + len(l.code)
			l.code = append(l.code, c)
			if own[n] && e.stored[n.Value()] {
				l.results = append(l.results, result{reg: regs[n.Value()]})
				out = append(out, n.Value())
			}
		case reduceOp:
			l.results = append(l.results, result{reg: regs[n.In[0]], reduce: op.kind, axes: op.mask(len(u.space))})
			out = append(out, n.Value())
		}
	}
	return l, out
}
