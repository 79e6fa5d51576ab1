package metrics_test

import (
	"math"
	"testing"

	"github.com/ganymede-gan/ganymede/metrics"
)

func TestLaplacianVariance(t *testing.T) {
	near := func(name string, grey []float32, height, width int, want float64) {
		t.Helper()
		if got, err := metrics.LaplacianVariance(grey, height, width); err != nil || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
	ramp := make([]float32, 5*6) // linear: no Laplacian
	point := make([]float32, 5*5)
	for i := range ramp {
		ramp[i] = float32(3*(i/6) + 2*(i%6))
	}
	point[12] = 1 // one pixel in the middle: -4 there, 1 at four of the nine places
	near("a ramp", ramp, 5, 6, 0)
	near("a point", point, 5, 5, (16+4)/9.0)
	near("a point and an empty picture", append(point, make([]float32, 25)...), 5, 5, (16+4)/18.0)
	checks := make([]float32, 4*4) // +-8 in the four places inside: a checkerboard of 1 and -1
	for i := range checks {
		checks[i] = float32(1 - 2*((i/4+i%4)%2))
	}
	near("a checkerboard", checks, 4, 4, 64)
	if _, err := metrics.LaplacianVariance(ramp, 2, 15); err == nil {
		t.Error("two rows have no places inside")
	}
}

func TestMeanDifference(t *testing.T) {
	x, y := []float32{1, 2, 3}, []float32{1, 0, 7}
	if got, err := metrics.MeanDifference(x, y, nil); err != nil || got != 2 {
		t.Error(got, err)
	}
	if got, err := metrics.MeanDifference(x, y, []bool{true, true, false}); err != nil || got != 1 {
		t.Error(got, err)
	}
	for _, counts := range [][]bool{{true}, {false, false, false}} {
		if _, err := metrics.MeanDifference(x, y, counts); err == nil {
			t.Errorf("%v is no choice among three", counts)
		}
	}
}
