package engine

import (
	"math"
	"unsafe"

	"github.com/gomlx/compute/dtypes"

	"github.com/ganymede-gan/ganymede/engine/view"
)

// taskElements is about how many elements a task of a loop covers, and maxTasks how many tasks reduce to places of their own. Both
// decide the order in which numbers are added, so they depend on nothing but the source.
const (
	taskElements = 16 * 1024
	maxTasks     = 64
	maxPartial   = 1 << 18 // elements in all partial results of a reduction
)

// split divides the loop into tasks.
//
// Without reductions any division will do. With them: (a) if the outermost axes are kept, tasks take different indices of these
// and write to different places; (b) if rows are long and kept, tasks take different columns; (c) else every task reduces to a place of its own, and
// these are joined in order. The result is the same for any number of threads.
func (k *loopKernel) split(inputs int, out []view.View) {
	outer, inner := k.nest.Outer(), k.nest.Inner()
	k.rowsPerTask, k.piecesPerTask = max(1, taskElements/max(1, inner)), k.pieces
	if k.rowsPerTask > k.rows {
		k.rowsPerTask -= k.rowsPerTask % k.rows
	}
	if k.pieces > 16 {
		k.piecesPerTask = 16
	}
	k.keepers = make([]keeper, len(k.results))
	reduction := -1
	for j, res := range k.results {
		if res.reduce != "" {
			reduction = j
			k.keepers[j] = newKeeper(res.reduce, k.types[res.reg])
		}
	}
	if reduction >= 0 {
		k.splitReduction(k.nest.Strides[inputs+reduction], outer, inner, max(1, out[reduction].Size()))
	}
	k.rowTasks = (outer + k.rowsPerTask - 1) / k.rowsPerTask
	k.pieceTasks = (k.pieces + k.piecesPerTask - 1) / k.piecesPerTask
	if outer == 0 || inner == 0 {
		k.rowTasks, k.pieceTasks = 0, 1
	}
	if k.partials > 0 {
		k.partials = k.rowTasks * k.pieceTasks
	}
}

func (k *loopKernel) splitReduction(strides []int, outer, inner, results int) {
	last := len(strides) - 1
	lead := 1
	for a := 0; a < last && strides[a] != 0; a++ {
		lead *= k.nest.Dims[a]
	}
	perLead := outer / max(1, lead)
	tasks := min(maxTasks, outer*inner/taskElements, maxPartial/results)
	switch {
	case lead >= 8 || lead > 1 && perLead == 1:
		k.rowsPerTask = max(1, perLead) * max(1, taskElements/max(1, perLead*inner))
		k.piecesPerTask = k.pieces
	case strides[last] != 0 && k.pieces >= 4:
		k.rowsPerTask, k.piecesPerTask = max(1, outer), 1
	case tasks <= 1:
		k.rowsPerTask, k.piecesPerTask = max(1, outer), k.pieces
	case outer >= tasks:
		k.rowsPerTask, k.piecesPerTask = (outer+tasks-1)/tasks, k.pieces
		k.partials = tasks
	default:
		perRow := max(1, tasks/outer)
		k.rowsPerTask, k.piecesPerTask = 1, (k.pieces+perRow-1)/perRow
		k.partials = tasks
	}
}

// keeper accumulates one reduction.
type keeper interface {
	// clear sets results to what reducing nothing gives.
	clear(results []byte)

	// add takes a block in: rows of the register x, the first at element offset of the results plus from.
	add(nest view.Nest, operand int, results []byte, x unsafe.Pointer, row, rows, offset, from, length int)

	// join reduces n partial results to one, in order.
	join(results, partial []byte, n int)
}

// reduction is a keeper for one type.
type reduction[T any] struct {
	empty  T
	merge  func(a, b T) T
	fold   func(x []T) T    // all of a row
	accrue func(acc, x []T) // acc[i] = merge(acc[i], x[i])
}

func (k *reduction[T]) clear(results []byte) {
	all := as[T](results)
	for i := range all {
		all[i] = k.empty
	}
}

func (k *reduction[T]) add(nest view.Nest, operand int, results []byte, x unsafe.Pointer, row, rows, offset, from, length int) {
	all := as[T](results)
	values := unsafe.Slice((*T)(x), rows*length)
	kept := nest.Strides[operand][len(nest.Dims)-1] != 0
	walk := newWalker(nest, operand, row, offset)
	for range rows {
		v := values[:length]
		values = values[length:]
		if kept {
			k.accrue(all[walk.at+from:walk.at+from+length], v)
		} else {
			all[walk.at] = k.merge(all[walk.at], k.fold(v))
		}
		walk.next()
	}
}

func (k *reduction[T]) join(results, partial []byte, n int) {
	all, parts := as[T](results), as[T](partial)
	k.clear(results)
	for i := range n {
		k.accrue(all, parts[i*len(all):(i+1)*len(all)])
	}
}

// newKeeper makes the keeper of a reduction.
func newKeeper(reduce string, dtype dtypes.DType) keeper {
	switch dtype {
	case dtypes.Float32:
		if k := float32Reduction(reduce); k != nil {
			return k
		}
		return realReduction[float32](reduce, float32(math.Inf(-1)), float32(math.Inf(1)))
	case dtypes.Float64:
		return realReduction(reduce, math.Inf(-1), math.Inf(1))
	case dtypes.Int8:
		return integerReduction[int8](reduce, math.MinInt8, math.MaxInt8)
	case dtypes.Int16:
		return integerReduction[int16](reduce, math.MinInt16, math.MaxInt16)
	case dtypes.Int32:
		return integerReduction[int32](reduce, math.MinInt32, math.MaxInt32)
	case dtypes.Int64:
		return integerReduction[int64](reduce, math.MinInt64, math.MaxInt64)
	case dtypes.Uint8:
		return integerReduction[uint8](reduce, 0, math.MaxUint8)
	case dtypes.Uint16:
		return integerReduction[uint16](reduce, 0, math.MaxUint16)
	case dtypes.Uint32:
		return integerReduction[uint32](reduce, 0, math.MaxUint32)
	case dtypes.Uint64:
		return integerReduction[uint64](reduce, 0, math.MaxUint64)
	case dtypes.Bool:
		return boolReduction(reduce)
	case dtypes.Complex64:
		return numberReduction[complex64](reduce)
	case dtypes.Complex128:
		return numberReduction[complex128](reduce)
	}
	return nil
}

// reducible says whether there is a keeper for this.
func reducible(reduce string, dtype dtypes.DType) bool { return newKeeper(reduce, dtype) != nil }

func boolReduction(reduce string) keeper {
	switch reduce {
	case "and", "min", "product":
		return newReduction(true, func(a, b bool) bool { return a && b })
	case "or", "max", "sum":
		return newReduction(false, func(a, b bool) bool { return a || b })
	case "xor":
		return newReduction(false, func(a, b bool) bool { return a != b })
	}
	return nil
}

func integerReduction[T integer](reduce string, lowest, highest T) keeper {
	switch reduce {
	case "and":
		return newReduction(^T(0), func(a, b T) T { return a & b })
	case "or":
		return newReduction(0, func(a, b T) T { return a | b })
	case "xor":
		return newReduction(0, func(a, b T) T { return a ^ b })
	}
	return realReduction(reduce, lowest, highest)
}

func realReduction[T ordered](reduce string, lowest, highest T) keeper {
	switch reduce {
	case "max":
		return newReduction(lowest, func(a, b T) T { return max(a, b) })
	case "min":
		return newReduction(highest, func(a, b T) T { return min(a, b) })
	}
	return numberReduction[T](reduce)
}

func numberReduction[T number](reduce string) keeper {
	switch reduce {
	case "sum":
		return &reduction[T]{merge: func(a, b T) T { return a + b }, fold: sumOf[T], accrue: addTo[T]}
	case "product":
		return newReduction(1, func(a, b T) T { return a * b })
	}
	return nil
}

// newReduction builds folds from a merge.
func newReduction[T any](empty T, merge func(a, b T) T) keeper {
	return &reduction[T]{
		empty: empty,
		merge: merge,
		fold: func(x []T) T {
			acc := empty
			for _, v := range x {
				acc = merge(acc, v)
			}
			return acc
		},
		accrue: func(acc, x []T) {
			for i, v := range x {
				acc[i] = merge(acc[i], v)
			}
		},
	}
}

// sumOf adds in sixteen lanes that are then added in pairs: for any vector width the same sum.
func sumOf[T number](x []T) T {
	var lanes [16]T
	for len(x) >= 16 {
		for i := range lanes {
			lanes[i] += x[i]
		}
		x = x[16:]
	}
	for i, v := range x {
		lanes[i] += v
	}
	for n := 8; n > 0; n /= 2 {
		for i := range n {
			lanes[i] += lanes[i+n]
		}
	}
	return lanes[0]
}

func addTo[T number](acc, x []T) {
	acc = acc[:len(x)]
	for i, v := range x {
		acc[i] += v
	}
}
