package oracle

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Array is a value on the host, in row-major order.
type Array struct {
	Dims []int
	Data []float64
}

// Of returns an array of the given numbers.
func Of(dims []int, data ...float64) Array {
	if len(data) != size(dims) {
		panic(fmt.Sprintf("oracle: %d numbers for an array of %v", len(data), dims))
	}
	return Array{dims, data}
}

// Normal returns an array of standard normal numbers, always the same for a seed.
func Normal(seed uint64, dims ...int) Array {
	random := rand.New(rand.NewPCG(seed, uint64(len(dims))))
	a := Array{dims, make([]float64, size(dims))}
	for i := range a.Data {
		a.Data[i] = random.NormFloat64()
	}
	return a
}

// Uniform returns an array of numbers between low and high, always the same for a seed.
func Uniform(seed uint64, low, high float64, dims ...int) Array {
	random := rand.New(rand.NewPCG(seed, uint64(len(dims))))
	a := Array{dims, make([]float64, size(dims))}
	for i := range a.Data {
		a.Data[i] = low + (high-low)*random.Float64()
	}
	return a
}

func (a Array) tensor(dtype dtypes.DType) *tensors.Tensor {
	if dtype == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(a.Data, a.Dims...)
	}
	single := make([]float32, len(a.Data))
	for i, v := range a.Data {
		single[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(single, a.Dims...)
}

// arrayOf reads an array back.
func arrayOf(t *tensors.Tensor) (Array, error) {
	a := Array{Dims: slices.Clone(t.Shape().Dimensions)}
	if t.DType() == dtypes.Float64 {
		flat, err := tensors.CopyFlatData[float64](t)
		a.Data = flat
		return a, err
	}
	flat, err := tensors.CopyFlatData[float32](t)
	for _, v := range flat {
		a.Data = append(a.Data, float64(v))
	}
	return a, err
}

// index names the i-th element as the user writes it.
func (a Array) index(i int) []int {
	at := make([]int, len(a.Dims))
	for axis := len(a.Dims) - 1; axis >= 0; axis-- {
		at[axis] = i % a.Dims[axis]
		i /= a.Dims[axis]
	}
	return at
}

func size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}
