package ops_test

import (
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Both axes are multiplied, in whichever order, and channels stay apart.
func TestSeparableIsItsDefinition(t *testing.T) {
	for name, m := range map[string][][]float64{
		"larger":  {{1, 2, 0}, {0, -1, 0.5}, {3, 0, 1}, {0, 0.25, 0}, {1, 1, 1}},
		"smaller": {{1, -2, 0.5}, {0, 1, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			const batch, side, channels = 2, 3, 3
			x := oracle.Normal(1, batch, side, side, channels)
			want := oracle.Array{Dims: []int{batch, len(m), len(m), channels}}
			for b := range batch {
				for _, row := range m {
					for _, column := range m {
						for c := range channels {
							sum := 0.0
							for i := range side {
								for j := range side {
									sum += row[i] * column[j] * x.Data[((b*side+i)*side+j)*channels+c]
								}
							}
							want.Data = append(want.Data, sum)
						}
					}
				}
			}
			fn := func(in []*graph.Node) *graph.Node { return ops.Separable(in[0], m) }
			oracle.Value(t, fn, []oracle.Array{x}, want)
			cube := func(in []*graph.Node) *graph.Node { return graph.Mul(fn(in), graph.Square(fn(in))) }
			oracle.Gradients(t, cube, []oracle.Array{x}, oracle.Order(2), oracle.Tol(1e-5), oracle.Elements(8))
		})
	}
}
