package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// conv is a convolution of square pictures: x [Batch, Side, Side, In] with w [Kernel, Kernel, In, Out], Pad zeros on every side.
type conv struct {
	name                                      string
	Batch, Side, In, Out, Kernel, Stride, Pad int
}

// out is the side of the result.
func (c conv) out() int { return (c.Side+2*c.Pad-c.Kernel)/c.Stride + 1 }

// flops are those of the direct convolution, padding counted, the same in each direction.
func (c conv) flops() float64 {
	return 2 * float64(c.Batch*c.out()*c.out()) * float64(c.Kernel*c.Kernel*c.In*c.Out)
}

// directions are a convolution, its gradient by its input (a transposed convolution), and its gradient by its kernel.
var directions = []string{"forward", "byinput", "bykernel"}

// build makes the graph of a direction.
func (c conv) build(direction string) func(g *graph.Graph, in inputs) *graph.Node {
	o := ops.ConvOptions{Stride: c.Stride, Padding: c.Pad}
	return func(g *graph.Graph, in inputs) *graph.Node {
		x := func() *graph.Node { return in("x", c.Batch, c.Side, c.Side, c.In) }
		w := func() *graph.Node { return in("w", c.Kernel, c.Kernel, c.In, c.Out) }
		dy := func() *graph.Node { return in("dy", c.Batch, c.out(), c.out(), c.Out) }
		switch direction {
		case "forward":
			return ops.Conv(x(), w(), o)
		case "byinput":
			extra := c.Side + 2*c.Pad - c.Kernel - (c.out()-1)*c.Stride // rows at the end that no tap meets
			return ops.ConvTranspose(dy(), w(), ops.ConvTransposeOptions{Stride: c.Stride, Padding: c.Pad, OutputPadding: extra})
		default:
			// The gradient needs neither the convolution's result nor w: they are pruned.
			picture, kernel, by := x(), w(), dy()
			y := graph.IdentityWithCustomGradient(ops.Conv(picture, kernel, o), func(_, _ *graph.Node) *graph.Node { return by })
			return graph.Gradient(graph.ReduceAllSum(y), kernel)[0]
		}
	}
}

// convs are the convolutions of four systems at the sizes of their papers, each in three directions.
func convs() (tasks []task) {
	for _, c := range convolutions() {
		for _, direction := range directions {
			tasks = append(tasks, task{
				name: "conv/" + c.name + "/" + direction, flops: c.flops(), length: 800 * time.Millisecond,
				ours: func(ctx context.Context, threads int) (*entrant, string, error) {
					return timed(ctx, "", threads, alone(c.build(direction)))
				},
				peers:  c.peers(direction),
				work:   c.command(direction),
				finish: func(_ context.Context, rows []Row) error { return c.addErrors(direction, rows) },
			})
		}
	}
	return tasks
}

func (c conv) command(direction string) command {
	return command{Work: "conv", Direction: direction, Batch: c.Batch, Side: c.Side, In: c.In, Out: c.Out, Kernel: c.Kernel, Stride: c.Stride, Pad: c.Pad}
}

// peers are PyTorch, and for one small layer GoMLX's stock backend, which takes a second.
func (c conv) peers(direction string) []string {
	if c.name == "wgangp32/8" && direction == "forward" {
		return []string{torch, stock}
	}
	return []string{torch}
}

// directs are DCGAN-64's three middle layers by the definition's sums: what the kernels make of the machine's peak.
func directs() (tasks []task) {
	for _, c := range convolutions() {
		if c.name != "dcgan64/d2" && c.name != "dcgan64/d3" && c.name != "dcgan64/d4" {
			continue
		}
		for _, direction := range directions {
			tasks = append(tasks, task{
				name: fmt.Sprintf("direct/%s/%s", c.name, direction), flops: c.flops(), length: 800 * time.Millisecond,
				ours: func(ctx context.Context, threads int) (*entrant, string, error) {
					return timed(ctx, "conv=exact", threads, alone(c.build(direction)))
				},
			})
		}
	}
	return tasks
}
