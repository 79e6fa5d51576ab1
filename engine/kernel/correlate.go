package kernel

import "github.com/ganymede-gan/ganymede/engine/pool"

// blockPixels is how many output pixels one block of work computes: 16 tiles of 12, which share each panel of weights in
// the second cache, beside the input that they read (half a megabyte at 1024 channels and 4x4 taps, less where taps overlap).
const blockPixels = 192

// correlation is what Forward and ByInput have in common: input pixels times weights, summed over taps and channels of
// one group, for each phase of the output. ByInput is a correlation of dy with the reversed and transposed kernel.
type correlation struct {
	batch, groups     int
	vertical          axis
	horizontal        axis
	in, out           int // channels of a group
	rows, cols        []phase
	kernelWidth       int
	transposed        bool   // weights are read in reverse order of the taps, with in and out swapped
	weightIn, weights int    // how many floats lie between the in channels, and the taps, of w
	fast              *short // nil: direct
}

func (c *Conv) forward() *correlation {
	return newCorrelation(c, c.vertical(), c.horizontal(), c.In/c.groups(), c.Out/c.groups(), false)
}

func (c *Conv) byInput() *correlation {
	return newCorrelation(c, c.vertical().transposed(), c.horizontal().transposed(), c.Out/c.groups(), c.In/c.groups(), true)
}

func newCorrelation(c *Conv, vertical, horizontal axis, in, out int, transposed bool) *correlation {
	f := &correlation{
		batch: c.Batch, groups: c.groups(), vertical: vertical, horizontal: horizontal, in: in, out: out,
		rows: vertical.phases(), cols: horizontal.phases(), kernelWidth: c.KernelWidth, transposed: transposed,
		weightIn: c.Out, weights: c.In / c.groups() * c.Out,
	}
	if c.Algorithm == Balanced {
		f.fast = f.short()
	}
	return f
}

// form returns the form of the packed weights that the correlation wants, and how many floats they are.
func (c *correlation) form() (form, int) {
	if c.fast != nil {
		_, size := c.fast.size()
		return form{c.transposed, c.fast.products}, size
	}
	_, size := c.parts()
	return form{byInput: c.transposed}, size
}

// packed returns weights packed into memory from the stock; give its data back.
func (c *correlation) packed(p *pool.Pool, s *Scratch, w []float32) *Packed {
	_, size := c.form()
	packed := &Packed{data: s.take(size)}
	c.pack(p, s, packed, w)
	return packed
}

func (c *correlation) pack(p *pool.Pool, s *Scratch, dst *Packed, w []float32) {
	var size int
	dst.form, size = c.form()
	dst.data = grow(dst.data, size)
	if c.fast != nil {
		c.fast.pack(p, s, dst.data, w)
		return
	}
	c.packDirect(p, s.kernels(), dst.data, w)
}

func (c *correlation) run(p *pool.Pool, s *Scratch, y, x []float32, weights *Packed) {
	if c.fast != nil {
		c.fast.run(p, s, y, x, weights.data)
		return
	}
	c.runDirect(p, s, y, x, weights.data)
}

// part is one group and phase of a correlation, and where its packed weights begin.
type part struct {
	group    int
	row, col phase
	depth    int
	weights  int
}

func (c *correlation) parts() (parts []part, size int) {
	for g := range c.groups {
		for _, row := range c.rows {
			for _, col := range c.cols {
				depth := row.taps * col.taps * c.in
				parts = append(parts, part{g, row, col, depth, size})
				size += panels(c.out) * depth * panelWidth
			}
		}
	}
	return parts, size
}

// packDirect packs the weights of all parts. In a panel k counts tap rows, taps in a row, and channels.
func (c *correlation) packDirect(p *pool.Pool, k *kernels, dst, w []float32) {
	parts, size := c.parts()
	if size == 0 {
		return
	}
	n := panels(c.out)
	p.Run(len(parts)*n, func(i int) {
		part, col := parts[i/n], i%n*panelWidth
		at := part.weights + i%n*part.depth*panelWidth
		for ty := range part.row.taps {
			for tx := range part.col.taps {
				tap := c.tap(w, part.group, part.row.tap+ty*part.row.tapStep, part.col.tap+tx*part.col.tapStep)
				packPanel(k, dst[at:][:c.in*panelWidth], tap, col)
				at += c.in * panelWidth
			}
		}
	})
}

// tap returns the weights [in, out] of a group and a tap.
func (c *correlation) tap(w []float32, group, ky, kx int) Matrix {
	if c.transposed {
		ky, kx = c.vertical.taps-1-ky, c.horizontal.taps-1-kx
		return Matrix{Data: w[(ky*c.kernelWidth+kx)*c.weights+group*c.in:], Rows: c.in, Cols: c.out, RowStride: 1, ColStride: c.weightIn}
	}
	return Matrix{Data: w[(ky*c.kernelWidth+kx)*c.weights+group*c.out:], Rows: c.in, Cols: c.out, RowStride: c.weightIn, ColStride: 1}
}

// runDirect computes y from x and packed weights. Each block of work is some rows of output pixels, in all phases and groups,
// and some of the panels of output channels. How the work is cut does not change a bit of the result.
func (c *correlation) runDirect(p *pool.Pool, s *Scratch, y, x, weights []float32) {
	if len(y) == 0 {
		return
	}
	lines := c.batch * c.rows[0].outs // of output pixels, in the largest phase
	blocks := (lines*c.cols[0].outs + blockPixels - 1) / blockPixels
	blocks = min(blocks, lines)
	splits := min(panels(c.out), (2*p.Threads()+blocks-1)/blocks)
	if p.Threads() == 1 {
		splits = 1
	}
	parts, _ := c.parts()
	k := s.kernels()
	p.Run(blocks*splits, func(i int) {
		block, split := i/splits, i%splits
		w := s.worker()
		defer s.release(w)
		in := c.gather(w, x, block*lines/blocks, (block+1)*lines/blocks)
		for _, part := range parts {
			c.multiply(k, w, y, in, part, weights, split*panels(c.out)/splits, (split+1)*panels(c.out)/splits)
		}
	})
}

// A piece is the part of a block that lies in one image: output lines u0 up to u1 of each phase.
type piece struct {
	image, u0, u1 int
	row, end      int // the input rows that it meets; they may lie in the padding
	at            int // where the first of them begins in input.data
}

// input is what the lines of one block meet: the input itself or a padded copy.
type input struct {
	data   []float32
	pieces []piece
	col    int // the column that each row of data begins with
	pitch  int // floats from row to row
}

// gather finds the input of lines from up to to, counted over all images. It copies it, with its padding, to the worker's
// memory, unless there is no padding.
func (c *correlation) gather(w *worker, x []float32, from, to int) input {
	channels, height, width := c.groups*c.in, c.vertical.in, c.horizontal.in
	w.pieces = w.pieces[:0]
	left, right := span(c.cols, 0, c.cols[0].outs)
	padded := left < 0 || right > width
	for lines := c.rows[0].outs; from < to; {
		p := piece{image: from / lines, u0: from % lines}
		p.u1 = min(lines, p.u0+to-from)
		p.row, p.end = span(c.rows, p.u0, p.u1)
		padded = padded || p.row < 0 || p.end > height
		w.pieces = append(w.pieces, p)
		from += p.u1 - p.u0
	}
	in := input{data: x, pieces: w.pieces, pitch: width * channels}
	if !padded {
		for i := range in.pieces {
			in.pieces[i].at = (in.pieces[i].image*height + in.pieces[i].row) * in.pitch
		}
		return in
	}
	in.col, in.pitch = left, (right-left)*channels
	size := 0
	for i := range in.pieces {
		in.pieces[i].at = size
		size += (in.pieces[i].end - in.pieces[i].row) * in.pitch
	}
	w.floats = grow(w.floats, size)
	in.data = w.floats
	for _, p := range in.pieces {
		for row := p.row; row < p.end; row++ {
			dst := in.data[p.at+(row-p.row)*in.pitch:][:in.pitch]
			if row < 0 || row >= height {
				clear(dst)
				continue
			}
			copyPadded(dst, x[(p.image*height+row)*width*channels:][:width*channels], left*channels)
		}
	}
	return in
}

// span returns the inputs that outputs u0 up to u1 of any of the phases meet.
func span(phases []phase, u0, u1 int) (lo, hi int) {
	met := false
	for _, p := range phases {
		if p.taps == 0 {
			continue
		}
		l, h := p.span(u0, u1)
		if !met {
			lo, hi, met = l, h, true
		}
		lo, hi = min(lo, l), max(hi, h)
	}
	return lo, hi
}

// copyPadded sets dst to src from the given start on, which may be negative, with zeros where src has nothing.
func copyPadded(dst, src []float32, start int) {
	if start < 0 {
		n := min(-start, len(dst))
		clear(dst[:n])
		dst, start = dst[n:], 0
	}
	n := 0
	if start < len(src) {
		n = copy(dst, src[start:])
	}
	clear(dst[n:])
}

// multiply computes one part of a block for some panels of output channels.
func (c *correlation) multiply(k *kernels, w *worker, y []float32, in input, part part, weights []float32, panel0, panel1 int) {
	channels := c.groups * c.in
	w.rows, w.cRows, w.segments = w.rows[:0], w.cRows[:0], w.segments[:0]
	for _, p := range in.pieces {
		for u := p.u0; u < min(p.u1, part.row.outs); u++ {
			row := p.at + (u*part.row.stride-part.row.before-p.row)*in.pitch + part.group*c.in
			out := (p.image*c.vertical.out+part.row.first+u*part.row.step)*c.horizontal.out + part.col.first
			for v := range part.col.outs {
				w.rows = append(w.rows, row+(v*part.col.stride-part.col.before-in.col)*channels)
				w.cRows = append(w.cRows, (out+v*part.col.step)*c.groups*c.out+part.group*c.out+panel0*panelWidth)
			}
		}
	}
	length := c.in
	if taps := part.col.taps; c.groups == 1 && part.col.dilation == 1 {
		length *= taps // neighbouring taps lie next to each other
		for ty := range part.row.taps {
			w.segments = append(w.segments, ty*part.row.dilation*in.pitch)
		}
	} else {
		for ty := range part.row.taps {
			for tx := range taps {
				w.segments = append(w.segments, ty*part.row.dilation*in.pitch+tx*part.col.dilation*channels)
			}
		}
	}
	if part.depth == 0 {
		w.segments = w.segments[:0]
		clear(w.rows) // they meet no input
	}
	k.multiply(w, product{
		a: in.data, rows: w.rows, segments: w.segments, length: length,
		b: weights[part.weights+panel0*part.depth*panelWidth:], panel: part.depth * panelWidth, bStride: panelWidth,
		c: y, cRows: w.cRows, cols: min(panel1*panelWidth, c.out) - panel0*panelWidth,
	})
}
