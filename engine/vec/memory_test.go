package vec

import (
	"fmt"
	"testing"
)

func TestTranspose(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, rows := range []int{0, 1, 3, 15, 16, 17, 33, 64} {
			for _, cols := range []int{0, 1, 2, 16, 31, 48, 50} {
				src := normals(random(3), rows*(cols+2)+1)
				dst := make([]float32, cols*(rows+3)+1)
				want := make([]float32, len(dst))
				for r := range rows {
					for c := range cols {
						want[c*(rows+3)+r] = src[r*(cols+2)+c]
					}
				}
				Transpose(dst, src, rows, cols, rows+3, cols+2)
				wantSame(t, fmt.Sprint(rows, " by ", cols), dst, want)
			}
		}
	})
}

func TestMoves(t *testing.T) {
	src := []int{10, 11, 12, 13, 14, 15, 16}
	check := func(name string, got []int, at func(i int) int) {
		t.Helper()
		for i, v := range got {
			if v != at(i) {
				t.Errorf("%s: element %d is %d, want %d", name, i, v, at(i))
			}
		}
	}
	for _, n := range []int{1, 2, 3} {
		dst := make([]int, n)
		for _, stride := range []int{-2, -1, 0, 1, 2} {
			start := 4
			if stride > 0 {
				start = 1
			}
			Gather(dst, src, start, stride)
			check(fmt.Sprint("gather ", stride), dst, func(i int) int { return src[start+i*stride] })
			if stride == 0 {
				continue
			}
			back := make([]int, len(src))
			Scatter(back, dst, start, stride)
			Gather(dst, back, start, stride)
			check(fmt.Sprint("scatter ", stride), dst, func(i int) int { return src[start+i*stride] })
		}
	}
	for _, n := range []int{0, 1, 5, 7, 8, 30, 31, 32, 33, 63, 64, 65, 100, 1000} {
		dst := make([]int, n)
		Fill(dst, 7)
		check("fill", dst, func(int) int { return 7 })
		for phase := range src {
			Tile(dst, src, phase)
			check("tile", dst, func(i int) int { return src[(phase+i)%len(src)] })
		}
		for skip := range 20 {
			some := dst[:min(n, 120)] // as much as there is
			Repeat(some, src, 20, skip)
			check("repeat", some, func(i int) int { return src[(skip+i)/20] })
		}
	}
}
