package gan

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/internal/oracle/nets"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// The gradient penalty differentiated by the input and by every weight of a critic, through every layer that a critic may have. The
// oracle fails where that gradient is zero or cut off.
func TestPenaltyGradientByTheWeights(t *testing.T) {
	norm := layers.LayerNorm{}.On
	critics := map[string]struct {
		network nets.Network
		pass    layers.Pass
		x       []int
	}{
		"dense":            {layers.Dense{Units: 3}.On, layers.Train, []int{2, 4}},
		"conv":             {layers.Conv{Filters: 2, Kernel: 3, Pad: 1}.On, layers.Train, []int{2, 4, 4, 2}},
		"conv, strided":    {layers.Conv{Filters: 2, Kernel: 4, Stride: 2, Pad: 1}.On, layers.Train, []int{2, 6, 6, 2}},
		"transposed":       {layers.ConvTranspose{Filters: 2, Kernel: 4, Stride: 2, Pad: 1}.On, layers.Train, []int{2, 3, 3, 2}},
		"layer norm":       {norm, layers.Train, []int{2, 3, 3, 2}},
		"batch norm":       {layers.BatchNorm{}.On, layers.Batch, []int{3, 2, 2, 2}},
		"maxout":           {layers.Maxout{Units: 3, Pieces: 4}.On, layers.Train, []int{3, 4}},
		"embedding":        {projection, layers.Train, []int{3, 4}},
		"mlp":              {layers.MLP{Hidden: []int{4, 4}, Units: 2, Activation: layers.LeakyReLU(0.2)}.On, layers.Train, []int{2, 3}},
		"residual, up":     {layers.Residual{Filters: 3, Resample: layers.Up, Norm: norm}.On, layers.Train, []int{2, 3, 3, 2}},
		"residual, down":   {layers.Residual{Filters: 3, Resample: layers.Down, Norm: norm}.On, layers.Train, []int{2, 4, 4, 2}},
		"residual, first":  {layers.Residual{Filters: 3, Resample: layers.Down, First: true}.On, layers.Train, []int{2, 4, 4, 2}},
		"residual, same":   {layers.Residual{Filters: 2}.On, layers.Train, []int{2, 3, 3, 2}},
		"convs of a dcgan": {func(net Net, x *Node) *Node { return pictures(norm, false).Critic(net, x, nil) }, layers.Train, []int{2, 8, 8, 1}},
	}
	for name, c := range critics {
		t.Run(name, func(t *testing.T) {
			open := nets.At(t, c.network, c.pass, oracle.Normal(7, c.x...))
			penalty := func(in []*Node) *Node {
				score := func(x *Node) *Node {
					y := open.Function(append([]*Node{x}, in[1:]...))
					return ops.SampleSum(graph.Tanh(y))
				}
				return towards(slope(score, in[0]), 1, false)
			}
			oracle.Gradients(t, penalty, open.Inputs, oracle.Order(1), oracle.Step(1e-4), oracle.Tol(1e-6), oracle.Elements(12))
		})
	}
	t.Run("a penalty cut from the weights is found out", func(t *testing.T) {
		open := nets.At(t, layers.Dense{Units: 3}.On, layers.Train, oracle.Normal(7, 2, 4))
		_, err := oracle.Check(func(in []*Node) *Node {
			score := func(x *Node) *Node { return ops.SampleSum(graph.Tanh(open.Function(append([]*Node{x}, in[1:]...)))) }
			return towards(graph.StopGradient(slope(score, in[0])), 1, false)
		}, open.Inputs, oracle.Order(1))
		if err == nil {
			t.Error("nobody noticed")
		}
	})
}

// projection is a conditional score (Miyato 2018, 1802.05637).
func projection(net Net, x *Node) *Node {
	labels := graph.Const(x.Graph(), []int32{2, 0, 2})
	features := graph.Tanh(layers.Dense{Units: 3}.On(net.In("features"), x))
	return graph.Mul(features, layers.Embedding{Rows: 3, Size: 3}.On(net.In("class"), labels))
}

// penaltyGame has one move whose loss is a penalty of a critic with a weight w: linear, score = w.x, or bowl, score = w |x|^2/2.
func penaltyGame(bowl bool, loss func(r *Turn, score Score) *Node) *Game {
	critic := func(r *Turn) Score {
		return func(x *Node) *Node {
			net := r.Net(CriticScope)
			if bowl {
				return graph.Mul(graph.MulScalar(ops.SampleSquaredNorm(x), 0.5), net.Weight("w", layers.Constant(1.5)))
			}
			return ops.SampleSum(graph.Mul(x, graph.Reshape(net.Weight("w", layers.Normal(0, 1), 4), 1, 2, 2, 1)))
		}
	}
	return &Game{
		Batch: 3, Needs: []Need{Records("pictures", 2, 2, 1), Normal("fakes", 2, 2, 1)}, Knobs: []Knob{{Name: "rate", Value: 0.1}},
		Acts: []Act{{Moves: []Move{{
			Name: "critic", Owns: []string{CriticScope}, Optimizer: SGD{}, Rate: "rate",
			Loss: func(r *Turn) *Node { return loss(r, critic(r)) },
		}}}},
	}
}

// The slope of a linear critic is its weight, wherever it is measured: each penalty has a closed form, and so has the step that
// gradient descent makes, which is lost if the gradient through the gradient is.
func TestPenaltiesOfALinearCritic(t *testing.T) {
	gp := func(target float64, upper bool) func(r *Turn, score Score) *Node {
		return func(r *Turn, score Score) *Node {
			return GradientPenalty(r, score, r.Need("pictures"), r.Need("fakes"), target, upper)
		}
	}
	square := func(x float64) float64 { return x * x }
	for name, c := range map[string]struct {
		loss func(r *Turn, score Score) *Node
		// of the length of w: the value, and its derivative
		value, slope func(length float64) float64
	}{
		"gp":                 {gp(1, false), func(l float64) float64 { return square(l - 1) }, func(l float64) float64 { return 2 * (l - 1) }},
		"gp, target 5":       {gp(5, false), func(l float64) float64 { return square(l - 5) }, func(l float64) float64 { return 2 * (l - 5) }},
		"gp, upper, below 1": {gp(0.5, true), func(l float64) float64 { return square(l - 0.5) }, func(l float64) float64 { return 2 * (l - 0.5) }},
		"r1": {func(r *Turn, score Score) *Node { return R1(score, r.Need("pictures")) },
			func(l float64) float64 { return l * l / 2 }, func(l float64) float64 { return l }},
		"r2": {func(r *Turn, score Score) *Node { return R2(score, r.Need("fakes")) },
			func(l float64) float64 { return l * l / 2 }, func(l float64) float64 { return l }},
		"dragan": {func(r *Turn, score Score) *Node { return Dragan(r, score, r.Need("pictures")) },
			func(l float64) float64 { return square(l - 1) }, func(l float64) float64 { return 2 * (l - 1) }},
	} {
		t.Run(name, func(t *testing.T) {
			p := play(t, penaltyGame(false, c.loss), dtypes.Float64)
			before := layersNormal(t, p)
			terms := p.play()
			length := math.Sqrt(dot(before, before))
			near(t, "penalty", []float64{terms["critic/loss"]}, []float64{c.value(length)}, 1e-9) // 1e-12 under the root
			want := slices.Clone(before)
			for i := range want {
				want[i] -= 0.1 * c.slope(length) * before[i] / length
			}
			near(t, "the step", p.weight("critic/w"), want, 1e-9)
		})
	}
	t.Run("gp, upper, where the slope is less than the target", func(t *testing.T) {
		p := play(t, penaltyGame(false, gp(100, true)), dtypes.Float64)
		before := layersNormal(t, p)
		if loss := p.play()["critic/loss"]; loss != 0 {
			t.Errorf("the penalty is %g", loss)
		}
		near(t, "the step", p.weight("critic/w"), before, 0)
	})
}

// layersNormal builds the round once without playing it and returns the first value of w.
func layersNormal(t *testing.T, p *table) []float64 {
	t.Helper()
	q := play(t, p.game, p.weights.DType)
	q.knobs = map[string]float64{"rate": 0}
	q.play()
	return q.weight("critic/w")
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// The slope of the bowl at x is |w x|: it tells where the penalty looked.
func TestPenaltiesLookWhereTheirPapersSay(t *testing.T) {
	const w, batch, size = 1.5, 3, 4
	lengths := func(at func(n, i int) float64) (out []float64) {
		for n := range batch {
			squares := 0.0
			for i := range size {
				squares += at(n, i) * at(n, i)
			}
			out = append(out, w*math.Sqrt(squares))
		}
		return out
	}
	penalty := func(lengths []float64) (out float64) {
		for _, l := range lengths {
			out += (l - 1) * (l - 1) / batch
		}
		return out
	}
	t.Run("gp: between, one epsilon a record", func(t *testing.T) {
		p := play(t, penaltyGame(true, func(r *Turn, score Score) *Node {
			return GradientPenalty(r, score, r.Need("pictures"), r.Need("fakes"), 1, false)
		}), dtypes.Float64)
		got := p.play()["critic/loss"]
		real, fake, epsilon := p.drawn["pictures critic 0"], p.drawn["fakes critic 0"], p.drawn["penalty/epsilon critic 0"]
		if len(epsilon) != batch || epsilon[0] == epsilon[1] {
			t.Fatalf("epsilon is %v", epsilon)
		}
		want := penalty(lengths(func(n, i int) float64 { return epsilon[n]*real[n*size+i] + (1-epsilon[n])*fake[n*size+i] }))
		near(t, "penalty", []float64{got}, []float64{want}, 1e-9)
	})
	t.Run("dragan: around the data, one deviation a batch", func(t *testing.T) {
		p := play(t, penaltyGame(true, func(r *Turn, score Score) *Node { return Dragan(r, score, r.Need("pictures")) }), dtypes.Float64)
		got := p.play()["critic/loss"]
		real, noise, alpha := p.drawn["pictures critic 0"], p.drawn["penalty/dragan critic 0"], p.drawn["penalty/epsilon critic 0"]
		mean, variance := 0.0, 0.0
		for _, v := range real {
			mean += v / float64(len(real))
		}
		for _, v := range real {
			variance += (v - mean) * (v - mean) / float64(len(real))
		}
		want := penalty(lengths(func(n, i int) float64 { return real[n*size+i] + alpha[n]*0.5*math.Sqrt(variance)*noise[n*size+i] }))
		near(t, "penalty", []float64{got}, []float64{want}, 1e-9)
	})
	for _, name := range []string{"pictures", "fakes"} {
		t.Run("r1, r2: at "+name, func(t *testing.T) {
			p := play(t, penaltyGame(true, func(r *Turn, score Score) *Node {
				if name == "fakes" {
					return R2(score, r.Need(name))
				}
				return R1(score, r.Need(name))
			}), dtypes.Float64)
			got := p.play()["critic/loss"]
			x := p.drawn[fmt.Sprint(name, " critic 0")]
			near(t, "penalty", []float64{got}, []float64{w * w * dot(x, x) / 2 / batch}, 1e-12)
		})
	}
}
