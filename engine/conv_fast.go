package engine

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/kernel"
	"github.com/ganymede-gan/ganymede/engine/pool"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// Every convolution with one group can be read in three ways, which are one sum in three notations:
//
//	forward    x [N,H,W,I]  times  w [KH,KW,I,O]                     ->  y [N,OH,OW,O]
//	by input   x is a gradient dy [N,OH,OW,O] spread by the stride, w is reversed with its channels swapped, as it lies in memory
//	           [KH,KW,I,O]                                           ->  dx [N,H,W,I]
//	by kernel  x [N,H,W,I] has batch and channels swapped, w is a gradient dy [N,OH,OW,O] spread by the stride
//	                                                                 ->  dw [KH,KW,I,O]
//
// The gradients that GoMLX and package ops build have the second and third form; the views of their operands tell. The reading is taken
// that needs least copying, because a form that is read as it was meant needs none.

// form is one of the readings.
type form uint8

const (
	forward form = iota
	byInput
	byKernel
)

func (f form) String() string { return [...]string{"forward", "byinput", "bykernel"}[f] }

// reading is a convolution in one of the forms: its operands as the kernel wants them, which may have to be copied.
type reading struct {
	form form
	x, w view.View // to be dense
	desc kernel.Conv
	out  []int // dimensions of what the kernel computes
	back []int // the order of its axes as [batch, spatial..., channels]
	cost int   // elements to be copied, and more for what is slow
}

// plan makes the steps of the convolution; the result is a view in the order [batch, spatial..., channels].
func (c conv) plan(p *planner) view.View {
	if c.dtype != dtypes.Float32 && c.dtype != dtypes.Float64 || len(c.out) > 4 || c.batchGroups != 1 || view.Size(c.out) == 0 || c.x.Size() == 0 || c.w.Size() == 0 {
		return c.general(p)
	}
	squeezed := len(c.out) == 3
	if squeezed {
		c = c.flat()
	}
	r := c.best()
	r.desc.Algorithm = p.engine.options.conv
	lower := r.lower
	if c.dtype == dtypes.Float64 {
		lower = r.lowerFloat64
	}
	y := lower(p).Transpose(r.back...)
	if squeezed {
		y.Dims, y.Strides = append([]int{y.Dims[0]}, y.Dims[2:]...), append([]int{y.Strides[0]}, y.Strides[2:]...)
	}
	return y
}

// flat gives a convolution with one spatial axis a second one, of length 1, before it.
func (c conv) flat() conv {
	c.x = insertAxis(c.x, 1)
	c.w = insertAxis(c.w, 0)
	c.out = append([]int{c.out[0], 1}, c.out[1:]...)
	c.strides = append([]int{1}, c.strides...)
	c.dilation = append([]int{1}, c.dilation...)
	c.inputDilation = append([]int{1}, c.inputDilation...)
	c.pads = append([][2]int{{}}, c.pads...)
	return c
}

func insertAxis(v view.View, at int) view.View {
	dims := append(append(append([]int(nil), v.Dims[:at]...), 1), v.Dims[at:]...)
	w, _ := v.Reshape(dims) // an axis of length 1 always fits
	return w
}

// best is the reading with the least cost.
func (c conv) best() reading {
	r := c.asForward()
	if c.groups > 1 {
		return r
	}
	for _, other := range []reading{c.asByInput(), c.asByKernel()} {
		if other.cost < r.cost {
			r = other
		}
	}
	return r
}

// moved is how many elements must be copied to make a view dense.
func moved(v view.View) int {
	if v.Dense() {
		return 0
	}
	return v.Size()
}

// asForward reads the convolution as it stands.
func (c conv) asForward() reading {
	r := reading{form: forward, x: c.x, w: c.w, out: c.out, back: []int{0, 1, 2, 3}}
	r.desc = kernel.Conv{
		Batch: c.x.Dims[0], Height: c.x.Dims[1], Width: c.x.Dims[2], In: c.x.Dims[3], Out: c.out[3],
		KernelHeight: c.w.Dims[0], KernelWidth: c.w.Dims[1],
		StrideH: c.strides[0], StrideW: c.strides[1],
		PadTop: c.pads[0][0], PadBottom: c.pads[0][1], PadLeft: c.pads[1][0], PadRight: c.pads[1][1],
		InputDilationH: c.inputDilation[0], InputDilationW: c.inputDilation[1],
		KernelDilationH: c.dilation[0], KernelDilationW: c.dilation[1], Groups: c.groups,
	}
	r.cost = moved(r.x) + moved(r.w)
	if c.inputDilation[0]*c.inputDilation[1] > 1 {
		r.cost += c.x.Size() * c.inputDilation[0] * c.inputDilation[1] // most taps meet holes
	}
	return r
}

// asByInput reads x as a gradient by the output, and the result as the gradient by the input.
func (c conv) asByInput() reading {
	w := c.w.Reverse(0, 1).Transpose(0, 1, 3, 2) // [KH,KW,I,O] of the convolution that this is the gradient of
	r := reading{form: byInput, x: c.x, w: w, out: c.out, back: []int{0, 1, 2, 3}}
	r.desc = kernel.Conv{
		Batch: c.x.Dims[0], Height: c.out[1], Width: c.out[2], In: c.out[3], Out: c.x.Dims[3],
		KernelHeight: w.Dims[0], KernelWidth: w.Dims[1],
		StrideH: c.inputDilation[0], StrideW: c.inputDilation[1],
		InputDilationH: c.strides[0], InputDilationW: c.strides[1],
		KernelDilationH: c.dilation[0], KernelDilationW: c.dilation[1],
	}
	r.desc.PadTop, r.desc.PadBottom = gradientPads(w.Dims[0], c.dilation[0], c.pads[0][0], c.out[1], c.strides[0], c.x.Dims[1], c.inputDilation[0])
	r.desc.PadLeft, r.desc.PadRight = gradientPads(w.Dims[1], c.dilation[1], c.pads[1][0], c.out[2], c.strides[1], c.x.Dims[2], c.inputDilation[1])
	r.cost = moved(r.x) + moved(r.w)
	if c.strides[0]*c.strides[1] > 1 {
		r.cost += c.x.Size() * c.strides[0] * c.strides[1]
	}
	return r
}

// gradientPads are the paddings of the convolution of which one with padding lo is the gradient by the input: n inputs (spread by ld),
// kernel k (spread by rd), o outputs, stride s.
func gradientPads(k, rd, lo, n, ld, o, s int) (before, after int) {
	span := (k-1)*rd + 1
	before = span - 1 - lo
	return before, (o-1)*s + span - ((n-1)*ld + 1) - before
}

// asByKernel reads w as a gradient by the output, and the result as the gradient by the kernel.
func (c conv) asByKernel() reading {
	x := c.x.Transpose(3, 1, 2, 0) // [N,H,W,I]
	w := c.w.Transpose(2, 0, 1, 3) // dy [N,OH,OW,O]
	r := reading{form: byKernel, x: x, w: w, out: []int{c.out[1], c.out[2], c.out[0], c.out[3]}, back: []int{2, 0, 1, 3}}
	r.desc = kernel.Conv{
		Batch: x.Dims[0], Height: x.Dims[1], Width: x.Dims[2], In: x.Dims[3], Out: w.Dims[3],
		KernelHeight: c.out[1], KernelWidth: c.out[2],
		StrideH: c.dilation[0], StrideW: c.dilation[1],
		PadTop: c.pads[0][0], PadLeft: c.pads[1][0],
		InputDilationH: c.inputDilation[0], InputDilationW: c.inputDilation[1],
		KernelDilationH: c.strides[0], KernelDilationW: c.strides[1],
	}
	r.desc.PadBottom = padAfter(w.Dims[1], c.dilation[0], c.out[1], c.strides[0], x.Dims[1], c.inputDilation[0], c.pads[0][0])
	r.desc.PadRight = padAfter(w.Dims[2], c.dilation[1], c.out[2], c.strides[1], x.Dims[2], c.inputDilation[1], c.pads[1][0])
	r.cost = moved(r.x) + moved(r.w)
	if c.w.Dims[0]*c.w.Dims[1] <= c.out[1]*c.out[2] {
		r.cost++ // of equals, a small kernel is a kernel
	}
	return r
}

// padAfter is the padding that makes o outputs of n inputs (spread by ld) under a kernel k (spread by rd) with stride s.
func padAfter(o, s, k, rd, n, ld, before int) int {
	return (o-1)*s + (k-1)*rd + 1 - ((n-1)*ld + 1) - before
}

// lower adds the steps: copies if there must be, the weights made ready, and the kernel.
func (r reading) lower(p *planner) view.View {
	x, w := p.denseOf(r.x, dtypes.Float32), p.denseOf(r.w, dtypes.Float32)
	y := p.newView(shapes.Make(dtypes.Float32, r.out...), buffer{})
	s := step{name: r.name(), method: r.method(), flops: r.flops()}
	scratch := &p.engine.scratch
	if r.form == byKernel {
		s.run = func(run *run) {
			r.desc.ByKernel(run.workers(), scratch, denseFloats(run, y), denseFloats(run, x), denseFloats(run, w))
		}
		p.add(s, []view.View{x, w}, []view.View{y})
		return y
	}
	filter := r.desc.ForwardFilter()
	if r.form == byInput {
		filter = r.desc.ByInputFilter()
	}
	packed := p.packed(r, filter, w)
	s.run = func(run *run) {
		filter.Run(run.workers(), scratch, denseFloats(run, y), denseFloats(run, x), denseFloats(run, packed))
	}
	p.add(s, []view.View{x, packed}, []view.View{y})
	return y
}

// lowerFloat64 is lower for float64, which has one algorithm.
func (r reading) lowerFloat64(p *planner) view.View {
	x, w := p.denseOf(r.x, dtypes.Float64), p.denseOf(r.w, dtypes.Float64)
	y := p.newView(shapes.Make(dtypes.Float64, r.out...), buffer{})
	s := step{name: r.name(), method: "float64", flops: r.flops()}
	compute := map[form]func(*pool.Pool, *kernel.Scratch, []float64, []float64, []float64){
		forward: r.desc.Forward64, byInput: r.desc.ByInput64, byKernel: r.desc.ByKernel64,
	}[r.form]
	scratch := &p.engine.scratch
	s.run = func(run *run) {
		compute(run.workers(), scratch, denseOf[float64](run, y), denseOf[float64](run, x), denseOf[float64](run, w))
	}
	p.add(s, []view.View{x, w}, []view.View{y})
	return y
}

// packing tells packed weights apart.
type packing struct {
	weights, method string
	form            form
	desc            kernel.Conv // without the batch
}

// packed is the weights as the filter reads them: made once in an execution, for all convolutions by them.
func (p *planner) packed(r reading, filter *kernel.Filter, w view.View) view.View {
	key := packing{fmt.Sprint(w), filter.Method(), r.form, r.desc}
	key.desc.Batch = 0
	if packed, ok := p.packs[key]; ok {
		return packed
	}
	packed := p.newView(shapes.Make(dtypes.Float32, filter.Size()), buffer{})
	d := r.desc
	s := step{name: fmt.Sprintf("pack.%s %dx%d %d %d", r.form, d.KernelHeight, d.KernelWidth, d.In, d.Out), method: filter.Method()}
	scratch := &p.engine.scratch
	s.run = func(run *run) {
		filter.Pack(run.workers(), scratch, denseFloats(run, packed), denseFloats(run, w))
	}
	p.add(s, []view.View{w}, []view.View{packed})
	p.packs[key] = packed
	return packed
}

func denseFloats(r *run, v view.View) []float32 { return denseOf[float32](r, v) }

// denseOf is the memory of a dense view.
func denseOf[T number](r *run, v view.View) []T {
	return as[T](r.mem[v.Buf])[v.Offset : v.Offset+v.Size()]
}

// flops counts what the convolution does when it is computed as it is defined, with the spread of strides left out.
func (r reading) flops() int64 {
	d := r.desc
	products := d.Batch * d.OutHeight() * d.OutWidth() * d.KernelHeight * d.KernelWidth
	return 2 * int64(products) * int64(d.In/max(1, d.Groups)) * int64(d.Out)
}

// name is what a profile shows: conv.forward 64x32x32x64 4x4/2 128.
func (r reading) name() string {
	d := r.desc
	return fmt.Sprintf("conv.%s %dx%dx%dx%d %dx%d/%d %d", r.form, d.Batch, d.Height, d.Width, d.In, d.KernelHeight, d.KernelWidth, d.StrideH, d.Out)
}

// method is the algorithm that the kernel takes.
func (r reading) method() string {
	switch r.form {
	case forward:
		return r.desc.ForwardMethod()
	case byInput:
		return r.desc.ByInputMethod()
	default:
		return r.desc.ByKernelMethod()
	}
}
