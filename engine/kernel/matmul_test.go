package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/ganymede-gan/ganymede/engine/pool"
)

func Example() {
	a := RowMajor([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	dst := RowMajor(make([]float32, 4), 2, 2)
	MatMul(nil, new(Scratch), dst, a, a.T())
	fmt.Println(dst.Data)
	// Output: [14 32 32 77]
}

// random returns n numbers from -1 to 1.
func random(rng *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = 2*rng.Float32() - 1
	}
	return s
}

// A sum holds what a float32 sum of products should be, and how far rounding may take it: n products added one after
// the other in any order err by at most n units of the last place (2^-24) of the sum of the magnitudes.
type sum struct {
	exact, magnitude float64
	terms            int
}

func (s *sum) add(a, b float32) {
	s.exact += float64(a) * float64(b)
	s.magnitude += math.Abs(float64(a) * float64(b))
	s.terms++
}

func (s *sum) accepts(got float32) bool {
	return math.Abs(float64(got)-s.exact) <= float64(s.terms)*s.magnitude*0x1p-24
}

// view is a matrix of the given size whose storage is one of several kinds.
func view(rng *rand.Rand, rows, cols int, kind string) Matrix {
	switch kind {
	case "rows":
		return RowMajor(random(rng, rows*cols), rows, cols)
	case "wide rows":
		return Matrix{random(rng, rows*(cols+5)), rows, cols, cols + 5, 1}
	case "columns":
		return RowMajor(random(rng, rows*cols), cols, rows).T()
	case "strided":
		return Matrix{random(rng, 2*rows*(2*cols+1)), rows, cols, 2 * (2*cols + 1), 2}
	case "repeated row":
		return Matrix{random(rng, cols), rows, cols, 0, 1}
	case "repeated column":
		return Matrix{random(rng, rows), rows, cols, 1, 0}
	}
	panic(kind)
}

// eachLevel runs a test on every level, and says which it skips because this machine lacks it.
func eachLevel(t *testing.T, test func(t *testing.T, s *Scratch)) {
	for level := Portable; level <= AVX512; level++ {
		t.Run(level.String(), func(t *testing.T) {
			if level > Best() {
				t.Skipf("this machine has no %v", level)
			}
			test(t, &Scratch{Level: level})
		})
	}
}

func TestMatMulAgainstFloat64(t *testing.T) { eachLevel(t, testMatMulAgainstFloat64) }

func testMatMulAgainstFloat64(t *testing.T, s *Scratch) {
	p := pool.New(3)
	defer p.Close()
	kinds := []string{"rows", "wide rows", "columns", "strided", "repeated row", "repeated column"}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][3]int{
		{0, 3, 2}, {3, 0, 2}, {3, 2, 0}, {1, 1, 1}, {1, 100, 7}, {2, 3, 33}, {5, 1, 31}, {7, 65, 1}, {11, 13, 17}, {12, 16, 32}, {13, 17, 33},
		{25, 31, 64}, {64, 70, 100}, {97, 40, 129}, {193, 9, 40}, {3, 1031, 35}, {30, 2050, 3},
	} {
		m, k, n := size[0], size[1], size[2]
		for _, ka := range kinds {
			for _, kb := range kinds {
				a, b := view(rng, m, k, ka), view(rng, k, n, kb)
				dst := Matrix{random(rng, m*(n+3)), m, n, n + 3, 1}
				before := append([]float32(nil), dst.Data...)
				MatMul(p, s, dst, a, b)
				checkProduct(t, fmt.Sprintf("%dx%dx%d, a by %s, b by %s", m, k, n, ka, kb), dst, a, b)
				for i, v := range dst.Data {
					if i%(n+3) >= n && v != before[i] {
						t.Fatalf("wrote beside row %d of dst", i/(n+3))
					}
				}
			}
		}
	}
}

func checkProduct(t *testing.T, name string, dst, a, b Matrix) {
	t.Helper()
	for r := range dst.Rows {
		for c := range dst.Cols {
			var want sum
			for k := range a.Cols {
				want.add(a.Data[r*a.RowStride+k*a.ColStride], b.Data[k*b.RowStride+c*b.ColStride])
			}
			if got := dst.Data[r*dst.RowStride+c]; !want.accepts(got) {
				t.Fatalf("%s: element (%d, %d) is %v, want %v", name, r, c, got, want.exact)
			}
		}
	}
}

func TestBatchMatMul(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const count, m, k, n = 5, 6, 19, 37
	a, b, dst := random(rng, count*m*k), random(rng, k*n), make([]float32, count*m*n)
	BatchMatMul(nil, new(Scratch), Batch{Count: count, Dst: m * n, A: m * k, B: 0}, RowMajor(dst, m, n), RowMajor(a, m, k), RowMajor(b, k, n))
	for i := range count {
		checkProduct(t, fmt.Sprint("product ", i), RowMajor(dst[i*m*n:], m, n), RowMajor(a[i*m*k:], m, k), RowMajor(b, k, n))
	}
}

func TestMatMulRefusesWrongShapes(t *testing.T) {
	for name, op := range map[string]func(){
		"inner sizes": func() {
			MatMul(nil, new(Scratch), RowMajor(make([]float32, 4), 2, 2), RowMajor(make([]float32, 6), 2, 3), RowMajor(make([]float32, 4), 2, 2))
		},
		"short data": func() {
			MatMul(nil, new(Scratch), RowMajor(make([]float32, 4), 2, 2), RowMajor(make([]float32, 5), 2, 3), RowMajor(make([]float32, 6), 3, 2))
		},
		"transposed result": func() {
			MatMul(nil, new(Scratch), RowMajor(make([]float32, 4), 2, 2).T(), RowMajor(make([]float32, 6), 2, 3), RowMajor(make([]float32, 6), 3, 2))
		},
	} {
		func() {
			defer func() {
				if _, ok := recover().(error); !ok {
					t.Errorf("%s: no panic with an error", name)
				}
			}()
			op()
		}()
	}
}

func TestMatMul64(t *testing.T) {
	eachLevel(t, func(t *testing.T, s *Scratch) {
		p := pool.New(3)
		defer p.Close()
		rng := rand.New(rand.NewPCG(23, 24))
		for _, size := range [][3]int{{0, 3, 2}, {3, 0, 2}, {3, 2, 0}, {1, 1, 1}, {7, 19, 17}, {12, 31, 16}, {13, 5, 33}, {97, 513, 25}, {30, 1100, 8}} {
			m, k, n := size[0], size[1], size[2]
			numbers := func(n int) []float64 {
				s := make([]float64, n)
				for i := range s {
					s[i] = 2*rng.Float64() - 1
				}
				return s
			}
			a, b := Matrix64{numbers(m * k), m, k, k, 1}, Matrix64{numbers(k * n), k, n, 1, k}
			if m%2 == 1 {
				a.RowStride, a.ColStride = 1, m
			}
			dst := Matrix64{numbers(m * (n + 1)), m, n, n + 1, 1}
			MatMul64(p, s, dst, a, b)
			for r := range m {
				for c := range n {
					var want, magnitude float64
					for i := range k {
						product := a.Data[r*a.RowStride+i*a.ColStride] * b.Data[i*b.RowStride+c*b.ColStride]
						want, magnitude = want+product, magnitude+math.Abs(product)
					}
					// Both sums err by at most k units of the last place of the magnitude.
					if got := dst.Data[r*(n+1)+c]; math.Abs(got-want) > 2*float64(k)*magnitude*0x1p-53 {
						t.Fatalf("%v: element (%d, %d) is %v, want %v", size, r, c, got, want)
					}
				}
			}
		}
	})
}
