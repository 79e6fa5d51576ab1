package gan

import (
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// Pool lets a critic see a history of what was generated (Shrivastava 2016, 1612.07828, section 2.3), as CycleGAN's code does
// (util/image_pool.py): of records [batch, ...] each goes into a memory of so many while there is room, and is returned. From then on
// it is returned as it is by a chance of one half, and otherwise takes the place of one of the memory, which is returned in its
// stead. The memory is a variable: it is saved with the rest, and resuming goes on with it. A size of 0 returns the records.
//
// Within a move, pools of different names are different memories. What is returned is cut from the gradient.
func Pool(r *Turn, name string, size int, records *Node) *Node {
	records = graph.StopGradient(records)
	if size == 0 {
		return records
	}
	dims := records.Shape().Dimensions
	key := "moves/" + r.moving() + "/pool/" + name
	memory := r.State(key, layers.Constant(0), append([]int{size}, dims[1:]...)...)
	count := r.State(key+"/count", layers.Constant(0))
	chance := r.Draw(Uniform("pool/"+name, 2)) // [batch, 2]: whether to swap, and with which
	returned := make([]*Node, dims[0])
	for i := range returned {
		record := graph.Slice(records, graph.AxisElem(i)) // [1, ...]
		drawn := func(j int) *Node { return graph.Reshape(graph.Slice(chance, graph.AxisElem(i), graph.AxisElem(j))) }
		full := graph.GreaterOrEqual(count, graph.Scalar(count.Graph(), count.DType(), size))
		slot := graph.MinScalar(graph.Floor(graph.MulScalar(drawn(1), float64(size))), float64(size-1))
		slot = graph.Where(full, slot, count)
		swapped := graph.LogicalAnd(full, graph.GreaterThan(drawn(0), graph.Scalar(count.Graph(), count.DType(), 0.5)))
		stored := graph.LogicalOr(graph.LogicalNot(full), swapped)

		at := graph.Equal(graph.Iota(records.Graph(), memory.Shape(), 0), slot)                          // [size, ...]
		old := graph.ReduceAndKeep(graph.Where(at, memory, graph.ZerosLike(memory)), graph.ReduceSum, 0) // [1, ...]
		returned[i] = graph.Where(swapped, old, record)
		memory = graph.Where(graph.LogicalAnd(at, stored), graph.BroadcastToShape(record, memory.Shape()), memory)
		count = graph.MinScalar(graph.AddScalar(count, 1), float64(size))
	}
	r.Set(key, memory)
	r.Set(key+"/count", count)
	return graph.StopGradient(graph.Concatenate(returned, 0))
}
