package kernel

// fetch is memory that a worker's next block will read, as far as can be known: rows of numbers, brought to the second cache
// while the tiles of the block at hand run, some lines after each. A core that multiplies at 128 floats a cycle otherwise
// spends a twentieth of its time waiting for them.
type fetch struct {
	Matrix
	row, col int // where the lines begin that have not been fetched
	lines    int // of 16 floats, after each tile
}

// willRead sets what the next block will read. Only rows of contiguous numbers are fetched.
func (f *fetch) willRead(m Matrix) {
	if *f = (fetch{}); m.ColStride == 1 {
		f.Matrix = m
	}
}

// mostLines is how many lines are fetched at a time. More of them would keep the next tile from its own.
const mostLines = 24

// spread divides what has not been fetched among so many tiles.
func (f *fetch) spread(tiles int) {
	left := max(0, f.Rows-f.row) * ((f.Cols + 15) / 16)
	f.lines = min((left+tiles-1)/max(tiles, 1), mostLines)
}

// some fetches the lines that belong to one tile.
func (f *fetch) some(k *kernels) {
	if k.prefetch == nil {
		return
	}
	for n := f.lines; n > 0 && f.row < f.Rows; {
		lines := min(n, (f.Cols-f.col+15)/16)
		k.prefetch(&f.Data[f.row*f.RowStride+f.col], lines)
		n -= lines
		if f.col += 16 * lines; f.col >= f.Cols {
			f.row, f.col = f.row+1, 0
		}
	}
}
