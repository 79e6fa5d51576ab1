package kernel

import "github.com/ganymede-gan/ganymede/engine/pool"

const (
	// gradientTiles is the most tiles that are summed before the sums are stored, and leastTiles the fewest.
	gradientTiles = 256
	leastTiles    = 64

	// gradientRows is how many channels of transformed input one unit of work takes: with gradientTiles they are 192 KB,
	// which stay in the second cache while all columns of the gradient pass by.
	gradientRows = 192
)

// byKernel computes the gradient by the kernel, transposing the three steps of the forward pass: with V = B x and
// D = Aᵀ dy for each tile, the gradient of the transformed weights is the sum over tiles of Vᵀ D for each of the T*T
// products, and that of the taps is Gᵀ of it.
func (s *short) byKernel(p *pool.Pool, scratch *Scratch, dw, x, dy []float32) {
	k := scratch.kernels()
	side := s.form.side()
	cols := s.cols[0].outs / side
	lines := s.batch * s.rows[0].outs / side
	blocks := min(lines, (lines*cols+s.tilesAtOnce()-1)/s.tilesAtOnce())
	most := (lines + blocks - 1) / blocks * cols // tiles of a block
	products := s.products * s.products
	v, d := newPlanes(nil, 0, most, s.depth), newPlanes(nil, 0, most, s.out)
	v.data, d.data = scratch.floats.take(products*v.size), scratch.floats.take(products*d.size)
	sums := scratch.floats.take(products * s.depth * s.out) // [t][depth][out]
	defer func() {
		for _, b := range [][]float32{v.data, d.data, sums} {
			scratch.floats.give(b)
		}
	}()
	chunks := (s.depth + gradientRows - 1) / gradientRows
	for block := range blocks {
		l0, l1 := block*lines/blocks, (block+1)*lines/blocks
		parts := min(l1-l0, 4*p.Threads())
		p.Run(parts, func(i int) {
			w := scratch.worker()
			defer scratch.release(w)
			from, to := l0+i*(l1-l0)/parts, l0+(i+1)*(l1-l0)/parts
			s.transformTiles(k, w, v, d, x, dy, from, to, (from-l0)*cols)
		})
		p.Run(products*chunks, func(i int) {
			w := scratch.worker()
			defer scratch.release(w)
			t, chunk := i/chunks, i%chunks
			from, to := s.met(0, 0, t)
			from, to = from*s.in, to*s.in
			m := multiplication{kernels: k,
				dst: RowMajor(sums[t*s.depth*s.out:][:s.depth*s.out], s.depth, s.out),
				a:   Matrix{Data: v.data[t*v.size:], Rows: s.depth, Cols: (l1 - l0) * cols, RowStride: 1, ColStride: v.tile},
				b:   columns{data: d.data[t*d.size:], width: k.panel, panel: k.panel, stride: d.tile, rows: (l1 - l0) * cols, cols: s.out},
				add: block > 0,
			}
			m.byColumns(w, from+chunk*(to-from)/chunks, from+(chunk+1)*(to-from)/chunks, 0, s.out)
		})
	}
	s.transformKernel(p, scratch, dw, sums)
}

// tilesAtOnce is how many tiles are summed before the sums are stored. Many mean that the sums move seldom, few that what is
// transformed stays in the caches: the measure is how many more sums there are than channels of both sides.
func (s *short) tilesAtOnce() int {
	return min(max(5*s.depth*s.out/(4*(s.depth+s.out)), leastTiles), gradientTiles)
}

// transformTiles transforms the inputs and the gradients by the output of some lines of tiles.
func (s *short) transformTiles(k *kernels, w *worker, v, d planes, x, dy []float32, from, to, tile int) {
	row, col, side := s.rows[0], s.cols[0], s.form.side()
	in := s.gather(w, x, side*from, side*to)
	w.panel = grow(w.panel, side*side*s.out)
	for _, p := range in.pieces {
		for u := p.u0; u < p.u1; u += side {
			for x := 0; x < col.outs; x += side {
				s.transformInput(k, v, tile, in, p, row, col, u, x)
				src, grid := dy[((p.image*s.vertical.out+u)*s.horizontal.out+x)*s.out:], grid{s.horizontal.out * s.out, s.out}
				if rows, cols := s.exact.rows[0].outs-u, s.exact.cols[0].outs-x; rows < side || cols < side {
					src, grid = s.partialTile(w.panel, src, grid, rows, cols)
				}
				k.transform(transformGradient, s.form, d.data[tile*d.tile:], d.grid(s.products), src, grid, s.out)
				tile++
			}
		}
	}
}

// partialTile copies the outputs of a tile that exist and sets the others to zero.
func (s *short) partialTile(dst, src []float32, from grid, rows, cols int) ([]float32, grid) {
	clear(dst)
	side := s.form.side()
	to := grid{side * s.out, s.out}
	for r := range min(side, rows) {
		for c := range min(side, cols) {
			copy(dst[r*to.row+c*to.col:][:s.out], src[r*from.row+c*from.col:])
		}
	}
	return dst, to
}

// transformKernel turns the sums [t][source][in][out] into the gradients of the taps.
func (s *short) transformKernel(p *pool.Pool, scratch *Scratch, dw, sums []float32) {
	run, plane := s.in*s.out, s.depth*s.out
	k, sources, taps := scratch.kernels(), s.stride*s.stride, s.form.taps()
	p.Run(sources*s.in, func(i int) {
		y, x, channel := i/s.in/s.stride, i/s.in%s.stride, i%s.in
		from := sums[s.place(y, x)*run+channel*s.out:]
		to, grids := dw[(y*s.kernelWidth+x)*run+channel*s.out:], [2]grid{{s.stride * s.kernelWidth * run, s.stride * run}, {s.products * plane, plane}}
		if !s.padded {
			k.transform(transformKernel, s.form, to, grids[0], from, grids[1], s.out)
			return
		}
		w := scratch.worker()
		defer scratch.release(w)
		w.panel = grow(w.panel, taps*taps*s.out)
		k.transform(transformKernel, s.form, w.panel, grid{taps * s.out, s.out}, from, grids[1], s.out)
		for ty := 0; y+ty*s.stride < s.exact.rows[0].taps; ty++ {
			for tx := 0; x+tx*s.stride < s.exact.cols[0].taps; tx++ {
				copy(to[ty*grids[0].row+tx*grids[0].col:][:s.out], w.panel[(ty*taps+tx)*s.out:])
			}
		}
	})
}
