package engine

import (
	"slices"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// turn swaps the operands of a product whose result is only read transposed: gradients of dense layers come so. The result then lies in memory as
// it is read.
//
//	%2 = dot %0, %1 {sum [0] [0] batch [] []} : f32[3 5]
//	%3 = transpose %2 {[1 0]} : f32[5 3]                      ==>    %2 = dot %1, %0 {sum [0] [0] batch [] []} : f32[5 3]
//	return %3                                                        return %2
func turn(_ *Backend, g *ir.Graph) *ir.Graph {
	users := g.Users()
	turned := make([]bool, len(g.Nodes)) // products that nobody reads any more
	for _, n := range g.Nodes {
		if op, ok := n.Op.(transposeOp); ok && users[n.In[0]] == 1 && swaps(op, n.In[0].Node) {
			turned[n.In[0].Node.ID] = true
		}
	}
	operands := make([][]ir.Value, len(g.Nodes))
	return g.Rewrite(func(to *ir.Graph, n *ir.Node, in []ir.Value) []ir.Value {
		if turned[n.ID] {
			operands[n.ID] = in
			return []ir.Value{{}}
		}
		if _, ok := n.Op.(transposeOp); ok && turned[n.In[0].Node.ID] {
			dot, old := n.In[0].Node.Op.(dotOp), operands[n.In[0].Node.ID]
			swapped := dotOp{leftSum: dot.rightSum, leftBatch: dot.rightBatch, rightSum: dot.leftSum, rightBatch: dot.leftBatch}
			return ir.Results(to.Add(swapped, []ir.Value{old[1], old[0]}, n.Out...))
		}
		return ir.Copy(to, n, in)
	})
}

// swaps says whether a transpose puts the axes of a product's right operand before those of its left one, and leaves the batch axes alone.
func swaps(t transposeOp, n *ir.Node) bool {
	dot, ok := n.Op.(dotOp)
	if !ok {
		return false
	}
	batch := len(dot.leftBatch)
	left := n.In[0].Shape().Rank() - batch - len(dot.leftSum)
	right := len(t.perm) - batch - left
	var want []int
	for a := range batch {
		want = append(want, a)
	}
	for a := range right {
		want = append(want, batch+left+a)
	}
	for a := range left {
		want = append(want, batch+a)
	}
	return slices.Equal(t.perm, want)
}
