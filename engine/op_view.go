package engine

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// The operations in this file move nothing: their results are other views of their operands. Only a reshape that strides cannot say copies.

// reshapeOp gives the elements, in row-major order, other dimensions.
type reshapeOp struct{}

func (reshapeOp) Name() string  { return "reshape" }
func (reshapeOp) Attrs() string { return "" }

func (reshapeOp) lower(p *planner, n *ir.Node) {
	v, ok := p.in(n, 0).Reshape(n.Out[0].Dimensions)
	if !ok {
		v, _ = p.denseIn(n, 0).Reshape(n.Out[0].Dimensions)
	}
	p.views[n.Value()] = v
}

// Reshape implements compute.Function.
func (f *Function) Reshape(x compute.Value, dimensions ...int) (compute.Value, error) {
	in, err := f.in("Reshape", x)
	if err != nil {
		return nil, err
	}
	for _, d := range dimensions {
		if d < 0 {
			return nil, fmt.Errorf("engine: Reshape to %v: no dimension may be negative", dimensions)
		}
	}
	out, err := shapeinference.Reshape(in[0].Shape(), dimensions)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	v, err := f.reshape(in[0], out.Dimensions...)
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

func (f *Function) reshape(v ir.Value, dims ...int) (ir.Value, error) {
	return f.add(reshapeOp{}, shapes.Make(v.Shape().DType, dims...), v)
}

// transposeOp permutes axes.
type transposeOp struct{ perm []int }

func (t transposeOp) Name() string  { return "transpose" }
func (t transposeOp) Attrs() string { return fmt.Sprint(t.perm) }

func (t transposeOp) lower(p *planner, n *ir.Node) {
	p.views[n.Value()] = p.in(n, 0).Transpose(t.perm...)
}

// Transpose implements compute.Function.
func (f *Function) Transpose(x compute.Value, permutation ...int) (compute.Value, error) {
	in, err := f.in("Transpose", x)
	if err != nil {
		return nil, err
	}
	out, err := shapeinference.Transpose(in[0].Shape(), permutation)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return f.result(transposeOp{append([]int(nil), permutation...)}, out, in...)
}

// reverseOp runs backwards over axes.
type reverseOp struct{ axes []int }

func (r reverseOp) Name() string  { return "reverse" }
func (r reverseOp) Attrs() string { return fmt.Sprint(r.axes) }

func (r reverseOp) lower(p *planner, n *ir.Node) {
	p.views[n.Value()] = p.in(n, 0).Reverse(r.axes...)
}

// Reverse implements compute.Function.
func (f *Function) Reverse(x compute.Value, axes ...int) (compute.Value, error) {
	in, err := f.in("Reverse", x)
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape()
	seen := make([]bool, shape.Rank())
	for _, a := range axes {
		if a < 0 || a >= shape.Rank() || seen[a] {
			return nil, fmt.Errorf("engine: Reverse of %s over axes %v: axis %d is out of range or repeated", shape, axes, a)
		}
		seen[a] = true
	}
	return f.result(reverseOp{append([]int(nil), axes...)}, shape, in...)
}

// sliceOp takes every step-th element from start to limit.
type sliceOp struct{ starts, limits, steps []int }

func (s sliceOp) Name() string  { return "slice" }
func (s sliceOp) Attrs() string { return fmt.Sprint(s.starts, s.limits, s.steps) }

func (s sliceOp) lower(p *planner, n *ir.Node) {
	p.views[n.Value()] = p.in(n, 0).Slice(s.starts, s.limits, s.steps)
}

// Slice implements compute.Function.
func (f *Function) Slice(x compute.Value, starts, limits, strides []int) (compute.Value, error) {
	in, err := f.in("Slice", x)
	if err != nil {
		return nil, err
	}
	if len(strides) == 0 {
		strides = ones(len(starts))
	}
	out, err := shapeinference.Slice(in[0].Shape(), starts, limits, strides)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return f.result(sliceOp{append([]int(nil), starts...), append([]int(nil), limits...), append([]int(nil), strides...)}, out, in...)
}

func ones(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = 1
	}
	return s
}

// broadcastOp lays axis i of the operand on axis axes[i] of the result and repeats it over the others.
type broadcastOp struct{ axes []int }

func (b broadcastOp) Name() string  { return "broadcast" }
func (b broadcastOp) Attrs() string { return fmt.Sprint(b.axes) }

func (b broadcastOp) lower(p *planner, n *ir.Node) {
	p.views[n.Value()] = p.in(n, 0).Broadcast(n.Out[0].Dimensions, b.axes)
}

// BroadcastInDim implements compute.Function.
func (f *Function) BroadcastInDim(x compute.Value, outputShape shapes.Shape, broadcastAxes []int) (compute.Value, error) {
	in, err := f.in("BroadcastInDim", x)
	if err != nil {
		return nil, err
	}
	if err := shapeinference.BroadcastInDim(in[0].Shape(), outputShape, broadcastAxes, nil); err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	out := shapes.Shape{DType: in[0].Shape().DType, Dimensions: outputShape.Dimensions}
	return f.result(broadcastOp{append([]int(nil), broadcastAxes...)}, out, in...)
}

// broadcastAxis adds a broadcast of a vector along one axis of a shape.
func (f *Function) broadcastAxis(v ir.Value, dims []int, axis int) (ir.Value, error) {
	return f.add(broadcastOp{[]int{axis}}, shapes.Make(v.Shape().DType, dims...), v)
}

// Identity implements compute.Function.
func (f *Function) Identity(x compute.Value) (compute.Value, error) {
	in, err := f.in("Identity", x)
	if err != nil {
		return nil, err
	}
	return f.value(in[0]), nil
}

// OptimizationBarrier implements compute.Function. Nothing is ever moved across it for speed in this engine except equal operations, which
// become one, so its results are its operands, told apart from them.
func (f *Function) OptimizationBarrier(operands ...compute.Value) ([]compute.Value, error) {
	return f.barrier("OptimizationBarrier", len(operands), operands)
}

// SchedulingBarrier implements compute.Function.
func (f *Function) SchedulingBarrier(operand compute.Value, dependencies ...compute.Value) (compute.Value, error) {
	out, err := f.barrier("SchedulingBarrier", 1, append([]compute.Value{operand}, dependencies...))
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// barrierOp passes on some of its operands after all of them are there. Operations after it are not merged with those before it, which
// is what recomputation (gradient checkpoints) needs.
type barrierOp struct{}

func (barrierOp) Name() string  { return "barrier" }
func (barrierOp) Attrs() string { return "" }

func (barrierOp) lower(p *planner, n *ir.Node) {
	for i := range n.Out {
		p.views[ir.Value{Node: n, Index: i}] = p.in(n, i)
	}
}

func (f *Function) barrier(name string, results int, operands []compute.Value) ([]compute.Value, error) {
	in, err := f.in(name, operands...)
	if err != nil {
		return nil, err
	}
	if len(in) == 0 {
		return nil, fmt.Errorf("engine: %s needs an operand", name)
	}
	var out []shapes.Shape
	for _, v := range in[:results] {
		out = append(out, v.Shape())
	}
	n, err := f.addMulti(barrierOp{}, out, in...)
	if err != nil {
		return nil, err
	}
	return f.values(ir.Results(n)), nil
}
