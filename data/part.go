package data

import (
	"context"
	"fmt"
)

// Fields of data of two kinds of pictures, float32 [batch, height, width, channels] in [-1, 1].
const (
	A = "a"
	B = "b"
)

// Part returns the source of the records that have the field: a part of a source made by [Together] or [Apart], which can be
// read by indices of its own, or the source itself.
func Part(s Source, field string) Source {
	if joint, ok := s.(joint); ok {
		for _, part := range joint.parts {
			if part.Fields()[0].Name == field {
				return part
			}
		}
	}
	return s
}

// Together makes one source of several with as many records each, whose records of one index belong together.
func Together(parts ...Source) (Source, error) {
	for _, part := range parts {
		if part.Len() != parts[0].Len() {
			return nil, fmt.Errorf("data: %s has %d records and %s has %d, so they do not go together",
				parts[0].Fields()[0].Name, parts[0].Len(), part.Fields()[0].Name, part.Len())
		}
	}
	return joint{parts, parts[0].Len()}, nil
}

// Apart makes one source of several whose records have nothing to do with each other. It is as long as the longest; the others
// begin again where they end. Whoever draws from it at random reads each [Part] in an order of its own.
func Apart(parts ...Source) Source {
	n := 0
	for _, part := range parts {
		if part.Len() == 0 { // nothing to begin again with
			return joint{parts, 0}
		}
		n = max(n, part.Len())
	}
	return joint{parts, n}
}

// joint is a source of several.
type joint struct {
	parts []Source
	n     int
}

func (j joint) Len() int { return j.n }

func (j joint) Fields() (fields []Field) {
	for _, part := range j.parts {
		fields = append(fields, part.Fields()...)
	}
	return fields
}

func (j joint) Read(ctx context.Context, indices []int, into Batch) error {
	if err := CheckIndices(indices, j.n); err != nil {
		return err
	}
	for _, part := range j.parts {
		own := make([]int, len(indices))
		for i, index := range indices {
			own[i] = index % part.Len()
		}
		if err := part.Read(ctx, own, into); err != nil {
			return err
		}
	}
	return nil
}
