package vec

import (
	"fmt"
	"os"
)

// Variant is one implementation of the kernels. All of them give the same bits (a NaN may differ in its payload).
type Variant uint8

// The variants, slowest first.
const (
	Portable Variant = iota // Go alone, on any machine
	AVX2                    // 8 lanes, with FMA
	AVX512                  // 16 lanes: F, BW, DQ, VL
	numVariants
)

var variantNames = [numVariants]string{"portable", "avx2", "avx512"}

func (v Variant) String() string { return variantNames[v] }

// Env is the environment variable that forces a variant by its name, read once at start. A name that is unknown, or that
// this machine cannot run, leaves the choice to the machine.
const Env = "GANYMEDE_VEC"

// active holds the kernels in use: the best the machine can run, or what Env says.
var active = choose(os.Getenv(Env))

func choose(name string) *kernels {
	best := Portable
	for v := Portable; v < numVariants; v++ {
		if supported(v) {
			best = v
			if v.String() == name {
				break
			}
		}
	}
	return tables[best]
}

// Active returns the variant in use.
func Active() Variant { return active.variant }

// Use switches every later call to the given variant and returns an error if this machine cannot run it. It is for tests
// and measurements; it must not be called while kernels run.
func Use(v Variant) error {
	if v >= numVariants || !supported(v) {
		return fmt.Errorf("vec: this machine cannot run variant %d; take one of Variants()", v)
	}
	active = tables[v]
	return nil
}

// Variants lists what this machine can run, Portable first.
func Variants() []Variant {
	var list []Variant
	for v := Portable; v < numVariants; v++ {
		if supported(v) {
			list = append(list, v)
		}
	}
	return list
}

// kernels is the table of one variant. Every function works on len(dst) elements (len(x) where there is no dst); its other
// arguments are at least as long. Arguments may be the same slice as dst, but must not overlap it otherwise.
type kernels struct {
	variant Variant

	unary    [numUnary]func(dst, x []float32)
	binary   [numBinary]func(dst, a, b []float32)
	binaryVS [numBinary]func(dst, a []float32, s float32)
	binarySV [numBinary]func(dst, b []float32, s float32)

	compare   [numCompare]func(dst []bool, a, b []float32)
	compareVS [numCompare]func(dst []bool, a []float32, s float32)
	isFinite  func(dst []bool, x []float32)
	selectVV  func(dst []float32, m []bool, a, b []float32)
	selectVS  func(dst []float32, m []bool, a []float32, s float32) // m ? a : s
	selectSV  func(dst []float32, m []bool, b []float32, s float32) // m ? s : b
	selectSS  func(dst []float32, m []bool, s, t float32)           // m ? s : t
	over      func(dst, x, y []float32, s float32)                  // x > 0 ? y : s
	gate      func(dst, x, y []float32, s float32)                  // y·(x > 0 ? 1 : s)

	fma    func(dst, a, b, c []float32)         // a·b + c
	fmaVSV func(dst, a, c []float32, s float32) // a·s + c
	fmaVSS func(dst, a []float32, s, t float32) // a·s + t
	fmaVVS func(dst, a, b []float32, t float32) // a·b + t

	// Column kernels: acc[j] = acc[j] op x[r*stride+j] for r = 0, 1, ... rows-1.
	columnSum func(acc, x []float32, rows, stride int)
	columnMax func(acc, x []float32, rows, stride int)
	columnMin func(acc, x []float32, rows, stride int)

	// prefetch asks for memory that will be read soon.
	prefetch func(x []float32)

	// stream copies lines of 64 bytes, the first at the beginning of one, past the caches; nil is none.
	stream func(dst, src *float32, lines int)

	transpose func(dst, src []float32, rows, cols, dstStride, srcStride int)
	philox    func(dst []uint32, key, lo, hi uint64)
}
