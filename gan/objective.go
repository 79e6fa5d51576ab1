package gan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Objective is what the two players want, as functions of the critic's scores [batch] on real and generated records.
// Losses are means over the batch and are lowered.
type Objective struct {
	Name   string
	Source string
	// Critic returns the losses of the critic on real and on generated records. one is the target for real records, below
	// 1 with one-sided label smoothing.
	Critic func(real, fake *Node, one float64) (onReal, onFake *Node)
	// Generator returns the generator's loss. real is nil unless Relative.
	Generator func(fake, real *Node) *Node
	// Probability tells that a score is the logit of "real", so that D(x) is reported as a probability.
	Probability bool
	// Labels tells that real records have a target, which label smoothing lowers.
	Labels bool
	// Unbounded tells that the loss has no lower bound unless the critic is held to be Lipschitz.
	Unbounded bool
	// Relative tells that the generator's loss compares with real records.
	Relative bool
}

// Objectives lists all, in the order of their papers.
func Objectives() []Objective {
	return []Objective{
		{Name: "minimax", Source: "Goodfellow 2014, 1406.2661, equation 1", Critic: crossEntropy, Probability: true, Labels: true,
			Generator: func(fake, _ *Node) *Node { return graph.Neg(mean(ops.Softplus(fake))) }},
		{Name: "nonsaturating", Source: "Goodfellow 2014, 1406.2661, section 3", Critic: crossEntropy, Probability: true, Labels: true,
			Generator: func(fake, _ *Node) *Node { return mean(ops.Softplus(graph.Neg(fake))) }},
		{Name: "lsgan", Source: "Mao 2016, 1611.04076, equation 9 (a = 0, b = c = 1)", Critic: leastSquares, Labels: true,
			Generator: func(fake, _ *Node) *Node { return halfSquare(graph.AddScalar(fake, -1)) }},
		{Name: "wasserstein", Source: "Arjovsky 2017, 1701.07875, equation 3", Unbounded: true,
			Critic:    func(real, fake *Node, _ float64) (*Node, *Node) { return graph.Neg(mean(real)), mean(fake) },
			Generator: func(fake, _ *Node) *Node { return graph.Neg(mean(fake)) }},
		{Name: "hinge", Source: "Lim and Ye 2017, 1705.02894; Miyato 2018, 1802.05957, equation 16",
			Critic:    func(real, fake *Node, _ float64) (*Node, *Node) { return hinge(graph.Neg(real)), hinge(fake) },
			Generator: func(fake, _ *Node) *Node { return graph.Neg(mean(fake)) }},
		{Name: "relativistic", Source: "Jolicoeur-Martineau 2018, 1807.00734, the standard one (RSGAN)", Relative: true,
			Critic: func(real, fake *Node, _ float64) (*Node, *Node) {
				loss := mean(ops.Softplus(graph.Sub(fake, real)))
				return loss, graph.ZerosLike(loss)
			},
			Generator: func(fake, real *Node) *Node { return mean(ops.Softplus(graph.Sub(real, fake))) }},
	}
}

// FindObjective returns the objective of that name.
func FindObjective(name string) (Objective, error) {
	all := Objectives()
	i := slices.IndexFunc(all, func(o Objective) bool { return o.Name == name })
	if i < 0 {
		var names []string
		for _, o := range all {
			names = append(names, o.Name)
		}
		return Objective{}, fmt.Errorf("objective: there is no %q; there are %s", name, strings.Join(names, ", "))
	}
	return all[i], nil
}

func mean(x *Node) *Node { return graph.ReduceAllMean(x) }

// crossEntropy is -one log D(x) - (1 - one) log(1 - D(x)) and -log(1 - D(G(z))), with D the logistic of the score.
func crossEntropy(real, fake *Node, one float64) (*Node, *Node) {
	onReal := mean(ops.Softplus(graph.Neg(real)))
	if one != 1 {
		// softplus(x) = softplus(-x) + x
		onReal = graph.Add(onReal, graph.MulScalar(mean(real), 1-one))
	}
	return onReal, mean(ops.Softplus(fake))
}

func leastSquares(real, fake *Node, one float64) (*Node, *Node) {
	return halfSquare(graph.AddScalar(real, -one)), halfSquare(fake)
}

func halfSquare(x *Node) *Node { return graph.MulScalar(mean(graph.Square(x)), 0.5) }

// hinge is max(0, 1 + x).
func hinge(x *Node) *Node { return mean(ops.ReLU(graph.AddScalar(x, 1))) }
