// Package ops has the differentiable functions that adversarial training needs and GoMLX lacks, or gets wrong at second order.
//
// Graph nodes go in, graph nodes come out: convolutions, pooling, resizing, activations, losses, and the rules by which GoMLX
// differentiates them to any order (see [Register]). It owns no variables, and knows nothing of layers, players, data or files.
//
// Pictures are [batch, height, width, channels]; sequences [batch, length, channels] and volumes [batch, depth, height, width,
// channels] go through the same functions. Kernels are [height, width, in, out].
//
// A function panics with an error on shapes that do not fit, as GoMLX does while a graph is built; graph.Exec returns that
// panic as an error.
package ops

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Cut returns the value of x, of the same shape, as a node in which every gradient ends and from which a gradient can be asked.
//
// It is what a variable must be set to after an optimiser's step. Without it, a later loss in the same graph differentiates
// through the step. With StopGradient alone, Gradient(loss, x) is silently zero, because GoMLX ends a gradient before it
// reaches the stopped node; hence the Identity around it.
func Cut(x *graph.Node) *graph.Node { return graph.Identity(graph.StopGradient(x)) }

// fail ends the building of a graph.
func fail(format string, args ...any) { panic(fmt.Errorf("ops: "+format, args...)) }
