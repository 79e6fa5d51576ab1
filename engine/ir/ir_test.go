package ir

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

type op string

func (o op) Name() string  { return string(o) }
func (o op) Attrs() string { return "" }

// Equal operations on equal values are one node.
func Example() {
	g := New()
	s := shapes.Make(dtypes.Float32, 4)
	x := g.AddParam(op("param"), s).Value()
	a := g.Add(op("exp"), []Value{x}, s).Value()
	b := g.Add(op("exp"), []Value{x}, s).Value()
	g.Outputs = []Value{g.Add(op("add"), []Value{a, b}, s).Value()}
	fmt.Print(g)
	// Output:
	// %0 = param : f32[4]
	// %1 = exp %0 : f32[4]
	// %2 = add %1, %1 : f32[4]
	// return %2
}

// TestVerifyFindsWhatIsBroken breaks a graph in every way that Verify knows.
func TestVerifyFindsWhatIsBroken(t *testing.T) {
	s := shapes.Make(dtypes.Float32, 4)
	build := func() *Graph {
		g := New()
		x := g.AddParam(op("param"), s).Value()
		g.Outputs = []Value{g.Add(op("exp"), []Value{x}, s).Value()}
		return g
	}
	if err := build().Verify(); err != nil {
		t.Fatal(err)
	}
	for says, breakIt := range map[string]func(g *Graph){
		"missing":          func(g *Graph) { g.Nodes[1].In[0] = Value{} },
		"before it is":     func(g *Graph) { g.Nodes[1].In[0] = g.Outputs[0] },
		"has number":       func(g *Graph) { g.Nodes[0].ID = 7 },
		"not concrete":     func(g *Graph) { g.Nodes[1].Out[0] = shapes.Invalid() },
		"1 results":        func(g *Graph) { g.Outputs[0].Index = 1 },
		"output: %0":       func(g *Graph) { g.Outputs[0] = build().Nodes[0].Value() },
		"parameter: %1 is": func(g *Graph) { g.Params[0] = build().Nodes[1] },
	} {
		g := build()
		breakIt(g)
		if err := g.Verify(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v; want one that says %q", err, says)
		}
	}
}

// TestRewriteKeepsParameters: also those that nothing reads, in their order.
func TestRewriteKeepsParameters(t *testing.T) {
	g := New()
	s := shapes.Make(dtypes.Float32, 4)
	g.AddParam(op("unused"), s)
	x := g.AddParam(op("used"), s).Value()
	g.Outputs = []Value{g.Add(op("exp"), []Value{x}, s).Value()}
	to := g.Rewrite(Copy)
	if err := to.Verify(); err != nil {
		t.Fatal(err)
	}
	if len(to.Params) != 2 || to.Params[0].Op != op("unused") || to.String() != g.String() {
		t.Errorf("copied:\n%s\nwant:\n%s", to, g)
	}
}
