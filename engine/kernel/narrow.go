package kernel

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

const (
	// narrowChannels is the most output channels, and narrowTaps the fewest taps, with which the taps become columns.
	narrowChannels = 4
	narrowTaps     = 4

	// narrowFloats is about how many products a block of work keeps: half a megabyte, which stays in the second cache.
	narrowFloats = 128 * 1024
)

// narrow is a correlation with few output channels, as at the RGB end of a network. A matrix product whose columns were
// those few channels would leave most of each vector idle. So the columns are channels of all taps,
//
//	products[i, tap, co] = sum over ci of  x[i, ci] * w[tap, ci, co]
//
// and each output is the sum, in the order of the taps, of the products of the inputs that it meets.
type narrow struct{ *correlation }

// narrow returns the correlation's narrow form, or nil if it has none that is faster.
func (c *correlation) narrow() *narrow {
	if len(c.rows) == 0 || len(c.cols) == 0 || c.groups != 1 || c.in < 1 || c.out < 1 || c.out > narrowChannels || c.vertical.taps*c.horizontal.taps < narrowTaps {
		return nil
	}
	if c.rows[0].stride != 1 || c.cols[0].stride != 1 {
		return nil // the products of most taps would not be wanted
	}
	return &narrow{c}
}

func (n *narrow) name() string { return "narrow" }

// columns returns how many products an input pixel has.
func (n *narrow) columns() int { return n.vertical.taps * n.horizontal.taps * n.out }

func (n *narrow) size() int { return panels(n.columns()) * panelWidth * n.in }

func (n *narrow) pack(p *pool.Pool, s *Scratch, dst, w []float32) {
	clear(dst)
	width := s.kernels().panel
	for ky := range n.vertical.taps {
		for kx := range n.horizontal.taps {
			tap := n.tap(w, 0, ky, kx)
			for co := range n.out {
				col := (ky*n.horizontal.taps+kx)*n.out + co
				to := dst[col/width*width*n.in+col%width:]
				for ci := range n.in {
					to[ci*width] = tap.Data[ci*tap.RowStride+co*tap.ColStride]
				}
			}
		}
	}
}

func (n *narrow) run(p *pool.Pool, s *Scratch, y, x, weights []float32) {
	lines := n.rows[0].outs // of an image, in the largest phase
	columns, k := n.columns(), s.kernels()
	blocks := min(lines, n.vertical.in*n.horizontal.in*columns/narrowFloats+1)
	p.Run(n.batch*blocks, func(i int) {
		w := s.worker()
		defer s.release(w)
		image, block := i/blocks, i%blocks
		u0, u1 := block*lines/blocks, (block+1)*lines/blocks
		taps := n.multiply(k, w, x, weights, image, u0, u1)
		for _, row := range n.rows {
			for u := u0; u < min(u1, row.outs); u++ {
				for _, col := range n.cols {
					n.sum(k, w, y, taps, image, row, u, col)
				}
			}
		}
	})
}

// tapProducts are the products of some input rows of an image, with zeros at the sides where taps reach beyond it, and
// a row of zeros after the last.
type tapProducts struct {
	data     []float32
	from, to int // input rows
	left     int // pixels of zeros before each row
	pitch    int // floats from row to row
}

// multiply computes the products of the inputs that lines u0 up to u1 of all phases meet.
func (n *narrow) multiply(k *kernels, w *worker, x, weights []float32, image, u0, u1 int) tapProducts {
	columns, width := n.columns(), n.horizontal.in
	lo, hi := span(n.cols, 0, n.cols[0].outs)
	left, right := max(0, -lo), max(0, hi-width)
	from, to := span(n.rows, u0, u1)
	from, to = min(max(0, from), n.vertical.in), max(0, min(to, n.vertical.in))
	to = max(from, to)
	t := tapProducts{from: from, to: to, left: left, pitch: (left + width + right) * columns}
	w.products = grow(w.products, (to-from+1)*t.pitch+panelWidth)
	t.data = w.products
	w.rows, w.cRows, w.segments = w.rows[:0], w.cRows[:0], append(w.segments[:0], 0)
	for row := from; row < to; row++ {
		at := (row - from) * t.pitch
		clear(t.data[at:][:left*columns])
		clear(t.data[at+(left+width)*columns:][:right*columns])
		for col := range width {
			w.rows = append(w.rows, ((image*n.vertical.in+row)*width+col)*n.in)
			w.cRows = append(w.cRows, at+(left+col)*columns)
		}
	}
	clear(t.data[(to-from)*t.pitch:]) // and what is loaded, but not used, beyond it
	k.multiply(w, product{
		a: x, rows: w.rows, segments: w.segments, length: n.in,
		b: weights, width: k.panel, panel: n.in * k.panel, bStride: k.panel,
		c: t.data, cRows: w.cRows, cols: columns,
	})
	return t
}

// sum computes one line of outputs of a phase.
func (n *narrow) sum(k *kernels, w *worker, y []float32, t tapProducts, image int, row phase, u int, col phase) {
	if col.outs == 0 {
		return
	}
	columns := n.columns()
	w.segments = w.segments[:0]
	for ty := range row.taps {
		in := u*row.stride + ty*row.dilation - row.before
		if in < t.from || in >= t.to {
			in = t.to // zeros
		}
		for tx := range col.taps {
			tap := (row.tap+ty*row.tapStep)*n.horizontal.taps + col.tap + tx*col.tapStep
			w.segments = append(w.segments, (in-t.from)*t.pitch+(t.left+tx*col.dilation-col.before)*columns+tap*n.out)
		}
	}
	to := ((image*n.vertical.out+row.first+u*row.step)*n.horizontal.out + col.first) * n.out
	k.sum(n.out, y[to:], t.data, w.segments, col.outs, col.step*n.out, col.stride*columns)
}

// sum writes, for each of a number of pixels with so many channels, the sum of src at each of the offsets. Both advance by
// their strides from pixel to pixel.
func (k *kernels) sum(channels int, dst, src []float32, offsets []int, pixels, dstStride, srcStride int) {
	if lastDst := (pixels-1)*dstStride + channels; lastDst > len(dst) {
		panic(fmt.Errorf("kernel: sum of taps writes %d of %d", lastDst, len(dst)))
	}
	for _, o := range offsets {
		if last := o + (pixels-1)*srcStride + 4; o < 0 || last > len(src) {
			panic(fmt.Errorf("kernel: sum of taps reads [%d:%d] of %d", o, last, len(src)))
		}
	}
	if k.sumTaps != nil && len(offsets) > 0 {
		k.sumTaps[channels](&dst[0], &src[0], &offsets[0], len(offsets), pixels, dstStride, srcStride)
		return
	}
	for i := range pixels {
		for c := range channels {
			var sum float32
			for _, o := range offsets {
				sum += src[o+i*srcStride+c]
			}
			dst[i*dstStride+c] = sum
		}
	}
}
