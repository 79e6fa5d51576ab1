package engine

import (
	"github.com/gomlx/compute/dtypes"
)

// instr is one instruction of a loop, bound to its registers: it computes a block of n elements.
type instr func(f *frame, n int)

// binder binds the kernel of an elementwise operation to a destination and operand registers.
type binder func(dst int, arg []int) instr

// Kernels of elementwise operations are functions on slices of one length; dst may be one of the operands.

func unary[A, D any](fn func(dst []D, a []A)) binder {
	return func(dst int, arg []int) instr {
		a := arg[0]
		return func(f *frame, n int) { fn(block[D](f, dst, n), block[A](f, a, n)) }
	}
}

func binary[A, D any](fn func(dst []D, a, b []A)) binder {
	return func(dst int, arg []int) instr {
		a, b := arg[0], arg[1]
		return func(f *frame, n int) { fn(block[D](f, dst, n), block[A](f, a, n), block[A](f, b, n)) }
	}
}

func ternary[A, B, C, D any](fn func(dst []D, a []A, b []B, c []C)) binder {
	return func(dst int, arg []int) instr {
		a, b, c := arg[0], arg[1], arg[2]
		return func(f *frame, n int) {
			fn(block[D](f, dst, n), block[A](f, a, n), block[B](f, b, n), block[C](f, c, n))
		}
	}
}

// each and pair lift a function of one element to slices.

func each[A, D any](fn func(a A) D) binder {
	return unary(func(dst []D, a []A) {
		for i, x := range a {
			dst[i] = fn(x)
		}
	})
}

func pair[A, D any](fn func(a, b A) D) binder {
	return binary(func(dst []D, a, b []A) {
		b = b[:len(a)]
		for i, x := range a {
			dst[i] = fn(x, b[i])
		}
	})
}

type (
	signed interface {
		int8 | int16 | int32 | int64
	}
	unsigned interface {
		uint8 | uint16 | uint32 | uint64
	}
	integer  interface{ signed | unsigned }
	floating interface{ float32 | float64 }
	ordered  interface{ integer | floating }
	complexT interface{ complex64 | complex128 }
	number   interface{ ordered | complexT }
)

// elementwise finds the kernel of an operation for operands of this type (for where, of its values). It is nil if there is none.
func elementwise(name string, dtype dtypes.DType) binder {
	switch dtype {
	case dtypes.Float32:
		if b := float32Kernel(name); b != nil {
			return b
		}
		return floatKernel[float32](name)
	case dtypes.Float64:
		return floatKernel[float64](name)
	case dtypes.Int8:
		return signedKernel[int8, uint8](name)
	case dtypes.Int16:
		return signedKernel[int16, uint16](name)
	case dtypes.Int32:
		return signedKernel[int32, uint32](name)
	case dtypes.Int64:
		return signedKernel[int64, uint64](name)
	case dtypes.Uint8:
		return unsignedKernel[uint8](name)
	case dtypes.Uint16:
		return unsignedKernel[uint16](name)
	case dtypes.Uint32:
		return unsignedKernel[uint32](name)
	case dtypes.Uint64:
		return unsignedKernel[uint64](name)
	case dtypes.Bool:
		return boolKernel(name)
	case dtypes.Complex64:
		return complexKernel[complex64, float32](name)
	case dtypes.Complex128:
		return complexKernel[complex128, float64](name)
	case dtypes.Float16, dtypes.BFloat16:
		return moveKernel[uint16](name) // arithmetic on these is done in float32
	}
	return nil
}

// moveKernel has the operations that only move bits.
func moveKernel[T any](name string) binder {
	switch name {
	case "copy":
		return unary(func(dst, a []T) { copy(dst, a) })
	case "where":
		return ternary(func(dst []T, c []bool, a, b []T) {
			a, b, dst = a[:len(c)], b[:len(c)], dst[:len(c)]
			for i, cond := range c {
				if cond {
					dst[i] = a[i]
				} else {
					dst[i] = b[i]
				}
			}
		})
	}
	return nil
}

// numberKernel has what all numbers have.
func numberKernel[T number](name string) binder {
	switch name {
	case "add":
		return binary(func(dst, a, b []T) {
			b, dst = b[:len(a)], dst[:len(a)]
			for i, x := range a {
				dst[i] = x + b[i]
			}
		})
	case "sub":
		return binary(func(dst, a, b []T) {
			b, dst = b[:len(a)], dst[:len(a)]
			for i, x := range a {
				dst[i] = x - b[i]
			}
		})
	case "mul":
		return binary(func(dst, a, b []T) {
			b, dst = b[:len(a)], dst[:len(a)]
			for i, x := range a {
				dst[i] = x * b[i]
			}
		})
	case "neg":
		return each(func(a T) T { return -a })
	case "equal":
		return pair(func(a, b T) bool { return a == b })
	case "notequal":
		return pair(func(a, b T) bool { return a != b })
	}
	return moveKernel[T](name)
}

// realKernel has what all ordered numbers have.
func realKernel[T ordered](name string) binder {
	switch name {
	case "max":
		return pair(func(a, b T) T { return max(a, b) })
	case "min":
		return pair(func(a, b T) T { return min(a, b) })
	case "clamp":
		return ternary(func(dst, lo, x, hi []T) {
			for i, v := range x {
				dst[i] = min(max(v, lo[i]), hi[i])
			}
		})
	case "less":
		return pair(func(a, b T) bool { return a < b })
	case "lessequal":
		return pair(func(a, b T) bool { return a <= b })
	case "greater":
		return pair(func(a, b T) bool { return a > b })
	case "greaterequal":
		return pair(func(a, b T) bool { return a >= b })
	}
	return numberKernel[T](name)
}
