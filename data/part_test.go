package data_test

import (
	"context"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/data"
)

// counted is a source of n records whose one field counts them from first.
func counted(t *testing.T, field string, first, n int) data.Source {
	t.Helper()
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(first + i)
	}
	s, err := data.InMemory([]data.Field{{Name: field}}, data.Batch{field: {Shape: []int{n}, Float: values}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, s data.Source, indices ...int) (a, b []float32) {
	t.Helper()
	batch := data.Batch{}
	if err := s.Read(context.Background(), indices, batch); err != nil {
		t.Fatal(err)
	}
	return batch[data.A].Float, batch[data.B].Float
}

func TestTogetherAndApart(t *testing.T) {
	pairs, err := data.Together(counted(t, data.A, 0, 3), counted(t, data.B, 100, 3))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := read(t, pairs, 2, 0); pairs.Len() != 3 || !slices.Equal(a, []float32{2, 0}) || !slices.Equal(b, []float32{102, 100}) {
		t.Error(pairs.Len(), a, b)
	}
	apart := data.Apart(counted(t, data.A, 0, 2), counted(t, data.B, 100, 5))
	if a, b := read(t, apart, 4, 1, 2); apart.Len() != 5 || !slices.Equal(a, []float32{0, 1, 0}) || !slices.Equal(b, []float32{104, 101, 102}) {
		t.Error(apart.Len(), a, b)
	}
	if names := apart.Fields(); len(names) != 2 || names[0].Name != data.A || names[1].Name != data.B {
		t.Error(names)
	}
	if part := data.Part(apart, data.A); part.Len() != 2 {
		t.Errorf("the part has %d records", part.Len())
	}
	if whole := data.Part(pairs, "c"); whole.Len() != 3 || len(whole.Fields()) != 2 {
		t.Error("a field that no part has is not of a part")
	}
	if _, err := data.Together(counted(t, data.A, 0, 3), counted(t, data.B, 100, 4)); err == nil {
		t.Error("3 and 4 records do not go together")
	}
	if err := apart.Read(context.Background(), []int{5}, data.Batch{}); err == nil {
		t.Error("there is no record 5")
	}
	if n := data.Apart(counted(t, data.A, 0, 2), data.Empty(nil)).Len(); n != 0 {
		t.Errorf("%d records, and one part is empty", n)
	}
}
