package kernel

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

// Conv describes a two-dimensional convolution (cross-correlation, as deep learning has it):
//
//	y[n, oy, ox, co] = sum over ky, kx, ci of  x[n, iy, ix, group*In/Groups + ci] * w[ky, kx, ci, co]
//	                   where iy*InputDilationH = oy*StrideH + ky*KernelDilationH - PadTop, ix alike,
//	                   and taps without such an iy in 0 ... Height-1 count as zero
//
// with x [Batch, Height, Width, In], w [KernelHeight, KernelWidth, In/Groups, Out] and y [Batch, OutHeight, OutWidth,
// Out], all dense. Strides, dilations and Groups count as 1 when they are 0. Padding may be negative: it crops the
// dilated input. A one-dimensional convolution has a Height and KernelHeight of 1.
type Conv struct {
	Batch, Height, Width, In, Out            int
	KernelHeight, KernelWidth                int
	StrideH, StrideW                         int
	PadTop, PadBottom, PadLeft, PadRight     int
	InputDilationH, InputDilationW           int
	KernelDilationH, KernelDilationW, Groups int
	Algorithm                                Algorithm
}

// OutHeight returns the height of y; it is 0 if the kernel does not fit in the padded input.
func (c *Conv) OutHeight() int { return c.vertical().out }

// OutWidth returns the width of y; it is 0 if the kernel does not fit in the padded input.
func (c *Conv) OutWidth() int { return c.horizontal().out }

// Forward computes y from x and w.
func (c *Conv) Forward(p *pool.Pool, s *Scratch, y, x, w []float32) {
	c.check("Forward", len(x), len(w), len(y))
	if d := c.dense(); d != nil {
		MatMul(p, s, RowMajor(y, c.Batch, d.out), RowMajor(x, c.Batch, d.in), RowMajor(w, d.in, d.out))
		return
	}
	c.ForwardFilter().packAndRun(p, s, y, x, w)
}

// ByInput computes dx, the gradient of sum(y*dy) by x. It is the transposed convolution of dy.
func (c *Conv) ByInput(p *pool.Pool, s *Scratch, dx, dy, w []float32) {
	c.check("ByInput", len(dx), len(w), len(dy))
	if d := c.dense(); d != nil {
		MatMul(p, s, RowMajor(dx, c.Batch, d.in), RowMajor(dy, c.Batch, d.out), RowMajor(w, d.in, d.out).T())
		return
	}
	c.ByInputFilter().packAndRun(p, s, dx, dy, w)
}

// ByKernel computes dw, the gradient of sum(y*dy) by w.
func (c *Conv) ByKernel(p *pool.Pool, s *Scratch, dw, x, dy []float32) {
	c.check("ByKernel", len(x), len(dw), len(dy))
	if d := c.dense(); d != nil {
		MatMul(p, s, RowMajor(dw, d.in, d.out), RowMajor(x, c.Batch, d.in).T(), RowMajor(dy, c.Batch, d.out))
		return
	}
	c.byKernel(p, s, dw, x, dy)
}

// check panics if the description makes no sense or an operand has the wrong number of elements.
func (c *Conv) check(op string, x, w, y int) {
	if c.Batch < 0 || c.Height < 0 || c.Width < 0 || c.In < 0 || c.Out < 0 || c.KernelHeight < 0 || c.KernelWidth < 0 ||
		c.StrideH < 0 || c.StrideW < 0 || c.InputDilationH < 0 || c.InputDilationW < 0 || c.KernelDilationH < 0 || c.KernelDilationW < 0 || c.Groups < 0 {
		panic(fmt.Errorf("kernel: %s: negative size in %+v", op, *c))
	}
	if g := c.groups(); c.In%g != 0 || c.Out%g != 0 {
		panic(fmt.Errorf("kernel: %s: %d groups do not divide %d input and %d output channels", op, g, c.In, c.Out))
	}
	checkSize(op, "the input", x, c.inputs())
	checkSize(op, "the output", y, c.outputs())
	checkSize(op, "the kernel", w, c.weights())
}

func (c *Conv) inputs() int { return c.Batch * c.Height * c.Width * c.In }

func (c *Conv) outputs() int { return c.Batch * c.OutHeight() * c.OutWidth() * c.Out }

func (c *Conv) weights() int { return c.KernelHeight * c.KernelWidth * c.In / c.groups() * c.Out }

func (c *Conv) groups() int { return max(c.Groups, 1) }

func (c *Conv) vertical() axis {
	return newAxis(c.Height, c.KernelHeight, c.StrideH, c.InputDilationH, c.KernelDilationH, c.PadTop, c.PadBottom)
}

func (c *Conv) horizontal() axis {
	return newAxis(c.Width, c.KernelWidth, c.StrideW, c.InputDilationW, c.KernelDilationW, c.PadLeft, c.PadRight)
}

// method is a way to compute a correlation. Weights are packed once and serve any number of runs.
type method interface {
	name() string
	size() int // of packed weights, in floats
	pack(p *pool.Pool, s *Scratch, dst, w []float32)
	run(p *pool.Pool, s *Scratch, y, x, weights []float32)
}

// method chooses the fastest method that the algorithm allows, from shapes alone.
func (c *Conv) method(f *correlation) method {
	if d := c.dense(); d != nil {
		d.transposed = f.transposed
		return d
	}
	if d := f.dots(); d != nil {
		return d
	}
	if s := f.spread(); s != nil {
		return s
	}
	if n := f.narrow(); n != nil {
		return n
	}
	if s := f.short(c.Algorithm, false); s != nil {
		return s
	}
	return direct{f}
}
