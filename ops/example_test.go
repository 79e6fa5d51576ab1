package ops_test

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
)

// The gradient of a gradient penalty through a strided convolution, which WGAN-GP needs.
func Example() {
	ops.Register()
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		fmt.Println(err)
		return
	}
	step, err := graph.NewExec(backend, func(x, kernel *graph.Node) *graph.Node {
		hidden := ops.Conv(x, kernel, ops.ConvOptions{Stride: 2, Padding: 1}) // [batch, 2, 2, 1]
		score := ops.SampleSum(ops.LeakyReLU(hidden, 0.2))                    // [batch]
		slope := ops.SampleNorm(ops.SampleGradient(score, x), 1e-12)          // [batch]
		penalty := graph.ReduceAllMean(graph.Square(graph.AddScalar(slope, -1)))
		return graph.Gradient(penalty, kernel)[0] // [2, 2, 1, 1]
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	x := [][][][]float64{{{{1}, {2}}, {{3}, {4}}}}             // [1, 2, 2, 1]
	kernel := [][][][]float64{{{{1}}, {{-1}}}, {{{0}}, {{2}}}} // [2, 2, 1, 1]
	gradient, err := step.Call1(x, kernel)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f\n", gradient.Value())
	// Output: [[[[1.1091]] [[-0.0444]]] [[[0.0000]] [[2.2183]]]]
}
