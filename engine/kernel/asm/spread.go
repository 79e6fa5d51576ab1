package main

import (
	"bytes"
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func declareSpread(decl *bytes.Buffer) {
	for _, f := range families {
		var table bytes.Buffer
		for in := 1; in <= 4; in++ {
			name := fmt.Sprintf("spread%s%d", f.name, in)
			spread(f, name, in)
			fmt.Fprintf(decl, "//go:noescape\nfunc %s(dst, x, w *float32, pixels, panels int)\n\n", name)
			fmt.Fprintf(&table, "%d: %s, ", in, name)
		}
		fmt.Fprintf(decl, "// spread%s is indexed by inputs.\nvar spread%s = [5]func(dst, x, w *float32, pixels, panels int){%s}\n\n", f.name, f.name, table.String())
	}
}

// spread writes the product of rows of a few numbers with a matrix in panels two vectors wide, [panel][in][columns], both in
// place. The numbers of some pixels stay in registers while the panels pass by, so that their rows of dst are written from one
// end to the other.
func spread(f family, name string, in int) {
	TEXT(name, attr.NOSPLIT, "func(dst, x, w *float32, pixels, panels int)")
	load := func(name string, r reg.GPPhysical) reg.GPPhysical {
		Load(Param(name), r)
		return r
	}
	dst, x, w := load("dst", reg.RDI), load("x", reg.RSI), load("w", reg.RDX)
	pixels, row := load("pixels", reg.RCX), load("panels", reg.R8)
	panel, to, end, row3 := reg.R9, reg.R10, reg.R11, reg.R12
	width := uint32(8 * f.lanes) // bytes of a panel
	IMUL3Q(U32(width), row, row) // of a row of dst
	LEAQ(Mem{Base: row, Index: row, Scale: 2}, row3)

	// Registers: the numbers of x, then an accumulator for each pixel, then the weights.
	atOnce := 2
	if f.wide {
		atOnce = 4
	}
	group := func(count int) {
		value := func(p, k int) reg.VecPhysical { return f.vector(p*in + k) }
		acc := func(p int) reg.VecPhysical { return f.vector(count*in + p) }
		weight := func(k int) reg.VecPhysical { return f.vector(count*in + count + k) }
		label := fmt.Sprintf("panel%d", count)
		for p := range count {
			for k := range in {
				VBROADCASTSS(Mem{Base: x, Disp: 4 * (p*in + k)}, value(p, k))
			}
		}
		MOVQ(dst, to)
		MOVQ(w, panel)
		LEAQ(Mem{Base: dst, Index: row, Scale: 1}, end)
		Label(label)
		for v := range 2 {
			for k := range in {
				VMOVUPS(Mem{Base: panel, Disp: int(width)*k + 4*f.lanes*v}, weight(k))
			}
			for p := range count {
				if f.wide {
					VPXORD(acc(p), acc(p), acc(p))
				} else {
					VXORPS(acc(p), acc(p), acc(p))
				}
			}
			for k := range in {
				for p := range count {
					VFMADD231PS(weight(k), value(p, k), acc(p))
				}
			}
			for p, m := range []Mem{{Base: to}, {Base: to, Index: row, Scale: 1}, {Base: to, Index: row, Scale: 2}, {Base: to, Index: row3, Scale: 1}}[:count] {
				m.Disp = 4 * f.lanes * v
				VMOVUPS(acc(p), m)
			}
		}
		ADDQ(U32(width*uint32(in)), panel)
		ADDQ(U32(width), to)
		CMPQ(to, end)
		JLT(LabelRef(label))
		ADDQ(Imm(uint64(4*in*count)), x)
		for range count {
			ADDQ(row, dst)
		}
		SUBQ(Imm(uint64(count)), pixels)
	}
	Label("pixels")
	CMPQ(pixels, Imm(uint64(atOnce)))
	JLT(LabelRef("rest"))
	group(atOnce)
	JMP(LabelRef("pixels"))
	Label("rest")
	CMPQ(pixels, Imm(0))
	JE(LabelRef("done"))
	group(1)
	JMP(LabelRef("rest"))
	Label("done")
	VZEROUPPER()
	RET()
}
