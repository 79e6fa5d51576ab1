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

// scatterOp joins windows of updates into an operand at places that other arrays say; windows that do not fit are left out.
type scatterOp struct {
	kind                              string // a reduction
	indexVectorAxis                   int
	windowAxes, inserted, operandAxes []int
}

func (o scatterOp) Name() string { return "scatter." + o.kind }
func (o scatterOp) Attrs() string {
	return fmt.Sprint(o.indexVectorAxis, o.windowAxes, o.inserted, o.operandAxes)
}

func (o scatterOp) lower(p *planner, n *ir.Node) {
	operand, indices, updates := p.in(n, 0), p.denseIn(n, 1), p.in(n, 2)
	out := p.out(n, 0)
	p.copy(out, operand, n.Out[0].DType)
	if updates.Size() == 0 || out.Size() == 0 {
		return
	}
	var batchAxes []int
	for a := range updates.Dims {
		if !slices.Contains(o.windowAxes, a) {
			batchAxes = append(batchAxes, a)
		}
	}
	batch := updates.Transpose(batchAxes...)
	window := updates.Transpose(o.windowAxes...)
	window.Offset = 0
	target := view.View{Buf: out.Buf}
	sizes := make([]int, len(out.Dims)) // of the window, by axis of the operand
	k := 0
	for a := range out.Dims {
		sizes[a] = 1
		if !slices.Contains(o.inserted, a) {
			sizes[a] = window.Dims[k]
			target.Dims, target.Strides = append(target.Dims, sizes[a]), append(target.Strides, out.Strides[a])
			k++
		}
	}
	vectors := newIndexVectors(indices, o.indexVectorAxis, n.In[1].Shape().DType, o.operandAxes)
	batchNest := view.NewNest(view.View{Dims: batch.Dims, Strides: view.RowStrides(batch.Dims)}, batch)
	windows := view.NewNest(target, window)
	merge := newMerger(o.kind, n.Out[0].DType)
	work := func(r *run) {
		at := make([]int, len(out.Dims))
		for i := range view.Size(batch.Dims) {
			if i%1024 == 0 {
				r.check()
			}
			vectors.read(r, i, at)
			dst, fits := 0, true
			for a, x := range at {
				fits = fits && x >= 0 && x <= out.Dims[a]-sizes[a]
				dst += x * out.Strides[a]
			}
			if fits {
				merge(windows, r.mem[out.Buf], r.mem[updates.Buf], dst, elementOffset(batchNest, i))
			}
		}
	}
	if size, ok := rowsOf(windows, batchNest, vectors.places); ok && o.kind == "sum" && n.Out[0].DType == dtypes.Float32 {
		axes := vectors.reaches(out, sizes)
		work = func(r *run) {
			var starts [256]int
			for lo, all := 0, view.Size(batch.Dims); lo < all; lo += len(starts) {
				if lo%4096 == 0 {
					r.check()
				}
				some := starts[:min(len(starts), all-lo)]
				vectors.starts(r.mem[indices.Buf], lo, axes, 0, true, some)
				addRows(as[float32](r.mem[out.Buf]), as[float32](r.mem[updates.Buf]), windows.Offsets[0], batchNest.Offsets[1]+lo*size, size, some)
			}
		}
	}
	// One goroutine: two windows may meet, and the order of sums must not depend on threads.
	p.add(step{name: o.Name(), run: work}, []view.View{indices, updates, out}, []view.View{out})
}

// merger joins the second view of a nest into the first, each shifted by some elements.
type merger func(n view.Nest, dst, src []byte, dstShift, srcShift int)

func newMerger(kind string, dtype dtypes.DType) merger {
	switch dtype {
	case dtypes.Float32:
		return realMerger[float32](kind)
	case dtypes.Float64:
		return realMerger[float64](kind)
	case dtypes.Int8:
		return realMerger[int8](kind)
	case dtypes.Int16:
		return realMerger[int16](kind)
	case dtypes.Int32:
		return realMerger[int32](kind)
	case dtypes.Int64:
		return realMerger[int64](kind)
	case dtypes.Uint8:
		return realMerger[uint8](kind)
	case dtypes.Uint16:
		return realMerger[uint16](kind)
	case dtypes.Uint32:
		return realMerger[uint32](kind)
	case dtypes.Uint64:
		return realMerger[uint64](kind)
	case dtypes.Complex64:
		return sumMerger[complex64](kind)
	case dtypes.Complex128:
		return sumMerger[complex128](kind)
	}
	return nil
}

func realMerger[T ordered](kind string) merger {
	switch kind {
	case "max":
		return mergeWith(func(a, b T) T { return max(a, b) })
	case "min":
		return mergeWith(func(a, b T) T { return min(a, b) })
	}
	return sumMerger[T](kind)
}

func sumMerger[T number](kind string) merger {
	if kind != "sum" {
		return nil
	}
	return mergeWith(func(a, b T) T { return a + b })
}

func mergeWith[T any](merge func(a, b T) T) merger {
	return func(n view.Nest, dst, src []byte, dstShift, srcShift int) {
		to, from := as[T](dst), as[T](src)
		last := len(n.Dims) - 1
		ds, ss := n.Strides[0][last], n.Strides[1][last]
		d, s := newWalker(n, 0, 0, n.Offsets[0]+dstShift), newWalker(n, 1, 0, n.Offsets[1]+srcShift)
		for range n.Outer() {
			for i := range n.Inner() {
				to[d.at+i*ds] = merge(to[d.at+i*ds], from[s.at+i*ss])
			}
			d.next()
			s.next()
		}
	}
}

func (f *Function) scatter(t compute.OpType, kind string, operand, scatterIndices, updates compute.Value,
	indexVectorAxis int, updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes []int) (compute.Value, error) {
	in, err := f.in(t.String(), operand, scatterIndices, updates)
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape()
	if _, err := shapeinference.Scatter(shape, in[1].Shape(), in[2].Shape(), indexVectorAxis, updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes); err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	work := shape.DType
	if work.IsHalfPrecision() {
		work = dtypes.Float32
		for _, i := range []int{0, 2} {
			if in[i], err = f.convert(in[i], work); err != nil {
				return nil, err
			}
		}
	}
	if newMerger(kind, work) == nil {
		return nil, fmt.Errorf("engine: %s of %s: %w", t, shape.DType, compute.ErrNotImplemented)
	}
	op := scatterOp{kind, indexVectorAxis, slices.Clone(updateWindowAxes), slices.Clone(insertedWindowAxes), slices.Clone(scatterAxesToOperandAxes)}
	v, err := f.add(op, in[0].Shape(), in...)
	if err == nil {
		v, err = f.convert(v, shape.DType)
	}
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

// ScatterSum implements compute.Function.
func (f *Function) ScatterSum(operand, scatterIndices, updates compute.Value, indexVectorAxis int,
	updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes []int, _, _ bool) (compute.Value, error) {
	return f.scatter(compute.OpTypeScatterSum, "sum", operand, scatterIndices, updates, indexVectorAxis, updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes)
}

// ScatterMax implements compute.Function.
func (f *Function) ScatterMax(operand, scatterIndices, updates compute.Value, indexVectorAxis int,
	updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes []int, _, _ bool) (compute.Value, error) {
	return f.scatter(compute.OpTypeScatterMax, "max", operand, scatterIndices, updates, indexVectorAxis, updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes)
}

// ScatterMin implements compute.Function.
func (f *Function) ScatterMin(operand, scatterIndices, updates compute.Value, indexVectorAxis int,
	updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes []int, _, _ bool) (compute.Value, error) {
	return f.scatter(compute.OpTypeScatterMin, "min", operand, scatterIndices, updates, indexVectorAxis, updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes)
}
