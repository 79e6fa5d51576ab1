package engine

import (
	"github.com/gomlx/compute/dtypes"

	"github.com/ganymede-gan/ganymede/engine/view"
)

// Gathers and scatters of dense rows: pixels of pictures, rows of tables. They are what such operations nearly always do, and a row of three
// numbers must not cost a general loop over axes.

// rowsOf is how many elements a row has, where the windows that indices point to are dense rows on both sides: ok is false if they are
// not. windows walks one window on both sides, batch from one window to the next (its second view), places from one index to the next.
func rowsOf(windows, batch, places view.Nest) (size int, ok bool) {
	size = windows.Inner()
	dense := size == 1 || windows.Strides[0][0] == 1 && windows.Strides[1][0] == 1
	follow := len(batch.Dims) == 1 && (batch.Dims[0] == 1 || batch.Strides[1][0] == size)
	return size, len(windows.Dims) == 1 && dense && follow && len(places.Dims) == 1
}

// reach says where an index along an axis may lie, and what a step of it is worth.
type reach struct{ last, stride int }

// outside marks an index that points out of an array.
const outside = -1

// starts writes where windows first, first+1, ... begin, from base on; axes has a reach for each element of an index. An index out of
// reach is moved to the nearest one within, or, with leave, marked as outside.
func (x *indexVectors) starts(mem []byte, first int, axes []reach, base int, leave bool, into []int) {
	switch x.dtype {
	case dtypes.Int8:
		startsOf[int8](x, mem, first, axes, base, leave, into)
	case dtypes.Int16:
		startsOf[int16](x, mem, first, axes, base, leave, into)
	case dtypes.Int32:
		startsOf[int32](x, mem, first, axes, base, leave, into)
	case dtypes.Int64:
		startsOf[int64](x, mem, first, axes, base, leave, into)
	case dtypes.Uint8:
		startsOf[uint8](x, mem, first, axes, base, leave, into)
	case dtypes.Uint16:
		startsOf[uint16](x, mem, first, axes, base, leave, into)
	case dtypes.Uint32:
		startsOf[uint32](x, mem, first, axes, base, leave, into)
	default:
		startsOf[uint64](x, mem, first, axes, base, leave, into)
	}
}

func startsOf[T integer](x *indexVectors, mem []byte, first int, axes []reach, base int, leave bool, into []int) {
	index, step := as[T](mem), x.places.Strides[1][0]
	for i := range into {
		into[i] = base
	}
	for k, axis := range axes {
		at := x.places.Offsets[1] + first*step + k*x.step
		for i, start := range into {
			place, v := 0, index[at]
			at += step
			switch {
			case start == outside:
				continue
			case v >= 0 && uint64(v) <= uint64(axis.last):
				place = int(v)
			case leave:
				into[i] = outside
				continue
			case v > 0:
				place = axis.last
			}
			into[i] = start + place*axis.stride
		}
	}
}

// reaches are those of the elements of an index, for windows of these sizes in an array.
func (x *indexVectors) reaches(array view.View, sizes []int) []reach {
	list := make([]reach, len(x.toAxis))
	for k, a := range x.toAxis {
		list[k] = reach{array.Dims[a] - sizes[a], array.Strides[a]}
	}
	return list
}

// copyRows copies rows of n elements of so many bytes from where they start to dst, one after the other from at on.
func copyRows(dst, src []byte, bytes, at, n int, starts []int) {
	switch bytes {
	case 1:
		copyRowsOf(as[uint8](dst), as[uint8](src), at, n, starts)
	case 2:
		copyRowsOf(as[uint16](dst), as[uint16](src), at, n, starts)
	case 4:
		copyRowsOf(as[uint32](dst), as[uint32](src), at, n, starts)
	case 8:
		copyRowsOf(as[uint64](dst), as[uint64](src), at, n, starts)
	default:
		copyRowsOf(as[[2]uint64](dst), as[[2]uint64](src), at, n, starts)
	}
}

func copyRowsOf[T any](dst, src []T, at, n int, starts []int) {
	if n == 1 {
		for i, start := range starts {
			dst[at+i] = src[start]
		}
		return
	}
	const short = 8
	for _, start := range starts {
		to, from := dst[at:at+n], src[start:start+n]
		if n < short {
			//lint:ignore S1001 a call costs more than so short a copy
			for j, v := range from {
				to[j] = v
			}
		} else {
			copy(to, from)
		}
		at += n
	}
}

// addRows adds the rows of n elements that follow each other in src from at on to where they start in dst, but for those that are outside.
func addRows(dst, src []float32, base, at, n int, starts []int) {
	if n == 1 {
		dst = dst[base:]
		for i, start := range starts {
			if start != outside {
				dst[start] += src[at+i]
			}
		}
		return
	}
	for _, start := range starts {
		if start != outside {
			to, from := dst[base+start:base+start+n], src[at:at+n]
			for j, v := range from {
				to[j] += v
			}
		}
		at += n
	}
}
