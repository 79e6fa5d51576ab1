package kernel

import "fmt"

// Matrix is a view of float32 numbers: element (r, c) is Data[r*RowStride+c*ColStride]. A transpose is a swap of the
// two pairs of fields; a stride of 0 repeats an element and is allowed in operands, not in results. Strides are not
// negative.
type Matrix struct {
	Data                 []float32
	Rows, Cols           int
	RowStride, ColStride int
}

// RowMajor returns a matrix whose rows follow each other without a gap.
func RowMajor(data []float32, rows, cols int) Matrix {
	return Matrix{Data: data, Rows: rows, Cols: cols, RowStride: cols, ColStride: 1}
}

// T returns the transposed view of m.
func (m Matrix) T() Matrix {
	return Matrix{Data: m.Data, Rows: m.Cols, Cols: m.Rows, RowStride: m.ColStride, ColStride: m.RowStride}
}

// check panics unless all elements of m lie within its data.
func (m Matrix) check(op, name string) {
	if m.Rows < 0 || m.Cols < 0 || m.RowStride < 0 || m.ColStride < 0 {
		panic(fmt.Errorf("kernel: %s: %s is %dx%d with strides %d, %d; none may be negative", op, name, m.Rows, m.Cols, m.RowStride, m.ColStride))
	}
	if m.Rows == 0 || m.Cols == 0 {
		return
	}
	if last := (m.Rows-1)*m.RowStride + (m.Cols-1)*m.ColStride; last >= len(m.Data) {
		panic(fmt.Errorf("kernel: %s: %s is %dx%d with strides %d, %d and needs %d floats; it has %d",
			op, name, m.Rows, m.Cols, m.RowStride, m.ColStride, last+1, len(m.Data)))
	}
}

// checkResult panics unless m is row-major and lies within its data.
func (m Matrix) checkResult(op, name string) {
	m.check(op, name)
	if (m.ColStride != 1 && m.Cols > 1) || (m.RowStride < m.Cols && m.Rows > 1) {
		panic(fmt.Errorf("kernel: %s: %s has strides %d, %d; want rows of contiguous numbers that do not overlap", op, name, m.RowStride, m.ColStride))
	}
}

// checkSize panics unless an operand has the number of elements that is wanted.
func checkSize(op, name string, size, want int) {
	if size != want {
		panic(fmt.Errorf("kernel: %s: %s has %d floats, want %d", op, name, size, want))
	}
}
