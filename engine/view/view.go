// Package view is what the engine means by a value at run time: a place in a buffer and a stride for every axis.
//
// What goes in: views and the parameters of transposes, slices, reversals, broadcasts, reshapes. What comes out: other views of the
// same memory, so that these operations cost nothing; and loops over several views at once with as few axes as possible.
// It does not know what is stored in the memory.
package view

import "slices"

// View is an array in a buffer. The element at index i is at Offset + sum(i[a]*Strides[a]), counted in elements.
// A stride of 0 is a broadcast, a negative one a reversal.
type View struct {
	Buf     int // which buffer, a number of the plan
	Offset  int
	Dims    []int
	Strides []int
}

// RowMajor is the view of a whole buffer of this shape.
func RowMajor(buf int, dims []int) View {
	return View{Buf: buf, Dims: dims, Strides: RowStrides(dims)}
}

// RowStrides are the strides of a dense row-major array.
func RowStrides(dims []int) []int {
	strides := make([]int, len(dims))
	n := 1
	for a := len(dims) - 1; a >= 0; a-- {
		strides[a] = n
		n *= dims[a]
	}
	return strides
}

// Size is the number of elements.
func (v View) Size() int { return Size(v.Dims) }

// Size is the product of the dimensions.
func Size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// Dense says whether the elements lie in row-major order without gaps, starting at Offset.
func (v View) Dense() bool {
	n := 1
	for a := len(v.Dims) - 1; a >= 0; a-- {
		if v.Dims[a] == 0 {
			return true
		}
		if v.Dims[a] != 1 && v.Strides[a] != n {
			return false
		}
		n *= v.Dims[a]
	}
	return true
}

// Transpose has axis perm[a] of v as its axis a.
func (v View) Transpose(perm ...int) View {
	w := v
	w.Dims, w.Strides = make([]int, len(perm)), make([]int, len(perm))
	for a, p := range perm {
		w.Dims[a], w.Strides[a] = v.Dims[p], v.Strides[p]
	}
	return w
}

// Reverse runs backwards over these axes.
func (v View) Reverse(axes ...int) View {
	w := v
	w.Strides = slices.Clone(v.Strides)
	for _, a := range axes {
		if v.Dims[a] > 0 {
			w.Offset += (v.Dims[a] - 1) * w.Strides[a]
		}
		w.Strides[a] = -w.Strides[a]
	}
	return w
}

// Slice takes start, start+step, ... below limit on every axis.
func (v View) Slice(starts, limits, steps []int) View {
	w := v
	w.Dims, w.Strides = make([]int, len(v.Dims)), make([]int, len(v.Dims))
	for a := range v.Dims {
		w.Dims[a] = (limits[a] - starts[a] + steps[a] - 1) / steps[a]
		w.Strides[a] = v.Strides[a] * steps[a]
		if w.Dims[a] > 0 {
			w.Offset += starts[a] * v.Strides[a]
		}
	}
	return w
}

// Broadcast lays axis a of v on axis axes[a] of the result; all other axes, and those where v has length 1, repeat.
func (v View) Broadcast(dims []int, axes []int) View {
	w := v
	w.Dims, w.Strides = slices.Clone(dims), make([]int, len(dims))
	for a, to := range axes {
		if v.Dims[a] == dims[to] {
			w.Strides[to] = v.Strides[a]
		}
	}
	return w
}

// BroadcastTo repeats axes of length 1, and scalars, to dims of the same rank: the implicit rule of binary operations.
func (v View) BroadcastTo(dims []int) View {
	if len(v.Dims) == 0 {
		return v.Broadcast(dims, nil)
	}
	axes := make([]int, len(dims))
	for a := range axes {
		axes[a] = a
	}
	return v.Broadcast(dims, axes)
}

// Reshape is v with other dimensions of the same size, if strides can say it; ok is false if the elements must be moved.
func (v View) Reshape(dims []int) (w View, ok bool) {
	w = v
	w.Dims, w.Strides = slices.Clone(dims), make([]int, len(dims))
	if v.Size() == 0 {
		w.Strides = RowStrides(dims)
		return w, true
	}
	// Match groups of old axes with groups of new axes of the same product; within a group the old strides must merge into one.
	old := v.squeeze()
	i, j := 0, 0
	for i < len(old.Dims) || j < len(dims) {
		oldN, newN := 1, 1
		i0, j0 := i, j
		if i < len(old.Dims) {
			oldN = old.Dims[i]
			i++
		}
		if j < len(dims) {
			newN = dims[j]
			j++
		}
		for oldN != newN {
			if oldN < newN {
				oldN *= old.Dims[i]
				i++
			} else {
				newN *= dims[j]
				j++
			}
		}
		stride := 0
		if i > i0 {
			for a := i0; a+1 < i; a++ {
				if old.Strides[a] != old.Strides[a+1]*old.Dims[a+1] {
					return View{}, false
				}
			}
			stride = old.Strides[i-1]
		}
		for a := j - 1; a >= j0; a-- {
			w.Strides[a] = stride
			stride *= dims[a]
		}
	}
	return w, true
}

// squeeze drops the axes of length 1.
func (v View) squeeze() View {
	w := v
	w.Dims, w.Strides = nil, nil
	for a, d := range v.Dims {
		if d != 1 {
			w.Dims, w.Strides = append(w.Dims, d), append(w.Strides, v.Strides[a])
		}
	}
	return w
}

// Nest is a loop over several views of the same dimensions at once.
type Nest struct {
	Dims    []int   // outermost first; never empty
	Strides [][]int // one list for each view
	Offsets []int   // where each view starts
}

// NewNest merges neighbouring axes that all views walk through as one, and drops axes of length 1.
func NewNest(views ...View) Nest {
	n := Nest{Strides: make([][]int, len(views)), Offsets: make([]int, len(views))}
	for i, v := range views {
		n.Offsets[i] = v.Offset
	}
	for a, d := range views[0].Dims {
		if d == 1 {
			continue
		}
		if last := len(n.Dims) - 1; last >= 0 && mergeable(n, last, views, a) {
			n.Dims[last] *= d
			for i, v := range views {
				n.Strides[i][last] = v.Strides[a]
			}
			continue
		}
		n.Dims = append(n.Dims, d)
		for i, v := range views {
			n.Strides[i] = append(n.Strides[i], v.Strides[a])
		}
	}
	if len(n.Dims) == 0 {
		n.Dims = []int{1}
		for i := range views {
			n.Strides[i] = []int{1}
		}
	}
	return n
}

func mergeable(n Nest, last int, views []View, a int) bool {
	for i, v := range views {
		if n.Strides[i][last] != v.Strides[a]*v.Dims[a] {
			return false
		}
	}
	return true
}

// Outer is the number of rows: the product of all dimensions but the last.
func (n Nest) Outer() int { return Size(n.Dims[:len(n.Dims)-1]) }

// Inner is the length of a row.
func (n Nest) Inner() int { return n.Dims[len(n.Dims)-1] }

// Row writes the offset of the first element of row r of every view.
func (n Nest) Row(r int, offsets []int) {
	copy(offsets, n.Offsets)
	for a := len(n.Dims) - 2; a >= 0; a-- {
		i := r % n.Dims[a]
		r /= n.Dims[a]
		for k := range offsets {
			offsets[k] += i * n.Strides[k][a]
		}
	}
}
