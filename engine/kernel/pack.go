package kernel

import "github.com/ganymede-gan/ganymede/engine/pool"

// Packed is a matrix in the form that the kernels read: panels of 32 columns, [k][32] each, with zeros beyond the last
// column. Packing once serves any number of products. The zero value is empty; packing into a used one reuses its memory.
type Packed struct {
	data       []float32
	rows, cols int
}

// PackMatrix packs b into dst.
func PackMatrix(p *pool.Pool, s *Scratch, dst *Packed, b Matrix) {
	b.check("PackMatrix", "b")
	dst.rows, dst.cols = b.Rows, b.Cols
	dst.data = grow(dst.data, panels(b.Cols)*b.Rows*panelWidth)
	packMatrix(p, s.kernels(), dst.data, b)
}

func packMatrix(p *pool.Pool, k *kernels, dst []float32, b Matrix) {
	panel := b.Rows * panelWidth
	p.Run(panels(b.Cols), func(i int) {
		packPanel(k, dst[i*panel:][:panel], b, i*panelWidth)
	})
}

func panels(cols int) int { return (cols + panelWidth - 1) / panelWidth }

// packPanel packs the columns of b from col on.
func packPanel(k *kernels, dst []float32, b Matrix, col int) {
	cols := min(panelWidth, b.Cols-col)
	if cols < panelWidth {
		clear(dst)
	}
	if b.Rows == 0 {
		return
	}
	if b.ColStride == 1 && cols == panelWidth && k.copyPanel != nil {
		src := b.Data[col:]
		_, _ = src[(b.Rows-1)*b.RowStride+panelWidth-1], dst[b.Rows*panelWidth-1]
		const most = 4096 // rows a call: assembly cannot be interrupted
		for r := 0; r < b.Rows; r += most {
			k.copyPanel(&dst[r*panelWidth], &src[r*b.RowStride], b.RowStride, min(most, b.Rows-r))
		}
		return
	}
	if b.ColStride == 1 {
		for r := range b.Rows {
			copy(dst[r*panelWidth:][:cols], b.Data[r*b.RowStride+col:])
		}
		return
	}
	done := 0
	if b.RowStride == 1 && k.transpose != nil {
		done = k.transposeRows(dst, b, col, cols)
	}
	for r := range b.Rows {
		row := dst[r*panelWidth:][:cols]
		src := b.Data[r*b.RowStride+col*b.ColStride:]
		first := 0
		if r < done {
			first = cols / 8 * 8
		}
		for c := first; c < cols; c++ {
			row[c] = src[c*b.ColStride]
		}
	}
}

// transposeRows packs as many rows and columns as are multiples of 8 and returns how many rows. It goes through the panel
// in pieces of 64 rows, 8 KB, which stay in the first cache while groups of 8 columns are filled in.
func (k *kernels) transposeRows(dst []float32, b Matrix, col, cols int) (rows int) {
	for ; rows+8 <= b.Rows; rows += 64 {
		n := min(64, b.Rows-rows) / 8
		for c := 0; c+8 <= cols; c += 8 {
			src := b.Data[(col+c)*b.ColStride+rows:]
			_, _ = src[7*b.ColStride+8*n-1], dst[(rows+8*n-1)*panelWidth+c+7]
			k.transpose(&dst[rows*panelWidth+c], &src[0], panelWidth, b.ColStride, n)
		}
	}
	return b.Rows / 8 * 8
}
