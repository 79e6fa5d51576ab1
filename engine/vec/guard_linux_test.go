package vec

import (
	"fmt"
	"syscall"
	"testing"
	"unsafe"
)

// guarded is a stretch of memory between two pages that must not be touched.
type guarded struct{ page []byte }

func newGuarded(t *testing.T) guarded {
	size := syscall.Getpagesize()
	all, err := syscall.Mmap(-1, 0, 3*size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(all) })
	for _, edge := range [][]byte{all[:size], all[2*size:]} {
		if err := syscall.Mprotect(edge, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return guarded{all[size : 2*size]}
}

// floats are n numbers at the end of the page, or at its start.
func (g guarded) floats(n int, end bool) []float32 {
	all := unsafe.Slice((*float32)(unsafe.Pointer(&g.page[0])), len(g.page)/4)
	if end {
		return all[len(all)-n:]
	}
	return all[:n:n]
}

func (g guarded) bools(n int, end bool) []bool {
	all := unsafe.Slice((*bool)(unsafe.Pointer(&g.page[0])), len(g.page))
	if end {
		return all[len(all)-n:]
	}
	return all[:n:n]
}

// TestNothingOutsideIsTouched runs every kernel on slices that end, then begin, at the edge of a page: a read or write of
// one byte more ends the test with a fault.
func TestNothingOutsideIsTouched(t *testing.T) {
	d, x, y, z, m, dm := newGuarded(t), newGuarded(t), newGuarded(t), newGuarded(t), newGuarded(t), newGuarded(t)
	eachVariant(t, func(t *testing.T) {
		for n := 0; n <= 150; n++ {
			for _, end := range []bool{true, false} {
				dst, a, b, c := d.floats(n, end), x.floats(n, end), y.floats(n, end), z.floats(n, end)
				mask, dstMask := m.bools(n, end), dm.bools(n, end)
				for op := range numUnary {
					op.Run(dst, a)
				}
				for op := range numBinary {
					op.Run(dst, a, b)
					op.RunRight(dst, a, 3)
					op.RunLeft(dst, 3, b)
				}
				for op := range numCompare {
					op.Run(dstMask, a, b)
					op.RunRight(dstMask, a, 3)
				}
				for op := range numLogic {
					op.Run(dstMask, mask, mask)
				}
				Not(dstMask, mask)
				IsFinite(dstMask, a)
				Select(dst, mask, a, b)
				SelectRight(dst, mask, a, 3)
				SelectLeft(dst, mask, 3, b)
				SelectScalars(dst, mask, 3, 4)
				active.copyPast(dst, a)
				Over(dst, a, b, 3)
				Gate(dst, a, b, 3)
				Fma(dst, a, b, c)
				Axpy(dst, 3, a, b)
				Affine(dst, a, 3, 4)
				MulAdd(dst, a, b, 3)
				for r := range numReductions {
					r.Run(a)
					r.Columns(dst, a, 1, n)
					if n%3 == 0 {
						r.Columns(dst[:n/3], a, 3, n/3)
					}
				}
				Dot(a, b)
				for rows := 1; rows <= n; rows++ {
					if n%rows == 0 {
						Transpose(dst, a, rows, n/rows, rows, n/rows)
					}
				}
				Philox([3]uint64{1, 2, 3}, unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(dst))), n))
			}
		}
	})
}

// TestNothingBesideIsWritten fills the room after dst and looks whether it stays: masked stores must not write old values
// back either, so this is beside the guard pages only a check that is simple to read.
func TestNothingBesideIsWritten(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, n := range lengths {
			room := make([]float32, n+40)
			Fill(room, 5)
			a := normals(random(1), n)
			for op := range numUnary {
				op.Run(room[:n], a)
			}
			Add.Run(room[:n], a, a)
			Fma(room[:n], a, a, a)
			wantSame(t, fmt.Sprint(n), room[n:], naive(40, func(int) float32 { return 5 }))
		}
	})
}
