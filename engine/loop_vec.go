package engine

import (
	"github.com/gomlx/compute/dtypes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/vec"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// vectorised says whether package vec has the instruction.
func (c code) vectorised() bool {
	switch {
	case c.op == "convert":
		return c.from == dtypes.Bool && c.to == dtypes.Float32 || c.from == dtypes.Float32 && c.to == dtypes.Bool
	case c.from == dtypes.Bool:
		_, ok := vecLogic[c.op]
		return ok || c.op == "not"
	case c.from != dtypes.Float32:
		return false
	case c.op == "where" || c.op == "clamp" || c.op == "isfinite" || c.op == "isnan":
		return true
	}
	_, u := vecUnary[c.op]
	_, b := vecBinary[c.op]
	_, k := vecCompare[c.op]
	return u || b || k
}

// lowerVec makes a program of package vec of the loop, one of float32 and truth values, if its operands repeat in a way that vec knows: dense
// ones, and those that stand for a run of axes.
func (l *loop) lowerVec(p *planner, n *ir.Node, in []view.View, types []dtypes.DType) bool {
	size := view.Size(l.space)
	if size == 0 {
		return false
	}
	k := &vecKernel{size: size}
	var b vec.Builder
	regs := make([]vec.Value, 0, len(types))
	for i, v := range in {
		span, ok := spanOf(v)
		if !ok {
			return false
		}
		truth := types[i] == dtypes.Bool
		if span.Mid == 1 && !truth {
			if x, ok := p.number(v); ok {
				regs = append(regs, b.Const(x)) // the builder has steps for forms with 0 and 1
				continue
			}
		}
		regs = append(regs, addInput(&b, span, size, truth))
		length := span.Mid
		if span.Inner*span.Mid == size && span.Inner == 1 {
			length = size
		}
		k.in = append(k.in, operand{v.Buf, v.Offset, length, truth})
	}
	for _, c := range l.code {
		regs = append(regs, addCode(&b, c, regs))
	}
	out := make([]view.View, len(l.results))
	for i, r := range l.results {
		if r.reduce == "" {
			b.Store(regs[r.reg])
			continue
		}
		span, ok := spanOf(spread(view.RowMajor(0, n.Out[i].Dimensions), l.space, r.axes))
		if !ok {
			return false
		}
		b.Reduce(vecReduce[r.reduce], regs[r.reg], span)
		k.reductions = append(k.reductions, vecReduce[r.reduce])
		k.span = span
	}
	program, err := b.Program()
	if err != nil {
		p.err = err
		return true
	}
	k.program = program
	for i, r := range l.results {
		out[i] = p.out(n, i)
		if r.reduce == "" {
			k.out = append(k.out, operand{out[i].Buf, 0, size, types[r.reg] == dtypes.Bool})
		} else {
			k.sums = append(k.sums, out[i].Buf)
		}
	}
	k.split()
	writes := append([]view.View(nil), out...)
	if k.partial {
		for range k.sums {
			s := p.scratch(dtypes.Float32, k.tasks*k.span.Mid)
			k.places = append(k.places, s.Buf)
			writes = append(writes, s)
		}
	}
	s := step{name: l.stepName(), run: k.run, flops: int64(len(l.code)+len(k.sums)) * int64(size)}
	s.shares = l.sharing(p, in, out, false)
	p.add(s, in, writes)
	return true
}

// number is the first element of a constant of float32.
func (p *planner) number(v view.View) (float32, bool) {
	if b := p.plan.buffers[v.Buf]; b.kind == isConst && v.Size() > 0 {
		return as[float32](b.data)[v.Offset], true
	}
	return 0, false
}

func (l *loop) vectorised(types []dtypes.DType) bool {
	for _, c := range l.code {
		if !c.vectorised() {
			return false
		}
	}
	for _, t := range types {
		if t != dtypes.Float32 && t != dtypes.Bool {
			return false
		}
	}
	for _, r := range l.results {
		if _, ok := vecReduce[r.reduce]; r.reduce != "" && (!ok || types[r.reg] != dtypes.Float32) {
			return false
		}
	}
	return true
}

// spanOf says how a view repeats over a space: element i of the space is element i / Inner mod Mid of a dense run. A view that is dense
// over the whole space has Inner 1 and Mid the size.
func spanOf(v view.View) (vec.Span, bool) {
	s := vec.Span{Inner: 1, Mid: 1}
	const (
		inner = iota
		middle
		outer
	)
	part := inner
	for a := len(v.Dims) - 1; a >= 0; a-- {
		d, stride := v.Dims[a], v.Strides[a]
		switch {
		case d == 1:
		case stride == 0 && part == inner:
			s.Inner *= d
		case stride == 0:
			part = outer
		case part != outer && stride == s.Mid:
			part = middle
			s.Mid *= d
		default:
			return s, false
		}
	}
	return s, true
}

func addInput(b *vec.Builder, span vec.Span, size int, truth bool) vec.Value {
	full := span.Inner == 1 && span.Mid == size
	switch {
	case full && truth:
		return b.Bools()
	case full:
		return b.Input()
	case truth:
		return b.SmallBools(span)
	}
	return b.Small(span)
}

func addCode(b *vec.Builder, c code, regs []vec.Value) vec.Value {
	x := func(i int) vec.Value { return regs[c.args[i]] }
	switch {
	case c.op == "convert" && c.to == dtypes.Bool:
		return b.Compare(vec.Ne, x(0), b.Const(0))
	case c.op == "convert":
		return b.FromBool(x(0))
	case c.op == "not":
		return b.Not(x(0))
	case c.from == dtypes.Bool:
		return b.Logic(vecLogic[c.op], x(0), x(1))
	case c.op == "where":
		return b.Select(x(0), x(1), x(2))
	case c.op == "clamp":
		return b.Clamp(x(0), x(1), x(2))
	case c.op == "isfinite":
		return b.IsFinite(x(0))
	case c.op == "isnan":
		return b.Compare(vec.Ne, x(0), x(0))
	}
	if op, ok := vecUnary[c.op]; ok {
		return b.Unary(op, x(0))
	}
	if op, ok := vecBinary[c.op]; ok {
		return b.Binary(op, x(0), x(1))
	}
	return b.Compare(vecCompare[c.op], x(0), x(1))
}

// vecKernel runs a program in tasks.
type vecKernel struct {
	program    *vec.Program
	size       int
	in, out    []operand
	reductions []vec.Reduction
	span       vec.Span // of all reductions
	sums       []int    // buffers of their results
	places     []int    // buffers of partial results
	grain      int      // elements in a task
	tasks      int
	partial    bool // tasks reduce to places of their own
}

// operand is where an argument lies.
type operand struct {
	buf, offset, length int
	truth               bool
}

func (o operand) array(r *run) vec.Array {
	if o.truth {
		return vec.Array{B: as[bool](r.mem[o.buf])[o.offset : o.offset+o.length]}
	}
	return vec.Array{F: as[float32](r.mem[o.buf])[o.offset : o.offset+o.length]}
}

// split divides the loop by its shape alone: in pieces of fixed length, or, if the outermost axes are those that are kept, at their
// borders; else every task reduces to a place of its own, and these are joined in order.
func (k *vecKernel) split() {
	k.grain = taskElements
	if len(k.reductions) > 0 {
		switch {
		case k.span.Inner*k.span.Mid == k.size && k.span.Mid > 1:
			k.grain = k.span.Inner * max(1, taskElements/k.span.Inner)
		default:
			k.partial = true
			most := max(1, min(maxTasks, maxPartial/k.span.Mid))
			k.grain = max(taskElements, (k.size+most-1)/most)
		}
	}
	k.tasks = (k.size + k.grain - 1) / k.grain
	if k.tasks <= 1 {
		k.partial = false
	}
}

func (k *vecKernel) run(r *run) {
	args := vec.Args{In: make([]vec.Array, len(k.in)), Out: make([]vec.Array, len(k.out)), Reductions: make([][]float32, len(k.sums))}
	for i, o := range k.in {
		args.In[i] = o.array(r)
	}
	for i, o := range k.out {
		args.Out[i] = o.array(r)
	}
	for j, buf := range k.sums {
		args.Reductions[j] = as[float32](r.mem[buf])
		vec.Fill(args.Reductions[j], k.reductions[j].Identity())
	}
	r.parallelRange(k.size, k.grain, func(lo, hi int) {
		if !k.partial {
			k.program.Run(&args, lo, hi)
			return
		}
		own := args
		own.Reductions = make([][]float32, len(k.sums))
		for j, buf := range k.places {
			own.Reductions[j] = k.place(r, buf, lo/k.grain)
			vec.Fill(own.Reductions[j], k.reductions[j].Identity())
		}
		k.program.Run(&own, lo, hi)
	})
	if !k.partial {
		return
	}
	for j, sum := range args.Reductions {
		for task := range k.tasks {
			k.reductions[j].Binary().Run(sum, sum, k.place(r, k.places[j], task))
		}
	}
}

// place is where a task reduces to.
func (k *vecKernel) place(r *run, buf, task int) []float32 {
	return as[float32](r.mem[buf])[task*k.span.Mid : (task+1)*k.span.Mid]
}
