package main

import (
	"bytes"
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func declareDots(decl *bytes.Buffer) {
	for _, f := range families {
		var table bytes.Buffer
		for out := 1; out <= 4; out++ {
			name := fmt.Sprintf("dots%s%d", f.name, out)
			dots(f, name, out)
			fmt.Fprintf(decl, "//go:noescape\nfunc %s(dst, x, w *float32, pixels, length int)\n\n", name)
			fmt.Fprintf(&table, "%d: %s, ", out, name)
		}
		fmt.Fprintf(decl, "// dots%s is indexed by outputs.\nvar dots%s = [5]func(dst, x, w *float32, pixels, length int){%s}\n\n", f.name, f.name, table.String())
	}
}

// dots writes the inner products of each of a number of rows of x with each of a few of w, all of one length, a multiple of
// 16. A sum has sixteen lanes: one register of AVX-512, two of AVX2.
func dots(f family, name string, out int) {
	TEXT(name, attr.NOSPLIT, "func(dst, x, w *float32, pixels, length int)")
	load := func(name string, r reg.GPPhysical) reg.GPPhysical {
		Load(Param(name), r)
		return r
	}
	dst, x, w := load("dst", reg.RDI), load("x", reg.RSI), load("w", reg.RDX)
	pixels, length, k := load("pixels", reg.RCX), load("length", reg.R8), reg.RAX
	SHLQ(Imm(2), length)
	rows := []reg.GPPhysical{w, reg.R9, reg.R10, reg.R11}[:out]
	for i := 1; i < out; i++ {
		LEAQ(Mem{Base: rows[i-1], Index: length, Scale: 1}, rows[i])
	}
	parts := 16 / f.lanes
	acc := func(o, part int) reg.VecPhysical { return f.vector(o*parts + part) }
	value := func(part int) reg.VecPhysical { return f.vector(4*parts + part) }
	at := func(base reg.Register, part int) Mem {
		return Mem{Base: base, Index: k, Scale: 1, Disp: 4 * f.lanes * part}
	}

	Label("pixel")
	for i := range out * parts {
		if f.wide {
			VPXORD(f.vector(i), f.vector(i), f.vector(i))
		} else {
			VXORPS(f.vector(i), f.vector(i), f.vector(i))
		}
	}
	XORQ(k, k)
	Label("step")
	for part := range parts {
		VMOVUPS(at(x, part), value(part))
		for o := range out {
			VFMADD231PS(at(rows[o], part), value(part), acc(o, part))
		}
	}
	ADDQ(Imm(64), k)
	CMPQ(k, length)
	JLT(LabelRef("step"))

	Comment("Lanes 8 apart, then 4 apart, then neighbours: the four outputs' sums come to lie next to each other.")
	low := func(o int) reg.VecPhysical { return xmm[o*parts] }
	for o := range out {
		if f.wide {
			VEXTRACTF64X4(Imm(1), acc(o, 0), ymm[8])
			VADDPS(ymm[8], ymm[o], ymm[o])
		} else {
			VADDPS(acc(o, 1), acc(o, 0), acc(o, 0))
		}
		VEXTRACTF128(Imm(1), ymm[o*parts], reg.X8)
		VADDPS(reg.X8, low(o), low(o))
	}
	last := low(out - 1)
	pair := func(i int) reg.VecPhysical {
		if i < out {
			return low(i)
		}
		return last
	}
	VHADDPS(pair(1), pair(0), reg.X9)
	VHADDPS(pair(3), pair(2), reg.X10)
	VHADDPS(reg.X10, reg.X9, reg.X9)
	storeFloats(out, reg.X9, dst)
	ADDQ(Imm(uint64(4*out)), dst)
	ADDQ(length, x)
	DECQ(pixels)
	JNE(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// storeFloats writes the first one to four numbers of a register.
func storeFloats(n int, from reg.VecPhysical, base reg.Register) {
	to := Mem{Base: base}
	switch n {
	case 1:
		VMOVSS(from, to)
	case 2:
		VMOVLPS(from, to)
	case 3:
		VMOVLPS(from, to)
		VEXTRACTPS(Imm(2), from, Mem{Base: base, Disp: 8})
	case 4:
		VMOVUPS(from, to)
	}
}
