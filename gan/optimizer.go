package gan

import (
	"math"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// Optimizer turns gradients into steps. It is handed the weights, their gradients and the rate, and keeps its state under
// the slot, so that moves which share weights keep moments apart, or share them by naming the same slot.
type Optimizer interface {
	Step(r *Turn, slot string, paths []string, gradients []*Node, rate *Node)
}

// MovesScope is where optimisers keep their state: "moves/critic/m/critic/out/kernel".
const MovesScope = "moves"

// moment is a running figure of one weight that an optimiser keeps, starting at 0.
func moment(r *Turn, slot, name, path string) (*Node, string) {
	key := MovesScope + "/" + slot + "/" + name + "/" + path
	return r.State(key, layers.Constant(0), r.Value(path).Shape().Dimensions...), key
}

// Adam is Kingma and Ba 2014, 1412.6980, algorithm 1.
type Adam struct {
	Beta1, Beta2 float64
	Epsilon      float64 // 0 is 1e-8
	Beta2Knob    string  // the knob that is beta2, in place of Beta2, where it changes

	power float64 // of the knob; 0 is 1
}

// Step moves by rate * m^ / (sqrt(v^) + epsilon), where m^ and v^ are the moments without their bias to 0.
func (a Adam) Step(r *Turn, slot string, paths []string, gradients []*Node, rate *Node) {
	epsilon := a.Epsilon
	if epsilon == 0 {
		epsilon = 1e-8
	}
	stepsKey := MovesScope + "/" + slot + "/steps"
	steps := graph.AddScalar(r.State(stepsKey, layers.Constant(0)), 1)
	r.Set(stepsKey, steps)
	step := graph.Div(rate, unbias(steps, a.Beta1)) // scalar
	second, unbiased := a.second(r, steps)
	root := graph.Reciprocal(graph.Sqrt(unbiased)) // scalar
	for i, path := range paths {
		g := gradients[i]
		m, mKey := moment(r, slot, "m", path)
		v, vKey := moment(r, slot, "v", path)
		m = graph.Add(graph.MulScalar(m, a.Beta1), graph.MulScalar(g, 1-a.Beta1))
		v = second(v, graph.Square(g))
		r.Set(mKey, m)
		r.Set(vKey, v)
		r.Set(path, graph.Sub(r.Value(path), graph.Div(graph.Mul(m, step), graph.AddScalar(graph.Mul(graph.Sqrt(v), root), epsilon))))
	}
}

// second returns how the second moment follows the squared gradients, and its unbias.
func (a Adam) second(r *Turn, steps *Node) (follow func(v, square *Node) *Node, unbiased *Node) {
	if a.Beta2Knob == "" {
		return func(v, square *Node) *Node {
			return graph.Add(graph.MulScalar(v, a.Beta2), graph.MulScalar(square, 1-a.Beta2))
		}, unbias(steps, a.Beta2)
	}
	logarithm := graph.MulScalar(graph.Log(r.Knob(a.Beta2Knob)), orOne(a.power)) // of beta2, as it is now: Torch takes it for all steps
	beta, rest := graph.Exp(logarithm), graph.Neg(graph.Expm1(logarithm))
	return func(v, square *Node) *Node { return graph.Add(graph.Mul(v, beta), graph.Mul(square, rest)) },
		graph.Neg(graph.Expm1(graph.Mul(steps, logarithm)))
}

// unbias is 1 - beta^steps, through expm1, since 1 - 0.999 has four digits left in float32.
func unbias(steps *Node, beta float64) *Node {
	if beta == 0 {
		return graph.OnesLike(steps)
	}
	return graph.Neg(graph.Expm1(graph.MulScalar(steps, math.Log(beta))))
}

// RMSProp divides by a running root mean square of the gradients (Hinton 2012, lecture 6e), as WGAN uses it. Epsilon
// stands outside the root, as in Torch.
type RMSProp struct {
	Decay   float64 // 0 is 0.99
	Epsilon float64 // 0 is 1e-8
}

// Step moves by rate * g / (sqrt(v) + epsilon).
func (o RMSProp) Step(r *Turn, slot string, paths []string, gradients []*Node, rate *Node) {
	if o.Decay == 0 {
		o.Decay = 0.99
	}
	if o.Epsilon == 0 {
		o.Epsilon = 1e-8
	}
	for i, path := range paths {
		v, key := moment(r, slot, "v", path)
		v = graph.Add(graph.MulScalar(v, o.Decay), graph.MulScalar(graph.Square(gradients[i]), 1-o.Decay))
		r.Set(key, v)
		r.Set(path, graph.Sub(r.Value(path), graph.Div(graph.Mul(gradients[i], rate), graph.AddScalar(graph.Sqrt(v), o.Epsilon))))
	}
}

// SGD is gradient descent with momentum, as Goodfellow 2014 trains both players.
type SGD struct{ Momentum float64 }

// Step moves by rate * u, where u = momentum * u + g.
func (o SGD) Step(r *Turn, slot string, paths []string, gradients []*Node, rate *Node) {
	for i, path := range paths {
		u := gradients[i]
		if o.Momentum != 0 {
			old, key := moment(r, slot, "u", path)
			u = graph.Add(graph.MulScalar(old, o.Momentum), u)
			r.Set(key, u)
		}
		r.Set(path, graph.Sub(r.Value(path), graph.Mul(u, rate)))
	}
}
