package gan

import (
	"github.com/gomlx/gomlx/core/graph"
)

// AveragePrefix stands before the paths of averaged weights: "average/generator/out/kernel".
const AveragePrefix = "average/"

// Clip holds every weight that the move owns in [-bound, bound]: WGAN's way to a Lipschitz critic (Arjovsky 2017,
// 1701.07875, algorithm 1).
func Clip(r *Turn, bound float64) {
	for _, path := range r.Owned() {
		r.Set(path, graph.ClipScalar(r.Value(path), -bound, bound))
	}
}

// Average keeps an exponential moving average of the weights that the move owns, decay (a scalar) of the old and 1 -
// decay of the new, as Progressive GAN samples from it (Karras 2017, 1710.10196, appendix A). It starts at the weights
// themselves. Running statistics of batch norm are copied.
func Average(r *Turn, decay *Node) {
	for _, path := range r.Owned() {
		average := r.bind.Copy(AveragePrefix+path, path)
		r.Set(AveragePrefix+path, graph.Add(graph.Mul(average, decay), graph.Mul(r.Value(path), graph.OneMinus(decay))))
	}
	for _, path := range r.bind.Statistics(r.move.Owns) {
		r.bind.Copy(AveragePrefix+path, path)
		r.Set(AveragePrefix+path, r.Value(path))
	}
}
