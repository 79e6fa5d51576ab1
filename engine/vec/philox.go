package vec

import (
	"math/bits"
	"unsafe"
)

// Philox fills dst with random bits and returns the state from which the next call goes on. It is Philox4x32 with ten
// rounds (Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011) as XLA's RngBitGenerator
// uses it: state[0] is the key, state[1] and state[2] are the low and high half of a counter of 128 bits; each step of the
// counter yields four words, and the last step's surplus is dropped. So a call for n words advances the counter by n/4
// rounded up, and the words from index 4k on are those of Philox(Skip(state, k), ...): parts can be filled in any order.
func Philox(state [3]uint64, dst []uint32) (next [3]uint64) {
	active.philox(dst, state[0], state[1], state[2])
	return Skip(state, uint64(len(dst)+3)/4)
}

// Philox64 fills dst with random words of 64 bits, as XLA does for that type: each joins two of Philox, the lower first.
func Philox64(state [3]uint64, dst []uint64) (next [3]uint64) {
	if len(dst) == 0 {
		return state
	}
	halves := unsafe.Slice((*uint32)(unsafe.Pointer(&dst[0])), 2*len(dst))
	next = Philox(state, halves)
	for i := range dst { // one load and one store where memory has the lower half first, a rotation elsewhere
		dst[i] = uint64(halves[2*i]) | uint64(halves[2*i+1])<<32
	}
	return next
}

// Skip returns the state after steps of the counter, of four words each.
func Skip(state [3]uint64, steps uint64) [3]uint64 {
	lo, carry := bits.Add64(state[1], steps, 0)
	return [3]uint64{state[0], lo, state[2] + carry}
}

// The keys grow by these from round to round: the golden ratio and √3 - 1.
const (
	philoxWeyl0 = 0x9E3779B9
	philoxWeyl1 = 0xBB67AE85
)

func philoxGo(dst []uint32, key, lo, hi uint64) {
	for len(dst) >= 4 {
		dst[0], dst[1], dst[2], dst[3] = philoxBlock(key, lo, hi)
		dst = dst[4:]
		if lo++; lo == 0 {
			hi++
		}
	}
	if len(dst) > 0 {
		var last [4]uint32
		last[0], last[1], last[2], last[3] = philoxBlock(key, lo, hi)
		copy(dst, last[:])
	}
}

func philoxBlock(key, lo, hi uint64) (c0, c1, c2, c3 uint32) {
	k0, k1 := uint32(key), uint32(key>>32)
	c0, c1, c2, c3 = uint32(lo), uint32(lo>>32), uint32(hi), uint32(hi>>32)
	for range 10 {
		p := uint64(c0) * 0xD2511F53
		q := uint64(c2) * 0xCD9E8D57
		c0, c1, c2, c3 = uint32(q>>32)^c1^k0, uint32(q), uint32(p>>32)^c3^k1, uint32(p)
		k0 += philoxWeyl0
		k1 += philoxWeyl1
	}
	return c0, c1, c2, c3
}
