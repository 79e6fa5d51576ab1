package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// accumulate is a step of a reduction: acc joined with x (and y, for dot).
type accumulate func(v isa, acc reg.VecVirtual, x ...reg.VecVirtual) reg.VecVirtual

// join writes the step of one of the three reductions, in place where the instruction can.
func join(name string) accumulate {
	return func(v isa, acc reg.VecVirtual, x ...reg.VecVirtual) reg.VecVirtual {
		switch name {
		case "max":
			return v.max(acc, x[0])
		case "min":
			return v.min(acc, x[0])
		case "dot":
			VFMADD231PS(x[1], x[0], acc)
			return acc
		}
		VADDPS(x[0], acc, acc)
		return acc
	}
}

// lanesKernel writes func(acc *[64]float32, x []float32): the 64 lanes stay in registers, four of sixteen or eight of eight.
// Lanes beyond the end keep what they hold.
func lanesKernel(v isa, name string, args ...string) {
	signature := "func(acc *[64]float32, x []float32)"
	if len(args) == 2 {
		signature = "func(acc *[64]float32, x, y []float32)"
	}
	TEXT(name+"Lanes"+v.suffix(), NOSPLIT, signature)
	Pragma("noescape")
	acc := Mem{Base: Load(Param("acc"), GP64())}
	var in []Mem
	for _, a := range args {
		in = append(in, Mem{Base: Load(Param(a).Base(), GP64())})
	}
	n := Load(Param("x").Len(), GP64()).(reg.GPVirtual)
	step := join(name)
	width := 4 * v.lanes()
	lanes := make([]reg.VecVirtual, 64/v.lanes())
	for j := range lanes {
		lanes[j] = v.load(acc.Offset(j*width), nil)
	}
	Label("by64")
	CMPQ(n, U32(64))
	JL(LabelRef("under64"))
	for j := range lanes {
		x := make([]reg.VecVirtual, len(in))
		for k := range in {
			x[k] = v.load(in[k].Offset(j*width), nil)
		}
		keep(lanes[j], step(v, lanes[j], x...))
	}
	for k := range in {
		ADDQ(U32(256), in[k].Base)
	}
	SUBQ(U32(64), n)
	JMP(LabelRef("by64"))
	Label("under64")

	// The rest: whole vectors, then on AVX-512 a masked one. Each lane is stored before the jump out.
	for j := range lanes {
		CMPQ(n, U32(uint32(v.lanes())))
		JL(LabelRef(label("end", j)))
		x := make([]reg.VecVirtual, len(in))
		for k := range in {
			x[k] = v.load(in[k].Offset(j*width), nil)
		}
		keep(lanes[j], step(v, lanes[j], x...))
		SUBQ(U32(uint32(v.lanes())), n)
	}
	// All vectors taken: n is 0.
	JMP(LabelRef("store"))
	for j := range lanes {
		Label(label("end", j))
		if v.wide {
			TESTQ(n, n)
			JE(LabelRef("store"))
			tail := tailMask(n)
			x := make([]reg.VecVirtual, len(in))
			for k := range in {
				x[k] = v.load(in[k].Offset(j*width), tail)
			}
			old := v.reg()
			VMOVAPS(lanes[j], old)
			next := step(v, old, x...)
			VMOVAPS(next, tail, lanes[j]) // only the lanes that took part
		}
		JMP(LabelRef("store"))
	}
	Label("store")
	for j := range lanes {
		v.store(lanes[j], acc.Offset(j*width), nil)
	}
	VZEROUPPER()
	RET()
}

// keep moves a result into the register that holds the value over the loop.
func keep(home, result reg.VecVirtual) {
	if home != result {
		VMOVAPS(result, home)
	}
}

// columnKernel writes func(acc, x []float32, rows, stride int). It takes four vectors of columns at a time down all rows,
// so that they stay in registers, then one; AVX-512 ends with a masked one, AVX2 leaves the last len(acc) mod 8 columns.
func columnKernel(v isa, name string) {
	TEXT("column"+map[string]string{"sum": "Sum", "max": "Max", "min": "Min"}[name]+v.suffix(), NOSPLIT,
		"func(acc, x []float32, rows, stride int)")
	Pragma("noescape")
	acc := Load(Param("acc").Base(), GP64())
	n := Load(Param("acc").Len(), GP64()).(reg.GPVirtual)
	x := Load(Param("x").Base(), GP64())
	rows := Load(Param("rows"), GP64())
	stride := Load(Param("stride"), GP64())
	SHLQ(U8(2), stride)
	step := join(name)

	panel := func(vectors int, tail Op, suffix string) {
		columns := make([]reg.VecVirtual, vectors)
		for j := range columns {
			columns[j] = v.load(Mem{Base: acc, Disp: 4 * j * v.lanes()}, tail)
		}
		row, left := GP64(), GP64()
		MOVQ(x, row)
		MOVQ(rows, left)
		Label("rows" + suffix)
		for j := range columns {
			keep(columns[j], step(v, columns[j], v.load(Mem{Base: row, Disp: 4 * j * v.lanes()}, tail)))
		}
		ADDQ(stride, row)
		DECQ(left)
		JNE(LabelRef("rows" + suffix))
		for j := range columns {
			v.store(columns[j], Mem{Base: acc, Disp: 4 * j * v.lanes()}, tail)
		}
	}
	for _, vectors := range []int{4, 1} {
		count := vectors * v.lanes()
		Label(label("by", count))
		CMPQ(n, U32(uint32(count)))
		JL(LabelRef(label("under", count)))
		panel(vectors, nil, label("By", count))
		ADDQ(U32(uint32(4*count)), acc)
		ADDQ(U32(uint32(4*count)), x)
		SUBQ(U32(uint32(count)), n)
		JMP(LabelRef(label("by", count)))
		Label(label("under", count))
	}
	if v.wide {
		TESTQ(n, n)
		JE(LabelRef("done"))
		panel(1, tailMask(n), "Tail")
		Label("done")
	}
	VZEROUPPER()
	RET()
}
