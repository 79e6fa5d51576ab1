package kernel

import (
	"fmt"
	"slices"
)

// maxDepth is how many steps of k a tile makes before it stores its sums and the next panel follows: a panel of 1024
// steps is 128 KB, an eighth of a usual second cache, and is read at a twelfth of that cache's rate.
const maxDepth = 1024

// product is a block of the row form: some rows of A, which may start anywhere, times B.
//
//	c[cRows[i]+j] = sum over k of  a[rows[i] + segments[k/length] + k%length] * b[(j/width)*panel + k*bStride + j%width]
type product struct {
	a              []float32
	rows           []int
	segments       []int
	length         int
	b              []float32
	width          int // of a panel of B
	panel, bStride int
	c              []float32
	cRows          []int
	cols           int
	add            bool // to c
}

// check panics if the product would reach beyond its operands. Assembly does not check.
func (p *product) check() {
	if len(p.rows) == 0 || p.cols == 0 {
		return
	}
	if len(p.cRows) != len(p.rows) {
		panic(fmt.Errorf("kernel: block reads %d rows and writes %d", len(p.rows), len(p.cRows)))
	}
	firstA, lastA, firstC, lastC := p.rows[0], p.rows[0], p.cRows[0], p.cRows[0]
	for i, row := range p.rows {
		c := p.cRows[i]
		firstA, lastA, firstC, lastC = min(firstA, row), max(lastA, row), min(firstC, c), max(lastC, c)
	}
	if depth := len(p.segments) * p.length; depth > 0 {
		firstA += slices.Min(p.segments)
		lastA += slices.Max(p.segments) + p.length
		lastB := (p.cols-1)/p.width*p.panel + (depth-1)*p.bStride + p.width
		if firstA < 0 || lastA > len(p.a) || lastB > len(p.b) {
			panic(fmt.Errorf("kernel: block reads a[%d:%d] of %d and b[:%d] of %d", firstA, lastA, len(p.a), lastB, len(p.b)))
		}
	}
	if lastC += p.cols; firstC < 0 || lastC > len(p.c) {
		panic(fmt.Errorf("kernel: block writes c[%d:%d] of %d", firstC, lastC, len(p.c)))
	}
}

// multiply computes a product.
func (k *kernels) multiply(w *worker, p product) {
	p.check()
	k.multiplyChecked(w, p)
}

// multiplyChecked computes a product. A panel stays in the second cache while all tiles of rows use it.
func (k *kernels) multiplyChecked(w *worker, p product) {
	steps := len(p.segments) * p.length
	w.fetch.spread(k.panels(p.cols)*k.tiles(len(p.rows))*((steps+maxDepth-1)/maxDepth), min(steps, maxDepth), k.rows)
	depth := 0
	w.row.add = 0
	if p.add {
		w.row.add = 1
	}
	p.parts(func(segments []int, length int) {
		w.row.segments, w.row.length, w.row.bStride = segments, length, p.bStride
		for col := 0; col < p.cols; {
			vectors := k.strip(min(p.cols-col, p.width-col%p.width))
			if length > 0 && len(segments) > 0 {
				w.row.b = p.b[col/p.width*p.panel+depth*p.bStride+col%p.width:]
			}
			k.rowStrip(w, &p, col, vectors)
			col += vectors * k.lanes
		}
		depth += len(segments) * length
		w.row.add = 1
	})
}

// parts cuts the depth of p into parts of at most about maxDepth.
func (p *product) parts(part func(segments []int, length int)) {
	switch {
	case len(p.segments)*p.length <= maxDepth:
		part(p.segments, p.length)
	case p.length <= maxDepth:
		for segments := range slices.Chunk(p.segments, maxDepth/p.length) {
			part(segments, p.length)
		}
	default:
		for _, s := range p.segments {
			for l := 0; l < p.length; l += maxDepth {
				part([]int{s + l}, min(maxDepth, p.length-l))
			}
		}
	}
}

// fetchers is how many tiles of a strip fetch the next panel: with 4 each line is asked for twice.
const fetchers = 4

// edgeRows are where the rows of worker.edge begin.
var edgeRows = [12]int{0, 1 * panelWidth, 2 * panelWidth, 3 * panelWidth, 4 * panelWidth, 5 * panelWidth, 6 * panelWidth,
	7 * panelWidth, 8 * panelWidth, 9 * panelWidth, 10 * panelWidth, 11 * panelWidth}

// rowStrip runs the tiles of one strip of columns, of 1 or 2 vectors. Tiles that stick out at the right go through w.edge.
func (k *kernels) rowStrip(w *worker, p *product, col, vectors int) {
	t := &w.row
	width := min(vectors*k.lanes, p.cols-col)
	edge := width < vectors*k.lanes
	t.a = p.a
	depth := len(t.segments) * t.length
	next := 0 // from this strip to where the next one begins
	if after := col + vectors*k.lanes; after < p.cols {
		next = after/p.width*p.panel - col/p.width*p.panel + after%p.width - col%p.width
	}
	n := k.tiles(len(p.rows))
	height, taller := len(p.rows)/max(n, 1), len(p.rows)%max(n, 1)
	for i, from, to := 0, 0, 0; i < n; i, from = i+1, to {
		if to = from + height; i < taller {
			to++
		}
		t.rows = p.rows[from:to]
		t.ahead, t.aheadStep = 0, 0
		switch {
		case next == 0:
		case t.bStride == p.width: // each tile fetches a part of the next panel
			if n := min(n, fetchers); i < n {
				t.ahead, t.aheadStep = next+i*depth/n*p.width, p.width/n
			}
		case i < vectors*k.lanes/16: // the first tiles fetch a line of 16 floats in each step
			t.ahead, t.aheadStep = next+16*i, t.bStride
		}
		t.next = w.fetch.piece()
		if !edge {
			t.cAhead = vectors * k.lanes // the next strip begins with the first rows
			if to < len(p.rows) {
				t.cAhead = p.cRows[to] - p.cRows[from]
			} else {
				t.cAhead += p.cRows[0] - p.cRows[from]
			}
			t.c = p.c[col:]
			t.cRows = p.cRows[from:to]
			k.row[vectors-1][to-from](t)
			continue
		}
		t.c, t.cRows = w.edge[:], edgeRows[:to-from]
		if t.add != 0 {
			for r, c := range p.cRows[from:to] {
				copy(w.edge[r*panelWidth:][:width], p.c[c+col:])
			}
		}
		k.row[vectors-1][to-from](t)
		for r, c := range p.cRows[from:to] {
			copy(p.c[c+col:][:width], w.edge[r*panelWidth:])
		}
	}
}
