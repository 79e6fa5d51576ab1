package kernel

import "fmt"

// transformation is one of the matrices M in Y = M X Mᵀ that short convolutions are made of.
type transformation int

// The transformations, in the order in which the assembly's table has them. With T products for each axis, F(2,2) has T = 3
// and F(2,3) has T = 4: two outputs of a filter with 2 or 3 taps.
const (
	transformInput    transformation = 2 * iota // of T x T inputs
	transformOutput                             // T x T products to 2 x 2 outputs
	transformWeights                            // 2x2 or 3x3 taps to T x T
	transformGradient                           // 2 x 2 gradients by the output to T x T
	transformKernel                             // T x T sums to gradients of the taps
)

// matrices by transformation + T-3.
var matrices = [][][]float32{
	{{1, -1, 0}, {0, 1, 0}, {0, -1, 1}},
	{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
	{{1, 1, 0}, {0, 1, 1}},
	{{1, 1, 1, 0}, {0, 1, -1, -1}},
	{{1, 0}, {1, 1}, {0, 1}},
	{{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}},
	{{1, 0}, {1, 1}, {0, 1}},
	{{1, 0}, {1, 1}, {1, -1}, {0, -1}},
	{{1, 1, 0}, {0, 1, 1}},
	{{1, .5, .5, 0}, {0, .5, -.5, 0}, {0, .5, .5, 1}},
}

// grid is where the vectors of a square array begin: (i, j) at i*row + j*col.
type grid struct{ row, col int }

// transform writes M X Mᵀ for arrays of n numbers each. n is a multiple of 16.
func (k *kernels) transform(m transformation, products int, dst []float32, to grid, src []float32, from grid, n int) {
	m += transformation(products - 3)
	matrix := matrices[m]
	out, in := len(matrix)-1, len(matrix[0])-1
	if n == 0 {
		return
	}
	if lastDst, lastSrc := out*(to.row+to.col)+n, in*(from.row+from.col)+n; n%16 != 0 || lastDst > len(dst) || lastSrc > len(src) {
		panic(fmt.Errorf("kernel: transformation of %d numbers writes %d of %d and reads %d of %d", n, lastDst, len(dst), lastSrc, len(src)))
	}
	if k.transforms != nil {
		k.transforms[m](&dst[0], &src[0], to.row, to.col, from.row, from.col, n/k.lanes)
		return
	}
	portableTransform(matrix, dst, to, src, from, n)
}

func portableTransform(m [][]float32, dst []float32, to grid, src []float32, from grid, n int) {
	var row [4]float32 // of M X
	for i := range n {
		for r := range m {
			for j := range m[0] {
				row[j] = 0
				for k, c := range m[r] {
					if c != 0 {
						row[j] += c * src[i+k*from.row+j*from.col]
					}
				}
			}
			for s := range m {
				var sum float32
				for j, c := range m[s] {
					if c != 0 {
						sum += c * row[j]
					}
				}
				dst[i+r*to.row+s*to.col] = sum
			}
		}
	}
}
