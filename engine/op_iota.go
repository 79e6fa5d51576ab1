package engine

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// iotaOp counts 0, 1, 2, ... along an axis. Only that axis is stored; the others repeat it.
type iotaOp struct{ axis int }

func (o iotaOp) Name() string  { return "iota" }
func (o iotaOp) Attrs() string { return fmt.Sprint(o.axis) }

func (o iotaOp) lower(p *planner, n *ir.Node) {
	dtype, length := n.Out[0].DType, n.Out[0].Dimensions[o.axis]
	row := p.scratch(dtype, length)
	p.add(step{name: "iota", run: func(r *run) { count(dtype, r.mem[row.Buf]) }}, nil, []view.View{row})
	p.views[n.Value()] = row.Broadcast(n.Out[0].Dimensions, []int{o.axis})
}

func count(dtype dtypes.DType, mem []byte) {
	switch dtype {
	case dtypes.Int8:
		countUp[int8](mem)
	case dtypes.Int16:
		countUp[int16](mem)
	case dtypes.Int32:
		countUp[int32](mem)
	case dtypes.Int64:
		countUp[int64](mem)
	case dtypes.Uint8:
		countUp[uint8](mem)
	case dtypes.Uint16:
		countUp[uint16](mem)
	case dtypes.Uint32:
		countUp[uint32](mem)
	case dtypes.Uint64:
		countUp[uint64](mem)
	case dtypes.Float32:
		countUp[float32](mem)
	case dtypes.Float64:
		countUp[float64](mem)
	}
}

func countUp[T ordered](mem []byte) {
	for i := range as[T](mem) {
		as[T](mem)[i] = T(i)
	}
}

// Iota implements compute.Function.
func (f *Function) Iota(shape shapes.Shape, iotaAxis int) (compute.Value, error) {
	if _, err := f.in("Iota"); err != nil {
		return nil, err
	}
	if err := supported(shape); err != nil {
		return nil, err
	}
	if iotaAxis < 0 || iotaAxis >= shape.Rank() {
		return nil, fmt.Errorf("engine: Iota of %s: axis %d is out of range", shape, iotaAxis)
	}
	counted := plain(shape)
	switch {
	case shape.DType == dtypes.Bool:
		return nil, fmt.Errorf("engine: Iota of %s: %w", shape, compute.ErrNotImplemented)
	case shape.DType.IsHalfPrecision():
		counted.DType = dtypes.Float32
	case shape.DType.IsComplex():
		counted.DType = shape.DType.RealDType()
	}
	v, err := f.add(iotaOp{iotaAxis}, counted)
	if err == nil {
		v, err = f.convert(v, shape.DType)
	}
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}
