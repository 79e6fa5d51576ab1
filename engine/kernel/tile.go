package kernel

import "fmt"

// panelWidth is the number of columns in the widest packed panel of B, for which packed matrices have room at every level.
const panelWidth = 32

// rowTile is one call of a micro-kernel of the row form. For each row i of the tile and column j,
//
//	c[cRows[i]+j] = sum over segments s and l < length of  a[rows[i]+segments[s]+l] * b[k*bStride+j]
//
// where k counts up through the segments; c is added to if add is not 0. All offsets are in floats. The assembly reads
// these fields by their offsets.
type rowTile struct {
	a, b, c     []float32
	segments    []int
	length      int
	bStride     int
	add         int
	ahead       int       // from b to what will be read next
	cAhead      int       // from c to what will be written next
	rows, cRows []int     // as many as the tile has rows
	next        []float32 // what will be read later
	aheadStep   int       // how far ahead goes on with each step
}

// colTile is one call of a micro-kernel of the column form. For each row i and column j,
//
//	c[i*cStride+j] = sum over segments s and l < length of  a[segments[s][0]+l*aStride+i] * b[segments[s][1]+l*bStride+j]
//
// and c is added to if add is not 0.
type colTile struct {
	a, b, c          []float32
	segments         [][2]int
	length           int
	aStride, bStride int
	cStride          int
	add              int
}

// check panics if tiles of a number of rows in all, and columns, would read beyond the operands. Assembly does not check.
func (t *colTile) check(rows, cols int) {
	lastA, lastB := (t.length-1)*t.aStride+rows, (t.length-1)*t.bStride+cols
	for _, s := range t.segments {
		if s[0] < 0 || s[1] < 0 || s[0]+lastA > len(t.a) || s[1]+lastB > len(t.b) {
			panic(fmt.Errorf("kernel: tile reads a[%d:%d] of %d and b[%d:%d] of %d", s[0], s[0]+lastA, len(t.a), s[1], s[1]+lastB, len(t.b)))
		}
	}
}

// kernels are the micro-kernels of one level.
type kernels struct {
	lanes      int                                                                               // floats in a vector
	rows       int                                                                               // of the tallest tile
	panel      int                                                                               // columns of a packed panel of B, [k][panel]: those of the widest tile in the row form, which reads it from one end to the other
	row        *[4][13]func(*rowTile)                                                            // by vectors-1 and rows
	col        *[4][13]func(*colTile)                                                            // four vectors only with few rows; nil: there is none
	row64      *[13]func(*rowTile64)                                                             // two vectors wide, by rows; nil: plain Go
	transpose  func(dst, src *float32, dstStride, srcStride, blocks int)                         // 8 rows of 8*blocks numbers; strides in floats
	fma        func(n int)                                                                       // n rounds of a multiply-add for each sum of the tallest tile
	copyPanel  func(dst, src *float32, srcStride, rows int)                                      // rows of a panel's numbers
	copyPanels func(dst, src *float32, srcStride, rows, panel int)                               // the same for four panels of a size at once; nil: there is none
	transforms *[5][6]func(dst, src *float32, dstRow, dstCol, srcRow, srcCol, vectors int)       // by transformation and form; nil: plain Go
	copyTile   func(dst, src *float32, srcStride, steps int)                                     // see packTile; nil: the column form reads in place
	block      int                                                                               // floats of A that one block of work reads again for each panel of B, see matmul.go
	dots       *[5]func(dst, x, w *float32, pixels, length int)                                  // by outputs, see dots.go; nil: plain Go
	spread     *[5]func(dst, x, w *float32, pixels, panels int)                                  // by inputs, see spread.go; nil: as tiles
	sumTaps    *[5]func(dst, src *float32, offsets *int, taps, pixels, dstStride, srcStride int) // by channels, see narrow.go; nil: plain Go
}

// strip returns how many vectors a tile for the next columns should have, when n columns are left.
func (k *kernels) strip(n int) (vectors int) {
	if n <= k.lanes && k.row[0][1] != nil {
		return 1
	}
	return 2
}

// panels returns how many packed panels hold n columns.
func (k *kernels) panels(n int) int { return (n + k.panel - 1) / k.panel }

// tiles cuts n rows into tiles of nearly equal height and returns how many.
func (k *kernels) tiles(n int) int { return (n + k.rows - 1) / k.rows }

// portable has tiles of 4 x 32: as many running sums as fit in the first cache of anything.
var portable = func() *kernels {
	k := &kernels{lanes: 16, rows: 4, panel: 32, block: 48 * 1024, row: new([4][13]func(*rowTile)), col: new([4][13]func(*colTile))}
	for v := range 2 {
		for rows := 1; rows <= k.rows; rows++ {
			cols := (v + 1) * k.lanes
			k.row[v][rows] = func(t *rowTile) { portableRow(t, rows, cols) }
			k.col[v][rows] = func(t *colTile) { portableCol(t, rows, cols) }
		}
	}
	return k
}()

func portableRow(t *rowTile, rows, cols int) {
	for i := range rows {
		c := t.c[t.cRows[i]:][:cols]
		if t.add == 0 {
			clear(c)
		}
		b := 0
		for _, s := range t.segments {
			a := t.a[t.rows[i]+s:][:t.length]
			for ; len(a) >= 4; a = a[4:] {
				axpy4(c, a[0], t.b[b:], a[1], t.b[b+t.bStride:], a[2], t.b[b+2*t.bStride:], a[3], t.b[b+3*t.bStride:])
				b += 4 * t.bStride
			}
			for _, v := range a {
				axpy(c, v, t.b[b:])
				b += t.bStride
			}
		}
	}
}

func portableCol(t *colTile, rows, cols int) {
	for i := range rows {
		c := t.c[i*t.cStride:][:cols]
		if t.add == 0 {
			clear(c)
		}
		for _, s := range t.segments {
			a, b, l := s[0]+i, s[1], 0
			for ; l+4 <= t.length; l += 4 {
				axpy4(c, t.a[a], t.b[b:], t.a[a+t.aStride], t.b[b+t.bStride:],
					t.a[a+2*t.aStride], t.b[b+2*t.bStride:], t.a[a+3*t.aStride], t.b[b+3*t.bStride:])
				a, b = a+4*t.aStride, b+4*t.bStride
			}
			for ; l < t.length; l++ {
				axpy(c, t.a[a], t.b[b:])
				a, b = a+t.aStride, b+t.bStride
			}
		}
	}
}

// axpy adds a*x to y.
func axpy(y []float32, a float32, x []float32) {
	x = x[:len(y)]
	for i := range y {
		y[i] += a * x[i]
	}
}

// axpy4 is four axpy, one after the other, for one load and store of y.
func axpy4(y []float32, a0 float32, x0 []float32, a1 float32, x1 []float32, a2 float32, x2 []float32, a3 float32, x3 []float32) {
	x0, x1, x2, x3 = x0[:len(y)], x1[:len(y)], x2[:len(y)], x3[:len(y)]
	for i, v := range y {
		v += a0 * x0[i]
		v += a1 * x1[i]
		v += a2 * x2[i]
		y[i] = v + a3*x3[i]
	}
}
