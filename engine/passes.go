package engine

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// pass rewrites a graph into an equal one that is cheaper.
type pass struct {
	name string
	run  func(b *Backend, g *ir.Graph) *ir.Graph
	why  string // its place in the order
}

// passes is the order of work between a graph as GoMLX builds it and its plan. Equal nodes are merged while the graph is built, and by every
// rewrite.
var passes = []pass{
	{"prune", prune, "first: nothing else should spend time on what no output needs"},
	{"fold", fold, "before fuse, which would hide constants in loops"},
	{"turn", turn, "before fuse, whose loops are fast on what lies in order"},
	{"views", views, "after turn, which may leave transposes of nothing; before fuse, which makes no loop across views"},
	{"fuse", fuse, "last: it hides elementwise operations from those who look for them"},
}

func passNames() []string {
	names := make([]string, len(passes))
	for i, p := range passes {
		names[i] = p.name
	}
	return names
}

// optimise runs the passes. With the option verify, the pass that breaks a graph is named.
func optimise(b *Backend, g *ir.Graph) (*ir.Graph, error) {
	for _, p := range passes {
		if b.options.without[p.name] {
			continue
		}
		g = p.run(b, g)
		if !b.options.verify {
			continue
		}
		if err := g.Verify(); err != nil {
			return nil, fmt.Errorf("engine: pass %s broke the graph: %w", p.name, err)
		}
	}
	return g, nil
}
