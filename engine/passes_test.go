package engine

import (
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// checkPass compares the text of a graph before and after one pass. Lines are trimmed; constants print their values and their bits.
func checkPass(t *testing.T, run func(b *Backend, g *ir.Graph) *ir.Graph, build func(f *Function) []compute.Value, before, after string) {
	t.Helper()
	b := newTest(t, "")
	f := newBuilder(b, t.Name()).main
	if err := f.Return(build(f), nil); err != nil {
		t.Fatal(err)
	}
	if got := f.graph.String(); tidy(got) != tidy(before) {
		t.Errorf("before:\n%s\nwant:\n%s", got, tidy(before))
	}
	g := run(b, f.graph)
	if err := g.Verify(); err != nil {
		t.Error(err)
	}
	if got := g.String(); tidy(got) != tidy(after) {
		t.Errorf("after:\n%s\nwant:\n%s", got, tidy(after))
	}
}

func tidy(s string) string {
	var lines []string
	for _, l := range strings.Split(strings.TrimSpace(s), "\n") {
		lines = append(lines, strings.TrimSpace(l))
	}
	return strings.Join(lines, "\n")
}

func param(f *Function, name string, dims ...int) compute.Value {
	return must(f.Parameter(name, shapes.Make(dtypes.Float32, dims...), nil))
}

func TestEqualOperationsAreOneNode(t *testing.T) {
	identity := func(_ *Backend, g *ir.Graph) *ir.Graph { return g }
	text := `%0 = param {x} : f32[4]
		%1 = exp %0 : f32[4]
		%2 = add %1, %1 : f32[4]
		return %2`
	checkPass(t, identity, func(f *Function) []compute.Value {
		x := param(f, "x", 4)
		return []compute.Value{must(f.Add(must(f.Exp(x)), must(f.Exp(x))))}
	}, text, text)
}

func TestBarrierKeepsEqualOperationsApart(t *testing.T) {
	identity := func(_ *Backend, g *ir.Graph) *ir.Graph { return g }
	text := `%0 = param {x} : f32[4]
		%1 = barrier %0 : f32[4]
		%2 = exp %0 : f32[4]
		%3 = exp %1 : f32[4]
		return %2, %3`
	checkPass(t, identity, func(f *Function) []compute.Value {
		x := param(f, "x", 4)
		again, err := f.OptimizationBarrier(x)
		if err != nil {
			t.Fatal(err)
		}
		return []compute.Value{must(f.Exp(x)), must(f.Exp(again[0]))}
	}, text, text)
}

func TestPrune(t *testing.T) {
	checkPass(t, prune, func(f *Function) []compute.Value {
		x := param(f, "x", 4)
		must(f.Exp(x))
		return []compute.Value{must(f.Neg(x))}
	}, `%0 = param {x} : f32[4]
		%1 = exp %0 : f32[4]
		%2 = neg %0 : f32[4]
		return %2`,
		`%0 = param {x} : f32[4]
		%1 = neg %0 : f32[4]
		return %1`)
}

func TestFold(t *testing.T) {
	checkPass(t, fold, func(f *Function) []compute.Value {
		x := param(f, "x", 4)
		c := must(f.Constant([]float32{0.5}))
		return []compute.Value{must(f.Mul(x, must(f.Neg(c))))}
	}, `%0 = param {x} : f32[4]
		%1 = const {[0.5] 0x0000003f} : f32[]
		%2 = neg %1 : f32[]
		%3 = mul %0, %2 : f32[4]
		return %3`,
		`%0 = param {x} : f32[4]
		%1 = const {[-0.5] 0x000000bf} : f32[]
		%2 = mul %0, %1 : f32[4]
		return %2`)
}

func TestTurn(t *testing.T) {
	checkPass(t, turn, func(f *Function) []compute.Value {
		x, y := param(f, "x", 7, 3), param(f, "y", 7, 5)
		z := must(f.DotGeneral(x, []int{0}, nil, y, []int{0}, nil, compute.DotGeneralConfig{}))
		return []compute.Value{must(f.Transpose(z, 1, 0))}
	}, `%0 = param {x} : f32[7 3]
		%1 = param {y} : f32[7 5]
		%2 = dot %0, %1 {sum [0] [0] batch [] []} : f32[3 5]
		%3 = transpose %2 {[1 0]} : f32[5 3]
		return %3`,
		`%0 = param {x} : f32[7 3]
		%1 = param {y} : f32[7 5]
		%2 = dot %1, %0 {sum [0] [0] batch [] []} : f32[5 3]
		return %2`)
}

func TestViews(t *testing.T) {
	checkPass(t, views, func(f *Function) []compute.Value {
		x := param(f, "x", 8, 4)
		y := must(f.Reshape(must(f.Reshape(must(f.Add(x, x)), 32)), 8, 4))
		twice := must(f.Transpose(must(f.Transpose(x, 1, 0)), 1, 0))
		return []compute.Value{must(f.Tanh(must(f.Transpose(y, 0, 1)))), must(f.Exp(twice)), must(f.Reshape(must(f.Reshape(x, 2, 16)), 32))}
	}, `%0 = param {x} : f32[8 4]
		%1 = add %0, %0 : f32[8 4]
		%2 = reshape %1 : f32[32]
		%3 = reshape %2 : f32[8 4]
		%4 = transpose %0 {[1 0]} : f32[4 8]
		%5 = transpose %4 {[1 0]} : f32[8 4]
		%6 = transpose %3 {[0 1]} : f32[8 4]
		%7 = tanh %6 : f32[8 4]
		%8 = exp %5 : f32[8 4]
		%9 = reshape %0 : f32[2 16]
		%10 = reshape %9 : f32[32]
		return %7, %8, %10`,
		`%0 = param {x} : f32[8 4]
		%1 = add %0, %0 : f32[8 4]
		%2 = tanh %1 : f32[8 4]
		%3 = exp %0 : f32[8 4]
		%4 = reshape %0 : f32[32]
		return %2, %3, %4`)
}

func TestFuseChainAndReduction(t *testing.T) {
	checkPass(t, fuse, func(f *Function) []compute.Value {
		x, y := param(f, "x", 8, 4), param(f, "y", 8, 4)
		z := must(f.Tanh(must(f.Mul(x, y))))
		return []compute.Value{z, must(f.ReduceSum(z, 0))}
	}, `%0 = param {x} : f32[8 4]
		%1 = param {y} : f32[8 4]
		%2 = mul %0, %1 : f32[8 4]
		%3 = tanh %2 : f32[8 4]
		%4 = reduce.sum %3 {[0]} : f32[4]
		return %3, %4`,
		`%0 = param {x} : f32[8 4]
		%1 = param {y} : f32[8 4]
		%2.0, %2.1 = loop %0, %1 {over [8 4]: r2 = mul[0 1]; r3 = tanh[2]; store r3 sum r3 over 0} : f32[8 4] f32[4]
		return %2.0, %2.1`)
}

// A loop cannot read the reduction that it makes, nor what another operation makes of its own results.
func TestFuseKeepsOrder(t *testing.T) {
	checkPass(t, fuse, func(f *Function) []compute.Value {
		x := param(f, "x", 8, 4)
		e := must(f.Exp(x))
		sum := must(f.ReduceSum(e, 0, 1))
		sorted := must(f.Transpose(must(f.Reshape(e, 4, 8)), 1, 0))
		return []compute.Value{must(f.Div(e, sum)), must(f.Add(e, sorted))}
	}, `%0 = param {x} : f32[8 4]
		%1 = exp %0 : f32[8 4]
		%2 = reduce.sum %1 {[0 1]} : f32[]
		%3 = reshape %1 : f32[4 8]
		%4 = transpose %3 {[1 0]} : f32[8 4]
		%5 = div %1, %2 : f32[8 4]
		%6 = add %1, %4 : f32[8 4]
		return %5, %6`,
		`%0 = param {x} : f32[8 4]
		%1.0, %1.1 = loop %0 {over [8 4]: r1 = exp[0]; store r1 sum r1 over 0 1} : f32[8 4] f32[]
		%2 = reshape %1.0 : f32[4 8]
		%3 = transpose %2 {[1 0]} : f32[8 4]
		%4 = loop %1.0, %1.1 {over [8 4]: r2 = div[0 1]; store r2} : f32[8 4]
		%5 = loop %1.0, %3 {over [8 4]: r2 = add[0 1]; store r2} : f32[8 4]
		return %4, %5`)
}

// TestPassesCanBeLeftOut trains a graph without each pass: the results are those with it, up to rounding.
func TestPassesCanBeLeftOut(t *testing.T) {
	results := func(config string) []float32 {
		b := newTest(t, config)
		e := compileFor(t, b, func(f *Function) []compute.Value {
			x := param(f, "x", 4)
			c := must(f.Sqrt(must(f.Constant([]float32{2}))))
			must(f.Log(x))
			y := must(f.Add(must(f.Mul(x, c)), must(f.Tanh(x))))
			return []compute.Value{must(f.Sub(y, must(f.ReduceMax(y))))}
		})
		out, err := e.Execute([]compute.Buffer{floats(t, b, 1, 2, 3, 4)}, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		return contents(t, out[0])
	}
	want := results("")
	for _, name := range passNames() {
		for i, v := range results("without=" + name) {
			if d := v - want[i]; d > 1e-6 || d < -1e-6 {
				t.Errorf("without %s, element %d is %v, with it %v", name, i, v, want[i])
			}
		}
	}
}
