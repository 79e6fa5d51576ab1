package engine

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"

	"github.com/ganymede-gan/ganymede/engine/vec"
)

// converter finds the kernel that converts between two types. Numbers out of range become the nearest that is in range, NaN becomes 0
// in integers; bool is 0 or 1, and everything but 0 is true. The 16-bit floats convert from and to float32 only, and complex numbers
// to complex numbers and bool: other conversions are two operations.
func converter(from, to dtypes.DType) binder {
	switch from {
	case dtypes.Float32:
		switch to {
		case dtypes.BFloat16:
			return unary(vec.ToBFloat16[bfloat16.BFloat16])
		case dtypes.Float16:
			return unary(vec.ToFloat16[float16.Float16])
		}
		return convertFloat[float32](to)
	case dtypes.Float64:
		return convertFloat[float64](to)
	case dtypes.BFloat16:
		if to == dtypes.Float32 {
			return unary(vec.FromBFloat16[bfloat16.BFloat16])
		}
	case dtypes.Float16:
		if to == dtypes.Float32 {
			return unary(vec.FromFloat16[float16.Float16])
		}
	case dtypes.Int8:
		return convertInt[int8](to)
	case dtypes.Int16:
		return convertInt[int16](to)
	case dtypes.Int32:
		return convertInt[int32](to)
	case dtypes.Int64:
		return convertInt[int64](to)
	case dtypes.Uint8:
		return convertInt[uint8](to)
	case dtypes.Uint16:
		return convertInt[uint16](to)
	case dtypes.Uint32:
		return convertInt[uint32](to)
	case dtypes.Uint64:
		return convertInt[uint64](to)
	case dtypes.Bool:
		return convertInt[uint8](to) // stored as a byte of 0 or 1
	case dtypes.Complex64:
		return convertComplex[complex64](to)
	case dtypes.Complex128:
		return convertComplex[complex128](to)
	}
	return nil
}

func convertInt[A integer](to dtypes.DType) binder {
	switch to {
	case dtypes.Int8:
		return each(func(a A) int8 { return int8(a) })
	case dtypes.Int16:
		return each(func(a A) int16 { return int16(a) })
	case dtypes.Int32:
		return each(func(a A) int32 { return int32(a) })
	case dtypes.Int64:
		return each(func(a A) int64 { return int64(a) })
	case dtypes.Uint8:
		return each(func(a A) uint8 { return uint8(a) })
	case dtypes.Uint16:
		return each(func(a A) uint16 { return uint16(a) })
	case dtypes.Uint32:
		return each(func(a A) uint32 { return uint32(a) })
	case dtypes.Uint64:
		return each(func(a A) uint64 { return uint64(a) })
	case dtypes.Bool:
		return each(func(a A) bool { return a != 0 })
	case dtypes.Float32:
		return each(func(a A) float32 { return float32(a) })
	case dtypes.Float64:
		return each(func(a A) float64 { return float64(a) })
	case dtypes.Complex64:
		return each(func(a A) complex64 { return complex(float32(a), 0) })
	case dtypes.Complex128:
		return each(func(a A) complex128 { return complex(float64(a), 0) })
	}
	return nil
}

func convertFloat[A floating](to dtypes.DType) binder {
	switch to {
	case dtypes.Int8:
		return each(func(a A) int8 { return int8(clip(a, math.MinInt8, math.MaxInt8)) })
	case dtypes.Int16:
		return each(func(a A) int16 { return int16(clip(a, math.MinInt16, math.MaxInt16)) })
	case dtypes.Int32:
		return each(func(a A) int32 { return int32(clip(a, math.MinInt32, math.MaxInt32)) })
	case dtypes.Int64:
		return each(func(a A) int64 {
			if float64(a) >= math.MaxInt64 {
				return math.MaxInt64
			}
			return int64(clip(a, math.MinInt64, math.MaxInt64))
		})
	case dtypes.Uint8:
		return each(func(a A) uint8 { return uint8(clip(a, 0, math.MaxUint8)) })
	case dtypes.Uint16:
		return each(func(a A) uint16 { return uint16(clip(a, 0, math.MaxUint16)) })
	case dtypes.Uint32:
		return each(func(a A) uint32 { return uint32(clip(a, 0, math.MaxUint32)) })
	case dtypes.Uint64:
		return each(func(a A) uint64 {
			if float64(a) >= math.MaxUint64 {
				return math.MaxUint64
			}
			return uint64(clip(a, 0, math.MaxUint64))
		})
	case dtypes.Bool:
		return each(func(a A) bool { return a != 0 })
	case dtypes.Float32:
		return each(func(a A) float32 { return float32(a) })
	case dtypes.Float64:
		return each(func(a A) float64 { return float64(a) })
	case dtypes.Complex64:
		return each(func(a A) complex64 { return complex(float32(a), 0) })
	case dtypes.Complex128:
		return each(func(a A) complex128 { return complex(float64(a), 0) })
	}
	return nil
}

func clip[A floating](a A, lo, hi float64) float64 {
	if a != a {
		return 0
	}
	return min(max(float64(a), lo), hi)
}

func convertComplex[A complexT](to dtypes.DType) binder {
	switch to {
	case dtypes.Complex64:
		return each(func(a A) complex64 { return complex64(a) })
	case dtypes.Complex128:
		return each(func(a A) complex128 { return complex128(a) })
	case dtypes.Bool:
		return each(func(a A) bool { return a != 0 })
	}
	return nil
}
