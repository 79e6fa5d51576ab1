package engine

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// convOp is a convolution with any number of spatial axes, in any order of axes.
type convOp struct {
	axes                             compute.ConvolveAxesConfig
	strides, inputDilation, dilation []int
	pads                             [][2]int
	groups, batchGroups              int
}

func (o convOp) Name() string { return "conv" }
func (o convOp) Attrs() string {
	a := o.axes
	return fmt.Sprintf("in %d %v %d kernel %d %v %d out %d %v %d strides %v pads %v dilations %v %v groups %d %d",
		a.InputBatch, a.InputSpatial, a.InputChannels, a.KernelInputChannels, a.KernelSpatial, a.KernelOutputChannels,
		a.OutputBatch, a.OutputSpatial, a.OutputChannels, o.strides, o.pads, o.inputDilation, o.dilation, o.groups, o.batchGroups)
}

// lower picks the fast kernels for float32 and float64 with at most two spatial axes, and the general loop for the rest.
func (o convOp) lower(p *planner, n *ir.Node) {
	a := o.axes
	c := conv{
		convOp: o,
		x:      p.in(n, 0).Transpose(slices.Concat([]int{a.InputBatch}, a.InputSpatial, []int{a.InputChannels})...),
		w:      p.in(n, 1).Transpose(slices.Concat(a.KernelSpatial, []int{a.KernelInputChannels, a.KernelOutputChannels})...),
	}
	toOut := slices.Concat([]int{a.OutputBatch}, a.OutputSpatial, []int{a.OutputChannels})
	for _, axis := range toOut {
		c.out = append(c.out, n.Out[0].Dimensions[axis])
	}
	c.dtype = n.Out[0].DType
	c.flops = 2 * int64(n.Out[0].Size()) * int64(view.Size(c.w.Dims[:len(c.w.Dims)-1]))
	y := c.plan(p)
	back := make([]int, len(toOut)) // from [batch, spatial..., channels] to the order that is asked
	for i, axis := range toOut {
		back[axis] = i
	}
	p.views[n.Value()] = y.Transpose(back...)
}

// conv is a convolution in one order of axes: x [batch, spatial..., in], w [spatial..., in/groups, out], and the result [batch, spatial..., out].
type conv struct {
	convOp
	x, w  view.View
	out   []int
	dtype dtypes.DType
	flops int64
}

// general is the loop that does everything. Tasks are outputs along the batch and first spatial axis.
func (c conv) general(p *planner) view.View {
	y := p.newView(shapes.Make(c.dtype, c.out...), buffer{})
	if y.Size() == 0 {
		return y
	}
	kernel := convLoop(c.dtype)
	s := step{name: "conv.general", flops: c.flops}
	s.run = func(r *run) {
		r.parallel(c.out[0]*c.out[1], func(i int) {
			kernel(c, r.mem[y.Buf], r.mem[c.x.Buf], r.mem[c.w.Buf], y, i/c.out[1], i%c.out[1])
		})
	}
	p.add(s, []view.View{c.x, c.w}, []view.View{y})
	return y
}

type convKernel func(c conv, y, x, w []byte, out view.View, batch, row int)

func convLoop(dtype dtypes.DType) convKernel {
	switch dtype {
	case dtypes.Float32:
		return convolve[float32]
	case dtypes.Float64:
		return convolve[float64]
	case dtypes.Int8:
		return convolve[int8]
	case dtypes.Int16:
		return convolve[int16]
	case dtypes.Int32:
		return convolve[int32]
	case dtypes.Int64:
		return convolve[int64]
	case dtypes.Uint8:
		return convolve[uint8]
	case dtypes.Uint16:
		return convolve[uint16]
	case dtypes.Uint32:
		return convolve[uint32]
	case dtypes.Uint64:
		return convolve[uint64]
	case dtypes.Complex64:
		return convolve[complex64]
	case dtypes.Complex128:
		return convolve[complex128]
	}
	return nil
}

// convolve computes the outputs at one place of the batch and first spatial axis. Each is summed in the order of the kernel's elements.
func convolve[T number](c conv, yMem, xMem, wMem []byte, out view.View, batch, row int) {
	y, x, w := as[T](yMem), as[T](xMem), as[T](wMem)
	rank := len(c.out) - 2
	outChannels := c.out[rank+1]
	inChannels := c.w.Dims[rank]
	perGroup := outChannels / c.groups
	perBatchGroup := outChannels / c.batchGroups
	at := make([]int, rank)
	at[0] = row
	tap := make([]int, rank)
	for {
		o := out.Offset + batch*out.Strides[0]
		for a, i := range at {
			o += i * out.Strides[a+1]
		}
		acc := y[o : o+outChannels]
		clear(acc)
		clear(tap)
		for {
			xi, wi, inside := c.x.Offset, c.w.Offset, true
			for a, k := range tap {
				i := at[a]*c.strides[a] + k*c.dilation[a] - c.pads[a][0]
				inside = inside && i >= 0 && i%c.inputDilation[a] == 0 && i/c.inputDilation[a] < c.x.Dims[a+1]
				xi += i / c.inputDilation[a] * c.x.Strides[a+1]
				wi += k * c.w.Strides[a]
			}
			if inside {
				for from := 0; from < outChannels; {
					to := min((from/perGroup+1)*perGroup, (from/perBatchGroup+1)*perBatchGroup)
					n := from/perBatchGroup*c.out[0] + batch
					xg := xi + n*c.x.Strides[0] + from/perGroup*inChannels*c.x.Strides[rank+1]
					wg := wi + from*c.w.Strides[rank+1]
					multiplyInto(acc[from:to], x, w, xg, c.x.Strides[rank+1], wg, c.w.Strides[rank], c.w.Strides[rank+1], inChannels)
					from = to
				}
			}
			if !advance(tap, c.w.Dims[:rank], 0) {
				break
			}
		}
		if !advance(at, c.out[1:rank+1], 1) {
			return
		}
	}
}

// multiplyInto adds a row of x times a matrix of w to acc.
func multiplyInto[T number](acc, x, w []T, xi, xs, wi, ws, wcol, n int) {
	for range n {
		v := x[xi]
		if wcol == 1 {
			for j, u := range w[wi : wi+len(acc)] {
				acc[j] += v * u
			}
		} else {
			k := wi
			for j := range acc {
				acc[j] += v * w[k]
				k += wcol
			}
		}
		xi += xs
		wi += ws
	}
}

// ConvGeneral implements compute.Function.
func (f *Function) ConvGeneral(input, kernel compute.Value, axes compute.ConvolveAxesConfig,
	strides []int, paddings [][2]int, inputDilations, kernelDilations []int,
	channelGroupCount, batchGroupCount int) (compute.Value, error) {
	in, err := f.in("ConvGeneral", input, kernel)
	if err != nil {
		return nil, err
	}
	x, w := in[0].Shape(), in[1].Shape()
	if x.DType != w.DType {
		return nil, fmt.Errorf("engine: ConvGeneral: input is %s, kernel %s; want one type", x.DType, w.DType)
	}
	channelGroupCount, batchGroupCount = max(channelGroupCount, 1), max(batchGroupCount, 1)
	for _, list := range [][]int{strides, inputDilations, kernelDilations} {
		for _, s := range list {
			if s < 1 {
				return nil, fmt.Errorf("engine: ConvGeneral: strides %v, input dilations %v, kernel dilations %v: none may be below 1", strides, inputDilations, kernelDilations)
			}
		}
	}
	out, err := shapeinference.ConvGeneral(x, w, axes, strides, paddings, inputDilations, kernelDilations, channelGroupCount, batchGroupCount)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	rank := x.Rank() - 2
	op := convOp{axes: axes.Clone(), strides: slices.Clone(strides), inputDilation: slices.Clone(inputDilations), dilation: slices.Clone(kernelDilations),
		pads: slices.Clone(paddings), groups: channelGroupCount, batchGroups: batchGroupCount}
	for _, list := range []*[]int{&op.strides, &op.inputDilation, &op.dilation} {
		if len(*list) == 0 {
			*list = ones(rank)
		}
	}
	if len(op.pads) == 0 {
		op.pads = make([][2]int, rank)
	}
	work := x.DType
	if work.IsHalfPrecision() {
		work = dtypes.Float32
	}
	if convLoop(work) == nil {
		return nil, fmt.Errorf("engine: ConvGeneral of %s: %w", work, compute.ErrNotImplemented)
	}
	for i := range in {
		if in[i], err = f.convert(in[i], work); err != nil {
			return nil, err
		}
	}
	v, err := f.add(op, shapes.Make(work, out.Dimensions...), in...)
	if err == nil {
		v, err = f.convert(v, x.DType)
	}
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}
