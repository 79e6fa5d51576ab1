package engine

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// scalarOp computes every element of its result from the elements of its operands at the same place. Operands of length 1 along an
// axis, and scalars, repeat. Its kernels are in the files scalar*.go.
type scalarOp struct {
	op string       // as elementwise knows it, or "convert", "complex"
	to dtypes.DType // of the result
}

func (o scalarOp) Name() string { return o.op }

func (o scalarOp) Attrs() string { return "" }

func (o scalarOp) lower(p *planner, n *ir.Node) { o.loop(n).lower(p, n) }

// loop is the operation as a loop of one instruction.
func (o scalarOp) loop(n *ir.Node) *loop {
	args := make([]int, len(n.In))
	for i := range args {
		args[i] = i
	}
	return &loop{
		space:   n.Out[0].Dimensions,
		inputs:  len(n.In),
		code:    []code{{op: o.op, from: n.In[len(n.In)-1].Shape().DType, to: o.to, args: args}},
		results: []result{{reg: len(n.In)}},
	}
}

// scalar adds an elementwise operation. On the 16-bit floats it is done in float32 and rounded.
func (f *Function) scalar(op string, out shapes.Shape, in ...ir.Value) (ir.Value, error) {
	narrow := in[len(in)-1].Shape().DType
	if !narrow.IsHalfPrecision() || op == "where" || op == "convert" {
		if op != "convert" && op != "complex" && elementwise(op, narrow) == nil {
			return ir.Value{}, fmt.Errorf("engine: %s of %s: %w", op, narrow, compute.ErrNotImplemented)
		}
		return f.add(scalarOp{op, out.DType}, out, in...)
	}
	wide := make([]ir.Value, len(in))
	for i, v := range in {
		w, err := f.convert(v, dtypes.Float32)
		if err != nil {
			return ir.Value{}, err
		}
		wide[i] = w
	}
	wideOut := plain(out)
	if out.DType == narrow {
		wideOut.DType = dtypes.Float32
	}
	v, err := f.scalar(op, wideOut, wide...)
	if err != nil {
		return ir.Value{}, err
	}
	return f.convert(v, out.DType)
}

// convert adds the conversions from one type to another.
func (f *Function) convert(v ir.Value, to dtypes.DType) (ir.Value, error) {
	from := v.Shape().DType
	if from == to {
		return v, nil
	}
	out := plain(v.Shape())
	out.DType = to
	if converter(from, to) != nil {
		return f.add(scalarOp{"convert", to}, out, v)
	}
	out.DType = dtypes.Float32
	if from.IsComplex() {
		out.DType = from.RealDType()
		re, err := f.add(scalarOp{"real", out.DType}, out, v)
		if err != nil {
			return ir.Value{}, err
		}
		return f.convert(re, to)
	}
	if converter(from, dtypes.Float32) == nil || converter(dtypes.Float32, to) == nil {
		return ir.Value{}, fmt.Errorf("engine: conversion from %s to %s: %w", from, to, compute.ErrNotImplemented)
	}
	mid, err := f.add(scalarOp{"convert", dtypes.Float32}, out, v)
	if err != nil {
		return ir.Value{}, err
	}
	return f.convert(mid, to)
}

// ConvertDType implements compute.Function.
func (f *Function) ConvertDType(x compute.Value, dtype dtypes.DType) (compute.Value, error) {
	in, err := f.in("ConvertDType", x)
	if err != nil {
		return nil, err
	}
	if err := supported(shapes.Make(dtype)); err != nil {
		return nil, err
	}
	v, err := f.convert(in[0], dtype)
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

// unary adds an operation of one operand.
func (f *Function) unary(t compute.OpType, op string, x compute.Value) (compute.Value, error) {
	in, err := f.in(t.String(), x)
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape()
	out, err := shapeinference.UnaryOp(t, shape)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	if shape.DType.IsComplex() && (op == "abs" || op == "real" || op == "imag") {
		out = plain(out)
		out.DType = shape.DType.RealDType()
	}
	v, err := f.scalar(op, out, in...)
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

// predicate adds an operation of one operand that results in bool.
func (f *Function) predicate(t compute.OpType, op string, x compute.Value) (compute.Value, error) {
	in, err := f.in(t.String(), x)
	if err != nil {
		return nil, err
	}
	out := plain(in[0].Shape())
	if !out.DType.IsFloat() && !out.DType.IsComplex() {
		return nil, fmt.Errorf("engine: %s needs floating-point numbers, got %s", t, out)
	}
	out.DType = dtypes.Bool
	v, err := f.scalar(op, out, in...)
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

// binary adds an operation of two operands.
func (f *Function) binary(t compute.OpType, op string, lhs, rhs compute.Value) (compute.Value, error) {
	in, err := f.in(t.String(), lhs, rhs)
	if err != nil {
		return nil, err
	}
	out, err := shapeinference.BinaryOp(t, in[0].Shape(), in[1].Shape())
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	v, err := f.scalar(op, broadcastShape(out, in[0].Shape(), in[1].Shape()), in...)
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

// comparison adds an operation of two operands that results in bool.
func (f *Function) comparison(t compute.OpType, op string, lhs, rhs compute.Value) (compute.Value, error) {
	in, err := f.in(t.String(), lhs, rhs)
	if err != nil {
		return nil, err
	}
	a, b := in[0].Shape(), in[1].Shape()
	if a.DType == dtypes.Bool && b.DType == dtypes.Bool { // inference knows numbers only; bools are compared as such here
		a, b = shapes.Make(dtypes.Uint8, a.Dimensions...), shapes.Make(dtypes.Uint8, b.Dimensions...)
	}
	inferAs := t
	if t == compute.OpTypeNotEqualTotalOrder { // unknown to inference
		inferAs = compute.OpTypeEqualTotalOrder
	}
	out, err := shapeinference.ComparisonOp(inferAs, a, b)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	v, err := f.scalar(op, broadcastShape(out, a, b), in...)
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

// broadcastShape corrects inference where one operand has length 0 and the other 1: the result has length 0.
func broadcastShape(out, a, b shapes.Shape) shapes.Shape {
	out = plain(out)
	for i := range out.Dimensions {
		if a.Rank() == out.Rank() && a.Dimensions[i] == 0 || b.Rank() == out.Rank() && b.Dimensions[i] == 0 {
			out.Dimensions[i] = 0
		}
	}
	return out
}

// Where implements compute.Function.
func (f *Function) Where(condition, onTrue, onFalse compute.Value) (compute.Value, error) {
	in, err := f.in("Where", condition, onTrue, onFalse)
	if err != nil {
		return nil, err
	}
	out, err := shapeinference.Where(in[0].Shape(), in[1].Shape(), in[2].Shape())
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	v, err := f.scalar("where", out, in...)
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

// Clamp implements compute.Function.
func (f *Function) Clamp(lo, x, hi compute.Value) (compute.Value, error) {
	in, err := f.in("Clamp", lo, x, hi)
	if err != nil {
		return nil, err
	}
	shape := in[1].Shape()
	for i, v := range in {
		s := v.Shape()
		if s.DType != shape.DType || !s.IsScalar() && !s.EqualDimensions(shape) {
			return nil, fmt.Errorf("engine: Clamp: operand %d has shape %s, want %s or a scalar of its type", i, s, shape)
		}
	}
	v, err := f.scalar("clamp", shape, in...)
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}

// Complex implements compute.Function.
func (f *Function) Complex(re, im compute.Value) (compute.Value, error) {
	in, err := f.in("Complex", re, im)
	if err != nil {
		return nil, err
	}
	a, b := in[0].Shape(), in[1].Shape()
	out := plain(a)
	if a.IsScalar() {
		out = plain(b)
	}
	if a.DType != b.DType || !a.IsScalar() && !b.IsScalar() && !a.EqualDimensions(b) {
		return nil, fmt.Errorf("engine: Complex: parts have shapes %s and %s; want equal ones, or one a scalar", a, b)
	}
	switch a.DType {
	case dtypes.Float32:
		out.DType = dtypes.Complex64
	case dtypes.Float64:
		out.DType = dtypes.Complex128
	default:
		return nil, fmt.Errorf("engine: Complex: parts are %s, want float32 or float64", a.DType)
	}
	return f.result(scalarOp{"complex", out.DType}, out, in...)
}

// Real implements compute.Function.
func (f *Function) Real(x compute.Value) (compute.Value, error) {
	in, err := f.in("Real", x)
	if err == nil && in[0].Shape().DType.IsFloat() {
		return f.value(in[0]), nil
	}
	return f.unary(compute.OpTypeReal, "real", x)
}

// Imag implements compute.Function.
func (f *Function) Imag(x compute.Value) (compute.Value, error) {
	in, err := f.in("Imag", x)
	if err == nil && in[0].Shape().DType.IsFloat() {
		v, err := f.scalar("sub", in[0].Shape(), in[0], in[0])
		if err != nil {
			return nil, err
		}
		return f.value(v), nil
	}
	return f.unary(compute.OpTypeImag, "imag", x)
}
