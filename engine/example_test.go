package engine_test

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/ganymede-gan/ganymede/engine"
)

// Any GoMLX program can ask for the engine by name.
func Example() {
	engine.Register()
	backend, err := compute.NewWithConfig("ganymede:threads=2")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Finalize()
	slope, err := graph.CallOnce(backend, func(x *graph.Node) *graph.Node {
		return graph.Gradient(graph.ReduceAllSum(graph.Mul(x, x)), x)[0]
	}, []float32{1, 2, 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(slope.Value())
	// Output: [2 4 6]
}
