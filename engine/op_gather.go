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

// gatherOp takes slices of an operand at places that other arrays say; compute.StandardOps.Gather describes it.
type gatherOp struct {
	indexVectorAxis                            int
	offsetAxes, collapsed, indexMap, sliceDims []int
}

func (o gatherOp) Name() string { return "gather" }
func (o gatherOp) Attrs() string {
	return fmt.Sprint(o.indexVectorAxis, o.offsetAxes, o.collapsed, o.indexMap, o.sliceDims)
}

func (o gatherOp) lower(p *planner, n *ir.Node) {
	operand, indices := p.in(n, 0), p.denseIn(n, 1)
	out := p.out(n, 0)
	if out.Size() == 0 {
		return
	}
	// The result, seen as [batch..., slice...]: the batch axes walk through the index vectors, the others through a slice.
	var batchAxes []int
	for a := range out.Dims {
		if !slices.Contains(o.offsetAxes, a) {
			batchAxes = append(batchAxes, a)
		}
	}
	batch := out.Transpose(batchAxes...)
	window := view.View{Buf: operand.Buf}
	target := view.View{Buf: out.Buf}
	k := 0
	for a := range operand.Dims {
		if slices.Contains(o.collapsed, a) {
			continue
		}
		window.Dims, window.Strides = append(window.Dims, o.sliceDims[a]), append(window.Strides, operand.Strides[a])
		target.Dims, target.Strides = append(target.Dims, o.sliceDims[a]), append(target.Strides, out.Strides[o.offsetAxes[k]])
		k++
	}
	move := newMover(target, window, n.Out[0].DType.Size())
	vectors := newIndexVectors(indices, o.indexVectorAxis, n.In[1].Shape().DType, o.indexMap)
	batchNest := view.NewNest(view.View{Dims: batch.Dims, Strides: view.RowStrides(batch.Dims)}, batch)
	places := view.Size(batch.Dims)
	grain := max(1, taskElements/max(1, view.Size(window.Dims)))
	bytes := n.Out[0].DType.Size()
	work := func(r *run) {
		r.parallelRange(places, grain, func(lo, hi int) {
			at := make([]int, len(operand.Dims))
			for i := lo; i < hi; i++ {
				vectors.read(r, i, at)
				src := operand.Offset
				for a, x := range at {
					src += min(max(x, 0), operand.Dims[a]-o.sliceDims[a]) * operand.Strides[a]
				}
				move.copy(inOne, r.mem[out.Buf], r.mem[operand.Buf], elementOffset(batchNest, i), src)
			}
		})
	}
	if size, ok := rowsOf(move.nest, batchNest, vectors.places); ok {
		axes := vectors.reaches(operand, o.sliceDims)
		work = func(r *run) {
			r.parallelRange(places, grain, func(lo, hi int) {
				var starts [256]int
				for ; lo < hi; lo += len(starts) {
					some := starts[:min(len(starts), hi-lo)]
					vectors.starts(r.mem[indices.Buf], lo, axes, operand.Offset, false, some)
					copyRows(r.mem[out.Buf], r.mem[operand.Buf], bytes, batchNest.Offsets[1]+lo*size, size, some)
				}
			})
		}
	}
	p.add(step{name: "gather", run: work, bytes: int64(2 * out.Size() * bytes)}, []view.View{operand, indices}, []view.View{out})
}

// elementOffset is where the i-th element of the second view of a nest lies, in the order of the first.
func elementOffset(n view.Nest, i int) int {
	at := n.Offsets[1]
	for a := len(n.Dims) - 1; a >= 0; a-- {
		at += i % n.Dims[a] * n.Strides[1][a]
		i /= n.Dims[a]
	}
	return at
}

// indexVectors reads vectors of indices out of an array, of which one axis goes along a vector and the others from one to the next.
type indexVectors struct {
	buf    int
	dtype  dtypes.DType
	places view.Nest // of the first elements of the vectors
	step   int       // between the elements of a vector
	toAxis []int     // the operand's axis of each element
}

func newIndexVectors(v view.View, axis int, dtype dtypes.DType, toAxis []int) *indexVectors {
	x := &indexVectors{buf: v.Buf, dtype: dtype, toAxis: toAxis, step: 1}
	places := v
	if axis < len(v.Dims) {
		x.step = v.Strides[axis]
		places.Dims = slices.Delete(slices.Clone(v.Dims), axis, axis+1)
		places.Strides = slices.Delete(slices.Clone(v.Strides), axis, axis+1)
	}
	x.places = view.NewNest(view.View{Dims: places.Dims, Strides: view.RowStrides(places.Dims)}, places)
	return x
}

// read writes vector i to at, by axis of the operand; axes without an index are left as they are, at 0.
func (x *indexVectors) read(r *run, i int, at []int) {
	o := elementOffset(x.places, i)
	for k, a := range x.toAxis {
		at[a] = intAt(x.dtype, r.mem[x.buf], o+k*x.step)
	}
}

// intAt reads an integer of any type.
func intAt(dtype dtypes.DType, mem []byte, i int) int {
	switch dtype {
	case dtypes.Int8:
		return int(as[int8](mem)[i])
	case dtypes.Int16:
		return int(as[int16](mem)[i])
	case dtypes.Int32:
		return int(as[int32](mem)[i])
	case dtypes.Int64:
		return int(as[int64](mem)[i])
	case dtypes.Uint8:
		return int(as[uint8](mem)[i])
	case dtypes.Uint16:
		return int(as[uint16](mem)[i])
	case dtypes.Uint32:
		return int(as[uint32](mem)[i])
	}
	return int(min(as[uint64](mem)[i], 1<<62))
}

// Gather implements compute.Function.
func (f *Function) Gather(operand, startIndices compute.Value, indexVectorAxis int,
	offsetOutputAxes, collapsedSliceAxes, startIndexMap, sliceSizes []int, indicesAreSorted bool) (compute.Value, error) {
	in, err := f.in("Gather", operand, startIndices)
	if err != nil {
		return nil, err
	}
	indices := in[1].Shape()
	if !indices.DType.IsInt() {
		return nil, fmt.Errorf("engine: Gather: indices are %s, want integers", indices.DType)
	}
	infer := indices
	if indexVectorAxis == indices.Rank() { // an axis of length 1 that is not there; inference wants to see it
		infer = plain(indices)
		infer.Dimensions = append(infer.Dimensions, 1)
	}
	out, err := shapeinference.Gather(in[0].Shape(), infer, indexVectorAxis, offsetOutputAxes, collapsedSliceAxes, startIndexMap, sliceSizes, indicesAreSorted)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	op := gatherOp{indexVectorAxis, slices.Clone(offsetOutputAxes), slices.Clone(collapsedSliceAxes), slices.Clone(startIndexMap), slices.Clone(sliceSizes)}
	return f.result(op, out, in...)
}
