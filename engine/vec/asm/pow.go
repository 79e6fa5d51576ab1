package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Pow works in float64, on half of the lanes at a time.

func (v isa) add64(a, b Op) reg.VecVirtual { return v.op3(three{VADDPD, VADDPD_BCST}, a, b) }
func (v isa) sub64(a, b Op) reg.VecVirtual { return v.op3(three{VSUBPD, VSUBPD_BCST}, a, b) }
func (v isa) mul64(a, b Op) reg.VecVirtual { return v.op3(three{VMULPD, VMULPD_BCST}, a, b) }
func (v isa) div64(a, b Op) reg.VecVirtual { return v.op3(three{VDIVPD, VDIVPD_BCST}, a, b) }
func (v isa) max64(a, b Op) reg.VecVirtual { return v.op3(three{VMAXPD, VMAXPD_BCST}, a, b) }
func (v isa) min64(a, b Op) reg.VecVirtual { return v.op3(three{VMINPD, VMINPD_BCST}, a, b) }
func (v isa) and64(a, b Op) reg.VecVirtual { return v.op3(three{VANDPD, VANDPD_BCST}, a, b) }
func (v isa) or64(a, b Op) reg.VecVirtual  { return v.op3(three{VORPD, VORPD_BCST}, a, b) }

func (v isa) addInt64(a, b Op) reg.VecVirtual { return v.op3(three{VPADDQ, VPADDQ_BCST}, a, b) }
func (v isa) subInt64(a, b Op) reg.VecVirtual { return v.op3(three{VPSUBQ, VPSUBQ_BCST}, a, b) }

func (v isa) all64(k Mem) reg.VecVirtual {
	dst := v.reg()
	VBROADCASTSD(k, dst)
	return dst
}

func (v isa) round64(a Op) reg.VecVirtual {
	dst := v.reg()
	if v.wide {
		VRNDSCALEPD(Imm(toNearest), a, dst)
	} else {
		VROUNDPD(Imm(toNearest), a, dst)
	}
	return dst
}

// chooseEqual64 is the constant a where x == k, else b.
func (v isa) chooseEqual64(x reg.VecVirtual, k float64, a Mem, b Op) reg.VecVirtual {
	dst := v.reg()
	if v.wide {
		mask := K()
		VCMPPD_BCST(Imm(equal), double(k), x, mask)
		VMOVAPD(b, dst)
		VBROADCASTSD(a, mask, dst)
		return dst
	}
	mask := YMM()
	VCMPPD(Imm(equal), double(k), x, mask)
	VBLENDVPD(mask, a, b, dst)
	return dst
}

func (v isa) horner64(x reg.VecVirtual, k []float64) reg.VecVirtual {
	p := v.all64(double(k[0]))
	for _, c := range k[1:] {
		v.write(three{VFMADD213PD, VFMADD213PD_BCST}, double(c), x, p)
	}
	return p
}

// widen is one half of x in float64.
func (v isa) widen(x reg.VecVirtual, upper bool) reg.VecVirtual {
	dst := v.reg()
	switch {
	case v.wide && upper:
		half := YMM()
		VEXTRACTF64X4(Imm(1), x, half)
		VCVTPS2PD(half, dst)
	case v.wide:
		VCVTPS2PD(x.AsY(), dst)
	case upper:
		half := XMM()
		VEXTRACTF128(Imm(1), x, half)
		VCVTPS2PD(half, dst)
	default:
		VCVTPS2PD(x.AsX(), dst)
	}
	return dst
}

// narrow joins the two halves in float32.
func (v isa) narrow(low, high reg.VecVirtual) reg.VecVirtual {
	dst := v.reg()
	if v.wide {
		a, b := YMM(), YMM()
		VCVTPD2PS(low, a)
		VCVTPD2PS(high, b)
		VINSERTF64X4(Imm(1), b, a.AsZ(), dst)
		return dst
	}
	a, b := XMM(), XMM()
	VCVTPD2PSY(low, a)
	VCVTPD2PSY(high, b)
	VINSERTF128(Imm(1), b, a.AsY(), dst)
	return dst
}

// powHalf is aʸ in float64, a >= 0.
func (v isa) powHalf(a, y reg.VecVirtual) reg.VecVirtual {
	const (
		rootHalf = 0x3fe6a09e00000000
		bias     = 256
		magic    = 0x4330000000000000 // 2^52: an integer in the low bits of this double is added to it
	)
	i := v.subInt64(a, constant64(rootHalf))
	exponent := v.reg()
	VPSRLQ(Imm(52), v.addInt64(i, constant64(bias<<52)), exponent)
	k := v.sub64(v.or64(exponent, constant64(magic)), double(1<<52+bias))
	m := v.addInt64(v.and64(i, constant64(1<<52-1)), constant64(rootHalf))
	one := v.all64(double(1))
	s := v.div64(v.sub64(m, one), v.add64(m, one))
	p := v.horner64(v.mul64(s, s), doublePoly("polyLog2"))
	VFMADD213PD(k, s, p) // log₂ a = s·p + k
	p = v.chooseEqual64(a, 0, double(math.Inf(-1)), p)
	p = v.chooseEqual64(a, math.Inf(1), double(math.Inf(1)), p)

	z := v.mul64(y, p)
	z = v.max64(v.all64(double(-200)), v.min64(v.all64(double(200)), z))
	n := v.round64(z)
	power := v.horner64(v.sub64(z, n), doublePoly("polyExp2"))
	scale := v.reg()
	VPSLLQ(Imm(52), v.add64(n, double(0x1.8p52+1023)), scale)
	return v.mul64(power, scale)
}

func (v isa) pow(x, y reg.VecVirtual) reg.VecVirtual {
	a := v.absolute(x)
	low := v.powHalf(v.widen(a, false), v.widen(y, false))
	r := v.narrow(low, v.powHalf(v.widen(a, true), v.widen(y, true)))

	r = v.choose(v.compare(unordered, x, x), x, r)

	one, zero := v.all(float(1)), v.all(float(0))
	// |x| = 1 gives 1 unless y is NaN; x = 1 and y = 0 even then.
	r = v.choose(v.compare(equal, a, one), v.choose(v.compare(unordered, y, y), y, one), r)
	r = v.choose(v.compare(equal, x, one), one, r)
	r = v.choose(v.compare(equal, y, zero), one, r)

	// Of a negative x: no number if y is no integer, negative if y is odd.
	half := v.mul(y, float(0.5))
	flip := v.choose(v.compare(equal, v.round(half, toNearest), half), zero, v.and(x, constant(signBit)))
	none := v.choose(v.compare(less, x, zero), constant(0x7fc00000), r)
	none = v.choose(v.compare(equal, a, v.all(constant(0x7f800000))), r, none)
	r = v.xor(r, flip)
	return v.choose(v.compare(equal, v.round(y, toNearest), y), r, none)
}

func powKernels() []elementwise {
	vec := func(x Op) reg.VecVirtual { return x.(reg.VecVirtual) }
	return []elementwise{
		{name: "pow", args: []string{"a", "b"}, unroll: 1,
			body: func(v isa, args []Op, _ []reg.VecVirtual) Op { return v.pow(vec(args[0]), vec(args[1])) }},
		{name: "powVS", args: []string{"a"}, singles: []string{"s"}, unroll: 1,
			body: func(v isa, args []Op, s []reg.VecVirtual) Op { return v.pow(vec(args[0]), s[0]) }},
		{name: "powSV", args: []string{"b"}, singles: []string{"s"}, unroll: 1,
			body: func(v isa, args []Op, s []reg.VecVirtual) Op { return v.pow(s[0], vec(args[0])) }},
	}
}
