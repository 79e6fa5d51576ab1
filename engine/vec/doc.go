// Package vec is the float32 arithmetic of the CPU engine on contiguous blocks: elementwise functions, comparisons and
// selections, reductions, moves, conversions, random bits, and programs, which run a chain of such operations over arrays
// block by block. In go slices, out come slices; it knows nothing of graphs, shapes beyond one period, threads or memory
// management.
package vec
