package kernel

import "github.com/ganymede-gan/ganymede/engine/pool"

// dense is a convolution whose kernel covers the whole input, as at the ends of a DCGAN, where pictures become one pixel or
// grow out of one: a matrix product of [batch, in] and [in, out]. As a correlation the transposed one would meet padding
// with all but one of its taps.
type dense struct {
	batch, in, out int
	transposed     bool // by input
}

// dense returns the convolution as a matrix product, or nil if it is none.
func (c *Conv) dense() *dense {
	covers := func(a axis) bool {
		return a.out == 1 && a.taps == a.in && a.before == 0 && a.tapDilation == 1 && a.inDilation == 1
	}
	if c.groups() != 1 || !covers(c.vertical()) || !covers(c.horizontal()) {
		return nil
	}
	return &dense{batch: c.Batch, in: c.Height * c.Width * c.In, out: c.Out}
}

func (d *dense) name() string { return "dense" }

// weights returns the matrix that run multiplies by.
func (d *dense) weights(w []float32) Matrix {
	m := RowMajor(w, d.in, d.out)
	if d.transposed {
		return m.T()
	}
	return m
}

func (d *dense) size() int {
	m := d.weights(nil)
	return panels(m.Cols) * panelWidth * m.Rows
}

func (d *dense) pack(p *pool.Pool, s *Scratch, dst, w []float32) {
	packMatrix(p, s.kernels(), dst, d.weights(w))
}

func (d *dense) run(p *pool.Pool, s *Scratch, y, x, weights []float32) {
	m := d.weights(nil)
	b := s.kernels().packed(weights, m.Rows, m.Cols)
	newMultiplication(s, RowMajor(y, d.batch, m.Cols), RowMajor(x, d.batch, m.Rows), b).run(p, s)
}
