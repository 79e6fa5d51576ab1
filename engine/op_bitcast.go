package engine

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// bitcastOp reads the bits of its operand as another type. It moves nothing if the operand is dense.
type bitcastOp struct{}

func (bitcastOp) Name() string  { return "bitcast" }
func (bitcastOp) Attrs() string { return "" }

func (bitcastOp) lower(p *planner, n *ir.Node) {
	v := p.denseIn(n, 0)
	from, to := n.In[0].Shape().DType.Size(), n.Out[0].DType.Size()
	if v.Offset*from%to != 0 {
		v = p.makeDense(v, n.In[0].Shape().DType)
	}
	w := view.RowMajor(v.Buf, n.Out[0].Dimensions)
	w.Offset = v.Offset * from / to
	p.views[n.Value()] = w
}

// Bitcast implements compute.Function.
func (f *Function) Bitcast(operand compute.Value, targetDType dtypes.DType) (compute.Value, error) {
	in, err := f.in("Bitcast", operand)
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape()
	if err := supported(shapes.Make(targetDType)); err != nil {
		return nil, err
	}
	if shape.DType == targetDType {
		return f.value(in[0]), nil
	}
	if shape.DType.Size() < targetDType.Size() && shape.Rank() == 0 {
		return nil, fmt.Errorf("engine: Bitcast of %s to the wider %s needs a last axis of length %d", shape, targetDType, targetDType.Size()/shape.DType.Size())
	}
	out, err := shapeinference.Bitcast(shape, targetDType)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return f.result(bitcastOp{}, out, in...)
}
