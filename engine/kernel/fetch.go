package kernel

// fetch is memory that a worker's next block will read, as far as can be known: rows of numbers, which the tiles of the block at
// hand bring to the second cache, each a line for every sixteen of its steps. A core that multiplies at 128 floats a cycle
// otherwise spends a twentieth of its time waiting for them.
type fetch struct {
	Matrix
	row, col int // where the lines begin that have not been fetched
	width    int // of the piece of a row that a tile fetches
}

// willRead sets what the next block will read. Only rows of contiguous numbers are fetched.
func (f *fetch) willRead(m Matrix) {
	if *f = (fetch{}); m.ColStride == 1 {
		f.Matrix = m
	}
}

// spread divides what has not been fetched among so many tiles of so many steps and, at most, rows. A tile fetches a line for
// every 16 steps, or up to 24 at once if it has few steps (asm/).
func (f *fetch) spread(tiles, steps, rows int) {
	most := steps
	if steps < 16*rows {
		most = 16 * 24
	}
	pieces := max(1, tiles/max(f.Rows-f.row, 1)) // of a row
	f.width = roundUp(min((f.Cols+pieces-1)/pieces, most), 16)
}

// piece returns what one tile is to fetch.
func (f *fetch) piece() []float32 {
	if f.row >= f.Rows || f.Cols == 0 {
		return nil
	}
	to := min(f.col+f.width, f.Cols)
	data := f.Data[f.row*f.RowStride+f.col : f.row*f.RowStride+to]
	if f.col = to; to == f.Cols {
		f.row, f.col = f.row+1, 0
	}
	return data
}
