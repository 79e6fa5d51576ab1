package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// constOp is an array known when the graph is built.
type constOp struct {
	data []byte
	text string
}

func (c *constOp) Name() string  { return "const" }
func (c *constOp) Attrs() string { return c.text }

func (c *constOp) lower(p *planner, n *ir.Node) {
	p.views[n.Value()] = p.constant(c.data, n.Out[0])
}

// newConst makes a constant of memory that will not change. Its text, and so its identity, is its values, or a hash of many.
func newConst(data []byte, s shapes.Shape) *constOp {
	c := &constOp{data: data}
	switch {
	case s.Size() <= 4:
		c.text = fmt.Sprintf("%v", flatSlice(s.DType, data, s.Size()))
		if s.DType.IsFloat() || s.DType.IsComplex() { // NaNs and zeros print alike and are not
			c.text += " 0x" + hex.EncodeToString(data)
		}
	default:
		sum := sha256.Sum256(data)
		c.text = "sha256 " + hex.EncodeToString(sum[:])
	}
	return c
}

// Constant implements compute.Function.
func (f *Function) Constant(flat any, dims ...int) (compute.Value, error) {
	if _, err := f.in("Constant"); err != nil {
		return nil, err
	}
	v := reflect.ValueOf(flat)
	if v.Kind() != reflect.Slice {
		return nil, fmt.Errorf("engine: Constant: want a slice, got %T", flat)
	}
	for _, d := range dims {
		if d < 0 {
			return nil, fmt.Errorf("engine: Constant: dimensions %v: none may be negative", dims)
		}
	}
	s := shapes.Make(dtypes.FromGoType(v.Type().Elem()), dims...)
	if err := supported(s); err != nil {
		return nil, err
	}
	if v.Len() != s.Size() {
		return nil, fmt.Errorf("engine: Constant: %d values given for shape %s", v.Len(), s)
	}
	size, err := byteSize(s)
	if err != nil {
		return nil, fmt.Errorf("engine: Constant: %w", err)
	}
	data, err := newBytes(size)
	if err != nil {
		return nil, fmt.Errorf("engine: Constant: %w", err)
	}
	if size > 0 {
		copy(data, flatBytes(flat))
	}
	return f.result(newConst(data, s), s)
}

// scalarConst adds a constant of one element of a real type.
func (f *Function) scalarConst(dtype dtypes.DType, x float64) (ir.Value, error) {
	s := shapes.Make(dtypes.Float64)
	data, err := newBytes(8)
	if err != nil {
		return ir.Value{}, err
	}
	as[float64](data)[0] = x
	v, err := f.add(newConst(data, s), s)
	if err != nil {
		return ir.Value{}, err
	}
	return f.convert(v, dtype)
}
