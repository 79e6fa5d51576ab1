package main

import (
	"bytes"
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transforms are the matrices of Winograd's and Toom's short convolutions, in the order of package kernel's constants
// (see its winograd.go for what each is). Their entries are 0, 1 and 1/2 of either sign.
var transforms = []struct {
	name   string
	matrix [][]float64
}{
	{"Input3", [][]float64{{1, -1, 0}, {0, 1, 0}, {0, -1, 1}}},
	{"Input4", [][]float64{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}}},
	{"Output3", [][]float64{{1, 1, 0}, {0, 1, 1}}},
	{"Output4", [][]float64{{1, 1, 1, 0}, {0, 1, -1, -1}}},
	{"Weights3", [][]float64{{1, 0}, {1, 1}, {0, 1}}},
	{"Weights4", [][]float64{{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}}},
	{"Gradient3", [][]float64{{1, 0}, {1, 1}, {0, 1}}},
	{"Gradient4", [][]float64{{1, 0}, {1, 1}, {1, -1}, {0, -1}}},
	{"Kernel3", [][]float64{{1, 1, 0}, {0, 1, 1}}},
	{"Kernel4", [][]float64{{1, .5, .5, 0}, {0, .5, -.5, 0}, {0, .5, .5, 1}}},
}

func declareTransforms(decl *bytes.Buffer) {
	for _, f := range families {
		var table bytes.Buffer
		for _, t := range transforms {
			name := "transform" + f.name + t.name
			transform(f, name, t.matrix)
			fmt.Fprintf(decl, "//go:noescape\nfunc %s(dst, src *float32, dstRow, dstCol, srcRow, srcCol, vectors int)\n\n", name)
			fmt.Fprintf(&table, "%s, ", name)
		}
		fmt.Fprintf(decl, "var transforms%s = [...]func(dst, src *float32, dstRow, dstCol, srcRow, srcCol, vectors int){%s}\n\n", f.name, table.String())
	}
}

// transform writes Y = M X Mᵀ for square arrays X and Y of vectors: X[i][j] is at src + i*srcRow + j*srcCol, Y alike, in
// floats, and both go on for a number of vectors. A row of M X is made and used up at once: it needs as many registers
// as X has columns, and reads X once for each of its uses, which costs no more than storing Y does.
func transform(f family, name string, m [][]float64) {
	TEXT(name, attr.NOSPLIT, "func(dst, src *float32, dstRow, dstCol, srcRow, srcCol, vectors int)")
	load := func(name string, r reg.GPPhysical) reg.GPPhysical {
		Load(Param(name), r)
		return r
	}
	n := len(m[0])
	rows := []reg.GPPhysical{reg.RSI, reg.R8, reg.R9, reg.R10}[:n]
	load("src", rows[0])
	dst, dstRow, dstCol := load("dst", reg.RDI), load("dstRow", reg.RAX), load("dstCol", reg.RBX)
	srcRow, srcCol, vectors := load("srcRow", reg.RCX), load("srcCol", reg.RDX), load("vectors", reg.R11)
	for _, r := range []reg.GPPhysical{dstRow, dstCol, srcRow, srcCol} {
		SHLQ(Imm(2), r)
	}
	for i := 1; i < n; i++ {
		LEAQ(Mem{Base: rows[i-1], Index: srcRow, Scale: 1}, rows[i])
	}
	src3, dst3, to := reg.R12, reg.R13, reg.R15
	LEAQ(Mem{Base: srcCol, Index: srcCol, Scale: 2}, src3)
	LEAQ(Mem{Base: dstCol, Index: dstCol, Scale: 2}, dst3)
	at := func(base, stride, three reg.GPPhysical, i int) Mem {
		return []Mem{{Base: base}, {Base: base, Index: stride, Scale: 1}, {Base: base, Index: stride, Scale: 2}, {Base: base, Index: three, Scale: 1}}[i]
	}
	half := f.vector(8)
	MOVL(U32(0x3F000000), reg.R14.As32())
	VMOVD(reg.R14.As32(), reg.X8)
	VBROADCASTSS(reg.X8, half)

	Label("vector")
	MOVQ(dst, to)
	for _, row := range m {
		for j := range n {
			combine(f.vector(j), half, row, func(i int) Op { return at(rows[i], srcCol, src3, j) })
		}
		for s, col := range m {
			out := f.vector(4 + s)
			if only := single(col); only >= 0 {
				out = f.vector(only)
			} else {
				combine(out, half, col, func(j int) Op { return f.vector(j) })
			}
			VMOVUPS(out, at(to, dstCol, dst3, s))
		}
		ADDQ(dstRow, to)
	}
	for _, r := range append(rows, dst) {
		ADDQ(Imm(uint64(4*f.lanes)), r)
	}
	DECQ(vectors)
	JNE(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

// single returns the place of a row's only entry if that is 1, and -1 otherwise.
func single(row []float64) int {
	place := -1
	for i, c := range row {
		if c == 0 {
			continue
		}
		if c != 1 || place >= 0 {
			return -1
		}
		place = i
	}
	return place
}

// combine sets dst to the sum of the terms times the coefficients, in their order.
func combine(dst, half reg.VecPhysical, row []float64, term func(i int) Op) {
	first := true
	for i, c := range row {
		switch {
		case c == 0:
			continue
		case first && c == 1:
			VMOVUPS(term(i), dst)
		case first && c == .5:
			VMULPS(term(i), half, dst)
		case first && c == -1:
			// 0 - x, as portable Go does it.
			if dst.Size() == 64 {
				VPXORD(dst, dst, dst)
			} else {
				VXORPS(dst, dst, dst)
			}
			VSUBPS(term(i), dst, dst)
		case c == 1:
			VADDPS(term(i), dst, dst)
		case c == -1:
			VSUBPS(term(i), dst, dst)
		case c == .5:
			VFMADD231PS(term(i), half, dst)
		case c == -.5:
			VFNMADD231PS(term(i), half, dst)
		}
		first = false
	}
}
