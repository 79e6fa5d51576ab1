package oracle_test

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/gomlx/gomlx/core/graph"
)

// A function whose gradient is a little wrong.
func ExampleCheck() {
	square := func(in []*graph.Node) *graph.Node {
		x := graph.IdentityWithCustomGradient(in[0], func(_, v *graph.Node) *graph.Node { return graph.MulScalar(v, 1.01) })
		return graph.Mul(x, x)
	}
	_, err := oracle.Check(square, []oracle.Array{oracle.Of([]int{2}, 1, 3)}, oracle.Tol(1e-3))
	fmt.Println(err)
	// Output: on Go Backend: order 1: input 0 of [2]: at [1] the gradient is 58.110806897, finite differences say 57.5354523733: error 9.9e-03 of the largest, 58.1; allowed 1.0e-03
}
