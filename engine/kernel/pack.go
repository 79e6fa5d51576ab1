package kernel

import "github.com/ganymede-gan/ganymede/engine/pool"

// Packed is a matrix or a convolution's weights in the form that the kernels read: panels of 32 columns, [k][32] each,
// with zeros beyond the last column. Packing once serves any number of products. The zero value is empty; packing into
// a used one reuses its memory.
type Packed struct {
	data       []float32
	rows, cols int
}

// PackMatrix packs b into dst.
func PackMatrix(p *pool.Pool, s *Scratch, dst *Packed, b Matrix) {
	b.check("PackMatrix", "b")
	dst.rows, dst.cols = b.Rows, b.Cols
	panel := b.Rows * panelWidth
	dst.data = grow(dst.data, panels(b.Cols)*panel)
	p.Run(panels(b.Cols), func(i int) {
		packPanel(s.kernels(), dst.data[i*panel:][:panel], b, i*panelWidth)
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
	if b.ColStride == 1 {
		for r := range b.Rows {
			copy(dst[r*panelWidth:][:cols], b.Data[r*b.RowStride+col:])
		}
		return
	}
	for r := range b.Rows {
		row := dst[r*panelWidth:][:cols]
		src := b.Data[r*b.RowStride+col*b.ColStride:]
		for c := range row {
			row[c] = src[c*b.ColStride]
		}
	}
}
