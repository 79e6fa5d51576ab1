package metrics

import (
	"fmt"
	"math"
)

// Reach is how many standard deviations a good sample may be from its mode. Of real samples of a round Gaussian in the plane
// 1 - exp(-Reach^2/2) = 98.9 % are that near.
const Reach = 3

// Modes tells how samples of a mixture of equal round Gaussians in the plane fall on its modes.
type Modes struct {
	Samples int
	Good    float64 // share of samples within Reach standard deviations of a mode, in [0, 1]
	Found   int     // modes with at least one good sample
	Counts  []int   // good samples of each mode
}

// CountModes gives every point [n, 2] to its nearest centre and calls it good if it is within Reach sigma of it.
// Points, centres and sigma are in the same unit. The rule is that of Srivastava et al. 2017 (VEEGAN, 1705.07761).
func CountModes(points Rows, centres [][2]float64, sigma float64) (Modes, error) {
	if err := points.check("points"); err != nil {
		return Modes{}, err
	}
	if points.Size != 2 {
		return Modes{}, fmt.Errorf("metrics: modes are counted in the plane, and the points have %d coordinates", points.Size)
	}
	if len(centres) == 0 || !(sigma > 0) {
		return Modes{}, fmt.Errorf("metrics: %d centres and sigma %g make no modes", len(centres), sigma)
	}
	m := Modes{Samples: points.Len(), Counts: make([]int, len(centres))}
	good := 0
	for i := range m.Samples {
		p := points.Row(i)
		at, distance := nearestCentre(float64(p[0]), float64(p[1]), centres)
		if distance <= Reach*sigma {
			m.Counts[at]++
			good++
		}
	}
	for _, n := range m.Counts {
		if n > 0 {
			m.Found++
		}
	}
	m.Good = float64(good) / float64(m.Samples)
	return m, nil
}

func nearestCentre(x, y float64, centres [][2]float64) (at int, distance float64) {
	distance = math.Inf(1)
	for k, c := range centres {
		if d := math.Hypot(x-c[0], y-c[1]); d < distance {
			at, distance = k, d
		}
	}
	return at, distance
}
