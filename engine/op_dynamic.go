package engine

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapeinference"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// dynamicSliceOp takes a slice of fixed size at a place known at run time, moved inside if it does not fit there.
type dynamicSliceOp struct{}

func (dynamicSliceOp) Name() string  { return "dynamicslice" }
func (dynamicSliceOp) Attrs() string { return "" }

func (dynamicSliceOp) lower(p *planner, n *ir.Node) {
	src, out := p.in(n, 0), p.out(n, 0)
	if out.Size() == 0 {
		return
	}
	window := view.View{Buf: src.Buf, Dims: out.Dims, Strides: src.Strides}
	move := newMover(out, window, n.Out[0].DType.Size())
	place := newPlace(p, n, 1, src, out.Dims)
	run := func(r *run) { move.copy(r.parallelRange, r.mem[out.Buf], r.mem[src.Buf], 0, place.offset(r)) }
	p.add(step{name: "dynamicslice", run: run, bytes: int64(2 * out.Size() * n.Out[0].DType.Size())}, append(place.views, src), []view.View{out})
}

// dynamicUpdateOp replaces a part of an array at a place known at run time, moved inside if it does not fit there.
type dynamicUpdateOp struct{}

func (dynamicUpdateOp) Name() string  { return "dynamicupdate" }
func (dynamicUpdateOp) Attrs() string { return "" }

func (dynamicUpdateOp) lower(p *planner, n *ir.Node) {
	out, update := p.out(n, 0), p.in(n, 1)
	p.copy(out, p.in(n, 0), n.Out[0].DType)
	if update.Size() == 0 {
		return
	}
	window := view.View{Buf: out.Buf, Dims: update.Dims, Strides: out.Strides}
	move := newMover(window, update, n.Out[0].DType.Size())
	place := newPlace(p, n, 2, out, update.Dims)
	run := func(r *run) { move.copy(r.parallelRange, r.mem[out.Buf], r.mem[update.Buf], place.offset(r), 0) }
	p.add(step{name: "dynamicupdate", run: run}, append(place.views, update, out), []view.View{out})
}

// place is where a window lies in an array, by scalars known at run time.
type place struct {
	array  view.View
	window []int
	views  []view.View // of the scalars
	read   []func(r *run) int
}

func newPlace(p *planner, n *ir.Node, firstIndex int, array view.View, window []int) *place {
	pl := &place{array: array, window: window}
	for i := firstIndex; i < len(n.In); i++ {
		v, dtype := p.in(n, i), n.In[i].Shape().DType
		pl.views = append(pl.views, v)
		pl.read = append(pl.read, func(r *run) int { return intAt(dtype, r.mem[v.Buf], v.Offset) })
	}
	return pl
}

func (pl *place) offset(r *run) int {
	at := pl.array.Offset
	for a, read := range pl.read {
		at += min(max(read(r), 0), pl.array.Dims[a]-pl.window[a]) * pl.array.Strides[a]
	}
	return at
}

// DynamicSlice implements compute.Function.
func (f *Function) DynamicSlice(operand compute.Value, startIndices []compute.Value, sliceDims []int) (compute.Value, error) {
	in, err := f.in("DynamicSlice", append([]compute.Value{operand}, startIndices...)...)
	if err != nil {
		return nil, err
	}
	if err := checkPlace("DynamicSlice", in[0], in[1:]); err != nil {
		return nil, err
	}
	out, err := shapeinference.DynamicSlice(in[0].Shape(), sliceDims)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return f.result(dynamicSliceOp{}, out, in...)
}

// DynamicUpdateSlice implements compute.Function.
func (f *Function) DynamicUpdateSlice(operand, update compute.Value, startIndices []compute.Value) (compute.Value, error) {
	in, err := f.in("DynamicUpdateSlice", append([]compute.Value{operand, update}, startIndices...)...)
	if err != nil {
		return nil, err
	}
	if err := checkPlace("DynamicUpdateSlice", in[0], in[2:]); err != nil {
		return nil, err
	}
	out, err := shapeinference.DynamicUpdateSlice(in[0].Shape(), in[1].Shape())
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	for a, d := range in[1].Shape().Dimensions {
		if d > out.Dimensions[a] {
			return nil, fmt.Errorf("engine: DynamicUpdateSlice: update %s does not fit in %s", in[1].Shape(), out)
		}
	}
	return f.result(dynamicUpdateOp{}, out, in...)
}

func checkPlace(op string, array ir.Value, indices []ir.Value) error {
	if len(indices) != array.Shape().Rank() {
		return fmt.Errorf("engine: %s: %d start indices given for shape %s", op, len(indices), array.Shape())
	}
	bad := slices.IndexFunc(indices, func(v ir.Value) bool { return !v.Shape().IsScalar() || !v.Shape().DType.IsInt() })
	if bad >= 0 {
		return fmt.Errorf("engine: %s: start index %d has shape %s, want an integer scalar", op, bad, indices[bad].Shape())
	}
	return nil
}
