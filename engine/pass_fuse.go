package engine

import (
	"math/bits"
	"slices"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// fuse makes loops of elementwise operations and reductions: operations over one space go into one loop if one reads what the other makes,
// or if both read the same array, and nothing outside the loop lies between them. A value that is read outside becomes a result of the loop,
// one that is not never gets to memory.
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
	to := ir.New()
	values := map[ir.Value]ir.Value{}
	done := make([]bool, len(f.units))
	for _, p := range f.graph.Params {
		values[p.Value()] = to.AddParam(p.Op, p.Out[0]).Value()
		done[f.unitOf(p).id] = true
	}
	users := f.graph.Users()
	var emit func(u *unit)
	emit = func(u *unit) {
		if done[u.id] {
			return
		}
		done[u.id] = true
		for _, n := range u.nodes {
			for _, v := range n.In {
				emit(f.unitOf(v.Node))
			}
		}
		f.emitUnit(to, u, values, users)
	}
	order := make([]*unit, 0, len(f.units))
	for _, u := range f.units {
		if u.merged == nil {
			slices.SortFunc(u.nodes, func(a, b *ir.Node) int { return a.ID - b.ID })
			order = append(order, u)
		}
	}
	slices.SortStableFunc(order, func(a, b *unit) int { return a.nodes[len(a.nodes)-1].ID - b.nodes[len(b.nodes)-1].ID })
	for _, u := range order {
		emit(u)
	}
	for _, v := range f.graph.Outputs {
		to.Outputs = append(to.Outputs, values[v])
	}
	return to
}

// emitUnit adds the loop, or the other node, of a unit.
func (f *fusion) emitUnit(to *ir.Graph, u *unit, values map[ir.Value]ir.Value, users map[ir.Value]int) {
	if u.space == nil {
		n := u.nodes[0]
		in := make([]ir.Value, len(n.In))
		for i, v := range n.In {
			in[i] = values[v]
		}
		for i, v := range ir.Copy(to, n, in) {
			values[ir.Value{Node: n, Index: i}] = v
		}
		return
	}
	l, in, out := f.loop(u, users)
	args := make([]ir.Value, len(in))
	for i, v := range in {
		args[i] = values[v]
	}
	n := to.Add(l, args, shapesOf(out)...)
	for i, v := range out {
		values[v] = ir.Value{Node: n, Index: i}
	}
}

// loop is the program of a unit, with the values it reads and makes.
func (f *fusion) loop(u *unit, users map[ir.Value]int) (l *loop, in, out []ir.Value) {
	l = &loop{space: u.space}
	regs := map[ir.Value]int{}
	inside := map[ir.Value]int{} // reads by nodes of the unit
	for _, n := range u.nodes {
		for _, v := range n.In {
			inside[v]++
			if _, known := regs[v]; !known && f.unitOf(v.Node) != u {
				regs[v] = len(in)
				in = append(in, v)
			}
		}
	}
	l.inputs = len(in)
	for _, n := range u.nodes {
		switch op := n.Op.(type) {
		case scalarOp:
			c := op.loop(n).code[0]
			for i, v := range n.In {
				c.args[i] = regs[v]
			}
			regs[n.Value()] = l.inputs + len(l.code)
			l.code = append(l.code, c)
			if users[n.Value()] > inside[n.Value()] {
				l.results = append(l.results, result{reg: regs[n.Value()]})
				out = append(out, n.Value())
			}
		case reduceOp:
			l.results = append(l.results, result{reg: regs[n.In[0]], reduce: op.kind, axes: op.mask(len(u.space))})
			out = append(out, n.Value())
		}
	}
	return l, in, out
}
