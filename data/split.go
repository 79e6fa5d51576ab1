package data

import (
	"cmp"
	"fmt"
	"slices"
)

// Record is what the choice of held-out records depends on.
type Record struct {
	Hash  string // of the content
	Label int    // -1 where there are no classes
}

// HoldOut chooses the records that are never trained on: the given part, but at least a tenth up to 100 records. The choice
// depends on content alone (the smallest hashes), so it does not change with names or order. Equal records are taken together
// or not at all, and the last different record of a class is never taken.
func HoldOut(records []Record, part float64) Split {
	n := len(records)
	want := max(int(part*float64(n)+0.5), min(100, n/10))
	if part <= 0 {
		want = 0
	}
	split := Split{Rule: fmt.Sprintf("%g %% of the records, but at least a tenth up to 100, by content hash", 100*part)}
	groups := map[string][]Record{}
	left := map[int]int{} // different records of each class that are trained on
	for _, r := range records {
		if len(groups[r.Hash]) == 0 || !slices.Contains(groups[r.Hash], r) {
			left[r.Label]++
		}
		groups[r.Hash] = append(groups[r.Hash], r)
	}
	hashes := make([]string, 0, len(groups))
	for h := range groups {
		hashes = append(hashes, h)
	}
	slices.SortFunc(hashes, cmp.Compare)
	for _, h := range hashes {
		group := groups[h]
		if len(group) > want || slices.ContainsFunc(group, func(r Record) bool { return left[r.Label] < 2 }) {
			continue
		}
		for _, label := range labelsOf(group) {
			left[label]--
		}
		want -= len(group)
		split.HeldOut = append(split.HeldOut, h)
	}
	return split
}

// labelsOf are the different labels of equal records: usually one.
func labelsOf(group []Record) []int {
	var labels []int
	for _, r := range group {
		if !slices.Contains(labels, r.Label) {
			labels = append(labels, r.Label)
		}
	}
	return labels
}
