package reproduce

import (
	"context"
	"fmt"
	"slices"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/points"
	"github.com/ganymede-gan/ganymede/features"
	"github.com/ganymede-gan/ganymede/metrics"
)

// The figures of points.
const (
	good     = "good"           // share of samples within 3 sigma of a mode
	modes    = "modes"          // that have a good sample
	rarest   = "rarest mode"    // its share of the good samples, times the number of modes
	evenness = "KL from even"   // of the good samples' shares of the modes, in nats
	commonly = "commonest mode" // as rarest
)

// pointsJudged is how many samples are judged, and real points beside them.
const pointsJudged = 2500

// modesJudge counts how samples fall on the modes of a mixture.
var modesJudge = Judge{
	Headline: []string{modes, good},
	Samples:  pointsJudged,
	Protocol: "2,500 samples of seed 0 from the averaged weights. Good: within 3 sigma of the nearest mode. A mode counts with at least one good sample. " +
		"Rarest and commonest mode: the share of the good samples, where 1 is an even share; KL: of the good samples' shares of the modes from even ones, in nats. " +
		"Real data: the first 2,500 held-out points; 98.9 % of a round Gaussian lie within 3 sigma.",
	Judge: judgeModes,
}

func judgeModes(ctx context.Context, exhibit Exhibit) (verdict Verdict, err error) {
	codec, ok := exhibit.Set.Codec.(points.Codec)
	if !ok {
		return verdict, fmt.Errorf("%s are no points", exhibit.Set.Name)
	}
	held, err := features.All(ctx, exhibit.Set.HeldOut)
	if err != nil {
		return verdict, err
	}
	real, samples := first(held[data.Points], pointsJudged), exhibit.Samples[data.Points]
	if verdict.Figures, err = modeFigures(codec, samples); err != nil {
		return verdict, err
	}
	if verdict.Real, err = modeFigures(codec, real); err != nil {
		return verdict, err
	}
	plot, err := codec.ScatterPNG(real, samples, 480)
	verdict.Pictures = map[string][]byte{"samples": plot}
	return verdict, err
}

func modeFigures(codec points.Codec, a data.Array) (Figures, error) {
	distribution, ok := points.Find(codec.Distribution)
	if !ok {
		return nil, fmt.Errorf("there is no distribution %q", codec.Distribution)
	}
	decoded, err := codec.Decode(a)
	if err != nil {
		return nil, err
	}
	m, err := metrics.CountModes(metrics.Rows{Size: 2, Values: decoded.Float}, distribution.Modes, distribution.Sigma)
	if err != nil {
		return nil, err
	}
	figures := Figures{{good, m.Good}, {modes, float64(m.Found)}}
	total := 0
	for _, n := range m.Counts {
		total += n
	}
	if total == 0 {
		return figures, nil // no good sample has no shares
	}
	shares, even := make([]float64, len(m.Counts)), make([]float64, len(m.Counts))
	for k, n := range m.Counts {
		shares[k], even[k] = float64(n)/float64(total), 1/float64(len(m.Counts))
	}
	kl, err := metrics.Divergence(shares, even)
	scale := float64(len(shares))
	return append(figures, Figure{rarest, slices.Min(shares) * scale}, Figure{commonly, slices.Max(shares) * scale}, Figure{evenness, kl}), err
}

// first returns the first n records of an array, or all.
func first(a data.Array, n int) data.Array {
	n = min(n, a.Len())
	return data.Array{Shape: append([]int{n}, a.Shape[1:]...), Float: a.Float[:n*size(a)]}
}

// evenly returns n records of an array at even steps, or all.
func evenly(a data.Array, n int) data.Array {
	n = min(n, a.Len())
	out := data.Array{Shape: append([]int{n}, a.Shape[1:]...)}
	for i := range n {
		at := i * a.Len() / n * size(a)
		out.Float = append(out.Float, a.Float[at:at+size(a)]...)
	}
	return out
}

// size is how many numbers a record of the array has.
func size(a data.Array) int {
	n := 1
	for _, d := range a.Shape[1:] {
		n *= d
	}
	return n
}
