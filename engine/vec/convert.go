package vec

import "math"

// Number is what Convert converts.
type Number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// Convert sets dst[i] = To(x[i]) for all of dst, by Go's rules between integers and from integers to floats. Floats become
// integers as XLA has it: fractions are cut off, what does not fit becomes the nearest end of the range, NaN becomes 0.
func Convert[To, From Number](dst []To, x []From) {
	if lo, hi, ok := intRange[To](); ok && isFloat[From]() {
		for i := range dst {
			dst[i] = truncate[To](float64(x[i]), lo, hi)
		}
		return
	}
	for i := range dst {
		dst[i] = To(x[i])
	}
}

func isFloat[T Number]() bool { return T(1)/T(2) != 0 }

// intRange is the smallest and largest value of an integer type, ok false for a float. The bounds as doubles are -2^k and
// 2^k, the second one over the largest value.
func intRange[T Number]() (lo, hi float64, ok bool) {
	if isFloat[T]() {
		return 0, 0, false
	}
	var zero T
	if zero-1 > 0 { // unsigned
		return 0, math.Ldexp(1, bitsOf[T]()), true
	}
	return math.Ldexp(-1, bitsOf[T]()-1), math.Ldexp(1, bitsOf[T]()-1), true
}

func bitsOf[T Number]() int {
	n := 0
	for x := T(1); x != 0; x += x {
		n++
	}
	return n
}

func truncate[To Number](x, lo, hi float64) To {
	switch {
	case x != x:
		return 0
	case x <= lo:
		return To(int64(lo))
	case x >= hi:
		var zero To
		if lo == 0 {
			return zero - 1
		}
		return -To(int64(lo)) - 1
	case x >= 1<<63: // above what Go converts through a signed integer
		return To(uint64(x))
	}
	return To(int64(x))
}

// FromBool sets dst[i] to 1 where m[i], else 0.
func FromBool[To Number](dst []To, m []bool) {
	for i := range dst {
		if m[i] {
			dst[i] = 1
		} else {
			dst[i] = 0
		}
	}
}

// ToBool sets dst[i] to whether x[i] is not zero; NaN is not zero.
func ToBool[From Number](dst []bool, x []From) {
	for i := range dst {
		dst[i] = x[i] != 0
	}
}

// FromBFloat16 widens the upper halves of float32s.
func FromBFloat16[T ~uint16](dst []float32, x []T) {
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(x[i]) << 16)
	}
}

// ToBFloat16 rounds to the nearest bfloat16, halves to even. NaN stays NaN.
func ToBFloat16[T ~uint16](dst []T, x []float32) {
	for i := range dst {
		b := math.Float32bits(x[i])
		if b&^(1<<31) > 0x7f800000 {
			dst[i] = T(b>>16 | 0x40)
			continue
		}
		dst[i] = T((b + 0x7fff + b>>16&1) >> 16)
	}
}

// FromFloat16 widens IEEE 754 half precision; every value has an exact float32.
func FromFloat16[T ~uint16](dst []float32, x []T) {
	for i := range dst {
		h := uint32(x[i])
		sign := h & 0x8000 << 16
		switch exponent, fraction := h>>10&0x1f, h&0x3ff; exponent {
		case 0x1f:
			dst[i] = math.Float32frombits(sign | 0x7f800000 | fraction<<13)
		case 0: // fraction · 2^-24
			dst[i] = math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
		default:
			dst[i] = math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
		}
	}
}

// ToFloat16 rounds to the nearest half, halves to even; from 65520 on that is infinity. NaN stays NaN.
func ToFloat16[T ~uint16](dst []T, x []float32) {
	for i := range dst {
		b := math.Float32bits(x[i])
		sign := T(b >> 16 & 0x8000)
		switch a := b &^ (1 << 31); {
		case a > 0x7f800000:
			dst[i] = sign | 0x7e00
		case a >= 0x477ff000: // 65520
			dst[i] = sign | 0x7c00
		case a < 0x38800000: // 2^-14: adding 1/2 leaves the subnormal's fraction in the lowest bits, rounded
			dst[i] = sign | T(math.Float32bits(math.Float32frombits(a)+0.5)-0x3f000000)
		default:
			dst[i] = sign | T((a-(127-15)<<23+0xfff+a>>13&1)>>13)
		}
	}
}
