package ops

import "github.com/gomlx/gomlx/core/graph"

// ReflectPad puts mirror images of the edges around every spatial axis, the edge itself not repeated, as PyTorch's ReflectionPad2d:
// x [batch, height, width, channels] to [batch, height + 2*padding, width + 2*padding, channels]. With padding 2, a b c d becomes
// c b a b c d c b. The padding must be smaller than every spatial axis.
func ReflectPad(x *graph.Node, padding int) *graph.Node {
	if x.Rank() < 3 {
		fail("ReflectPad: input %v; it must have a batch, spatial axes and channels", x.Shape())
	}
	for _, n := range spatial(x) {
		if padding < 0 || padding >= n {
			fail("ReflectPad: padding %d of %v; it must be at least 0 and smaller than every spatial axis", padding, x.Shape())
		}
	}
	if padding == 0 {
		return x
	}
	for i, n := range spatial(x) {
		axis := i + 1
		mirrored := func(from int) *graph.Node { return graph.Reverse(strided(x, axis, from, from+padding, 1), axis) }
		x = graph.Concatenate([]*graph.Node{mirrored(1), x, mirrored(n - 1 - padding)}, axis)
	}
	return x
}
