package engine

import (
	"github.com/ganymede-gan/ganymede/engine/ir"
)

// foldLimit is the largest result, in bytes, that is computed before its time.
const foldLimit = 1 << 16

// fold computes what depends on constants alone.
//
//	%0 = const {[0.5]} : f32[]           %0 = const {[-0.5]} : f32[]
//	%1 = neg %0 : f32[]           ==>    %1 = param {x} : f32[4]
//	%2 = param {x} : f32[4]              %2 = mul %1, %0 : f32[4]
//	%3 = mul %2, %1 : f32[4]             return %2
//	return %3
//
// Views of constants stay views. If the values cannot be computed, the graph stays as it is: the error belongs to the execution.
func fold(b *Backend, g *ir.Graph) *ir.Graph {
	known := make([]bool, len(g.Nodes))
	part := ir.New() // what is computed now
	local := map[ir.Value]ir.Value{}
	var results []ir.Value // in g
	for _, n := range g.Nodes {
		if known[n.ID] = foldable(n, known); !known[n.ID] {
			continue
		}
		in := make([]ir.Value, len(n.In))
		for i, v := range n.In {
			in[i] = local[v]
		}
		for i, v := range ir.Copy(part, n, in) {
			local[ir.Value{Node: n, Index: i}] = v
			if !isView(n.Op) && !isConstant(n.Op) {
				results = append(results, ir.Value{Node: n, Index: i})
				part.Outputs = append(part.Outputs, v)
			}
		}
	}
	if len(results) == 0 {
		return g
	}
	computed, err := evaluate(b, part)
	if err != nil {
		return g
	}
	constants := map[ir.Value]*constOp{}
	for i, v := range results {
		constants[v] = newConst(computed[i], v.Shape())
	}
	return prune(b, g.Rewrite(func(to *ir.Graph, n *ir.Node, in []ir.Value) []ir.Value {
		if _, ok := constants[ir.Value{Node: n}]; !ok {
			return ir.Copy(to, n, in)
		}
		out := make([]ir.Value, len(n.Out))
		for i, s := range n.Out {
			out[i] = to.Add(constants[ir.Value{Node: n, Index: i}], nil, s).Value()
		}
		return out
	}))
}

func isConstant(op ir.Op) bool {
	_, ok := op.(*constOp)
	return ok
}

// isView says whether an operation only makes another view of its operand.
func isView(op ir.Op) bool {
	switch op.(type) {
	case reshapeOp, transposeOp, reverseOp, sliceOp, broadcastOp:
		return true
	}
	return false
}

// foldable says whether a node is a constant, or small and made of them by an operation that is cheap to run once. Barriers are left
// where they are.
func foldable(n *ir.Node, known []bool) bool {
	if isConstant(n.Op) {
		return true
	}
	switch n.Op.(type) {
	case scalarOp, reduceOp, concatOp, padOp, gatherOp, dotOp, bitcastOp:
	default:
		if !isView(n.Op) {
			return false
		}
	}
	for _, v := range n.In {
		if !known[v.Node.ID] {
			return false
		}
	}
	for _, s := range n.Out {
		if size, err := byteSize(s); err != nil || size > foldLimit && !isView(n.Op) {
			return false
		}
	}
	return true
}

// evaluate runs a graph without parameters, on the calling goroutine.
func evaluate(b *Backend, g *ir.Graph) ([][]byte, error) {
	p, err := newPlan(b, g)
	if err != nil {
		return nil, err
	}
	arena, err := newBytes(p.arena)
	if err != nil {
		return nil, err
	}
	outputs := make([][]byte, len(g.Outputs))
	for i, v := range g.Outputs {
		size, err := byteSize(v.Shape())
		if err != nil {
			return nil, err
		}
		if outputs[i], err = newBytes(size); err != nil {
			return nil, err
		}
	}
	r := newRun(b, p)
	r.serial, r.epoch = true, b.epoch.Load()
	return outputs, r.execute(arena, nil, outputs)
}
