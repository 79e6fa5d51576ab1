package gan

import (
	"github.com/gomlx/gomlx/core/graph"
)

// Score is a critic as a penalty sees it: records [batch, ...] to scores [batch].
type Score func(x *Node) *Node

// slope returns the squared length of the score's gradient at each record, [batch].
func slope(score Score, x *Node) *Node {
	// The sum over the batch has each record's own gradient, as long as a score depends on its own record alone.
	gradient := graph.Gradient(graph.ReduceAllSum(score(x)), x)[0]
	axes := make([]int, x.Rank()-1)
	for i := range axes {
		axes[i] = i + 1
	}
	return graph.ReduceSum(graph.Square(gradient), axes...)
}

// GradientPenalty is (|grad D| - target)^2 at points drawn between real and generated records (Gulrajani 2017, 1704.00028,
// equation 3, with weight 1 and target 1), one epsilon a record. oneSided leaves slopes below the target alone (its section 4).
func GradientPenalty(r *Turn, score Score, real, fake *Node, target float64, oneSided bool) *Node {
	epsilon := r.Draw(Uniform("penalty/epsilon"))
	for epsilon.Rank() < real.Rank() {
		epsilon = graph.InsertAxes(epsilon, -1)
	}
	between := graph.Add(graph.Mul(epsilon, real), graph.Mul(graph.OneMinus(epsilon), graph.StopGradient(fake)))
	return towards(slope(score, between), target, oneSided)
}

// towards is the mean of (sqrt(squared) - target)^2. The root's gradient is infinite at 0, hence the small constant.
func towards(squared *Node, target float64, oneSided bool) *Node {
	away := graph.AddScalar(graph.Sqrt(graph.AddScalar(squared, 1e-12)), -target)
	if oneSided {
		away = graph.MaxScalar(away, 0)
	}
	return mean(graph.Square(away))
}

// R1 is half the mean squared slope at real records (Mescheder 2018, 1801.04406, equation 9, with gamma 1).
func R1(score Score, real *Node) *Node { return graph.MulScalar(mean(slope(score, real)), 0.5) }

// R2 is R1 at generated records (its equation 10).
func R2(score Score, fake *Node) *Node {
	return graph.MulScalar(mean(slope(score, graph.StopGradient(fake))), 0.5)
}

// Dragan is the gradient penalty around the data (Kodali 2017, 1705.07215, algorithm 1 and the authors' code): at
// x + 0.5 std(x) u with u uniform in [0, 1), one std a batch.
func Dragan(r *Turn, score Score, real *Node) *Node {
	shape := real.Shape().Dimensions[1:]
	deviation := graph.Sqrt(graph.AddScalar(mean(graph.Square(graph.Sub(real, mean(real)))), 1e-12))
	around := graph.Add(real, graph.Mul(graph.MulScalar(deviation, 0.5), r.Draw(Uniform("penalty/dragan", shape...))))
	return towards(slope(score, around), 1, false)
}
