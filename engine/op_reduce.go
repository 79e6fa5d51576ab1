package engine

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// reduceOp joins all elements along some axes.
type reduceOp struct {
	kind string // as newKeeper knows it
	axes []int  // in increasing order
}

func (o reduceOp) Name() string  { return "reduce." + o.kind }
func (o reduceOp) Attrs() string { return fmt.Sprint(o.axes) }

func (o reduceOp) lower(p *planner, n *ir.Node) { o.loop(n).lower(p, n) }

// loop is the reduction as a loop without instructions.
func (o reduceOp) loop(n *ir.Node) *loop {
	space := n.In[0].Shape().Dimensions
	return &loop{space: space, inputs: 1, results: []result{{reg: 0, reduce: o.kind, axes: o.mask(len(space))}}}
}

func (o reduceOp) mask(rank int) []bool {
	mask := make([]bool, rank)
	for _, a := range o.axes {
		mask[a] = true
	}
	return mask
}

// reduce adds a reduction. The 16-bit floats are reduced in float32.
func (f *Function) reduce(kind string, v ir.Value, axes []int) (ir.Value, error) {
	shape := v.Shape()
	if shape.DType.IsHalfPrecision() {
		wide, err := f.convert(v, dtypes.Float32)
		if err != nil {
			return ir.Value{}, err
		}
		sum, err := f.reduce(kind, wide, axes)
		if err != nil {
			return ir.Value{}, err
		}
		return f.convert(sum, shape.DType)
	}
	if !reducible(kind, shape.DType) {
		return ir.Value{}, fmt.Errorf("engine: reduction %s of %s: %w", kind, shape.DType, compute.ErrNotImplemented)
	}
	axes = slices.Clone(axes)
	slices.Sort(axes)
	out := shapes.Shape{DType: shape.DType}
	for a, d := range shape.Dimensions {
		if !slices.Contains(axes, a) {
			out.Dimensions = append(out.Dimensions, d)
		}
	}
	return f.add(reduceOp{kind, axes}, out, v)
}

// reduction is reduce for the methods below: no axes means all.
func (f *Function) reduction(t compute.OpType, kind string, x compute.Value, axes []int) (compute.Value, error) {
	in, err := f.in(t.String(), x)
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape()
	if len(axes) == 0 {
		for a := range shape.Rank() {
			axes = append(axes, a)
		}
	}
	seen := make([]bool, shape.Rank())
	for _, a := range axes {
		if a < 0 || a >= shape.Rank() || seen[a] {
			return nil, fmt.Errorf("engine: %s of %s over axes %v: axis %d is out of range or repeated", t, shape, axes, a)
		}
		seen[a] = true
	}
	if _, err := shapeinference.Reduce(shape, axes); err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	v, err := f.reduce(kind, in[0], axes)
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

// ReduceSum implements compute.Function.
func (f *Function) ReduceSum(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduction(compute.OpTypeReduceSum, "sum", x, axes)
}

// ReduceProduct implements compute.Function.
func (f *Function) ReduceProduct(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduction(compute.OpTypeReduceProduct, "product", x, axes)
}

// ReduceMax implements compute.Function.
func (f *Function) ReduceMax(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduction(compute.OpTypeReduceMax, "max", x, axes)
}

// ReduceMin implements compute.Function.
func (f *Function) ReduceMin(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduction(compute.OpTypeReduceMin, "min", x, axes)
}

// ReduceBitwiseAnd implements compute.Function.
func (f *Function) ReduceBitwiseAnd(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduction(compute.OpTypeReduceBitwiseAnd, "and", x, axes)
}

// ReduceBitwiseOr implements compute.Function.
func (f *Function) ReduceBitwiseOr(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduction(compute.OpTypeReduceBitwiseOr, "or", x, axes)
}

// ReduceBitwiseXor implements compute.Function.
func (f *Function) ReduceBitwiseXor(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduction(compute.OpTypeReduceBitwiseXor, "xor", x, axes)
}

// ReduceLogicalAnd implements compute.Function.
func (f *Function) ReduceLogicalAnd(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduction(compute.OpTypeReduceLogicalAnd, "and", x, axes)
}

// ReduceLogicalOr implements compute.Function.
func (f *Function) ReduceLogicalOr(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduction(compute.OpTypeReduceLogicalOr, "or", x, axes)
}

// ReduceLogicalXor implements compute.Function.
func (f *Function) ReduceLogicalXor(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduction(compute.OpTypeReduceLogicalXor, "xor", x, axes)
}
