package layers

import "github.com/gomlx/gomlx/core/graph"

// BatchNorm normalises each channel (the last axis) over the batch and all places (Ioffe 2015, 1502.03167), then scales and
// shifts. The running statistics follow the batch's with Torch's momentum of 0.1 and serve passes of kind Fixed.
type BatchNorm struct {
	Epsilon float64 // 0 is 1e-5
	Scale   Init    // of the scale; the zero value is 1
}

// On applies the layer with the weights at net.
func (l BatchNorm) On(net Net, x *graph.Node) *graph.Node {
	const momentum = 0.1
	channels := x.Shape().Dimensions[x.Rank()-1]
	runningMean := net.Statistic("mean", Constant(0), channels)
	runningVariance := net.Statistic("variance", Constant(1), channels)
	mean, variance := runningMean, runningVariance
	if net.Pass() != Fixed {
		mean, variance = moments(x, allBut(x, x.Rank()-1)...)
		if net.Pass() == Train {
			places := float64(x.Shape().Size() / channels)
			unbiased := graph.MulScalar(variance, places/max(places-1, 1))
			net.SetStatistic("mean", follow(runningMean, mean, momentum))
			net.SetStatistic("variance", follow(runningVariance, unbiased, momentum))
		}
	}
	scale := net.Weight("scale", l.Scale.or(Constant(1)), channels)
	shift := net.Weight("shift", Constant(0), channels)
	// One multiplication and one addition a value: x*a + (shift - mean*a).
	a := graph.Mul(scale, inverseDeviation(variance, l.Epsilon))
	return graph.Add(graph.Mul(x, broadcast(a, x)), broadcast(graph.Sub(shift, graph.Mul(mean, a)), x))
}

// follow moves the old value towards the new one.
func follow(old, new *graph.Node, momentum float64) *graph.Node {
	return graph.Add(graph.MulScalar(old, 1-momentum), graph.MulScalar(new, momentum))
}

// LayerNorm normalises each record over all its places and channels (Ba 2016, 1607.06450), then scales and shifts each
// channel: what WGAN-GP puts in the place of batch norm in its critics (Gulrajani 2017, section 4).
type LayerNorm struct {
	Epsilon float64 // 0 is 1e-5
}

// On applies the layer with the weights at net.
func (l LayerNorm) On(net Net, x *graph.Node) *graph.Node {
	channels := x.Shape().Dimensions[x.Rank()-1]
	mean, variance := moments(x, allBut(x, 0)...) // [batch]
	scale := net.Weight("scale", Constant(1), channels)
	shift := net.Weight("shift", Constant(0), channels)
	x = graph.Sub(x, trailing(mean, x))
	x = graph.Mul(x, trailing(inverseDeviation(variance, l.Epsilon), x))
	return graph.Add(graph.Mul(x, broadcast(scale, x)), broadcast(shift, x))
}

// moments returns mean and variance (biased) over the axes.
func moments(x *graph.Node, axes ...int) (mean, variance *graph.Node) {
	kept := graph.ReduceAndKeep(x, graph.ReduceMean, axes...)
	return graph.Squeeze(kept, axes...), graph.ReduceMean(graph.Square(graph.Sub(x, kept)), axes...)
}

// inverseDeviation is 1/sqrt(variance + epsilon).
func inverseDeviation(variance *graph.Node, epsilon float64) *graph.Node {
	if epsilon == 0 {
		epsilon = 1e-5
	}
	return graph.Reciprocal(graph.Sqrt(graph.AddScalar(variance, epsilon)))
}

// allBut returns the axes of x without one.
func allBut(x *graph.Node, axis int) []int {
	var axes []int
	for i := range x.Rank() {
		if i != axis {
			axes = append(axes, i)
		}
	}
	return axes
}

// trailing puts axes of size 1 after those of x until it has as many as like, whose first axes it shares.
func trailing(x, like *graph.Node) *graph.Node {
	for x.Rank() < like.Rank() {
		x = graph.InsertAxes(x, -1)
	}
	return x
}
