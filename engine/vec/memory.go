package vec

// Fill sets every element of dst to s. It serves any type of element.
func Fill[T any](dst []T, s T) {
	const few = 32
	for i := range dst[:min(few, len(dst))] {
		dst[i] = s
	}
	for n := few; n < len(dst); n *= 2 { // what is written doubles; copies are fast
		copy(dst[n:], dst[:n])
	}
}

// Gather sets dst[i] = src[start + i·stride]. stride may be 0, a broadcast, or negative, a reversal.
func Gather[T any](dst, src []T, start, stride int) {
	switch stride {
	case 0:
		Fill(dst, src[start])
	case 1:
		copy(dst, src[start:start+len(dst)])
	default:
		for i := range dst {
			dst[i] = src[start]
			start += stride
		}
	}
}

// Scatter sets dst[start + i·stride] = src[i] for all of src.
func Scatter[T any](dst, src []T, start, stride int) {
	if stride == 1 {
		copy(dst[start:start+len(src)], src)
		return
	}
	for _, v := range src {
		dst[start] = v
		start += stride
	}
}

// Tile fills dst with repetitions of src, beginning at src[phase]: dst[i] = src[(phase + i) mod len(src)].
func Tile[T any](dst, src []T, phase int) {
	n := copy(dst, src[phase:])
	if n == len(dst) {
		return
	}
	// What is written grows by doubling, always by whole periods.
	n += copy(dst[n:], src)
	for period := len(src); n < len(dst); {
		have := n / period * period
		n += copy(dst[n:], dst[n-have:n])
	}
}

// Repeat fills dst with the elements of src, each count times, the first one only count-skip times:
// dst[i] = src[(skip + i) / count].
func Repeat[T any](dst, src []T, count, skip int) {
	for i, k := 0, 0; i < len(dst); k++ {
		end := min(i+count-skip, len(dst))
		Fill(dst[i:end], src[k])
		i, skip = end, 0
	}
}

// Transpose sets dst[c·dstStride + r] = src[r·srcStride + c] for r < rows and c < cols. dst and src must not overlap.
func Transpose(dst, src []float32, rows, cols, dstStride, srcStride int) {
	if rows <= 0 || cols <= 0 {
		return
	}
	active.transpose(dst[:(cols-1)*dstStride+rows], src[:(rows-1)*srcStride+cols], rows, cols, dstStride, srcStride)
}

// transposeGo works in squares of 16 by 16, so that the lines of both matrices stay in the cache while they are in use.
func transposeGo(dst, src []float32, rows, cols, dstStride, srcStride int) {
	const side = 16
	for r0 := 0; r0 < rows; r0 += side {
		r1 := min(r0+side, rows)
		for c0 := 0; c0 < cols; c0 += side {
			c1 := min(c0+side, cols)
			for c := c0; c < c1; c++ {
				for r := r0; r < r1; r++ {
					dst[c*dstStride+r] = src[r*srcStride+c]
				}
			}
		}
	}
}
