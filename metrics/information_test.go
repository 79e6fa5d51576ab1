package metrics

import (
	"math"
	"testing"
)

// A Q that guesses knows nothing, one that is certain and right knows all, and one between is worth the difference of entropies.
func TestInformationBound(t *testing.T) {
	quarter := float32(math.Log(3)) // of two logits, this and 0: 3/4 and 1/4
	for _, c := range []struct {
		name   string
		logits Rows
		codes  []int32
		want   float64
	}{
		{"guesses", Rows{4, make([]float32, 16)}, []int32{0, 1, 2, 3}, 0},
		{"certain", Rows{2, []float32{1000, -1000, -1000, 1000}}, []int32{0, 1}, math.Log(2)},
		{"certain and wrong once in two", Rows{2, []float32{quarter, 0, quarter, 0}}, []int32{0, 1}, math.Log(2) + (math.Log(0.75)+math.Log(0.25))/2},
		{"sure to three quarters", Rows{2, []float32{quarter, 0, 0, quarter}}, []int32{0, 1}, math.Log(2) + math.Log(0.75)},
	} {
		if got, err := InformationBound(c.logits, c.codes); err != nil || math.Abs(got-c.want) > 1e-7 {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	if _, err := InformationBound(Rows{2, []float32{0, 0}}, []int32{2}); err == nil {
		t.Error("a code beyond the logits is taken")
	}
	if _, err := InformationBound(Rows{2, []float32{0, 0}}, []int32{0, 1}); err == nil {
		t.Error("more codes than rows are taken")
	}
}
