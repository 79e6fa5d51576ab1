package data_test

import (
	"context"
	"fmt"
	"reflect"
	"sort"
	"testing"

	"github.com/ganymede-gan/ganymede/data"
)

func TestOrderIsAPermutationInEveryEpoch(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 64, 1000} {
		o := data.NewOrder(7, "pictures", n)
		for epoch := range int64(3) {
			got := o.Indices(epoch*int64(n), n)
			sort.Ints(got)
			for i, v := range got {
				if i != v {
					t.Fatalf("n=%d epoch %d: index %d is missing or there twice", n, epoch, i)
				}
			}
		}
	}
}

func TestOrderDoesNotDependOnHowItIsAsked(t *testing.T) {
	whole := data.NewOrder(7, "pictures", 10).Indices(0, 95)
	pieces := data.NewOrder(7, "pictures", 10)
	for _, start := range []int64{90, 3, 41, 0} {
		if got, want := pieces.Indices(start, 5), whole[start:start+5]; !reflect.DeepEqual(got, want) {
			t.Errorf("positions %d to %d: %v, in one go they are %v", start, start+4, got, want)
		}
	}
}

func TestOrderDependsOnSeedNameAndEpoch(t *testing.T) {
	base := data.NewOrder(7, "pictures", 100).Indices(0, 200)
	for name, other := range map[string][]int{
		"seed":  data.NewOrder(8, "pictures", 100).Indices(0, 100),
		"name":  data.NewOrder(7, "labels", 100).Indices(0, 100),
		"epoch": base[100:],
	} {
		if reflect.DeepEqual(base[:100], other) {
			t.Errorf("another %s gives the same order", name)
		}
	}
}

// The order of a seed is part of what a run's format promises: a resumed run must see the same records in the same order.
func TestOrderStaysWhatItWas(t *testing.T) {
	got := fmt.Sprint(data.NewOrder(42, "pictures", 10).Indices(0, 20))
	const want = "[3 9 4 8 5 7 2 1 6 0 5 6 3 7 9 4 2 1 8 0]"
	if got != want {
		t.Errorf("the order of seed 42 has changed:\n got %s\nwant %s", got, want)
	}
}

// Each of the 6 shuffles of three records should come up 1,000 times in 6,000; the standard deviation is 29.
func TestOrderIsFair(t *testing.T) {
	o := data.NewOrder(1, "fair", 3)
	count := map[string]int{}
	for epoch := range int64(6000) {
		count[fmt.Sprint(o.Indices(3*epoch, 3))]++
	}
	for shuffle, n := range count {
		if n < 870 || n > 1130 {
			t.Errorf("%s comes up %d times in 6000", shuffle, n)
		}
	}
	if len(count) != 6 {
		t.Errorf("only %d of 6 shuffles come up", len(count))
	}
}

func TestReadReusesTheBatch(t *testing.T) {
	fields := []data.Field{{Name: "points", Shape: []int{2}}, {Name: "labels", Int: true, High: 2}}
	src, err := data.InMemory(fields, data.Batch{
		"points": {Shape: []int{3, 2}, Float: []float32{0, 1, 10, 11, 20, 21}},
		"labels": {Shape: []int{3}, Int: []int32{0, 1, 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := data.Batch{}
	if err := src.Read(context.Background(), []int{2, 0}, b); err != nil {
		t.Fatal(err)
	}
	want := data.Batch{
		"points": {Shape: []int{2, 2}, Float: []float32{20, 21, 0, 1}},
		"labels": {Shape: []int{2}, Int: []int32{2, 0}},
	}
	if !reflect.DeepEqual(b, want) {
		t.Fatalf("got %v, want %v", b, want)
	}
	before := &b["points"].Float[0]
	if err := src.Read(context.Background(), []int{1}, b); err != nil {
		t.Fatal(err)
	}
	if before != &b["points"].Float[0] || b["points"].Float[0] != 10 || b["points"].Len() != 1 {
		t.Errorf("the second read did not reuse the memory: %v", b)
	}
	if err := src.Read(context.Background(), []int{3}, b); err == nil {
		t.Error("a record that is not there was read")
	}
}

func TestInMemoryRefusesArraysThatDisagree(t *testing.T) {
	fields := []data.Field{{Name: "points", Shape: []int{2}}, {Name: "labels", Int: true}}
	points := data.Array{Shape: []int{2, 2}, Float: make([]float32, 4)}
	for name, all := range map[string]data.Batch{
		"missing":    {"points": points},
		"too few":    {"points": points, "labels": {Shape: []int{1}, Int: make([]int32, 1)}},
		"wrong type": {"points": points, "labels": {Shape: []int{2}, Float: make([]float32, 2)}},
	} {
		if _, err := data.InMemory(fields, all); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func ExampleOrder() {
	order := data.NewOrder(1, "pictures", 4) // four records, seed 1
	fmt.Println(order.Indices(0, 4), order.Indices(4, 4))
	fmt.Println(order.Indices(2, 4)) // the same sequence from the middle: nothing to remember
	// Output:
	// [2 1 3 0] [0 3 2 1]
	// [3 0 0 3]
}
