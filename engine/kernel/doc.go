// Package kernel multiplies matrices and convolves.
//
// In go slices of float32 and descriptions of their shapes; out come the products, written to a slice of the caller's.
// The package knows nothing of graphs, tensors or training.
package kernel
