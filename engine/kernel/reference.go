package kernel

import "github.com/ganymede-gan/ganymede/engine/pool"

// This file is what the other kernels must compute, as plainly as it can be said.

func referenceMatMul(p *pool.Pool, dst, a, b Matrix) {
	if dst.Cols == 0 {
		return
	}
	p.Run(dst.Rows, func(r int) {
		row := dst.Data[r*dst.RowStride:][:dst.Cols]
		clear(row)
		for k := range a.Cols {
			v := a.Data[r*a.RowStride+k*a.ColStride]
			if b.ColStride == 1 {
				axpy(row, v, b.Data[k*b.RowStride:])
				continue
			}
			for c := range row {
				row[c] += v * b.Data[k*b.RowStride+c*b.ColStride]
			}
		}
	})
}

// axpy adds a*x to y.
func axpy(y []float32, a float32, x []float32) {
	x = x[:len(y)]
	for i := range y {
		y[i] += a * x[i]
	}
}

// meet returns the input that output o and tap k meet, if there is one.
func (a axis) meet(o, k int) (i int, ok bool) {
	i = o*a.stride + k*a.tapDilation - a.before
	if i < 0 || i%a.inDilation != 0 {
		return 0, false
	}
	i /= a.inDilation
	return i, i < a.in
}

// eachTap calls fn for every pair of output pixel and tap that meet an input pixel, within one output row and tap row.
func (c *Conv) eachTap(n, oy, ky int, fn func(inPixel, outPixel, tap int)) {
	v, h := c.vertical(), c.horizontal()
	iy, ok := v.meet(oy, ky)
	if !ok {
		return
	}
	outWidth := h.out
	for ox := range outWidth {
		for kx := range c.KernelWidth {
			if ix, ok := h.meet(ox, kx); ok {
				fn((n*c.Height+iy)*c.Width+ix, (n*v.out+oy)*outWidth+ox, ky*c.KernelWidth+kx)
			}
		}
	}
}

func (c *Conv) referenceByKernel(p *pool.Pool, dw, x, dy []float32) {
	in, out := c.In/c.groups(), c.Out/c.groups()
	row := c.KernelWidth * in * c.Out
	p.Run(c.KernelHeight, func(ky int) {
		clear(dw[ky*row:][:row])
		for n := range c.Batch {
			for oy := range c.OutHeight() {
				c.eachTap(n, oy, ky, func(inPixel, outPixel, tap int) {
					for ci := range c.In {
						group := ci / in
						axpy(dw[(tap*in+ci%in)*c.Out+group*out:][:out], x[inPixel*c.In+ci], dy[outPixel*c.Out+group*out:])
					}
				})
			}
		}
	})
}
