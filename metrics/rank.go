package metrics

import (
	"fmt"
	"math"
	"slices"
)

// Spearman is the rank correlation of two lists of the same length, in [-1, 1]: 1 if the one rises whenever the other does, -1 if it
// falls. Numbers that are equal share the mean of their ranks, and a list of equal numbers rises with nothing: 0.
func Spearman(a, b []float64) (float64, error) {
	if len(a) != len(b) || len(a) < 2 {
		return 0, fmt.Errorf("metrics: the rank correlation of %d numbers with %d; it takes two lists of the same length, 2 or more", len(a), len(b))
	}
	if slices.ContainsFunc(append(slices.Clone(a), b...), math.IsNaN) {
		return 0, fmt.Errorf("metrics: the rank correlation of numbers of which some are NaN, which has no rank")
	}
	ra, rb := ranks(a), ranks(b)
	mean := float64(len(a)+1) / 2
	var ab, aa, bb float64
	for i := range ra {
		da, db := ra[i]-mean, rb[i]-mean
		ab, aa, bb = ab+da*db, aa+da*da, bb+db*db
	}
	if aa == 0 || bb == 0 {
		return 0, nil
	}
	return ab / math.Sqrt(aa*bb), nil
}

// ranks are from 1 for the smallest.
func ranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case values[i] < values[j]:
			return -1
		case values[i] > values[j]:
			return 1
		}
		return 0
	})
	out := make([]float64, len(values))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			out[i] = float64(from+1+to) / 2
		}
		from = to
	}
	return out
}
