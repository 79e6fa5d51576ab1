package main

import (
	"bytes"
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A matrix is in units of 1/72: 72 is 1, 8 is 1/9.
type matrix [][]int

const one = 72

// The inputs' matrices of short convolutions with T = 3, 4 and 5 products; see package kernel's transform.go for all of
// these, and for what they are.
var inputs = map[int]matrix{
	3: {{72, -72, 0}, {0, 72, 0}, {0, -72, 72}},
	4: {{72, 0, -72, 0}, {0, 72, 72, 0}, {0, -72, 72, 0}, {0, 72, 0, -72}},
	5: {{72, 108, -108, -72, 0}, {0, 72, 180, 72, 0}, {0, -144, 72, 72, 0}, {0, -36, -36, 72, 0}, {0, -72, -108, 108, 72}},
}

// forms are the short convolutions F(side, taps), in the order of package kernel's list.
var forms = []struct {
	side, taps      int
	output, weights matrix
}{
	{2, 2, matrix{{72, 72, 0}, {0, 72, 72}}, matrix{{72, 0}, {72, 72}, {0, 72}}},
	{3, 2, matrix{{72, 72, 72, 0}, {0, 72, -72, 0}, {0, 72, 72, -72}}, matrix{{72, 0}, {36, 36}, {36, -36}, {0, 72}}},
	{2, 3, matrix{{72, 72, 72, 0}, {0, 72, -72, -72}}, matrix{{72, 0, 0}, {36, 36, 36}, {36, -36, 36}, {0, 0, 72}}},
	{4, 2, output5(4), weights5(2)},
	{3, 3, output5(3), weights5(3)},
	{2, 4, output5(2), weights5(4)},
}

// output5 and weights5 are the matrices with T = 5: powers of the points 0, 1, -1/2 and -2, and the highest one alone.
func output5(side int) matrix {
	var m matrix
	for j := range side {
		m = append(m, []int{one * power(0, j), one, one / power(-2, j), one * power(-2, j), 0})
	}
	m[side-1][4] = one
	return m
}

func weights5(taps int) matrix {
	const ninth = one / 9
	m := make(matrix, 5)
	for j := range taps {
		for i, c := range []int{one * power(0, j), 2 * ninth, 8 * ninth / power(-2, j), -ninth * power(-2, j), 0} {
			m[i] = append(m[i], c)
		}
	}
	m[4][taps-1] = one
	return m
}

func power(x, n int) int {
	p := 1
	for range n {
		p *= x
	}
	return p
}

func transposed(m matrix) matrix {
	t := make(matrix, len(m[0]))
	for _, row := range m {
		for j, c := range row {
			t[j] = append(t[j], c)
		}
	}
	return t
}

func declareTransforms(decl *bytes.Buffer) {
	for _, f := range families {
		var table bytes.Buffer
		written := map[string]bool{}
		for _, kind := range []string{"Input", "Output", "Weights", "Gradient", "Kernel"} {
			fmt.Fprint(&table, "{")
			for _, form := range forms {
				products := form.side + form.taps - 1
				name := fmt.Sprintf("transform%s%s%dx%d", f.name, kind, form.side, form.taps)
				if kind == "Input" {
					name = fmt.Sprintf("transform%s%s%d", f.name, kind, products)
				}
				fmt.Fprintf(&table, "%s, ", name)
				if written[name] {
					continue
				}
				written[name] = true
				transform(f, name, map[string]matrix{
					"Input": inputs[products], "Output": form.output, "Weights": form.weights,
					"Gradient": transposed(form.output), "Kernel": transposed(form.weights),
				}[kind])
				fmt.Fprintf(decl, "//go:noescape\nfunc %s(dst, src *float32, dstRow, dstCol, srcRow, srcCol, vectors int)\n\n", name)
			}
			fmt.Fprintln(&table, "},")
		}
		fmt.Fprintf(decl, "// transforms%s is indexed by transformation and form.\nvar transforms%s = [5][%d]func(dst, src *float32, dstRow, dstCol, srcRow, srcCol, vectors int){\n%s}\n\n", f.name, f.name, len(forms), table.String())
	}
}

// transform writes Y = M X Mᵀ for square arrays X and Y of vectors: X[i][j] is at src + i*srcRow + j*srcCol, Y alike, in
// floats, and both go on for a number of vectors. A row of M X is made and used up at once: it needs as many registers
// as X has columns, and reads X once for each of its uses, which costs no more than storing Y does.
func transform(f family, name string, m matrix) {
	TEXT(name, attr.NOSPLIT, "func(dst, src *float32, dstRow, dstCol, srcRow, srcCol, vectors int)")
	load := func(name string, r reg.GPPhysical) reg.GPPhysical {
		Load(Param(name), r)
		return r
	}
	n := len(m[0])
	rows := []reg.GPPhysical{reg.RSI, reg.R8, reg.R9, reg.R10, reg.R14}[:n]
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
		return []Mem{{Base: base}, {Base: base, Index: stride, Scale: 1}, {Base: base, Index: stride, Scale: 2}, {Base: base, Index: three, Scale: 1}, {Base: base, Index: stride, Scale: 4}}[i]
	}
	constants := constantsOf(f, m, to)

	Label("vector")
	MOVQ(dst, to)
	for _, row := range m {
		for j := range n {
			combine(f.vector(j), constants, row, func(i int) Op { return at(rows[i], srcCol, src3, j) })
		}
		for s, col := range m {
			out := f.vector(5 + s)
			if only := single(col); only >= 0 {
				out = f.vector(only)
			} else {
				combine(out, constants, col, func(j int) Op { return f.vector(j) })
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

// constantsOf loads what m's coefficients multiply by, into registers from 10 on, and returns those, by coefficient.
func constantsOf(f family, m matrix, temporary reg.GPPhysical) map[int]reg.VecPhysical {
	constants := map[int]reg.VecPhysical{}
	for _, row := range m {
		for _, t := range terms(row) {
			for _, c := range []int{t.coefficient, t.scale} {
				if c = max(c, -c); c == 0 || c == one || constants[c] != nil {
					continue
				}
				low := []reg.VecPhysical{reg.X10, reg.X11, reg.X12, reg.X13, reg.X14, reg.X15}[len(constants)]
				constants[c] = f.vector(10 + len(constants))
				MOVL(U32(math.Float32bits(float32(c)/one)), temporary.As32())
				VMOVD(temporary.As32(), low)
				VBROADCASTSS(low, constants[c])
			}
		}
	}
	return constants
}

// single returns the place of a row's only entry if that is 1, and -1 otherwise.
func single(row []int) int {
	place := -1
	for i, c := range row {
		if c == 0 {
			continue
		}
		if c != one || place >= 0 {
			return -1
		}
		place = i
	}
	return place
}

// A term of a sum is an element times a coefficient that is a power of two, so that fusing product and sum changes no bit. If
// it has a scale, what has been summed up to it, itself included, is multiplied by that.
type term struct {
	element, coefficient, scale int
}

// terms returns a row's terms: first those with ninths, multiplied by 9, and their sum divided by 9; then the others. 3/2 and
// 5/2 are sums of two terms.
func terms(row []int) []term {
	var list []term
	for i, c := range row {
		if c%9 != 0 {
			list = append(list, term{element: i, coefficient: 9 * c})
		}
	}
	if len(list) > 0 {
		list[len(list)-1].scale = one / 9
	}
	for i, c := range row {
		if c == 0 || c%9 != 0 {
			continue
		}
		sign := 1
		if c < 0 {
			c, sign = -c, -1
		}
		high := 9
		for 2*high <= c {
			high *= 2
		}
		list = append(list, term{element: i, coefficient: sign * high})
		if c > high {
			list = append(list, term{element: i, coefficient: sign * (c - high)})
		}
	}
	return list
}

// combine sets dst to the sum of a row's terms, in their order.
func combine(dst reg.VecPhysical, constants map[int]reg.VecPhysical, row []int, element func(i int) Op) {
	for i, t := range terms(row) {
		x, c := element(t.element), t.coefficient
		switch {
		case i == 0 && c == one:
			VMOVUPS(x, dst)
		case i == 0 && c == -one:
			// 0 - x, as portable Go does it.
			if dst.Size() == 64 {
				VPXORD(dst, dst, dst)
			} else {
				VXORPS(dst, dst, dst)
			}
			VSUBPS(x, dst, dst)
		case i == 0 && c > 0:
			VMULPS(x, constants[c], dst)
		case i == 0:
			if dst.Size() == 64 {
				VPXORD(dst, dst, dst)
			} else {
				VXORPS(dst, dst, dst)
			}
			VFNMADD231PS(x, constants[-c], dst)
		case c == one:
			VADDPS(x, dst, dst)
		case c == -one:
			VSUBPS(x, dst, dst)
		case c > 0:
			VFMADD231PS(x, constants[c], dst)
		default:
			VFNMADD231PS(x, constants[-c], dst)
		}
		if t.scale != 0 {
			VMULPS(constants[t.scale], dst, dst)
		}
	}
}
