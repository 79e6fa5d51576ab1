package layers_test

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// A small critic of pictures. Building it meets its variables; nothing is allocated until the graph runs.
func Example() {
	weights := layers.NewWeights(1)
	g := graph.NewGraph(gobackend.GetBackend(), "example")
	net := layers.Bind(weights, g).Root("critic")

	x := graph.Parameter(g, "pictures", shapes.Make(dtypes.Float32, 16, 28, 28, 1)) // [batch, 28, 28, 1]
	x = layers.Conv{Filters: 8, Kernel: 4, Stride: 2, Pad: 1}.On(net.Nth("down", 1), x)
	x = layers.LeakyReLU(0.2)(layers.LayerNorm{}.On(net.In("norm"), x)) // [batch, 14, 14, 8]
	x = layers.Dense{Units: 1}.On(net.In("out"), graph.Reshape(x, 16, -1))

	fmt.Println(x.Shape())
	for _, v := range weights.All("critic") {
		fmt.Println(v.Path, v.Shape.Dimensions)
	}
	fmt.Println(weights.Count("critic"), "parameters")
	// Output:
	// (Float32)[16, 1]
	// critic/down1/bias [8]
	// critic/down1/kernel [4 4 1 8]
	// critic/norm/scale [8]
	// critic/norm/shift [8]
	// critic/out/bias [1]
	// critic/out/kernel [1568 1]
	// 1721 parameters
}
