package engine

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"github.com/ganymede-gan/ganymede/engine/kernel"
	"github.com/ganymede-gan/ganymede/engine/pool"
)

// Name is the name under which Register makes the backend known to GoMLX.
const Name = "ganymede"

var register = sync.OnceFunc(func() {
	compute.Register(Name, func(config string) (compute.Backend, error) { return New(config) })
})

// Register makes the backend known to GoMLX, so that compute.NewWithConfig("ganymede") and GOMLX_BACKEND=ganymede find it.
// It may be called any number of times.
func Register() { register() }

// Backend executes graphs on the CPU. It implements compute.Backend. It is safe for concurrent use.
type Backend struct {
	options options
	pool    *pool.Pool
	scratch kernel.Scratch
	epoch   atomic.Uint64 // counts interrupts
	profile atomic.Pointer[Profile]
	heap    heap
	recycle recycler
	arenas  arenas

	finalized atomic.Bool
}

var _ compute.Backend = (*Backend)(nil)

// options is what the configuration string says.
type options struct {
	threads int // of all executions together
	conv    kernel.Algorithm
	without map[string]bool // passes that are left out
	verify  bool            // check the graph after every pass
}

// New makes a backend. The configuration is a list of options separated by commas or spaces; empty means the defaults:
//
//	threads=N    how many threads work on an execution; default: the number of CPUs. Results do not depend on it.
//	conv=A       how convolutions are computed: balanced (the default) takes faster algorithms where their errors are of the size of plain
//	             float32's, exact always sums the products of the definition, fast also takes algorithms with 2 to 3 times the errors
//	without=P    leave out the optimisation pass P (see docs/engine.md); may be repeated. Results may differ in the last bits.
//	verify       check the graph after every pass; for tests
func New(config string) (*Backend, error) {
	o, err := parseOptions(config)
	if err != nil {
		return nil, err
	}
	b := &Backend{options: o, pool: pool.New(o.threads)}
	b.recycle.heap, b.arenas.heap = &b.heap, &b.heap
	return b, nil
}

func parseOptions(config string) (options, error) {
	o := options{threads: runtime.NumCPU(), conv: kernel.Balanced, without: map[string]bool{}}
	for _, field := range strings.FieldsFunc(config, func(r rune) bool { return r == ',' || r == ' ' }) {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "threads":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > 1024 {
				return o, fmt.Errorf("engine: option threads=%s: want a number from 1 to 1024", value)
			}
			o.threads = n
		case "conv":
			switch value {
			case "exact":
				o.conv = kernel.Exact
			case "balanced":
				o.conv = kernel.Balanced
			case "fast":
				o.conv = kernel.Fast
			default:
				return o, fmt.Errorf("engine: option conv=%s: want exact, balanced or fast", value)
			}
		case "without":
			if !slices.Contains(passNames(), value) {
				return o, fmt.Errorf("engine: option without=%s: no such pass; there are %s", value, strings.Join(passNames(), ", "))
			}
			o.without[value] = true
		case "verify":
			o.verify = true
		default:
			return o, fmt.Errorf("engine: option %q is not known; there are threads=N, conv=exact|balanced|fast, without=PASS, verify", field)
		}
	}
	return o, nil
}

// Name implements compute.Backend.
func (b *Backend) Name() string { return Name }

// String implements compute.Backend.
func (b *Backend) String() string { return Name }

// Description implements compute.Backend.
func (b *Backend) Description() string {
	return fmt.Sprintf("Ganymede's CPU engine, %d threads", b.options.threads)
}

// Threads is the number of threads that work on an execution.
func (b *Backend) Threads() int { return b.options.threads }

// NumDevices implements compute.Backend: there is one, the CPU.
func (b *Backend) NumDevices() int { return 1 }

// DeviceDescription implements compute.Backend.
func (b *Backend) DeviceDescription(compute.DeviceNum) string { return "CPU" }

// Builder implements compute.Backend.
func (b *Backend) Builder(name string) compute.Builder { return newBuilder(b, name) }

// Interrupt makes the executions that are running now return an error that is ErrInterrupted, within a fraction of a second.
// Their inputs, donated ones too, hold what they held. Later executions are not touched.
func (b *Backend) Interrupt() { b.epoch.Add(1) }

// Finalize implements compute.Backend: it stops the workers and forgets all memory.
func (b *Backend) Finalize() {
	if b.finalized.Swap(true) {
		return
	}
	b.Interrupt()
	b.pool.Close()
	b.recycle.close()
	b.arenas.close()
}

// IsFinalized implements compute.Backend.
func (b *Backend) IsFinalized() bool { return b.finalized.Load() }

// alive is an error after Finalize.
func (b *Backend) alive() error {
	if b.finalized.Load() {
		return fmt.Errorf("engine: the backend has been finalized")
	}
	return nil
}

// types are the element types that arrays may have.
var types = []dtypes.DType{
	dtypes.Bool, dtypes.Int8, dtypes.Int16, dtypes.Int32, dtypes.Int64, dtypes.Uint8, dtypes.Uint16, dtypes.Uint32, dtypes.Uint64,
	dtypes.Float16, dtypes.BFloat16, dtypes.Float32, dtypes.Float64, dtypes.Complex64, dtypes.Complex128,
}

// missing are the operations of compute that the engine does not have: shapes that are known only at run time, several devices, and
// fused operations, which would make GoMLX compute the forward pass of a training step twice (the engine fuses the primitives itself).
var missing = []compute.OpType{
	compute.OpTypeInvalid, compute.OpTypeDot, compute.OpTypeDynamicDimensionSize, compute.OpTypeDynamicShape, compute.OpTypeDynamicReshape,
	compute.OpTypeSelectAndScatterSum, compute.OpTypeCapturedValue, compute.OpTypeAllReduce, compute.OpTypeCollectiveBroadcast,
	compute.OpTypeAllGather, compute.OpTypeBlockForDotGeneral, compute.OpTypeFusedSoftmax, compute.OpTypeFusedLayerNorm,
	compute.OpTypeFusedGelu, compute.OpTypeFusedDense, compute.OpTypeFusedScaledDotProductAttention,
	compute.OpTypeFusedScaledDotProductAttentionVJP, compute.OpTypeFusedAttentionQKVProjection, compute.OpTypeFusedQuantizedDense,
	compute.OpTypeQuantizedEmbeddingLookup,
}

// Capabilities implements compute.Backend.
func (b *Backend) Capabilities() compute.Capabilities {
	c := compute.Capabilities{Functions: true, Operations: map[compute.OpType]bool{}, DTypes: map[dtypes.DType]bool{}}
	for op := range compute.OpTypeLast {
		if !slices.Contains(missing, op) {
			c.Operations[op] = true
		}
	}
	for _, t := range types {
		c.DTypes[t] = true
	}
	return c
}
