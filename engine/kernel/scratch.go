package kernel

import (
	"slices"
	"sync"

	"github.com/ganymede-gan/ganymede/engine/pages"
)

// Scratch is work memory that is reused from call to call, so that only the first calls of a kind allocate. The zero
// value is ready. One Scratch may serve concurrent calls.
type Scratch struct {
	// Level selects the instructions. A level that the machine lacks falls back to the best that it has.
	Level Level

	mu      sync.Mutex
	workers []*worker
	floats  stock[float32]
	doubles stock[float64]
}

// worker is what one block of work needs for itself. Its slices keep their memory from block to block, and nothing else.
type worker struct {
	row  rowTile
	col  colTile
	edge [12 * panelWidth]float32 // a tile that sticks out at the right

	// The lists of a product.
	rows, cRows, segments []int
	pairs                 [][2]int
	pieces                []piece

	floats      []float32 // input with its padding, copied rows of A, weights to be transformed
	fetch       fetch
	panel       []float32 // columns of dy, or a tile of outputs that is partly outside
	tiles       []float32 // columns of A for the column form
	packedFor   *band     // whose columns of dy the panel holds
	transformed []float32 // of a short convolution
	products    []float32 // of a short or narrow one
}

func (s *Scratch) kernels() *kernels {
	level := s.Level
	if level == Auto || level > best() {
		level = best()
	}
	return level.kernels()
}

// worker takes a worker from the stock; give it back by release.
func (s *Scratch) worker() *worker {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.workers); n > 0 {
		w := s.workers[n-1]
		s.workers = s.workers[:n-1]
		return w
	}
	return new(worker)
}

func (s *Scratch) release(w *worker) {
	w.row, w.col, w.fetch = rowTile{}, colTile{}, fetch{} // keep no operand alive
	s.mu.Lock()
	s.workers = append(s.workers, w)
	s.mu.Unlock()
}

// stock is memory to be used again.
type stock[T float32 | float64] struct {
	mu   sync.Mutex
	free [][]T
}

// take takes n numbers from the stock; give them back by give. What they contain is left over.
func (s *stock[T]) take(n int) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	best := -1
	for i, b := range s.free {
		if best < 0 || fits(cap(b), cap(s.free[best]), n) {
			best = i
		}
	}
	if best < 0 {
		return pages.Slice[T](n)
	}
	b := s.free[best]
	s.free = slices.Delete(s.free, best, best+1)
	return grow(b, n)
}

// fits says whether memory of size a serves n numbers better than some of size b: the smallest that is large enough, or
// else the largest, which then makes place for a larger one.
func fits(a, b, n int) bool {
	if b >= n {
		return a >= n && a < b
	}
	return a > b
}

func (s *stock[T]) give(b []T) {
	s.mu.Lock()
	s.free = append(s.free, b)
	s.mu.Unlock()
}

// grow returns a slice of n numbers, s itself if that is large enough. What it contains is left over.
func grow[T float32 | float64](s []T, n int) []T {
	if cap(s) < n {
		return pages.Slice[T](n)
	}
	return s[:n]
}
