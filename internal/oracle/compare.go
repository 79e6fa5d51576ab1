package oracle

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Same fails the test if a function differs from its reference, which runs in float64 on the first backend, at the inputs, by more than [Tol] of the largest number (1e-12 if not said), in value,
// in the gradient of sum(value*value)/2, or in the gradient of the sum of that gradient's squares.
func Same(t testing.TB, fn, reference Function, inputs []Array, opts ...Option) {
	t.Helper()
	o := newOptions(append([]Option{Tol(1e-12)}, opts...))
	want, err := upToSecond(o.backends[0], dtypes.Float64, reference, inputs, len(inputs), len(inputs))
	if err != nil {
		t.Errorf("the reference: %v", err)
		return
	}
	if err := compare(fn, inputs, want, len(inputs), len(inputs), o); err != nil {
		t.Error(err)
	}
}

// Value fails the test if fn has another value at the inputs than is wanted, by more than [Tol] of the largest number (1e-12 if not
// said).
func Value(t testing.TB, fn Function, inputs []Array, want Array, opts ...Option) {
	t.Helper()
	o := newOptions(append([]Option{Tol(1e-12)}, opts...))
	if err := compare(fn, inputs, []Array{want}, 0, 0, o); err != nil {
		t.Error(err)
	}
}

// Run returns the value of fn at the inputs, on the first backend.
func Run(fn Function, inputs []Array, opts ...Option) (Array, error) {
	values, err := upToSecond(newOptions(opts).backends[0], dtypes.Float64, fn, inputs, 0, 0)
	if err != nil {
		return Array{}, err
	}
	return values[0], nil
}

// compare says where fn differs on a backend from what upToSecond should return.
func compare(fn Function, inputs, want []Array, gradients, seconds int, o options) error {
	what := []string{"value"}
	for i := range gradients {
		what = append(what, fmt.Sprintf("gradient by input %d", i))
	}
	for i := range seconds {
		what = append(what, fmt.Sprintf("second gradient by input %d", i))
	}
	for _, backend := range o.backends {
		got, err := upToSecond(backend, o.dtype, fn, inputs, gradients, seconds)
		if err != nil {
			return fmt.Errorf("on %s: %w", backend.Name(), err)
		}
		for i := range got {
			if err := near(got[i], want[i], o.tolerance); err != nil {
				return fmt.Errorf("on %s: %s: %w", backend.Name(), what[i], err)
			}
		}
	}
	return nil
}

// upToSecond returns the value of fn at the inputs, the gradient of half its sum of squares by the first inputs, and the gradient of
// that gradient's sum of squares by the first inputs.
func upToSecond(backend compute.Backend, dtype dtypes.DType, fn Function, inputs []Array, gradients, seconds int) ([]Array, error) {
	exec, err := graph.NewExec(backend, func(in []*graph.Node) []*graph.Node {
		y := fn(in)
		all := []*graph.Node{y}
		if gradients == 0 {
			return all
		}
		first := graph.Gradient(graph.MulScalar(sumOfSquares([]*graph.Node{y}), 0.5), in...)
		all = append(all, first[:gradients]...)
		if seconds > 0 {
			all = append(all, graph.Gradient(sumOfSquares(first), in[:seconds]...)...)
		}
		return all
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	return run(exec, inputs, dtype)
}

// near says where two arrays differ most, if that is too much.
func near(got, want Array, tolerance float64) error {
	if !slices.Equal(got.Dims, want.Dims) {
		return fmt.Errorf("shape %v, want %v", got.Dims, want.Dims)
	}
	worst, at, largest := 0.0, 0, math.SmallestNonzeroFloat64
	for i := range got.Data {
		if d := math.Abs(got.Data[i] - want.Data[i]); !(d <= worst) { // written so that NaN is the worst of all
			worst, at = d, i
		}
		largest = max(largest, math.Abs(want.Data[i]))
	}
	if relative := worst / largest; !(relative <= tolerance) {
		return fmt.Errorf("%.17g at %v, want %.17g: error %.1e of the largest, allowed %.1e",
			got.Data[at], got.index(at), want.Data[at], relative, tolerance)
	}
	return nil
}
