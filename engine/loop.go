package engine

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// loop is a small program that runs over all elements of an iteration space at once, a block at a time: registers 0, 1, ... hold
// the inputs, every instruction makes the next register, and results are stored or reduced. Blocks stay in the first-level cache, so a
// loop of ten instructions costs about what one pass through memory costs.
//
// All elementwise operations and reductions become loops; the pass fuse makes one loop of many.
type loop struct {
	space   []int // the iteration space; inputs are broadcast to it
	inputs  int
	code    []code
	results []result
}

// code is one instruction.
type code struct {
	op   string       // as elementwise knows it, or "convert", "complex"
	from dtypes.DType // of the operands (of where: of the values)
	to   dtypes.DType // of the result
	args []int        // registers
}

// result is what a loop puts out.
type result struct {
	reg    int
	reduce string // "" stores the register; else "sum", "product", "max", "min", "and", "or", "xor"
	axes   []bool // of the space, the ones that are reduced; the same for all reductions of a loop
}

func (l *loop) Name() string { return "loop" }

func (l *loop) Attrs() string {
	var b strings.Builder
	fmt.Fprintf(&b, "over %v:", l.space)
	for i, c := range l.code {
		fmt.Fprintf(&b, " r%d = %s%v;", l.inputs+i, c.text(), c.args)
	}
	for _, r := range l.results {
		if r.reduce == "" {
			fmt.Fprintf(&b, " store r%d", r.reg)
			continue
		}
		fmt.Fprintf(&b, " %s r%d over", r.reduce, r.reg)
		for a, yes := range r.axes {
			if yes {
				fmt.Fprintf(&b, " %d", a)
			}
		}
	}
	return b.String()
}

func (c code) text() string {
	if c.op == "convert" {
		return "convert." + ir.ShapeText(shapes.Make(c.to))
	}
	return c.op
}

// bind finds the kernel of the instruction.
func (c code) bind(dst int) (instr, error) {
	var b binder
	switch {
	case c.op == "convert":
		b = converter(c.from, c.to)
	case c.op == "complex" && c.to == dtypes.Complex64:
		b = complexOf[complex64, float32]()
	case c.op == "complex":
		b = complexOf[complex128, float64]()
	default:
		b = elementwise(c.op, c.from)
	}
	if b == nil {
		return nil, fmt.Errorf("no kernel for %s of %s to %s", c.op, c.from, c.to)
	}
	return b(dst, c.args), nil
}

func (l *loop) lower(p *planner, n *ir.Node) {
	in := make([]view.View, len(n.In))
	types := make([]dtypes.DType, l.inputs+len(l.code))
	for i, v := range n.In {
		in[i] = p.in(n, i).BroadcastTo(l.space)
		types[i] = v.Shape().DType
	}
	for i, c := range l.code {
		types[l.inputs+i] = c.to
	}
	if l.vectorised(types) {
		l.order(p, in, types)
		if l.lowerVec(p, n, in, types) {
			return
		}
	}
	k := &loopKernel{types: types, results: l.results}
	for i, c := range l.code {
		bound, err := c.bind(l.inputs + i)
		if err != nil {
			p.err = err
			return
		}
		k.code = append(k.code, bound)
	}
	var stores, out []view.View
	for i, r := range l.results {
		v := p.out(n, i)
		out = append(out, v)
		if r.reduce == "" {
			stores = append(stores, v)
		}
	}
	if view.Size(l.space) == 0 && len(stores) == len(out) {
		return // nothing to store
	}
	k.prepare(l, in, out)
	writes := out
	if k.partials > 0 {
		for i, r := range l.results {
			if r.reduce == "" {
				k.scratch = append(k.scratch, view.View{})
				continue
			}
			s := p.scratch(n.Out[i].DType, k.partials*max(1, n.Out[i].Size()))
			k.scratch = append(k.scratch, s)
			writes = append(slices.Clone(writes), s)
		}
	}
	s := step{name: l.stepName(), run: k.run, flops: int64(len(l.code)+len(l.results)) * int64(view.Size(l.space))}
	s.shares = l.sharing(p, in, out, true)
	p.add(s, in, writes)
}

// order copies operands that lie across the rows of the space: moved once in tiles, they are read faster than element by element.
func (l *loop) order(p *planner, in []view.View, types []dtypes.DType) {
	for i, v := range in {
		if _, ok := spanOf(v); ok {
			continue
		}
		if nest := view.NewNest(v); nest.Strides[0][len(nest.Dims)-1] != 1 && nest.Strides[0][len(nest.Dims)-1] != 0 {
			in[i] = p.denseOf(v, types[i])
		}
	}
}

// stepName is loop(mul add tanh) 64x32, or the name of the only operation, and the space.
func (l *loop) stepName() string {
	var names []string
	for _, c := range l.code {
		names = append(names, c.text())
	}
	for _, r := range l.results {
		if r.reduce != "" {
			names = append(names, "reduce."+r.reduce)
		}
	}
	name := "loop(" + strings.Join(names, " ") + ")"
	switch len(names) {
	case 0:
		name = "copy"
	case 1:
		name = names[0]
	}
	return strings.TrimSpace(name + " " + strings.ReplaceAll(strings.Trim(fmt.Sprint(l.space), "[]"), " ", "x"))
}

// sharing finds the results that may be written over an input: both dense over the whole space with elements of one size, and, if order
// matters, the input not read by any instruction after the one that makes the result.
func (l *loop) sharing(p *planner, in, out []view.View, ordered bool) [][2]int {
	var shares [][2]int
	for i, r := range l.results {
		if r.reduce != "" || r.reg < l.inputs {
			continue
		}
		for k, v := range in {
			whole := whole(v) && p.plan.buffers[v.Buf].size == p.plan.buffers[out[i].Buf].size
			if whole && readAsWhole(in, v.Buf) && (!ordered || l.lastRead(k) <= r.reg) {
				shares = append(shares, [2]int{out[i].Buf, v.Buf})
			}
		}
	}
	return shares
}

// whole says whether a view is its buffer from the start, in order.
func whole(v view.View) bool { return v.Offset == 0 && v.Dense() }

// readAsWhole says whether no input reads the buffer in another order, which a result written over it would disturb.
func readAsWhole(in []view.View, buf int) bool {
	return !slices.ContainsFunc(in, func(v view.View) bool { return v.Buf == buf && !whole(v) })
}

// lastRead is the register made by the last instruction that reads reg; a result that reads it counts as the end.
func (l *loop) lastRead(reg int) int {
	last := 0
	for i, c := range l.code {
		if slices.Contains(c.args, reg) {
			last = l.inputs + i
		}
	}
	for _, r := range l.results {
		if r.reg == reg {
			last = l.inputs + len(l.code)
		}
	}
	return last
}

// blockBytes is the space of a register. 1024 elements of four bytes, eight registers: the first-level cache.
const blockBytes = 8192

// blockLen is the most elements in a block.
const blockLen = 1024

// loopKernel is a loop over views.
type loopKernel struct {
	types   []dtypes.DType // of registers
	code    []instr
	results []result

	nest    view.Nest // inputs, then results
	bufs    []int     // buffer of each operand of the nest
	sizes   []int     // bytes of its elements
	modes   []mode    // of inputs
	keepers []keeper  // of results; nil for those that are stored

	length int // elements in a full block
	rows   int // rows in a block, if rows are short
	pieces int // blocks in a row, if rows are long

	rowsPerTask, piecesPerTask int
	rowTasks, pieceTasks       int
	partials                   int // if > 0, every task reduces to a place of its own, and they are joined after
	scratch                    []view.View
}

// mode is how a block of an input gets into its register.
type mode uint8

const (
	direct   mode = iota // it lies in memory as the loop runs: the register points there
	repeated             // the same for every block: filled once
	byRow                // rows lie in memory, with gaps or repetitions between them
	strided              // nothing helps: element by element
)

// prepare decides how the loop runs: by shapes alone.
func (k *loopKernel) prepare(l *loop, in, out []view.View) {
	operands := slices.Clone(in)
	for i, r := range l.results {
		v := out[i]
		if r.reduce != "" {
			v = spread(v, l.space, r.axes)
		}
		operands = append(operands, v)
	}
	k.nest = view.NewNest(operands...)
	for i, v := range operands {
		k.bufs = append(k.bufs, v.Buf)
		t := k.operandType(i, l)
		k.sizes = append(k.sizes, t.Size())
	}
	widest := 1
	for _, t := range k.types {
		widest = max(widest, t.Size())
	}
	k.length = min(blockLen, blockBytes/widest)
	inner := k.nest.Inner()
	k.rows, k.pieces = 1, 1
	if inner > k.length {
		k.pieces = (inner + k.length - 1) / k.length
	} else if inner > 0 {
		k.rows = max(1, k.length/inner)
	}
	for i := range in {
		k.modes = append(k.modes, k.modeOf(i))
	}
	k.split(l.inputs, out)
}

// operandType is the element type of an operand of the nest.
func (k *loopKernel) operandType(i int, l *loop) dtypes.DType {
	if i < l.inputs {
		return k.types[i]
	}
	return k.types[l.results[i-l.inputs].reg]
}

// spread is a reduced result as a view of the whole space: it stands still on reduced axes.
func spread(v view.View, space []int, reduced []bool) view.View {
	w := view.View{Buf: v.Buf, Offset: v.Offset, Dims: space, Strides: make([]int, len(space))}
	a := 0
	for i := range space {
		if !reduced[i] {
			w.Strides[i] = v.Strides[a]
			a++
		}
	}
	return w
}

func (k *loopKernel) modeOf(i int) mode {
	strides := k.nest.Strides[i]
	last := len(strides) - 1
	inner := strides[last]
	still := !slices.ContainsFunc(strides[:last], func(s int) bool { return s != 0 })
	dense := slices.Equal(strides, view.RowStrides(k.nest.Dims))
	switch {
	case still && (inner == 0 || k.pieces == 1):
		return repeated
	case dense || inner == 1 && k.rows == 1:
		return direct
	case inner == 1:
		return byRow
	}
	return strided
}

// run is the kernel: tasks of whole blocks.
func (k *loopKernel) run(r *run) {
	for j, keep := range k.keepers {
		if keep != nil && k.partials == 0 {
			keep.clear(r.mem[k.bufs[len(k.modes)+j]])
		}
	}
	r.parallel(k.rowTasks*k.pieceTasks, func(task int) {
		f := r.borrow(len(k.types))
		k.fill(r, f)
		k.task(r, f, task)
		r.giveBack(f)
	})
	for j, keep := range k.keepers {
		if keep != nil && k.partials > 0 {
			keep.join(r.mem[k.bufs[len(k.modes)+j]], r.mem[k.scratch[j].Buf], k.partials)
		}
	}
}

func (k *loopKernel) task(r *run, f *frame, task int) {
	rowLo := task / k.pieceTasks * k.rowsPerTask
	rowHi := min(rowLo+k.rowsPerTask, k.nest.Outer())
	pieceLo := task % k.pieceTasks * k.piecesPerTask
	pieceHi := min(pieceLo+k.piecesPerTask, k.pieces)
	sums := make([][]byte, len(k.keepers))
	for j, keep := range k.keepers {
		switch {
		case keep == nil:
		case k.partials > 0:
			all := r.mem[k.scratch[j].Buf]
			n := len(all) / k.partials
			sums[j] = all[task*n : (task+1)*n]
			keep.clear(sums[j])
		default:
			sums[j] = r.mem[k.bufs[len(k.modes)+j]]
		}
	}
	offsets := make([]int, len(k.bufs))
	for row := rowLo; row < rowHi; row += k.rows {
		for piece := pieceLo; piece < pieceHi; piece++ {
			k.block(r, f, row, min(k.rows, rowHi-row), piece*k.length, offsets, sums)
		}
	}
}

// fill readies a frame for this step: registers of their own, and what is the same for all blocks.
func (k *loopKernel) fill(r *run, f *frame) {
	if f.step == r.step {
		return
	}
	f.step = r.step
	for reg := range k.types {
		f.own(reg)
	}
	rows := min(k.rows, k.nest.Outer())
	for i, m := range k.modes {
		if m == repeated {
			k.gather(r, f, i, k.nest.Offsets[i], 0, rows, min(k.length, k.nest.Inner()))
		}
	}
}

// block runs the program over some rows, or over a piece of one that starts at element from.
func (k *loopKernel) block(r *run, f *frame, row, rows, from int, offsets []int, sums [][]byte) {
	length := min(k.length, k.nest.Inner()-from)
	n := rows * length
	k.nest.Row(row, offsets)
	for i, m := range k.modes {
		at := offsets[i] + from*k.nest.Strides[i][len(k.nest.Dims)-1]
		switch m {
		case direct:
			f.reg[i] = k.address(r, i, at)
		case byRow, strided:
			k.gather(r, f, i, at, row, rows, length)
		}
	}
	inputs := len(k.modes)
	for j, res := range k.results {
		if res.reduce == "" && res.reg >= inputs {
			f.reg[res.reg] = k.address(r, inputs+j, offsets[inputs+j]+from)
		}
	}
	for _, c := range k.code {
		c(f, n)
	}
	for j, res := range k.results {
		switch {
		case res.reduce != "":
			k.keepers[j].add(k.nest, inputs+j, sums[j], f.reg[res.reg], row, rows, offsets[inputs+j], from, length)
		case res.reg < inputs || k.storedAgain(j):
			size := k.sizes[inputs+j]
			dst := k.address(r, inputs+j, offsets[inputs+j]+from)
			copy(unsafe.Slice((*byte)(dst), n*size), unsafe.Slice((*byte)(f.reg[res.reg]), n*size))
		}
	}
}

// storedAgain says whether a later result stores the same register, which then points into that result and not into this one.
func (k *loopKernel) storedAgain(j int) bool {
	for _, later := range k.results[j+1:] {
		if later.reduce == "" && later.reg == k.results[j].reg {
			return true
		}
	}
	return false
}

// address is where an operand has its element at offset.
func (k *loopKernel) address(r *run, operand, offset int) unsafe.Pointer {
	return unsafe.Pointer(&r.mem[k.bufs[operand]][offset*k.sizes[operand]])
}

// gather copies rows of an input into its register. at is where the first one starts.
func (k *loopKernel) gather(r *run, f *frame, i, at, row, rows, length int) {
	stride := k.nest.Strides[i][len(k.nest.Dims)-1]
	mem := r.mem[k.bufs[i]]
	switch k.sizes[i] {
	case 1:
		gatherRows(as[uint8](mem), block[uint8](f, i, rows*length), k.nest, i, at, row, rows, length, stride)
	case 2:
		gatherRows(as[uint16](mem), block[uint16](f, i, rows*length), k.nest, i, at, row, rows, length, stride)
	case 4:
		gatherRows(as[uint32](mem), block[uint32](f, i, rows*length), k.nest, i, at, row, rows, length, stride)
	case 8:
		gatherRows(as[uint64](mem), block[uint64](f, i, rows*length), k.nest, i, at, row, rows, length, stride)
	default:
		gatherRows(as[[2]uint64](mem), block[[2]uint64](f, i, rows*length), k.nest, i, at, row, rows, length, stride)
	}
}

func gatherRows[T any](src, dst []T, nest view.Nest, i, at, row, rows, length, stride int) {
	walk := newWalker(nest, i, row, at)
	for range rows {
		d := dst[:length]
		dst = dst[length:]
		switch o := walk.at; {
		case stride == 1:
			copy(d, src[o:o+length])
		case stride == 0:
			x := src[o]
			for j := range d {
				d[j] = x
			}
		default:
			for j := range d {
				d[j] = src[o]
				o += stride
			}
		}
		walk.next()
	}
}

// walker follows the start of the rows of one operand.
type walker struct {
	nest    view.Nest
	strides []int
	index   [8]int // of the outer axes, innermost first; more than 8 are rare and found by division
	row, at int
	base    int
	simple  bool
}

func newWalker(nest view.Nest, i, row, at int) walker {
	w := walker{nest: nest, strides: nest.Strides[i], row: row, at: at}
	outer := len(nest.Dims) - 1
	w.simple = outer <= len(w.index)
	if w.simple {
		for a := outer - 1; a >= 0; a-- {
			w.index[outer-1-a] = row % nest.Dims[a]
			row /= nest.Dims[a]
		}
	} else {
		w.base = at - w.offset(w.row)
	}
	return w
}

func (w *walker) next() {
	w.row++
	outer := len(w.nest.Dims) - 1
	if !w.simple {
		w.at = w.base + w.offset(w.row)
		return
	}
	for a := outer - 1; a >= 0; a-- {
		j := outer - 1 - a
		w.index[j]++
		w.at += w.strides[a]
		if w.index[j] < w.nest.Dims[a] {
			return
		}
		w.at -= w.index[j] * w.strides[a]
		w.index[j] = 0
	}
}

func (w *walker) offset(row int) int {
	at := 0
	for a := len(w.nest.Dims) - 2; a >= 0; a-- {
		at += row % w.nest.Dims[a] * w.strides[a]
		row /= w.nest.Dims[a]
	}
	return at
}
