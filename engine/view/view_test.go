package view

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A transposed view moves nothing; two views that go together are walked with as few loops as possible.
func Example() {
	x := RowMajor(0, []int{2, 3})
	y := x.Transpose(1, 0)
	fmt.Println(y.Dims, y.Strides, y.Dense())
	n := NewNest(x, x)
	fmt.Println(n.Dims)
	// Output:
	// [3 2] [1 3] false
	// [6]
}

// offsets lists where the elements of a view lie, in row-major order of its dimensions.
func offsets(v View) []int {
	all := []int{}
	at := make([]int, len(v.Dims))
	for range v.Size() {
		o := v.Offset
		for a, i := range at {
			o += i * v.Strides[a]
		}
		all = append(all, o)
		for a := len(at) - 1; a >= 0; a-- {
			if at[a]++; at[a] < v.Dims[a] {
				break
			}
			at[a] = 0
		}
	}
	return all
}

// random makes a view by a few random operations.
func random(rng *rand.Rand) View {
	dims := make([]int, rng.IntN(4))
	for a := range dims {
		dims[a] = 1 + rng.IntN(4)
	}
	v := RowMajor(0, dims)
	for range rng.IntN(4) {
		switch rank := len(v.Dims); rng.IntN(4) {
		case 0:
			v = v.Transpose(rng.Perm(rank)...)
		case 1:
			if rank > 0 {
				v = v.Reverse(rng.IntN(rank))
			}
		case 2:
			starts, limits, steps := make([]int, rank), slices.Clone(v.Dims), make([]int, rank)
			for a := range rank {
				starts[a], steps[a] = rng.IntN(v.Dims[a]), 1+rng.IntN(2)
			}
			v = v.Slice(starts, limits, steps)
		default:
			axes := make([]int, rank)
			for a := range axes {
				axes[a] = a + 1
			}
			v = v.Broadcast(append([]int{1 + rng.IntN(3)}, v.Dims...), axes)
		}
	}
	return v
}

// TestReshapeKeepsOrder: a reshape that can be said lists the same elements in the same order, and a dense view can always be reshaped.
func TestReshapeKeepsOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	possible := 0
	for range 5000 {
		v := random(rng)
		n := v.Size()
		var dims []int
		for d := 1 + rng.IntN(4); n > 1; d = 1 + rng.IntN(n) {
			if n%d == 0 {
				dims = append(dims, d)
				n /= d
			}
		}
		w, ok := v.Reshape(dims)
		if !ok {
			if v.Dense() {
				t.Fatalf("the dense view %v cannot be reshaped to %v", v, dims)
			}
			continue
		}
		possible++
		if !slices.Equal(offsets(v), offsets(w)) {
			t.Fatalf("%v reshaped to %v lists %v, want %v", v, dims, offsets(w), offsets(v))
		}
	}
	if possible < 1000 {
		t.Errorf("only %d reshapes were possible", possible)
	}
}

// TestDense: a view is dense if and only if its elements lie one after the other.
func TestDense(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 5000 {
		v := random(rng)
		want := true
		for i, o := range offsets(v) {
			want = want && o == v.Offset+i
		}
		if v.Dense() != want {
			t.Fatalf("%v: dense is %v", v, v.Dense())
		}
	}
}

// TestNestWalksAllViews: the rows of a nest list the elements of every view in the order of its dimensions.
func TestNestWalksAllViews(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 5000 {
		v := random(rng)
		w := RowMajor(1, v.Dims)
		n := NewNest(v, w)
		got := [2][]int{{}, {}}
		at := make([]int, 2)
		for r := range n.Outer() {
			n.Row(r, at)
			for i := range n.Inner() {
				for k := range got {
					got[k] = append(got[k], at[k]+i*n.Strides[k][len(n.Dims)-1])
				}
			}
		}
		if !slices.Equal(got[0], offsets(v)) || !slices.Equal(got[1], offsets(w)) {
			t.Fatalf("%v: the nest %+v lists %v", v, n, got)
		}
	}
}
