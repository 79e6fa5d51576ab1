package metrics

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
)

// Neighbour is the nearest row of a reference set.
type Neighbour struct {
	Index    int     // in the reference set; of equally near rows the first
	Distance float64 // Euclidean, in the unit of the rows
}

// Nearest finds for every query row the nearest row of the references: on pixels, the training picture that a sample is most
// like. It is exact. Work is shared between threads, and the answer does not depend on their number.
//
// It takes the reference rows block by block, so that a block stays in the cache while all queries meet it, and leaves a pair
// as soon as it is sure to be farther than what was found: at once where the lengths of the two differ by more than that
// (the triangle inequality), or when the sum over the first coordinates is larger.
func Nearest(ctx context.Context, queries, references Rows) ([]Neighbour, error) {
	if err := queries.check("queries"); err != nil {
		return nil, err
	}
	if err := references.check("references"); err != nil {
		return nil, err
	}
	if queries.Size != references.Size {
		return nil, fmt.Errorf("metrics: queries have %d numbers each and references %d", queries.Size, references.Size)
	}
	lengths := lengthsOf(references)
	found := make([]Neighbour, queries.Len())
	var workers sync.WaitGroup
	parts := min(runtime.GOMAXPROCS(0), len(found))
	for w := range parts {
		from, to := w*len(found)/parts, (w+1)*len(found)/parts
		workers.Go(func() { nearest(ctx, queries, references, lengths, from, found[from:to]) })
	}
	workers.Wait()
	return found, ctx.Err()
}

// block is how many reference rows are compared with all queries before the next: 128 MNIST pictures are 400 KB.
const block = 128

// nearest fills found with the neighbours of the queries from the given one on.
func nearest(ctx context.Context, queries, references Rows, lengths []float64, from int, found []Neighbour) {
	own := lengthsOf(Rows{queries.Size, queries.Values[from*queries.Size : (from+len(found))*queries.Size]})
	best := make([]float64, len(found)) // squared distances
	for i := range best {
		best[i] = math.Inf(1)
	}
	for start := 0; start < references.Len() && ctx.Err() == nil; start += block {
		for i := range found {
			query := queries.Row(from + i)
			for r := start; r < min(start+block, references.Len()); r++ {
				// The lengths are rounded; the factor keeps the bound on the safe side.
				if gap := own[i] - lengths[r]; gap*gap*(1-1e-9) > best[i] {
					continue
				}
				if d := squaredDistance(query, references.Row(r), best[i]); d < best[i] {
					best[i], found[i].Index = d, r
				}
			}
		}
	}
	for i := range found {
		found[i].Distance = math.Sqrt(best[i])
	}
}

// lengthsOf are the Euclidean lengths of the rows.
func lengthsOf(r Rows) []float64 {
	lengths := make([]float64, r.Len())
	for i := range lengths {
		sum := 0.0
		for _, v := range r.Row(i) {
			sum += float64(v) * float64(v)
		}
		lengths[i] = math.Sqrt(sum)
	}
	return lengths
}

// squaredDistance is sum (a-b)^2, or something larger than the bound once that is sure. Four sums in double precision go
// side by side, because one would wait for itself.
func squaredDistance(a, b []float32, bound float64) float64 {
	const step = 32
	b = b[:len(a)]
	sum := 0.0
	for len(a) >= step {
		var s0, s1, s2, s3 float64
		x, y := a[:step], b[:step]
		for i := 0; i < step; i += 4 {
			d0, d1 := float64(x[i]-y[i]), float64(x[i+1]-y[i+1])
			d2, d3 := float64(x[i+2]-y[i+2]), float64(x[i+3]-y[i+3])
			s0, s1, s2, s3 = s0+d0*d0, s1+d1*d1, s2+d2*d2, s3+d3*d3
		}
		if sum += (s0 + s1) + (s2 + s3); sum > bound {
			return sum
		}
		a, b = a[step:], b[step:]
	}
	for i := range a {
		d := float64(a[i] - b[i])
		sum += d * d
	}
	return sum
}
