package kernel

import "github.com/ganymede-gan/ganymede/engine/pool"

// Packed is a matrix in the form that the kernels read: panels of as many columns as
// the tiles of its level have, [k][columns] each, with zeros beyond the last column. Packing once serves any number of products. The zero value is empty; packing into a used one reuses its memory.
type Packed struct {
	data       []float32
	rows, cols int
}

// mostRows are copied by one call of assembly, which cannot be interrupted.
const mostRows = 4096

// PackMatrix packs b into dst.
func PackMatrix(p *pool.Pool, s *Scratch, dst *Packed, b Matrix) {
	b.check("PackMatrix", "b")
	dst.rows, dst.cols = b.Rows, b.Cols
	dst.data = grow(dst.data, panels(b.Cols)*b.Rows*panelWidth)
	packMatrix(p, s.kernels(), dst.data, b)
}

func packMatrix(p *pool.Pool, k *kernels, dst []float32, b Matrix) {
	panel, n, atOnce := b.Rows*k.panel, k.panels(b.Cols), 1
	if k.copyPanels != nil && b.ColStride == 1 && panel > 0 {
		atOnce = 4
	}
	p.Run((n+atOnce-1)/atOnce, func(i int) {
		first, end := i*atOnce, min((i+1)*atOnce, n)
		if atOnce == 4 && end*k.panel <= b.Cols && end-first == 4 {
			src, to := b.Data[first*k.panel:], dst[first*panel:end*panel]
			_ = src[(b.Rows-1)*b.RowStride+4*k.panel-1]
			for r := 0; r < b.Rows; r += mostRows {
				k.copyPanels(&to[r*k.panel], &src[r*b.RowStride], b.RowStride, min(mostRows, b.Rows-r), panel)
			}
			return
		}
		for i := first; i < end; i++ {
			packPanel(k, dst[i*panel:][:panel], b, i*k.panel)
		}
	})
}

// panels returns how many of the widest panels hold so many columns.
func panels(cols int) int { return (cols + panelWidth - 1) / panelWidth }

// packPanel packs the columns of b from col on.
func packPanel(k *kernels, dst []float32, b Matrix, col int) {
	width := k.panel
	cols := min(width, b.Cols-col)
	if cols < width {
		clear(dst)
	}
	if b.Rows == 0 {
		return
	}
	if b.ColStride == 1 && cols == width && k.copyPanel != nil {
		src := b.Data[col:]
		_, _ = src[(b.Rows-1)*b.RowStride+width-1], dst[b.Rows*width-1]
		for r := 0; r < b.Rows; r += mostRows {
			k.copyPanel(&dst[r*width], &src[r*b.RowStride], b.RowStride, min(mostRows, b.Rows-r))
		}
		return
	}
	if b.ColStride == 1 {
		for r := range b.Rows {
			copy(dst[r*width:][:cols], b.Data[r*b.RowStride+col:])
		}
		return
	}
	done := 0
	if b.RowStride == 1 && k.transpose != nil {
		done = k.transposeRows(dst, b, col, cols)
	}
	for r := range b.Rows {
		row := dst[r*width:][:cols]
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

// packTile copies so many columns of a row-major matrix, at most as many as a tile is high, for the column form: [steps][rows].
func (k *kernels) packTile(dst, src []float32, srcStride, steps, columns int) {
	const wide = 8 // numbers that are read at once
	for steps > 0 && (steps-1)*srcStride+wide <= len(src) && (steps-1)*k.rows+wide <= len(dst) {
		n := min(steps, mostRows)
		k.copyTile(&dst[0], &src[0], srcStride, n)
		if steps -= n; steps == 0 {
			return
		}
		dst, src = dst[n*k.rows:], src[n*srcStride:]
	}
	for step := range steps {
		copy(dst[step*k.rows:][:columns], src[step*srcStride:])
	}
}

// transposeRows packs as many rows and columns as are multiples of 8 and returns how many rows. It goes through the panel
// in pieces of 64 rows, 8 KB, which stay in the first cache while groups of 8 columns are filled in.
func (k *kernels) transposeRows(dst []float32, b Matrix, col, cols int) (rows int) {
	for ; rows+8 <= b.Rows; rows += 64 {
		n := min(64, b.Rows-rows) / 8
		for c := 0; c+8 <= cols; c += 8 {
			src := b.Data[(col+c)*b.ColStride+rows:]
			_, _ = src[7*b.ColStride+8*n-1], dst[(rows+8*n-1)*k.panel+c+7]
			k.transpose(&dst[rows*k.panel+c], &src[0], k.panel, b.ColStride, n)
		}
	}
	return b.Rows / 8 * 8
}
