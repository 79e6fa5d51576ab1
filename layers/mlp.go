package layers

import (
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// MLP is a stack of dense layers, each but the last followed by an activation. The input of the last is marked "features".
type MLP struct {
	Hidden     []int // units of the hidden layers
	Units      int   // of the last
	Activation func(x *graph.Node) *graph.Node
	Norm       func(net Net, x *graph.Node) *graph.Node // after each hidden product; nil: none
	Init       Init
}

// On applies the layers with the weights at net.
func (m MLP) On(net Net, x *graph.Node) *graph.Node {
	for i, units := range m.Hidden {
		at := net.Nth("dense", i+1)
		x = Dense{Units: units, Init: m.Init}.On(at, x)
		if m.Norm != nil {
			x = m.Norm(at.In("norm"), x)
		}
		x = m.Activation(x)
	}
	return Dense{Units: m.Units, Init: m.Init}.On(net.In("out"), net.Mark("features", x))
}

// ReLU is max(0, x).
func ReLU(x *graph.Node) *graph.Node { return ops.ReLU(x) }

// LeakyReLU returns x above 0 and slope x below.
func LeakyReLU(slope float64) func(x *graph.Node) *graph.Node {
	return func(x *graph.Node) *graph.Node { return ops.LeakyReLU(x, slope) }
}
