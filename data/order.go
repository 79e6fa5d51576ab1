package data

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"sync"
)

// Order is an endless sequence of record indices: one shuffle of all records after another. The index at a position depends
// on seed, name, number of records and position alone, so a resumed run needs to know nothing but where it was. An Order is
// safe for concurrent use.
type Order struct {
	seed uint64
	name string
	n    int

	mu    sync.Mutex // guards the last shuffle made, kept because the next position is usually in it
	epoch int64
	perm  []int32
}

// NewOrder makes the order of n records. Different names give independent orders of the same seed, so two fields that must
// not be paired are drawn under two names.
func NewOrder(seed uint64, name string, n int) *Order {
	return &Order{seed: seed, name: name, n: n, epoch: -1}
}

// Indices returns the indices at positions start to start+count-1. Every run of n positions that begins at a multiple of n
// has each record once.
func (o *Order) Indices(start int64, count int) []int {
	out := make([]int, count)
	if o.n == 0 || start < 0 {
		panic("data: an order needs records and a position that is not negative")
	}
	for i := range out {
		p := start + int64(i)
		out[i] = int(o.shuffle(p / int64(o.n))[p%int64(o.n)])
	}
	return out
}

// shuffle is Fisher and Yates's, drawn from a generator that only this epoch has. It is spelled out here because the
// standard library does not promise that its own stays the same, and a seed must mean the same run after an upgrade.
func (o *Order) shuffle(epoch int64) []int32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.epoch == epoch {
		return o.perm
	}
	perm := make([]int32, o.n) // never written again: a slower caller may still read the one before
	draw := stream(o.seed, o.name, epoch)
	for i := range perm {
		j := below(draw, uint64(i)+1)
		perm[i] = perm[j]
		perm[j] = int32(i)
	}
	o.epoch, o.perm = epoch, perm
	return perm
}

// stream is a random generator that depends on seed, name and number, in the same way on every machine.
func stream(seed uint64, name string, number int64) *rand.PCG {
	h := sha256.New()
	binary.Write(h, binary.LittleEndian, seed)
	binary.Write(h, binary.LittleEndian, number)
	h.Write([]byte(name))
	sum := h.Sum(nil)
	return rand.NewPCG(binary.LittleEndian.Uint64(sum), binary.LittleEndian.Uint64(sum[8:]))
}

// below draws a number in [0, n) without bias, by refusing the last incomplete run of n.
func below(draw *rand.PCG, n uint64) uint64 {
	limit := -n % n // 2^64 mod n
	for {
		if x := draw.Uint64(); x >= limit {
			return x % n
		}
	}
}
