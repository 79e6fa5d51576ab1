package vec

import "math"

// Lanes is the number of partial results of a reduction: element i goes to lane i mod Lanes, in order, and at the end the
// lanes are folded in halves (lane j with lane j + 32, then j + 16, ... j + 1). Every variant keeps to this, so the result
// has the same bits on all of them; and four times sixteen lanes keep the adders of AVX-512 busy.
const Lanes = 64

type lanes [Lanes]float32

// Reduction names a way to fold many numbers into one.
type Reduction uint8

// The reductions.
const (
	Sum     Reduction = iota // float32 additions in the order Lanes documents
	Largest                  // NaN if any is NaN; -Inf of nothing
	Least                    // NaN if any is NaN; +Inf of nothing
	numReductions
)

var reductionNames = [numReductions]string{"sum", "largest", "least"}

func (r Reduction) String() string { return reductionNames[r] }

// Identity is the reduction of nothing.
func (r Reduction) Identity() float32 {
	return [numReductions]float32{0, float32(math.Inf(-1)), float32(math.Inf(1))}[r]
}

// Binary is the function that joins two partial results.
func (r Reduction) Binary() Binary { return [numReductions]Binary{Add, Max, Min}[r] }

// Run reduces x to one number.
func (r Reduction) Run(x []float32) float32 {
	return active.reduce(r, x)
}

func (k *kernels) reduce(r Reduction, x []float32) float32 {
	var acc lanes
	acc.start(r)
	k.accumulate(r, &acc, x)
	return acc.fold(r, len(x))
}

// Dot returns the sum of a[i]·b[i] over all of a, each product added with one rounding, in the order of Sum. b must be at
// least as long as a.
func Dot(a, b []float32) float32 {
	var acc lanes
	active.accumulateDot(&acc, a, b[:len(a)])
	return acc.fold(Sum, len(a))
}

// SumSquares returns the sum of x[i]², as Dot(x, x).
func SumSquares(x []float32) float32 { return Dot(x, x) }

// Columns reduces the rows of a matrix into dst: dst[j] = dst[j] op x[r·stride + j] for r = 0, 1, ... rows-1 in this
// order, for all of dst, which thus has to start with something: see Identity. stride is at least len(dst).
func (r Reduction) Columns(dst, x []float32, rows, stride int) {
	if len(dst) == 0 {
		return
	}
	// The kernel goes down all rows with a few columns at a time; so only with as many rows as a cache holds.
	const cached = 1 << 15
	few := max(1, cached/max(stride, 1))
	for ; rows > 0; rows -= few {
		n := min(few, rows)
		active.columns(r)(dst, x[:(n-1)*stride+len(dst)], n, stride)
		if rows > n {
			x = x[n*stride:]
		}
	}
}

func (k *kernels) columns(r Reduction) func(acc, x []float32, rows, stride int) {
	switch r {
	case Largest:
		return k.columnMax
	case Least:
		return k.columnMin
	}
	return k.columnSum
}

func (acc *lanes) start(r Reduction) { Fill(acc[:], r.Identity()) }

// fold joins the lanes after n elements. Lanes that saw none hold the identity, and leaving them out changes nothing.
func (acc *lanes) fold(r Reduction, n int) float32 {
	work := *acc
	half := Lanes / 2
	for half >= n && half > 0 {
		half /= 2
	}
	for ; half > 0; half /= 2 {
		low, high := work[:half], work[half:][:half]
		switch r {
		case Sum:
			for j, v := range high {
				low[j] += v
			}
		case Largest:
			for j, v := range high {
				low[j] = max(low[j], v)
			}
		case Least:
			for j, v := range high {
				low[j] = min(low[j], v)
			}
		}
	}
	return work[0]
}

func join(r Reduction, a, b float32) float32 {
	switch r {
	case Largest:
		return max(a, b)
	case Least:
		return min(a, b)
	}
	return a + b
}

func accumulateGo(r Reduction, acc *lanes, x []float32) {
	for len(x) > 0 {
		round := x[:min(Lanes, len(x))]
		switch r {
		case Sum:
			for j, v := range round {
				acc[j] += v
			}
		case Largest:
			for j, v := range round {
				acc[j] = max(acc[j], v)
			}
		case Least:
			for j, v := range round {
				acc[j] = min(acc[j], v)
			}
		}
		x = x[len(round):]
	}
}

func accumulateDotGo(acc *lanes, a, b []float32) {
	for i, v := range a {
		acc[i%Lanes] = fma(v, b[i], acc[i%Lanes])
	}
}

func columnSumGo(acc, x []float32, rows, stride int) {
	for r := range rows {
		for j, v := range x[r*stride:][:len(acc)] {
			acc[j] += v
		}
	}
}

func columnMaxGo(acc, x []float32, rows, stride int) {
	for r := range rows {
		for j, v := range x[r*stride:][:len(acc)] {
			acc[j] = max(acc[j], v)
		}
	}
}

func columnMinGo(acc, x []float32, rows, stride int) {
	for r := range rows {
		for j, v := range x[r*stride:][:len(acc)] {
			acc[j] = min(acc[j], v)
		}
	}
}
