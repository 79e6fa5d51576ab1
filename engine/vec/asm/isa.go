package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa writes the instructions of one family of registers: sixteen lanes with opmasks, or eight lanes with masks in vector
// registers. A kernel's arithmetic is written once, against isa, so that both families take the same steps.
type isa struct{ wide bool }

func (v isa) suffix() string {
	if v.wide {
		return "AVX512"
	}
	return "AVX2"
}

func (v isa) lanes() int {
	if v.wide {
		return 16
	}
	return 8
}

func (v isa) reg() reg.VecVirtual {
	if v.wide {
		return ZMM()
	}
	return YMM()
}

// constants are the file's table of numbers: words of 32 bits eight times, of 64 bits four times, so that AVX2 can take
// them as operands. AVX-512 broadcasts the first.
var constants struct {
	words []word
	place map[word]int
}

type word struct {
	bits uint64
	size int
}

const constantsName = "constants"

func constantWord(w word) Mem {
	if constants.place == nil {
		constants.place = map[word]int{}
	}
	i, ok := constants.place[w]
	if !ok {
		i = len(constants.words)
		constants.place[w] = i
		constants.words = append(constants.words, w)
	}
	return NewDataAddr(NewStaticSymbol(constantsName), 32*i)
}

// constant and constant64 are addresses of words in the table, float and double those of numbers.
func constant(bits uint32) Mem   { return constantWord(word{uint64(bits), 4}) }
func constant64(bits uint64) Mem { return constantWord(word{bits, 8}) }
func float(x float64) Mem        { return constant(math.Float32bits(float32(x))) }
func double(x float64) Mem       { return constant64(math.Float64bits(x)) }

// writeConstants ends a file.
func writeConstants() {
	if len(constants.words) == 0 {
		return
	}
	GLOBL(constantsName, 8|16) // read-only, no pointers
	for i, w := range constants.words {
		for at := 0; at < 32; at += w.size {
			if w.size == 4 {
				DATA(32*i+at, U32(w.bits))
			} else {
				DATA(32*i+at, U64(w.bits))
			}
		}
	}
}

// isConstant says whether an operand is an entry of the table, which AVX-512 must broadcast.
func isConstant(x Op) bool {
	m, ok := x.(Mem)
	return ok && m.Symbol.Name == constantsName
}

type (
	form  = func(...Op)
	three struct{ plain, broadcast form }
)

// op3 writes dst = a op b; the memory operand, if any, is b.
func (v isa) op3(f three, a, b Op) reg.VecVirtual {
	dst := v.reg()
	v.write(f, b, a, dst)
	return dst
}

func (v isa) write(f three, ops ...Op) {
	if v.wide && isConstant(ops[0]) {
		f.broadcast(ops...)
		return
	}
	f.plain(ops...)
}

func (v isa) add(a, b Op) reg.VecVirtual { return v.op3(three{VADDPS, VADDPS_BCST}, a, b) }
func (v isa) sub(a, b Op) reg.VecVirtual { return v.op3(three{VSUBPS, VSUBPS_BCST}, a, b) }
func (v isa) mul(a, b Op) reg.VecVirtual { return v.op3(three{VMULPS, VMULPS_BCST}, a, b) }
func (v isa) div(a, b Op) reg.VecVirtual { return v.op3(three{VDIVPS, VDIVPS_BCST}, a, b) }
func (v isa) and(a, b Op) reg.VecVirtual { return v.op3(three{VANDPS, VANDPS_BCST}, a, b) }
func (v isa) or(a, b Op) reg.VecVirtual  { return v.op3(three{VORPS, VORPS_BCST}, a, b) }
func (v isa) xor(a, b Op) reg.VecVirtual { return v.op3(three{VXORPS, VXORPS_BCST}, a, b) }

// andNot is b with the bits of a cleared.
func (v isa) andNot(a, b Op) reg.VecVirtual { return v.op3(three{VANDNPS, VANDNPS_BCST}, a, b) }

// addInt and subInt are of int32 lanes.
func (v isa) addInt(a, b Op) reg.VecVirtual { return v.op3(three{VPADDD, VPADDD_BCST}, a, b) }
func (v isa) subInt(a, b Op) reg.VecVirtual { return v.op3(three{VPSUBD, VPSUBD_BCST}, a, b) }

// shiftLeft, shiftRight (with the sign) and shiftRightZero are of int32 lanes.
func (v isa) shiftLeft(a Op, bits int) reg.VecVirtual {
	dst := v.reg()
	VPSLLD(Imm(uint64(bits)), a, dst)
	return dst
}

func (v isa) shiftRight(a Op, bits int) reg.VecVirtual {
	dst := v.reg()
	VPSRAD(Imm(uint64(bits)), a, dst)
	return dst
}

func (v isa) shiftRightZero(a Op, bits int) reg.VecVirtual {
	dst := v.reg()
	VPSRLD(Imm(uint64(bits)), a, dst)
	return dst
}

// toInt rounds to the nearest int32, halves to even; toFloat is exact below 2^24.
func (v isa) toInt(a Op) reg.VecVirtual {
	dst := v.reg()
	VCVTPS2DQ(a, dst)
	return dst
}

func (v isa) toFloat(a Op) reg.VecVirtual {
	dst := v.reg()
	VCVTDQ2PS(a, dst)
	return dst
}

func (v isa) sqrt(a Op) reg.VecVirtual {
	dst := v.reg()
	VSQRTPS(a, dst)
	return dst
}

// The rounding modes of round, without the inexact exception.
const (
	toNearest = 8
	toFloor   = 9
	toCeil    = 10
)

func (v isa) round(a Op, mode uint64) reg.VecVirtual {
	dst := v.reg()
	if v.wide {
		VRNDSCALEPS(Imm(mode), a, dst)
	} else {
		VROUNDPS(Imm(mode), a, dst)
	}
	return dst
}

// fma is a·b + c in a new register; c may be a constant.
func (v isa) fma(a, b reg.VecVirtual, c Op) reg.VecVirtual {
	dst := v.reg()
	if _, ok := c.(reg.VecVirtual); ok {
		VMOVAPS(c, dst)
		VFMADD231PS(b, a, dst)
		return dst
	}
	VMOVAPS(a, dst)
	v.write(three{VFMADD213PS, VFMADD213PS_BCST}, c, b, dst)
	return dst
}

// fmaBy is a·k + c for a constant k.
func (v isa) fmaBy(a reg.VecVirtual, k Mem, c reg.VecVirtual) reg.VecVirtual {
	dst := v.reg()
	VMOVAPS(c, dst)
	v.write(three{VFMADD231PS, VFMADD231PS_BCST}, k, a, dst)
	return dst
}

// fnmaBy is c - a·k for a constant k.
func (v isa) fnmaBy(a reg.VecVirtual, k Mem, c reg.VecVirtual) reg.VecVirtual {
	dst := v.reg()
	VMOVAPS(c, dst)
	v.write(three{VFNMADD231PS, VFNMADD231PS_BCST}, k, a, dst)
	return dst
}

// fnma is c - a·b in a new register.
func (v isa) fnma(a, b, c reg.VecVirtual) reg.VecVirtual {
	dst := v.reg()
	VMOVAPS(c, dst)
	VFNMADD231PS(b, a, dst)
	return dst
}

// all is a constant in every lane of a register.
func (v isa) all(k Mem) reg.VecVirtual {
	dst := v.reg()
	VBROADCASTSS(k, dst)
	return dst
}

// horner is ((k[0]·x + k[1])·x + ...)·x + k[n].
func (v isa) horner(x reg.VecVirtual, k ...float64) reg.VecVirtual {
	p := v.all(float(k[0]))
	for _, c := range k[1:] {
		v.write(three{VFMADD213PS, VFMADD213PS_BCST}, float(c), x, p) // p = p·x + c
	}
	return p
}

// hardMax and hardMin are the instructions: b where either is NaN or both are zero.
func (v isa) hardMax(a, b Op) reg.VecVirtual { return v.op3(three{VMAXPS, VMAXPS_BCST}, a, b) }
func (v isa) hardMin(a, b Op) reg.VecVirtual { return v.op3(three{VMINPS, VMINPS_BCST}, a, b) }

// capped is min(x, k) with NaN kept: hardMin with x in the second place, which takes k to a register.
func (v isa) capped(x reg.VecVirtual, k Mem) reg.VecVirtual  { return v.hardMin(v.all(k), x) }
func (v isa) floored(x reg.VecVirtual, k Mem) reg.VecVirtual { return v.hardMax(v.all(k), x) }

// max and min are those of the Go language. The instruction gives its second operand for zeros and NaN; in both orders
// the two results differ only there. Of two zeros, the bitwise and is +0 if either is, the or is -0 if either is; the or
// of NaN with anything is NaN, and for the and NaN is put back.
func (v isa) max(a, b reg.VecVirtual) reg.VecVirtual {
	if v.wide {
		dst := v.reg()
		VRANGEPS(Imm(5), b, a, dst) // the larger, signs of zero seen, but a number rather than NaN
		k := v.compare(unordered, a, b)
		VADDPS(b, a, k.(reg.OpmaskVirtual), dst)
		return dst
	}
	both := v.and(v.hardMax(a, b), v.hardMax(b, a))
	return v.choose(v.compare(unordered, a, b), v.add(a, b), both)
}

func (v isa) min(a, b reg.VecVirtual) reg.VecVirtual {
	if v.wide {
		dst := v.reg()
		VRANGEPS(Imm(4), b, a, dst)
		k := v.compare(unordered, a, b)
		VADDPS(b, a, k.(reg.OpmaskVirtual), dst)
		return dst
	}
	return v.or(v.hardMin(a, b), v.hardMin(b, a))
}

// The predicates of compare; all but unordered and notEqual are false with NaN.
const (
	equal     = 0
	unordered = 3
	notEqual  = 4
	less      = 17
	lessEqual = 18
	greatEq   = 29
	greater   = 30
)

// compare is a mask of the lanes where a pred b.
func (v isa) compare(pred uint64, a reg.VecVirtual, b Op) Op {
	if v.wide {
		k := K()
		v.write(three{func(ops ...Op) { VCMPPS(Imm(pred), ops[0], ops[1], ops[2]) },
			func(ops ...Op) { VCMPPS_BCST(Imm(pred), ops[0], ops[1], ops[2]) }}, b, a, k)
		return k
	}
	m := YMM()
	VCMPPS(Imm(pred), b, a, m)
	return m
}

// choose is a where the mask is set, else b.
func (v isa) choose(mask Op, a Op, b reg.VecVirtual) reg.VecVirtual {
	dst := v.reg()
	if v.wide {
		// Not VBLENDMPS: avo takes its result for an input too, and keeps a register for it from the start.
		VMOVAPS(b, dst)
		v.write(three{VMOVAPS, VBROADCASTSS}, a, mask, dst)
	} else {
		VBLENDVPS(mask, a, b, dst)
	}
	return dst
}

// load reads a vector; with a tail mask the rest is zero and its memory is not touched.
func (v isa) load(m Mem, tail Op) reg.VecVirtual {
	dst := v.reg()
	if tail != nil {
		VMOVUPS_Z(m, tail, dst)
	} else {
		VMOVUPS(m, dst)
	}
	return dst
}

func (v isa) store(x Op, m Mem, tail Op) {
	if tail != nil {
		VMOVUPS(x, tail, m)
	} else {
		VMOVUPS(x, m)
	}
}

// loadTruth reads a byte a lane and makes the mask of those that are not zero.
func (v isa) loadTruth(m Mem, tail Op) Op {
	if v.wide {
		x, k := XMM(), K()
		if tail != nil {
			VMOVDQU8_Z(m, tail, x)
		} else {
			VMOVDQU(m, x)
		}
		VPTESTMB(x, x, k)
		return k
	}
	x, mask := YMM(), YMM()
	VPMOVZXBD(m, x)
	zero := YMM()
	VPXOR(zero, zero, zero)
	VPCMPGTD(zero, x, mask)
	return mask
}

// storeTruth writes a mask as a byte a lane, 0 or 1.
func (v isa) storeTruth(mask Op, m Mem, tail Op) {
	x := XMM()
	ones := constant(0x01010101)
	if v.wide {
		VMOVDQU8_Z(v.truthOnes(), mask, x)
		if tail != nil {
			VMOVDQU8(x, tail, m)
		} else {
			VMOVDQU(x, m)
		}
		return
	}
	high := XMM()
	VEXTRACTF128(Imm(1), mask, high)
	VPACKSSDW(high, mask.(reg.VecVirtual).AsX(), x)
	VPACKSSWB(x, x, x)
	VPAND(ones, x, x)
	VMOVQ(x, m)
}

// truthOnes is sixteen bytes of 1.
func (v isa) truthOnes() reg.VecVirtual {
	x := XMM()
	VMOVDQU(constant(0x01010101), x)
	return x
}

// tailMask is the opmask of the first n lanes, n < 16.
func tailMask(n reg.GPVirtual) reg.OpmaskVirtual {
	ones, k := GP32(), K()
	MOVL(I32(-1), ones)
	BZHIL(n.As32(), ones, ones)
	KMOVW(ones, k)
	return k
}

// label makes a name unique in its function.
func label(name string, i int) string { return fmt.Sprint(name, i) }
