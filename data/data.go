// Package data is everything that a model learns from, as numbers. Records go in by index and batches of named arrays come
// out; beside them stands what must be undone when a model's output becomes pictures or points again (the Codec), and which
// records were never trained on (the Split). It does not know where the records come from (images, points and sets beneath
// it do), and nothing of models, games or GoMLX: all it hands out are plain slices.
package data

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Names of the fields that the kinds of data beneath this package use.
const (
	Pictures = "pictures" // float32 [batch, height, width, channels], in [-1, 1]
	Labels   = "labels"   // int32 [batch], the index of a class
	Points   = "points"   // float32 [batch, 2]
)

// Field describes one named array of every record.
type Field struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape,omitempty"` // of one record, without the batch axis; pictures are [height, width, channels]
	Int   bool   `json:"int,omitempty"`   // int32 (labels, tokens); float32 otherwise

	// Low and High bound the values. For labels, High is the number of classes less one.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Size is how many numbers one record has in the field.
func (f Field) Size() int {
	size := 1
	for _, n := range f.Shape {
		size *= n
	}
	return size
}

// Array is a batch of one field: row-major, the batch axis first. Exactly one of Float and Int is set.
type Array struct {
	Shape []int
	Float []float32
	Int   []int32
}

// Len is the number of records in the array.
func (a Array) Len() int {
	if len(a.Shape) == 0 {
		return 0
	}
	return a.Shape[0]
}

// Batch holds arrays by field name. All of them have the same number of records.
type Batch map[string]Array

// Floats makes b[f.Name] an array of n records and returns its memory, which is that of an earlier batch where it fits.
func (b Batch) Floats(f Field, n int) []float32 {
	a := b[f.Name]
	a.Shape, a.Int = batchShape(a.Shape, f, n), nil
	a.Float = resize(a.Float, n*f.Size())
	b[f.Name] = a
	return a.Float
}

// Ints is Floats for a field of integers.
func (b Batch) Ints(f Field, n int) []int32 {
	a := b[f.Name]
	a.Shape, a.Float = batchShape(a.Shape, f, n), nil
	a.Int = resize(a.Int, n*f.Size())
	b[f.Name] = a
	return a.Int
}

func batchShape(reuse []int, f Field, n int) []int {
	return append(append(reuse[:0], n), f.Shape...)
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Source gives records by index. Implementations are safe for concurrent use, each caller with its own batch.
type Source interface {
	// Fields describes what every batch holds.
	Fields() []Field

	// Len is the number of records.
	Len() int

	// Read puts the records of the given indices, in that order, into the batch. It reuses the memory that the batch has, so
	// what an earlier Read put there is overwritten.
	Read(ctx context.Context, indices []int, into Batch) error
}

// Codec is what was fitted to the data and has to be undone on what a model generates: the value range, the size, the names
// of the classes. A run keeps it as codec.json, written by MarshalCodec and read back by sets.UnmarshalCodec; what turns
// arrays into pictures or points are the methods of the concrete types, images.Codec and points.Codec.
type Codec interface {
	Kind() string      // "images", "points"
	Fields() []Field   // what a generator's output must look like, and the labels where there are classes
	Classes() []string // by label; empty where the data has none
}

// MarshalCodec writes the codec as a JSON object with its kind beside its own fields.
func MarshalCodec(c Codec) ([]byte, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("codec %s: %w", c.Kind(), err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("codec %s is not a JSON object: %w", c.Kind(), err)
	}
	fields["kind"], _ = json.Marshal(c.Kind())
	return json.MarshalIndent(fields, "", "  ")
}

// CodecKind reads the kind out of what MarshalCodec wrote.
func CodecKind(raw []byte) (string, error) {
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return "", fmt.Errorf("codec: %w", err)
	}
	if head.Kind == "" {
		return "", errors.New("codec: it has no kind")
	}
	return head.Kind, nil
}

// Set is data made ready: what is trained on, what is not, and what is known about both.
type Set struct {
	Name    string
	Train   Source
	HeldOut Source // never trained on; may be empty, never nil
	Codec   Codec
	Origin  Origin
	Split   Split
	Defects []Defect // what was left out, and why
	Notes   []string // how something was understood that might have been meant otherwise
}

// Origin says what the data was, for the records of a run.
type Origin struct {
	Name        string `json:"name" toml:"name"`                                   // a set's name, or the path as given
	Hash        string `json:"hash" toml:"hash"`                                   // SHA-256 of the content, hexadecimal; the same for the same data in another place
	Records     int    `json:"records" toml:"records"`                             // that could be read
	Train       int    `json:"train" toml:"train"`                                 // of them, trained on (flips not counted)
	HeldOut     int    `json:"held_out" toml:"held_out"`                           // of them, held out
	Bytes       int64  `json:"bytes" toml:"bytes"`                                 // as stored
	Licence     string `json:"licence,omitempty" toml:"licence,omitempty"`         // empty: not known
	Attribution string `json:"attribution,omitempty" toml:"attribution,omitempty"` // to be shown beside what is made from the data
}

// Split says which records are never trained on. A run keeps it as split.json, and a set opened with it again holds out the
// same records, even where others were added since: those are trained on.
type Split struct {
	Rule    string   `json:"rule"`     // in words
	HeldOut []string `json:"held_out"` // content hashes, sorted, each once: equal records are on one side
}

// Set returns the content hashes that are held out.
func (s Split) Set() map[string]bool {
	set := make(map[string]bool, len(s.HeldOut))
	for _, h := range s.HeldOut {
		set[h] = true
	}
	return set
}

// Defect is something in the data that could not be used.
type Defect struct {
	File    string `json:"file"`
	Problem string `json:"problem"`
}

func (d Defect) String() string { return d.File + ": " + d.Problem }
