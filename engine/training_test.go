package engine_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/ganymede-gan/ganymede/engine"
)

// newBackend makes an engine that goes with the test.
func newBackend(t testing.TB, config string) *engine.Backend {
	t.Helper()
	b, err := engine.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

// gan is a small convolutional game as one graph: both players' losses, their gradients by the weights, and a step of Adam for each.
// The generator makes pictures by upsampling and convolving, so that it trains on the stock backend too.
type gan struct {
	batch, side, width int
}

// weights are the shapes of all variables: two kernels and a matrix for each player.
func (m gan) weights() [][]int {
	return [][]int{
		{4, 4, 3, m.width}, {4, 4, m.width, 2 * m.width}, {m.side / 4 * m.side / 4 * 2 * m.width, 1},
		{8, m.side / 4 * m.side / 4 * 2 * m.width}, {3, 3, 2 * m.width, m.width}, {3, 3, m.width, 3},
	}
}

func (m gan) critic(x *Node, w []*Node) *Node {
	x = leaky(Convolve(x, w[0]).Strides(2).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done())
	x = leaky(normalise(Convolve(x, w[1]).Strides(2).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done()))
	return Dot(Reshape(x, m.batch, -1), w[2]).Product()
}

func (m gan) generator(z *Node, w []*Node) *Node {
	x := Reshape(Dot(z, w[3]).Product(), m.batch, m.side/4, m.side/4, 2*m.width)
	x = Max(normalise(x), ScalarZero(x.Graph(), x.DType()))
	x = Convolve(double(x), w[4]).PadSame().Done()
	x = Max(normalise(x), ScalarZero(x.Graph(), x.DType()))
	return Tanh(Convolve(double(x), w[5]).PadSame().Done())
}

// double repeats every pixel twice along both spatial axes.
func double(x *Node) *Node {
	d := x.Shape().Dimensions
	x = BroadcastToDims(Reshape(x, d[0], d[1], 1, d[2], 1, d[3]), d[0], d[1], 2, d[2], 2, d[3])
	return Reshape(x, d[0], 2*d[1], 2*d[2], d[3])
}

func leaky(x *Node) *Node {
	return Where(GreaterThan(x, ScalarZero(x.Graph(), x.DType())), x, MulScalar(x, 0.2))
}

// normalise is batch normalisation without scale and shift.
func normalise(x *Node) *Node {
	mean := ReduceAndKeep(x, ReduceMean, 0, 1, 2)
	centred := Sub(x, mean)
	variance := ReduceAndKeep(Square(centred), ReduceMean, 0, 1, 2)
	return Div(centred, Sqrt(AddScalar(variance, 1e-5)))
}

func softplus(x *Node) *Node {
	return Add(Max(x, ZerosLike(x)), Log1P(Exp(Neg(Abs(x)))))
}

// round takes pictures, latents and all state (weights, first and second moments), and returns the losses and the new state.
func (m gan) round(in []*Node) []*Node {
	real, z, state := in[0], in[1], in[2:]
	n := len(m.weights())
	w := state[:n]
	fake := m.generator(z, w)
	lossD := ReduceAllMean(Add(softplus(Neg(m.critic(real, w))), softplus(m.critic(StopGradient(fake), w))))
	lossG := ReduceAllMean(softplus(Neg(m.critic(fake, w))))
	grads := append(Gradient(lossD, w[:3]...), Gradient(lossG, w[3:]...)...)
	out := []*Node{lossD, lossG}
	var first, second []*Node
	for i, g := range grads {
		m1 := Add(MulScalar(state[n+i], 0.5), MulScalar(g, 0.5))
		m2 := Add(MulScalar(state[2*n+i], 0.999), MulScalar(Square(g), 0.001))
		out = append(out, Sub(w[i], MulScalar(Div(m1, AddScalar(Sqrt(m2), 1e-8)), 2e-4)))
		first, second = append(first, m1), append(second, m2)
	}
	return append(append(out, first...), second...)
}

// play trains some rounds and returns the losses of all, and the last state.
func (m gan) play(backend compute.Backend, rounds int) (losses []float64, state []*tensors.Tensor, err error) {
	exec, err := NewExec(backend, m.round)
	if err != nil {
		return nil, nil, err
	}
	defer exec.Finalize()
	var noise wave
	for _, dims := range m.weights() {
		state = append(state, noise.tensor(0.05, dims...))
	}
	for range 2 {
		for _, dims := range m.weights() {
			state = append(state, tensors.FromShape(shapes.Make(dtypes.Float32, dims...)))
		}
	}
	for range rounds {
		args := []any{noise.tensor(1, m.batch, m.side, m.side, 3), noise.tensor(1, m.batch, 8)}
		for _, t := range state {
			args = append(args, t)
		}
		out, err := exec.Call(args...)
		if err != nil {
			return nil, nil, err
		}
		losses = append(losses, float64(tensors.ToScalar[float32](out[0])), float64(tensors.ToScalar[float32](out[1])))
		state = out[2:]
	}
	return losses, state, nil
}

// wave makes reproducible numbers that look random.
type wave struct{ i float64 }

func (w *wave) tensor(scale float64, dims ...int) *tensors.Tensor {
	flat := make([]float32, shapes.Make(dtypes.Float32, dims...).Size())
	for i := range flat {
		w.i++
		flat[i] = float32(scale * math.Sin(w.i*w.i*0.37+w.i))
	}
	return tensors.FromFlatDataAndDimensions(flat, dims...)
}

// TestTrainingAgainstStock trains the game on both backends: the losses must stay together. They drift apart as rounding errors grow;
// a wrong gradient shows from the second round on, far above the bound.
func TestTrainingAgainstStock(t *testing.T) {
	if underRace {
		t.Skip("the stock backend does not run under -race")
	}
	stock, err := gobackend.New("ops_sequential") // with operations side by side its convolutions can wait for each other for ever
	if err != nil {
		t.Fatal(err)
	}
	defer stock.Finalize()
	m := gan{batch: 4, side: 8, width: 4}
	want, _, err := m.play(stock, 3)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := m.play(newBackend(t, "verify"), 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 2e-4 {
			t.Errorf("round %d, player %d: loss %.7f, stock has %.7f", i/2, i%2, got[i], want[i])
		}
	}
}

// TestTrainingSameBitsForAnyThreads trains the game on one, two and three threads.
func TestTrainingSameBitsForAnyThreads(t *testing.T) {
	m := gan{batch: 5, side: 16, width: 8}
	var first []*tensors.Tensor
	for threads := 1; threads <= 3; threads++ {
		_, state, err := m.play(newBackend(t, fmt.Sprintf("threads=%d", threads)), 2)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = state
			continue
		}
		for i, s := range state {
			if !s.Equal(first[i]) {
				t.Errorf("state %d of %d threads is not that of one", i, threads)
			}
		}
	}
}
