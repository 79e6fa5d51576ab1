package engine

import (
	"fmt"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
)

// Executable is a compiled graph. It implements compute.Executable, and is safe for concurrent use.
type Executable struct {
	backend *Backend
	name    string
	names   []string
	inputs  []shapes.Shape
	outputs []shapes.Shape

	mu   sync.Mutex
	plan *plan // nil after Finalize
	idle []*run
}

var _ compute.Executable = (*Executable)(nil)

func newExecutable(b *Builder) (*Executable, error) {
	e := &Executable{backend: b.backend, name: b.name, names: b.main.names}
	for _, n := range b.main.params {
		e.inputs = append(e.inputs, n.Out[0])
	}
	for _, v := range b.main.graph.Outputs {
		e.outputs = append(e.outputs, v.Shape())
	}
	total := 0
	for _, s := range slices.Concat(e.inputs, e.outputs) {
		size, err := byteSize(s)
		if err != nil {
			return nil, fmt.Errorf("engine: %s: %w", b.name, err)
		}
		total += size
	}
	p, err := compile(b.backend, b.main.graph)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.name, err)
	}
	e.plan = p
	e.backend.recycle.expect(total)
	return e, nil
}

// compile runs the passes and plans.
func compile(b *Backend, g *ir.Graph) (p *plan, err error) {
	defer func() {
		if v := recover(); v != nil { // a mistake of ours, which must not take the caller down
			p, err = nil, fmt.Errorf("engine: compiling failed: %v", v)
		}
	}()
	g, err = optimise(b, g)
	if err != nil {
		return nil, err
	}
	return newPlan(b, g)
}

// Finalize implements compute.Executable.
func (e *Executable) Finalize() {
	e.mu.Lock()
	e.plan, e.idle = nil, nil
	e.mu.Unlock()
}

// Inputs implements compute.Executable.
func (e *Executable) Inputs() (names []string, inputShapes []shapes.Shape) {
	return slices.Clone(e.names), slices.Clone(e.inputs)
}

// Outputs implements compute.Executable.
func (e *Executable) Outputs() []shapes.Shape { return slices.Clone(e.outputs) }

// Plan lists the steps of the plan, for tests and bug reports.
func (e *Executable) Plan() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.plan == nil {
		return ""
	}
	return e.plan.String()
}

// Execute implements compute.Executable. If it returns an error, all inputs hold what they held, the donated ones too, and
// are still the caller's: donated memory changes hands after the last step.
func (e *Executable) Execute(inputs []compute.Buffer, donate []bool, _ compute.DeviceNum) ([]compute.Buffer, error) {
	if err := e.backend.alive(); err != nil {
		return nil, err
	}
	buffers, params, err := e.checkInputs(inputs, donate)
	if err != nil {
		return nil, fmt.Errorf("engine: %s: %w", e.name, err)
	}
	defer func() {
		for _, b := range buffers {
			b.done()
		}
	}()
	r, err := e.borrow()
	if err != nil {
		return nil, err
	}
	arena, err := e.backend.arenas.get(r.plan.arena)
	if err != nil {
		return nil, fmt.Errorf("engine: %s: scratch memory: %w", e.name, err)
	}
	outputs, err := e.newOutputs()
	if err == nil {
		err = r.execute(arena, params, outputs)
	}
	r.release()
	e.backend.arenas.put(arena)
	e.giveBack(r)
	if err != nil {
		for _, mem := range outputs {
			e.backend.recycle.put(mem)
		}
		return nil, fmt.Errorf("%s: %w", e.name, err)
	}
	for i, b := range buffers {
		if donate != nil && donate[i] {
			b.give(true)
		}
	}
	results := make([]compute.Buffer, len(outputs))
	for i, mem := range outputs {
		results[i] = newBuffer(e.backend, e.outputs[i], mem)
	}
	return results, nil
}

// checkInputs returns the inputs' buffers, in use until done, and their memory.
func (e *Executable) checkInputs(inputs []compute.Buffer, donate []bool) (buffers []*Buffer, params [][]byte, err error) {
	if len(inputs) != len(e.inputs) {
		return nil, nil, fmt.Errorf("%d inputs given, %d wanted", len(inputs), len(e.inputs))
	}
	if donate != nil && len(donate) != len(inputs) {
		return nil, nil, fmt.Errorf("%d donate flags given for %d inputs", len(donate), len(inputs))
	}
	defer func() {
		if err != nil {
			for _, b := range buffers {
				b.done()
			}
		}
	}()
	donated := map[*Buffer]bool{}
	for i, input := range inputs {
		b, ok := input.(*Buffer)
		if !ok || b.backend != e.backend {
			return buffers, nil, fmt.Errorf("input %d (%s) is not a buffer of this backend", i, e.names[i])
		}
		if b.shape.DType != e.inputs[i].DType || !slices.Equal(b.shape.Dimensions, e.inputs[i].Dimensions) {
			return buffers, nil, fmt.Errorf("input %d (%s) has shape %s, want %s", i, e.names[i], b.shape, e.inputs[i])
		}
		if donate != nil && donate[i] {
			if donated[b] {
				return buffers, nil, fmt.Errorf("input %d (%s) is donated twice", i, e.names[i])
			}
			donated[b] = true
		}
		mem, err := b.use()
		if err != nil {
			return buffers, nil, fmt.Errorf("input %d (%s): %w", i, e.names[i], err)
		}
		buffers, params = append(buffers, b), append(params, mem)
	}
	return buffers, params, nil
}

func (e *Executable) newOutputs() ([][]byte, error) {
	outputs := make([][]byte, 0, len(e.outputs))
	for i, s := range e.outputs {
		size, err := byteSize(s)
		if err != nil {
			return outputs, err
		}
		mem, err := e.backend.recycle.get(size)
		if err != nil {
			return outputs, fmt.Errorf("engine: output %d of shape %s: %w", i, s, err)
		}
		outputs = append(outputs, mem)
	}
	return outputs, nil
}

// borrow takes an idle run or makes one.
func (e *Executable) borrow() (*run, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.plan == nil {
		return nil, fmt.Errorf("engine: %s has been finalized", e.name)
	}
	var r *run
	if k := len(e.idle); k > 0 {
		r = e.idle[k-1]
		e.idle = e.idle[:k-1]
	} else {
		r = newRun(e.backend, e.plan)
	}
	r.epoch = e.backend.epoch.Load()
	return r, nil
}

func (e *Executable) giveBack(r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.plan != nil {
		e.idle = append(e.idle, r)
	}
}
