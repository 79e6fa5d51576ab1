package vec

// step is an instruction of a program: which kernel, and on what. It is a node whose arguments have been looked at once,
// so that a block costs one jump and one call.
type step struct {
	form    form
	op      uint8
	v       Value // the result
	a, b, c Value
}

// form says which arguments are vectors (V) and which are one value for all elements (S).
type form uint8

const (
	unaryV form = iota
	binaryVV
	binaryVS
	binarySV
	powerVS
	fmaVVV
	fmaVSV
	fmaVVS
	fmaVSS
	compareVV
	compareVS
	finiteV
	logicVV
	logicVS
	notV
	selectVV
	selectVS
	selectSV
	selectSS
	overVVS
	gateVVS
	splatV
	splatS
	splatTruthV
	splatTruthS
)

// step makes an instruction of a node.
func (p *Program) step(v Value) step {
	n := &p.nodes[v]
	s := step{op: n.op, v: v, a: n.args[0], b: n.args[1], c: n.args[2]}
	single := func(i int) bool { return i < n.nargs && p.nodes[n.args[i]].single() && !n.single() }
	pick := func(none, first, second, both form) form {
		return [4]form{none, first, second, both}[bit(single(1))+2*bit(single(2))]
	}
	switch n.code {
	case opUnary:
		s.form = unaryV
	case opBinary:
		switch {
		case single(1) && Binary(n.op) == Pow:
			s.form = powerVS
		case single(1):
			s.form = binaryVS
		case single(0):
			s.form, s.a, s.b = binarySV, s.b, s.a
		default:
			s.form = binaryVV
		}
	case opFma:
		s.form = pick(fmaVVV, fmaVSV, fmaVVS, fmaVSS)
	case opCompare:
		s.form = compareVV
		switch {
		case single(1):
			s.form = compareVS
		case single(0):
			s.form, s.op, s.a, s.b = compareVS, uint8(Compare(n.op).swapped()), s.b, s.a
		}
	case opFinite:
		s.form = finiteV
	case opLogic:
		s.form = logicVV
		switch {
		case single(1):
			s.form = logicVS
		case single(0):
			s.form, s.a, s.b = logicVS, s.b, s.a
		}
	case opNot:
		s.form = notV
	case opSelect:
		s.form = pick(selectVV, selectSV, selectVS, selectSS)
	case opOver:
		s.form = overVVS
	case opGate:
		s.form = gateVVS
	case opSplat:
		s.form = [4]form{splatV, splatS, splatTruthV, splatTruthS}[bit(single(0))+2*bit(n.truth)]
	}
	return s
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// do computes cur[v]; its length is that of the work.
func (s *step) do(st *state) {
	k := st.k
	switch s.form {
	case unaryV:
		k.unary[s.op](st.cur[s.v], st.cur[s.a])
	case binaryVV:
		k.binary[s.op](st.cur[s.v], st.cur[s.a], st.cur[s.b])
	case binaryVS:
		k.binaryVS[s.op](st.cur[s.v], st.cur[s.a], st.single[s.b])
	case binarySV:
		k.binarySV[s.op](st.cur[s.v], st.cur[s.a], st.single[s.b])
	case powerVS:
		k.powRight(st.cur[s.v], st.cur[s.a], st.single[s.b])
	case fmaVVV:
		k.fma(st.cur[s.v], st.cur[s.a], st.cur[s.b], st.cur[s.c])
	case fmaVSV:
		k.fmaVSV(st.cur[s.v], st.cur[s.a], st.cur[s.c], st.single[s.b])
	case fmaVVS:
		k.fmaVVS(st.cur[s.v], st.cur[s.a], st.cur[s.b], st.single[s.c])
	case fmaVSS:
		k.fmaVSS(st.cur[s.v], st.cur[s.a], st.single[s.b], st.single[s.c])
	case compareVV:
		k.compare[s.op](st.curB[s.v], st.cur[s.a], st.cur[s.b])
	case compareVS:
		k.compareVS[s.op](st.curB[s.v], st.cur[s.a], st.single[s.b])
	case finiteV:
		k.isFinite(st.curB[s.v], st.cur[s.a])
	case logicVV:
		Logic(s.op).Run(st.curB[s.v], st.curB[s.a], st.curB[s.b])
	case logicVS:
		Logic(s.op).RunRight(st.curB[s.v], st.curB[s.a], st.singleB[s.b])
	case notV:
		Not(st.curB[s.v], st.curB[s.a])
	case selectVV:
		k.selectVV(st.cur[s.v], st.curB[s.a], st.cur[s.b], st.cur[s.c])
	case selectVS:
		k.selectVS(st.cur[s.v], st.curB[s.a], st.cur[s.b], st.single[s.c])
	case selectSV:
		k.selectSV(st.cur[s.v], st.curB[s.a], st.cur[s.c], st.single[s.b])
	case selectSS:
		k.selectSS(st.cur[s.v], st.curB[s.a], st.single[s.b], st.single[s.c])
	case overVVS:
		k.over(st.cur[s.v], st.cur[s.a], st.cur[s.b], st.single[s.c])
	case gateVVS:
		k.gate(st.cur[s.v], st.cur[s.a], st.cur[s.b], st.single[s.c])
	case splatV:
		copy(st.cur[s.v], st.cur[s.a])
	case splatS:
		Fill(st.cur[s.v], st.single[s.a])
	case splatTruthV:
		copy(st.curB[s.v], st.curB[s.a])
	case splatTruthS:
		Fill(st.curB[s.v], st.singleB[s.a])
	}
}
