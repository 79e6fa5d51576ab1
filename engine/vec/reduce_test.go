package vec

import (
	"fmt"
	"math"
	"testing"
)

// inOrder is the documented order of a reduction, written as plainly as it can be.
func inOrder(r Reduction, n int, step func(acc float32, i int) float32) float32 {
	lane := make([]float32, Lanes)
	for j := range lane {
		lane[j] = r.Identity()
	}
	for i := range n {
		lane[i%Lanes] = step(lane[i%Lanes], i)
	}
	for len(lane) > 1 {
		half := len(lane) / 2
		for j := range half {
			dst := lane[j : j+1]
			r.Binary().RunRight(dst, dst, lane[j+half])
		}
		lane = lane[:half]
	}
	return lane[0]
}

func TestReductionsKeepTheOrder(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, n := range append(lengths, 5000) {
			rng := random(uint64(n))
			for _, x := range [][]float32{normals(rng, n), numbers(rng, n)} {
				y := normals(rng, n)
				for r := range numReductions {
					want := inOrder(r, n, func(acc float32, i int) float32 { return join(r, acc, x[i]) })
					wantSame(t, fmt.Sprint(r, n), []float32{r.Run(x)}, []float32{want})
				}
				want := inOrder(Sum, n, func(acc float32, i int) float32 { return fma(x[i], y[i], acc) })
				wantSame(t, fmt.Sprint("dot", n), []float32{Dot(x, y)}, []float32{want})
				want = inOrder(Sum, n, func(acc float32, i int) float32 { return fma(x[i], x[i], acc) })
				wantSame(t, fmt.Sprint("sum of squares", n), []float32{SumSquares(x)}, []float32{want})
			}
		}
	})
}

func TestReductionsOfSpecials(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	eachVariant(t, func(t *testing.T) {
		for _, c := range []struct {
			r    Reduction
			x    []float32
			want float32
		}{
			{Sum, nil, 0}, {Largest, nil, -inf}, {Least, nil, inf},
			{Largest, []float32{1, nan, 2}, nan}, {Least, []float32{nan}, nan}, {Sum, []float32{inf, -inf}, nan},
			{Largest, []float32{float32(math.Copysign(0, -1)), 0}, 0},
			{Least, []float32{0, float32(math.Copysign(0, -1))}, float32(math.Copysign(0, -1))},
			{Largest, []float32{-inf, -3}, -3}, {Least, []float32{inf, inf}, inf},
		} {
			wantSame(t, fmt.Sprint(c.r, c.x), []float32{c.r.Run(c.x)}, []float32{c.want})
		}
	})
}

func TestColumns(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, cols := range lengths {
			for _, rows := range []int{0, 1, 2, 7, 40} {
				stride := cols + rows%3
				rng := random(uint64(cols))
				x := numbers(rng, max(rows*stride, 1))
				for r := range numReductions {
					dst := normals(rng, cols)
					want := append([]float32(nil), dst...)
					for i := range rows {
						for j := range cols {
							want[j] = join(r, want[j], x[i*stride+j])
						}
					}
					r.Columns(dst, x, rows, stride)
					wantSame(t, fmt.Sprint(r, " of ", rows, " rows, ", cols, " columns"), dst, want)
				}
			}
		}
	})
}
