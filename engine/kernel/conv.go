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
}

// OutHeight returns the height of y; it is 0 if the kernel does not fit in the padded input.
func (c *Conv) OutHeight() int { return c.vertical().out() }

// OutWidth returns the width of y; it is 0 if the kernel does not fit in the padded input.
func (c *Conv) OutWidth() int { return c.horizontal().out() }

// Forward computes y from x and w.
func (c *Conv) Forward(p *pool.Pool, s *Scratch, y, x, w []float32) {
	c.check("Forward", x, w, y)
	c.referenceForward(p, y, x, w)
}

// ByInput computes dx, the gradient of sum(y*dy) by x. It is the transposed convolution of dy.
func (c *Conv) ByInput(p *pool.Pool, s *Scratch, dx, dy, w []float32) {
	c.check("ByInput", dx, w, dy)
	c.referenceByInput(p, dx, dy, w)
}

// ByKernel computes dw, the gradient of sum(y*dy) by w.
func (c *Conv) ByKernel(p *pool.Pool, s *Scratch, dw, x, dy []float32) {
	c.check("ByKernel", x, dw, dy)
	c.referenceByKernel(p, dw, x, dy)
}

// check panics if the description makes no sense or an operand has the wrong size.
func (c *Conv) check(op string, x, w, y []float32) {
	if c.Batch < 0 || c.Height < 0 || c.Width < 0 || c.In < 0 || c.Out < 0 || c.KernelHeight < 0 || c.KernelWidth < 0 ||
		c.StrideH < 0 || c.StrideW < 0 || c.InputDilationH < 0 || c.InputDilationW < 0 || c.KernelDilationH < 0 || c.KernelDilationW < 0 || c.Groups < 0 {
		panic(fmt.Errorf("kernel: %s: negative size in %+v", op, *c))
	}
	if g := c.groups(); c.In%g != 0 || c.Out%g != 0 {
		panic(fmt.Errorf("kernel: %s: %d groups do not divide %d input and %d output channels", op, g, c.In, c.Out))
	}
	checkSize(op, "the input", x, c.Batch*c.Height*c.Width*c.In)
	checkSize(op, "the kernel", w, c.KernelHeight*c.KernelWidth*c.In/c.groups()*c.Out)
	checkSize(op, "the output", y, c.Batch*c.OutHeight()*c.OutWidth()*c.Out)
}

func (c *Conv) groups() int { return max(c.Groups, 1) }

func (c *Conv) vertical() axis {
	return axis{c.Height, c.KernelHeight, max(c.StrideH, 1), max(c.InputDilationH, 1), max(c.KernelDilationH, 1), c.PadTop, c.PadBottom}
}

func (c *Conv) horizontal() axis {
	return axis{c.Width, c.KernelWidth, max(c.StrideW, 1), max(c.InputDilationW, 1), max(c.KernelDilationW, 1), c.PadLeft, c.PadRight}
}

// axis is a convolution along one spatial axis: output o and tap k meet input i where
// o*stride + k*tapDilation - before = i*inDilation.
type axis struct {
	in, taps                        int
	stride, inDilation, tapDilation int
	before, after                   int
}

// out returns the number of outputs.
func (a axis) out() int {
	if a.in == 0 || a.taps == 0 {
		return 0
	}
	room := (a.in-1)*a.inDilation + 1 + a.before + a.after - ((a.taps-1)*a.tapDilation + 1)
	if room < 0 {
		return 0
	}
	return room/a.stride + 1
}
