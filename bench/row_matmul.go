package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/gomlx/gomlx/core/graph"
)

// matmuls are products of square matrices.
func matmuls() (tasks []task) {
	for _, n := range []int{1024, 2048, 4096} {
		tasks = append(tasks, task{
			name: fmt.Sprintf("matmul/%d", n), flops: 2 * float64(n) * float64(n) * float64(n), length: 2 * time.Second,
			ours: func(ctx context.Context, threads int) (*entrant, string, error) {
				return timed(ctx, "", threads, alone(square(n)))
			},
			peers: []string{numpy, torch, stock},
			work:  command{Work: "matmul", N: n},
		})
	}
	return tasks
}

// square multiplies two matrices.
func square(n int) func(g *graph.Graph, in inputs) *graph.Node {
	return func(_ *graph.Graph, in inputs) *graph.Node { return graph.Dot(in("a", n, n), in("b", n, n)).Product() }
}

// timed is our entrant of a graph.
func timed(ctx context.Context, config string, threads int, build func(g *graph.Graph, in inputs) []*graph.Node) (*entrant, string, error) {
	w, err := onEngine(config, threads, build)
	if err != nil {
		return nil, "", err
	}
	algorithm, err := w.algorithm(ctx)
	if err != nil {
		w.close()
		return nil, "", err
	}
	return &entrant{threads: threads, burst: w.burst, close: w.close}, algorithm, nil
}
