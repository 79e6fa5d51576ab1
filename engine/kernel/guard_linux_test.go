package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// guarded copies numbers to memory that ends, or begins, at a page that nobody may touch: a kernel that reads or writes one
// float too far ends the test with a fault.
func guarded(t *testing.T, s []float32, atEnd bool) []float32 {
	page := unix.Getpagesize()
	bytes := 4 * len(s)
	size := (bytes+page-1)/page*page + 2*page
	memory, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(memory) })
	for _, guard := range [][]byte{memory[:page], memory[size-page:]} {
		if err := unix.Mprotect(guard, unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	if len(s) == 0 {
		return nil
	}
	start := page
	if atEnd {
		start = size - page - bytes
	}
	g := unsafe.Slice((*float32)(unsafe.Pointer(&memory[start])), len(s))
	copy(g, s)
	return g
}

func TestConvStaysWithinItsOperands(t *testing.T) {
	eachLevel(t, func(t *testing.T, s *Scratch) {
		rng := rand.New(rand.NewPCG(11, 12))
		cases := convCases()
		for _, c := range shortCases() {
			for _, c.Algorithm = range []Algorithm{Balanced, Fast} {
				cases = append(cases, c)
			}
		}
		for _, c := range cases {
			t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) { // so that each case gives its memory back
				for _, atEnd := range []bool{false, true} {
					x := guarded(t, random(rng, c.Batch*c.Height*c.Width*c.In), atEnd)
					w := guarded(t, random(rng, c.weights()), atEnd)
					y := guarded(t, random(rng, c.Batch*c.OutHeight()*c.OutWidth()*c.Out), atEnd)
					c.Forward(nil, s, y, x, w)
					c.ByInput(nil, s, x, y, w)
					c.ByKernel(nil, s, w, x, y)
				}
			})
		}
	})
}

func TestMatMulStaysWithinItsOperands(t *testing.T) {
	eachLevel(t, func(t *testing.T, s *Scratch) {
		rng := rand.New(rand.NewPCG(13, 14))
		for _, size := range [][3]int{{1, 7, 40}, {5, 33, 64}, {13, 17, 31}, {30, 65, 96}, {40, 9, 97}} {
			for _, kind := range []string{"rows", "columns", "strided", "repeated row", "repeated column"} {
				for _, atEnd := range []bool{false, true} {
					a, b := view(rng, size[0], size[1], kind), view(rng, size[1], size[2], kind)
					trim := func(m Matrix) []float32 { return m.Data[:(m.Rows-1)*m.RowStride+(m.Cols-1)*m.ColStride+1] }
					a.Data, b.Data = guarded(t, trim(a), atEnd), guarded(t, trim(b), atEnd)
					dst := RowMajor(guarded(t, make([]float32, size[0]*size[2]), atEnd), size[0], size[2])
					MatMul(nil, s, dst, a, b)
				}
			}
		}
	})
}
