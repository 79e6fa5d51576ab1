package data

import (
	"context"
	"fmt"
)

// memory is a Source whose records are all in memory.
type memory struct {
	fields []Field
	all    Batch
	n      int
}

// InMemory makes a Source of whole arrays, one for each field; their first axis counts the records. It keeps the arrays
// without a copy. It is an error if an array is missing, has the wrong type or another number of records than the first.
func InMemory(fields []Field, all Batch) (Source, error) {
	m := memory{fields: fields, all: all}
	for i, f := range fields {
		a, ok := all[f.Name]
		if !ok {
			return nil, fmt.Errorf("data: there is no array for the field %s", f.Name)
		}
		if i == 0 {
			m.n = a.Len()
		}
		have, other := len(a.Float), len(a.Int)
		if f.Int {
			have, other = other, have
		}
		if want := m.n * f.Size(); have != want || other != 0 {
			return nil, fmt.Errorf("data: field %s: %d records of %v need %d numbers; there are %d (and %d of the wrong type)",
				f.Name, m.n, f.Shape, want, have, other)
		}
	}
	return m, nil
}

// Empty is a Source without records.
func Empty(fields []Field) Source { return memory{fields: fields} }

func (m memory) Fields() []Field { return m.fields }
func (m memory) Len() int        { return m.n }

func (m memory) Read(ctx context.Context, indices []int, into Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := CheckIndices(indices, m.n); err != nil {
		return err
	}
	for _, f := range m.fields {
		size := f.Size()
		if f.Int {
			gather(into.Ints(f, len(indices)), m.all[f.Name].Int, indices, size)
		} else {
			gather(into.Floats(f, len(indices)), m.all[f.Name].Float, indices, size)
		}
	}
	return nil
}

func gather[T any](to, from []T, indices []int, size int) {
	for i, r := range indices {
		copy(to[i*size:(i+1)*size], from[r*size:(r+1)*size])
	}
}

// CheckIndices reports the first index that a source of n records does not have.
func CheckIndices(indices []int, n int) error {
	for _, i := range indices {
		if i < 0 || i >= n {
			return fmt.Errorf("data: there is no record %d; the source has %d", i, n)
		}
	}
	return nil
}
