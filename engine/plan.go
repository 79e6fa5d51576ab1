package engine

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// lowerer is an op that knows how to become steps of a plan. Every op of a finished graph is one.
type lowerer interface {
	ir.Op
	lower(p *planner, n *ir.Node)
}

// plan is a graph made ready to run: a list of steps over numbered buffers. It is not changed by running.
type plan struct {
	steps   []step
	buffers []buffer
	params  []int // buffer of each parameter
	outputs []int // buffer of each output
	arena   int   // bytes
}

// step is one kernel call.
type step struct {
	name          string
	method        string // the algorithm, where the kernel has several
	run           func(r *run)
	reads, writes []int    // buffers
	shares        [][2]int // {written, read}: the step may write the first buffer over the second, if nothing reads that later
	flops         int64    // multiplications and additions, where they say something
	bytes         int64    // read and written, at least
}

// buffer is a piece of memory of a plan.
type buffer struct {
	kind  bufferKind
	size  int    // bytes
	index int    // which parameter or output
	data  []byte // of a constant
	place int    // offset in the arena
}

type bufferKind uint8

const (
	inArena bufferKind = iota
	isParam
	isOutput
	isConst
)

// planner turns nodes into steps.
type planner struct {
	engine *Backend
	plan   *plan
	views  map[ir.Value]view.View
	dense  map[string]view.View  // row-major copies, by the view that they are made of
	packs  map[packing]view.View // weights made ready for convolutions
	err    error
}

// newPlan makes the plan of a graph whose ops all lower.
func newPlan(b *Backend, g *ir.Graph) (*plan, error) {
	p := &planner{engine: b, plan: &plan{}, views: map[ir.Value]view.View{}, dense: map[string]view.View{}, packs: map[packing]view.View{}}
	for i, param := range g.Params {
		v := p.newView(param.Out[0], buffer{kind: isParam, index: i})
		p.views[param.Value()] = v
		p.plan.params = append(p.plan.params, v.Buf)
	}
	for _, n := range g.Nodes {
		if _, done := p.views[ir.Value{Node: n}]; done {
			continue
		}
		op, ok := n.Op.(lowerer)
		if !ok {
			return nil, fmt.Errorf("engine: op %s has no kernel", n.Op.Name())
		}
		op.lower(p, n)
		if p.err != nil {
			return nil, fmt.Errorf("engine: %s: %w", n.Op.Name(), p.err)
		}
	}
	p.outputs(g)
	if p.err == nil {
		p.err = p.plan.place()
	}
	if p.err != nil {
		return nil, fmt.Errorf("engine: %w", p.err)
	}
	return p.plan, nil
}

// outputs sees to it that every output has a dense buffer of its own.
func (p *planner) outputs(g *ir.Graph) {
	for i, out := range g.Outputs {
		v := p.views[out]
		b := &p.plan.buffers[v.Buf]
		size := v.Size() * out.Shape().DType.Size()
		if b.kind == inArena && b.size == size && v.Offset == 0 && v.Dense() {
			b.kind, b.index = isOutput, i
		} else {
			w := p.newView(out.Shape(), buffer{kind: isOutput, index: i})
			p.copy(w, v, out.Shape().DType)
			v = w
		}
		p.plan.outputs = append(p.plan.outputs, v.Buf)
	}
}

// in is the view of an input of a node.
func (p *planner) in(n *ir.Node, i int) view.View { return p.views[n.In[i]] }

// denseIn is an input in row-major order, copied if it is not.
func (p *planner) denseIn(n *ir.Node, i int) view.View {
	return p.denseOf(p.in(n, i), n.In[i].Shape().DType)
}

// denseOf is a view in row-major order: itself, or a copy.
func (p *planner) denseOf(v view.View, dtype dtypes.DType) view.View {
	if v.Dense() {
		return v
	}
	return p.makeDense(v, dtype)
}

// makeDense is a copy of a view in row-major order, one for all who ask.
func (p *planner) makeDense(v view.View, dtype dtypes.DType) view.View {
	key := fmt.Sprint(v, dtype)
	w, ok := p.dense[key]
	if !ok {
		w = p.newView(shapes.Shape{DType: dtype, Dimensions: v.Dims}, buffer{})
		p.copy(w, v, dtype)
		p.dense[key] = w
	}
	return w
}

// out makes the buffer of a result of a node.
func (p *planner) out(n *ir.Node, i int) view.View {
	v := p.newView(n.Out[i], buffer{})
	p.views[ir.Value{Node: n, Index: i}] = v
	return v
}

// newView makes a buffer for an array of this shape.
func (p *planner) newView(s shapes.Shape, b buffer) view.View {
	size, err := byteSize(s)
	if err != nil && p.err == nil {
		p.err = err
	}
	b.size = size
	p.plan.buffers = append(p.plan.buffers, b)
	return view.RowMajor(len(p.plan.buffers)-1, s.Dimensions)
}

// scratch is memory for the step that is added next, n elements of dtype.
func (p *planner) scratch(dtype dtypes.DType, n int) view.View {
	return p.newView(shapes.Shape{DType: dtype, Dimensions: []int{n}}, buffer{})
}

// constant is a buffer with fixed contents.
func (p *planner) constant(data []byte, s shapes.Shape) view.View {
	return p.newView(s, buffer{kind: isConst, data: data})
}

// add appends a step. The bytes it moves are counted from its views unless it says so itself.
func (p *planner) add(s step, reads, writes []view.View) {
	for _, v := range reads {
		s.reads = append(s.reads, v.Buf)
	}
	for _, v := range writes {
		s.writes = append(s.writes, v.Buf)
	}
	if s.bytes == 0 {
		for _, b := range append(s.reads, s.writes...) {
			s.bytes += int64(p.plan.buffers[b].size)
		}
	}
	p.plan.steps = append(p.plan.steps, s)
}

// String lists the steps, for tests and bug reports.
func (p *plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "arena %d bytes, %d buffers\n", p.arena, len(p.buffers))
	for _, s := range p.steps {
		fmt.Fprintf(&b, "%v = %s %v\n", s.writes, s.name, s.reads)
	}
	return b.String()
}
