package kernel

import "github.com/ganymede-gan/ganymede/engine/pool"

// gradientPixels is how many output pixels are summed before the sums are stored: many enough that loading and storing
// the weights' gradients is cheap, few enough that the pixels of x and dy stay in the second cache for all taps.
const (
	gradientPixels = 512
	copiedPixels   = 256 // the same where they are copied: a strip of them is half of the first cache
	copiedSums     = 16  // the fewest tiles that make up for copying dy
)

// fewChannels is the number of input channels under which the taps of a kernel row are taken together, so that tiles are
// as tall as the registers allow. It costs a padded copy of the input, which is small then.
const fewChannels = 10

// gradient is a convolution's gradient by its kernel: for each tap, x transposed times dy, summed over pixels in their order.
type gradient struct {
	*correlation
	merged bool // the taps of a kernel row are taken together
}

// band is the rows of dw that belong to one tap of one group, or to one row of taps.
type band struct {
	group    int
	row, col phase
	ty, tx   int
	from, to int // the outputs of the phase, in a line, whose input is inside the image
	rows     int
	at       int // where they begin in dw
}

// sumTile is a tile's part of a band.
type sumTile struct {
	band     *band
	from, to int
}

func (c *Conv) byKernel(p *pool.Pool, s *Scratch, dw, x, dy []float32) {
	f := c.forward()
	if short := f.shortByKernel(c.Algorithm); short != nil {
		short.byKernel(p, s, dw, x, dy)
		return
	}
	if turned := c.turned(); turned != nil {
		c.byTurnedKernel(turned, p, s, dw, x, dy)
		return
	}
	g := &gradient{correlation: f}
	g.merged = f.groups == 1 && f.in < fewChannels && f.horizontal.inDilation == 1 && f.horizontal.tapDilation == 1
	k := s.kernels()
	bands, rows := g.bands()
	if rows < c.KernelHeight*c.KernelWidth*f.in*f.groups || len(dy) == 0 || len(x) == 0 {
		clear(dw) // some taps meet nothing
	}
	if len(dy) == 0 || len(x) == 0 || rows == 0 || f.out == 0 {
		return
	}
	var tiles []sumTile
	for i := range bands {
		n := k.tiles(bands[i].rows)
		for t := range n {
			tiles = append(tiles, sumTile{&bands[i], t * bands[i].rows / n, (t + 1) * bands[i].rows / n})
		}
	}
	units, splits := split(p.Threads(), len(tiles), panels(f.out), len(x), len(dy))
	p.Run(units*splits, func(i int) {
		w := s.worker()
		defer s.release(w)
		unit, split := i/splits, i%splits
		g.sum(k, w, dw, x, dy, tiles[unit*len(tiles)/units:(unit+1)*len(tiles)/units],
			split*panels(f.out)/splits*panelWidth, min((split+1)*panels(f.out)/splits*panelWidth, f.out))
	})
}

// turned returns the convolution of dy whose gradient by its kernel, with x for its gradient by the output, is c's, or nil if
// that is not the faster one. With few output channels it is: they become rows of tiles, together with the taps of a row,
// and the many input channels fill the vectors.
//
// c sums x[i] dy[o] over i = o + k - before, so o = i + k' - (taps-1 - before) with k' = taps-1-k: the taps are reversed.
func (c *Conv) turned() *Conv {
	v, h := c.vertical(), c.horizontal()
	for _, a := range []axis{v, h} {
		if a.stride != 1 || a.inDilation != 1 || a.tapDilation != 1 {
			return nil
		}
	}
	if c.groups() != 1 || c.Out >= fewChannels || c.Out >= c.In {
		return nil
	}
	t := &Conv{
		Batch: c.Batch, Height: v.out, Width: h.out, In: c.Out, Out: c.In, KernelHeight: c.KernelHeight, KernelWidth: c.KernelWidth,
		PadTop: v.taps - 1 - v.before, PadLeft: h.taps - 1 - h.before,
	}
	t.PadBottom, t.PadRight = c.Height-v.out+v.before, c.Width-h.out+h.before
	return t
}

// byTurnedKernel computes dw [ky, kx, in, out] from the turned gradient, [reversed ky, reversed kx, out, in].
func (c *Conv) byTurnedKernel(turned *Conv, p *pool.Pool, s *Scratch, dw, x, dy []float32) {
	gradient := s.floats.take(len(dw))
	defer s.floats.give(gradient)
	turned.byKernel(p, s, gradient, dy, x)
	tap := c.In * c.Out
	for from := 0; from < len(dw); from += tap {
		to := dw[len(dw)-tap-from:][:tap]
		for i := range c.In {
			for o := range c.Out {
				to[i*c.Out+o] = gradient[from+o*c.In+i]
			}
		}
	}
}

// split returns into how many units of rows and of columns the gradient is cut. Each unit of rows reads all of dy, and each
// of columns all of x: there are only as many as the threads need to finish together, and of those ways the one that reads least.
func split(threads, tiles, panels, x, dy int) (rows, cols int) {
	wanted := 2 * threads
	if threads == 1 {
		wanted = 1
	}
	for c := 1; c <= min(panels, wanted); c++ {
		r := min(tiles, (wanted+c-1)/c)
		units, best := min(r*c, wanted), min(rows*cols, wanted)
		if units > best || units == best && r*dy+c*x < rows*dy+cols*x {
			rows, cols = r, c
		}
	}
	return rows, cols
}

// bands lists the bands and the number of their rows.
func (g *gradient) bands() (bands []band, rows int) {
	for group := range g.groups {
		for _, row := range g.rows {
			for _, col := range g.cols {
				for ty := range row.taps {
					for tx := range col.taps {
						b := band{group: group, row: row, col: col, ty: ty, tx: tx, rows: g.in, to: col.outs}
						b.at = ((row.tap+ty*row.tapStep)*g.kernelWidth+col.tap+tx*col.tapStep)*g.weights + group*g.out
						if g.merged {
							b.rows *= col.taps
						} else {
							b.from, b.to = col.inside(tx, g.horizontal.in)
						}
						bands = append(bands, b)
						rows += b.rows
						if g.merged {
							break
						}
					}
				}
			}
		}
	}
	return bands, rows
}

// inside returns the outputs, from and up to, whose input at a tap is one of the given number that there are.
func (p phase) inside(tap, inputs int) (from, to int) {
	at := tap*p.dilation - p.before // the input of output 0
	if at < 0 {
		from = (-at + p.stride - 1) / p.stride
	}
	if at < inputs {
		to = min(p.outs, (inputs-1-at)/p.stride+1)
	}
	return from, max(from, to)
}

// sum computes some tiles of dw, columns col0 up to col1 of a group's output channels.
func (g *gradient) sum(k *kernels, w *worker, dw, x, dy []float32, tiles []sumTile, col0, col1 int) {
	lines := g.batch * g.rows[0].outs
	pixels := gradientPixels
	copied := k.copyTile != nil && len(tiles) >= copiedSums
	if copied {
		pixels = copiedPixels
	}
	blocks := (lines*g.cols[0].outs + pixels - 1) / pixels
	blocks = min(blocks, lines)
	for block := range blocks {
		b := pixelBlock{from: block * lines / blocks, to: (block + 1) * lines / blocks, copied: copied}
		if g.merged {
			b.in = g.gather(w, x, b.from, b.to)
		} else {
			b.in.data = x
		}
		w.packedFor = nil
		w.col.add = min(block, 1)
		for rest := tiles; len(rest) > 0; {
			n := 1
			for n < len(rest) && rest[n].band == rest[0].band {
				n++
			}
			g.sumBand(k, w, dw, dy, b, rest[:n], col0, col1)
			rest = rest[n:]
		}
	}
}

// pixelBlock is some lines of output pixels, counted over all images, and the input that they meet.
type pixelBlock struct {
	from, to int
	in       input
	copied   bool // for tiles that do not read in place
}

// sumBand adds the pixels of a block to some tiles of one band.
func (g *gradient) sumBand(k *kernels, w *worker, dw, dy []float32, b pixelBlock, tiles []sumTile, col0, col1 int) {
	band := tiles[0].band
	t := &w.col
	channels := g.groups * g.out
	t.length = band.to - band.from
	t.aStride = band.col.stride * g.groups * g.in
	t.cStride = g.weightIn
	wide := band.rows < len(k.col[3]) && k.col[3][band.rows] != nil
	copies := b.copied && !wide && t.length > 0
	reach := band.rows // of tiles, from where their input begins
	if copies {
		reach = k.rows
		g.packPixels(k, w, dy, b, band, col0, col1)
		g.segments(k, w, b, band, true)
		g.packInputs(k, w, b, tiles)
	}
	for col := col0; col < col1; {
		vectors := k.strip(col1 - col)
		if wide && col1-col >= 4*k.lanes {
			vectors = 4
		}
		width := min(vectors*k.lanes, col1-col)
		edge := width < vectors*k.lanes
		switch {
		case copies:
			t.b, t.bStride = w.panel[(col-col0)*(b.to-b.from)*band.col.outs:], k.panel
		case edge:
			// The last columns are read from a copy, lest the tile reads beyond the end of dy.
			g.packPixels(k, w, dy, b, band, col, col1)
			g.segments(k, w, b, band, true)
			t.b, t.bStride = w.panel, k.panel
		default:
			if col == col0 {
				g.segments(k, w, b, band, false)
			}
			t.b, t.bStride = dy[min(len(dy), band.group*g.out+col):], band.col.step*channels
		}
		t.segments = w.pairs
		if t.a = b.in.data; copies {
			t.a = w.tiles
		}
		t.check(reach, vectors*k.lanes)
		for i, tile := range tiles {
			if copies {
				t.a = w.tiles[i*len(w.pairs)*t.length*k.rows:]
			} else {
				t.a = b.in.data[min(len(b.in.data), tile.from):]
			}
			c := dw[band.at+tile.from*g.weightIn+col:]
			if edge {
				k.colEdge(w, c, tile.to-tile.from, width)
				continue
			}
			t.c = c
			k.col[vectors-1][tile.to-tile.from](t)
		}
		col += vectors * k.lanes
	}
}

// colEdge runs a tile that sticks out at the right through w.edge.
func (k *kernels) colEdge(w *worker, c []float32, rows, width int) {
	t := &w.col
	stride := t.cStride
	t.c, t.cStride = w.edge[:], panelWidth
	if t.add != 0 {
		for r := range rows {
			copy(w.edge[r*panelWidth:][:width], c[r*stride:])
		}
	}
	k.col[k.strip(width)-1][rows](t)
	for r := range rows {
		copy(c[r*stride:][:width], w.edge[r*panelWidth:])
	}
	t.cStride = stride
}

// segments lists where the lines of a block begin in the input and in dy, or in its packed columns.
func (g *gradient) segments(k *kernels, w *worker, b pixelBlock, band *band, packed bool) {
	w.pairs = w.pairs[:0]
	if band.from == band.to {
		return
	}
	channels := g.groups * g.out
	piece := 0
	for line := b.from; line < b.to; line++ {
		image, u := line/g.rows[0].outs, line%g.rows[0].outs
		row := u*band.row.stride + band.ty*band.row.dilation - band.row.before
		if u >= band.row.outs || !g.merged && (row < 0 || row >= g.vertical.in) {
			continue
		}
		var at int
		if g.merged {
			for b.in.pieces[piece].image < image {
				piece++
			}
			p := b.in.pieces[piece]
			at = p.at + (row-p.row)*b.in.pitch - (band.col.before+b.in.col)*g.in
		} else {
			col := band.from*band.col.stride + band.tx*band.col.dilation - band.col.before
			at = ((image*g.vertical.in+row)*g.horizontal.in+col)*g.groups*g.in + band.group*g.in
		}
		out := ((image*g.vertical.out+band.row.first+u*band.row.step)*g.horizontal.out + band.col.first + band.from*band.col.step) * channels
		if packed {
			out = ((line-b.from)*band.col.outs + band.from) * k.panel
		}
		w.pairs = append(w.pairs, [2]int{at, out})
	}
}

// packInputs packs the input of tiles and replaces the places of segments in it.
func (g *gradient) packInputs(k *kernels, w *worker, b pixelBlock, tiles []sumTile) {
	t := &w.col
	size := len(w.pairs) * t.length * k.rows
	w.tiles = grow(w.tiles, len(tiles)*size+k.rows)
	for i, tile := range tiles {
		for s, pair := range w.pairs {
			k.packTile(w.tiles[i*size+s*t.length*k.rows:], b.in.data[pair[0]+tile.from:], t.aStride, t.length, tile.to-tile.from)
		}
	}
	for s := range w.pairs {
		w.pairs[s][0] = s * t.length * k.rows
	}
	t.aStride = k.rows
}

// packPixels packs columns of dy for the pixels of a block, [panel][pixel][columns], unless that is what the worker's panel holds.
func (g *gradient) packPixels(k *kernels, w *worker, dy []float32, b pixelBlock, band *band, col0, col1 int) {
	if o := w.packedFor; o != nil && o.group == band.group && o.row.first == band.row.first && o.col.first == band.col.first {
		return
	}
	w.packedFor = band
	pixels := (b.to - b.from) * band.col.outs
	w.panel = grow(w.panel, k.panels(col1-col0)*pixels*k.panel)
	for line := b.from; line < b.to; line++ {
		image, u := line/g.rows[0].outs, line%g.rows[0].outs
		if u >= band.row.outs {
			continue
		}
		out := ((image*g.vertical.out+band.row.first+u*band.row.step)*g.horizontal.out + band.col.first) * g.groups * g.out
		m := Matrix{dy[out+band.group*g.out+col0:], band.col.outs, col1 - col0, band.col.step * g.groups * g.out, 1}
		for panel := range k.panels(col1 - col0) {
			at := panel*pixels + (line-b.from)*band.col.outs
			packPanel(k, w.panel[at*k.panel:][:m.Rows*k.panel], m, panel*k.panel)
		}
	}
}
