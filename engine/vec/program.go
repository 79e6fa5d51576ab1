package vec

import (
	"fmt"
	"strings"
)

// Span says which element of a smaller operand, or of a result of a reduction, belongs to element i of a loop:
// (i / Inner) mod Mid. A value a channel of [batch, height, width, channels] has Inner 1 and Mid channels; of
// [batch, channels, height, width] it has Inner height·width; a value a sample has Inner height·width·channels and Mid
// batch; one for all has Mid 1.
type Span struct{ Inner, Mid int }

// One is the span of a single value.
var One = Span{1, 1}

// at is the operand's element for element i of the loop.
func (s Span) at(i int) int { return i / s.Inner % s.Mid }

// Value is a number or truth value of each element of the loop that a Builder describes.
type Value int32

// Builder collects the steps of a loop over arrays of one length. Its zero value is ready. A mistake (a truth value where
// a number is needed, a value of another builder) is kept and returned by Program. Inputs, outputs and reductions are
// numbered from zero in the order of the calls, each kind for itself.
type Builder struct {
	// Exact keeps a product and the sum it goes to two steps, each rounded. Otherwise they become one fused multiply-add.
	Exact bool

	nodes      []node
	inputs     []Value
	outputs    []Value
	reductions []reduction
	err        error
}

type reduction struct {
	op   Reduction
	span Span
	v    Value
	dot  Value // with op Sum over all: the sum of v·dot; -1 without
}

// code says what a node does; node.op refines it.
type code uint8

const (
	opInput   code = iota // an argument of Run
	opConst               // node.constant
	opUnary               // node.op is a Unary
	opBinary              // a Binary
	opFma                 // a·b + c
	opCompare             // a Compare: numbers to a truth value
	opFinite              // number to a truth value
	opLogic               // a Logic, of truth values
	opNot
	opSelect // a ? b : c
	opOver   // a > 0 ? b : c
	opGate   // b·(a > 0 ? 1 : c)
	opSplat  // a small or single value, written out
)

type node struct {
	code     code
	op       uint8
	truth    bool // the value is a truth value
	span     Span // Inner 0: as long as the loop
	args     [3]Value
	nargs    int
	constant float32
}

func (n *node) full() bool   { return n.span.Inner == 0 }
func (n *node) single() bool { return n.span == One }

// maxPeriod bounds the operands of Inner 1 with which steps are done once a Run, before the loop, and which are written
// out beside each other to serve all blocks.
const maxPeriod = 4096

// compact says whether steps over such operands alone are done once, before the loop.
func (s Span) compact() bool { return s.Inner == 1 && s.Mid <= maxPeriod }

// Input adds an argument with a float32 for each element of the loop.
func (b *Builder) Input() Value { return b.input(node{}) }

// Bools adds an argument with a truth value for each element of the loop.
func (b *Builder) Bools() Value { return b.input(node{truth: true}) }

// Scalar adds an argument of one float32.
func (b *Builder) Scalar() Value { return b.Small(One) }

// Small adds an argument of s.Mid float32.
func (b *Builder) Small(s Span) Value { return b.input(node{span: b.checked(s)}) }

// SmallBools adds an argument of s.Mid truth values.
func (b *Builder) SmallBools(s Span) Value { return b.input(node{span: b.checked(s), truth: true}) }

// Const adds a constant.
func (b *Builder) Const(x float32) Value { return b.add(node{code: opConst, constant: x, span: One}) }

// Unary adds op(x).
func (b *Builder) Unary(op Unary, x Value) Value {
	return b.step(node{code: opUnary, op: uint8(op)}, x)
}

// Binary adds op(x, y). A sum or difference with a product becomes Fma unless Exact is set; a product with a choice between 1 and another
// factor by the sign of a value, one step.
func (b *Builder) Binary(op Binary, x, y Value) Value {
	if op == Mul && b.numbers(x, y) {
		if v, ok := b.gated(x, y); ok {
			return v
		}
		if v, ok := b.gated(y, x); ok {
			return v
		}
	}
	if !b.Exact && (op == Add || op == Sub) && b.numbers(x, y) {
		if v, ok := b.fused(op, x, y); ok {
			return v
		}
	}
	return b.step(node{code: opBinary, op: uint8(op)}, x, y)
}

// fused finds an fma in x ± y. A product that has another reader stays; the sum costs no more for that.
func (b *Builder) fused(op Binary, x, y Value) (Value, bool) {
	product := func(v Value) *node {
		n := &b.nodes[v]
		if n.code == opBinary && Binary(n.op) == Mul && n.full() && !b.nodes[x].truth {
			return n
		}
		return nil
	}
	cheap := func(v Value) bool { return b.nodes[v].span.compact() } // negating it costs nothing a block
	switch p, q := product(x), product(y); {
	case op == Add && q != nil:
		return b.Fma(q.args[0], q.args[1], x), true
	case op == Add && p != nil:
		return b.Fma(p.args[0], p.args[1], y), true
	case op == Sub && q != nil && cheap(q.args[0]):
		return b.Fma(b.Unary(Neg, q.args[0]), q.args[1], x), true
	case op == Sub && q != nil && cheap(q.args[1]):
		return b.Fma(q.args[0], b.Unary(Neg, q.args[1]), x), true
	case op == Sub && p != nil && cheap(y):
		return b.Fma(p.args[0], p.args[1], b.Unary(Neg, y)), true
	}
	return 0, false
}

// gated finds a leaky rectifier, or its gradient: y·(x > 0 ? 1 : slope).
func (b *Builder) gated(y, factor Value) (Value, bool) {
	f := &b.nodes[factor]
	if f.code != opSelect || !b.nodes[y].full() || !b.is(f.args[1], 1) || !b.nodes[f.args[2]].single() {
		return 0, false
	}
	x, ok := b.aboveZero(f.args[0])
	if !ok {
		return 0, false
	}
	return b.step(node{code: opGate}, x, y, f.args[2]), true
}

// aboveZero finds the x of x > 0, a value as long as the loop.
func (b *Builder) aboveZero(m Value) (x Value, ok bool) {
	n := &b.nodes[m]
	if n.code != opCompare || Compare(n.op) != Gt || !b.nodes[n.args[0]].full() || !b.is(n.args[1], 0) {
		return 0, false
	}
	return n.args[0], true
}

// is says whether a value is this constant.
func (b *Builder) is(v Value, x float32) bool {
	n := &b.nodes[v]
	return n.code == opConst && n.constant == x
}

// Fma adds x·y + z, rounded once.
func (b *Builder) Fma(x, y, z Value) Value { return b.step(node{code: opFma}, x, y, z) }

// Compare adds x op y, a truth value.
func (b *Builder) Compare(op Compare, x, y Value) Value {
	return b.step(node{code: opCompare, op: uint8(op), truth: true}, x, y)
}

// IsFinite adds whether x is neither infinite nor NaN.
func (b *Builder) IsFinite(x Value) Value { return b.step(node{code: opFinite, truth: true}, x) }

// Logic adds x op y of truth values.
func (b *Builder) Logic(op Logic, x, y Value) Value {
	return b.step(node{code: opLogic, op: uint8(op), truth: true}, x, y)
}

// Not adds the opposite of a truth value.
func (b *Builder) Not(x Value) Value { return b.step(node{code: opNot, truth: true}, x) }

// Select adds x where m, else y. Where m is v > 0, x as long as the loop and y a single value, that is one step.
func (b *Builder) Select(m, x, y Value) Value {
	if b.known(m) && b.numbers(x, y) && b.nodes[x].full() && b.nodes[y].single() {
		if v, ok := b.aboveZero(m); ok {
			return b.step(node{code: opOver}, v, x, y)
		}
	}
	return b.step(node{code: opSelect}, m, x, y)
}

// FromBool adds 1 where m, else 0.
func (b *Builder) FromBool(m Value) Value { return b.Select(m, b.Const(1), b.Const(0)) }

// Clamp adds min(max(x, lo), hi).
func (b *Builder) Clamp(lo, x, hi Value) Value {
	return b.Binary(Min, b.Binary(Max, x, lo), hi)
}

// Store makes v an output, an array as long as the loop.
func (b *Builder) Store(v Value) {
	if !b.known(v) {
		return
	}
	if v = b.spread(v); b.nodes[v].nargs == 0 {
		v = b.splat(v, Span{}) // a step of its own, so that nothing is stored while another output's array is still read
	}
	b.outputs = append(b.outputs, v)
}

// Reduce makes the reduction of v over all elements that share an element of span an output of span.Mid numbers.
func (b *Builder) Reduce(op Reduction, v Value, span Span) {
	span = b.checked(span)
	if !b.known(v) {
		return
	}
	if b.nodes[v].truth {
		b.fail("a reduction needs numbers, value %d is a truth value; take FromBool of it", v)
		return
	}
	r := reduction{op: op, span: span, v: b.spread(v), dot: -1}
	if n := b.nodes[r.v]; !b.Exact && op == Sum && span == One && n.code == opBinary && Binary(n.op) == Mul {
		r.v, r.dot = b.spread(n.args[0]), b.spread(n.args[1])
	}
	b.reductions = append(b.reductions, r)
}

// spread is v as long as the loop.
func (b *Builder) spread(v Value) Value {
	if b.nodes[v].full() {
		return v
	}
	return b.splat(v, Span{})
}

func (b *Builder) checked(s Span) Span {
	if s.Inner < 1 || s.Mid < 1 {
		b.fail("span %d, %d: both must be at least 1", s.Inner, s.Mid)
		return One
	}
	if s.Mid == 1 {
		return One
	}
	return s
}

func (b *Builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("vec: "+format, args...)
	}
}

func (b *Builder) add(n node) Value {
	b.nodes = append(b.nodes, n)
	return Value(len(b.nodes) - 1)
}

func (b *Builder) input(n node) Value {
	v := b.add(n)
	b.inputs = append(b.inputs, v)
	return v
}

func (b *Builder) known(v Value) bool {
	if v < 0 || int(v) >= len(b.nodes) {
		b.fail("value %d is not of this builder", v)
		return false
	}
	return true
}

func (b *Builder) numbers(args ...Value) bool {
	for _, v := range args {
		if v < 0 || int(v) >= len(b.nodes) || b.nodes[v].truth {
			return false
		}
	}
	return true
}

// step adds a node after checking its arguments, and finds its span: that of its arguments where they agree and are
// compact, single values agreeing with all; else as long as the loop.
func (b *Builder) step(n node, args ...Value) Value {
	n.span = One
	for i, v := range args {
		if !b.known(v) {
			v = b.Const(0)
		}
		a := b.nodes[v]
		if wants := n.code == opLogic || n.code == opNot || n.code == opSelect && i == 0; a.truth != wants {
			b.fail("argument %d of %s: truth value %t, want %t", i, n.name(), a.truth, wants)
			v = b.add(node{code: opConst, span: One, truth: wants})
			a = b.nodes[v]
		}
		n.args[i], n.nargs = v, i+1
		switch {
		case a.single() || n.full():
		case a.span.compact() && (n.span == One || n.span == a.span):
			n.span = a.span
		default:
			n.span = Span{}
		}
	}
	b.shapeArguments(&n)
	return b.add(n)
}

// shapeArguments brings single values to where the kernels take them: the factor on the right of an fma; not its only
// factors, nor the condition of a select.
func (b *Builder) shapeArguments(n *node) {
	single := func(i int) bool { return b.nodes[n.args[i]].single() }
	if n.single() {
		return
	}
	switch n.code {
	case opFma:
		if single(0) {
			n.args[0], n.args[1] = n.args[1], n.args[0]
		}
	case opSelect:
	default:
		return
	}
	if single(0) {
		n.args[0] = b.splat(n.args[0], n.span)
	}
}

func (b *Builder) splat(v Value, span Span) Value {
	return b.add(node{code: opSplat, truth: b.nodes[v].truth, span: span, args: [3]Value{v}, nargs: 1})
}

func (n *node) name() string {
	switch n.code {
	case opInput:
		return "input"
	case opConst:
		return fmt.Sprint("const ", n.constant)
	case opUnary:
		return Unary(n.op).String()
	case opBinary:
		return Binary(n.op).String()
	case opCompare:
		return Compare(n.op).String()
	case opLogic:
		return Logic(n.op).String()
	}
	return map[code]string{opFma: "fma", opFinite: "isfinite", opNot: "not", opSelect: "select", opOver: "over", opGate: "gate", opSplat: "splat"}[n.code]
}

// String lists the program's steps: what is done once, then what is done for each block.
func (p *Program) String() string {
	var s strings.Builder
	for v, n := range p.nodes {
		if !p.live[v] {
			continue
		}
		fmt.Fprintf(&s, "%%%d = %s", v, n.name())
		for _, a := range n.args[:n.nargs] {
			fmt.Fprintf(&s, " %%%d", a)
		}
		switch {
		case n.single() && n.code != opConst:
			s.WriteString(" : one")
		case !n.full() && n.code != opConst:
			fmt.Fprintf(&s, " : %d of %d", n.span.Mid, n.span.Inner)
		}
		s.WriteByte('\n')
	}
	for _, v := range p.outputs {
		fmt.Fprintf(&s, "store %%%d\n", v)
	}
	for _, r := range p.reductions {
		fmt.Fprintf(&s, "%s %%%d", r.op, r.v)
		if r.dot >= 0 {
			fmt.Fprintf(&s, " · %%%d", r.dot)
		}
		fmt.Fprintf(&s, " : %d of %d\n", r.span.Mid, r.span.Inner)
	}
	return s.String()
}
