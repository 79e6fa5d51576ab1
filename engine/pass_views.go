package engine

import (
	"slices"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// views drops views that change nothing and makes one of several in a row. They cost no time by themselves, but fuse makes no loop across them:
// GoMLX flattens what is flat already before every dense layer, and transposes the gradient of a product even where it lies right.
//
//	%1 = add %0, %0 : f32[8 4]
//	%2 = reshape %1 : f32[32]                 %1 = add %0, %0 : f32[8 4]
//	%3 = reshape %2 : f32[8 4]        ==>     %2 = tanh %1 : f32[8 4]
//	%4 = transpose %3 {[0 1]} : f32[8 4]      return %2
//	%5 = tanh %4 : f32[8 4]
//	return %5
func views(b *Backend, g *ir.Graph) *ir.Graph {
	return prune(b, g.Rewrite(func(to *ir.Graph, n *ir.Node, in []ir.Value) []ir.Value {
		switch op := n.Op.(type) {
		case reshapeOp:
			if _, twice := in[0].Node.Op.(reshapeOp); twice {
				in = in[0].Node.In
			}
			if slices.Equal(in[0].Shape().Dimensions, n.Out[0].Dimensions) {
				return in[:1]
			}
		case transposeOp:
			if first, twice := in[0].Node.Op.(transposeOp); twice {
				in, op = in[0].Node.In, op.after(first)
			}
			if op.identity() {
				return in[:1]
			}
			return ir.Results(to.Add(op, in, n.Out...))
		}
		return ir.Copy(to, n, in)
	}))
}

// after is the permutation of first and then t.
func (t transposeOp) after(first transposeOp) transposeOp {
	perm := make([]int, len(t.perm))
	for i, a := range t.perm {
		perm[i] = first.perm[a]
	}
	return transposeOp{perm}
}

func (t transposeOp) identity() bool {
	for i, a := range t.perm {
		if i != a {
			return false
		}
	}
	return true
}
