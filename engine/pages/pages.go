// Package pages allocates memory for arrays of numbers, on large pages where the system has them.
//
// In goes a number of bytes; out comes memory, aligned for vectors and zeroed, that the garbage collector takes back. The package
// knows nothing of what it holds.
//
// A matrix product reads from hundreds of places at a time, more than a core's table of pages of 4 KB has room for: on Linux, where
// large pages are had for the asking, products of 2048x2048 and 4096x4096 take 3 to 5 % less time on them (TestLarge says whether a
// machine gives them).
package pages

import "unsafe"

const (
	alignment = 64      // a line of the cache, and the widest vector
	page      = 2 << 20 // a large page
	large     = 2 * page
)

// Make returns n zeroed bytes. Memory of 4 MB or more begins at a large page.
func Make(n int) []byte {
	if n < large {
		return aligned(n, alignment)
	}
	mem := aligned(n, page)
	advise(mem[:n/page*page])
	return mem
}

// Slice returns n zeroed numbers of a type without pointers.
func Slice[T float32 | float64](n int) []T {
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(Make(n*int(unsafe.Sizeof(t)))))), n)
}

// aligned returns n bytes whose address is a multiple of the alignment.
func aligned(n, alignment int) []byte {
	if n == 0 {
		return nil
	}
	words := make([]uint64, (n+alignment+7)/8)
	base := unsafe.Pointer(unsafe.SliceData(words))
	skip := int(-uintptr(base) & uintptr(alignment-1))
	return unsafe.Slice((*byte)(unsafe.Add(base, skip)), n)
}
