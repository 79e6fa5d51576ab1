package bench

import (
	"math"
	"path"
	"slices"
)

// bar is a line of what the engine is to reach: what is required, and what is aimed at.
type bar struct {
	work     string
	required float64
	aim      float64
	atLeast  bool                                 // more is better; otherwise less is
	unit     string                               // of the figures: "%", "x", "s" or "" for a ratio
	measure  func(r *Report, threads int) float64 // NaN: not measured
	threads  []int                                // that count; nil: 1 and 2, the worse
}

// bars are all lines, in the order of the rows.
func bars() []bar {
	return []bar{
		{"square matmul 1024, 2048, 4096, each: share of FMA peak, 1 thread", 0.90, 0.95, true, "%", lowest("matmul/*", ofPeak), []int{1}},
		{"the same: time / the best of OpenBLAS and PyTorch", 1.0, 0.93, false, "", highest("matmul/*", best(numpy, torch)), nil},
		{"direct convolution, DCGAN-64's middle layers, forward: share of peak, geometric mean", 0.92, 0.96, true, "%", mean("direct/*/*/forward", ofPeak), nil},
		{"the same, the lowest", 0.92 - 0.07, 0.96 - 0.07, true, "%", lowest("direct/*/*/forward", ofPeak), nil},
		{"by input: geometric mean", 0.90, 0.95, true, "%", mean("direct/*/*/byinput", ofPeak), nil},
		{"by input: the lowest", 0.90 - 0.07, 0.95 - 0.07, true, "%", lowest("direct/*/*/byinput", ofPeak), nil},
		{"by kernel: geometric mean", 0.85, 0.92, true, "%", mean("direct/*/*/bykernel", ofPeak), nil},
		{"by kernel: the lowest", 0.85 - 0.07, 0.92 - 0.07, true, "%", lowest("direct/*/*/bykernel", ofPeak), nil},
		{"convolution shapes, three directions: time / PyTorch, geometric mean", 0.70, 0.55, false, "", mean("conv/*/*/*", ratio(torch)), nil},
		{"the same, the highest", 1.1, 1.1, false, "", highest("conv/*/*/*", ratio(torch)), nil},
		{"their errors against float64, root mean square / direct float32's, the highest", 2, 2, false, "", highest("conv/*/*/*", rmsError), nil},
		{"the same, the largest error / direct float32's, the highest", 4, 4, false, "", highest("conv/*/*/*", maxError), nil},
		{"a residual block of CycleGAN, forward and backward, one and four pictures: time / eager, the higher", 1.0, 0.7, false, "", highest("block/*/*", ratio(torch)), nil},
		{"round of DCGAN-64, batch 64: time / PyTorch eager", 0.65, 0.50, false, "", mean("round/dcgan64", ratio(torch)), nil},
		{"time / torch.compile", 0.70, 0.52, false, "", mean("round/dcgan64", ratio(compiled)), nil},
		{"time / JAX jit", 0.60, 0.45, false, "", mean("round/dcgan64", ratio(jax)), nil},
		{"round of WGAN-GP ResNet-32, batch 64, n_critic 5: time / eager", 0.55, 0.35, false, "", mean("round/wgangp32", ratio(torch)), nil},
		{"round of a StyleGAN2-like block, R1 every round, batch 16: time / eager", 0.65, 0.45, false, "", mean("round/stylegan2-block", ratio(torch)), nil},
		{"round of MLP vanilla GAN, MNIST, batch 128: time / eager", 0.5, 0.3, false, "", mean("round/vanilla28", ratio(torch)), nil},
		{"peak memory of those rounds / PyTorch, the highest", 1.0, 0.6, false, "", highest("memory/*", ratio(torch)), nil},
		{"1 to 2 threads on the three convolutional rounds, the lowest", 1.75, 1.85, true, "x", gain, []int{2}},
		{"share of a DCGAN-64 round in kernels under 4 flop a byte", 0.15, 0.05, false, "%", mean("memory-bound/dcgan64", value), nil},
		{"generator inference, batch 1 and 64: time / eager, the higher", 0.7, 0.4, false, "", highest("sample/*/*", ratio(torch)), nil},
		{"graph compile time, DCGAN-64, both players", 0.5, 0.1, false, "s", mean("compile/dcgan64", func(r Row) float64 { return r.Seconds }), nil},
	}
}

// worst is the bar's figure on the number of threads where it is worse; NaN if it was not measured on all that count.
func (b bar) worst(r *Report) (figure float64, threads int) {
	counted := b.threads
	if counted == nil {
		counted = []int{1, 2}
	}
	for i, n := range counted {
		f := b.measure(r, n)
		if math.IsNaN(f) {
			return f, 0
		}
		if i == 0 || b.better(figure, f) {
			figure, threads = f, n
		}
	}
	return figure, threads
}

// better tells whether one figure is better than another.
func (b bar) better(one, other float64) bool {
	if b.atLeast {
		return one > other
	}
	return one < other
}

// reaches tells whether a figure is as good as a limit.
func (b bar) reaches(figure, limit float64) bool {
	return figure == limit || b.better(figure, limit)
}

// The figures of a row.
func ofPeak(r Row) float64 { return orNaN(r.OfPeak) }
func value(r Row) float64  { return orNaN(r.Value) }

// errors of the direct algorithm are those of the direct algorithm.
func rmsError(r Row) float64 {
	if r.Error == nil {
		return 1
	}
	return r.Error.RMS
}

func maxError(r Row) float64 {
	if r.Error == nil {
		return 1
	}
	return r.Error.Max
}

func orNaN(x float64) float64 {
	if x == 0 {
		return math.NaN()
	}
	return x
}

// ratio is that to a peer.
func ratio(peer string) func(r Row) float64 {
	return func(r Row) float64 { return orNaN(r.Peers[peer].Ratio) }
}

// best is the highest ratio to some peers: that to the fastest.
func best(peers ...string) func(r Row) float64 {
	return func(r Row) float64 {
		highest := math.NaN()
		for _, p := range peers {
			if ratio := r.Peers[p].Ratio; ratio > 0 && !(ratio <= highest) {
				highest = ratio
			}
		}
		return highest
	}
}

// figures are those of the rows whose names match, on a number of threads; nil if a row of the suite is missing, or its figure.
func (r *Report) figures(pattern string, threads int, figure func(r Row) float64) (all []float64) {
	for _, name := range Names(false) {
		if matched, _ := path.Match(pattern, name); !matched {
			continue
		}
		row := r.Find(name, threads)
		if row == nil || math.IsNaN(figure(*row)) {
			return nil
		}
		all = append(all, figure(*row))
	}
	return all
}

func mean(pattern string, figure func(r Row) float64) func(r *Report, threads int) float64 {
	return func(r *Report, threads int) float64 { return geometric(r.figures(pattern, threads, figure)) }
}

func lowest(pattern string, figure func(r Row) float64) func(r *Report, threads int) float64 {
	return func(r *Report, threads int) float64 {
		if all := r.figures(pattern, threads, figure); len(all) > 0 {
			return slices.Min(all)
		}
		return math.NaN()
	}
}

func highest(pattern string, figure func(r Row) float64) func(r *Report, threads int) float64 {
	return func(r *Report, threads int) float64 {
		if all := r.figures(pattern, threads, figure); len(all) > 0 {
			return slices.Max(all)
		}
		return math.NaN()
	}
}

// gain is the lowest gain of the second thread on the rounds that convolve.
func gain(r *Report, threads int) float64 {
	lowest := math.Inf(1)
	for _, name := range []string{"dcgan64", "wgangp32", "stylegan2-block"} {
		row := r.Find("scaling/"+name, threads)
		if row == nil {
			return math.NaN()
		}
		lowest = min(lowest, row.Value)
	}
	return lowest
}
