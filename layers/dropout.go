package layers

import "github.com/gomlx/gomlx/core/graph"

// Dropout sets each number to 0 by the chance Rate and divides the others by 1 - Rate (Srivastava 2014), with a mask drawn anew for
// each pass of every kind: where a generator has no other noise, it is the noise (Isola 2016, 1611.07004, section 3.1).
type Dropout struct{ Rate float64 }

// On applies the layer, which has no weights; the mask is drawn at net.
func (d Dropout) On(net Net, x *graph.Node) *graph.Node {
	chance := net.Uniform("dropout", x.Shape().Dimensions...)
	kept := graph.GreaterOrEqual(chance, graph.Scalar(x.Graph(), x.DType(), d.Rate))
	return graph.Where(kept, graph.MulScalar(x, 1/(1-d.Rate)), graph.ZerosLike(x))
}
