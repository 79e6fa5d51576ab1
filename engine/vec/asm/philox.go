package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// philox writes func(dst []uint32, lo, hi uint64, keys *[20]uint64): as many whole groups of counters as dst has room for,
// eight (AVX-512) or four of them at a time, one in each lane of 64 bits. keys are the two keys of each round. lo must not
// overflow on the way.
//
// The four words of a counter lie in four registers, in the lower halves of the lanes; what is in the upper halves never
// reaches them, because the multiplication reads lower halves alone.
func philox(v isa) {
	TEXT("philox"+v.suffix(), NOSPLIT, "func(dst []uint32, lo, hi uint64, keys *[20]uint64)")
	Pragma("noescape")
	dst := Mem{Base: Load(Param("dst").Base(), GP64())}
	n := Load(Param("dst").Len(), GP64()).(reg.GPVirtual)
	keys := Mem{Base: Load(Param("keys"), GP64())}

	everywhere := func(param string) reg.VecVirtual {
		address, err := Param(param).Resolve()
		if err != nil {
			panic(err)
		}
		x := v.reg()
		VPBROADCASTQ(address.Addr, x)
		return x
	}
	counter, hi := everywhere("lo"), everywhere("hi")
	hiHigh := v.reg()
	VPSRLQ(Imm(32), hi, hiHigh)

	// The two unpackings at the end take lanes in pairs; this order makes the results lie as memory wants them.
	order := []uint64{0, 4, 1, 5, 2, 6, 3, 7}
	if !v.wide {
		order = []uint64{0, 2, 1, 3}
	}
	name := "order" + v.suffix()
	GLOBL(name, 8|16)
	for i, o := range order {
		DATA(8*i, U64(o))
	}
	offsets := v.reg()
	VMOVUPS(NewDataAddr(NewStaticSymbol(name), 0), offsets)
	VPADDQ(offsets, counter, counter)

	spread := func(x uint64) reg.VecVirtual {
		r, word, m := v.reg(), GP64(), XMM()
		MOVQ(U64(x), word)
		MOVQ(word, m)
		VPBROADCASTQ(m, r)
		return r
	}
	m0, m1 := spread(0xD2511F53), spread(0xCD9E8D57)
	step, low := spread(uint64(len(order))), spread(1<<32-1)

	words := 4 * len(order)
	Label("loop")
	CMPQ(n, U32(uint32(words)))
	JL(LabelRef("done"))
	c := [4]reg.VecVirtual{v.reg(), v.reg(), v.reg(), v.reg()}
	VMOVAPS(counter, c[0])
	VPSRLQ(Imm(32), counter, c[1])
	VMOVAPS(hi, c[2])
	VMOVAPS(hiHigh, c[3])
	for round := range 10 {
		p, q := v.reg(), v.reg()
		VPMULUDQ(m0, c[0], p)
		VPMULUDQ(m1, c[2], q)
		c = [4]reg.VecVirtual{
			mix(v, q, c[1], keys.Offset(16*round)), q,
			mix(v, p, c[3], keys.Offset(16*round+8)), p,
		}
	}
	// Lower halves of two words beside each other, then the two pairs of a counter.
	pair := func(a, b reg.VecVirtual) reg.VecVirtual {
		y := v.reg()
		VPSLLQ(Imm(32), b, y)
		return v.or(v.and(low, a), y)
	}
	front, back := pair(c[0], c[1]), pair(c[2], c[3])
	first, second := v.reg(), v.reg()
	VPUNPCKLQDQ(back, front, first)
	VPUNPCKHQDQ(back, front, second)
	v.store(first, dst, nil)
	v.store(second, dst.Offset(4*v.lanes()), nil)
	VPADDQ(step, counter, counter)
	ADDQ(U32(uint32(4*words)), dst.Base)
	SUBQ(U32(uint32(words)), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// mix is the upper half of product, xor word, xor key.
func mix(v isa, product, word reg.VecVirtual, key Mem) reg.VecVirtual {
	x := v.reg()
	VPSRLQ(Imm(32), product, x)
	if v.wide {
		VPTERNLOGQ_BCST(Imm(0x96), key, word, x) // xor of three
		return x
	}
	k := v.reg()
	VPBROADCASTQ(key, k)
	return v.xor(v.xor(x, word), k)
}
