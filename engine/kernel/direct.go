package kernel

import (
	"slices"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

// blockPixels is how many output pixels one block of work computes: 16 tiles of 12, which share each panel of weights in
// the second cache, beside the input that they read. Half as many if sums are of more than maxDepth products: then the input is
// large (a quarter of a megabyte at 1024 channels and 4x4 taps, less where taps overlap), and that of the next block needs as much.
const blockPixels = 192

// direct is a correlation by implicit matrix multiplication: a row of the matrix is the inputs that one output meets, which
// is a run of neighbouring numbers for each row of taps, and is read where it lies.
type direct struct{ *correlation }

func (c direct) name() string { return "direct" }

func (c direct) size() int {
	_, size := c.parts()
	return size
}

// part is one group and phase of a correlation, and where its packed weights begin.
type part struct {
	group    int
	row, col phase
	depth    int
	weights  int
}

func (c direct) parts() (parts []part, size int) {
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

func (c direct) pack(p *pool.Pool, s *Scratch, dst, w []float32) {
	parts, size := c.parts()
	if size == 0 {
		return
	}
	k := s.kernels()
	n := k.panels(c.out)
	p.Run(len(parts)*n, func(i int) {
		part, panel := parts[i/n], i%n
		size := part.depth * k.panel
		c.packPart(k, dst[part.weights+panel*size:][:size], part, panel, w)
	})
}

// packPart packs one panel of a part, in which k counts tap rows, taps in a row, and channels.
func (c direct) packPart(k *kernels, dst []float32, part part, panel int, w []float32) {
	for ty := range part.row.taps {
		for tx := range part.col.taps {
			tap := c.tap(w, part.group, part.row.tap+ty*part.row.tapStep, part.col.tap+tx*part.col.tapStep)
			packPanel(k, dst[:c.in*k.panel], tap, panel*k.panel)
			dst = dst[c.in*k.panel:]
		}
	}
}

// run computes y from x and packed weights. Each block of work is some rows of output pixels, in all phases and groups,
// and some of the panels of output channels. How the work is cut does not change a bit of the result.
func (c direct) run(p *pool.Pool, s *Scratch, y, x, weights []float32) {
	if len(y) == 0 {
		return
	}
	lines := c.batch * c.rows[0].outs // of output pixels, in the largest phase
	parts, _ := c.parts()
	pixels := blockPixels
	if parts[0].depth > maxDepth {
		pixels /= 2
	}
	blocks := (lines*c.cols[0].outs + pixels - 1) / pixels
	blocks = min(roundUp(blocks, p.Threads()), lines)
	splits := min(panels(c.out), (2*p.Threads()+blocks-1)/blocks)
	if p.Threads() == 1 {
		splits = 1
	}
	k := s.kernels()
	p.Run(blocks*splits, func(i int) {
		block, split := i/splits, i%splits
		w := s.worker()
		defer s.release(w)
		in := c.gather(w, x, cut(lines, blocks, block), cut(lines, blocks, block+1))
		if next := (i + p.Threads()) / splits; next > block && next < blocks {
			in := c.inputs(x, cut(lines, blocks, next), cut(lines, blocks, next+1))
			w.fetch.willRead(RowMajor(in, 1, len(in)))
		}
		for _, part := range parts {
			c.multiply(k, w, y, in, part, weights, cut(panels(c.out), splits, split), cut(panels(c.out), splits, split+1))
		}
	})
}

// multiply computes one part of a block for some panels of output channels.
func (c direct) multiply(k *kernels, w *worker, y []float32, in input, part part, weights []float32, panel0, panel1 int) {
	channels := c.groups * c.in
	n := 0
	for _, p := range in.pieces {
		n += max(0, min(p.u1, part.row.outs)-p.u0) * part.col.outs
	}
	w.rows, w.cRows, w.segments = slices.Grow(w.rows[:0], n)[:n], slices.Grow(w.cRows[:0], n)[:n], w.segments[:0]
	step, cStep := part.col.stride*channels, part.col.step*c.groups*c.out
	n = 0
	for _, p := range in.pieces {
		for u := p.u0; u < min(p.u1, part.row.outs); u++ {
			row := p.at + (u*part.row.stride-part.row.before-p.row)*in.pitch + part.group*c.in - (part.col.before+in.col)*channels
			out := ((p.image*c.vertical.out+part.row.first+u*part.row.step)*c.horizontal.out+part.col.first)*c.groups*c.out + part.group*c.out + panel0*panelWidth
			rows, cRows := w.rows[n:][:part.col.outs], w.cRows[n:][:part.col.outs]
			for v := range rows {
				rows[v], cRows[v] = row, out
				row, out = row+step, out+cStep
			}
			n += part.col.outs
		}
	}
	length := c.in
	switch taps := part.col.taps; {
	case c.groups == 1 && part.col.dilation == 1 && in.pitch == taps*c.in && part.row.dilation == 1:
		length *= taps * part.row.taps // all taps lie next to each other
		w.segments = append(w.segments, 0)
	case c.groups == 1 && part.col.dilation == 1:
		length *= taps // neighbouring taps lie next to each other
		for ty := range part.row.taps {
			w.segments = append(w.segments, ty*part.row.dilation*in.pitch)
		}
	default:
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
		b: weights[part.weights+panel0*part.depth*panelWidth:], width: k.panel, panel: part.depth * k.panel, bStride: k.panel,
		c: y, cRows: w.cRows, cols: min(panel1*panelWidth, c.out) - panel0*panelWidth,
	})
}
