package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// SlicedWasserstein is the mean, over random directions, of the Wasserstein-1 distance between the projections of two sets of rows [n,
// size] onto a direction (Rabin et al. 2011, as Karras et al. 2017, 1710.10196, section 5, use it). Directions are uniform on the sphere and
// come from the seed. It is in the unit of the rows and 0 for equal sets. The sets may differ in number.
func SlicedWasserstein(a, b Rows, directions int, seed uint64) (float64, error) {
	if err := a.check("first rows"); err != nil {
		return 0, err
	}
	if err := b.check("second rows"); err != nil {
		return 0, err
	}
	if a.Size != b.Size {
		return 0, fmt.Errorf("metrics: rows of %d and of %d numbers cannot be compared", a.Size, b.Size)
	}
	if directions < 1 {
		return 0, fmt.Errorf("metrics: %d directions; there must be 1 or more", directions)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	chosen := make([][]float64, directions)
	for i := range chosen {
		chosen[i] = direction(random, a.Size)
	}
	distances := make([]float64, directions)
	share(directions, func(i int) { distances[i] = wasserstein(project(a, chosen[i]), project(b, chosen[i])) })
	sum := 0.0
	for _, d := range distances {
		sum += d
	}
	return sum / float64(directions), nil
}

// direction is uniform on the sphere: a normal vector, scaled to length 1.
func direction(random *rand.Rand, size int) []float64 {
	d, length := make([]float64, size), 0.0
	for i := range d {
		d[i] = random.NormFloat64()
		length += d[i] * d[i]
	}
	for i := range d {
		d[i] /= math.Sqrt(length)
	}
	return d
}

// project returns the rows' components along a direction, sorted.
func project(r Rows, direction []float64) []float64 {
	p := make([]float64, r.Len())
	for i := range p {
		for k, v := range r.Row(i) {
			p[i] += float64(v) * direction[k]
		}
	}
	slices.Sort(p)
	return p
}

// wasserstein is the area between the quantile functions of two sorted samples: with equal numbers the mean distance of the
// i-th smallest.
func wasserstein(a, b []float64) float64 {
	sum, from := 0.0, 0.0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		endA, endB := float64(i+1)/float64(len(a)), float64(j+1)/float64(len(b))
		to := min(endA, endB)
		sum, from = sum+(to-from)*math.Abs(a[i]-b[j]), to
		if (i+1)*len(b) <= (j+1)*len(a) { // compared as whole numbers: both may end at once
			if (i+1)*len(b) == (j+1)*len(a) {
				j++
			}
			i++
		} else {
			j++
		}
	}
	return sum
}
