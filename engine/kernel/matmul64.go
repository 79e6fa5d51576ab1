package kernel

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

// Matrix64 is a Matrix of float64 numbers.
type Matrix64 struct {
	Data                 []float64
	Rows, Cols           int
	RowStride, ColStride int
}

func (m Matrix64) t() Matrix64 {
	return Matrix64{Data: m.Data, Rows: m.Cols, Cols: m.Rows, RowStride: m.ColStride, ColStride: m.RowStride}
}

// MatMul64 computes dst = a times b in float64. Operands may have any strides; dst must be row-major and must not overlap
// them. It serves checks of gradients: the tiles are those of MatMul, but both operands are always packed.
func MatMul64(p *pool.Pool, s *Scratch, dst, a, b Matrix64) {
	dst.check("dst")
	a.check("a")
	b.check("b")
	if a.Cols != b.Rows || dst.Rows != a.Rows || dst.Cols != b.Cols {
		panic(fmt.Errorf("kernel: MatMul64: %dx%d times %dx%d does not give %dx%d", a.Rows, a.Cols, b.Rows, b.Cols, dst.Rows, dst.Cols))
	}
	if (dst.ColStride != 1 && dst.Cols > 1) || (dst.RowStride < dst.Cols && dst.Rows > 1) {
		panic(fmt.Errorf("kernel: MatMul64: dst has strides %d, %d; want rows of contiguous numbers that do not overlap", dst.RowStride, dst.ColStride))
	}
	if dst.Rows == 0 || dst.Cols == 0 {
		return
	}
	n, panel := (dst.Cols+panelWidth64-1)/panelWidth64, b.Rows*panelWidth64
	packed := s.doubles.take(n * panel)
	defer s.doubles.give(packed)
	p.Run(n, func(i int) { b.packPanel(packed[i*panel:][:panel], i*panelWidth64) })

	k := s.kernels()
	blocks := roundUp((dst.Rows+blockRows64-1)/blockRows64, p.Threads())
	p.Run(blocks, func(i int) {
		r0, r1 := i*dst.Rows/blocks, (i+1)*dst.Rows/blocks
		rows := s.doubles.take((r1 - r0) * a.Cols)
		defer s.doubles.give(rows)
		a.copyRows(rows, r0, r1)
		block := block64{kernels: k, dst: dst, r0: r0, r1: r1}
		block.tile.a, block.tile.bStride = rows, panelWidth64
		for k0 := 0; k0 == 0 || k0 < a.Cols; k0 += maxDepth64 {
			for c := range n {
				block.panel(packed[c*panel:][:panel], c*panelWidth64, k0, min(maxDepth64, a.Cols-k0), a.Cols)
			}
		}
	})
}

const (
	panelWidth64 = 16  // columns of a packed panel of B: two vectors of 8, or four of 4
	maxDepth64   = 512 // steps of k before a tile stores its sums: a panel of them is 64 KB
	blockRows64  = 96  // of A, which share a panel in the second cache
)

// rowTile64 is a rowTile of float64.
type rowTile64 struct {
	a, b, c     []float64
	segments    []int
	length      int
	bStride     int
	add         int
	ahead       int
	cAhead      int
	rows, cRows []int // as many as the tile has rows
	next        []float64
	aheadStep   int
}

// block64 is rows r0 up to r1 of a product.
type block64 struct {
	kernels *kernels
	dst     Matrix64
	r0, r1  int
	tile    rowTile64
	out     [12 * panelWidth64]float64
}

// panel adds the steps k0 up to k0+length to a panel of columns. The rows of A have the given depth.
func (b *block64) panel(packed []float64, col, k0, length, depth int) {
	t, cols := &b.tile, b.kernels.lanes // a tile is two vectors of half as many numbers wide
	t.segments, t.length = append(t.segments[:0], k0), length
	n := b.kernels.tiles(b.r1 - b.r0)
	for part := 0; part < panelWidth64 && col+part < b.dst.Cols; part += cols {
		width := min(cols, b.dst.Cols-col-part)
		t.b = packed[min(len(packed), k0*panelWidth64+part):]
		for i := range n {
			from, to := b.r0+i*(b.r1-b.r0)/n, b.r0+(i+1)*(b.r1-b.r0)/n
			t.add = min(k0, 1)
			t.rows, t.cRows = t.rows[:0], t.cRows[:0]
			for r := from; r < to; r++ {
				t.rows, t.cRows = append(t.rows, (r-b.r0)*depth), append(t.cRows, (r-from)*cols)
				if t.add != 0 {
					copy(b.out[(r-from)*cols:][:width], b.dst.Data[r*b.dst.RowStride+col+part:])
				}
			}
			t.c = b.out[:]
			if b.kernels.row64 != nil {
				b.kernels.row64[to-from](t)
			} else {
				portableRow64(t, to-from, cols)
			}
			for r := from; r < to; r++ {
				copy(b.dst.Data[r*b.dst.RowStride+col+part:][:width], b.out[(r-from)*cols:])
			}
		}
	}
}

func portableRow64(t *rowTile64, rows, cols int) {
	for i := range rows {
		c := t.c[t.cRows[i]:][:cols]
		if t.add == 0 {
			clear(c)
		}
		b := 0
		for _, s := range t.segments {
			for _, v := range t.a[t.rows[i]+s:][:t.length] {
				for j, w := range t.b[b:][:cols] {
					c[j] += v * w
				}
				b += t.bStride
			}
		}
	}
}

// packPanel packs the columns from col on, with zeros beyond the last.
func (m Matrix64) packPanel(dst []float64, col int) {
	cols := min(panelWidth64, m.Cols-col)
	for r := range m.Rows {
		row := dst[r*panelWidth64:][:panelWidth64]
		src := m.Data[r*m.RowStride+col*m.ColStride:]
		if m.ColStride == 1 {
			clear(row[copy(row, src[:cols]):])
			continue
		}
		for c := range cols {
			row[c] = src[c*m.ColStride]
		}
		clear(row[cols:])
	}
}

// copyRows copies some rows, one after the other.
func (m Matrix64) copyRows(dst []float64, from, to int) {
	for r := from; r < to && m.Cols > 0; r++ {
		src := m.Data[r*m.RowStride:]
		if m.ColStride == 1 {
			dst = dst[copy(dst, src[:m.Cols]):]
			continue
		}
		for c := range m.Cols {
			dst[c] = src[c*m.ColStride]
		}
		dst = dst[m.Cols:]
	}
}

func (m Matrix64) check(name string) {
	if m.Rows < 0 || m.Cols < 0 || m.RowStride < 0 || m.ColStride < 0 {
		panic(fmt.Errorf("kernel: MatMul64: %s is %dx%d with strides %d, %d; none may be negative", name, m.Rows, m.Cols, m.RowStride, m.ColStride))
	}
	if last := (m.Rows-1)*m.RowStride + (m.Cols-1)*m.ColStride; m.Rows > 0 && m.Cols > 0 && last >= len(m.Data) {
		panic(fmt.Errorf("kernel: MatMul64: %s is %dx%d with strides %d, %d and needs %d floats; it has %d",
			name, m.Rows, m.Cols, m.RowStride, m.ColStride, last+1, len(m.Data)))
	}
}
