package engine

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/vec"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// copy adds a step that copies src to dst, views of the same dimensions.
func (p *planner) copy(dst, src view.View, dtype dtypes.DType) {
	if src.Size() == 0 {
		return
	}
	mover := newMover(dst, src, dtype.Size())
	p.add(step{name: "copy", run: mover.run, bytes: int64(2 * src.Size() * dtype.Size())}, []view.View{src}, []view.View{dst})
}

// mover copies between views.
type mover struct {
	dst, src int // buffers
	nest     view.Nest
	size     int // bytes of an element
}

func newMover(dst, src view.View, size int) *mover {
	return &mover{dst.Buf, src.Buf, view.NewNest(dst, src), size}
}

func (m *mover) run(r *run) { m.copy(r.parallelRange, r.mem[m.dst], r.mem[m.src], 0, 0) }

// copy moves all elements, with the start of each side shifted by some elements. ranges divides the work.
func (m *mover) copy(ranges divider, dst, src []byte, dstShift, srcShift int) {
	if m.size == 4 && m.across() >= 0 {
		m.transpose(ranges, as[float32](dst), as[float32](src), dstShift, srcShift)
		return
	}
	switch m.size {
	case 1:
		moveAll(ranges, m.nest, as[uint8](dst), as[uint8](src), dstShift, srcShift)
	case 2:
		moveAll(ranges, m.nest, as[uint16](dst), as[uint16](src), dstShift, srcShift)
	case 4:
		moveAll(ranges, m.nest, as[uint32](dst), as[uint32](src), dstShift, srcShift)
	case 8:
		moveAll(ranges, m.nest, as[uint64](dst), as[uint64](src), dstShift, srcShift)
	default:
		moveAll(ranges, m.nest, as[[2]uint64](dst), as[[2]uint64](src), dstShift, srcShift)
	}
}

func moveAll[T any](ranges divider, nest view.Nest, dst, src []T, dstShift, srcShift int) {
	inner := nest.Inner()
	last := len(nest.Dims) - 1
	ds, ss := nest.Strides[0][last], nest.Strides[1][last]
	if nest.Outer() == 1 && inner > taskElements { // one long row
		d0, s0 := nest.Offsets[0]+dstShift, nest.Offsets[1]+srcShift
		ranges(inner, taskElements, func(lo, hi int) {
			moveRow(dst, src, d0+lo*ds, s0+lo*ss, ds, ss, hi-lo)
		})
		return
	}
	ranges(nest.Outer(), max(1, taskElements/max(1, inner)), func(lo, hi int) {
		d := newWalker(nest, 0, lo, rowStart(nest, 0, lo))
		s := newWalker(nest, 1, lo, rowStart(nest, 1, lo))
		for range hi - lo {
			moveRow(dst, src, d.at+dstShift, s.at+srcShift, ds, ss, inner)
			d.next()
			s.next()
		}
	})
}

// across is an axis along which the source has its elements side by side, as the destination has them along the last one; -1 if there is none.
func (m *mover) across() int {
	last := len(m.nest.Dims) - 1
	if m.nest.Strides[0][last] != 1 || m.nest.Strides[1][last] < 2 || m.nest.Inner() < 8 {
		return -1
	}
	for a := range last {
		if m.nest.Strides[1][a] == 1 && m.nest.Strides[0][a] > 0 && m.nest.Dims[a] >= 8 {
			return a
		}
	}
	return -1
}

// transpose moves planes of the two axes in tiles.
func (m *mover) transpose(ranges divider, dst, src []float32, dstShift, srcShift int) {
	a, last := m.across(), len(m.nest.Dims)-1
	planes := m.nest // without the two axes
	planes.Dims = append(without(m.nest.Dims, a, last), 1)
	planes.Strides = [][]int{append(without(m.nest.Strides[0], a, last), 0), append(without(m.nest.Strides[1], a, last), 0)}
	rows, cols := m.nest.Dims[last], m.nest.Dims[a]
	ds, ss := m.nest.Strides[0][a], m.nest.Strides[1][last]
	const strip = 64 // columns of a task
	strips := (cols + strip - 1) / strip
	ranges(planes.Outer()*strips, max(1, taskElements/(rows*min(strip, cols))), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			from := i % strips * strip
			n := min(strip, cols-from)
			d := rowStart(planes, 0, i/strips) + dstShift + from*ds
			s := rowStart(planes, 1, i/strips) + srcShift + from
			vec.Transpose(dst[d:], src[s:], rows, n, ds, ss)
		}
	})
}

func without(list []int, a, b int) []int {
	var out []int
	for i, x := range list {
		if i != a && i != b {
			out = append(out, x)
		}
	}
	return out
}

// rowStart is where row r of an operand of a nest starts.
func rowStart(nest view.Nest, operand, row int) int {
	at := nest.Offsets[operand]
	for a := len(nest.Dims) - 2; a >= 0; a-- {
		at += row % nest.Dims[a] * nest.Strides[operand][a]
		row /= nest.Dims[a]
	}
	return at
}

func moveRow[T any](dst, src []T, d, s, ds, ss, n int) {
	if ds == 1 && ss == 1 {
		copy(dst[d:d+n], src[s:s+n])
		return
	}
	if ds == 1 && ss == 0 && n > 0 { // one value: what is filled already fills as much again
		row := dst[d : d+n]
		row[0] = src[s]
		for filled := 1; filled < n; filled *= 2 {
			copy(row[filled:], row[:filled])
		}
		return
	}
	for range n {
		dst[d] = src[s]
		d += ds
		s += ss
	}
}

// concatOp joins arrays along an axis.
type concatOp struct{ axis int }

func (c concatOp) Name() string  { return "concat" }
func (c concatOp) Attrs() string { return fmt.Sprint(c.axis) }

func (c concatOp) lower(p *planner, n *ir.Node) {
	out := p.out(n, 0)
	starts, limits, steps := make([]int, len(out.Dims)), append([]int(nil), out.Dims...), ones(len(out.Dims))
	for i := range n.In {
		v := p.in(n, i)
		limits[c.axis] = starts[c.axis] + v.Dims[c.axis]
		p.copy(out.Slice(starts, limits, steps), v, n.Out[0].DType)
		starts[c.axis] = limits[c.axis]
	}
}

// Concatenate implements compute.Function.
func (f *Function) Concatenate(axis int, operands ...compute.Value) (compute.Value, error) {
	in, err := f.in("Concatenate", operands...)
	if err != nil {
		return nil, err
	}
	var inShapes []shapes.Shape
	for _, v := range in {
		inShapes = append(inShapes, v.Shape())
	}
	out, err := shapeinference.Concatenate(inShapes, axis)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	if len(in) == 1 {
		return f.value(in[0]), nil
	}
	return f.result(concatOp{axis}, out, in...)
}

// padOp surrounds an array, and spreads it, with a fill value. Negative padding crops.
type padOp struct{ axes []compute.PadAxis }

func (o padOp) Name() string  { return "pad" }
func (o padOp) Attrs() string { return fmt.Sprint(o.axes) }

func (o padOp) lower(p *planner, n *ir.Node) {
	out := p.out(n, 0)
	src, dst := o.overlap(p.in(n, 0), out)
	if out.Size() == 0 {
		return
	}
	if src.Size() < out.Size() {
		for _, margin := range margins(out, dst) {
			p.copy(margin, p.in(n, 1).BroadcastTo(margin.Dims), n.Out[0].DType)
		}
	}
	p.copy(dst, src, n.Out[0].DType)
}

// margins are views that cover what a part of an array leaves free: slabs beside it, or the whole array where it is small, or the part has gaps
// or is less than half of it.
func margins(whole, part view.View) []view.View {
	if whole.Size() < taskElements || part.Size() < whole.Size()/2 || !slices.Equal(part.Strides, whole.Strides) {
		return []view.View{whole}
	}
	var list []view.View
	rank := len(whole.Dims)
	starts, limits := make([]int, rank), slices.Clone(whole.Dims) // shrink to the part, axis by axis
	at := part.Offset - whole.Offset
	for a := range rank {
		first := at / whole.Strides[a]
		at -= first * whole.Strides[a]
		last := first + part.Dims[a]
		for _, edge := range [][2]int{{0, first}, {last, whole.Dims[a]}} {
			if edge[0] < edge[1] {
				starts[a], limits[a] = edge[0], edge[1]
				list = append(list, whole.Slice(starts, limits, ones(rank)))
			}
		}
		starts[a], limits[a] = first, last
	}
	return list
}

// overlap is the part of the operand that is in the result, and where it lies there.
func (o padOp) overlap(src, out view.View) (from, to view.View) {
	rank := len(out.Dims)
	starts, limits := make([]int, rank), make([]int, rank) // in the operand
	first, last := make([]int, rank), make([]int, rank)    // in the result
	steps := ones(rank)
	for a := range rank {
		pad := compute.PadAxis{}
		if a < len(o.axes) {
			pad = o.axes[a]
		}
		step := pad.Interior + 1
		lo, hi := 0, src.Dims[a] // element i of the operand lies at Start + i*step
		for lo < hi && pad.Start+lo*step < 0 {
			lo++
		}
		for lo < hi && pad.Start+(hi-1)*step >= out.Dims[a] {
			hi--
		}
		starts[a], limits[a], steps[a] = lo, hi, step
		if lo < hi {
			first[a], last[a] = pad.Start+lo*step, pad.Start+(hi-1)*step+1
		}
	}
	return src.Slice(starts, limits, ones(rank)), out.Slice(first, last, steps)
}

// Pad implements compute.Function.
func (f *Function) Pad(x, fillValue compute.Value, axesConfig ...compute.PadAxis) (compute.Value, error) {
	in, err := f.in("Pad", x, fillValue)
	if err != nil {
		return nil, err
	}
	fill := in[1].Shape()
	if !fill.IsScalar() || fill.DType != in[0].Shape().DType {
		return nil, fmt.Errorf("engine: Pad: fill value has shape %s, want a scalar of %s", fill, in[0].Shape().DType)
	}
	out, err := shapeinference.Pad(in[0].Shape(), axesConfig...)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return f.result(padOp{append([]compute.PadAxis(nil), axesConfig...)}, out, in...)
}
