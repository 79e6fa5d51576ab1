package metrics

import (
	"math"
	"testing"
)

// Without ties Spearman's correlation is 1 - 6 sum d^2 / (n (n^2 - 1)), d the differences of the ranks (Spearman 1904).
func TestSpearman(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 2, 3, 4}, []float64{10, 20, 21, 1000}, 1},
		{[]float64{1, 2, 3, 4}, []float64{0, -1, -2, -9}, -1},
		{[]float64{1, 2, 3, 4, 5, 6}, []float64{2, 1, 3, 4, 6, 5}, 1 - 6*4.0/(6*35)},
		{[]float64{1, 2, 3}, []float64{7, 7, 9}, 1.5 / math.Sqrt(2*1.5)}, // ranks 1.5, 1.5, 3
		{[]float64{1, 2, 3}, []float64{5, 5, 5}, 0},
		{[]float64{math.Inf(-1), 0, math.Inf(1)}, []float64{1, 2, 3}, 1},
	} {
		if got, err := Spearman(c.a, c.b); err != nil || math.Abs(got-c.want) > 1e-15 {
			t.Errorf("Spearman(%v, %v) = %v, %v; want %v", c.a, c.b, got, err, c.want)
		}
	}
	for _, bad := range [][2][]float64{{{1}, {1}}, {{1, 2}, {1, 2, 3}}, {{1, math.NaN()}, {1, 2}}} {
		if got, err := Spearman(bad[0], bad[1]); err == nil {
			t.Errorf("Spearman(%v, %v) = %v without an error", bad[0], bad[1], got)
		}
	}
}
