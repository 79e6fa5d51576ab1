// Package oracle judges differentiable functions in tests. A function of graph nodes and its inputs go in; out comes what is wrong
// with its gradients, compared with finite differences of first and second order ([Gradients]), or with its numbers, compared with
// those of another program ([File]). It knows nothing of what the function means.
//
// Everything runs in float64, unless [Float32] says otherwise, and on every backend that the test's binary has registered with
// compute, unless [Backends] does: GoMLX's stock Go backend, and those that its TestMain registers.
package oracle

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Function is what is judged: it builds a graph from its inputs, and returns one node of any shape.
type Function func(inputs []*graph.Node) *graph.Node

// Gradients fails the test if a gradient of fn at the inputs is wrong, and logs the largest error; see [Check].
func Gradients(t testing.TB, fn Function, inputs []Array, opts ...Option) {
	t.Helper()
	errors, err := Check(fn, inputs, opts...)
	if err != nil {
		t.Error(err)
		return
	}
	t.Logf("largest error of each order: %.1e", errors)
}

// Check returns the largest relative error of each order, or says what is wrong with the gradients of fn at the inputs, naming the
// worst element.
//
// A function of many outputs y is made one number, the loss sum(a*y + b*y*y/2) with fixed random a and b, so that linear functions
// have a second order too. The first order is the gradient of the loss; the second is the gradient of the sum of its squares, which
// is what a gradient penalty differentiates. Both are compared with central differences over five points.
//
// An order whose gradient is zero in every element of every input is an error unless [Zero] expects it: so lost gradients do not
// pass as agreement on nothing.
func Check(fn Function, inputs []Array, opts ...Option) ([]float64, error) {
	o := newOptions(opts)
	worst := make([]float64, o.order)
	for _, backend := range o.backends {
		errors, err := check(backend, fn, inputs, o)
		if err != nil {
			return nil, fmt.Errorf("on %s: %w", backend.Name(), err)
		}
		for i, e := range errors {
			worst[i] = max(worst[i], e)
		}
	}
	return worst, nil
}

func check(backend compute.Backend, fn Function, inputs []Array, o options) ([]float64, error) {
	losses, err := graph.NewExec(backend, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{loss(fn, in, 0), loss(fn, in, o.order-1)}
	})
	if err != nil {
		return nil, err
	}
	defer losses.Finalize()
	gradients, err := graph.NewExec(backend, func(in []*graph.Node) []*graph.Node {
		var all []*graph.Node
		for order := range o.order {
			all = append(all, graph.Gradient(loss(fn, in, order), in...)...)
		}
		return all
	})
	if err != nil {
		return nil, err
	}
	defer gradients.Finalize()

	analytic, err := run(gradients, inputs, dtypes.Float64)
	if err != nil {
		return nil, err
	}
	errors := make([]float64, o.order)
	for i := range errors {
		if errors[i], err = judge(losses, inputs, analytic[i*len(inputs):][:len(inputs)], i+1, o); err != nil {
			return nil, fmt.Errorf("order %d: %w", i+1, err)
		}
	}
	return errors, nil
}

// loss is the number that is differentiated for the given order less one.
func loss(fn Function, in []*graph.Node, order int) *graph.Node {
	y := fn(in)
	weights := func(seed uint64) *graph.Node {
		return graph.Const(y.Graph(), Uniform(seed, 0.5, 1.5, y.Shape().Dimensions...).tensor(y.DType()))
	}
	bent := graph.MulScalar(graph.Mul(weights(2), graph.Mul(y, y)), 0.5)
	sum := graph.ReduceAllSum(graph.Add(graph.Mul(weights(1), y), bent))
	if order == 0 {
		return sum
	}
	return sumOfSquares(graph.Gradient(sum, in...))
}

func sumOfSquares(list []*graph.Node) *graph.Node {
	sum := graph.ScalarZero(list[0].Graph(), list[0].DType())
	for _, x := range list {
		sum = graph.Add(sum, graph.ReduceAllSum(graph.Mul(x, x)))
	}
	return sum
}

// derivative is the slope of a loss, given where its inputs are when they are moved by a step.
type derivative func(move func(step float64) []Array) (float64, error)

// judge compares the gradients of one order with differences of the losses, and returns the largest relative error.
func judge(losses *graph.Exec, inputs, got []Array, order int, o options) (float64, error) {
	if zero := allZero(got); zero != o.zero[order] {
		if zero {
			return 0, fmt.Errorf("the gradient is zero in every element; if it must be, say oracle.Zero(%d)", order)
		}
		return 0, fmt.Errorf("the gradient must be zero, and is not")
	}
	at, err := run(losses, inputs, dtypes.Float64)
	if err != nil {
		return 0, err
	}
	// What a gradient is compared with at least: rounding in a loss shows in its differences, where the gradient is small.
	floor := max(1e-3, 1e-5*math.Abs(at[order-1].Data[0]))
	slope := func(move func(step float64) []Array) (float64, error) {
		sum := 0.0
		for _, point := range []struct{ at, weight float64 }{{-2, 1}, {-1, -8}, {1, 8}, {2, -1}} {
			values, err := run(losses, move(point.at*o.step), dtypes.Float64)
			if err != nil {
				return 0, err
			}
			sum += point.weight * values[order-1].Data[0]
		}
		return sum / (12 * o.step), nil
	}
	worst := 0.0
	for k, input := range inputs {
		relative, err := judgeElements(slope, inputs, k, got[k], floor, o)
		if err != nil {
			return 0, fmt.Errorf("input %d of %v: %w", k, input.Dims, err)
		}
		worst = max(worst, relative)
	}
	relative, err := judgeDirection(slope, inputs, got, floor, o)
	return max(worst, relative), err
}

// judgeElements moves elements of input k one by one.
func judgeElements(slope derivative, inputs []Array, k int, got Array, floor float64, o options) (float64, error) {
	var worst struct {
		at             int
		got, want, err float64
	}
	largest := floor
	for _, v := range got.Data {
		largest = max(largest, math.Abs(v))
	}
	for _, i := range chosen(len(got.Data), o.elements) {
		want, err := slope(func(step float64) []Array {
			moved := slices.Clone(inputs)
			moved[k].Data = slices.Clone(inputs[k].Data)
			moved[k].Data[i] += step
			return moved
		})
		if err != nil {
			return 0, err
		}
		largest = max(largest, math.Abs(want))
		if e := math.Abs(got.Data[i] - want); !(e <= worst.err) { // written so that NaN is the worst of all
			worst.at, worst.got, worst.want, worst.err = i, got.Data[i], want, e
		}
	}
	relative := worst.err / largest
	if !(relative <= o.tolerance) {
		return relative, fmt.Errorf("at %v the gradient is %.12g, finite differences say %.12g: error %.1e of the largest, %.3g; allowed %.1e",
			got.index(worst.at), worst.got, worst.want, relative, largest, o.tolerance)
	}
	return relative, nil
}

// judgeDirection moves all elements of all inputs at once, together as far as a step moves one element.
func judgeDirection(slope derivative, inputs, got []Array, floor float64, o options) (float64, error) {
	count := 0
	for _, input := range inputs {
		count += len(input.Data)
	}
	directions := make([]Array, len(inputs))
	along, squares := 0.0, 0.0
	for k, input := range inputs {
		directions[k] = Normal(uint64(100+k), input.Dims...)
		for i := range directions[k].Data {
			directions[k].Data[i] /= math.Sqrt(float64(count))
			along += directions[k].Data[i] * got[k].Data[i]
			squares += got[k].Data[i] * got[k].Data[i]
		}
	}
	want, err := slope(func(step float64) []Array {
		moved := slices.Clone(inputs)
		for k := range moved {
			moved[k].Data = slices.Clone(inputs[k].Data)
			for i := range moved[k].Data {
				moved[k].Data[i] += step * directions[k].Data[i]
			}
		}
		return moved
	})
	if err != nil {
		return 0, err
	}
	relative := math.Abs(along-want) / max(math.Sqrt(squares), floor)
	if !(relative <= o.tolerance) {
		return relative, fmt.Errorf("along a random direction through all inputs the gradient is %.12g, finite differences say %.12g: error %.1e of its length; allowed %.1e",
			along, want, relative, o.tolerance)
	}
	return relative, nil
}

// chosen returns which of n elements are checked: all, or a fixed random few.
func chosen(n, most int) []int {
	order := rand.New(rand.NewPCG(3, uint64(n))).Perm(n)
	return order[:min(n, most)]
}

func allZero(arrays []Array) bool {
	for _, a := range arrays {
		if slices.ContainsFunc(a.Data, func(v float64) bool { return v != 0 }) {
			return false
		}
	}
	return true
}

func run(exec *graph.Exec, inputs []Array, dtype dtypes.DType) ([]Array, error) {
	args := make([]any, len(inputs))
	for i, input := range inputs {
		args[i] = input.tensor(dtype)
	}
	outputs, err := exec.Call(args...)
	if err != nil {
		return nil, err
	}
	values := make([]Array, len(outputs))
	for i, output := range outputs {
		if values[i], err = arrayOf(output); err != nil {
			return nil, err
		}
		output.FinalizeAll()
	}
	return values, nil
}
