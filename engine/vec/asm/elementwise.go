package main

import (
	"fmt"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// elementwise is a kernel that computes each element of dst from the same place of its arguments.
type elementwise struct {
	name    string
	truth   bool     // dst is truth values
	args    []string // slices of numbers; a name that starts with m is of truth values
	singles []string // float32, the same for all elements
	unroll  int      // vectors a round; 0 means 4
	body    func(v isa, args []Op, singles []reg.VecVirtual) Op
}

// write writes the kernel. The main loop does unroll vectors a round, the next one a vector; AVX-512 ends with a masked
// vector, AVX2 leaves the last len(dst) mod 8 elements to its caller.
func (e elementwise) write(v isa) {
	kind := "[]float32"
	if e.truth {
		kind = "[]bool"
	}
	signature := []string{"dst " + kind}
	for _, a := range e.args {
		if strings.HasPrefix(a, "m") {
			signature = append(signature, a+" []bool")
		} else {
			signature = append(signature, a+" []float32")
		}
	}
	for _, s := range e.singles {
		signature = append(signature, s+" float32")
	}
	TEXT(e.name+v.suffix(), NOSPLIT, fmt.Sprintf("func(%s)", strings.Join(signature, ", ")))
	Pragma("noescape")

	dst := Load(Param("dst").Base(), GP64())
	n := Load(Param("dst").Len(), GP64()).(reg.GPVirtual)
	var args []reg.Register
	for _, a := range e.args {
		args = append(args, Load(Param(a).Base(), GP64()))
	}
	var singles []reg.VecVirtual
	for _, s := range e.singles {
		x := v.reg()
		address, err := Param(s).Resolve()
		if err != nil {
			panic(err)
		}
		VBROADCASTSS(address.Addr, x)
		singles = append(singles, x)
	}
	i := GP64()
	XORQ(i, i)

	vector := func(at int, tail Op) {
		in := make([]Op, len(args))
		for k, a := range args {
			if strings.HasPrefix(e.args[k], "m") {
				in[k] = v.loadTruth(Mem{Base: a, Index: i, Scale: 1, Disp: at * v.lanes()}, tail)
			} else {
				in[k] = v.load(Mem{Base: a, Index: i, Scale: 4, Disp: 4 * at * v.lanes()}, tail)
			}
		}
		out := e.body(v, in, singles)
		if e.truth {
			v.storeTruth(out, Mem{Base: dst, Index: i, Scale: 1, Disp: at * v.lanes()}, tail)
		} else {
			v.store(out, Mem{Base: dst, Index: i, Scale: 4, Disp: 4 * at * v.lanes()}, tail)
		}
	}
	unroll := e.unroll
	if unroll == 0 {
		unroll = 4
	}
	for _, u := range []int{unroll, 1} {
		if u == 1 && unroll == 1 {
			break
		}
		e.round(v, u, i, n, vector)
	}
	if unroll == 1 {
		e.round(v, 1, i, n, vector)
	}
	if v.wide {
		TESTQ(n, n)
		JE(LabelRef("done"))
		vector(0, tailMask(n))
		Label("done")
	}
	VZEROUPPER()
	RET()
}

// round is the loop that takes unroll vectors while there are so many.
func (e elementwise) round(v isa, unroll int, i, n reg.GPVirtual, vector func(at int, tail Op)) {
	count := unroll * v.lanes()
	Label(label("by", count))
	CMPQ(n, U32(uint32(count)))
	JL(LabelRef(label("under", count)))
	for at := range unroll {
		vector(at, nil)
	}
	ADDQ(U32(uint32(count)), i)
	SUBQ(U32(uint32(count)), n)
	JMP(LabelRef(label("by", count)))
	Label(label("under", count))
}

// plain are the kernels of one or two instructions.
func plain() []elementwise {
	var list []elementwise
	unary := func(name string, f func(v isa, x reg.VecVirtual) Op) {
		list = append(list, elementwise{name: name, args: []string{"x"},
			body: func(v isa, args []Op, _ []reg.VecVirtual) Op { return f(v, args[0].(reg.VecVirtual)) }})
	}
	const signBit = 1 << 31
	unary("neg", func(v isa, x reg.VecVirtual) Op { return v.xor(x, constant(signBit)) })
	unary("abs", func(v isa, x reg.VecVirtual) Op { return v.and(x, constant(signBit-1)) })
	unary("sign", func(v isa, x reg.VecVirtual) Op {
		up := v.choose(v.compare(greater, x, float(0)), float(1), x)
		return v.choose(v.compare(less, x, float(0)), float(-1), up)
	})
	unary("sqrt", func(v isa, x reg.VecVirtual) Op { return v.sqrt(x) })
	unary("rsqrt", func(v isa, x reg.VecVirtual) Op { return v.div(v.all(float(1)), v.sqrt(x)) })
	unary("recip", func(v isa, x reg.VecVirtual) Op { return v.div(v.all(float(1)), x) })
	unary("floor", func(v isa, x reg.VecVirtual) Op { return v.round(x, toFloor) })
	unary("ceil", func(v isa, x reg.VecVirtual) Op { return v.round(x, toCeil) })
	unary("round", func(v isa, x reg.VecVirtual) Op { return v.round(x, toNearest) })

	// binary adds op(a, b), op(a, s), and op(s, b) where that is another function.
	binary := func(name string, commutes bool, f func(v isa, a, b reg.VecVirtual) Op) {
		vec := func(x Op) reg.VecVirtual { return x.(reg.VecVirtual) }
		list = append(list, elementwise{name: name, args: []string{"a", "b"},
			body: func(v isa, args []Op, _ []reg.VecVirtual) Op { return f(v, vec(args[0]), vec(args[1])) }})
		list = append(list, elementwise{name: name + "VS", args: []string{"a"}, singles: []string{"s"},
			body: func(v isa, args []Op, s []reg.VecVirtual) Op { return f(v, vec(args[0]), s[0]) }})
		if !commutes {
			list = append(list, elementwise{name: name + "SV", args: []string{"b"}, singles: []string{"s"},
				body: func(v isa, args []Op, s []reg.VecVirtual) Op { return f(v, s[0], vec(args[0])) }})
		}
	}
	binary("add", true, func(v isa, a, b reg.VecVirtual) Op { return v.add(a, b) })
	binary("sub", false, func(v isa, a, b reg.VecVirtual) Op { return v.sub(a, b) })
	binary("mul", true, func(v isa, a, b reg.VecVirtual) Op { return v.mul(a, b) })
	binary("div", false, func(v isa, a, b reg.VecVirtual) Op { return v.div(a, b) })
	binary("max", true, func(v isa, a, b reg.VecVirtual) Op { return v.max(a, b) })
	binary("min", true, func(v isa, a, b reg.VecVirtual) Op { return v.min(a, b) })

	fma := func(name string, args, singles []string, f func(v isa, a, s []reg.VecVirtual) Op) {
		list = append(list, elementwise{name: name, args: args, singles: singles,
			body: func(v isa, in []Op, s []reg.VecVirtual) Op {
				a := make([]reg.VecVirtual, len(in))
				for i := range in {
					a[i] = in[i].(reg.VecVirtual)
				}
				return f(v, a, s)
			}})
	}
	fma("fma", []string{"a", "b", "c"}, nil, func(v isa, a, s []reg.VecVirtual) Op { return v.fma(a[0], a[1], a[2]) })
	fma("fmaVSV", []string{"a", "c"}, []string{"s"}, func(v isa, a, s []reg.VecVirtual) Op { return v.fma(a[0], s[0], a[1]) })
	fma("fmaVSS", []string{"a"}, []string{"s", "t"}, func(v isa, a, s []reg.VecVirtual) Op { return v.fma(a[0], s[0], s[1]) })
	fma("fmaVVS", []string{"a", "b"}, []string{"t"}, func(v isa, a, s []reg.VecVirtual) Op { return v.fma(a[0], a[1], s[0]) })
	return append(list, truths()...)
}

// truths are the kernels with truth values.
func truths() []elementwise {
	var list []elementwise
	for _, c := range []struct {
		name string
		pred uint64
	}{{"eq", equal}, {"ne", notEqual}, {"lt", less}, {"le", lessEqual}, {"gt", greater}, {"ge", greatEq}} {
		list = append(list,
			elementwise{name: c.name, truth: true, args: []string{"a", "b"},
				body: func(v isa, args []Op, _ []reg.VecVirtual) Op {
					return v.compare(c.pred, args[0].(reg.VecVirtual), args[1])
				}},
			elementwise{name: c.name + "VS", truth: true, args: []string{"a"}, singles: []string{"s"},
				body: func(v isa, args []Op, s []reg.VecVirtual) Op {
					return v.compare(c.pred, args[0].(reg.VecVirtual), s[0])
				}})
	}
	return append(list,
		elementwise{name: "isFinite", truth: true, args: []string{"x"},
			body: func(v isa, args []Op, _ []reg.VecVirtual) Op {
				return v.compare(less, v.and(args[0], constant(1<<31-1)), constant(0x7f800000))
			}},
		elementwise{name: "selectVV", args: []string{"m", "a", "b"},
			body: func(v isa, args []Op, _ []reg.VecVirtual) Op {
				return v.choose(args[0], args[1], args[2].(reg.VecVirtual))
			}},
		elementwise{name: "selectVS", args: []string{"m", "a"}, singles: []string{"s"},
			body: func(v isa, args []Op, s []reg.VecVirtual) Op { return v.choose(args[0], args[1], s[0]) }},
		elementwise{name: "selectSV", args: []string{"m", "b"}, singles: []string{"s"},
			body: func(v isa, args []Op, s []reg.VecVirtual) Op {
				return v.choose(args[0], s[0], args[1].(reg.VecVirtual))
			}},
		elementwise{name: "selectSS", args: []string{"m"}, singles: []string{"s", "t"},
			body: func(v isa, args []Op, s []reg.VecVirtual) Op { return v.choose(args[0], s[0], s[1]) }},
		elementwise{name: "over", args: []string{"x", "y"}, singles: []string{"s"},
			body: func(v isa, args []Op, s []reg.VecVirtual) Op {
				return v.choose(v.compare(greater, args[0].(reg.VecVirtual), float(0)), args[1], s[0])
			}},
		elementwise{name: "gate", args: []string{"x", "y"}, singles: []string{"s"},
			body: func(v isa, args []Op, s []reg.VecVirtual) Op {
				return v.mul(args[1], v.choose(v.compare(greater, args[0].(reg.VecVirtual), float(0)), float(1), s[0]))
			}})
}
