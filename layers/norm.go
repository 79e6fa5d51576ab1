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
	mean, inverse := batchMoments(net, x, l.Epsilon)
	channels := x.Shape().Dimensions[x.Rank()-1]
	scale := net.Weight("scale", l.Scale.or(Constant(1)), channels)
	shift := net.Weight("shift", Constant(0), channels)
	// One multiplication and one addition a value: x*a + (shift - mean*a).
	a := graph.Mul(broadcast(scale, inverse), inverse)
	return graph.Add(graph.Mul(x, broadcast(a, x)), broadcast(graph.Sub(broadcast(shift, a), graph.Mul(mean, a)), x))
}

// batchMoments returns mean and inverse deviation of each channel as the kind of pass has them, [channels], and updates the running
// statistics at net where it does that. Against a reference batch each record has its own, [batch, 1, ..., channels].
func batchMoments(net Net, x *graph.Node, epsilon float64) (mean, inverse *graph.Node) {
	if net.reference != nil {
		mean, variance := net.reference.moments(net, x)
		return mean, inverseDeviation(variance, epsilon)
	}
	const momentum = 0.1
	channels := x.Shape().Dimensions[x.Rank()-1]
	runningMean := net.Statistic("mean", Constant(0), channels)
	runningVariance := net.Statistic("variance", Constant(1), channels)
	if net.Pass() == Fixed {
		return runningMean, inverseDeviation(runningVariance, epsilon)
	}
	mean, variance := channelMoments(x)
	places := float64(x.Shape().Size() / channels)
	unbiased := graph.MulScalar(variance, places/max(places-1, 1))
	switch net.Pass() {
	case Train:
		net.SetStatistic("mean", follow(runningMean, mean, momentum))
		net.SetStatistic("variance", follow(runningVariance, unbiased, momentum))
	case Measure:
		net.SetStatistic("mean", mean)
		net.SetStatistic("variance", unbiased)
	}
	return mean, inverseDeviation(variance, epsilon)
}

// ConditionalBatchNorm is batch norm whose scale and shift follow from a condition (de Vries 2017, 1707.00683; Dumoulin 2017,
// 1610.07629): of labels [batch] (int32) each class has its own, 1 and 0 at first; of a vector [batch, n] they are linear maps, with
// 1 added to the scale (Brock 2018, 1809.11096, appendix B).
type ConditionalBatchNorm struct {
	Epsilon float64 // 0 is 1e-5
	Classes int     // how many labels there are
	Init    Init    // of the linear maps; the zero value is LeCun
}

// On applies the layer with the weights at net.
func (l ConditionalBatchNorm) On(net Net, x, condition *graph.Node) *graph.Node {
	mean, inverse := batchMoments(net, x, l.Epsilon)
	channels := x.Shape().Dimensions[x.Rank()-1]
	var scale, shift *graph.Node // [batch, channels]
	if condition.DType().IsInt() {
		// A class's row is its own set of parameters, not a map that a hook should hold in bounds.
		scale = Embedding{Rows: l.Classes, Size: channels, Init: Constant(1)}.On(net.In("scale").Bare(), condition)
		shift = Embedding{Rows: l.Classes, Size: channels, Init: Constant(0)}.On(net.In("shift").Bare(), condition)
	} else {
		scale = graph.AddScalar(Dense{Units: channels, NoBias: true, Init: l.Init}.On(net.In("scale"), condition), 1)
		shift = Dense{Units: channels, NoBias: true, Init: l.Init}.On(net.In("shift"), condition)
	}
	a := graph.Mul(scale, besideLabels(inverse))
	b := graph.Sub(shift, graph.Mul(a, besideLabels(mean)))
	return graph.Add(graph.Mul(x, between(a, x)), between(b, x))
}

// besideLabels lays moments [channels], or [batch, 1, ..., channels], out as [1 or batch, channels].
func besideLabels(moment *graph.Node) *graph.Node {
	return graph.Reshape(moment, -1, moment.Shape().Dimensions[moment.Rank()-1])
}

// between puts axes of size 1 between the first and the last of v [batch, channels] until it has as many as like.
func between(v, like *graph.Node) *graph.Node {
	dims := make([]int, like.Rank())
	for i := range dims {
		dims[i] = 1
	}
	dims[0], dims[len(dims)-1] = v.Shape().Dimensions[0], v.Shape().Dimensions[1]
	return graph.Reshape(v, dims...)
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

// InstanceNorm normalises each channel of each record over its places (Ulyanov 2016, 1607.08022), without scale and shift, as
// Torch does by default: [batch, height, width, channels] to the same.
type InstanceNorm struct {
	Epsilon float64 // 0 is 1e-5
}

// On applies the layer, which has no weights.
func (l InstanceNorm) On(_ Net, x *graph.Node) *graph.Node {
	mean := graph.ReduceAndKeep(x, graph.ReduceMean, 1, 2) // [batch, 1, 1, channels]
	variance := varianceAbout(graph.StopGradient(mean), x, mean, 1, 2)
	return graph.Mul(graph.Sub(x, mean), inverseDeviation(variance, l.Epsilon))
}

// moments returns mean and variance (biased) over the axes.
func moments(x *graph.Node, axes ...int) (mean, variance *graph.Node) {
	mean = graph.ReduceAndKeep(x, graph.ReduceMean, axes...)
	variance = varianceAbout(graph.StopGradient(mean), x, mean, axes...)
	return graph.Squeeze(mean, axes...), graph.Squeeze(variance, axes...)
}

// channelMoments returns mean and variance (biased) of each channel. Both are taken about the channel's first value, so that one pass
// over x finds both: a value of the batch is near enough to the mean that the difference of squares keeps its digits.
func channelMoments(x *graph.Node) (mean, variance *graph.Node) {
	axes := allBut(x, x.Rank()-1)
	first := make([]graph.SliceAxisSpec, len(axes))
	for i := range first {
		first[i] = graph.AxisElem(0)
	}
	about := graph.StopGradient(graph.Slice(x, first...)) // [1, ..., 1, channels]
	mean = graph.Add(graph.ReduceAndKeep(graph.Sub(x, about), graph.ReduceMean, axes...), about)
	variance = graph.MaxScalar(varianceAbout(about, x, mean, axes...), 0)
	return graph.Squeeze(mean, axes...), graph.Squeeze(variance, axes...)
}

// varianceAbout is E[(x-a)^2] - (mean-a)^2 over the axes, which are kept: for any constant a the variance, and so are its gradients of any
// order. Where a is the mean the second term is 0, but its gradient is one number a channel; that of E[(x-mean)^2] needs the sum of all x-mean,
// which is zero but for rounding and costs two more passes over x.
func varianceAbout(a, x, mean *graph.Node, axes ...int) *graph.Node {
	squares := graph.ReduceAndKeep(graph.Square(graph.Sub(x, a)), graph.ReduceMean, axes...)
	return graph.Sub(squares, graph.Square(graph.Sub(mean, a)))
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
