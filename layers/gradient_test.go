package layers_test

import (
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/internal/oracle/nets"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// Every layer that a critic may have, differentiated by its input and by every weight: the gradient, and the gradient of the gradient
// that a gradient penalty takes. A bend of ReLU lies near no pre-activation at these seeds, and a small step keeps off it.
func TestGradientsToSecondOrder(t *testing.T) {
	norm := layers.LayerNorm{}.On
	for name, c := range map[string]struct {
		network nets.Network
		pass    layers.Pass
		x       []int
	}{
		"dense":               {layers.Dense{Units: 3}.On, layers.Train, []int{2, 4}},
		"conv":                {layers.Conv{Filters: 2, Kernel: 3, Pad: 1}.On, layers.Train, []int{2, 4, 4, 2}},
		"conv, strided":       {layers.Conv{Filters: 2, Kernel: 4, Stride: 2, Pad: 1}.On, layers.Train, []int{2, 6, 6, 2}},
		"conv, reflected":     {layers.Conv{Filters: 2, Kernel: 3, Pad: 1, Reflect: true}.On, layers.Train, []int{2, 3, 4, 2}},
		"transposed, longer":  {layers.ConvTranspose{Filters: 2, Kernel: 3, Stride: 2, Pad: 1, OutputPad: 1}.On, layers.Train, []int{2, 3, 3, 2}},
		"instance norm":       {scaledInstanceNorm, layers.Train, []int{2, 3, 3, 2}},
		"transposed":          {layers.ConvTranspose{Filters: 2, Kernel: 4, Stride: 2, Pad: 1}.On, layers.Train, []int{2, 3, 3, 2}},
		"layer norm":          {norm, layers.Train, []int{2, 3, 3, 2}},
		"batch norm, train":   {layers.BatchNorm{}.On, layers.Train, []int{3, 2, 2, 2}},
		"batch norm, batch":   {layers.BatchNorm{}.On, layers.Batch, []int{3, 2, 2, 2}},
		"batch norm, fixed":   {layers.BatchNorm{}.On, layers.Fixed, []int{3, 2, 2, 2}},
		"embedding":           {projection, layers.Train, []int{3, 4}},
		"maxout":              {layers.Maxout{Units: 3, Pieces: 4}.On, layers.Train, []int{3, 4}},
		"mlp":                 {layers.MLP{Hidden: []int{4, 4}, Units: 2, Activation: layers.LeakyReLU(0.2), Norm: norm}.On, layers.Train, []int{2, 3}},
		"residual, up":        {layers.Residual{Filters: 3, Resample: layers.Up, Norm: norm}.On, layers.Train, []int{2, 3, 3, 2}},
		"residual, down":      {layers.Residual{Filters: 3, Resample: layers.Down, Norm: norm}.On, layers.Train, []int{2, 4, 4, 2}},
		"residual, first":     {layers.Residual{Filters: 3, Resample: layers.Down, First: true}.On, layers.Train, []int{2, 4, 4, 2}},
		"residual, same":      {layers.Residual{Filters: 2, Norm: layers.BatchNorm{}.On}.On, layers.Batch, []int{2, 3, 3, 2}},
		"residual, same wide": {layers.Residual{Filters: 3}.On, layers.Train, []int{2, 3, 3, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			open := nets.At(t, c.network, c.pass, oracle.Normal(7, c.x...))
			oracle.Gradients(t, open.Function, open.Inputs, oracle.Step(1e-4), oracle.Tol(1e-6), oracle.Elements(12))
		})
	}
}

// projection is a conditional score (Miyato 2018, 1802.05637): the product of features with the class's row.
func projection(net layers.Net, x *graph.Node) *graph.Node {
	labels := graph.Const(x.Graph(), []int32{2, 0, 2})
	features := layers.Dense{Units: 3}.On(net.In("features"), x)
	return graph.ReduceSum(graph.Mul(graph.Tanh(features), layers.Embedding{Rows: 3, Size: 3}.On(net.In("class"), labels)), -1)
}

// scaledInstanceNorm is the norm times its input: by itself the squares of what it returns always have one sum.
func scaledInstanceNorm(net layers.Net, x *graph.Node) *graph.Node {
	return graph.Mul(layers.InstanceNorm{}.On(net, x), x)
}
