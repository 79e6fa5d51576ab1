package layers

import "github.com/gomlx/gomlx/core/graph"

// MinibatchDiscrimination lets a critic compare the records of a batch (Salimans 2016, 1606.03498, section 3.2): features are mapped to
// Kernels vectors of Size numbers, and each record gets, for each kernel, the sum over the other records of exp(-L1 distance).
// [batch, n] to [batch, n + Kernels]; a map [batch, h, w, C] to [batch, h, w, C + Kernels], the same numbers at every place.
type MinibatchDiscrimination struct {
	Kernels, Size int // the paper's code has 100 of 5
}

// On applies the layer with the weights at net.
func (l MinibatchDiscrimination) On(net Net, x *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	batch := dims[0]
	m := Dense{Units: l.Kernels * l.Size, NoBias: true}.On(net, graph.Reshape(x, batch, -1))
	m = graph.Transpose(m, 0, 1) // the records last, since long rows are fast
	pairs := graph.Sub(graph.Reshape(m, l.Kernels, l.Size, batch, 1), graph.Reshape(m, l.Kernels, l.Size, 1, batch))
	distances := graph.ReduceSum(graph.Abs(pairs), 1)                                 // [kernels, batch, batch]
	near := graph.AddScalar(graph.ReduceSum(graph.Exp(graph.Neg(distances)), -1), -1) // without the record itself
	near = graph.Transpose(near, 0, 1)                                                // [batch, kernels]
	if len(dims) == 2 {
		return graph.Concatenate([]*graph.Node{x, near}, -1)
	}
	places := graph.BroadcastToDims(graph.Reshape(near, batch, 1, 1, l.Kernels), batch, dims[1], dims[2], l.Kernels)
	return graph.Concatenate([]*graph.Node{x, places}, -1)
}
