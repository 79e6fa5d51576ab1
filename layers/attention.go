package layers

import (
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// SelfAttention lets every place of a map look at every other (Zhang 2018, 1805.08318, section 3), as its authors' code does it: keys
// and values are halved in side by taking maxima, and values have half the channels. [batch, side, side, C] to the same, for an even side. Of C/8
// and C/2 channels there is always one.
//
//	beta = softmax(theta(x) phi(x)')         [batch, places, places/4], noted as "attention"
//	y    = x + gamma o(beta g(x))            gamma is a weight, 0 at first
type SelfAttention struct {
	Init Init // of the four 1x1 convolutions; the zero value is LeCun
}

// On applies the layer with the weights at net.
func (l SelfAttention) On(net Net, x *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	batch, channels := dims[0], dims[3]
	project := func(name string, from *graph.Node, filters int) *graph.Node {
		return Conv{Filters: max(filters, 1), Kernel: 1, NoBias: true, Init: l.Init}.On(net.In(name), from)
	}
	flat := func(y *graph.Node) *graph.Node { return graph.Reshape(y, batch, -1, y.Shape().Dimensions[3]) }
	halved := ops.PoolOptions{Window: 2}

	theta := flat(project("theta", x, channels/8))                  // [batch, places, C/8]
	phi := flat(ops.MaxPool(project("phi", x, channels/8), halved)) // [batch, places/4, C/8]
	g := flat(ops.MaxPool(project("g", x, channels/2), halved))     // [batch, places/4, C/2]
	beta := graph.Softmax(graph.Einsum("bqc,bkc->bqk", theta, phi), -1)
	net.Note("attention", beta)
	seen := graph.Reshape(graph.Einsum("bqk,bkc->bqc", beta, g), batch, dims[1], dims[2], -1)
	gamma := net.In("gamma").Weight("scale", Constant(0))
	return graph.Add(x, graph.Mul(gamma, project("o", seen, channels)))
}
