package vec

import (
	"math"
	"unsafe"
)

// Run sets dst[i] = a[i] op b[i] for all of dst. a and b must be at least as long.
func (op Compare) Run(dst []bool, a, b []float32) {
	active.compare[op](dst, a[:len(dst)], b[:len(dst)])
}

// RunRight sets dst[i] = a[i] op s.
func (op Compare) RunRight(dst []bool, a []float32, s float32) {
	active.compareVS[op](dst, a[:len(dst)], s)
}

// RunLeft sets dst[i] = s op b[i].
func (op Compare) RunLeft(dst []bool, s float32, b []float32) {
	active.compareVS[op.swapped()](dst, b[:len(dst)], s)
}

// IsFinite sets dst[i] to whether x[i] is neither infinite nor NaN.
func IsFinite(dst []bool, x []float32) { active.isFinite(dst, x[:len(dst)]) }

// Select sets dst[i] = a[i] where m[i], else b[i].
func Select(dst []float32, m []bool, a, b []float32) {
	active.selectVV(dst, m[:len(dst)], a[:len(dst)], b[:len(dst)])
}

// SelectRight sets dst[i] = a[i] where m[i], else s.
func SelectRight(dst []float32, m []bool, a []float32, s float32) {
	active.selectVS(dst, m[:len(dst)], a[:len(dst)], s)
}

// SelectLeft sets dst[i] = s where m[i], else b[i].
func SelectLeft(dst []float32, m []bool, s float32, b []float32) {
	active.selectSV(dst, m[:len(dst)], b[:len(dst)], s)
}

// SelectScalars sets dst[i] = s where m[i], else t.
func SelectScalars(dst []float32, m []bool, s, t float32) {
	active.selectSS(dst, m[:len(dst)], s, t)
}

// Over sets dst[i] = y[i] where x[i] > 0, else s: a rectifier, and its gradient.
func Over(dst, x, y []float32, s float32) { active.over(dst, x[:len(dst)], y[:len(dst)], s) }

// Gate sets dst[i] = y[i] where x[i] > 0, else y[i]·s: a leaky rectifier, and its gradient.
func Gate(dst, x, y []float32, s float32) { active.gate(dst, x[:len(dst)], y[:len(dst)], s) }

// Run sets dst[i] = a[i] op b[i].
func (op Logic) Run(dst, a, b []bool) {
	d, tail := words(dst)
	x, _ := words(a[:len(dst)])
	y, _ := words(b[:len(dst)])
	switch op {
	case And:
		for i := range d {
			d[i] = x[i] & y[i]
		}
		for i := tail; i < len(dst); i++ {
			dst[i] = a[i] && b[i]
		}
	case Or:
		for i := range d {
			d[i] = x[i] | y[i]
		}
		for i := tail; i < len(dst); i++ {
			dst[i] = a[i] || b[i]
		}
	case Xor:
		for i := range d {
			d[i] = x[i] ^ y[i]
		}
		for i := tail; i < len(dst); i++ {
			dst[i] = a[i] != b[i]
		}
	}
}

// RunRight sets dst[i] = a[i] op s.
func (op Logic) RunRight(dst, a []bool, s bool) {
	switch {
	case op == Xor && s:
		Not(dst, a)
	case op == And && !s, op == Or && s:
		Fill(dst, s)
	default:
		copy(dst, a[:len(dst)])
	}
}

// Not sets dst[i] = !x[i].
func Not(dst, x []bool) {
	d, tail := words(dst)
	w, _ := words(x[:len(dst)])
	for i := range d {
		d[i] = w[i] ^ 0x0101010101010101
	}
	for i := tail; i < len(dst); i++ {
		dst[i] = !x[i]
	}
}

// words views truth values eight at a time; tail is the index of the first that is left over. A bool is one byte, 0 or 1.
func words(m []bool) (w []uint64, tail int) {
	if len(m) < 8 {
		return nil, 0
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(&m[0])), len(m)/8), len(m) &^ 7
}

func compareGo(k *kernels, op Compare, f func(a, b float32) bool) {
	k.compare[op] = func(dst []bool, a, b []float32) {
		for i := range dst {
			dst[i] = f(a[i], b[i])
		}
	}
	k.compareVS[op] = func(dst []bool, a []float32, s float32) {
		for i := range dst {
			dst[i] = f(a[i], s)
		}
	}
}

func isFiniteGo(dst []bool, x []float32) {
	for i := range dst {
		dst[i] = math.Float32bits(x[i])&0x7f800000 != 0x7f800000
	}
}

func selectVVGo(dst []float32, m []bool, a, b []float32) {
	for i := range dst {
		if m[i] {
			dst[i] = a[i]
		} else {
			dst[i] = b[i]
		}
	}
}

func selectVSGo(dst []float32, m []bool, a []float32, s float32) {
	for i := range dst {
		if m[i] {
			dst[i] = a[i]
		} else {
			dst[i] = s
		}
	}
}

func selectSVGo(dst []float32, m []bool, b []float32, s float32) {
	for i := range dst {
		if m[i] {
			dst[i] = s
		} else {
			dst[i] = b[i]
		}
	}
}

func selectSSGo(dst []float32, m []bool, s, t float32) {
	for i := range dst {
		if m[i] {
			dst[i] = s
		} else {
			dst[i] = t
		}
	}
}

func overGo(dst, x, y []float32, s float32) {
	for i := range dst {
		if x[i] > 0 {
			dst[i] = y[i]
		} else {
			dst[i] = s
		}
	}
}

func gateGo(dst, x, y []float32, s float32) {
	for i := range dst {
		if x[i] > 0 {
			dst[i] = y[i]
		} else {
			dst[i] = y[i] * s
		}
	}
}
