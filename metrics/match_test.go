package metrics_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/metrics"
)

// The best of all permutations, tried one by one.
func TestBestMatchIsTheBestOfAll(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		rows, columns := 1+random.IntN(5), 1+random.IntN(5)
		counts, total := make([][]int, rows), 0
		for i := range counts {
			counts[i] = make([]int, columns)
			for j := range counts[i] {
				counts[i][j] = random.IntN(10)
				total += counts[i][j]
			}
		}
		best := 0
		var try func(row int, used []bool, sum int)
		try = func(row int, used []bool, sum int) {
			if row == rows {
				best = max(best, sum)
				return
			}
			try(row+1, used, sum) // left over
			for j := range columns {
				if !used[j] {
					used[j] = true
					try(row+1, used, sum+counts[row][j])
					used[j] = false
				}
			}
		}
		try(0, make([]bool, columns), 0)
		match, share, err := metrics.BestMatch(counts)
		if err != nil {
			t.Fatal(err)
		}
		if want := float64(best) / float64(max(total, 1)); math.Abs(share-want) > 1e-12 {
			t.Errorf("%v: %v, want %v", counts, share, want)
		}
		taken := slices.DeleteFunc(slices.Clone(match), func(j int) bool { return j < 0 })
		if slices.Sort(taken); len(slices.Compact(slices.Clone(taken))) != len(taken) || len(taken) != min(rows, columns) {
			t.Errorf("%v is matched by %v", counts, match)
		}
	}
}

func TestBestMatchRefusesWhatIsNoMatrix(t *testing.T) {
	for _, counts := range [][][]int{nil, {{}}, {{1, 2}, {3}}} {
		if _, _, err := metrics.BestMatch(counts); err == nil {
			t.Errorf("%v is matched", counts)
		}
	}
}
