package engine_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
)

// fuzzEnv is how many random graphs TestAgainstStock tries; the default keeps the normal run short.
const fuzzEnv = "GANYMEDE_ENGINE_FUZZ"

// TestAgainstStock builds random graphs on this engine and on GoMLX's stock Go backend and compares what they compute. Integers, truth
// values and what was only moved must be equal; floats may differ by a bound that follows the operations: every value carries how large it
// can be and how far off.
func TestAgainstStock(t *testing.T) {
	graphs := 400
	if s := os.Getenv(fuzzEnv); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("%s=%s: want a number of graphs", fuzzEnv, s)
		}
		graphs = n
	}
	if underRace {
		t.Skip("the stock backend does not run under -race")
	}
	ours := newBackend(t, "threads=2,verify")
	stock, err := gobackend.New("ops_sequential") // so that its panics can be caught
	if err != nil {
		t.Fatal(err)
	}
	defer stock.Finalize()
	compared := 0
	for seed := range graphs {
		f := &fuzzer{rng: rand.New(rand.NewPCG(uint64(seed), 1)), ours: ours, stock: stock}
		n, err := f.graph()
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, f.log)
		}
		compared += n
	}
	t.Logf("%d graphs, %d outputs compared", graphs, compared)
	if compared < 3*graphs {
		t.Errorf("only %d outputs of %d graphs could be compared; the fuzzer has lost its bite", compared, graphs)
	}
}

// fuzzValue is a value in both graphs.
type fuzzValue struct {
	a, b  compute.Value
	shape shapes.Shape
	mag   float64 // no element is larger
	err   float64 // how much the two may differ; 0 if not at all
}

type fuzzer struct {
	rng         *rand.Rand
	ours, stock compute.Backend
	fa, fb      compute.Function
	values      []fuzzValue
	inputs      [][2]compute.Buffer
	log         string
}

func (f *fuzzer) graph() (compared int, err error) {
	ba, bb := f.ours.Builder("fuzz"), f.stock.Builder("fuzz")
	f.fa, f.fb = ba.Main(), bb.Main()
	for range 2 + f.rng.IntN(3) {
		if err := f.parameter(); err != nil {
			return 0, err
		}
	}
	for range 4 + f.rng.IntN(16) {
		if err := f.operation(); err != nil {
			return 0, err
		}
	}
	var outs []fuzzValue
	var va, vb []compute.Value
	all := f.rng.IntN(2) == 0 // else most memory is reused
	for i, v := range f.values {
		if !all && i < len(f.values)-1 && f.rng.IntN(4) > 0 {
			continue
		}
		outs = append(outs, v)
		va, vb = append(va, v.a), append(vb, v.b)
	}
	if err := f.fa.Return(va, nil); err != nil {
		return 0, err
	}
	if err := f.fb.Return(vb, nil); err != nil {
		return 0, fmt.Errorf("stock: %w", err)
	}
	ra, err := f.run(ba, 0)
	if err != nil {
		return 0, err
	}
	rb, err := f.run(bb, 1)
	if err != nil {
		return 0, nil // stock cannot
	}
	for i, v := range outs {
		if err := compareBuffers(ra[i], rb[i], v); err != nil {
			return 0, fmt.Errorf("%%%d: %w", i, err)
		}
	}
	return len(outs), nil
}

// run compiles and executes, with panics (of stock) as errors.
func (f *fuzzer) run(b compute.Builder, side int) (out []compute.Buffer, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	exec, err := b.Compile()
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	var in []compute.Buffer
	for _, pair := range f.inputs {
		in = append(in, pair[side])
	}
	return exec.Execute(in, nil, 0)
}

var fuzzLengths = []int{0, 1, 1, 2, 2, 3, 4, 5, 7, 8, 13, 16, 31, 33, 64, 127}

func (f *fuzzer) dims() []int {
	dims := make([]int, f.rng.IntN(5))
	size := 1
	for i := range dims {
		dims[i] = fuzzLengths[f.rng.IntN(len(fuzzLengths))]
		if dims[i] == 0 && f.rng.IntN(4) > 0 {
			dims[i] = 1
		}
		if size*dims[i] > 20000 {
			dims[i] = 1
		}
		size *= dims[i]
	}
	return dims
}

func (f *fuzzer) parameter() error {
	dtype := []dtypes.DType{dtypes.Float32, dtypes.Float32, dtypes.Float32, dtypes.Float64, dtypes.Int32, dtypes.Uint8, dtypes.Int64, dtypes.BFloat16, dtypes.Bool}[f.rng.IntN(9)]
	shape := shapes.Make(dtype, f.dims()...)
	if len(f.values) > 0 && f.rng.IntN(2) == 0 {
		shape.Dimensions = f.values[0].shape.Dimensions
	}
	flat := f.data(shape)
	name := fmt.Sprintf("p%d", len(f.values))
	a, err := f.fa.Parameter(name, shape, nil)
	if err != nil {
		return err
	}
	b, err := f.fb.Parameter(name, shape, nil)
	if err != nil {
		return err
	}
	var pair [2]compute.Buffer
	for i, backend := range []compute.Backend{f.ours, f.stock} {
		if pair[i], err = backend.BufferFromFlatData(0, flat, shape); err != nil {
			return err
		}
	}
	f.inputs = append(f.inputs, pair)
	mag := 1.0
	if dtype.IsInt() {
		mag = 100
	}
	f.values = append(f.values, fuzzValue{a, b, shape, mag, 0})
	f.log += fmt.Sprintf("%%%d = parameter %s\n", len(f.values)-1, shape)
	return nil
}

func (f *fuzzer) data(shape shapes.Shape) any {
	flat := dtypes.MakeAnySlice(shape.DType, shape.Size())
	v := reflect.ValueOf(flat)
	for i := range v.Len() {
		x := 2*f.rng.Float64() - 1
		switch e := v.Index(i); {
		case shape.DType == dtypes.BFloat16:
			e.Set(reflect.ValueOf(bfloat16.FromFloat32(float32(x))))
		case e.Kind() == reflect.Bool:
			e.SetBool(x > 0)
		case e.CanFloat():
			e.SetFloat(float64(float32(x)))
		case e.CanInt():
			e.SetInt(int64(100 * x))
		default:
			e.SetUint(uint64(100 * math.Abs(x)))
		}
	}
	return flat
}

// pick chooses a value that fits.
func (f *fuzzer) pick(fits func(v fuzzValue) bool) (fuzzValue, int, bool) {
	start := f.rng.IntN(len(f.values))
	for i := range f.values {
		k := (start + i) % len(f.values)
		if fits(f.values[k]) {
			return f.values[k], k, true
		}
	}
	return fuzzValue{}, 0, false
}

func isFloat(v fuzzValue) bool {
	return v.shape.DType == dtypes.Float32 || v.shape.DType == dtypes.Float64
}
func isExact(v fuzzValue) bool { return v.err == 0 }
func isNumber(v fuzzValue) bool {
	return v.shape.DType != dtypes.Bool && v.shape.DType != dtypes.BFloat16
}

// eps is the unit roundoff, with some room for functions that are not correctly rounded.
func eps(d dtypes.DType) float64 {
	switch d {
	case dtypes.Float32:
		return 4 * 0x1p-23
	case dtypes.Float64:
		return 4 * 0x1p-52
	case dtypes.BFloat16:
		return 2 * 0x1p-7
	}
	return 0
}

// operation adds one operation to both graphs, if stock takes it.
func (f *fuzzer) operation() error {
	kinds := []func() error{f.unary, f.unary, f.binary, f.binary, f.binary, f.comparison, f.where, f.reduce, f.reduce, f.transpose, f.reshape, f.reverse,
		f.slice, f.pad, f.broadcast, f.concatenate, f.convert, f.dot, f.convolution, f.gather, f.argMax, f.window, f.iota}
	return kinds[f.rng.IntN(len(kinds))]()
}

// both adds an operation to both graphs.
func (f *fuzzer) both(text string, mag, err float64, args []fuzzValue, op func(fn compute.Function, in []compute.Value) (compute.Value, error)) error {
	var inA, inB []compute.Value
	for _, v := range args {
		inA, inB = append(inA, v.a), append(inB, v.b)
	}
	b, errB := func() (v compute.Value, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		return op(f.fb, inB)
	}()
	if errB != nil {
		return nil // stock cannot
	}
	a, errA := op(f.fa, inA)
	if errA != nil {
		return fmt.Errorf("%s: stock can, this engine says: %w", text, errA)
	}
	shapeA, errA := f.fa.Shape(a)
	if errA != nil {
		return errA
	}
	shapeB, errB := f.fb.Shape(b)
	if errB != nil || shapeA.DType != shapeB.DType || !slices.Equal(shapeA.Dimensions, shapeB.Dimensions) {
		if shapeB.IsZeroSize() || shapeA.IsZeroSize() {
			return nil // stock's inference of empty broadcasts
		}
		return fmt.Errorf("%s: shape %s, stock says %s", text, shapeA, shapeB)
	}
	f.values = append(f.values, fuzzValue{a, b, shapeA, mag, err})
	f.log += fmt.Sprintf("%%%d = %s : %s (up to %.3g, off by %.3g)\n", len(f.values)-1, text, shapeA, mag, err)
	return nil
}

func (f *fuzzer) unary() error {
	v, k, ok := f.pick(isFloat)
	if !ok {
		return nil
	}
	type unaryOp = func(fn compute.Function, x compute.Value) (compute.Value, error)
	u := eps(v.shape.DType)
	lipschitz := func(mag float64) (float64, float64) { return mag, v.err + u*max(mag, 1) }
	choices := []struct {
		name string
		op   unaryOp
		mag  func(m float64) (mag, err float64)
		ok   bool
	}{
		{"neg", compute.Function.Neg, func(m float64) (float64, float64) { return m, v.err }, true},
		{"abs", compute.Function.Abs, func(m float64) (float64, float64) { return m, v.err }, true},
		{"tanh", compute.Function.Tanh, func(m float64) (float64, float64) { return lipschitz(1) }, true},
		{"logistic", compute.Function.Logistic, func(m float64) (float64, float64) { return lipschitz(1) }, true},
		{"sin", compute.Function.Sin, func(m float64) (float64, float64) { return lipschitz(1) }, true},
		{"cos", compute.Function.Cos, func(m float64) (float64, float64) { return lipschitz(1) }, true},
		{"erf", compute.Function.Erf, func(m float64) (float64, float64) { return 1, 1.2*v.err + 4*u }, true},
		{"exp", compute.Function.Exp, func(m float64) (float64, float64) { return math.Exp(m), math.Exp(m) * (v.err + 2*u) }, v.mag < 4},
		{"expm1", compute.Function.Expm1, func(m float64) (float64, float64) { return math.Exp(m), math.Exp(m) * (v.err + 2*u) }, v.mag < 4},
		{"sign", compute.Function.Sign, func(m float64) (float64, float64) { return 1, 0 }, v.err == 0},
		{"floor", compute.Function.Floor, func(m float64) (float64, float64) { return m + 1, 0 }, v.err == 0},
		{"ceil", compute.Function.Ceil, func(m float64) (float64, float64) { return m + 1, 0 }, v.err == 0},
		{"round", compute.Function.Round, func(m float64) (float64, float64) { return m + 1, 0 }, v.err == 0},
	}
	c := choices[f.rng.IntN(len(choices))]
	if !c.ok {
		return nil
	}
	mag, err := c.mag(v.mag)
	return f.both(fmt.Sprintf("%s %%%d", c.name, k), mag, err, []fuzzValue{v}, func(fn compute.Function, in []compute.Value) (compute.Value, error) {
		return c.op(fn, in[0])
	})
}

// broadcastable says whether two shapes go together in a binary operation.
func broadcastable(a, b shapes.Shape) bool {
	if a.DType != b.DType {
		return false
	}
	if a.Rank() == 0 || b.Rank() == 0 {
		return true
	}
	if a.Rank() != b.Rank() {
		return false
	}
	for i := range a.Dimensions {
		if x, y := a.Dimensions[i], b.Dimensions[i]; x != y && x != 1 && y != 1 {
			return false
		}
	}
	return true
}

func (f *fuzzer) pair() (x, y fuzzValue, i, j int, ok bool) {
	x, i, _ = f.pick(func(fuzzValue) bool { return true })
	y, j, ok = f.pick(func(v fuzzValue) bool { return broadcastable(x.shape, v.shape) && (i == 0 || f.rng.IntN(2) == 0) })
	return x, y, i, j, ok
}

func (f *fuzzer) binary() error {
	x, y, i, j, ok := f.pair()
	if !ok || !isNumber(x) && x.shape.DType != dtypes.BFloat16 {
		return nil
	}
	u := eps(x.shape.DType)
	type binaryOp = func(fn compute.Function, a, b compute.Value) (compute.Value, error)
	sum := x.mag + y.mag
	choices := []struct {
		name     string
		op       binaryOp
		mag, err float64
		ok       bool
	}{
		{"add", compute.Function.Add, sum, x.err + y.err + u*sum, true},
		{"sub", compute.Function.Sub, sum, x.err + y.err + u*sum, true},
		{"mul", compute.Function.Mul, x.mag * y.mag, x.err*y.mag + y.err*x.mag + u*x.mag*y.mag, true},
		{"max", compute.Function.Max, max(x.mag, y.mag), max(x.err, y.err), true},
		{"min", compute.Function.Min, max(x.mag, y.mag), max(x.err, y.err), true},
	}
	c := choices[f.rng.IntN(len(choices))]
	if c.mag > 1e4 {
		return nil
	}
	if x.shape.DType.IsInt() {
		c.err = 0
	}
	return f.both(fmt.Sprintf("%s %%%d %%%d", c.name, i, j), c.mag, c.err, []fuzzValue{x, y}, func(fn compute.Function, in []compute.Value) (compute.Value, error) {
		return c.op(fn, in[0], in[1])
	})
}

func (f *fuzzer) comparison() error {
	x, y, i, j, ok := f.pair()
	if !ok || !isNumber(x) || !isExact(x) || !isExact(y) {
		return nil
	}
	ops := []func(fn compute.Function, a, b compute.Value) (compute.Value, error){compute.Function.LessThan, compute.Function.GreaterOrEqual,
		compute.Function.Equal, compute.Function.NotEqual, compute.Function.GreaterThan, compute.Function.LessOrEqual}
	k := f.rng.IntN(len(ops))
	return f.both(fmt.Sprintf("compare.%d %%%d %%%d", k, i, j), 1, 0, []fuzzValue{x, y}, func(fn compute.Function, in []compute.Value) (compute.Value, error) {
		return ops[k](fn, in[0], in[1])
	})
}

func (f *fuzzer) where() error {
	c, i, ok := f.pick(func(v fuzzValue) bool { return v.shape.DType == dtypes.Bool })
	if !ok {
		return nil
	}
	x, j, ok := f.pick(func(v fuzzValue) bool { return slices.Equal(v.shape.Dimensions, c.shape.Dimensions) })
	if !ok {
		return nil
	}
	y, k, ok := f.pick(func(v fuzzValue) bool {
		return v.shape.DType == x.shape.DType && (slices.Equal(v.shape.Dimensions, c.shape.Dimensions) || v.shape.Rank() == 0)
	})
	if !ok {
		return nil
	}
	return f.both(fmt.Sprintf("where %%%d %%%d %%%d", i, j, k), max(x.mag, y.mag), max(x.err, y.err), []fuzzValue{c, x, y}, func(fn compute.Function, in []compute.Value) (compute.Value, error) {
		return fn.Where(in[0], in[1], in[2])
	})
}

func (f *fuzzer) axes(rank int) []int {
	var axes []int
	for a := range rank {
		if f.rng.IntN(2) == 0 {
			axes = append(axes, a)
		}
	}
	if len(axes) == 0 {
		axes = []int{f.rng.IntN(rank)}
	}
	return axes
}

func (f *fuzzer) reduce() error {
	v, k, ok := f.pick(func(v fuzzValue) bool { return isNumber(v) && v.shape.Rank() > 0 })
	if !ok {
		return nil
	}
	axes := f.axes(v.shape.Rank())
	n := 1.0
	for _, a := range axes {
		n *= float64(v.shape.Dimensions[a])
	}
	if f.rng.IntN(2) == 0 && n > 0 {
		return f.both(fmt.Sprintf("reduce.max %%%d %v", k, axes), v.mag, v.err, []fuzzValue{v}, func(fn compute.Function, in []compute.Value) (compute.Value, error) {
			return fn.ReduceMax(in[0], axes...)
		})
	}
	if n*v.mag > 1e5 {
		return nil
	}
	err := n*v.err + n*eps(v.shape.DType)*n*v.mag
	if v.shape.DType.IsInt() {
		err = 0
	}
	return f.both(fmt.Sprintf("reduce.sum %%%d %v", k, axes), n*v.mag, err, []fuzzValue{v}, func(fn compute.Function, in []compute.Value) (compute.Value, error) {
		return fn.ReduceSum(in[0], axes...)
	})
}

func (f *fuzzer) moved(text string, v fuzzValue, op func(fn compute.Function, x compute.Value) (compute.Value, error)) error {
	return f.both(text, v.mag, v.err, []fuzzValue{v}, func(fn compute.Function, in []compute.Value) (compute.Value, error) { return op(fn, in[0]) })
}

func (f *fuzzer) any(minRank int) (fuzzValue, int, bool) {
	return f.pick(func(v fuzzValue) bool { return v.shape.Rank() >= minRank })
}

func (f *fuzzer) transpose() error {
	v, k, ok := f.any(2)
	if !ok {
		return nil
	}
	perm := f.rng.Perm(v.shape.Rank())
	return f.moved(fmt.Sprintf("transpose %%%d %v", k, perm), v, func(fn compute.Function, x compute.Value) (compute.Value, error) {
		return fn.Transpose(x, perm...)
	})
}

func (f *fuzzer) reshape() error {
	v, k, ok := f.any(1)
	if !ok {
		return nil
	}
	dims := slices.Clone(v.shape.Dimensions)
	a := f.rng.IntN(len(dims))
	switch {
	case len(dims) > 1 && f.rng.IntN(2) == 0: // join two axes
		a = f.rng.IntN(len(dims) - 1)
		dims[a] *= dims[a+1]
		dims = slices.Delete(dims, a+1, a+2)
	case dims[a]%2 == 0 && dims[a] > 0:
		dims[a] /= 2
		dims = slices.Insert(dims, a, 2)
	default:
		dims = slices.Insert(dims, a, 1)
	}
	return f.moved(fmt.Sprintf("reshape %%%d %v", k, dims), v, func(fn compute.Function, x compute.Value) (compute.Value, error) {
		return fn.Reshape(x, dims...)
	})
}

func (f *fuzzer) reverse() error {
	v, k, ok := f.any(1)
	if !ok {
		return nil
	}
	axes := f.axes(v.shape.Rank())
	return f.moved(fmt.Sprintf("reverse %%%d %v", k, axes), v, func(fn compute.Function, x compute.Value) (compute.Value, error) {
		return fn.Reverse(x, axes...)
	})
}

func (f *fuzzer) slice() error {
	v, k, ok := f.any(1)
	if !ok {
		return nil
	}
	var starts, limits, steps []int
	for _, d := range v.shape.Dimensions {
		s := f.rng.IntN(d/2 + 1)
		starts, limits, steps = append(starts, s), append(limits, s+f.rng.IntN(d-s+1)), append(steps, 1+f.rng.IntN(3))
	}
	return f.moved(fmt.Sprintf("slice %%%d %v %v %v", k, starts, limits, steps), v, func(fn compute.Function, x compute.Value) (compute.Value, error) {
		return fn.Slice(x, starts, limits, steps)
	})
}

func (f *fuzzer) pad() error {
	v, k, ok := f.any(1)
	if !ok {
		return nil
	}
	fill, j, ok := f.pick(func(u fuzzValue) bool { return u.shape.DType == v.shape.DType && u.shape.Rank() == 0 })
	if !ok {
		return nil
	}
	var pads []compute.PadAxis // none negative: stock writes out of bounds then
	for range v.shape.Rank() {
		pads = append(pads, compute.PadAxis{Start: f.rng.IntN(3), End: f.rng.IntN(3), Interior: f.rng.IntN(3)})
	}
	return f.both(fmt.Sprintf("pad %%%d %%%d %v", k, j, pads), max(v.mag, fill.mag), max(v.err, fill.err), []fuzzValue{v, fill}, func(fn compute.Function, in []compute.Value) (compute.Value, error) {
		return fn.Pad(in[0], in[1], pads...)
	})
}

func (f *fuzzer) broadcast() error {
	v, k, ok := f.any(0)
	if !ok || v.shape.Size() > 2000 {
		return nil
	}
	out := shapes.Make(v.shape.DType)
	var axes []int
	for _, d := range v.shape.Dimensions {
		if f.rng.IntN(3) == 0 {
			out.Dimensions = append(out.Dimensions, 1+f.rng.IntN(4))
		}
		axes = append(axes, len(out.Dimensions))
		if d == 1 && f.rng.IntN(2) == 0 {
			d = 1 + f.rng.IntN(5)
		}
		out.Dimensions = append(out.Dimensions, d)
	}
	if f.rng.IntN(2) == 0 {
		out.Dimensions = append(out.Dimensions, 1+f.rng.IntN(9))
	}
	return f.moved(fmt.Sprintf("broadcast %%%d %v %v", k, out, axes), v, func(fn compute.Function, x compute.Value) (compute.Value, error) {
		return fn.BroadcastInDim(x, out, axes)
	})
}

func (f *fuzzer) concatenate() error {
	x, i, ok := f.any(1)
	if !ok || x.shape.Size() > 10000 {
		return nil
	}
	axis := f.rng.IntN(x.shape.Rank())
	y, j, ok := f.pick(func(v fuzzValue) bool {
		if v.shape.DType != x.shape.DType || v.shape.Rank() != x.shape.Rank() {
			return false
		}
		for a := range v.shape.Dimensions {
			if a != axis && v.shape.Dimensions[a] != x.shape.Dimensions[a] {
				return false
			}
		}
		return true
	})
	if !ok {
		return nil
	}
	return f.both(fmt.Sprintf("concatenate %%%d %%%d %d", i, j, axis), max(x.mag, y.mag), max(x.err, y.err), []fuzzValue{x, y}, func(fn compute.Function, in []compute.Value) (compute.Value, error) {
		return fn.Concatenate(axis, in...)
	})
}

func (f *fuzzer) convert() error {
	v, k, ok := f.any(0)
	if !ok {
		return nil
	}
	to := []dtypes.DType{dtypes.Float32, dtypes.Float64, dtypes.Int32, dtypes.Int64, dtypes.Bool, dtypes.BFloat16}[f.rng.IntN(6)]
	err := v.err + eps(to)*v.mag
	if isExact(v) {
		err = 0
	} else if to == dtypes.Bool || to.IsInt() {
		return nil
	}
	return f.both(fmt.Sprintf("convert %%%d %s", k, to), v.mag+1, err, []fuzzValue{v}, func(fn compute.Function, in []compute.Value) (compute.Value, error) {
		return fn.ConvertDType(in[0], to)
	})
}

func (f *fuzzer) dot() error {
	x, i, ok := f.pick(func(v fuzzValue) bool { return isFloat(v) && v.shape.Rank() > 0 })
	if !ok {
		return nil
	}
	a := f.rng.IntN(x.shape.Rank())
	n := x.shape.Dimensions[a]
	b := 0
	y, j, ok := f.pick(func(v fuzzValue) bool {
		b = slices.Index(v.shape.Dimensions, n)
		return v.shape.DType == x.shape.DType && b >= 0 && n > 0 && v.shape.Size()/n*(x.shape.Size()/n) < 20000
	})
	mag := float64(n) * x.mag * y.mag
	if !ok || mag > 1e5 {
		return nil
	}
	err := float64(n)*(x.err*y.mag+y.err*x.mag) + float64(n)*eps(x.shape.DType)*mag
	return f.both(fmt.Sprintf("dot %%%d %%%d over %d %d", i, j, a, b), mag, err, []fuzzValue{x, y}, func(fn compute.Function, in []compute.Value) (compute.Value, error) {
		return fn.DotGeneral(in[0], []int{a}, nil, in[1], []int{b}, nil, compute.DotGeneralConfig{})
	})
}

// convolution takes parts of two values as input and kernel, in any order of axes.
func (f *fuzzer) convolution() error {
	spatial := 1 + f.rng.IntN(3)
	rank := spatial + 2
	dtype := []dtypes.DType{dtypes.Float32, dtypes.Float32, dtypes.Float64}[f.rng.IntN(3)]
	groups, batchGroups := 1, 1
	switch f.rng.IntN(6) {
	case 0:
		groups = 1 + f.rng.IntN(3)
	case 1:
		batchGroups = 1 + f.rng.IntN(3)
	}
	size := 1 + f.rng.IntN(9)
	if spatial == 3 {
		size = 1 + f.rng.IntN(4)
	}
	xp, wp, yp := f.rng.Perm(rank), f.rng.Perm(rank), f.rng.Perm(rank)
	if batchGroups > 1 || f.rng.IntN(2) == 0 { // as GoMLX has it by default; stock mistakes the batch axis in other orders with batch groups
		xp, wp, yp = identityPerm(rank), identityPerm(rank), identityPerm(rank)
	}
	axes := compute.ConvolveAxesConfig{InputBatch: xp[0], InputChannels: xp[rank-1], InputSpatial: xp[1 : rank-1],
		KernelInputChannels: wp[rank-2], KernelOutputChannels: wp[rank-1], KernelSpatial: wp[:rank-2],
		OutputBatch: yp[0], OutputChannels: yp[rank-1], OutputSpatial: yp[1 : rank-1]}
	in, out := 1+f.rng.IntN(5), (1+f.rng.IntN(5))*groups*batchGroups
	x, w := shapes.Make(dtype, make([]int, rank)...), shapes.Make(dtype, make([]int, rank)...)
	x.Dimensions[axes.InputBatch] = (1 + f.rng.IntN(3)) * batchGroups
	x.Dimensions[axes.InputChannels] = in * groups
	w.Dimensions[axes.KernelInputChannels], w.Dimensions[axes.KernelOutputChannels] = in, out
	var strides, ld, rd []int
	var pads [][2]int
	taps := in
	for a := range spatial {
		k := 1 + f.rng.IntN(min(4, size))
		x.Dimensions[axes.InputSpatial[a]], w.Dimensions[axes.KernelSpatial[a]] = size+f.rng.IntN(2), k
		strides, ld, rd = append(strides, 1+f.rng.IntN(3)), append(ld, 1+f.rng.IntN(2)), append(rd, 1+f.rng.IntN(2))
		pads = append(pads, [2]int{f.rng.IntN(4) - 1, f.rng.IntN(4) - 1})
		taps *= k
	}
	vx, ok := f.param(x)
	if !ok {
		return nil
	}
	vw, ok := f.param(w)
	if !ok {
		return nil
	}
	if f.rng.IntN(2) == 0 { // the gradient by the input has a reversed kernel
		for side, fn := range []compute.Function{f.fa, f.fb} {
			p := []*compute.Value{&vw.a, &vw.b}[side]
			r, err := fn.Reverse(*p, axes.KernelSpatial...)
			if err != nil {
				return err
			}
			*p = r
		}
	}
	mag := float64(taps)
	return f.both(fmt.Sprintf("conv %s %s %+v strides %v pads %v dilations %v %v groups %d %d", x, w, axes, strides, pads, ld, rd, groups, batchGroups),
		mag, float64(taps)*eps(dtype)*mag, []fuzzValue{vx, vw}, func(fn compute.Function, v []compute.Value) (compute.Value, error) {
			return fn.ConvGeneral(v[0], v[1], axes, strides, pads, ld, rd, groups, batchGroups)
		})
}

func identityPerm(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	return p
}

// param adds a constant with random numbers to both graphs.
func (f *fuzzer) param(shape shapes.Shape) (fuzzValue, bool) {
	flat := f.data(shape)
	a, errA := f.fa.Constant(flat, shape.Dimensions...)
	b, errB := f.fb.Constant(flat, shape.Dimensions...)
	return fuzzValue{a, b, shape, 1, 0}, errA == nil && errB == nil
}

func (f *fuzzer) gather() error {
	v, k, ok := f.any(1)
	if !ok || v.shape.Dimensions[0] == 0 {
		return nil
	}
	rows := 1 + f.rng.IntN(6)
	idx := make([]int32, rows)
	for i := range idx {
		idx[i] = int32(f.rng.IntN(v.shape.Dimensions[0]))
	}
	sizes := slices.Clone(v.shape.Dimensions)
	sizes[0] = 1
	var offsets []int
	for a := 1; a < v.shape.Rank(); a++ {
		offsets = append(offsets, a)
	}
	return f.moved(fmt.Sprintf("gather %%%d %v", k, idx), v, func(fn compute.Function, x compute.Value) (compute.Value, error) {
		c, err := fn.Constant(idx, rows, 1)
		if err != nil {
			return nil, err
		}
		return fn.Gather(x, c, 1, offsets, []int{0}, []int{0}, sizes, false)
	})
}

func (f *fuzzer) argMax() error {
	v, k, ok := f.pick(func(v fuzzValue) bool { return isNumber(v) && isExact(v) && v.shape.Rank() > 0 && v.shape.Size() > 0 })
	if !ok {
		return nil
	}
	axis, isMin := f.rng.IntN(v.shape.Rank()), f.rng.IntN(2) == 0
	return f.both(fmt.Sprintf("arg %%%d %d %v", k, axis, isMin), 128, 0, []fuzzValue{v}, func(fn compute.Function, in []compute.Value) (compute.Value, error) {
		return fn.ArgMinMax(in[0], axis, dtypes.Int32, isMin)
	})
}

func (f *fuzzer) window() error {
	v, k, ok := f.pick(func(v fuzzValue) bool { return isFloat(v) && v.shape.Rank() > 0 && v.shape.Size() < 5000 })
	if !ok {
		return nil
	}
	var dims, strides []int
	var pads [][2]int
	n := 1.0
	for range v.shape.Rank() {
		d := 1 + f.rng.IntN(3)
		dims, strides, pads = append(dims, d), append(strides, 1+f.rng.IntN(3)), append(pads, [2]int{f.rng.IntN(d), f.rng.IntN(d)})
		n *= float64(d)
	}
	if n*v.mag > 1e5 {
		return nil
	}
	return f.both(fmt.Sprintf("window.sum %%%d %v %v %v", k, dims, strides, pads), n*v.mag, n*v.err+n*eps(v.shape.DType)*n*v.mag, []fuzzValue{v},
		func(fn compute.Function, in []compute.Value) (compute.Value, error) {
			return fn.ReduceWindow(in[0], compute.ReduceOpSum, dims, strides, nil, nil, pads)
		})
}

func (f *fuzzer) iota() error {
	shape := shapes.Make(dtypes.Float32, f.dims()...)
	if shape.Rank() == 0 || shape.Size() == 0 {
		return nil
	}
	axis := f.rng.IntN(shape.Rank())
	return f.both(fmt.Sprintf("iota %s %d", shape, axis), 128, 0, nil, func(fn compute.Function, _ []compute.Value) (compute.Value, error) {
		return fn.Iota(shape, axis)
	})
}

func compareBuffers(a, b compute.Buffer, want fuzzValue) error {
	flatA, flatB := dtypes.MakeAnySlice(want.shape.DType, want.shape.Size()), dtypes.MakeAnySlice(want.shape.DType, want.shape.Size())
	if err := a.ToFlatData(flatA); err != nil {
		return err
	}
	if err := b.ToFlatData(flatB); err != nil {
		return err
	}
	x, y := reflect.ValueOf(flatA), reflect.ValueOf(flatB)
	for i := range x.Len() {
		p, q := toFloat(x.Index(i)), toFloat(y.Index(i))
		if math.Abs(p-q) > want.err && !(math.IsInf(p, 0) && p == q) {
			return fmt.Errorf("shape %s, element %d: %v, stock has %v; they may differ by %.3g", want.shape, i, p, q, want.err)
		}
	}
	return nil
}

func toFloat(v reflect.Value) float64 {
	switch {
	case v.Type() == reflect.TypeFor[bfloat16.BFloat16]():
		return v.Interface().(bfloat16.BFloat16).Float64()
	case v.Kind() == reflect.Bool:
		return map[bool]float64{true: 1}[v.Bool()]
	case v.CanFloat():
		return v.Float()
	case v.CanInt():
		return float64(v.Int())
	}
	return float64(v.Uint())
}
