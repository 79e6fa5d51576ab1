package data_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/data"
)

func records(n, classes int) []data.Record {
	var out []data.Record
	for i := range n {
		out = append(out, data.Record{Hash: fmt.Sprintf("%08x", uint32(i)*2654435761), Label: i % classes})
	}
	return out
}

func TestHoldOutCounts(t *testing.T) {
	for _, c := range []struct {
		n    int
		part float64
		want int
	}{
		{2, 0.05, 0}, {9, 0.05, 0}, {10, 0.05, 1}, {999, 0.05, 99}, {1000, 0.05, 100}, {2000, 0.05, 100}, {4000, 0.05, 200},
		{4000, 0.5, 2000}, {4000, 0, 0},
	} {
		if got := len(data.HoldOut(records(c.n, 1), c.part).HeldOut); got != c.want {
			t.Errorf("%g of %d records: %d held out, want %d", c.part, c.n, got, c.want)
		}
	}
}

func TestHoldOutDoesNotDependOnOrder(t *testing.T) {
	a := records(500, 3)
	b := slices.Clone(a)
	slices.Reverse(b)
	if x, y := data.HoldOut(a, 0.05), data.HoldOut(b, 0.05); !reflect.DeepEqual(x, y) {
		t.Errorf("the same records in another order: %v and %v", x, y)
	}
}

func TestHoldOutLeavesEveryClassSomething(t *testing.T) {
	for _, r := range []struct {
		name    string
		records []data.Record
	}{
		{"one record a class", records(50, 50)},
		{"two records a class", records(50, 25)},
		{"a class of equal records", append(records(90, 2), slices.Repeat([]data.Record{{Hash: "00000000f", Label: 7}}, 8)...)},
	} {
		held := data.HoldOut(r.records, 0.9).Set()
		left := map[int]int{}
		for _, rec := range r.records {
			if !held[rec.Hash] {
				left[rec.Label]++
			}
		}
		for _, rec := range r.records {
			if left[rec.Label] == 0 {
				t.Errorf("%s: class %d has nothing left to train on", r.name, rec.Label)
			}
		}
	}
}

// A picture that is there 60 times in 100 must not carry most of the set to the held-out side.
func TestHoldOutPassesOverBigGroups(t *testing.T) {
	all := append(records(40, 1), slices.Repeat([]data.Record{{Hash: "0"}}, 60)...)
	split := data.HoldOut(all, 0.05)
	if split.Set()["0"] || len(split.HeldOut) != 10 {
		t.Errorf("held out: %v", split.HeldOut)
	}
}
