package engine

import "github.com/ganymede-gan/ganymede/engine/ir"

// prune drops what no output needs. Gradients leave much behind: the weight gradients of a player who does not move are whole convolutions.
//
//	%0 = param {x} : f32[4]              %0 = param {x} : f32[4]
//	%1 = exp %0 : f32[4]          ==>    %1 = neg %0 : f32[4]
//	%2 = neg %0 : f32[4]                 return %1
//	return %2
func prune(_ *Backend, g *ir.Graph) *ir.Graph {
	needed := make([]bool, len(g.Nodes))
	for _, v := range g.Outputs {
		needed[v.Node.ID] = true
	}
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		if !needed[i] {
			continue
		}
		for _, v := range g.Nodes[i].In {
			needed[v.Node.ID] = true
		}
	}
	return g.Rewrite(func(to *ir.Graph, n *ir.Node, in []ir.Value) []ir.Value {
		if !needed[n.ID] {
			return nil
		}
		return ir.Copy(to, n, in)
	})
}
