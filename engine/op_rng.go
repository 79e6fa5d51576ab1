package engine

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/vec"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// rngOp fills an array with random bits and moves the generator on: Philox 4x32 with ten rounds, with the bits of XLA. The state is a key and a
// counter of 128 bits; types narrower than 32 bits take the words apart, the lowest bits first.
type rngOp struct{}

func (rngOp) Name() string  { return "rng" }
func (rngOp) Attrs() string { return "" }

func (rngOp) lower(p *planner, n *ir.Node) {
	state := p.denseIn(n, 0)
	next, out := p.out(n, 0), p.out(n, 1)
	size := out.Size() * n.Out[1].DType.Size()
	words := (size + 3) / 4
	const grain = taskElements // words in a task, a multiple of the four that a step of the counter makes
	run := func(r *run) {
		start := [3]uint64(as[uint64](r.mem[state.Buf])[state.Offset:])
		mem := r.mem[out.Buf][:size]
		r.parallelRange(words, grain, func(lo, hi int) {
			from := vec.Skip(start, uint64(lo/4))
			if 4*hi <= size {
				vec.Philox(from, as[uint32](mem[4*lo:4*hi]))
				return
			}
			last := make([]uint32, hi-lo) // the last word is not filled
			vec.Philox(from, last)
			copy(mem[4*lo:], flatBytes(last))
		})
		copy(as[uint64](r.mem[next.Buf]), wordsAfter(start, words))
	}
	p.add(step{name: "rng", run: run}, []view.View{state}, []view.View{next, out})
}

// wordsAfter is the state after so many words.
func wordsAfter(state [3]uint64, words int) []uint64 {
	next := vec.Skip(state, uint64(words+3)/4)
	return next[:]
}

// RNGBitGenerator implements compute.Function.
func (f *Function) RNGBitGenerator(state compute.Value, shape shapes.Shape) (newState, values compute.Value, err error) {
	in, err := f.in("RNGBitGenerator", state)
	if err != nil {
		return nil, nil, err
	}
	if !in[0].Shape().Equal(compute.RNGStateShape) {
		return nil, nil, fmt.Errorf("engine: RNGBitGenerator: state has shape %s, want %s", in[0].Shape(), compute.RNGStateShape)
	}
	if err := supported(shape); err != nil {
		return nil, nil, err
	}
	if !shape.DType.IsInt() {
		return nil, nil, fmt.Errorf("engine: RNGBitGenerator of %s: %w", shape.DType, compute.ErrNotImplemented)
	}
	n, err := f.addMulti(rngOp{}, []shapes.Shape{in[0].Shape(), shape}, in...)
	if err != nil {
		return nil, nil, err
	}
	return f.value(ir.Value{Node: n}), f.value(ir.Value{Node: n, Index: 1}), nil
}
