package bench

import (
	"math"
	"testing"
)

// By hand.
func TestMediansAndMeans(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"median of three", median([]float64{3, 1, 2}), 2},
		{"median of four", median([]float64{4, 1, 3, 2}), 2.5},
		{"lower quartile", quantile([]float64{5, 1, 4, 2, 3}, 0.25), 2},
		{"upper quartile", quantile([]float64{5, 1, 4, 2, 3}, 0.75), 4},
		{"geometric mean", geometric([]float64{2, 8}), 4},
		{"ratios pair by pair", median(pairwise([]float64{1, 2, 9}, []float64{2, 8, 3})), 0.5},
	} {
		if math.Abs(c.got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	if !math.IsNaN(median(nil)) || !math.IsNaN(geometric(nil)) || !math.IsNaN(quantile(nil, 0.5)) {
		t.Error("what was not measured has a figure")
	}
}
