package engine

import (
	"math"
)

// floatKernel has the operations of float32 and float64; functions without a formula of their own are those of package math.
func floatKernel[T floating](name string) binder {
	viaMath := func(fn func(float64) float64) binder {
		return each(func(a T) T { return T(fn(float64(a))) })
	}
	switch name {
	case "div":
		return binary(func(dst, a, b []T) {
			b, dst = b[:len(a)], dst[:len(a)]
			for i, x := range a {
				dst[i] = x / b[i]
			}
		})
	case "rem":
		return pair(func(a, b T) T { return T(math.Mod(float64(a), float64(b))) })
	case "pow":
		return pair(func(a, b T) T { return T(math.Pow(float64(a), float64(b))) })
	case "atan2":
		return pair(func(a, b T) T { return T(math.Atan2(float64(a), float64(b))) })
	case "abs":
		return each(func(a T) T { return T(math.Abs(float64(a))) })
	case "sign":
		return each(func(a T) T {
			switch {
			case a > 0:
				return 1
			case a < 0:
				return -1
			}
			return a // zeros of either sign, NaN
		})
	case "sqrt":
		return each(func(a T) T { return T(math.Sqrt(float64(a))) })
	case "rsqrt":
		return each(func(a T) T { return T(1 / math.Sqrt(float64(a))) })
	case "exp":
		return viaMath(math.Exp)
	case "expm1":
		return viaMath(math.Expm1)
	case "log":
		return viaMath(math.Log)
	case "log1p":
		return viaMath(math.Log1p)
	case "logistic":
		return viaMath(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })
	case "tanh":
		return viaMath(math.Tanh)
	case "erf":
		return viaMath(math.Erf)
	case "sin":
		return viaMath(math.Sin)
	case "cos":
		return viaMath(math.Cos)
	case "ceil":
		return viaMath(math.Ceil)
	case "floor":
		return viaMath(math.Floor)
	case "round":
		return viaMath(math.RoundToEven)
	case "isfinite":
		return each(func(a T) bool { return a-a == 0 })
	case "isnan":
		return each(func(a T) bool { return a != a })
	}
	if k := totalOrder(name, totalKey[T]); k != nil {
		return k
	}
	return realKernel[T](name)
}

// totalKey orders -NaN < -Inf < finite < -0 < +0 < ... < +NaN.
func totalKey[T floating](a T) int64 {
	switch a := any(a).(type) {
	case float32:
		bits := int32(math.Float32bits(a))
		return int64(bits ^ int32(uint32(bits>>31)>>1))
	case float64:
		bits := int64(math.Float64bits(a))
		return bits ^ int64(uint64(bits>>63)>>1)
	}
	panic("unreachable")
}

// totalOrder has the comparisons by a key.
func totalOrder[T any, K int64 | uint64](name string, key func(T) K) binder {
	switch name {
	case "equal.total":
		return pair(func(a, b T) bool { return key(a) == key(b) })
	case "notequal.total":
		return pair(func(a, b T) bool { return key(a) != key(b) })
	case "less.total":
		return pair(func(a, b T) bool { return key(a) < key(b) })
	case "lessequal.total":
		return pair(func(a, b T) bool { return key(a) <= key(b) })
	case "greater.total":
		return pair(func(a, b T) bool { return key(a) > key(b) })
	case "greaterequal.total":
		return pair(func(a, b T) bool { return key(a) >= key(b) })
	}
	return nil
}
