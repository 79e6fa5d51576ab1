package engine

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/notimplemented"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// Builder collects the functions of one computation. It implements compute.Builder.
type Builder struct {
	notimplemented.Builder
	backend  *Backend
	name     string
	main     *Function
	names    map[string]bool
	compiled bool
}

var _ compute.Builder = (*Builder)(nil)

func notImplemented(op compute.OpType) error {
	return fmt.Errorf("engine: %s: %w", op, compute.ErrNotImplemented)
}

func newBuilder(b *Backend, name string) *Builder {
	builder := &Builder{Builder: notimplemented.Builder{ErrFn: notImplemented}, backend: b, name: name, names: map[string]bool{}}
	builder.main = newFunction(builder, nil, compute.MainName)
	return builder
}

// Name implements compute.Builder.
func (b *Builder) Name() string { return b.name }

// Main implements compute.Builder.
func (b *Builder) Main() compute.Function { return b.main }

// NewFunction implements compute.Builder.
func (b *Builder) NewFunction(name string) (compute.Function, error) {
	if name == "" || name == compute.MainName || b.names[name] {
		return nil, fmt.Errorf("engine: function name %q is empty or taken", name)
	}
	b.names[name] = true
	return newFunction(b, nil, name), nil
}

// OpShape implements compute.Builder.
func (b *Builder) OpShape(op compute.Value) (shapes.Shape, error) {
	v, ok := op.(value)
	if !ok || v.f.builder != b {
		return shapes.Invalid(), fmt.Errorf("engine: %T is not a value of this builder", op)
	}
	return v.Shape(), nil
}

// Compile implements compute.Builder.
func (b *Builder) Compile() (compute.Executable, error) {
	if err := b.backend.alive(); err != nil {
		return nil, err
	}
	if !b.main.returned {
		return nil, fmt.Errorf("engine: %s: Return of the main function has not been called", b.name)
	}
	if b.compiled {
		return nil, fmt.Errorf("engine: %s has been compiled already", b.name)
	}
	b.compiled = true
	return newExecutable(b)
}

// Function is a computation in the making. It implements compute.Function; the methods for its operations are in the files op_*.go.
type Function struct {
	notimplemented.Function
	builder  *Builder
	parent   *Function
	name     string
	graph    *ir.Graph
	names    []string // of parameters
	params   []*ir.Node
	captures []capture // values of enclosing functions, in the order of first use
	returned bool
}

var _ compute.Function = (*Function)(nil)

// capture is a value of the parent that a closure reads: within the closure, it is a parameter after the others.
type capture struct {
	outer ir.Value
	inner *ir.Node
}

// value is what the engine returns as compute.Value.
type value struct {
	ir.Value
	f *Function
}

// paramOp is a parameter of a function.
type paramOp struct{ name string }

func (p paramOp) Name() string  { return "param" }
func (p paramOp) Attrs() string { return p.name }

func newFunction(b *Builder, parent *Function, name string) *Function {
	return &Function{Function: notimplemented.Function{ErrFn: notImplemented}, builder: b, parent: parent, name: name, graph: ir.New()}
}

// Name implements compute.Function.
func (f *Function) Name() string { return f.name }

// Builder implements compute.Function.
func (f *Function) Builder() compute.Builder { return f.builder }

// Parent implements compute.Function.
func (f *Function) Parent() compute.Function {
	if f.parent == nil {
		return nil
	}
	return f.parent
}

// Closure implements compute.Function.
func (f *Function) Closure() (compute.Function, error) {
	if f.returned {
		return nil, fmt.Errorf("engine: function %q has returned already", f.name)
	}
	return newFunction(f.builder, f, ""), nil
}

// Shape implements compute.Function.
func (f *Function) Shape(v compute.Value) (shapes.Shape, error) { return f.builder.OpShape(v) }

// Parameter implements compute.Function.
func (f *Function) Parameter(name string, shape shapes.Shape, sharding *compute.ShardingSpec) (compute.Value, error) {
	if sharding != nil {
		return nil, fmt.Errorf("engine: parameter %q: sharding over devices: %w", name, compute.ErrNotImplemented)
	}
	if _, err := f.in("parameter"); err != nil {
		return nil, err
	}
	if err := supported(shape); err != nil {
		return nil, fmt.Errorf("parameter %q: %w", name, err)
	}
	if _, err := byteSize(shape); err != nil {
		return nil, fmt.Errorf("engine: parameter %q: %w", name, err)
	}
	n := f.graph.AddParam(paramOp{name}, plain(shape))
	f.params = append(f.params, n)
	f.names = append(f.names, name)
	return f.value(n.Value()), nil
}

// plain is a shape without axis names, which mean nothing here.
func plain(s shapes.Shape) shapes.Shape {
	return shapes.Shape{DType: s.DType, Dimensions: slices.Clone(s.Dimensions)}
}

// Return implements compute.Function.
func (f *Function) Return(outputs []compute.Value, shardings []*compute.ShardingSpec) error {
	if len(outputs) == 0 {
		return fmt.Errorf("engine: function %q returns nothing", f.name)
	}
	for _, s := range shardings {
		if s != nil {
			return fmt.Errorf("engine: sharding over devices: %w", compute.ErrNotImplemented)
		}
	}
	in, err := f.in("return", outputs...)
	if err != nil {
		return err
	}
	f.graph.Outputs = in
	f.graph.Params = slices.Clone(f.params)
	for _, c := range f.captures {
		f.graph.Params = append(f.graph.Params, c.inner)
	}
	f.returned = true
	return nil
}

// value wraps a value of this function.
func (f *Function) value(v ir.Value) value { return value{v, f} }

// values wraps several.
func (f *Function) values(in []ir.Value) []compute.Value {
	out := make([]compute.Value, len(in))
	for i, v := range in {
		out[i] = f.value(v)
	}
	return out
}

// in unwraps the operands of an operation, capturing those of enclosing functions.
func (f *Function) in(op string, operands ...compute.Value) ([]ir.Value, error) {
	if f.returned {
		return nil, fmt.Errorf("engine: %s: function %q has returned already", op, f.name)
	}
	if f.builder.compiled {
		return nil, fmt.Errorf("engine: %s: %q has been compiled already", op, f.builder.name)
	}
	in := make([]ir.Value, len(operands))
	for i, operand := range operands {
		v, ok := operand.(value)
		if !ok {
			return nil, fmt.Errorf("engine: %s: operand %d is a %T, not a value of this backend", op, i, operand)
		}
		local, err := f.local(v)
		if err != nil {
			return nil, fmt.Errorf("engine: %s: operand %d: %w", op, i, err)
		}
		in[i] = local
	}
	return in, nil
}

// local is a value as this function sees it.
func (f *Function) local(v value) (ir.Value, error) {
	if v.f == f {
		return v.Value, nil
	}
	if f.parent == nil {
		return ir.Value{}, fmt.Errorf("the value belongs to another function (%q) or builder", v.f.name)
	}
	outer, err := f.parent.local(v)
	if err != nil {
		return ir.Value{}, err
	}
	for _, c := range f.captures {
		if c.outer == outer {
			return c.inner.Value(), nil
		}
	}
	inner := f.graph.AddParam(paramOp{fmt.Sprintf("captured %d", len(f.captures))}, outer.Shape())
	f.captures = append(f.captures, capture{outer, inner})
	return inner.Value(), nil
}

// add appends an operation with one result.
func (f *Function) add(op ir.Op, out shapes.Shape, in ...ir.Value) (ir.Value, error) {
	n, err := f.addMulti(op, []shapes.Shape{out}, in...)
	if err != nil {
		return ir.Value{}, err
	}
	return n.Value(), nil
}

// addMulti appends an operation with several results.
func (f *Function) addMulti(op ir.Op, out []shapes.Shape, in ...ir.Value) (*ir.Node, error) {
	clean := make([]shapes.Shape, len(out))
	for i, s := range out {
		if _, err := byteSize(s); err != nil {
			return nil, fmt.Errorf("engine: %s: %w", op.Name(), err)
		}
		clean[i] = plain(s)
	}
	return f.graph.Add(op, in, clean...), nil
}

// result appends an operation with one result and wraps it.
func (f *Function) result(op ir.Op, out shapes.Shape, in ...ir.Value) (compute.Value, error) {
	v, err := f.add(op, out, in...)
	if err != nil {
		return nil, err
	}
	return f.value(v), nil
}
