package pages

import (
	"fmt"
	"testing"
	"unsafe"
)

func Example() {
	x := Slice[float32](1000)
	fmt.Println(len(x), x[0])
	// Output: 1000 0
}

func TestMakeIsAlignedAndWhole(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 4096, large - 1, large, large + 1, 3*page + 17} {
		mem := Make(n)
		if len(mem) != n {
			t.Fatalf("%d bytes asked, %d given", n, len(mem))
		}
		want := uintptr(alignment)
		if n >= large {
			want = page
		}
		if at := uintptr(unsafe.Pointer(unsafe.SliceData(mem))); at%want != 0 {
			t.Errorf("%d bytes begin at %#x, which is no multiple of %d", n, at, want)
		}
		for i := range mem { // all of it may be written, and was zero
			if mem[i] != 0 {
				t.Fatalf("byte %d of %d is %d", i, n, mem[i])
			}
			mem[i] = byte(i)
		}
	}
}
