package engine

import (
	"fmt"
	"sort"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// sortOp sorts arrays together along an axis. Its comparator takes the elements at two places, left and right of the first array, left and
// right of the second, ..., and what it captures. It is always stable, so equal elements never depend on luck.
type sortOp struct {
	comparator *ir.Graph
	axis       int
	arrays     int
}

func (o sortOp) Name() string  { return "sort" }
func (o sortOp) Attrs() string { return fmt.Sprintf("%d by {\n%s}", o.axis, o.comparator) }

func (o sortOp) lower(p *planner, n *ir.Node) {
	var in, out []view.View
	for i := range o.arrays {
		in = append(in, p.in(n, i))
		out = append(out, p.out(n, i))
	}
	dims := n.Out[0].Dimensions
	length := dims[o.axis]
	rows := view.Size(dims)
	if rows == 0 {
		return
	}
	rows /= length
	less := o.less(p, n)
	order := p.scratch(dtypes.Int64, length)
	starts := sortStarts(o.axis, append(append([]view.View(nil), in...), out...))
	run := func(r *run) {
		places := as[int64](r.mem[order.Buf])
		at := make([]int, 2*o.arrays)
		for row := range rows {
			r.check()
			starts.Row(row, at)
			for i := range places {
				places[i] = int64(i)
			}
			compare := less.prepare(r, in, at)
			sort.Stable(byComparator{places, compare})
			for k := range o.arrays {
				moveOrdered(r, out[k], in[k], at[o.arrays+k], at[k], o.axis, places, n.Out[k].DType.Size())
			}
		}
	}
	reads := append(append([]view.View(nil), in...), less.captured...)
	p.add(step{name: "sort", run: run}, reads, append([]view.View{order, less.scratch, less.part.arena}, out...))
}

// sortStarts walks through the first elements of all rows along an axis.
func sortStarts(axis int, views []view.View) view.Nest {
	rows := make([]view.View, len(views))
	for i, v := range views {
		perm := []int{}
		for a := range v.Dims {
			if a != axis {
				perm = append(perm, a)
			}
		}
		rows[i] = v.Transpose(perm...)
	}
	nest := view.NewNest(rows...)
	// Row counts over all axes but the last: add one of length 1.
	nest.Dims = append(nest.Dims, 1)
	for i := range nest.Strides {
		nest.Strides[i] = append(nest.Strides[i], 0)
	}
	return nest
}

func moveOrdered(r *run, out, in view.View, to, from, axis int, order []int64, size int) {
	dst, src := r.mem[out.Buf], r.mem[in.Buf]
	ds, ss := out.Strides[axis], in.Strides[axis]
	for i, k := range order {
		d, s := (to+i*ds)*size, (from+int(k)*ss)*size
		copy(dst[d:d+size], src[s:s+size])
	}
}

type byComparator struct {
	places []int64
	less   func(a, b int64) bool
}

func (s byComparator) Len() int           { return len(s.places) }
func (s byComparator) Less(i, j int) bool { return s.less(s.places[i], s.places[j]) }
func (s byComparator) Swap(i, j int)      { s.places[i], s.places[j] = s.places[j], s.places[i] }

// comparator evaluates the comparison graph: directly if it is one comparison of the two elements of one array, else by running its plan.
type comparator struct {
	op       sortOp
	types    []dtypes.DType
	simple   string // "less" or "greater"; "" if it is not simple
	array    int    // that simple compares
	part     part
	captured []view.View
	capTypes []dtypes.DType
	scratch  view.View // 16 bytes for each parameter and the result
}

func (o sortOp) less(p *planner, n *ir.Node) *comparator {
	c := &comparator{op: o}
	for i := range o.arrays {
		c.types = append(c.types, n.Out[i].DType)
	}
	c.captured, c.capTypes = p.denseInputs(n, o.arrays, len(n.In)-o.arrays)
	c.scratch = p.scratch(dtypes.Uint8, 16*(2*o.arrays+1))
	c.simple, c.array = o.simple()
	if c.simple == "" || orderOf(c.types[c.array], c.simple) == nil {
		c.simple = ""
		c.part = p.part(o.comparator)
	} else {
		c.part.arena = p.scratch(dtypes.Uint8, 0)
	}
	return c
}

// simple recognises a comparison of the two elements of one array.
func (o sortOp) simple() (op string, array int) {
	out := o.comparator.Outputs[0].Node
	s, ok := out.Op.(scalarOp)
	if !ok || s.op != "less" && s.op != "greater" {
		return "", 0
	}
	for k := range o.arrays {
		l, r := o.comparator.Params[2*k], o.comparator.Params[2*k+1]
		switch {
		case out.In[0].Node == l && out.In[1].Node == r:
			return s.op, k
		case out.In[0].Node == r && out.In[1].Node == l:
			return map[string]string{"less": "greater", "greater": "less"}[s.op], k
		}
	}
	return "", 0
}

// prepare returns the comparison of two places of the row that starts at these offsets.
func (c *comparator) prepare(r *run, in []view.View, at []int) func(a, b int64) bool {
	axis := c.op.axis
	if c.simple != "" {
		v := in[c.array]
		return orderOf(c.types[c.array], c.simple)(r.mem[v.Buf], at[c.array], v.Strides[axis])
	}
	mem := r.mem[c.scratch.Buf]
	var params [][]byte
	for k := range 2 * c.op.arrays {
		size := c.types[k/2].Size()
		params = append(params, mem[16*k:16*k+size])
	}
	result := mem[16*2*c.op.arrays:][:1]
	all := append(append([][]byte(nil), params...), memory(r, c.captured, c.capTypes)...)
	sub := r.within(c.part.plan)
	arena := r.mem[c.part.arena.Buf]
	return func(a, b int64) bool {
		for k, v := range in {
			size := c.types[k].Size()
			src := r.mem[v.Buf]
			o := (at[k] + int(a)*v.Strides[axis]) * size
			copy(params[2*k], src[o:o+size])
			o = (at[k] + int(b)*v.Strides[axis]) * size
			copy(params[2*k+1], src[o:o+size])
		}
		sub.exec(arena, all, [][]byte{result})
		return as[bool](result)[0]
	}
}

// order makes the comparison of two places of a row.
type order func(mem []byte, at, stride int) func(a, b int64) bool

func orderOf(dtype dtypes.DType, op string) order {
	switch dtype {
	case dtypes.Float32:
		return orderFor[float32](op)
	case dtypes.Float64:
		return orderFor[float64](op)
	case dtypes.Int32:
		return orderFor[int32](op)
	case dtypes.Int64:
		return orderFor[int64](op)
	case dtypes.Uint8:
		return orderFor[uint8](op)
	case dtypes.Uint32:
		return orderFor[uint32](op)
	case dtypes.Uint64:
		return orderFor[uint64](op)
	}
	return nil
}

func orderFor[T ordered](op string) order {
	return func(mem []byte, at, stride int) func(a, b int64) bool {
		x := as[T](mem)
		if op == "less" {
			return func(a, b int64) bool { return x[at+int(a)*stride] < x[at+int(b)*stride] }
		}
		return func(a, b int64) bool { return x[at+int(a)*stride] > x[at+int(b)*stride] }
	}
}

// Sort implements compute.Function. The comparator takes left and right of each array in turn.
func (f *Function) Sort(comparator compute.Function, axis int, _ bool, inputs ...compute.Value) ([]compute.Value, error) {
	in, err := f.in("Sort", inputs...)
	if err != nil {
		return nil, err
	}
	if len(in) == 0 {
		return nil, fmt.Errorf("engine: Sort needs an array")
	}
	c, err := f.closure("Sort", "comparator", comparator)
	if err != nil {
		return nil, err
	}
	first := in[0].Shape()
	if axis < 0 {
		axis += first.Rank()
	}
	if axis < 0 || axis >= first.Rank() {
		return nil, fmt.Errorf("engine: Sort of %s: axis %d is out of range", first, axis)
	}
	var params []shapes.Shape
	for i, v := range in {
		if !v.Shape().EqualDimensions(first) {
			return nil, fmt.Errorf("engine: Sort: array %d has shape %s, array 0 has %s; want equal dimensions", i, v.Shape(), first)
		}
		scalar := shapes.Make(v.Shape().DType)
		params = append(params, scalar, scalar)
	}
	if err := c.checkParams("Sort", "the comparator", params); err != nil {
		return nil, err
	}
	if out := c.graph.Outputs; len(out) != 1 || !out[0].Shape().IsScalar() || out[0].Shape().DType != dtypes.Bool {
		return nil, fmt.Errorf("engine: Sort: the comparator must return one bool scalar")
	}
	k := len(in)
	out := shapesOf(in)
	n, err := f.addMulti(sortOp{c.graph, axis, k}, out, append(in, c.captured()...)...)
	if err != nil {
		return nil, err
	}
	return f.values(ir.Results(n)), nil
}
