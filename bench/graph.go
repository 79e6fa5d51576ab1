package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// work is a graph on a backend with inputs of random numbers in [-1, 1), the same for the same names and shapes.
type work struct {
	backend    compute.Backend
	executable compute.Executable
	inputs     []compute.Buffer
	values     map[string][]float32 // of the inputs, by name
}

// inputs makes a parameter of the graph with random values.
type inputs func(name string, dims ...int) *graph.Node

// alone makes a graph with one output.
func alone(build func(g *graph.Graph, in inputs) *graph.Node) func(g *graph.Graph, in inputs) []*graph.Node {
	return func(g *graph.Graph, in inputs) []*graph.Node { return []*graph.Node{build(g, in)} }
}

// onEngine compiles what build makes on a new engine. The configuration is that of engine.New.
func onEngine(config string, threads int, build func(g *graph.Graph, in inputs) []*graph.Node) (w *work, err error) {
	backend, err := engine.New(fmt.Sprintf("threads=%d,%s", threads, config))
	if err != nil {
		return nil, err
	}
	return onBackend(backend, build)
}

// onBackend compiles what build makes. The backend is the work's from then on.
func onBackend(backend compute.Backend, build func(g *graph.Graph, in inputs) []*graph.Node) (w *work, err error) {
	ops.Register()
	w = &work{backend: backend, values: map[string][]float32{}}
	g := graph.NewGraph(backend, "bench")
	defer func() {
		if caught := recover(); caught != nil { // GoMLX panics with what is wrong in a graph
			w.close()
			w, err = nil, fmt.Errorf("bench: building the graph: %v", caught)
		}
	}()
	out := build(g, func(name string, dims ...int) *graph.Node {
		shape := shapes.Make(dtypes.Float32, dims...)
		values := randoms(name, shape.Size())
		buffer, err := backend.BufferFromFlatData(0, values, shape)
		if err != nil {
			panic(err)
		}
		w.inputs, w.values[name] = append(w.inputs, buffer), values
		return graph.Parameter(g, name, shape)
	})
	if err := g.Compile(out...); err != nil {
		panic(err)
	}
	w.executable = g.Executable()
	return w, nil
}

func randoms(name string, n int) []float32 {
	random, values := layers.Stream(0, "bench", name), make([]float32, n)
	for i := range values {
		values[i] = 2*random.Float32() - 1
	}
	return values
}

// burst runs the graph; what an execution returns is freed at once, so that the next one takes its memory.
func (w *work) burst(ctx context.Context, runs int) ([]float64, error) {
	seconds := make([]float64, runs)
	for i := range seconds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		began := time.Now()
		outputs, err := w.executable.Execute(w.inputs, nil, 0)
		if err != nil {
			return nil, err
		}
		for _, o := range outputs {
			if err := o.Finalize(); err != nil {
				return nil, err
			}
		}
		seconds[i] = time.Since(began).Seconds()
	}
	return seconds, nil
}

// algorithm is that of the longest kernel of a run on the engine: its method if it has several, else its name.
func (w *work) algorithm(ctx context.Context) (string, error) {
	profile, stop := w.backend.(*engine.Backend).Profile()
	_, err := w.burst(ctx, 1)
	stop()
	if err != nil {
		return "", err
	}
	rows := profile.Rows()
	if len(rows) == 0 {
		return "", fmt.Errorf("bench: the graph has no kernel")
	}
	if rows[0].Method != "" {
		return rows[0].Method, nil
	}
	return rows[0].Kernel, nil
}

// result runs the graph once and returns its output.
func (w *work) result() ([]float32, error) {
	outputs, err := w.executable.Execute(w.inputs, nil, 0)
	if err != nil {
		return nil, err
	}
	shape, err := outputs[0].Shape()
	if err != nil {
		return nil, err
	}
	values := make([]float32, shape.Size())
	return values, outputs[0].ToFlatData(values)
}

func (w *work) close() { w.backend.Finalize() }
