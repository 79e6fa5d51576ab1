package ops_test

import (
	"math"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// The definition: every pixel is read at its own place, as the mean of the four pixels around by distance, zeros beyond the edges.
func TestWarpReadsWhereTheMatrixPoints(t *testing.T) {
	x := oracle.Normal(1, 2, 4, 5, 2)
	m := oracle.Of([]int{2, 2, 3}, 0.8, -0.3, 0.4, 0.5, 1.1, -0.6, -1, 0, 0, 0, 1, 0.25)
	const height, width = 6, 3
	want := oracle.Array{Dims: []int{2, height, width, 2}}
	for n := range 2 {
		for i := range height {
			for j := range width {
				u, v := float64(j)+0.5-width/2., float64(i)+0.5-height/2.
				e := m.Data[6*n:]
				column, row := e[0]*u+e[1]*v+e[2]+2.5-0.5, e[3]*u+e[4]*v+e[5]+2-0.5
				for c := range 2 {
					sum := 0.0
					for r := range 4 {
						for q := range 5 {
							weight := max(0, 1-math.Abs(row-float64(r))) * max(0, 1-math.Abs(column-float64(q)))
							sum += weight * x.Data[((n*4+r)*5+q)*2+c]
						}
					}
					want.Data = append(want.Data, sum)
				}
			}
		}
	}
	fn := func(in []*graph.Node) *graph.Node {
		return ops.Warp(in[0], graph.Reshape(graph.Const(in[0].Graph(), m.Data), m.Dims...), height, width)
	}
	oracle.Value(t, fn, []oracle.Array{x}, want)
	square := func(in []*graph.Node) *graph.Node { return graph.Mul(fn(in), graph.Square(fn(in))) }
	oracle.Gradients(t, square, []oracle.Array{x}, oracle.Order(2), oracle.Tol(1e-5), oracle.Elements(8))
}
