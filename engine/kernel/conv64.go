package kernel

import "github.com/ganymede-gan/ganymede/engine/pool"

// This file has convolutions of float64 numbers, which serve checks of gradients: a matrix product with all the inputs that
// each output meets written out, a row an output. Any shape that Conv describes is one loop then, and Algorithm plays no part.

// patchFloats is about how many inputs are written out at once.
const patchFloats = 1 << 20

// Forward64 is Forward in float64.
func (c *Conv) Forward64(p *pool.Pool, s *Scratch, y, x, w []float64) {
	c.check("Forward64", len(x), len(w), len(y))
	c.eachPatches(s, func(t *patches) {
		t.gather(p, x)
		MatMul64(p, s, t.outputs(y), t.matrix(), t.weights(w))
	})
}

// ByInput64 is ByInput in float64.
func (c *Conv) ByInput64(p *pool.Pool, s *Scratch, dx, dy, w []float64) {
	c.check("ByInput64", len(dx), len(w), len(dy))
	clear(dx)
	c.eachPatches(s, func(t *patches) {
		MatMul64(p, s, t.matrix(), t.outputs(dy), t.weights(w).t())
		t.scatter(p, dx)
	})
}

// ByKernel64 is ByKernel in float64.
func (c *Conv) ByKernel64(p *pool.Pool, s *Scratch, dw, x, dy []float64) {
	c.check("ByKernel64", len(x), len(dw), len(dy))
	clear(dw)
	c.eachPatches(s, func(t *patches) {
		t.gather(p, x)
		part := s.doubles.take(t.depth() * t.out)
		defer s.doubles.give(part)
		MatMul64(p, s, Matrix64{part, t.depth(), t.out, t.out, 1}, t.matrix().t(), t.outputs(dy))
		for i := range t.depth() {
			row := t.weights(dw).Data[i*c.Out:]
			for o, v := range part[i*t.out:][:t.out] {
				row[o] += v
			}
		}
	})
}

// patches are the inputs that all outputs of some images meet, of one group, [image, output row and column][tap, channel].
type patches struct {
	*Conv
	vertical, horizontal axis
	group, in, out       int // in and out are the group's channels
	first, images        int
	data                 []float64
}

// eachPatches runs fn for some images after the other, and for all groups of each. Their data is left over from the last ones.
func (c *Conv) eachPatches(s *Scratch, fn func(t *patches)) {
	if c.outputs() == 0 {
		return
	}
	t := &patches{Conv: c, vertical: c.vertical(), horizontal: c.horizontal(), in: c.In / c.groups(), out: c.Out / c.groups()}
	size := t.vertical.out * t.horizontal.out * t.depth()
	most := max(1, min(c.Batch, patchFloats/max(size, 1)))
	data := s.doubles.take(most * size)
	defer s.doubles.give(data)
	for t.first = 0; t.first < c.Batch; t.first += most {
		t.images = min(most, c.Batch-t.first)
		t.data = data[:t.images*size]
		for t.group = range c.groups() {
			fn(t)
		}
	}
}

func (t *patches) depth() int { return t.KernelHeight * t.KernelWidth * t.in }

func (t *patches) pixels() int { return t.images * t.vertical.out * t.horizontal.out }

func (t *patches) matrix() Matrix64 {
	return Matrix64{t.data, t.pixels(), t.depth(), t.depth(), 1}
}

// outputs returns the images' outputs of the group, as a matrix with a row a pixel.
func (t *patches) outputs(y []float64) Matrix64 {
	return Matrix64{y[t.first*t.vertical.out*t.horizontal.out*t.Out+t.group*t.out:], t.pixels(), t.out, t.Out, 1}
}

// weights returns the group's weights, as a matrix with a row a tap and input channel.
func (t *patches) weights(w []float64) Matrix64 {
	return Matrix64{w[min(t.group*t.out, len(w)):], t.depth(), t.out, t.Out, 1}
}

// gather writes out the inputs.
func (t *patches) gather(p *pool.Pool, x []float64) {
	p.Run(t.images*t.vertical.out, func(line int) {
		t.line(line, func(patch []float64, at int) {
			if at < 0 {
				clear(patch)
				return
			}
			copy(patch, x[at:])
		})
	})
}

// scatter adds what belongs to each input to dx.
func (t *patches) scatter(p *pool.Pool, dx []float64) {
	p.Run(t.images, func(image int) { // lines of one image share inputs
		for row := range t.vertical.out {
			t.line(image*t.vertical.out+row, func(patch []float64, at int) {
				if at < 0 {
					return
				}
				for i, v := range patch {
					dx[at+i] += v
				}
			})
		}
	})
}

// line calls fn for each tap of each output of a line, counted over the images, with the tap's part of the patches and where
// its channels begin in the input, or -1 if there is no such input.
func (t *patches) line(line int, fn func(patch []float64, at int)) {
	image, row := t.first+line/t.vertical.out, line%t.vertical.out
	patch := t.data[line*t.horizontal.out*t.depth():]
	for col := range t.horizontal.out {
		for ky := range t.KernelHeight {
			iy := t.vertical.input(row, ky)
			for kx := range t.KernelWidth {
				at := -1
				if ix := t.horizontal.input(col, kx); iy >= 0 && ix >= 0 {
					at = ((image*t.Height+iy)*t.Width+ix)*t.In + t.group*t.in
				}
				fn(patch[:t.in], at)
				patch = patch[t.in:]
			}
		}
	}
}
