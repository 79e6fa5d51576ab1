package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// memory are the kernels that move without computing.
func memory(v isa) {
	prefetch(v)
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
