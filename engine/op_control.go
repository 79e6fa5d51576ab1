package engine

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// closure is a function of the parent's as an operand of If, While or Sort.
func (f *Function) closure(op, role string, fn compute.Function) (*Function, error) {
	c, ok := fn.(*Function)
	if !ok || c.builder != f.builder {
		return nil, fmt.Errorf("engine: %s: %s is not a function of this builder", op, role)
	}
	if c.parent != f {
		return nil, fmt.Errorf("engine: %s: %s must be a closure of the function that uses it", op, role)
	}
	if !c.returned {
		return nil, fmt.Errorf("engine: %s: %s has not returned", op, role)
	}
	return c, nil
}

// captured are the values of the parent that a closure reads.
func (f *Function) captured() []ir.Value {
	var out []ir.Value
	for _, c := range f.captures {
		out = append(out, c.outer)
	}
	return out
}

// checkParams says whether a closure takes parameters of these shapes.
func (f *Function) checkParams(op, role string, want []shapes.Shape) error {
	if len(f.params) != len(want) {
		return fmt.Errorf("engine: %s: %s has %d parameters, want %d", op, role, len(f.params), len(want))
	}
	for i, n := range f.params {
		if !n.Out[0].Equal(plain(want[i])) {
			return fmt.Errorf("engine: %s: parameter %d of %s has shape %s, want %s", op, i, role, n.Out[0], want[i])
		}
	}
	return nil
}

func shapesOf(values []ir.Value) []shapes.Shape {
	out := make([]shapes.Shape, len(values))
	for i, v := range values {
		out[i] = v.Shape()
	}
	return out
}

func dtypesOf(values []ir.Value) []dtypes.DType {
	out := make([]dtypes.DType, len(values))
	for i, v := range values {
		out[i] = v.Shape().DType
	}
	return out
}

// part is a plan within a plan: a branch, a loop's condition or body, a comparator.
type part struct {
	plan  *plan
	arena view.View
}

// part compiles a graph for the step that is added next, with scratch memory of its own.
func (p *planner) part(g *ir.Graph) part {
	sub, err := compile(p.engine, g)
	if err != nil {
		if p.err == nil {
			p.err = err
		}
		return part{plan: &plan{}}
	}
	return part{sub, p.scratch(dtypes.Uint8, sub.arena)}
}

// run executes the part with the given parameters and outputs.
func (pt part) run(r *run, params, outputs [][]byte) {
	r.within(pt.plan).exec(r.mem[pt.arena.Buf], params, outputs)
}

// memory is the memory of dense views.
func memory(r *run, views []view.View, types []dtypes.DType) [][]byte {
	out := make([][]byte, len(views))
	for i, v := range views {
		size := types[i].Size()
		out[i] = r.mem[v.Buf][v.Offset*size : (v.Offset+v.Size())*size]
	}
	return out
}

// denseInputs are inputs from first on, dense.
func (p *planner) denseInputs(n *ir.Node, first, count int) (views []view.View, types []dtypes.DType) {
	for i := first; i < first+count; i++ {
		views = append(views, p.denseIn(n, i))
		types = append(types, n.In[i].Shape().DType)
	}
	return views, types
}

// ifOp runs one of two graphs. Its inputs are the condition, what the first graph reads, and what the second reads.
type ifOp struct{ then, otherwise *ir.Graph }

func (o ifOp) Name() string { return "if" }
func (o ifOp) Attrs() string {
	return fmt.Sprintf("then {\n%s} else {\n%s}", o.then, o.otherwise)
}

func (o ifOp) lower(p *planner, n *ir.Node) {
	cond := p.in(n, 0)
	k := len(o.then.Params)
	thenIn, thenTypes := p.denseInputs(n, 1, k)
	elseIn, elseTypes := p.denseInputs(n, 1+k, len(o.otherwise.Params))
	then, otherwise := p.part(o.then), p.part(o.otherwise)
	var out []view.View
	var outTypes []dtypes.DType
	for i := range n.Out {
		out = append(out, p.out(n, i))
		outTypes = append(outTypes, n.Out[i].DType)
	}
	run := func(r *run) {
		if as[bool](r.mem[cond.Buf])[cond.Offset] {
			then.run(r, memory(r, thenIn, thenTypes), memory(r, out, outTypes))
		} else {
			otherwise.run(r, memory(r, elseIn, elseTypes), memory(r, out, outTypes))
		}
	}
	reads := append(append([]view.View{cond}, thenIn...), elseIn...)
	p.add(step{name: "if", run: run}, reads, append(out, then.arena, otherwise.arena))
}

// If implements compute.Function.
func (f *Function) If(pred compute.Value, trueBranch, falseBranch compute.Function) ([]compute.Value, error) {
	in, err := f.in("If", pred)
	if err != nil {
		return nil, err
	}
	if s := in[0].Shape(); !s.IsScalar() || s.DType != dtypes.Bool {
		return nil, fmt.Errorf("engine: If: condition has shape %s, want a bool scalar", s)
	}
	then, err := f.closure("If", "true branch", trueBranch)
	if err != nil {
		return nil, err
	}
	otherwise, err := f.closure("If", "false branch", falseBranch)
	if err != nil {
		return nil, err
	}
	for role, c := range map[string]*Function{"true branch": then, "false branch": otherwise} {
		if err := c.checkParams("If", role, nil); err != nil {
			return nil, err
		}
	}
	out := shapesOf(then.graph.Outputs)
	if err := sameShapes("If", "branches return", out, shapesOf(otherwise.graph.Outputs)); err != nil {
		return nil, err
	}
	in = append(append(in, then.captured()...), otherwise.captured()...)
	n, err := f.addMulti(ifOp{then.graph, otherwise.graph}, out, in...)
	if err != nil {
		return nil, err
	}
	return f.values(ir.Results(n)), nil
}

func sameShapes(op, what string, a, b []shapes.Shape) error {
	if len(a) != len(b) {
		return fmt.Errorf("engine: %s: %s %d and %d values", op, what, len(a), len(b))
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return fmt.Errorf("engine: %s: %s different shapes at %d: %s and %s", op, what, i, a[i], b[i])
		}
	}
	return nil
}

// whileOp runs body as long as cond says so. Its inputs are the state, what cond captures, and what body captures.
type whileOp struct {
	cond, body *ir.Graph
	state      int
}

func (o whileOp) Name() string { return "while" }
func (o whileOp) Attrs() string {
	return fmt.Sprintf("cond {\n%s} body {\n%s}", o.cond, o.body)
}

func (o whileOp) lower(p *planner, n *ir.Node) {
	state, types := p.denseInputs(n, 0, o.state)
	condIn, condTypes := p.denseInputs(n, o.state, len(o.cond.Params)-o.state)
	bodyIn, bodyTypes := p.denseInputs(n, len(o.cond.Params), len(o.body.Params)-o.state)
	cond, body := p.part(o.cond), p.part(o.body)
	var out, next []view.View
	for i, s := range n.Out {
		out = append(out, p.out(n, i))
		next = append(next, p.scratch(s.DType, s.Size()))
	}
	again := p.scratch(dtypes.Bool, 1)
	run := func(r *run) {
		// The state is in one of two places in turn; the last one must be the result.
		now, then := memory(r, out, types), memory(r, next, types)
		for i, mem := range memory(r, state, types) {
			copy(now[i], mem)
		}
		condMore, bodyMore := memory(r, condIn, condTypes), memory(r, bodyIn, bodyTypes)
		for {
			r.check()
			cond.run(r, append(append([][]byte(nil), now...), condMore...), [][]byte{r.mem[again.Buf]})
			if !as[bool](r.mem[again.Buf])[0] {
				break
			}
			body.run(r, append(append([][]byte(nil), now...), bodyMore...), then)
			now, then = then, now
		}
		for i, mem := range memory(r, out, types) {
			copy(mem, now[i])
		}
	}
	reads := append(append(append([]view.View(nil), state...), condIn...), bodyIn...)
	writes := append(append([]view.View{again, cond.arena, body.arena}, out...), next...)
	p.add(step{name: "while", run: run}, reads, writes)
}

// While implements compute.Function.
func (f *Function) While(cond, body compute.Function, initialState ...compute.Value) ([]compute.Value, error) {
	in, err := f.in("While", initialState...)
	if err != nil {
		return nil, err
	}
	if len(in) == 0 {
		return nil, fmt.Errorf("engine: While needs a state")
	}
	state := shapesOf(in)
	c, err := f.closure("While", "condition", cond)
	if err != nil {
		return nil, err
	}
	b, err := f.closure("While", "body", body)
	if err != nil {
		return nil, err
	}
	if err := c.checkParams("While", "the condition", state); err != nil {
		return nil, err
	}
	if err := b.checkParams("While", "the body", state); err != nil {
		return nil, err
	}
	if out := c.graph.Outputs; len(out) != 1 || !out[0].Shape().IsScalar() || out[0].Shape().DType != dtypes.Bool {
		return nil, fmt.Errorf("engine: While: the condition must return one bool scalar")
	}
	if err := sameShapes("While", "the state and what the body returns have", state, shapesOf(b.graph.Outputs)); err != nil {
		return nil, err
	}
	k := len(in)
	in = append(append(in, c.captured()...), b.captured()...)
	n, err := f.addMulti(whileOp{c.graph, b.graph, k}, state, in...)
	if err != nil {
		return nil, err
	}
	return f.values(ir.Results(n)), nil
}

// Call implements compute.Function: the operations of the function are copied in.
func (f *Function) Call(target compute.Function, inputs ...compute.Value) ([]compute.Value, error) {
	in, err := f.in("Call", inputs...)
	if err != nil {
		return nil, err
	}
	t, ok := target.(*Function)
	if !ok || t.builder != f.builder || !t.returned || t == f {
		return nil, fmt.Errorf("engine: Call: the target must be another function of this builder that has returned")
	}
	if t.parent != nil {
		return nil, fmt.Errorf("engine: Call: the target must be a named function, not a closure")
	}
	if err := t.checkParams("Call", fmt.Sprintf("function %q", t.name), shapesOf(in)); err != nil {
		return nil, err
	}
	local := map[ir.Value]ir.Value{}
	for i, n := range t.params {
		local[n.Value()] = in[i]
	}
	for _, n := range t.graph.Nodes {
		if _, done := local[ir.Value{Node: n}]; done {
			continue
		}
		args := make([]ir.Value, len(n.In))
		for i, v := range n.In {
			args[i] = local[v]
		}
		for i, v := range ir.Copy(f.graph, n, args) {
			local[ir.Value{Node: n, Index: i}] = v
		}
	}
	out := make([]ir.Value, len(t.graph.Outputs))
	for i, v := range t.graph.Outputs {
		out[i] = local[v]
	}
	return f.values(out), nil
}
