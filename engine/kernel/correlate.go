package kernel

// correlation is what Forward and ByInput have in common: input pixels times weights, summed over taps and channels of
// one group, for each phase of the output. ByInput is a correlation of dy with the reversed and transposed kernel.
type correlation struct {
	batch, groups     int
	vertical          axis
	horizontal        axis
	in, out           int // channels of a group
	rows, cols        []phase
	kernelWidth       int
	transposed        bool // weights are read in reverse order of the taps, with in and out swapped
	weightIn, weights int  // how many floats lie between the in channels, and the taps, of w
}

func (c *Conv) forward() *correlation {
	return newCorrelation(c, c.vertical(), c.horizontal(), c.In/c.groups(), c.Out/c.groups(), false)
}

func (c *Conv) byInput() *correlation {
	return newCorrelation(c, c.vertical().transposed(), c.horizontal().transposed(), c.Out/c.groups(), c.In/c.groups(), true)
}

// upright returns c, or, if it has one spatial axis that is not the height, the same convolution along the height: work is
// cut into lines, and a long line would be one piece.
func (c *Conv) upright() *Conv {
	if c.Height != 1 || c.KernelHeight != 1 || c.OutHeight() != 1 || c.PadTop != 0 || c.Width == 1 {
		return c
	}
	u := *c
	u.Height, u.Width = c.Width, 1
	u.KernelHeight, u.KernelWidth = c.KernelWidth, 1
	u.StrideH, u.StrideW = c.StrideW, 1
	u.PadTop, u.PadBottom, u.PadLeft, u.PadRight = c.PadLeft, c.PadRight, 0, 0
	u.InputDilationH, u.InputDilationW = c.InputDilationW, 1
	u.KernelDilationH, u.KernelDilationW = c.KernelDilationW, 1
	return &u
}

func newCorrelation(c *Conv, vertical, horizontal axis, in, out int, transposed bool) *correlation {
	return &correlation{
		batch: c.Batch, groups: c.groups(), vertical: vertical, horizontal: horizontal, in: in, out: out,
		rows: vertical.phases(), cols: horizontal.phases(), kernelWidth: c.KernelWidth, transposed: transposed,
		weightIn: c.Out, weights: c.In / c.groups() * c.Out,
	}
}

// A piece is the part of a block that lies in one image: output lines u0 up to u1 of each phase.
type piece struct {
	image, u0, u1 int
	row, end      int // the input rows that it meets; they may lie in the padding
	at            int // where the first of them begins in input.data
}

// input is what the lines of one block meet: the input itself or a padded copy.
type input struct {
	data   []float32
	pieces []piece
	col    int // the column that each row of data begins with
	pitch  int // floats from row to row
}

// gather finds the input of lines from up to to, counted over all images. It copies it, with its padding, to the worker's
// memory, unless there is no padding.
func (c *correlation) gather(w *worker, x []float32, from, to int) input {
	channels, height, width := c.groups*c.in, c.vertical.in, c.horizontal.in
	w.pieces = w.pieces[:0]
	left, right := span(c.cols, 0, c.cols[0].outs)
	padded := left < 0 || right > width
	for lines := c.rows[0].outs; from < to; {
		p := piece{image: from / lines, u0: from % lines}
		p.u1 = min(lines, p.u0+to-from)
		p.row, p.end = span(c.rows, p.u0, p.u1)
		padded = padded || p.row < 0 || p.end > height
		w.pieces = append(w.pieces, p)
		from += p.u1 - p.u0
	}
	in := input{data: x, pieces: w.pieces, pitch: width * channels}
	if !padded {
		for i := range in.pieces {
			in.pieces[i].at = (in.pieces[i].image*height + in.pieces[i].row) * in.pitch
		}
		return in
	}
	in.col, in.pitch = left, (right-left)*channels
	size := 0
	for i := range in.pieces {
		in.pieces[i].at = size
		size += (in.pieces[i].end - in.pieces[i].row) * in.pitch
	}
	w.floats = grow(w.floats, size)
	in.data = w.floats
	for _, p := range in.pieces {
		for row := p.row; row < p.end; row++ {
			dst := in.data[p.at+(row-p.row)*in.pitch:][:in.pitch]
			if row < 0 || row >= height {
				clear(dst)
				continue
			}
			copyPadded(dst, x[(p.image*height+row)*width*channels:][:width*channels], left*channels)
		}
	}
	return in
}

// inputs returns the part of x that lines from up to to meet, counted over all images.
func (c *correlation) inputs(x []float32, from, to int) []float32 {
	lines, pitch := c.rows[0].outs, c.horizontal.in*c.groups*c.in
	lo, _ := span(c.rows, from%lines, from%lines+1)
	_, hi := span(c.rows, (to-1)%lines, (to-1)%lines+1)
	first := from/lines*c.vertical.in + min(max(lo, 0), c.vertical.in)
	last := (to-1)/lines*c.vertical.in + min(max(hi, 0), c.vertical.in)
	return x[first*pitch : max(first, last)*pitch]
}

// tap returns the weights [in, out] of a group and a tap.
func (c *correlation) tap(w []float32, group, ky, kx int) Matrix {
	if c.transposed {
		ky, kx = c.vertical.taps-1-ky, c.horizontal.taps-1-kx
		return Matrix{Data: w[(ky*c.kernelWidth+kx)*c.weights+group*c.in:], Rows: c.in, Cols: c.out, RowStride: 1, ColStride: c.weightIn}
	}
	return Matrix{Data: w[(ky*c.kernelWidth+kx)*c.weights+group*c.out:], Rows: c.in, Cols: c.out, RowStride: c.weightIn, ColStride: 1}
}

// span returns the inputs that outputs u0 up to u1 of any of the phases meet.
func span(phases []phase, u0, u1 int) (lo, hi int) {
	met := false
	for _, p := range phases {
		if p.taps == 0 {
			continue
		}
		l, h := p.span(u0, u1)
		if !met {
			lo, hi, met = l, h, true
		}
		lo, hi = min(lo, l), max(hi, h)
	}
	return lo, hi
}

// copyPadded sets dst to src from the given start on, which may be negative, with zeros where src has nothing.
func copyPadded(dst, src []float32, start int) {
	if start < 0 {
		n := min(-start, len(dst))
		clear(dst[:n])
		dst, start = dst[n:], 0
	}
	n := 0
	if start < len(src) {
		n = copy(dst, src[start:])
	}
	clear(dst[n:])
}
