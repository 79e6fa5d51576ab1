package layers

import (
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Resample says how a residual block changes the side of its maps.
type Resample int

const (
	// Same keeps the side.
	Same Resample = iota
	// Up doubles it by repeating pixels.
	Up
	// Down halves it by averaging 2x2.
	Down
)

// Residual is the pre-activation block of WGAN-GP's ResNets (Gulrajani 2017, 1704.00028, appendix F, and the authors' code):
// [batch, side, side, in] to [batch, side', side', Filters] by norm, ReLU, 3x3, norm, ReLU, 3x3, plus a shortcut. Up resamples
// before the first convolution, Down after the last.
type Residual struct {
	Filters  int
	Resample Resample
	Norm     func(net Net, x *graph.Node) *graph.Node // nil: none
	First    bool                                     // the block sees the picture itself: no norm, and no activation before it
	Hidden   int                                      // filters of the first convolution; 0 is Filters
	Init     Init                                     // of all kernels; the zero value is He's for the 3x3 and Glorot's for the shortcut
}

// he is what the authors' code calls so: uniform with variance 4/(fan-in + fan-out), He's where both are equal.
var he = scaled(4, func(in, out float64) float64 { return in + out })

// On applies the block with the weights at net.
func (b Residual) On(net Net, x *graph.Node) *graph.Node {
	hidden := b.Hidden
	if hidden == 0 {
		hidden = b.Filters
	}
	first := Conv{Filters: hidden, Kernel: 3, Pad: 1, Init: b.Init.or(he)}
	second := Conv{Filters: b.Filters, Kernel: 3, Pad: 1, Init: b.Init.or(he)}
	y := x
	if !b.First {
		y = ReLU(b.normalise(net.In("norm1"), y))
	}
	if b.Resample == Up {
		y = first.OnRepeated(net.In("conv1"), y)
	} else {
		y = first.On(net.In("conv1"), y)
	}
	y = ReLU(b.normalise(net.In("norm2"), y))
	if b.Resample == Down {
		y = second.OnAveraged(net.In("conv2"), y)
	} else {
		y = second.On(net.In("conv2"), y)
	}
	return graph.Add(y, b.shortcut(net, x, Conv{Filters: b.Filters, Kernel: 1, Init: b.Init.or(Glorot())}))
}

// shortcut resamples x, and projects it by a 1x1 convolution where shape or side change. The projection commutes with both
// ways of resampling, so it is done where the side is smaller, whichever comes first in the paper.
func (b Residual) shortcut(net Net, x *graph.Node, project Conv) *graph.Node {
	switch {
	case b.Resample == Up:
		return ops.UpsampleNearest(project.On(net.In("shortcut"), x), 2)
	case b.Resample == Down:
		return project.On(net.In("shortcut"), ops.MeanPool(x, ops.PoolOptions{Window: 2}))
	case x.Shape().Dimensions[x.Rank()-1] != b.Filters:
		return project.On(net.In("shortcut"), x)
	default:
		return x
	}
}

func (b Residual) normalise(net Net, x *graph.Node) *graph.Node {
	if b.Norm == nil || b.First {
		return x
	}
	return b.Norm(net, x)
}
