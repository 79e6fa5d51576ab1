package engine

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// rngOp fills an array with random bits and moves the generator on: Philox 4x32 with ten rounds. The state is a key and a counter of 128 bits.
type rngOp struct{}

func (rngOp) Name() string  { return "rng" }
func (rngOp) Attrs() string { return "" }

func (rngOp) lower(p *planner, n *ir.Node) {
	state := p.denseIn(n, 0)
	next, out := p.out(n, 0), p.out(n, 1)
	size := out.Size() * n.Out[1].DType.Size()
	blocks := (size + 15) / 16
	run := func(r *run) {
		s := as[uint64](r.mem[state.Buf])[state.Offset:][:3]
		key, lo, hi := s[0], s[1], s[2]
		mem := r.mem[out.Buf][:size]
		r.parallelRange(blocks, taskElements/4, func(from, to int) {
			for i := from; i < to; i++ {
				philoxBytes(mem[16*i:min(size, 16*i+16)], key, lo, hi, uint64(i))
			}
		})
		after := as[uint64](r.mem[next.Buf])
		after[0] = key
		after[1], after[2] = add128(lo, hi, uint64(blocks))
	}
	p.add(step{name: "rng", run: run}, []view.View{state}, []view.View{next, out})
}

func add128(lo, hi, n uint64) (uint64, uint64) {
	sum := lo + n
	if sum < lo {
		hi++
	}
	return sum, hi
}

// philoxBytes writes the bits of block i after the counter.
func philoxBytes(dst []byte, key, lo, hi, i uint64) {
	lo, hi = add128(lo, hi, i)
	c := [4]uint32{uint32(lo), uint32(lo >> 32), uint32(hi), uint32(hi >> 32)}
	k := [2]uint32{uint32(key), uint32(key >> 32)}
	for range 10 {
		p0, p1 := uint64(0xD2511F53)*uint64(c[0]), uint64(0xCD9E8D57)*uint64(c[2])
		c = [4]uint32{uint32(p1>>32) ^ c[1] ^ k[0], uint32(p1), uint32(p0>>32) ^ c[3] ^ k[1], uint32(p0)}
		k[0] += 0x9E3779B9
		k[1] += 0xBB67AE85
	}
	for j := range dst {
		dst[j] = byte(c[j/4] >> (8 * (j % 4)))
	}
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
