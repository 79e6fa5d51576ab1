package ops

import (
	"maps"
	"sync"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

var register sync.Once

// Register gives GoMLX's table of gradients (graph.VJPRegistration) the rules of this package, for the whole process. Call it
// before any graph is differentiated; calling it again, or from several goroutines, does nothing more.
//
// It adds rules that are missing there (Pad, Reverse, Rsqrt, Identity, Clamp, Expm1, ReduceProduct, rounding, comparisons) and
// replaces those that have no second order or are wrong for some parameters (convolution, ReduceWindow and so every kind of
// pooling and CumSum, Gather and ScatterSum and so Interpolate, Max and Min of infinities, conversions from integers and booleans). Every rule is made of
// operations that have a rule, so gradients of any order follow. Rules of other operations stay as they are.
func Register() {
	register.Do(func() {
		table := maps.Clone(graph.VJPRegistration) // whoever is reading the old table is left in peace
		maps.Copy(table, vjps())
		graph.VJPRegistration = table
	})
}

// rule returns the gradients of a scalar by each input of a node, or nil where there is none, from its gradient v by the output.
type rule func(node, v *graph.Node) []*graph.Node

func (r rule) vjp(node *graph.Node, outputs []*graph.Node, _ shapes.Shape) []*graph.Node {
	return r(node, outputs[0])
}

func vjps() map[graph.NodeType]graph.VJP {
	rules := map[graph.NodeType]rule{
		graph.NodeTypeConvGeneral:   convVJP,
		graph.NodeTypeReduceWindow:  reduceWindowVJP,
		graph.NodeTypeReduceProduct: reduceProductVJP,
		graph.NodeTypeGather:        gatherVJP,
		graph.NodeTypeScatterSum:    scatterSumVJP,
		graph.NodeTypePad:           padVJP,
		graph.NodeTypeReverse:       reverseVJP,
		graph.NodeTypeIdentity:      identityVJP,
		graph.NodeTypeRsqrt:         rsqrtVJP,
		graph.NodeTypeExpm1:         expm1VJP,
		graph.NodeTypeMax:           maxVJP,
		graph.NodeTypeMin:           minVJP,
		graph.NodeTypeClamp:         clampVJP,
		graph.NodeTypeConvertDType:  convertVJP,
	}
	table := make(map[graph.NodeType]graph.VJP, len(rules)+len(steps))
	for kind, r := range rules {
		table[kind] = r.vjp
	}
	for _, kind := range steps {
		table[kind] = rule(stepVJP).vjp
	}
	return table
}

// steps are the operations that are constant between jumps, so that their gradient is zero wherever they have one.
var steps = []graph.NodeType{
	graph.NodeTypeFloor, graph.NodeTypeCeil, graph.NodeTypeRound, graph.NodeTypeSign,
	graph.NodeTypeEqual, graph.NodeTypeNotEqual, graph.NodeTypeGreaterThan, graph.NodeTypeGreaterOrEqual,
	graph.NodeTypeLessThan, graph.NodeTypeLessOrEqual, graph.NodeTypeIsFinite, graph.NodeTypeIsNaN, graph.NodeTypeArgMinMax,
}
