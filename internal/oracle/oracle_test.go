package oracle_test

import (
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/gomlx/gomlx/core/graph"
)

// custom is x*x whose gradient is what rule makes of it.
func custom(rule func(x, v *graph.Node) *graph.Node) oracle.Function {
	return func(in []*graph.Node) *graph.Node {
		x := graph.IdentityWithCustomGradient(in[0], rule)
		return graph.Mul(x, x)
	}
}

func TestCheckFindsWrongGradients(t *testing.T) {
	keep := func(_, v *graph.Node) *graph.Node { return v }
	for name, c := range map[string]struct {
		fn   oracle.Function
		opts []oracle.Option
		want string // part of the error, or nothing
	}{
		"right":                     {custom(keep), nil, ""},
		"wrong":                     {custom(func(_, v *graph.Node) *graph.Node { return graph.MulScalar(v, 1.000001) }), nil, "order 1: input 0 of [2 3]: at ["},
		"wrong, but within bounds":  {custom(func(_, v *graph.Node) *graph.Node { return graph.MulScalar(v, 1.000001) }), []oracle.Option{oracle.Tol(1e-5)}, ""},
		"not a number":              {custom(func(_, v *graph.Node) *graph.Node { return graph.Log(graph.Neg(graph.Abs(v))) }), nil, "NaN"},
		"lost":                      {func(in []*graph.Node) *graph.Node { return graph.StopGradient(in[0]) }, nil, "order 1: the gradient is zero in every element"},
		"lost at second order":      {custom(func(_, v *graph.Node) *graph.Node { return graph.StopGradient(v) }), nil, "order 2:"},
		"zero where expected":       {func(in []*graph.Node) *graph.Node { return graph.Sign(graph.StopGradient(in[0])) }, []oracle.Option{oracle.Zero(1), oracle.Zero(2)}, ""},
		"not zero where expected":   {custom(keep), []oracle.Option{oracle.Zero(2)}, "order 2: the gradient must be zero, and is not"},
		"wrong second, first asked": {custom(func(_, v *graph.Node) *graph.Node { return graph.StopGradient(v) }), []oracle.Option{oracle.Order(1)}, ""},
		"wrong where not sampled": {func(in []*graph.Node) *graph.Node { // one element of six, and none is tried by itself
			mask := graph.Const(in[0].Graph(), [][]float64{{0, 0, 0}, {0, 1, 0}})
			return graph.Add(in[0], graph.Mul(mask, graph.StopGradient(in[0])))
		}, []oracle.Option{oracle.Elements(0)}, "along a random direction"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := oracle.Check(c.fn, []oracle.Array{oracle.Normal(1, 2, 3)}, c.opts...)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want an error with %q", err, c.want)
			}
		})
	}
}
