package kernel

import (
	"slices"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

// This file has the short convolutions of Winograd and Toom (Winograd, "Arithmetic Complexity of Computations", 1980;
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, arXiv:1509.09308): a tile of M x M outputs of
// an RxR filter takes TxT products with T = M+R-1, not MxM times RxR. In each dimension
//
//	y = A (G w . B x)    with transposes as in transform.go's matrices
//
// so a convolution becomes T*T matrix products, [tiles, channels] times [channels, filters], of transformed inputs and weights.
//
// A stride of 2 is no obstacle. The inputs are split by the remainder of their place into S*S sources, each a channel
// group of its own that meets every S-th tap: a 4x4 convolution of stride 2 is a 2x2 one of four times the channels. And a
// transposed one has 2x2 taps in each phase of its output.
//
// Nor are 3x3 taps: they are 4x4 of which the last are zero. The highest of the T products, the point at infinity, has the last
// tap for its weight, so that sources without that tap have one product fewer: 25 are left of 36 in F(2,2), 49 of 64 in F(3,2).

// Algorithm says which arithmetic a convolution may use.
type Algorithm uint8

const (
	// Exact sums the products of the definition, each rounded once, in one order.
	Exact Algorithm = iota
	// Balanced uses short convolutions where they are faster and their errors are of the size of Exact's: root mean square
	// at most 2 times, largest at most 4 times (TestShortConvolutionIsAsAccurate). They save 16/9 to 81/25 of the products.
	Balanced
	// Fast also uses F(4,2), and F(2,4) for gradients by the kernel, whose errors are 2 to 3 times Exact's.
	Fast
)

// String returns the algorithm's name in options.
func (a Algorithm) String() string { return [...]string{"exact", "balanced", "fast"}[a] }

// allows says whether the algorithm may use a form for results, or for gradients by the kernel.
func (a Algorithm) allows(f shortForm, byKernel bool) bool {
	switch {
	case a == Exact:
		return false
	case a == Balanced && byKernel:
		return f != f24
	case a == Balanced:
		return f != f42
	}
	return true
}

const (
	// shortTiles is how many tiles a block of work transforms: enough to use each panel of weights for five or six tiles of
	// the products, since the weights of all T*T products do not fit in the second cache.
	shortTiles = 64

	// shortChannels is the fewest channels, and shortFewest the fewest outputs, with which the saving exceeds the transforms.
	shortChannels = 32
	shortFewest   = 256

	// paddedChannels is the fewest channels with which that holds for taps of which some are not there.
	paddedChannels = 64

	// weightCost is what writing and reading a transformed weight costs, in multiply-adds.
	weightCost = 45
)

// short is a correlation by a short convolution.
type short struct {
	*correlation              // its phases have their outputs rounded up to whole tiles, and their taps to those of the form
	exact        *correlation // as it is
	form         shortForm
	products     int  // T
	stride       int  // S
	depth        int  // channels of all sources
	padded       bool // some taps are not there
}

// short returns the fastest short form of the correlation that the algorithm allows, or nil if it has none that is faster
// than the direct one. It depends on shapes alone.
func (c *correlation) short(algorithm Algorithm, byKernel bool) *short {
	if len(c.rows) == 0 || len(c.cols) == 0 || c.in < shortChannels || c.out < shortChannels || c.batch*c.rows[0].outs*c.cols[0].outs < shortFewest {
		return nil
	}
	var best *short
	for form := range shortForms {
		if !algorithm.allows(form, byKernel) || !c.fits(form) {
			continue
		}
		s := c.withForm(form)
		if s.padded && min(c.in, c.out) < paddedChannels || s.cost() >= c.cost() {
			continue
		}
		if best == nil || s.cost() < best.cost() {
			best = s
		}
	}
	return best
}

// cost is what the direct convolution costs for each pair of channels, in multiply-adds.
func (c *correlation) cost() int {
	sum := 0
	for _, row := range c.rows {
		for _, col := range c.cols {
			sum += c.batch * row.outs * row.taps * col.outs * col.taps
		}
	}
	return sum
}

// shortByKernel is short for the gradient by the kernel, which needs outputs of one phase.
func (c *correlation) shortByKernel(algorithm Algorithm) *short {
	if len(c.rows) != 1 || len(c.cols) != 1 {
		return nil
	}
	return c.short(algorithm, true)
}

// fits says whether the phases of the correlation have as many taps as a form, from each source. Some may have fewer, and count as if
// they had zeros for the others, if the most that a phase has could not be fewer.
func (c *correlation) fits(form shortForm) bool {
	stride, taps := c.rows[0].stride, form.taps()
	for _, phases := range [][]phase{c.rows, c.cols} {
		most := 0
		for _, p := range phases {
			if p.stride != stride || p.dilation != 1 || p.taps < stride || stride > 2 && p.taps < stride*taps {
				return false
			}
			most = max(most, p.taps)
		}
		if most > stride*taps || most <= stride*(taps-1) {
			return false
		}
	}
	return c.groups == 1 && c.in%16 == 0 && c.out%16 == 0
}

// withForm returns the correlation with outputs in tiles of a form.
func (c *correlation) withForm(form shortForm) *short {
	stride := c.rows[0].stride
	s := &short{exact: c, form: form, products: form.products(), stride: stride, depth: stride * stride * c.in}
	copied := *c
	s.correlation = &copied
	copied.rows, copied.cols = wholeTiles(c.rows, form), wholeTiles(c.cols, form)
	for _, p := range slices.Concat(c.rows, c.cols) {
		s.padded = s.padded || p.taps < stride*form.taps()
	}
	return s
}

// wholeTiles returns phases that all have as many outputs as the largest, rounded up, and taps for each source.
func wholeTiles(phases []phase, form shortForm) []phase {
	rounded := slices.Clone(phases)
	for i, p := range phases {
		rounded[i].outs, rounded[i].taps = roundUp(phases[0].outs, form.side()), p.stride*form.taps()
	}
	return rounded
}

// cost is what the products cost for each pair of channels, in multiply-adds.
func (s *short) cost() int {
	tiles := s.batch * (s.rows[0].outs / s.form.side()) * (s.cols[0].outs / s.form.side())
	products := 0
	for r := range s.rows {
		for c := range s.cols {
			for t := range s.products * s.products {
				from, to := s.met(r, c, t)
				products += to - from
			}
		}
	}
	return products * (tiles + weightCost)
}

// place is where a source comes in the order of depth. Those whose taps are the last ones come first and last in turn, so that whatever
// meets a product is one run.
func (s *short) place(row, col int) int {
	if row == 0 && s.padded {
		col = s.stride - 1 - col
	}
	return row*s.stride + col
}

// met returns the sources, by their place, that have a weight other than zero in product t of a phase: from, up to but not including to.
// All have, but for the highest product of an axis, whose weight is the last tap, which not all may have.
func (s *short) met(r, c, t int) (from, to int) {
	rows, cols := s.stride, s.stride
	if t/s.products == s.products-1 {
		rows -= s.rows[r].taps - s.exact.rows[r].taps
	}
	if t%s.products == s.products-1 {
		cols -= s.cols[c].taps - s.exact.cols[c].taps
	}
	if rows <= 0 || cols <= 0 {
		return 0, 0
	}
	from, to = s.stride*s.stride, 0
	for row := range rows {
		for col := range cols {
			from, to = min(from, s.place(row, col)), max(to, s.place(row, col)+1)
		}
	}
	return from, to
}

func (s *short) name() string { return s.form.String() }

// phaseSize returns how many floats the transformed weights of one phase have.
func (s *short) phaseSize() int {
	return s.products * s.products * panels(s.out) * s.depth * panelWidth
}

func (s *short) size() int { return s.phaseSize() * len(s.rows) * len(s.cols) }

// pack transforms the weights: T*T matrices [depth, out] for each phase, in panels. It starts from a panel of the direct
// form, in which each tap is a run of [in][panel], with zeros for taps that are not there.
func (s *short) pack(p *pool.Pool, scratch *Scratch, dst, w []float32) {
	k := scratch.kernels()
	n, run := k.panels(s.out), s.in*k.panel
	plane, taps := panels(s.out)*s.depth*panelWidth, s.stride*s.form.taps()
	p.Run(len(s.rows)*len(s.cols)*n, func(i int) {
		row, col, panel := s.exact.rows[i/n/len(s.cols)], s.exact.cols[i/n%len(s.cols)], i%n
		worker := scratch.worker()
		defer scratch.release(worker)
		worker.floats = grow(worker.floats, taps*taps*run)
		for ty := range taps {
			for tx := range taps {
				to := worker.floats[(ty*taps+tx)*run:][:run]
				if ty >= row.taps || tx >= col.taps {
					clear(to)
					continue
				}
				packPanel(k, to, s.tap(w, 0, row.tap+ty*row.tapStep, col.tap+tx*col.tapStep), panel*k.panel)
			}
		}
		to := dst[i/n*s.phaseSize()+panel*s.depth*k.panel:]
		for source := range s.stride * s.stride {
			y, x := source/s.stride, source%s.stride
			k.transform(transformWeights, s.form, to[s.place(y, x)*run:], grid{s.products * plane, plane},
				worker.floats[(y*taps+x)*run:], grid{s.stride * taps * run, s.stride * run}, run)
		}
	})
}

// run computes y from x and transformed weights. Blocks of work are rows of tiles.
func (s *short) run(p *pool.Pool, scratch *Scratch, y, x, weights []float32) {
	side := s.form.side()
	lines := s.batch * s.rows[0].outs / side
	blocks := min(lines, (lines*s.cols[0].outs/side+shortTiles-1)/shortTiles)
	blocks = min(lines, roundUp(blocks, p.Threads()))
	k := scratch.kernels()
	size := s.phaseSize()
	p.Run(blocks, func(i int) {
		w := scratch.worker()
		defer scratch.release(w)
		in := s.gather(w, x, side*cut(lines, blocks, i), side*cut(lines, blocks, i+1))
		for r := range s.rows {
			for c := range s.cols {
				s.tiles(k, w, y, in, r, c, weights[(r*len(s.cols)+c)*size:][:size])
			}
		}
	})
}

// planes is an array [t][tile][channels] with gaps that keep its parts from falling on the same places of the first cache.
type planes struct {
	data       []float32
	tile, size int // floats from tile to tile, and from t to t
}

func newPlanes(data []float32, products, tiles, channels int) planes {
	p := planes{tile: channels + 16, size: tiles*(channels+16) + 16}
	p.data = grow(data, products*products*p.size)
	return p
}

// grid returns where the vectors of one tile lie.
func (p planes) grid(products int) grid { return grid{products * p.size, p.size} }

// tiles computes one phase of a block.
func (s *short) tiles(k *kernels, w *worker, y []float32, in input, r, c int, weights []float32) {
	row, col, side := s.rows[r], s.cols[c], s.form.side()
	n := 0
	for _, p := range in.pieces {
		n += (p.u1 - p.u0) / side * (col.outs / side)
	}
	v, m := newPlanes(w.transformed, s.products, n, s.depth), newPlanes(w.products, s.products, n, s.out)
	w.transformed, w.products = v.data, m.data

	i := 0
	for _, p := range in.pieces {
		for u := p.u0; u < p.u1; u += side {
			for x := 0; x < col.outs; x += side {
				s.transformInput(k, v, i, in, p, row, col, u, x)
				i++
			}
		}
	}
	w.rows, w.cRows, w.segments = w.rows[:0], w.cRows[:0], append(w.segments[:0], 0)
	for i := range n {
		w.rows, w.cRows = append(w.rows, i*v.tile), append(w.cRows, i*m.tile)
	}
	plane := panels(s.out) * s.depth * panelWidth
	for t := s.products*s.products - 1; t >= 0; t-- { // downwards: when the last is inside its operands, all are
		p := product{
			a: v.data[t*v.size:], rows: w.rows, segments: w.segments, length: s.depth,
			b: weights[t*plane:], width: k.panel, panel: s.depth * k.panel, bStride: k.panel,
			c: m.data[t*m.size:], cRows: w.cRows, cols: s.out,
		}
		if t == s.products*s.products-1 {
			p.check()
		}
		from, to := s.met(r, c, t)
		if from == to {
			clear(p.c[:m.size-16])
			continue
		}
		p.a, p.b, p.length = p.a[from*s.in:], p.b[from*s.in*k.panel:], (to-from)*s.in
		k.multiplyChecked(w, p)
	}
	i = 0
	for _, p := range in.pieces {
		for u := p.u0; u < p.u1; u += side {
			for x := 0; x < col.outs; x += side {
				at := ((p.image*s.vertical.out+row.first+u*row.step)*s.horizontal.out + col.first + x*col.step) * s.out
				to := grid{row.step * s.horizontal.out * s.out, col.step * s.out}
				s.transformOutput(k, w, y, at, to, m, i, min(side, s.exact.rows[r].outs-u), min(side, s.exact.cols[c].outs-x))
				i++
			}
		}
	}
}

// transformInput transforms the inputs, from all sources, of the tile whose first output is (u, x) of a phase.
func (s *short) transformInput(k *kernels, v planes, tile int, in input, p piece, row, col phase, u, x int) {
	at := p.at + (u*row.stride-row.before-p.row)*in.pitch + (x*col.stride-col.before-in.col)*s.in
	for source := range s.stride * s.stride {
		y, x := source/s.stride, source%s.stride
		from := at + y*in.pitch + x*s.in
		k.transform(transformInput, s.form, v.data[tile*v.tile+s.place(y, x)*s.in:], v.grid(s.products),
			in.data[from:], grid{s.stride * in.pitch, s.stride * s.in}, s.in)
	}
}

// transformOutput writes a tile of outputs, of which so many rows and columns exist.
func (s *short) transformOutput(k *kernels, w *worker, y []float32, at int, to grid, m planes, tile, rows, cols int) {
	if rows <= 0 || cols <= 0 {
		return
	}
	side := s.form.side()
	if rows == side && cols == side {
		k.transform(transformOutput, s.form, y[at:], to, m.data[tile*m.tile:], m.grid(s.products), s.out)
		return
	}
	w.panel = grow(w.panel, side*side*s.out)
	k.transform(transformOutput, s.form, w.panel, grid{side * s.out, s.out}, m.data[tile*m.tile:], m.grid(s.products), s.out)
	for r := range rows {
		for c := range cols {
			copy(y[at+r*to.row+c*to.col:][:s.out], w.panel[(r*side+c)*s.out:])
		}
	}
}
