package gan

import (
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Score is a critic as a penalty sees it: records [batch, ...] to scores [batch].
type Score func(x *Node) *Node

// slope returns the squared length of the score's gradient at each record, [batch]. Where batch norm ties the scores of a
// batch together it is that of the sum of all scores, as in every framework. x must not be a stopped node: GoMLX ends a
// gradient before it reaches one, and the slope would silently be 0 (ops.Cut is the way).
func slope(score Score, x *Node) *Node {
	return ops.SampleSquaredNorm(ops.SampleGradient(score(x), x))
}

// GradientPenalty is (|grad D| - target)^2 at points drawn between real and generated records (Gulrajani 2017, 1704.00028,
// equation 3, with weight 1 and target 1), one epsilon a record. oneSided leaves slopes below the target alone (its section 4).
func GradientPenalty(r *Turn, score Score, real, fake *Node, target float64, oneSided bool) *Node {
	epsilon := eachRecord(r.Draw(Uniform("penalty/epsilon")), real)
	between := graph.Add(graph.Mul(epsilon, real), graph.Mul(graph.OneMinus(epsilon), fake))
	return towards(slope(score, between), target, oneSided)
}

// eachRecord gives one number a record, [batch or more], the axes of the records, [batch, 1, ...].
func eachRecord(number, records *Node) *Node {
	number = part(number, records.Shape().Dimensions[0])
	dims := make([]int, records.Rank())
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = number.Shape().Dimensions[0]
	return graph.Reshape(number, dims...)
}

// towards is the mean of (sqrt(squared) - target)^2. The root's gradient is infinite at 0, hence the small constant.
func towards(squared *Node, target float64, oneSided bool) *Node {
	away := graph.AddScalar(graph.Sqrt(graph.AddScalar(squared, 1e-12)), -target)
	if oneSided {
		away = ops.ReLU(away)
	}
	return mean(graph.Square(away))
}

// R1 is half the mean squared slope at real records (Mescheder 2018, 1801.04406, equation 9, with gamma 1).
func R1(score Score, real *Node) *Node { return graph.MulScalar(mean(slope(score, real)), 0.5) }

// R2 is R1 at generated records (its equation 10).
func R2(score Score, fake *Node) *Node { return R1(score, fake) }

// Dragan is the gradient penalty around the data (Kodali 2017, 1705.07215, algorithm 1), with the authors' code's choice of
// the noise: at x + 0.5 std(x) alpha u, with one std a batch, one alpha a record, one u a number, both uniform in [0, 1).
func Dragan(r *Turn, score Score, real *Node) *Node {
	dims := real.Shape().Dimensions
	noise := part(r.Draw(Uniform("penalty/dragan", dims[1:]...)), dims[0])
	alpha := eachRecord(r.Draw(Uniform("penalty/epsilon")), real)
	deviation := graph.Sqrt(mean(graph.Square(graph.Sub(real, mean(real)))))
	around := graph.Add(real, graph.Mul(graph.MulScalar(deviation, 0.5), graph.Mul(alpha, noise)))
	return towards(slope(score, around), 1, false)
}
