package reproduce

import "testing"

func TestHaltsAreNoTraining(t *testing.T) {
	for _, c := range []struct {
		name   string
		rounds []float64
		want   float64
	}{
		{"none", nil, 0},
		{"one", []float64{700}, 700},
		{"long rounds", []float64{6, 90, 6}, 102},
		{"a halt", []float64{0.25, 0.5, 600, 0.25}, 1.5},
		{"a halt at the end", []float64{0.25, 600}, 0.5},
		{"growth", []float64{0.25, 0.25, 4.9, 4.9}, 10.3},
	} {
		if got := playing(c.rounds); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
