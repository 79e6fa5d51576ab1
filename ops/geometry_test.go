package ops_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/gomlx/gomlx/core/graph"
)

// geometry is one form of convolution, of those that ConvGeneral takes.
type geometry struct {
	axes                            graph.ConvolveAxesConfig
	strides                         []int
	paddings                        [][2]int
	inputDilations, kernelDilations []int
	channelGroups, batchGroups      int
	x, kernel                       []int
}

// draw makes a geometry of one to three spatial axes, any order of axes, paddings of either sign, both dilations and either kind of
// groups. With some draws no window fits; those return false.
func draw(random *rand.Rand) (geometry, bool) {
	between := func(low, high int) int { return low + random.IntN(high-low+1) }
	g := geometry{channelGroups: 1, batchGroups: 1}
	switch random.IntN(4) {
	case 0:
		g.channelGroups = between(2, 3)
	case 1:
		g.batchGroups = between(2, 3)
	}
	n := between(1, 3)
	input, kernel, output := random.Perm(n+2), random.Perm(n+2), random.Perm(n+2)
	if g.batchGroups > 1 { // the stock backend gets batch groups right only if input and output have the batch on one axis
		at := slices.Index(output, input[0])
		output[0], output[at] = output[at], output[0]
	}
	g.axes = graph.ConvolveAxesConfig{
		InputBatch: input[0], InputChannels: input[1], InputSpatial: input[2:],
		KernelInputChannels: kernel[0], KernelOutputChannels: kernel[1], KernelSpatial: kernel[2:],
		OutputBatch: output[0], OutputChannels: output[1], OutputSpatial: output[2:],
	}
	g.x, g.kernel = make([]int, n+2), make([]int, n+2)
	g.kernel[g.axes.KernelInputChannels] = between(1, 2)
	g.kernel[g.axes.KernelOutputChannels] = between(1, 2) * g.channelGroups * g.batchGroups
	g.x[g.axes.InputChannels] = g.kernel[g.axes.KernelInputChannels] * g.channelGroups
	g.x[g.axes.InputBatch] = between(1, 2) * g.batchGroups
	for i := range n {
		size, taps := between(1, 5), between(1, 3)
		g.x[g.axes.InputSpatial[i]], g.kernel[g.axes.KernelSpatial[i]] = size, taps
		g.strides = append(g.strides, between(1, 3))
		g.inputDilations = append(g.inputDilations, between(1, 3))
		g.kernelDilations = append(g.kernelDilations, between(1, 3))
		padding := [2]int{between(-2, 4), between(-2, 4)}
		g.paddings = append(g.paddings, padding)
		if (size-1)*g.inputDilations[i]+1+padding[0]+padding[1] < (taps-1)*g.kernelDilations[i]+1 {
			return g, false
		}
	}
	return g, true
}

func (g geometry) conv(in []*graph.Node) *graph.Node {
	return graph.ConvGeneral(in[0], in[1], g.axes, g.strides, g.paddings, g.inputDilations, g.kernelDilations, g.channelGroups, g.batchGroups)
}

// blind says that, along some axis, no tap of any window meets an element.
func (g geometry) blind() bool {
	for i, axis := range g.axes.InputSpatial {
		span := (g.x[axis]-1)*g.inputDilations[i] + 1
		taps := g.kernel[g.axes.KernelSpatial[i]]
		seen := false
		for first := -g.paddings[i][0]; first+(taps-1)*g.kernelDilations[i] < span+g.paddings[i][1]; first += g.strides[i] {
			for tap := range taps {
				place := first + tap*g.kernelDilations[i]
				seen = seen || place >= 0 && place < span && place%g.inputDilations[i] == 0
			}
		}
		if !seen {
			return true
		}
	}
	return false
}

// check holds the gradients of a drawn geometry against finite differences. If no window sees an element they must be zero.
func check(t *testing.T, seed uint64) {
	g, fits := draw(rand.New(rand.NewPCG(seed, 0)))
	if !fits {
		return // no window fits, so there is nothing to differentiate
	}
	inputs := []oracle.Array{oracle.Normal(seed, g.x...), oracle.Normal(seed+1, g.kernel...)}
	opts := []oracle.Option{oracle.Elements(6)}
	if g.blind() {
		opts = append(opts, oracle.Zero(1), oracle.Zero(2))
	}
	if _, err := oracle.Check(g.conv, inputs, opts...); err != nil {
		t.Errorf("%+v: %v", g, err)
	}
	oracle.Same(t, g.conv, g.conv, inputs, oracle.Float32(), oracle.Tol(2e-6))
}

func TestConvOfRandomGeometry(t *testing.T) {
	for seed := range uint64(150) {
		if _, fits := draw(rand.New(rand.NewPCG(seed, 0))); !fits {
			continue
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { check(t, seed) })
	}
}

func FuzzConvGeometry(f *testing.F) {
	for seed := range uint64(10) {
		f.Add(1000 + seed)
	}
	f.Fuzz(check)
}
