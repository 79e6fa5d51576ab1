package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// memory are the kernels that move without computing.
func memory(v isa) {
	prefetch(v)
	stream(v)
	if !v.wide {
		transpose(v)
	}
}

// transpose writes func(dst, src *float32, squares, dstStride, srcStride int): squares of eight by eight beside each other
// in src, below each other in dst. AVX-512 machines use it too: sixteen by sixteen was not tried.
func transpose(v isa) {
	TEXT("transpose"+v.suffix(), NOSPLIT, "func(dst, src *float32, squares, dstStride, srcStride int)")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	squares := Load(Param("squares"), GP64())
	dstStride, srcStride := Load(Param("dstStride"), GP64()), Load(Param("srcStride"), GP64())
	SHLQ(U8(2), dstStride)
	SHLQ(U8(2), srcStride)

	// rows are the addresses of eight rows: three multiples of the stride from two bases.
	rows := func(base, stride reg.Register) [8]Mem {
		three, upper := GP64(), GP64()
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, three)
		LEAQ(Mem{Base: base, Index: stride, Scale: 4}, upper)
		var m [8]Mem
		for i, b := range []reg.Register{base, upper} {
			m[4*i] = Mem{Base: b}
			m[4*i+1] = Mem{Base: b, Index: stride, Scale: 1}
			m[4*i+2] = Mem{Base: b, Index: stride, Scale: 2}
			m[4*i+3] = Mem{Base: b, Index: three, Scale: 1}
		}
		return m
	}
	Label("loop")
	var r, t [8]reg.VecVirtual
	for i, m := range rows(src, srcStride) {
		r[i] = v.load(m, nil)
	}
	// Pairs of numbers, then of pairs, then of halves change places.
	for i := 0; i < 8; i += 2 {
		t[i], t[i+1] = v.reg(), v.reg()
		VUNPCKLPS(r[i+1], r[i], t[i])
		VUNPCKHPS(r[i+1], r[i], t[i+1])
	}
	for i := 0; i < 8; i += 4 {
		for j := range 2 {
			r[i+2*j], r[i+2*j+1] = v.reg(), v.reg()
			VUNPCKLPD(t[i+2+j], t[i+j], r[i+2*j])
			VUNPCKHPD(t[i+2+j], t[i+j], r[i+2*j+1])
		}
	}
	for i := range 4 {
		t[i], t[i+4] = v.reg(), v.reg()
		VPERM2F128(Imm(0x20), r[i+4], r[i], t[i])
		VPERM2F128(Imm(0x31), r[i+4], r[i], t[i+4])
	}
	for i, m := range rows(dst, dstStride) {
		v.store(t[i], m, nil)
	}
	ADDQ(Imm(32), src)
	LEAQ(Mem{Base: dst, Index: dstStride, Scale: 8}, dst)
	DECQ(squares)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// stream copies whole lines of 64 bytes past the caches: dst must begin at one. The fence lets other threads see them.
func stream(v isa) {
	TEXT("stream"+v.suffix(), NOSPLIT, "func(dst, src *float32, lines int)")
	Pragma("noescape")
	dst, src := Mem{Base: Load(Param("dst"), GP64())}, Mem{Base: Load(Param("src"), GP64())}
	lines := Load(Param("lines"), GP64())
	Label("loop")
	for at := 0; at < 64; at += 4 * v.lanes() {
		VMOVNTPS(v.load(src.Offset(at), nil), dst.Offset(at))
	}
	ADDQ(Imm(64), src.Base)
	ADDQ(Imm(64), dst.Base)
	DECQ(lines)
	JNE(LabelRef("loop"))
	SFENCE()
	VZEROUPPER()
	RET()
}

// prefetch asks for every cache line of x, of 64 bytes.
func prefetch(v isa) {
	TEXT("prefetch"+v.suffix(), NOSPLIT, "func(x []float32)")
	Pragma("noescape")
	x := Mem{Base: Load(Param("x").Base(), GP64())}
	n := Load(Param("x").Len(), GP64()).(reg.GPVirtual)
	for _, lines := range []int{4, 1} {
		Label(label("by", lines))
		CMPQ(n, U32(uint32(16*lines)-15))
		JL(LabelRef(label("under", lines)))
		for line := range lines {
			PREFETCHT0(x.Offset(64 * line))
		}
		ADDQ(U32(uint32(64*lines)), x.Base)
		SUBQ(U32(uint32(16*lines)), n)
		JMP(LabelRef(label("by", lines)))
		Label(label("under", lines))
	}
	RET()
}
