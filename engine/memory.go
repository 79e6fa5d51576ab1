package engine

import (
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/pages"
)

// alignment of buffers, in bytes: a cache line, and the widest vector register.
const alignment = 64

// maxBytes is the largest array or arena that is asked of the system. It only has to be small enough for sizes to add up in an int.
const maxBytes = 1 << 46

// byteSize is the size of an array of this shape, or an error that says how much was asked.
func byteSize(s shapes.Shape) (int, error) {
	n := uint64(s.DType.Size())
	for _, d := range s.Dimensions {
		if d < 0 {
			return 0, fmt.Errorf("shape %s has a negative dimension", s)
		}
		if d == 0 {
			return 0, nil
		}
	}
	for _, d := range s.Dimensions {
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > maxBytes {
			return 0, fmt.Errorf("shape %s needs more than %d TiB; use smaller arrays or a smaller batch", s, maxBytes>>40)
		}
		n = lo
	}
	return int(n), nil
}

// newBytes allocates n aligned bytes. Running out of memory ends a Go process, so what cannot be had is refused before.
func newBytes(n int) ([]byte, error) {
	if n < 0 || n > maxBytes {
		return nil, fmt.Errorf("%d bytes of memory asked, the limit is %d", n, maxBytes)
	}
	if limit := physicalMemory(); limit > 0 && n > limit {
		return nil, fmt.Errorf("%.1f GiB of memory asked in one piece, the machine has %.1f GiB; use a smaller batch",
			float64(n)/(1<<30), float64(limit)/(1<<30))
	}
	return pages.Make(n), nil
}

// heap allocates arrays and arenas.
type heap struct {
	fresh atomic.Int64 // bytes allocated since it last asked for a collection
}

// collectEvery is how many bytes are allocated between two collections. By itself the collector lets the heap grow to twice of what
// lives, which is a lot where that is weights and arenas; and in the long run executions allocate next to nothing, so that garbage
// of the first ones would stay.
const collectEvery = 64 << 20

// bytes is newBytes, after a collection if much has been allocated.
func (h *heap) bytes(n int) ([]byte, error) {
	if h.fresh.Add(int64(n)) > collectEvery {
		h.fresh.Store(0)
		runtime.GC()
	}
	return newBytes(n)
}

// flatBytes is the memory of a Go slice of elements of dtype; flat must be such a slice.
func flatBytes(flat any) []byte { return dtypes.UnsafeByteSliceFromAny(flat) }

// flatSlice is memory as a Go slice of n elements of dtype.
func flatSlice(dtype dtypes.DType, mem []byte, n int) any {
	if n == 0 {
		return dtypes.MakeAnySlice(dtype, 0)
	}
	return dtypes.UnsafeAnySliceFromBytes(unsafe.Pointer(unsafe.SliceData(mem)), dtype, n)
}

// as is memory as elements of type T.
func as[T any](mem []byte) []T {
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(mem))), len(mem)/int(unsafe.Sizeof(t)))
}

// recycler keeps the memory of donated inputs and finalized buffers for the outputs of later executions: two sets of memory in turn, so
// that nothing a caller has given is overwritten before its execution has succeeded, and nothing is allocated in the long run.
type recycler struct {
	heap   *heap
	mu     sync.Mutex
	free   map[int][][]byte // by size
	bytes  int              // in free
	limit  int              // of bytes: the most that goes in and out of one execution
	closed bool
}

func (r *recycler) get(n int) ([]byte, error) {
	r.mu.Lock()
	list := r.free[n]
	if k := len(list); k > 0 {
		mem := list[k-1]
		list[k-1] = nil
		r.free[n] = list[:k-1]
		r.bytes -= n
		r.mu.Unlock()
		return mem, nil
	}
	r.mu.Unlock()
	return r.heap.bytes(n)
}

func (r *recycler) put(mem []byte) {
	n := len(mem)
	if n == 0 || uintptr(unsafe.Pointer(unsafe.SliceData(mem)))%8 != 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.bytes+n > r.limit {
		return // the garbage collector has it
	}
	if r.free == nil {
		r.free = map[int][][]byte{}
	}
	r.free[n] = append(r.free[n], mem)
	r.bytes += n
}

// expect says that so many bytes go in and out of executions, so that many are worth keeping.
func (r *recycler) expect(n int) {
	r.mu.Lock()
	r.limit = max(r.limit, n)
	r.mu.Unlock()
}

func (r *recycler) close() {
	r.mu.Lock()
	r.free, r.bytes, r.closed = nil, 0, true
	r.mu.Unlock()
}

// arenas lends scratch memory to executions. All executables share it: they seldom run at once.
type arenas struct {
	heap *heap
	mu   sync.Mutex
	idle [][]byte
}

// get returns at least n bytes: the smallest idle arena that fits, else a new one in the place of the largest that does not.
func (a *arenas) get(n int) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	a.mu.Lock()
	best, drop := -1, -1
	for i, mem := range a.idle {
		if len(mem) >= n && (best < 0 || len(mem) < len(a.idle[best])) {
			best = i
		}
		if len(mem) < n && (drop < 0 || len(mem) > len(a.idle[drop])) {
			drop = i
		}
	}
	take := best
	if take < 0 {
		take = drop
	}
	var mem []byte
	if take >= 0 {
		mem = a.idle[take]
		a.idle[take] = a.idle[len(a.idle)-1]
		a.idle[len(a.idle)-1] = nil
		a.idle = a.idle[:len(a.idle)-1]
	}
	a.mu.Unlock()
	if best >= 0 {
		return mem, nil
	}
	return a.heap.bytes(n)
}

func (a *arenas) put(mem []byte) {
	if len(mem) == 0 {
		return
	}
	a.mu.Lock()
	a.idle = append(a.idle, mem)
	a.mu.Unlock()
}

func (a *arenas) close() {
	a.mu.Lock()
	a.idle = nil
	a.mu.Unlock()
}

// roundUp is the next multiple of the alignment.
func roundUp(n int) int { return (n + alignment - 1) &^ (alignment - 1) }

// addSizes is a+b, or an error if that is more than any machine has.
func addSizes(a, b int) (int, error) {
	if a > math.MaxInt-b || a+b > maxBytes {
		return 0, fmt.Errorf("the graph needs more than %d TiB of memory; use a smaller batch", maxBytes>>40)
	}
	return a + b, nil
}
