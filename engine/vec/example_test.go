package vec_test

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/engine/vec"
)

// A scale and a shift for each of two channels, LeakyReLU, and the sum a channel, in one pass over [3, 2].
func Example() {
	var b vec.Builder
	x := b.Input()
	scale, shift := b.Small(vec.Span{Inner: 1, Mid: 2}), b.Small(vec.Span{Inner: 1, Mid: 2})
	y := b.Binary(vec.Add, b.Binary(vec.Mul, x, scale), shift)
	y = b.Select(b.Compare(vec.Ge, y, b.Const(0)), y, b.Binary(vec.Mul, y, b.Const(0.25)))
	b.Store(y)
	b.Reduce(vec.Sum, y, vec.Span{Inner: 1, Mid: 2})
	program, err := b.Program()
	if err != nil {
		fmt.Println(err)
		return
	}

	out, sums := make([]float32, 6), make([]float32, 2)
	program.Run(&vec.Args{
		In:         []vec.Array{{F: []float32{1, 2, 3, 4, 5, 6}}, {F: []float32{2, -1}}, {F: []float32{0, 4}}},
		Out:        []vec.Array{{F: out}},
		Reductions: [][]float32{sums},
	}, 0, 6)
	fmt.Println(out, sums)
	fmt.Print(program)
	// Output:
	// [2 2 6 0 10 -0.5] [18 1.5]
	// %0 = input
	// %1 = input : 2 of 1
	// %2 = input : 2 of 1
	// %4 = fma %0 %1 %2
	// %5 = const 0
	// %6 = ge %4 %5
	// %7 = const 0.25
	// %8 = mul %4 %7
	// %9 = select %6 %4 %8
	// store %9
	// sum %9 : 2 of 1
}
