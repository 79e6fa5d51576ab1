package ops

import "github.com/gomlx/gomlx/core/graph"

// FilterOptions say how a low-pass filter resamples. They hold for every spatial axis. The zero value neither resamples nor pads.
type FilterOptions struct {
	Up            int // zeros are laid between elements until there are so many times as many; 0 means 1
	Down          int // of what comes out every so many-th is kept; 0 means 1
	Before, After int // zeros before and after what was made longer; negative cuts
}

// Filter correlates every spatial axis of x [batch, height, width, channels] with the taps, each channel by itself: along an axis of n
// elements u is x with gaps and padding, and y[o] = taps[0] u[o Down] + taps[1] u[o Down + 1] + ..., (n Up + Before + After - len(taps)) / Down
// + 1 elements. It is StyleGAN's upfirdn (Karras 2019, 1912.04958, appendix B) with taps in reading order: turn them round for a
// convolution.
func Filter(x *graph.Node, taps []float64, o FilterOptions) *graph.Node {
	o.Up, o.Down = max(o.Up, 1), max(o.Down, 1)
	if len(taps) == 0 || x.Rank() < 3 || o.Up > 1 && o.Down > 1 {
		fail("Filter: %d taps, up %d, down %d, input %v; there must be a tap and a spatial axis, and only one of up and down may be above 1", len(taps), o.Up, o.Down, x.Shape())
	}
	for i, n := range spatial(x) {
		if n*o.Up+o.Before+o.After < len(taps) {
			fail("Filter: %d taps do not fit into %v with padding %d and %d", len(taps), x.Shape(), o.Before, o.After)
		}
		if o.Up > 1 {
			x = filterUp(x, i+1, taps, o)
		} else {
			x = filterDown(x, i+1, taps, o)
		}
	}
	return x
}

// filterDown weighs the input moved by each tap.
func filterDown(x *graph.Node, axis int, taps []float64, o FilterOptions) *graph.Node {
	x = padAxis(x, axis, o.Before, o.After)
	outputs := (x.Shape().Dimensions[axis]-len(taps))/o.Down + 1
	var sum *graph.Node
	for t, tap := range taps {
		sum = addScaled(sum, strided(x, axis, t, t+(outputs-1)*o.Down+1, o.Down), tap)
	}
	return sum
}

// filterUp makes the elements of each phase, which meet every Up-th tap, from the elements without gaps.
func filterUp(x *graph.Node, axis int, taps []float64, o FilterOptions) *graph.Node {
	n := x.Shape().Dimensions[axis]
	outputs := n*o.Up + o.Before + o.After - len(taps) + 1
	each := (outputs + o.Up - 1) / o.Up // of a phase
	first := floorDiv(-o.Before, o.Up)
	last := floorDiv(o.Up-1+len(taps)-1-o.Before, o.Up) + each - 1
	x = padAxis(x, axis, -first, last-(n-1)) // element i is now at i-first
	phases := make([]*graph.Node, o.Up)
	for phase := range phases {
		for t, tap := range taps {
			place := phase + t - o.Before // of the first output, in what has gaps
			if floorDiv(place, o.Up)*o.Up != place {
				continue
			}
			from := floorDiv(place, o.Up) - first
			phases[phase] = addScaled(phases[phase], strided(x, axis, from, from+each, 1), tap)
		}
		if phases[phase] == nil { // fewer taps than phases
			phases[phase] = graph.ZerosLike(strided(x, axis, 0, each, 1))
		}
		phases[phase] = graph.InsertAxes(phases[phase], axis+1)
	}
	dims := append([]int{}, x.Shape().Dimensions...)
	dims[axis] = each * o.Up
	return strided(graph.Reshape(graph.Concatenate(phases, axis+1), dims...), axis, 0, outputs, 1)
}

// padAxis lays zeros before and after one axis, or cuts.
func padAxis(x *graph.Node, axis, before, after int) *graph.Node {
	config := make([]graph.PadAxis, x.Rank())
	config[axis] = graph.PadAxis{Start: before, End: after}
	return padOrCut(x, graph.ScalarZero(x.Graph(), x.DType()), config)
}

// addScaled returns sum + x*factor; a sum that is nil is 0.
func addScaled(sum, x *graph.Node, factor float64) *graph.Node {
	x = graph.MulScalar(x, factor)
	if sum == nil {
		return x
	}
	return graph.Add(sum, x)
}

// floorDiv is a/b rounded down, for b above 0.
func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// UpsampleFiltered doubles the spatial axes of x and smooths by the filter, an even number of taps of sum 1, in place: StyleGAN2's upsampling.
func UpsampleFiltered(x *graph.Node, taps []float64) *graph.Node {
	return Filter(x, scaledTaps(taps, 2), FilterOptions{Up: 2, Before: (len(taps) + 1) / 2, After: (len(taps) - 2) / 2})
}

// DownsampleFiltered smooths by the filter, an even number of taps of sum 1, and halves the spatial axes of x: StyleGAN2's downsampling.
func DownsampleFiltered(x *graph.Node, taps []float64) *graph.Node {
	return Filter(x, taps, FilterOptions{Down: 2, Before: (len(taps) - 1) / 2, After: (len(taps) - 2) / 2})
}

func scaledTaps(taps []float64, factor float64) []float64 {
	scaled := make([]float64, len(taps))
	for i, t := range taps {
		scaled[i] = t * factor
	}
	return scaled
}
