package engine

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// argOp finds where along an axis the smallest or largest element is: the first one, or the first NaN.
type argOp struct {
	axis int
	min  bool
}

func (o argOp) Name() string  { return map[bool]string{true: "argmin", false: "argmax"}[o.min] }
func (o argOp) Attrs() string { return fmt.Sprint(o.axis) }

func (o argOp) lower(p *planner, n *ir.Node) {
	v, out := p.in(n, 0), p.out(n, 0)
	if v.Dims[o.axis] == 0 && out.Size() > 0 {
		p.err = fmt.Errorf("axis %d of %s has no elements to choose from", o.axis, n.In[0].Shape())
		return
	}
	perm := make([]int, 0, len(v.Dims))
	for a := range v.Dims {
		if a != o.axis {
			perm = append(perm, a)
		}
	}
	first := v.Transpose(perm...)
	places := view.NewNest(out, first)
	search := searcher(n.In[0].Shape().DType, o.min)
	length, stride := v.Dims[o.axis], v.Strides[o.axis]
	run := func(r *run) {
		r.parallelRange(out.Size(), max(1, taskElements/max(1, length)), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				as[int64](r.mem[out.Buf])[i] = search(r.mem[v.Buf], elementOffset(places, i), stride, length)
			}
		})
	}
	p.add(step{name: o.Name(), run: run}, []view.View{v}, []view.View{out})
}

// searcher finds the place of the best of n elements.
func searcher(dtype dtypes.DType, min bool) func(mem []byte, at, stride, n int) int64 {
	switch dtype {
	case dtypes.Float32:
		return searchFor[float32](min)
	case dtypes.Float64:
		return searchFor[float64](min)
	case dtypes.Int8:
		return searchFor[int8](min)
	case dtypes.Int16:
		return searchFor[int16](min)
	case dtypes.Int32:
		return searchFor[int32](min)
	case dtypes.Int64:
		return searchFor[int64](min)
	case dtypes.Uint8:
		return searchFor[uint8](min)
	case dtypes.Uint16:
		return searchFor[uint16](min)
	case dtypes.Uint32:
		return searchFor[uint32](min)
	case dtypes.Uint64:
		return searchFor[uint64](min)
	}
	return nil
}

func searchFor[T ordered](min bool) func(mem []byte, at, stride, n int) int64 {
	return func(mem []byte, at, stride, n int) int64 {
		x := as[T](mem)
		best, where := x[at], 0
		for i := 1; i < n && best == best; i++ {
			v := x[at+i*stride]
			if v != v || min && v < best || !min && v > best {
				best, where = v, i
			}
		}
		return int64(where)
	}
}

// ArgMinMax implements compute.Function.
func (f *Function) ArgMinMax(x compute.Value, axis int, outputDType dtypes.DType, isMin bool) (compute.Value, error) {
	in, err := f.in("ArgMinMax", x)
	if err != nil {
		return nil, err
	}
	if in[0].Shape().DType == dtypes.Bool { // inference knows numbers only
		if in[0], err = f.convert(in[0], dtypes.Uint8); err != nil {
			return nil, err
		}
	}
	out, err := shapeinference.ArgMinMax(in[0].Shape(), axis, outputDType)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	if in[0].Shape().DType.IsHalfPrecision() {
		if in[0], err = f.convert(in[0], dtypes.Float32); err != nil {
			return nil, err
		}
	}
	out = plain(out)
	out.DType = dtypes.Int64
	v, err := f.add(argOp{axis, isMin}, out, in...)
	if err == nil {
		v, err = f.convert(v, outputDType)
	}
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}
