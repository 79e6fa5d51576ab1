package engine

import (
	"math/bits"
	"unsafe"
)

// signedKernel has the operations of a signed integer type T; U is the unsigned type of its size.
func signedKernel[T signed, U unsigned](name string) binder {
	switch name {
	case "abs":
		return each(func(a T) T { return max(a, -a) })
	case "sign":
		return each(func(a T) T {
			switch {
			case a > 0:
				return 1
			case a < 0:
				return -1
			}
			return 0
		})
	case "shiftrightlogical":
		return pair(func(a, b T) T { return T(U(a) >> min(uint64(b), 64)) })
	case "bitcount":
		return each(func(a T) T { return T(bits.OnesCount64(uint64(U(a)))) })
	case "clz":
		return each(func(a T) T { return T(leadingZeros(U(a))) })
	case "pow":
		return pair(func(a, b T) T {
			if b < 0 {
				return inversePower(a, b)
			}
			return power(a, uint64(b))
		})
	}
	if k := totalOrder(name, func(a T) int64 { return int64(a) }); k != nil {
		return k
	}
	return integerKernel[T](name)
}

// unsignedKernel has the operations of an unsigned integer type.
func unsignedKernel[T unsigned](name string) binder {
	switch name {
	case "abs":
		return each(func(a T) T { return a })
	case "sign":
		return each(func(a T) T { return min(a, 1) })
	case "shiftrightlogical":
		return pair(func(a, b T) T { return a >> min(uint64(b), 64) })
	case "bitcount":
		return each(func(a T) T { return T(bits.OnesCount64(uint64(a))) })
	case "clz":
		return each(func(a T) T { return T(leadingZeros(a)) })
	case "pow":
		return pair(func(a, b T) T { return power(a, uint64(b)) })
	}
	if k := totalOrder(name, func(a T) uint64 { return uint64(a) }); k != nil {
		return k
	}
	return integerKernel[T](name)
}

// integerKernel has what all integers have. Dividing by zero gives all bits set, and the dividend as remainder, as in XLA.
func integerKernel[T integer](name string) binder {
	switch name {
	case "div":
		return pair(func(a, b T) T {
			if b == 0 {
				return ^T(0)
			}
			return a / b
		})
	case "rem":
		return pair(func(a, b T) T {
			if b == 0 {
				return a
			}
			return a % b
		})
	case "and":
		return pair(func(a, b T) T { return a & b })
	case "or":
		return pair(func(a, b T) T { return a | b })
	case "xor":
		return pair(func(a, b T) T { return a ^ b })
	case "not":
		return each(func(a T) T { return ^a })
	case "shiftleft":
		return pair(func(a, b T) T { return a << min(uint64(b), 64) })
	case "shiftright":
		return pair(func(a, b T) T { return a >> min(uint64(b), 64) })
	}
	return realKernel[T](name)
}

func leadingZeros[U unsigned](a U) int {
	return bits.LeadingZeros64(uint64(a)) - 64 + 8*int(unsafe.Sizeof(a))
}

// power is a to the b by repeated squaring, with the type's overflow.
func power[T integer](a T, b uint64) T {
	p := T(1)
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			p *= a
		}
		a *= a
	}
	return p
}

// inversePower is a to a negative power, towards zero.
func inversePower[T signed](a, b T) T {
	switch {
	case a == 1 || a == -1 && b%2 == 0:
		return 1
	case a == -1:
		return -1
	}
	return 0
}

// boolKernel has the logical operations.
func boolKernel(name string) binder {
	switch name {
	case "and", "min":
		return pair(func(a, b bool) bool { return a && b })
	case "or", "max":
		return pair(func(a, b bool) bool { return a || b })
	case "xor", "notequal", "notequal.total":
		return pair(func(a, b bool) bool { return a != b })
	case "not":
		return each(func(a bool) bool { return !a })
	case "equal", "equal.total":
		return pair(func(a, b bool) bool { return a == b })
	}
	return moveKernel[bool](name)
}
