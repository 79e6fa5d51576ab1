package metrics

import (
	"fmt"
	"math"
)

// Spread tells how different the samples of one class are from each other.
type Spread struct {
	Samples  int     // of the class
	Used     int     // of them, in the mean
	Distance float64 // mean Euclidean distance over all pairs of those used; 0 where there are fewer than two
}

// WithinClass returns the mean distance between rows [n, size] of the same class, for each class. On a classifier's
// features, against that of real records, it shows a model that makes one picture a class. All pairs are taken
// of up to limit rows of a class, and beyond that of limit rows at even steps, so that equal input gives equal output.
func WithinClass(rows Rows, labels []int32, classes, limit int) ([]Spread, error) {
	if err := rows.check("features"); err != nil {
		return nil, err
	}
	if len(labels) != rows.Len() {
		return nil, fmt.Errorf("metrics: %d rows have %d labels", rows.Len(), len(labels))
	}
	if err := checkLabels(labels, classes); err != nil {
		return nil, err
	}
	if limit < 2 {
		return nil, fmt.Errorf("metrics: a limit of %d rows leaves no pair; it must be 2 or more", limit)
	}
	members := make([][]int, classes)
	for i, label := range labels {
		members[label] = append(members[label], i)
	}
	spreads := make([]Spread, classes)
	for k, all := range members {
		used := thin(all, limit)
		spreads[k] = Spread{Samples: len(all), Used: len(used), Distance: meanPairwise(rows, used)}
	}
	return spreads, nil
}

// thin returns limit of the indices at even steps, or all if there are no more.
func thin(indices []int, limit int) []int {
	if len(indices) <= limit {
		return indices
	}
	used := make([]int, limit)
	for i := range used {
		used[i] = indices[i*len(indices)/limit]
	}
	return used
}

func meanPairwise(rows Rows, of []int) float64 {
	if len(of) < 2 {
		return 0
	}
	sum := 0.0
	for i, a := range of {
		for _, b := range of[:i] {
			sum += math.Sqrt(squaredDistance(rows.Row(a), rows.Row(b), math.Inf(1)))
		}
	}
	return sum / float64(len(of)*(len(of)-1)/2)
}
