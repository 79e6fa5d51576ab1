// Package metrics judges samples. Arrays go in (points, pictures, the features and logits of a classifier, labels), numbers come
// out: modes found, balance of classes, distances. It does not know what made the arrays, and imports nothing of ours.
package metrics

import "fmt"

// Rows are vectors of one size, one after the other.
type Rows struct {
	Size   int       // numbers in a row
	Values []float32 // row-major, [n, Size]
}

// Len is the number of rows.
func (r Rows) Len() int {
	if r.Size < 1 {
		return 0
	}
	return len(r.Values) / r.Size
}

// Row is row i, not a copy.
func (r Rows) Row(i int) []float32 { return r.Values[i*r.Size : (i+1)*r.Size] }

// check refuses what is no array of rows. what names the argument.
func (r Rows) check(what string) error {
	if r.Size < 1 || len(r.Values)%max(r.Size, 1) != 0 {
		return fmt.Errorf("metrics: %s: %d numbers do not make rows of %d", what, len(r.Values), r.Size)
	}
	if len(r.Values) == 0 {
		return fmt.Errorf("metrics: %s: there are no rows", what)
	}
	return nil
}
