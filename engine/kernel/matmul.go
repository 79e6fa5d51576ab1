package kernel

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

const (
	// B is read in place, since packing it would cost more than it saves, if A has few rows, or if its strips of 32
	// columns lie in few pages, or if all of it fits in the second cache.
	fewRows     = 24
	fewSteps    = 128
	smallFloats = 256 * 1024

	// packFloats bounds how much of B is packed at once: 4 MB, which stay in the third cache for all rows of A.
	packFloats = 1024 * 1024

	// copiedRows is the fewest rows of A that make up for packing a small B, where tiles are narrow (AVX2), and copiedTiles and
	// copiedStrips are the fewest of a block that make up for copies of B and A in the column form there.
	copiedRows   = 40
	copiedTiles  = 4
	copiedStrips = 12

	// columnFloats bounds the same in the column form, where it reads copies: each block copies B.
	columnFloats = 48 * 1024

	// columnDepth is how many steps of k the column form makes before the next strip.
	columnDepth = 512
)

// MatMul computes dst = a times b. Operands may have any strides; dst must be row-major and must not overlap them.
func MatMul(p *pool.Pool, s *Scratch, dst, a, b Matrix) {
	checkMatMul("MatMul", dst, a, b)
	if dst.Rows == 0 || dst.Cols == 0 {
		return
	}
	inPlace, k := 0, s.kernels() // columns of b that are read in place
	few, small := a.Rows <= fewRows, b.Rows <= fewSteps || b.Rows*b.Cols <= smallFloats
	if k.copyTile != nil {
		small = small && a.Rows < copiedRows // its narrow tiles lose more by rows of b that lie apart
	}
	if b.ColStride == 1 && (few || small) {
		// The last columns are read from a copy, lest a tile reads beyond the end of b.
		inPlace = b.Cols / panelWidth * panelWidth
		newMultiplication(s, dst.columns(0, inPlace), a, columns{b.Data, k.panel, k.panel, b.RowStride, b.Rows, inPlace}).run(p, s)
	}
	packed := &Packed{data: s.floats.take(min(packFloats, roundUp(b.Cols-inPlace, panelWidth)*b.Rows))}
	defer func() { s.floats.give(packed.data) }()
	for from := 0; from == 0 || from < b.Rows; from += maxDepth {
		part := b.rows(from, min(from+maxDepth, b.Rows))
		width := max(1, packFloats/panelWidth/max(part.Rows, 1)) * panelWidth
		for col := inPlace; col < b.Cols; col += width {
			end := min(col+width, b.Cols)
			PackMatrix(p, s, packed, part.columns(col, end))
			m := newMultiplication(s, dst.columns(col, end), a.columns(from, from+part.Rows), packed.columns(k))
			m.add = from > 0
			m.run(p, s)
		}
	}
}

// MatMulPacked is MatMul with a matrix that PackMatrix has packed.
func MatMulPacked(p *pool.Pool, s *Scratch, dst, a Matrix, b *Packed) {
	a.check("MatMulPacked", "a")
	dst.checkResult("MatMulPacked", "dst")
	if a.Cols != b.rows || dst.Rows != a.Rows || dst.Cols != b.cols || len(b.data) != panels(b.cols)*b.rows*panelWidth {
		panic(fmt.Errorf("kernel: MatMulPacked: %dx%d times packed %dx%d does not give %dx%d", a.Rows, a.Cols, b.rows, b.cols, dst.Rows, dst.Cols))
	}
	newMultiplication(s, dst, a, b.columns(s.kernels())).run(p, s)
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
	each := func(i int, p *pool.Pool) {
		MatMul(p, s, dst.from(i*n.Dst), a.from(i*n.A), b.from(i*n.B))
	}
	if n.Count < p.Threads() {
		for i := range n.Count {
			each(i, p)
		}
		return
	}
	p.Run(n.Count, func(i int) { each(i, nil) })
}

// from returns m with its data starting later.
func (m Matrix) from(offset int) Matrix {
	m.Data = m.Data[min(offset, len(m.Data)):]
	return m
}

// rows returns the view of some rows of m.
func (m Matrix) rows(from, to int) Matrix { return m.T().columns(from, to).T() }

// columns returns the view of some columns of m.
func (m Matrix) columns(from, to int) Matrix {
	m = m.from(from * m.ColStride)
	m.Cols = to - from
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

// byColumns says that a is read by columns: it is the transpose of a row-major matrix.
func byColumns(a Matrix) bool { return a.RowStride == 1 && a.ColStride != 1 && a.Rows > 1 }

// columns is B as the tiles read it: element (k, j) is data[(j/width)*panel + k*stride + j%width], and tiles may read up to the
// end of a panel.
type columns struct {
	data                 []float32
	width, panel, stride int
	rows, cols           int
}

func (b *Packed) columns(k *kernels) columns { return k.packed(b.data, b.rows, b.cols) }

// packed is a packed matrix as the tiles read it.
func (k *kernels) packed(data []float32, rows, cols int) columns {
	return columns{data, k.panel, rows * k.panel, k.panel, rows, cols}
}

// from returns the data from an element on.
func (b columns) from(k, j int) []float32 {
	return b.data[min(len(b.data), j/b.width*b.panel+k*b.stride+j%b.width):]
}

// multiplication is a matrix product, to be cut into blocks of work.
type multiplication struct {
	kernels *kernels
	dst, a  Matrix
	b       columns
	add     bool // to dst
}

func newMultiplication(s *Scratch, dst, a Matrix, b columns) *multiplication {
	return &multiplication{kernels: s.kernels(), dst: dst, a: a, b: b}
}

// run cuts the product into blocks of rows and, where that gives the threads too little, of panels. How it is cut does not
// change a bit of the result.
func (m *multiplication) run(p *pool.Pool, s *Scratch) {
	rows := m.dst.Rows
	if rows == 0 || m.dst.Cols == 0 {
		return
	}
	n := panels(m.dst.Cols)
	tiles := m.kernels.tiles(rows)
	blocks := max(1, min(tiles, rows*min(max(m.a.Cols, 512), maxDepth)/m.kernels.block))
	if m.kernels.copyTile != nil && byColumns(m.a) {
		blocks = max(1, min(tiles, rows*columnDepth/columnFloats))
	}
	splits := 1
	if threads := p.Threads(); blocks >= 4*threads {
		blocks = min(tiles, roundUp(blocks, threads))
	} else if threads > 1 {
		splits = min(n, (4*threads+blocks-1)/blocks)
		for splits < n && blocks*splits%threads > 0 {
			splits++
		}
	}
	from := func(block int) int { return min(cut(tiles, blocks, block)*m.kernels.rows, rows) }
	p.Run(blocks*splits, func(i int) {
		w := s.worker()
		defer s.release(w)
		block, split := i/splits, i%splits
		c0, c1 := cut(n, splits, split)*panelWidth, min(cut(n, splits, split+1)*panelWidth, m.dst.Cols)
		if byColumns(m.a) {
			m.byColumns(w, from(block), from(block+1), c0, c1)
			return
		}
		next := Matrix{}
		if n := (i + p.Threads()) / splits; n > block && n < blocks {
			next = m.a.rows(from(n), from(n+1))
		}
		m.byRows(w, m.a.rows(from(block), from(block+1)), next, from(block), c0, c1)
	})
}

// byRows computes a block in the row form: rows a of A, from r0 on. next are those of the worker's next block.
func (m *multiplication) byRows(w *worker, a, next Matrix, r0, c0, c1 int) {
	w.cRows = w.cRows[:0]
	for r := range a.Rows {
		w.cRows = append(w.cRows, (r0+r)*m.dst.RowStride+c0)
	}
	w.segments = append(w.segments[:0], 0)
	// Rows whose distance is a multiple of 2 KB share too few places in the first cache.
	copies := a.ColStride != 1 || a.RowStride%512 == 0 && a.RowStride > 0 && a.Rows > 4 && c1-c0 >= 4*panelWidth
	for from := 0; from == 0 || from < m.a.Cols; from += maxDepth {
		part := a.columns(from, min(from+maxDepth, m.a.Cols))
		if to := from + maxDepth; to < m.a.Cols {
			w.fetch.willRead(a.columns(to, min(to+maxDepth, m.a.Cols)))
		} else {
			w.fetch.willRead(next.columns(0, min(maxDepth, next.Cols)))
		}
		if copies {
			part = copyRows(w, part)
		}
		w.rows = w.rows[:0]
		for r := range part.Rows {
			w.rows = append(w.rows, r*part.RowStride)
		}
		m.kernels.multiply(w, product{
			a: part.Data, rows: w.rows, segments: w.segments, length: part.Cols,
			b: m.b.from(from, c0), width: m.b.width, panel: m.b.panel, bStride: m.b.stride,
			c: m.dst.Data, cRows: w.cRows, cols: c1 - c0, add: m.add || from > 0,
		})
	}
}

// copyRows copies a to the worker's memory, row after row with a gap between them.
func copyRows(w *worker, a Matrix) Matrix {
	stride := a.Cols + 16
	w.floats = grow(w.floats, a.Rows*stride)
	for r := range a.Rows {
		row := w.floats[r*stride:][:a.Cols]
		if a.ColStride == 1 {
			copy(row, a.Data[r*a.RowStride:])
			continue
		}
		for k := range row {
			row[k] = a.Data[r*a.RowStride+k*a.ColStride]
		}
	}
	return Matrix{Data: w.floats, Rows: a.Rows, Cols: a.Cols, RowStride: stride, ColStride: 1}
}

// byColumns computes a block in the column form.
func (m *multiplication) byColumns(w *worker, r0, r1, c0, c1 int) {
	k, t := m.kernels, &w.col
	t.cStride = m.dst.RowStride
	n := k.tiles(r1 - r0)
	copies := k.copyTile != nil && n >= copiedTiles && c1-c0 >= copiedStrips*k.panel && m.a.Cols > 0
	tile := func(i int) (from, to int) { return r0 + i*(r1-r0)/n, r0 + (i+1)*(r1-r0)/n }
	w.pairs = append(w.pairs[:0], [2]int{})
	t.segments = w.pairs
	for from := 0; from == 0 || from < m.a.Cols; from += columnDepth {
		t.length = min(columnDepth, m.a.Cols-from)
		if t.add = min(from, 1); m.add {
			t.add = 1
		}
		if copies {
			w.tiles = grow(w.tiles, (n*t.length+1)*k.rows)
			for i := range n {
				r, to := tile(i)
				k.packTile(w.tiles[i*t.length*k.rows:], m.a.Data[from*m.a.ColStride+r:], m.a.ColStride, t.length, to-r)
			}
		}
		for col := c0; col < c1; {
			vectors := k.strip(min(c1-col, m.b.width-col%m.b.width))
			width := min(vectors*k.lanes, c1-col)
			t.b, t.bStride = m.b.from(from, col), m.b.stride
			if copies && width == k.panel && t.bStride != k.panel {
				w.panel = grow(w.panel, t.length*k.panel)
				packPanel(k, w.panel, Matrix{t.b, t.length, width, t.bStride, 1}, 0)
				t.b, t.bStride = w.panel, k.panel
			}
			for i := range n {
				r, to := tile(i)
				if copies {
					t.a, t.aStride = w.tiles[i*t.length*k.rows:], k.rows
				} else {
					t.a, t.aStride = m.a.Data[min(len(m.a.Data), from*m.a.ColStride+r):], m.a.ColStride
				}
				c := m.dst.Data[r*m.dst.RowStride+col:]
				if width < vectors*k.lanes {
					k.colEdge(w, c, to-r, width)
					continue
				}
				t.c = c
				k.col[vectors-1][to-r](t)
			}
			col += vectors * k.lanes
		}
	}
}
