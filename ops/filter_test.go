package ops_test

import (
	"fmt"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// filtered is the definition, in two dimensions at once: lay zeros between, pad, weigh by the product of the taps, keep every Down-th.
func filtered(x oracle.Array, taps []float64, o ops.FilterOptions) oracle.Array {
	up, down := max(o.Up, 1), max(o.Down, 1)
	n, h, w, c := x.Dims[0], x.Dims[1], x.Dims[2], x.Dims[3]
	outs := func(n int) int { return (n*up+o.Before+o.After-len(taps))/down + 1 }
	y := oracle.Array{Dims: []int{n, outs(h), outs(w), c}}
	for b := range n {
		for i := range outs(h) {
			for j := range outs(w) {
				for k := range c {
					sum := 0.0
					for s, ts := range taps {
						for t, tt := range taps {
							row, column := i*down+s-o.Before, j*down+t-o.Before
							if row < 0 || column < 0 || row >= h*up || column >= w*up || row%up != 0 || column%up != 0 {
								continue
							}
							sum += ts * tt * x.Data[((b*h+row/up)*w+column/up)*c+k]
						}
					}
					y.Data = append(y.Data, sum)
				}
			}
		}
	}
	return y
}

func TestFilterIsItsDefinition(t *testing.T) {
	x := oracle.Normal(1, 2, 5, 4, 2)
	for _, taps := range [][]float64{{1}, {0.25, 0.5, 0.25}, {1, 3, 3, -2}, {1, 2, 3, 4, 5, 6, 7}} {
		for _, o := range []ops.FilterOptions{
			{}, {Before: 1, After: 2}, {Before: 3, After: 3}, {Up: 2, Before: 2, After: 1}, {Up: 2, Before: -1, After: 4}, {Up: 3, Before: 2, After: 4},
			{Down: 2, Before: 1, After: 1}, {Down: 2, Before: 4, After: -1}, {Down: 3, Before: 2, After: 2}, {Up: 2, Before: 5, After: -2},
		} {
			if 4*max(o.Up, 1)+o.Before+o.After < len(taps) {
				continue
			}
			t.Run(fmt.Sprint(taps, o), func(t *testing.T) {
				fn := func(in []*graph.Node) *graph.Node { return ops.Filter(in[0], taps, o) }
				oracle.Value(t, fn, []oracle.Array{x}, filtered(x, taps, o))
			})
		}
	}
}

func TestFilterDifferentiates(t *testing.T) {
	for _, o := range []ops.FilterOptions{{Up: 2, Before: 2, After: 1}, {Down: 2, Before: 1, After: 1}, {Before: -1, After: 2}} {
		fn := func(in []*graph.Node) *graph.Node {
			y := ops.Filter(in[0], []float64{0.1, 0.3, 0.4, 0.2}, o)
			return graph.Mul(y, graph.Square(y))
		}
		oracle.Gradients(t, fn, []oracle.Array{oracle.Normal(1, 1, 4, 4, 1)}, oracle.Order(2), oracle.Tol(1e-5))
	}
}

// What is even stays even: a picture of one colour has it again, but for its edges.
func TestResamplingKeepsColour(t *testing.T) {
	one := oracle.Uniform(1, 1, 1, 1, 8, 8, 1)
	taps := []float64{0.125, 0.375, 0.375, 0.125}
	for name, fn := range map[string]func(x *graph.Node) *graph.Node{
		"up":   func(x *graph.Node) *graph.Node { return ops.UpsampleFiltered(x, taps) },
		"down": func(x *graph.Node) *graph.Node { return ops.DownsampleFiltered(x, taps) },
	} {
		inner := func(in []*graph.Node) *graph.Node {
			y := fn(in[0])
			n := y.Shape().Dimensions[1]
			if want := map[string]int{"up": 16, "down": 4}[name]; n != want {
				t.Errorf("%s: 8 become %d, want %d", name, n, want)
			}
			return graph.Slice(y, graph.AxisRange(), graph.AxisRange(1, n-1), graph.AxisRange(1, n-1), graph.AxisRange())
		}
		side := map[string]int{"up": 14, "down": 2}[name]
		oracle.Value(t, inner, []oracle.Array{one}, oracle.Uniform(1, 1, 1, 1, side, side, 1))
	}
}
