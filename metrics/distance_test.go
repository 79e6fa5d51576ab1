package metrics_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/ganymede-gan/ganymede/metrics"
)

// crossed are the 2^size points at plus and minus the standard deviations around the mean: their covariance over n is diagonal, and
// exactly that.
func crossed(mean, deviation []float64) metrics.Rows {
	r := metrics.Rows{Size: len(mean)}
	for i := range 1 << len(mean) {
		for k := range mean {
			sign := float64(1 - 2*(i>>k&1))
			r.Values = append(r.Values, float32(mean[k]+sign*deviation[k]))
		}
	}
	return r
}

// Of normal distributions with diagonal covariances the distance is |m1-m2|^2 + sum (s1-s2)^2.
func TestFrechetOfDiagonalCovariances(t *testing.T) {
	a := crossed([]float64{1, 2, 3}, []float64{1, 2, 0.5})
	b := crossed([]float64{1, 0, 3.5}, []float64{3, 2, 0.25})
	got, err := metrics.Frechet(a, b)
	if err != nil {
		t.Fatal(err)
	}
	const overMinusOne = 8.0 / 7 // the covariance is divided by n-1
	near(t, "Frechet distance", got, 4+0.25+overMinusOne*(4+0+0.0625), 1e-9)
	same, _ := metrics.Frechet(a, a)
	near(t, "distance to itself", same, 0, 1e-9)
}

// A rotation of both sets leaves the distance, and a set turned against itself has one that is known: covariances diag(4, 1) and
// diag(1, 4) after a quarter turn.
func TestFrechetOfTurnedCovariance(t *testing.T) {
	a, b := crossed([]float64{0, 0}, []float64{2, 1}), crossed([]float64{0, 0}, []float64{1, 2})
	want, err := metrics.Frechet(a, b)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "quarter turn", want, 4.0/3*2, 1e-9)
	turn := func(r metrics.Rows) metrics.Rows {
		c, s, out := math.Cos(0.7), math.Sin(0.7), metrics.Rows{Size: 2}
		for i := range r.Len() {
			x, y := float64(r.Row(i)[0]), float64(r.Row(i)[1])
			out.Values = append(out.Values, float32(c*x-s*y), float32(s*x+c*y))
		}
		return out
	}
	got, _ := metrics.Frechet(turn(a), turn(b))
	near(t, "both turned", got, want, 1e-6)
	if _, err := metrics.Frechet(a, metrics.Rows{Size: 3, Values: make([]float32, 9)}); err == nil {
		t.Error("rows of two sizes were compared")
	}
	if _, err := metrics.Frechet(a, metrics.Rows{Size: 2, Values: make([]float32, 2)}); err == nil {
		t.Error("the covariance of one row was taken")
	}
}

func TestPrecisionAndRecall(t *testing.T) {
	real := metrics.Rows{Size: 1, Values: []float32{0, 1, 2, 3, 100, 101, 102, 103}} // two clusters
	half := metrics.Rows{Size: 1, Values: []float32{0.5, 1.5, 2.5, 1.25}}            // on one of them
	p, err := metrics.PrecisionRecallOf(context.Background(), half, real, 1)
	if err != nil {
		t.Fatal(err)
	}
	// Spheres of radius 1 around 0..3 hold all samples. Spheres around the samples (0.75, 0.25, 1, 0.25) hold 0, 1 (0.5 from 0.5), 2 and 3 (0.5 from 2.5).
	if p.Precision != 1 || p.Recall != 0.5 {
		t.Errorf("got %+v; all samples are real ones' neighbours, and half of the real rows are reached", p)
	}
	far := metrics.Rows{Size: 1, Values: []float32{50, 51, 52, 0}}
	p, _ = metrics.PrecisionRecallOf(context.Background(), far, real, 1)
	if p.Precision != 0.25 {
		t.Errorf("precision is %g; one sample of four is real's neighbour", p.Precision)
	}
	if _, err := metrics.PrecisionRecallOf(context.Background(), half, real, 4); err == nil {
		t.Error("the fourth neighbour among four rows was found")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := metrics.PrecisionRecallOf(ctx, half, real, 1); err == nil {
		t.Error("a cancelled comparison gave an answer")
	}
}

// Moved by v, a set is |<v, d>| away along each direction d; the mean of |cos| over the circle is 2/pi.
func TestSlicedWassersteinOfAShift(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	a, b := metrics.Rows{Size: 2}, metrics.Rows{Size: 2}
	for range 500 {
		x, y := float32(random.NormFloat64()), float32(random.NormFloat64())
		a.Values, b.Values = append(a.Values, x, y), append(b.Values, x+3, y+4)
	}
	got, err := metrics.SlicedWasserstein(a, b, 20000, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "distance of the shifted set", got, 5*2/math.Pi, 0.03)
	same, _ := metrics.SlicedWasserstein(a, a, 16, 1)
	near(t, "distance to itself", same, 0, 0)
}

// In one dimension the distance is known for sets of different numbers: {0, 1} to {0, 0.5, 1} moves a sixth of the mass by 0.5 twice.
func TestSlicedWassersteinOfUnequalNumbers(t *testing.T) {
	a, b := metrics.Rows{Size: 1, Values: []float32{1, 0}}, metrics.Rows{Size: 1, Values: []float32{0.5, 0, 1}}
	got, err := metrics.SlicedWasserstein(a, b, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "distance", got, 2.0/6*0.5, 1e-12)
	if _, err := metrics.SlicedWasserstein(a, b, 0, 1); err == nil {
		t.Error("no direction gave a distance")
	}
}
