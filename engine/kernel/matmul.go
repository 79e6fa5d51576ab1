package kernel

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

// MatMul computes dst = a times b. Operands may have any strides; dst must be row-major and must not overlap them.
func MatMul(p *pool.Pool, s *Scratch, dst, a, b Matrix) {
	checkMatMul("MatMul", dst, a, b)
	referenceMatMul(p, dst, a, b)
}

// Batch is the number of products in a BatchMatMul and the distances, in floats, from the data of one matrix to that
// of the next. The distance of an operand may be 0: it is then shared by all products.
type Batch struct{ Count, Dst, A, B int }

// BatchMatMul computes one product for each of the batch; dst, a and b describe the first one, and their data goes on to
// the end of the last.
func BatchMatMul(p *pool.Pool, s *Scratch, n Batch, dst, a, b Matrix) {
	if n.Count < 0 || n.Dst < 0 || n.A < 0 || n.B < 0 {
		panic(fmt.Errorf("kernel: BatchMatMul: negative size in %+v", n))
	}
	for i := range n.Count {
		MatMul(p, s, dst.from(i*n.Dst), a.from(i*n.A), b.from(i*n.B))
	}
}

// from returns m with its data starting later.
func (m Matrix) from(offset int) Matrix {
	m.Data = m.Data[min(offset, len(m.Data)):]
	return m
}

func checkMatMul(op string, dst, a, b Matrix) {
	a.check(op, "a")
	b.check(op, "b")
	dst.checkResult(op, "dst")
	if a.Cols != b.Rows || dst.Rows != a.Rows || dst.Cols != b.Cols {
		panic(fmt.Errorf("kernel: %s: %dx%d times %dx%d does not give %dx%d", op, a.Rows, a.Cols, b.Rows, b.Cols, dst.Rows, dst.Cols))
	}
}
