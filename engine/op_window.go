package engine

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// window is how windows lie on the axes of an array.
type window struct {
	dims, strides, inputDilations, dilations []int
	paddings                                 [][2]int
}

func (w window) String() string {
	return fmt.Sprint(w.dims, w.strides, w.inputDilations, w.dilations, w.paddings)
}

// newWindow fills in what compute leaves out: strides are the window's size, dilations 1, paddings 0.
func newWindow(rank int, dims, strides, inputDilations, dilations []int, paddings [][2]int) window {
	w := window{slices.Clone(dims), slices.Clone(strides), slices.Clone(inputDilations), slices.Clone(dilations), slices.Clone(paddings)}
	if len(w.dims) == 0 {
		w.dims = ones(rank)
	}
	if len(w.strides) == 0 {
		w.strides = w.dims
	}
	if len(w.inputDilations) == 0 {
		w.inputDilations = ones(rank)
	}
	if len(w.dilations) == 0 {
		w.dilations = ones(rank)
	}
	if len(w.paddings) == 0 {
		w.paddings = make([][2]int, rank)
	}
	return w
}

// meet is where on one axis the outputs o = o0, o0+oStep, ... meet the inputs i = i0, i0+iStep, ..., so that o*stride + tap = i*dilation.
type meet struct{ count, o0, oStep, i0, iStep int }

func meeting(outputs, inputs, stride, tap, dilation int) meet {
	g := gcd(stride, dilation)
	m := meet{oStep: dilation / g, iStep: stride / g}
	for m.o0 < m.oStep && (m.o0*stride+tap)%dilation != 0 {
		m.o0++
	}
	if m.o0 == m.oStep {
		return meet{oStep: 1, iStep: 1}
	}
	m.i0 = (m.o0*stride + tap) / dilation
	if m.i0 < 0 {
		skip := (-m.i0 + m.iStep - 1) / m.iStep
		m.o0 += skip * m.oStep
		m.i0 += skip * m.iStep
	}
	if m.o0 >= outputs || m.i0 >= inputs {
		return meet{oStep: 1, iStep: 1}
	}
	m.count = min((outputs-1-m.o0)/m.oStep, (inputs-1-m.i0)/m.iStep) + 1
	return m
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// reduceWindowOp reduces windows of an array.
type reduceWindowOp struct {
	kind   string
	window window
}

func (o reduceWindowOp) Name() string  { return "window." + o.kind }
func (o reduceWindowOp) Attrs() string { return o.window.String() }

// lower goes through the places of a window, one at a time: all outputs take in the inputs that lie there. The order of
// sums is that of the places.
func (o reduceWindowOp) lower(p *planner, n *ir.Node) {
	in, out := p.in(n, 0), p.out(n, 0)
	if out.Size() == 0 {
		return
	}
	dtype := n.Out[0].DType
	var passes []view.Nest
	for tap := range view.Size(o.window.dims) {
		from, to, ok := o.window.tap(tap, in, out)
		if ok {
			passes = append(passes, view.NewNest(to, from))
		}
	}
	keep, merge := newKeeper(o.kind, dtype), newRowMerger(o.kind, dtype)
	run := func(r *run) {
		keep.clear(r.mem[out.Buf])
		for _, nest := range passes {
			grain := max(1, taskElements/nest.Inner())
			r.parallelRange(nest.Outer(), grain, func(lo, hi int) { merge(nest, r.mem[out.Buf], r.mem[in.Buf], lo, hi) })
		}
	}
	p.add(step{name: o.Name(), run: run, flops: int64(out.Size() * view.Size(o.window.dims))}, []view.View{in}, []view.View{out})
}

// tap is the inputs and outputs that meet at one place of the window.
func (w window) tap(index int, in, out view.View) (from, to view.View, ok bool) {
	rank := len(in.Dims)
	from, to = in, out
	from.Dims, from.Strides = make([]int, rank), make([]int, rank)
	to.Dims, to.Strides = make([]int, rank), make([]int, rank)
	for a := rank - 1; a >= 0; a-- {
		place := index % w.dims[a]
		index /= w.dims[a]
		m := meeting(out.Dims[a], in.Dims[a], w.strides[a], place*w.dilations[a]-w.paddings[a][0], w.inputDilations[a])
		if m.count == 0 {
			return from, to, false
		}
		from.Dims[a], to.Dims[a] = m.count, m.count
		from.Offset += m.i0 * in.Strides[a]
		from.Strides[a] = m.iStep * in.Strides[a]
		to.Offset += m.o0 * out.Strides[a]
		to.Strides[a] = m.oStep * out.Strides[a]
	}
	return from, to, true
}

// rowMerger joins rows lo to hi of the second view of a nest into the first.
type rowMerger func(n view.Nest, dst, src []byte, lo, hi int)

func newRowMerger(kind string, dtype dtypes.DType) rowMerger {
	switch dtype {
	case dtypes.Float32:
		return rowMergerOf[float32](kind)
	case dtypes.Float64:
		return rowMergerOf[float64](kind)
	case dtypes.Int8:
		return rowMergerOf[int8](kind)
	case dtypes.Int16:
		return rowMergerOf[int16](kind)
	case dtypes.Int32:
		return rowMergerOf[int32](kind)
	case dtypes.Int64:
		return rowMergerOf[int64](kind)
	case dtypes.Uint8:
		return rowMergerOf[uint8](kind)
	case dtypes.Uint16:
		return rowMergerOf[uint16](kind)
	case dtypes.Uint32:
		return rowMergerOf[uint32](kind)
	case dtypes.Uint64:
		return rowMergerOf[uint64](kind)
	case dtypes.Bool:
		switch kind {
		case "max", "sum":
			return mergeRows(func(a, b bool) bool { return a || b })
		case "min", "product":
			return mergeRows(func(a, b bool) bool { return a && b })
		}
	}
	return nil
}

func rowMergerOf[T ordered](kind string) rowMerger {
	switch kind {
	case "sum":
		return mergeRows(func(a, b T) T { return a + b })
	case "product":
		return mergeRows(func(a, b T) T { return a * b })
	case "max":
		return mergeRows(func(a, b T) T { return max(a, b) })
	case "min":
		return mergeRows(func(a, b T) T { return min(a, b) })
	}
	return nil
}

func mergeRows[T any](merge func(a, b T) T) rowMerger {
	return func(n view.Nest, dst, src []byte, lo, hi int) {
		to, from := as[T](dst), as[T](src)
		last := len(n.Dims) - 1
		ds, ss := n.Strides[0][last], n.Strides[1][last]
		d, s := newWalker(n, 0, lo, rowStart(n, 0, lo)), newWalker(n, 1, lo, rowStart(n, 1, lo))
		for range hi - lo {
			i, j := d.at, s.at
			for range n.Inner() {
				to[i] = merge(to[i], from[j])
				i += ds
				j += ss
			}
			d.next()
			s.next()
		}
	}
}

// ReduceWindow implements compute.Function.
func (f *Function) ReduceWindow(input compute.Value, reductionType compute.ReduceOpType,
	windowDimensions, strides, inputDilations, windowDilations []int, paddings [][2]int) (compute.Value, error) {
	in, err := f.in("ReduceWindow", input)
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape()
	kind := map[compute.ReduceOpType]string{compute.ReduceOpSum: "sum", compute.ReduceOpProduct: "product", compute.ReduceOpMax: "max", compute.ReduceOpMin: "min"}[reductionType]
	work := shape.DType
	if work.IsHalfPrecision() {
		work = dtypes.Float32
	}
	if newRowMerger(kind, work) == nil {
		return nil, fmt.Errorf("engine: ReduceWindow %s of %s: %w", reductionType, shape.DType, compute.ErrNotImplemented)
	}
	w := newWindow(shape.Rank(), windowDimensions, strides, inputDilations, windowDilations, paddings)
	out, err := shapeinference.ReduceWindow(shape, w.dims, w.strides, w.inputDilations, w.dilations, w.paddings)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	v, err := f.convert(in[0], work)
	if err != nil {
		return nil, err
	}
	out = plain(out)
	out.DType = work
	if v, err = f.add(reduceWindowOp{kind, w}, out, v); err == nil {
		v, err = f.convert(v, shape.DType)
	}
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

// selectScatterOp adds each element of a source to the place in its window where the operand is largest (or smallest): the first such place.
type selectScatterOp struct {
	min    bool
	window window
}

func (o selectScatterOp) Name() string {
	return map[bool]string{true: "selectscatter.min", false: "selectscatter.max"}[o.min]
}
func (o selectScatterOp) Attrs() string { return o.window.String() }

func (o selectScatterOp) lower(p *planner, n *ir.Node) {
	operand, source, out := p.in(n, 0), p.in(n, 1), p.out(n, 0)
	if out.Size() == 0 {
		return
	}
	kernel := selectScatterKernel(n.Out[0].DType)
	// Windows that do not reach over the first axis split the work there; otherwise it is one piece, because windows overlap.
	pieces := 1
	if w := o.window; w.dims[0] == 1 && w.strides[0] == 1 && w.paddings[0] == [2]int{} {
		pieces = source.Dims[0]
	}
	rows := source.Dims[0] / max(1, pieces)
	run := func(r *run) {
		clear(r.mem[out.Buf])
		r.parallel(pieces, func(i int) {
			kernel(o, r.mem[out.Buf], r.mem[operand.Buf], r.mem[source.Buf], out, operand, source, i*rows, (i+1)*rows)
		})
	}
	p.add(step{name: o.Name(), run: run}, []view.View{operand, source}, []view.View{out})
}

type selectScatter func(o selectScatterOp, dst, operand, source []byte, out, in, src view.View, lo, hi int)

func selectScatterKernel(dtype dtypes.DType) selectScatter {
	switch dtype {
	case dtypes.Float32:
		return selectAndAdd[float32]
	case dtypes.Float64:
		return selectAndAdd[float64]
	case dtypes.Int8:
		return selectAndAdd[int8]
	case dtypes.Int16:
		return selectAndAdd[int16]
	case dtypes.Int32:
		return selectAndAdd[int32]
	case dtypes.Int64:
		return selectAndAdd[int64]
	case dtypes.Uint8:
		return selectAndAdd[uint8]
	case dtypes.Uint16:
		return selectAndAdd[uint16]
	case dtypes.Uint32:
		return selectAndAdd[uint32]
	case dtypes.Uint64:
		return selectAndAdd[uint64]
	}
	return nil
}

func selectAndAdd[T ordered](o selectScatterOp, dst, operand, source []byte, out, in, src view.View, lo, hi int) {
	to, x, add := as[T](dst), as[T](operand), as[T](source)
	rank := len(src.Dims)
	at := make([]int, rank)
	at[0] = lo
	place := make([]int, rank)
	for at[0] < hi {
		best, where := -1, -1
		clear(place)
		for {
			i, j, inside := in.Offset, out.Offset, true
			for a := range rank {
				k := at[a]*o.window.strides[a] + place[a] - o.window.paddings[a][0]
				inside = inside && k >= 0 && k < in.Dims[a]
				i += k * in.Strides[a]
				j += k * out.Strides[a]
			}
			if inside && (best < 0 || !o.min && x[i] > x[best] || o.min && x[i] < x[best]) {
				best, where = i, j
			}
			if !advance(place, o.window.dims, 0) {
				break
			}
		}
		if where >= 0 {
			s := src.Offset
			for a := range rank {
				s += at[a] * src.Strides[a]
			}
			to[where] += add[s]
		}
		if !advance(at, src.Dims, 1) {
			at[0]++
			clear(at[1:])
		}
	}
}

// advance counts the axes from first on; false when they are through, and then back at 0.
func advance(at, dims []int, first int) bool {
	for a := len(at) - 1; a >= first; a-- {
		at[a]++
		if at[a] < dims[a] {
			return true
		}
		at[a] = 0
	}
	return false
}

func (f *Function) selectAndScatter(t compute.OpType, min bool, operand, source compute.Value, windowDimensions, windowStrides []int, paddings [][2]int) (compute.Value, error) {
	in, err := f.in(t.String(), operand, source)
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape()
	w := newWindow(shape.Rank(), windowDimensions, windowStrides, nil, nil, paddings)
	if _, err := shapeinference.SelectAndScatter(shape, in[1].Shape(), w.dims, w.strides, w.paddings); err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	if shape.Rank() == 0 {
		return f.value(in[1]), nil
	}
	work := shape.DType
	if work.IsHalfPrecision() {
		work = dtypes.Float32
	}
	if selectScatterKernel(work) == nil {
		return nil, fmt.Errorf("engine: %s of %s: %w", t, shape.DType, compute.ErrNotImplemented)
	}
	for i := range in {
		if in[i], err = f.convert(in[i], work); err != nil {
			return nil, err
		}
	}
	v, err := f.add(selectScatterOp{min, w}, in[0].Shape(), in...)
	if err == nil {
		v, err = f.convert(v, shape.DType)
	}
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

// SelectAndScatterMax implements compute.Function.
func (f *Function) SelectAndScatterMax(operand, source compute.Value, windowDimensions, windowStrides []int, paddings [][2]int) (compute.Value, error) {
	return f.selectAndScatter(compute.OpTypeSelectAndScatterMax, false, operand, source, windowDimensions, windowStrides, paddings)
}

// SelectAndScatterMin implements compute.Function.
func (f *Function) SelectAndScatterMin(operand, source compute.Value, windowDimensions, windowStrides []int, paddings [][2]int) (compute.Value, error) {
	return f.selectAndScatter(compute.OpTypeSelectAndScatterMin, true, operand, source, windowDimensions, windowStrides, paddings)
}
