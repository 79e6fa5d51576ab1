package metrics_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/metrics"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.6g; it should be %.6g within %g", what, got, want, tolerance)
	}
}

func TestModesCountAtTheBorder(t *testing.T) {
	centres := [][2]float64{{0, 0}, {10, 0}, {0, 10}}
	points := metrics.Rows{Size: 2, Values: []float32{0, 0, 3, 0, 0, 3.01, 10, 2.9, 5, 5}}
	m, err := metrics.CountModes(points, centres, 1)
	if err != nil {
		t.Fatal(err)
	}
	if m.Samples != 5 || m.Found != 2 || !slices.Equal(m.Counts, []int{2, 1, 0}) {
		t.Errorf("got %+v; points 0 and 1 are good for mode 0, point 3 for mode 1, no other", m)
	}
	near(t, "share of good samples", m.Good, 3.0/5, 1e-12)
}

// The chance of a round Gaussian in the plane to fall within r standard deviations is 1 - exp(-r^2/2) (Rayleigh).
func TestRealSamplesAreGoodAsTheRayleighDistributionSays(t *testing.T) {
	const n = 100000
	random := rand.New(rand.NewPCG(1, 2))
	points := metrics.Rows{Size: 2}
	for range n {
		points.Values = append(points.Values, float32(5+0.1*random.NormFloat64()), float32(-2+0.1*random.NormFloat64()))
	}
	m, err := metrics.CountModes(points, [][2]float64{{5, -2}, {-5, 2}}, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	want := 1 - math.Exp(-4.5)
	near(t, "share of good samples", m.Good, want, 5*math.Sqrt(want*(1-want)/n))
}

func TestBalance(t *testing.T) {
	b, err := metrics.BalanceOf([]int32{0, 0, 1, 2}, 4)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(b.Shares, []float64{0.5, 0.25, 0.25, 0}) || b.Min != 0 || b.Max != 0.5 {
		t.Errorf("got %+v", b)
	}
	near(t, "entropy", b.Entropy, 1.5*math.Ln2, 1e-12) // 1/2 ln 2 + 2 (1/4) ln 4

	even, _ := metrics.BalanceOf([]int32{2, 0, 1}, 3)
	near(t, "entropy of equal shares", even.Entropy, math.Log(3), 1e-12)
}

func TestDivergence(t *testing.T) {
	for _, c := range []struct {
		p, q []float64
		want float64
	}{
		{[]float64{0.5, 0.5}, []float64{0.5, 0.5}, 0},
		{[]float64{1, 0}, []float64{0.5, 0.5}, math.Ln2},
		{[]float64{0.5, 0.5}, []float64{0.25, 0.75}, 0.5*math.Ln2 + 0.5*math.Log(2.0/3)},
		{[]float64{0.5, 0.5}, []float64{1, 0}, math.Inf(1)},
	} {
		got, err := metrics.Divergence(c.p, c.q)
		if err != nil {
			t.Fatal(err)
		}
		if got != c.want && !(math.Abs(got-c.want) < 1e-12) {
			t.Errorf("divergence of %v from %v is %g; it should be %g", c.p, c.q, got, c.want)
		}
	}
}

func TestCallIsTheSoftmax(t *testing.T) {
	l := func(p float64) float32 { return float32(math.Log(p)) }
	logits := metrics.Rows{Size: 3, Values: []float32{
		l(0.7), l(0.2), l(0.1),
		l(0.02), l(0.95) + 100, l(0.03), // a shift of one logit, not of all: nearly certain
		1000, 1000, 1000, // would overflow if exp were taken as it is
	}}
	c, err := metrics.Call(logits)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Labels, []int32{0, 1, 0}) {
		t.Errorf("called %v", c.Labels)
	}
	near(t, "confidence 0", c.Confidence[0], 0.7, 1e-6)
	near(t, "confidence 1", c.Confidence[1], 1, 1e-12)
	near(t, "confidence 2", c.Confidence[2], 1.0/3, 1e-12)
	near(t, "share above 0.69", c.Confident(0.69), 2.0/3, 1e-12)
	near(t, "share above 0.9", c.Confident(0.9), 1.0/3, 1e-12)
	agreement, err := c.Agreement([]int32{0, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "agreement", agreement, 2.0/3, 1e-12)
}

func TestWithinClass(t *testing.T) {
	// Class 0 is a triangle with sides 3, 4, 5; class 1 two equal points; class 2 one; class 3 none.
	rows := metrics.Rows{Size: 2, Values: []float32{0, 0, 7, 7, 3, 0, 7, 7, 0, 4, 9, 9}}
	s, err := metrics.WithinClass(rows, []int32{0, 1, 0, 1, 0, 2}, 4, 100)
	if err != nil {
		t.Fatal(err)
	}
	want := []metrics.Spread{{3, 3, 4}, {2, 2, 0}, {1, 1, 0}, {}}
	if !slices.Equal(s, want) {
		t.Errorf("got %v, want %v", s, want)
	}
}

// Points on a line at 0, 1, ..., n-1 have the mean distance (n+1)/3. A subsample at even steps of k of them has k(n/k)/3
// nearly.
func TestWithinClassTakesEvenStepsBeyondTheLimit(t *testing.T) {
	const n, limit = 3000, 300
	rows := metrics.Rows{Size: 1}
	for i := range n {
		rows.Values = append(rows.Values, float32(i))
	}
	labels := make([]int32, n)
	all, err := metrics.WithinClass(rows, labels, 1, n)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean distance of all", all[0].Distance, (n+1)/3.0, 1e-6)
	some, err := metrics.WithinClass(rows, labels, 1, limit)
	if err != nil {
		t.Fatal(err)
	}
	if some[0].Used != limit || some[0].Samples != n {
		t.Errorf("used %d of %d; wanted %d of %d", some[0].Used, some[0].Samples, limit, n)
	}
	near(t, "mean distance of the subsample", some[0].Distance, float64(n/limit)*(limit+1)/3, 1e-6)
}

// obviousNearest is the definition.
func obviousNearest(q, r metrics.Rows) []metrics.Neighbour {
	var all []metrics.Neighbour
	for i := range q.Len() {
		best := metrics.Neighbour{Distance: math.Inf(1)}
		for k := range r.Len() {
			sum := 0.0
			for j, v := range q.Row(i) {
				d := float64(v - r.Row(k)[j])
				sum += d * d
			}
			if d := math.Sqrt(sum); d < best.Distance-1e-12 {
				best = metrics.Neighbour{Index: k, Distance: d}
			}
		}
		all = append(all, best)
	}
	return all
}

func TestNearestIsWhatTheDefinitionSays(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	fill := func(n, size int) metrics.Rows {
		r := metrics.Rows{Size: size, Values: make([]float32, n*size)}
		for i := range r.Values {
			r.Values[i] = float32(random.NormFloat64())
		}
		return r
	}
	for _, size := range []int{1, 2, 31, 32, 33, 100} {
		queries, references := fill(37, size), fill(300, size)
		copy(queries.Row(5), references.Row(250))      // a copy has distance 0
		copy(references.Row(299), references.Row(250)) // and the first of two is found
		for i := range queries.Row(6) {
			queries.Row(6)[i] = 1e4 // far from all
		}
		got, err := metrics.Nearest(context.Background(), queries, references)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range obviousNearest(queries, references) {
			if got[i].Index != want.Index {
				t.Errorf("size %d: nearest of query %d is %d, not %d", size, i, got[i].Index, want.Index)
			}
			near(t, "distance", got[i].Distance, want.Distance, 1e-6*(1+want.Distance))
		}
		if got[5] != (metrics.Neighbour{Index: 250}) {
			t.Errorf("size %d: the copy of row 250 is nearest to %+v", size, got[5])
		}
	}
}

func TestNearestStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := metrics.Rows{Size: 1, Values: []float32{1}}
	if _, err := metrics.Nearest(ctx, r, r); err == nil {
		t.Error("a cancelled search returned an answer")
	}
}

func TestInputThatMakesNoSenseIsRefused(t *testing.T) {
	ctx := context.Background()
	line := metrics.Rows{Size: 1, Values: []float32{1, 2}}
	plane := metrics.Rows{Size: 2, Values: []float32{1, 2}}
	torn := metrics.Rows{Size: 2, Values: []float32{1, 2, 3}}
	none := metrics.Rows{Size: 2}
	centres := [][2]float64{{0, 0}}
	second := func(_ any, err error) error { return err }
	for what, err := range map[string]error{
		"modes of points on a line":   second(metrics.CountModes(line, centres, 1)),
		"modes of half a point":       second(metrics.CountModes(torn, centres, 1)),
		"modes of no points":          second(metrics.CountModes(none, centres, 1)),
		"no modes":                    second(metrics.CountModes(plane, nil, 1)),
		"modes without width":         second(metrics.CountModes(plane, centres, 0)),
		"modes of width NaN":          second(metrics.CountModes(plane, centres, math.NaN())),
		"balance of nothing":          second(metrics.BalanceOf(nil, 2)),
		"a label that is no class":    second(metrics.BalanceOf([]int32{2}, 2)),
		"a negative label":            second(metrics.BalanceOf([]int32{-1}, 2)),
		"shares of unequal length":    second(metrics.Divergence([]float64{1}, []float64{0.5, 0.5})),
		"no logits":                   second(metrics.Call(metrics.Rows{})),
		"rows without labels":         second(metrics.WithinClass(line, nil, 1, 10)),
		"pairs of one":                second(metrics.WithinClass(line, []int32{0, 0}, 1, 1)),
		"neighbours of another size":  second(metrics.Nearest(ctx, line, plane)),
		"neighbours among nothing":    second(metrics.Nearest(ctx, plane, none)),
		"agreement of unequal length": second(metrics.Calls{Labels: []int32{1}}.Agreement(nil)),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func ExampleCountModes() {
	centres := [][2]float64{{-1, 0}, {1, 0}}
	points := metrics.Rows{Size: 2, Values: []float32{-1, 0.02, -0.98, 0, 0, 0, -1.01, 0}}
	m, _ := metrics.CountModes(points, centres, 0.01)
	fmt.Printf("%.0f %% good, %d of %d modes\n", 100*m.Good, m.Found, len(centres))
	// Output: 75 % good, 1 of 2 modes
}
