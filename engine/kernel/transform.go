package kernel

import (
	"fmt"
	"math"
)

// transformation is one of the matrices M in Y = M X Mᵀ that short convolutions are made of.
type transformation int

// The transformations, in the order in which the assembly's table has them.
const (
	transformInput    transformation = iota // B, of T x T inputs
	transformOutput                         // A, T x T products to a tile of outputs
	transformWeights                        // G, taps to T x T
	transformGradient                       // Aᵀ, a tile of gradients by the output to T x T
	transformKernel                         // Gᵀ, T x T sums to gradients of the taps
)

// shortForm is F(side, taps): a tile of side outputs of a filter with that many taps, in each dimension, from
// T = side+taps-1 products.
type shortForm int

// The forms, in the order in which the assembly's table has them.
const (
	f22 shortForm = iota
	f32
	f23
	f42
	f33
	f24
	shortForms
)

var formSizes = [shortForms]struct{ side, taps int }{{2, 2}, {3, 2}, {2, 3}, {4, 2}, {3, 3}, {2, 4}}

func (f shortForm) side() int     { return formSizes[f].side }
func (f shortForm) taps() int     { return formSizes[f].taps }
func (f shortForm) products() int { return f.side() + f.taps() - 1 }

func (f shortForm) String() string { return fmt.Sprintf("F(%d,%d)", f.side(), f.taps()) }

// matrix holds coefficients in units of 1/72: one is 1, 8 is 1/9.
type matrix [][]int

const one = 72

// matrices by transformation and form. With T = 3 and 4 the points of evaluation are 0, -1, ∞ and 0, 1, -1, ∞. With T = 5
// they are 0, 1, -1/2, -2, ∞: the usual 0, 1, -1, 2, ∞ has 1.6 times the errors in results and more in gradients by the
// kernel, and no choice among halves and quarters is better by more than a few percent.
var matrices = func() (all [transformKernel + 1][shortForms]matrix) {
	inputs := map[int]matrix{
		3: {{72, -72, 0}, {0, 72, 0}, {0, -72, 72}},
		4: {{72, 0, -72, 0}, {0, 72, 72, 0}, {0, -72, 72, 0}, {0, 72, 0, -72}},
		5: {{72, 108, -108, -72, 0}, {0, 72, 180, 72, 0}, {0, -144, 72, 72, 0}, {0, -36, -36, 72, 0}, {0, -72, -108, 108, 72}},
	}
	outputs := [shortForms]matrix{
		f22: {{72, 72, 0}, {0, 72, 72}},
		f32: {{72, 72, 72, 0}, {0, 72, -72, 0}, {0, 72, 72, -72}},
		f23: {{72, 72, 72, 0}, {0, 72, -72, -72}},
		f42: {{72, 72, 72, 72, 0}, {0, 72, -36, -144, 0}, {0, 72, 18, 288, 0}, {0, 72, -9, -576, 72}},
		f33: {{72, 72, 72, 72, 0}, {0, 72, -36, -144, 0}, {0, 72, 18, 288, 72}},
		f24: {{72, 72, 72, 72, 0}, {0, 72, -36, -144, 72}},
	}
	weights := [shortForms]matrix{
		f22: {{72, 0}, {72, 72}, {0, 72}},
		f32: {{72, 0}, {36, 36}, {36, -36}, {0, 72}},
		f23: {{72, 0, 0}, {36, 36, 36}, {36, -36, 36}, {0, 0, 72}},
		f42: {{72, 0}, {16, 16}, {64, -32}, {-8, 16}, {0, 72}},
		f33: {{72, 0, 0}, {16, 16, 16}, {64, -32, 16}, {-8, 16, -32}, {0, 0, 72}},
		f24: {{72, 0, 0, 0}, {16, 16, 16, 16}, {64, -32, 16, -8}, {-8, 16, -32, 64}, {0, 0, 0, 72}},
	}
	for f := range shortForms {
		all[transformInput][f] = inputs[f.products()]
		all[transformOutput][f], all[transformGradient][f] = outputs[f], outputs[f].transposed()
		all[transformWeights][f], all[transformKernel][f] = weights[f], weights[f].transposed()
	}
	return all
}()

func (m matrix) transposed() matrix {
	t := make(matrix, len(m[0]))
	for _, row := range m {
		for j, c := range row {
			t[j] = append(t[j], c)
		}
	}
	return t
}

// grid is where the vectors of a square array begin: (i, j) at i*row + j*col.
type grid struct{ row, col int }

// transform writes M X Mᵀ for arrays of n numbers each. n is a multiple of 16.
func (k *kernels) transform(t transformation, f shortForm, dst []float32, to grid, src []float32, from grid, n int) {
	m := matrices[t][f]
	out, in := len(m)-1, len(m[0])-1
	if n == 0 {
		return
	}
	if lastDst, lastSrc := out*(to.row+to.col)+n, in*(from.row+from.col)+n; n%16 != 0 || lastDst > len(dst) || lastSrc > len(src) {
		panic(fmt.Errorf("kernel: transformation of %d numbers writes %d of %d and reads %d of %d", n, lastDst, len(dst), lastSrc, len(src)))
	}
	if k.transforms != nil {
		k.transforms[t][f](&dst[0], &src[0], to.row, to.col, from.row, from.col, n/k.lanes)
		return
	}
	portableTransform(m, dst, to, src, from, n)
}

func portableTransform(m matrix, dst []float32, to grid, src []float32, from grid, n int) {
	sums := make([][]term, len(m))
	for r, row := range m {
		sums[r] = terms(row)
	}
	var row [5]float32 // of M X
	for i := range n {
		for r := range m {
			for j := range m[0] {
				row[j] = combine(sums[r], func(k int) float32 { return src[i+k*from.row+j*from.col] })
			}
			for s := range m {
				dst[i+r*to.row+s*to.col] = combine(sums[s], func(j int) float32 { return row[j] })
			}
		}
	}
}

// A term of a sum is an element times a power of two, whose rounding does not depend on whether product and sum are fused.
// If divide is set, what has been summed up to the term, itself included, is divided by 9.
type term struct {
	element     int
	coefficient float32
	divide      bool
}

// terms returns a row's terms: first those with ninths, multiplied by 9, then the others. 3/2 and 5/2 are two terms.
func terms(row []int) []term {
	var list []term
	for i, c := range row {
		if c%9 != 0 {
			list = append(list, term{element: i, coefficient: float32(9*c) / one})
		}
	}
	if len(list) > 0 {
		list[len(list)-1].divide = true
	}
	for i, c := range row {
		if c == 0 || c%9 != 0 {
			continue
		}
		_, exponent := math.Frexp(float64(c) / one)
		high := math.Copysign(math.Ldexp(1, exponent-1), float64(c))
		list = append(list, term{element: i, coefficient: float32(high)})
		if rest := float64(c)/one - high; rest != 0 {
			list = append(list, term{element: i, coefficient: float32(rest)})
		}
	}
	return list
}

// combine returns the sum of terms, in their order.
func combine(terms []term, element func(i int) float32) float32 {
	const ninth = float32(1) / 9
	var sum float32
	for _, t := range terms {
		sum += float32(t.coefficient * element(t.element))
		if t.divide {
			sum = float32(sum * ninth)
		}
	}
	return sum
}
