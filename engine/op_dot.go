package engine

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/kernel"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// dotOp is a sum of products over pairs of axes; pairs of batch axes stay, the other axes are crossed. The result's axes are batch, left, right.
type dotOp struct {
	leftSum, leftBatch, rightSum, rightBatch []int
}

func (o dotOp) Name() string { return "dot" }
func (o dotOp) Attrs() string {
	return fmt.Sprintf("sum %v %v batch %v %v", o.leftSum, o.rightSum, o.leftBatch, o.rightBatch)
}

func (o dotOp) lower(p *planner, n *ir.Node) {
	dtype := n.Out[0].DType
	left := p.matrices(p.in(n, 0), dtype, o.leftBatch, o.leftSum, false)   // [batch, m, k]
	right := p.matrices(p.in(n, 1), dtype, o.rightBatch, o.rightSum, true) // [batch, k, n]
	out := p.out(n, 0)
	m := product{batch: left.Dims[0], rows: left.Dims[1], inner: left.Dims[2], cols: right.Dims[2]}
	s := step{name: fmt.Sprintf("dot %s", m), flops: 2 * int64(m.batch) * int64(m.rows) * int64(m.inner) * int64(m.cols)}
	switch {
	case out.Size() == 0:
		return
	case dtype == dtypes.Float32:
		s.run = m.float32(p, left, right, out)
	case dtype == dtypes.Float64:
		s.run = m.float64(p, left, right, out)
	default:
		multiply := multiplier(dtype)
		s.run = func(r *run) { multiply(r, m, left, right, out) }
	}
	p.add(s, []view.View{left, right}, []view.View{out})
}

// product is the size of a batch of matrix products.
type product struct{ batch, rows, inner, cols int }

func (m product) String() string {
	if m.batch == 1 {
		return fmt.Sprintf("%dx%dx%d", m.rows, m.inner, m.cols)
	}
	return fmt.Sprintf("%d of %dx%dx%d", m.batch, m.rows, m.inner, m.cols)
}

// matrices is an operand as [batch, rows, columns]: the axes that are summed over (there may be none) and all the rest, in this order if
// sumFirst. It is copied only if strides cannot say that.
func (p *planner) matrices(v view.View, dtype dtypes.DType, batch, sum []int, sumFirst bool) view.View {
	var rest []int
	for a := range v.Dims {
		if !slices.Contains(batch, a) && !slices.Contains(sum, a) {
			rest = append(rest, a)
		}
	}
	rows, cols := rest, sum
	if sumFirst {
		rows, cols = sum, rest
	}
	w := v.Transpose(slices.Concat(batch, rows, cols)...)
	dims := []int{1, 1, 1}
	for i, axes := range [][]int{batch, rows, cols} {
		for _, a := range axes {
			dims[i] *= v.Dims[a]
		}
	}
	if m, ok := w.Reshape(dims); ok && !slices.ContainsFunc(m.Strides, func(s int) bool { return s < 0 }) {
		return m
	}
	m, _ := p.denseOf(w, dtype).Reshape(dims)
	return m
}

// float32 uses the fast kernels.
func (m product) float32(p *planner, left, right, out view.View) func(r *run) {
	a := kernel.Matrix{Rows: m.rows, Cols: m.inner, RowStride: left.Strides[1], ColStride: left.Strides[2]}
	b := kernel.Matrix{Rows: m.inner, Cols: m.cols, RowStride: right.Strides[1], ColStride: right.Strides[2]}
	batch := kernel.Batch{Count: m.batch, Dst: m.rows * m.cols, A: left.Strides[0], B: right.Strides[0]}
	engine := p.engine
	return func(r *run) {
		a, b := a, b
		a.Data, b.Data = as[float32](r.mem[left.Buf])[left.Offset:], as[float32](r.mem[right.Buf])[right.Offset:]
		dst := kernel.RowMajor(as[float32](r.mem[out.Buf]), m.rows, m.cols)
		kernel.BatchMatMul(r.workers(), &engine.scratch, batch, dst, a, b)
	}
}

// float64 uses the fast kernels too, for one product after the other.
func (m product) float64(p *planner, left, right, out view.View) func(r *run) {
	a := kernel.Matrix64{Rows: m.rows, Cols: m.inner, RowStride: left.Strides[1], ColStride: left.Strides[2]}
	b := kernel.Matrix64{Rows: m.inner, Cols: m.cols, RowStride: right.Strides[1], ColStride: right.Strides[2]}
	scratch := &p.engine.scratch
	return func(r *run) {
		dst := kernel.Matrix64{Rows: m.rows, Cols: m.cols, RowStride: m.cols, ColStride: 1}
		a, b := a, b
		for i := range m.batch {
			dst.Data = as[float64](r.mem[out.Buf])[i*m.rows*m.cols:]
			a.Data = as[float64](r.mem[left.Buf])[left.Offset+i*left.Strides[0]:]
			b.Data = as[float64](r.mem[right.Buf])[right.Offset+i*right.Strides[0]:]
			kernel.MatMul64(r.workers(), scratch, dst, a, b)
		}
	}
}

// multiplier is the portable product for the other types.
func multiplier(dtype dtypes.DType) func(r *run, m product, left, right, out view.View) {
	switch dtype {
	case dtypes.Int8:
		return multiplyRows[int8]
	case dtypes.Int16:
		return multiplyRows[int16]
	case dtypes.Int32:
		return multiplyRows[int32]
	case dtypes.Int64:
		return multiplyRows[int64]
	case dtypes.Uint8:
		return multiplyRows[uint8]
	case dtypes.Uint16:
		return multiplyRows[uint16]
	case dtypes.Uint32:
		return multiplyRows[uint32]
	case dtypes.Uint64:
		return multiplyRows[uint64]
	case dtypes.Complex64:
		return multiplyRows[complex64]
	case dtypes.Complex128:
		return multiplyRows[complex128]
	}
	return nil
}

// multiplyRows adds up rows of the right matrix, each element of the result in the order of k.
func multiplyRows[T number](r *run, m product, left, right, out view.View) {
	a, b, c := as[T](r.mem[left.Buf]), as[T](r.mem[right.Buf]), as[T](r.mem[out.Buf])
	bs := right.Strides[2]
	r.parallelRange(m.batch*m.rows, max(1, taskElements/max(1, m.inner*m.cols)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := c[i*m.cols : (i+1)*m.cols]
			clear(row)
			ai := left.Offset + i/m.rows*left.Strides[0] + i%m.rows*left.Strides[1]
			bi := right.Offset + i/m.rows*right.Strides[0]
			for k := range m.inner {
				x := a[ai+k*left.Strides[2]]
				bk := bi + k*right.Strides[1]
				if bs == 1 {
					for j, y := range b[bk : bk+m.cols] {
						row[j] += x * y
					}
					continue
				}
				for j := range row {
					row[j] += x * b[bk+j*bs]
				}
			}
		}
	})
}

// DotGeneral implements compute.Function.
func (f *Function) DotGeneral(lhs compute.Value, lhsContractingAxes, lhsBatchAxes []int,
	rhs compute.Value, rhsContractingAxes, rhsBatchAxes []int, config compute.DotGeneralConfig) (compute.Value, error) {
	in, err := f.in("DotGeneral", lhs, rhs)
	if err != nil {
		return nil, err
	}
	op := dotOp{slices.Clone(lhsContractingAxes), slices.Clone(lhsBatchAxes), slices.Clone(rhsContractingAxes), slices.Clone(rhsBatchAxes)}
	out, err := shapeinference.DotGeneral(in[0].Shape(), op.leftSum, op.leftBatch, in[1].Shape(), op.rightSum, op.rightBatch, config)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	work := in[0].Shape().DType
	if config.AccumulatorDType != dtypes.InvalidDType {
		work = config.AccumulatorDType
	}
	if work.IsHalfPrecision() {
		work = dtypes.Float32
	}
	if work != dtypes.Float32 && work != dtypes.Float64 && multiplier(work) == nil {
		return nil, fmt.Errorf("engine: DotGeneral of %s: %w", work, compute.ErrNotImplemented)
	}
	for i := range in {
		if in[i], err = f.convert(in[i], work); err != nil {
			return nil, err
		}
	}
	v, err := f.add(op, shapes.Make(work, out.Dimensions...), in...)
	if err == nil {
		v, err = f.convert(v, out.DType)
	}
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}
