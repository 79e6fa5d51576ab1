package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
)

// TestRows: gathering and scattering dense rows is what the definition says, for indices of every type, of which some point outside.
func TestRows(t *testing.T) {
	rows[int8](t)
	rows[int16](t)
	rows[int32](t)
	rows[int64](t)
	rows[uint8](t)
	rows[uint16](t)
	rows[uint32](t)
	rows[uint64](t)
}

// rows has pictures of height 5 and width 7 of 1, 3 or 9 channels, and 600 indices of a pixel, or of a row of the picture and the first of
// two pixels in it.
func rows[T integer](t *testing.T) {
	const height, width, n = 5, 7, 600
	random := rand.New(rand.NewPCG(1, 2))
	for _, channels := range []int{1, 3, 9} {
		for _, pixels := range []int{1, 2} {
			x := single(noise(1, height*width*channels))
			index := make([]T, 2*n)
			for i := range index {
				index[i] = T(random.IntN(9)) // 5 rows and 7 columns: some lie outside
				if k := T(0); k-1 < k && random.IntN(20) == 0 {
					index[i] = k - 1
				} else if random.IntN(20) == 0 {
					index[i] = 1<<6 + 7
				}
			}
			place := func(v T, last int) (nearest int, in bool) {
				switch {
				case v < 0:
					return 0, false
				case uint64(v) > uint64(last):
					return last, false
				}
				return int(v), true
			}
			size := pixels * channels
			updates := single(noise(2, n*size))
			gathered, scattered := make([]float32, 0, n*size), slices.Clone(x)
			for i := range n {
				row, rowIn := place(index[2*i], height-1)
				column, columnIn := place(index[2*i+1], width-pixels)
				at := (row*width + column) * channels
				gathered = append(gathered, x[at:at+size]...)
				if rowIn && columnIn {
					for j := range size {
						scattered[at+j] += updates[i*size+j]
					}
				}
			}
			out := results(t, func(f *Function) []compute.Value {
				operand := must(f.Constant(x, height, width, channels))
				indices := must(f.Constant(index, n, 2))
				offsets, collapsed, shape := []int{1, 2}, []int{0}, []int{n, pixels, channels}
				if pixels == 1 {
					offsets, collapsed, shape = []int{1}, []int{0, 1}, []int{n, channels}
				}
				return []compute.Value{
					must(f.Gather(operand, indices, 1, offsets, collapsed, []int{0, 1}, []int{1, pixels, channels}, false)),
					must(f.ScatterSum(operand, indices, must(f.Constant(updates, shape...)), 1, offsets, collapsed, []int{0, 1}, false, false)),
				}
			})
			what := fmt.Sprintf("%T, %d channels, %d pixels", index, channels, pixels)
			if !slices.Equal(out[0].([]float32), gathered) {
				t.Errorf("%s: gather is not its definition", what)
			}
			if !slices.Equal(out[1].([]float32), scattered) {
				t.Errorf("%s: scatter is not its definition", what)
			}
		}
	}
}

func single(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}
