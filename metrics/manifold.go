package metrics

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
)

// PrecisionRecall tells how many samples look real and how much of what is real is made: Kynkäänniemi et al. 2019 (1904.06991,
// equations 1 and 2). Precision is the share of samples that fall into the manifold of the real rows, recall the share of real rows
// that fall into that of the samples. The manifold of a set is the union of spheres around its rows, each reaching to its
// k-th nearest neighbour in the set (the paper: 3).
type PrecisionRecall struct {
	Precision, Recall float64 // in [0, 1]
}

// PrecisionRecallOf compares samples with real rows, both [n, size], of the same size. Both shares depend on the numbers of
// rows: compare only what was measured with the same.
func PrecisionRecallOf(ctx context.Context, samples, real Rows, k int) (p PrecisionRecall, err error) {
	if err := samples.check("samples"); err != nil {
		return p, err
	}
	if err := real.check("real rows"); err != nil {
		return p, err
	}
	if samples.Size != real.Size {
		return p, fmt.Errorf("metrics: samples have %d numbers each and real rows %d", samples.Size, real.Size)
	}
	if k < 1 || k >= min(samples.Len(), real.Len()) {
		return p, fmt.Errorf("metrics: the manifold of %d and %d rows with neighbour %d: it must be 1 or more, and less than the rows", samples.Len(), real.Len(), k)
	}
	if p.Precision, err = covered(ctx, samples, real, k); err != nil {
		return p, err
	}
	p.Recall, err = covered(ctx, real, samples, k)
	return p, err
}

// covered is the share of the queries that lie in the manifold of the rows.
func covered(ctx context.Context, queries, of Rows, k int) (float64, error) {
	radii := make([]float64, of.Len()) // squared
	share(of.Len(), func(i int) {
		if ctx.Err() == nil {
			radii[i] = toNeighbour(of, i, k)
		}
	})
	inside := make([]bool, queries.Len())
	share(queries.Len(), func(i int) {
		for j := 0; j < of.Len() && !inside[i] && ctx.Err() == nil; j++ {
			inside[i] = squaredDistance(queries.Row(i), of.Row(j), radii[j]) <= radii[j]
		}
	})
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n := 0
	for _, in := range inside {
		if in {
			n++
		}
	}
	return float64(n) / float64(len(inside)), nil
}

// toNeighbour is the squared distance from row i to the k-th nearest of the other rows.
func toNeighbour(r Rows, i, k int) float64 {
	best := make([]float64, k) // ascending
	for j := range best {
		best[j] = math.Inf(1)
	}
	for j := range r.Len() {
		if j == i {
			continue
		}
		if d := squaredDistance(r.Row(i), r.Row(j), best[k-1]); d < best[k-1] {
			at, _ := slices.BinarySearch(best, d)
			copy(best[at+1:], best[at:k-1])
			best[at] = d
		}
	}
	return best[k-1]
}

// share calls f for each of n on as many threads as there are. f(i) must touch nothing but what is of i.
func share(n int, f func(i int)) {
	var workers sync.WaitGroup
	parts := min(runtime.GOMAXPROCS(0), n)
	for w := range parts {
		workers.Go(func() {
			for i := w * n / parts; i < (w+1)*n/parts; i++ {
				f(i)
			}
		})
	}
	workers.Wait()
}
