package metrics_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/ganymede-gan/ganymede/metrics"
)

// formula makes the rows of testdata/reference.py.
func formula(n, size int, phase float64) metrics.Rows {
	r := metrics.Rows{Size: size}
	for i := range n {
		for k := range size {
			x := float64(i)
			r.Values = append(r.Values, float32(math.Sin(phase+1.7*x*float64(k+1)+0.3*x*x)+0.1*phase*math.Cos(0.9*x+float64(k))))
		}
	}
	return r
}

// The numbers are NumPy's and SciPy's, by testdata/reference.py.
func TestDistancesAgreeWithTheAuthorsFormulas(t *testing.T) {
	content, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Frechet, Precision, Recall float64
		Wasserstein                []float64
	}
	if err := json.Unmarshal(content, &want); err != nil {
		t.Fatal(err)
	}
	a, b := formula(300, 8, 0.4), formula(200, 8, 9.5)
	frechet, err := metrics.Frechet(a, b)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Frechet distance", frechet, want.Frechet, 1e-6)
	p, err := metrics.PrecisionRecallOf(context.Background(), a, b, 3)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "precision", p.Precision, want.Precision, 1e-12)
	near(t, "recall", p.Recall, want.Recall, 1e-12)
	for k, distance := range want.Wasserstein {
		// In one dimension there are only two directions, and both give the same.
		got, err := metrics.SlicedWasserstein(column(a, k), column(b, k), 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "Wasserstein distance along an axis", got, distance, 1e-6)
	}
}

func column(r metrics.Rows, k int) metrics.Rows {
	c := metrics.Rows{Size: 1}
	for i := range r.Len() {
		c.Values = append(c.Values, r.Row(i)[k])
	}
	return c
}
