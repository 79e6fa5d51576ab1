// Package points makes the small sets of points in the plane on which generative models are looked at: a ring of Gaussians,
// a grid of them, a Swiss roll and two moons. A name goes in, and a data.Set whose one field is "points" ([2], scaled so
// that both coordinates have a spread near one) comes out; a Codec scales back, writes CSV and draws scatter plots. The
// package does not know what makes the points that it draws, nor how good they are: it only tells where the modes lie.
package points

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/ganymede-gan/ganymede/data"
)

// Options are the choices for a set of points. The zero value takes the defaults in the tags.
type Options struct {
	Count   int   `toml:"points" default:"20000" min:"100" help:"how many points to draw to train on"`
	HeldOut int   `toml:"held-out-points" default:"5000" min:"100" help:"how many more to draw that are never trained on"`
	Seed    int64 `toml:"points-seed" default:"0" min:"0" help:"another seed draws other points of the same distribution"`
}

// Distribution is where a set's points come from.
type Distribution struct {
	Name  string
	What  string       // in a sentence
	Modes [][2]float64 // the centres of the Gaussians; empty for the curves
	Sigma float64      // their standard deviation; for the curves, that of the noise around them

	shift [2]float64 // what the codec takes away before it divides by scale
	scale float64
	draw  func(d Distribution, r *rand.Rand) [2]float64
}

// Distributions are all there are.
//
// The scales are those of the points themselves, so that a network sees numbers of the size of one: the root of the mean square
// of a coordinate for ring (1/sqrt 2) and grid (sqrt 8), and 7.5 for the Swiss roll, as in the toy experiments that come with
// I. Gulrajani et al., "Improved Training of Wasserstein GANs", arXiv:1704.00028.
func Distributions() []Distribution {
	return []Distribution{
		{
			Name: "ring", What: "8 Gaussians (sigma 0.01) on a circle of radius 1",
			Modes: ring(), Sigma: 0.01, scale: math.Sqrt2 / 2, draw: mixture,
		},
		{
			Name: "grid", What: "25 Gaussians (sigma 0.05) on a 5 x 5 grid from -4 to 4",
			Modes: grid(), Sigma: 0.05, scale: 2 * math.Sqrt2, draw: mixture,
		},
		{
			Name: "swissroll", What: "a spiral of one and a half turns with noise (sigma 0.25)",
			Sigma: 0.25, scale: 7.5, draw: swissRoll,
		},
		{
			Name: "moons", What: "two half circles that reach into each other, with noise (sigma 0.05)",
			Sigma: 0.05, shift: [2]float64{0.5, 0.25}, scale: 0.7, draw: moons,
		},
	}
}

// Find returns the distribution of a name.
func Find(name string) (Distribution, bool) {
	all := Distributions()
	i := slices.IndexFunc(all, func(d Distribution) bool { return d.Name == name })
	if i < 0 {
		return Distribution{}, false
	}
	return all[i], true
}

func ring() (modes [][2]float64) {
	for k := range 8 {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / 8)
		modes = append(modes, [2]float64{cos, sin})
	}
	return modes
}

func grid() (modes [][2]float64) {
	for x := -4.0; x <= 4; x += 2 {
		for y := -4.0; y <= 4; y += 2 {
			modes = append(modes, [2]float64{x, y})
		}
	}
	return modes
}

// mixture draws a mode, each as likely as the others, and a point near it.
func mixture(d Distribution, r *rand.Rand) [2]float64 {
	m := d.Modes[r.IntN(len(d.Modes))]
	return [2]float64{m[0] + d.Sigma*r.NormFloat64(), m[1] + d.Sigma*r.NormFloat64()}
}

// swissRoll draws t evenly from 1.5 pi to 4.5 pi and goes to (t cos t, t sin t), as scikit-learn's make_swiss_roll seen along its axis.
func swissRoll(d Distribution, r *rand.Rand) [2]float64 {
	t := 1.5 * math.Pi * (1 + 2*r.Float64())
	sin, cos := math.Sincos(t)
	return [2]float64{t*cos + d.Sigma*r.NormFloat64(), t*sin + d.Sigma*r.NormFloat64()}
}

// moons draws from the upper half of a circle around (0, 0), or the lower half of one around (1, 0.5), as scikit-learn's make_moons.
func moons(d Distribution, r *rand.Rand) [2]float64 {
	upper := r.IntN(2) == 0
	sin, cos := math.Sincos(math.Pi * r.Float64())
	if !upper {
		cos, sin = 1-cos, 0.5-sin
	}
	return [2]float64{cos + d.Sigma*r.NormFloat64(), sin + d.Sigma*r.NormFloat64()}
}

// Draw returns n points [n, 2] in the distribution's own units. Seed and stream name choose which: the same two give the same
// points, and fewer points are the beginning of more.
func (d Distribution) Draw(seed uint64, stream string, n int) data.Array {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(d.Name+"/"+stream+"/"), seed))
	r := rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])))
	a := data.Array{Shape: []int{n, 2}, Float: make([]float32, 0, 2*n)}
	for range n {
		p := d.draw(d, r)
		a.Float = append(a.Float, float32(p[0]), float32(p[1]))
	}
	return a
}

// Load draws the set.
func (d Distribution) Load(ctx context.Context, o Options) (*data.Set, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o.Count == 0 {
		o.Count = 20000
	}
	if o.HeldOut == 0 {
		o.HeldOut = 5000
	}
	if o.Count < 100 || o.HeldOut < 100 {
		return nil, fmt.Errorf("data.points is %d and data.held-out-points %d; both must be at least 100", o.Count, o.HeldOut)
	}
	train, heldOut := d.Draw(uint64(o.Seed), "train", o.Count), d.Draw(uint64(o.Seed), "held out", o.HeldOut)
	codec := Codec{Distribution: d.Name, Shift: d.shift, Scale: d.scale}
	for _, a := range []data.Array{train, heldOut} {
		codec.encode(a.Float)
	}
	codec.Low, codec.High = float64(slices.Min(train.Float)), float64(slices.Max(train.Float))
	set := &data.Set{
		Name:  d.Name,
		Codec: codec,
		Split: data.Split{Rule: "the held-out points are drawn apart from the others"},
		Origin: data.Origin{
			Name: d.Name, Hash: hash(train, heldOut), Records: o.Count + o.HeldOut, Train: o.Count, HeldOut: o.HeldOut,
			Bytes: int64(4 * (len(train.Float) + len(heldOut.Float))), Licence: "none needed: drawn by a formula",
		},
	}
	var err error
	if set.Train, err = data.InMemory(codec.Fields(), data.Batch{data.Points: train}); err != nil {
		return nil, err
	}
	set.HeldOut, err = data.InMemory(codec.Fields(), data.Batch{data.Points: heldOut})
	return set, err
}

func hash(arrays ...data.Array) string {
	h := sha256.New()
	for _, a := range arrays {
		binary.Write(h, binary.LittleEndian, a.Float)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
