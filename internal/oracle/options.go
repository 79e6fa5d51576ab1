package oracle

import (
	"fmt"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
)

// Option changes how a function is judged.
type Option func(*options)

type options struct {
	backends  []compute.Backend
	order     int
	tolerance float64
	step      float64
	elements  int
	zero      map[int]bool // orders that must be identically zero
	dtype     dtypes.DType
}

// Backends are where the function is run, in turn: on all that are registered, the stock Go backend first, if not said.
func Backends(list ...compute.Backend) Option { return func(o *options) { o.backends = list } }

// Order is how many orders are checked, 1 or 2; it is 2 if not said.
func Order(n int) Option { return func(o *options) { o.order = n } }

// Tol is the largest error allowed, as a part of the largest number it is compared with in the same array; it is 1e-7 if not
// said. Differences over five points with a step of 1e-3 are good to about 1e-10 for functions of moderate curvature.
func Tol(t float64) Option { return func(o *options) { o.tolerance = t } }

// Step is the distance between the points of a finite difference; it is 1e-3 if not said. A function that bends or jumps must do
// so further than two steps from its inputs.
func Step(h float64) Option { return func(o *options) { o.step = h } }

// Elements is how many elements of each input are checked one by one (all, if there are not more); it is 40 if not said. All
// elements together are always checked along one random direction.
func Elements(n int) Option { return func(o *options) { o.elements = n } }

// Zero says that the gradient of this order must be zero in every element, which otherwise is an error.
func Zero(order int) Option { return func(o *options) { o.zero[order] = true } }

// Float32 runs what is compared with numbers or with another function in float32, as training does and where backends have their fast
// paths. Finite differences stay in float64.
func Float32() Option { return func(o *options) { o.dtype = dtypes.Float32 } }

func newOptions(list []Option) options {
	o := options{dtype: dtypes.Float64, order: 2, tolerance: 1e-7, step: 1e-3, elements: 40, zero: map[int]bool{}}
	for _, option := range list {
		option(&o)
	}
	if o.backends == nil {
		o.backends = registered()
	}
	return o
}

// Stock is GoMLX's own Go backend, made once. It runs one operation at a time: with several at once, convolutions that each hold a
// worker and each wait for another one stand still for ever (workerspool.WaitToStart of compute v0.1.3).
var Stock = sync.OnceValue(func() compute.Backend {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		panic(fmt.Sprintf("oracle: stock backend: %v", err))
	}
	return backend
})

// registered makes each registered backend once; it is first called when all are registered.
var registered = sync.OnceValue(func() []compute.Backend {
	list := []compute.Backend{Stock()}
	for _, name := range slices.Sorted(slices.Values(compute.List())) {
		if name == gobackend.BackendName {
			continue
		}
		backend, err := compute.NewWithConfig(name)
		if err != nil {
			panic(fmt.Sprintf("oracle: backend %s: %v", name, err))
		}
		list = append(list, backend)
	}
	return list
})
