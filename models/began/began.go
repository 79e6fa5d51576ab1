// Package began is BEGAN: Berthelot, Schumm, Metz, "BEGAN: Boundary Equilibrium Generative Adversarial Networks", 2017,
// arXiv:1703.10717. Section and equation numbers below are the paper's.
package began

import (
	"fmt"
	"math"
	"slices"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of sections 3 and 4.
type Options struct {
	Latent   int     `toml:"latent" default:"64" min:"1" help:"size of z and of the critic's code (N_z = N_h)"`
	Filters  int     `toml:"filters" default:"128" min:"1" help:"filters next to the picture (n); the critic's encoder has n more at each halving of the side"`
	Gamma    float64 `toml:"gamma" default:"0.5" above:"0" max:"1" help:"diversity ratio: how large the error of generated pictures is to be, as a part of the real ones'; less is better looking and less various"`
	Patience int     `toml:"patience" default:"20000" min:"0" help:"rounds in which the measure of convergence must fall by a hundredth, or the rates are halved; 0 never halves them"`
	Step     float64 `toml:"k-step" default:"0.001" min:"0" max:"1" help:"how fast the balance follows (lambda_k)"`
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "began", Title: "BEGAN",
	Paper:   "Berthelot, Schumm, Metz 2017, BEGAN: Boundary Equilibrium Generative Adversarial Networks, arXiv:1703.10717",
	Home:    gan.Home{Data: gan.Pictures(128, 3, 0)},
	For:     "pictures that all look good, at the price of variety, which gamma sets; it reports how far it has converged",
	Options: func() gan.Builder { return &Options{} },
	Shared:  map[string]string{"optim.batch": "16", "optim.rate": "0.0001"},
	// In a run a hundredth as long as the paper's a balance at its pace never moves, and the generator ends at the few pictures that the critic
	// codes best. Mean distance of two samples of Fashion-MNIST at 16x16 after 2,000 rounds, seed 0, where real pictures have 12.0: 3.3 with
	// gamma 0.7 and k-step 0.1, 3.4 with 0.7 and 0.5, 5.6 with 0.8 and 0.5; after 1,000 rounds 1.4 with 0.5 and 0.1, no more than after 500.
	Small:  map[string]string{"filters": "16", "latent": "32", "optim.rate": "0.0005", "gamma": "0.8", "k-step": "0.5"},
	Sides:  []int{16, 32, 64, 128, 256},
	Length: func(gan.Data) int { return 2000 },
}

// The scopes, and the variable that balances the players.
const (
	generator = "generator"
	critic    = "critic"
	balance   = "moves/generator/k"
	progress  = "moves/generator/progress/" // what the rates are halved by
)

// Game makes the game for square pictures whose side is a power of two from 16.
func (o *Options) Game(d gan.Data, shared gan.Options) (*gan.Game, error) {
	switch {
	case !d.Picture():
		return nil, fmt.Errorf("convolutions need pictures, and the records are %s of shape %v; take vanilla", d.Field, d.Shape)
	case d.To != "":
		return nil, fmt.Errorf("it makes more of one kind of records, and the data have two kinds; leave --to out")
	case d.Shape[0] != d.Shape[1] || !slices.Contains(Model.Sides, d.Shape[0]):
		return nil, fmt.Errorf("the pictures are %dx%d; the networks can do squares of %v: set data.side", d.Shape[0], d.Shape[1], Model.Sides)
	}
	contest, err := shared.OwnLosses()
	if err != nil {
		return nil, err
	}
	p := &play{o: o, d: d}
	step, made := contest.CriticMove("critic", critic), contest.GeneratorMove("generator", generator)
	step.Loss, made.Loss = p.criticLoss, p.generatorLoss
	if o.Patience > 0 {
		step.Optimizer, made.Optimizer = slowed{step.Optimizer}, slowed{made.Optimizer}
	}
	average := made.Then
	made.Then = func(r *gan.Turn) {
		p.follow(r)
		if average != nil {
			average(r)
		}
	}
	game := &gan.Game{
		Batch: shared.Optim.Batch, Needs: []gan.Need{d.Need(), gan.Uniform("z", o.Latent)}, Knobs: shared.Knobs(),
		Generate: func(r *gan.Turn) gan.Fields { return gan.Fields{d.Field: graph.ClipScalar(p.fake(r), -1, 1)} },
		Shown:    []string{generator}, Averaged: shared.Optim.Average > 0, Dress: shared.Technique.Dress([]string{critic}, []string{generator}, d.Shape[0]),
	}
	if shared.Optim.Pretrain > 0 {
		game.Acts = append(game.Acts, gan.Act{Name: "pretrain", Rounds: shared.Optim.Pretrain, Moves: []gan.Move{step}})
	}
	game.Acts = append(game.Acts, gan.Act{Name: "play", Moves: []gan.Move{step, made}})
	return game, nil
}

// play is the game of section 3.4.
type play struct {
	o *Options
	d gan.Data
}

// fake generates from z, uniform in [-1, 1].
func (p *play) fake(r *gan.Turn) *gan.Node {
	z := graph.AddScalar(graph.MulScalar(r.Need("z"), 2), -1)
	return p.o.decode(r.Net(generator), z, p.d)
}

// err is L(v), the mean absolute difference of pictures and what the critic, an autoencoder, makes of them (section 3.1 with eta 1).
func (p *play) err(r *gan.Turn, x *gan.Node) *gan.Node {
	net := r.Net(critic)
	again := p.o.decode(net.In("decoder"), p.o.encode(net.In("encoder"), x), p.d)
	return graph.ReduceAllMean(graph.Abs(graph.Sub(x, again)))
}

// criticLoss is L(x) - k L(G(z)).
func (p *play) criticLoss(r *gan.Turn) *gan.Node {
	real := r.Term("real", p.err(r, r.Need(p.d.Field)))
	fake := r.Term("fake", p.err(r, graph.StopGradient(p.fake(r))))
	r.Leave("real", real)
	return graph.Sub(real, graph.Mul(p.k(r), fake))
}

// generatorLoss is L(G(z)).
func (p *play) generatorLoss(r *gan.Turn) *gan.Node {
	fake := p.err(r, p.fake(r))
	r.Leave("fake", fake)
	return fake
}

// k is the weight of generated pictures in the critic's loss: 0 at first.
func (p *play) k(r *gan.Turn) *gan.Node { return r.State(balance, layers.Constant(0)) }

// follow moves k so that the critic's errors on generated and on real pictures come to the ratio gamma (section 3.4), and reports how far
// the game has converged (section 3.4.1).
func (p *play) follow(r *gan.Turn) {
	real := r.Left("real", func() *gan.Node { return p.err(r, r.Need(p.d.Field)) })
	fake := r.Left("fake", func() *gan.Node { return p.err(r, p.fake(r)) })
	off := graph.Sub(graph.MulScalar(real, p.o.Gamma), fake)
	k := r.Term("k", graph.ClipScalar(graph.Add(p.k(r), graph.MulScalar(off, p.o.Step)), 0, 1))
	r.Set(balance, k)
	convergence := r.Term("convergence", graph.Add(real, graph.Abs(off)))
	if p.o.Patience > 0 {
		p.slow(r, convergence)
	}
}

// slow halves the rates where the measure of convergence stalls (section 4.1): where its running mean has not come a hundredth below its
// lowest for so many rounds.
func (p *play) slow(r *gan.Turn, convergence *gan.Node) {
	const decay = 0.99
	rounds, mean := r.State(progress+"rounds", layers.Constant(0)), r.State(progress+"mean", layers.Constant(0))
	lowest, since := r.State(progress+"lowest", layers.Constant(math.MaxFloat32)), r.State(progress+"since", layers.Constant(0))
	pace := r.State(progress+"pace", layers.Constant(1))
	number := func(value float64) *gan.Node { return graph.Scalar(mean.Graph(), mean.DType(), value) }
	rounds = graph.AddScalar(rounds, 1)
	// Over the rounds so far while they are few, so that it does not start from 0.
	share := graph.Max(graph.Reciprocal(rounds), number(1-decay))
	mean = graph.Add(mean, graph.Mul(graph.Sub(convergence, mean), share))
	lower := graph.LessThan(mean, graph.MulScalar(lowest, 0.99))
	since = graph.Where(lower, number(0), graph.AddScalar(since, 1))
	stalled := graph.GreaterOrEqual(since, number(float64(p.o.Patience)))
	pace = r.Term("pace", graph.Where(stalled, graph.MulScalar(pace, 0.5), pace))
	lowest = graph.Where(graph.LogicalOr(lower, stalled), mean, lowest)
	since = graph.Where(stalled, number(0), since)
	r.Set(progress+"rounds", rounds)
	r.Set(progress+"mean", mean)
	r.Set(progress+"lowest", lowest)
	r.Set(progress+"since", since)
	r.Set(progress+"pace", pace)
}

// slowed is an optimiser at the pace that slow sets.
type slowed struct{ gan.Optimizer }

// Step steps with a part of the rate.
func (s slowed) Step(r *gan.Turn, slot string, paths []string, gradients []*gan.Node, rate *gan.Node) {
	s.Optimizer.Step(r, slot, paths, gradients, graph.Mul(rate, r.State(progress+"pace", layers.Constant(1))))
}

// weights are Glorot's; the paper does not say.
var weights = layers.Glorot()

// smallest is the side of the smallest maps (figure 1).
const smallest = 8

func conv(net gan.Net, x *gan.Node, filters, stride int) *gan.Node {
	return layers.Conv{Filters: filters, Kernel: 3, Stride: stride, Pad: 1, Init: weights}.On(net, x)
}

// encode is the encoder of figure 1: two 3x3 convolutions at each side, with n filters more at each halving, which is a strided
// convolution, and a dense layer to the code, [batch, Latent].
func (o *Options) encode(net gan.Net, x *gan.Node) *gan.Node {
	x = ops.ELU(conv(net.In("in"), x, o.Filters, 1))
	for i, side := 1, x.Shape().Dimensions[1]; side >= smallest; i, side = i+1, side/2 {
		at := net.Nth("level", i)
		x = ops.ELU(conv(at.In("conv1"), x, i*o.Filters, 1))
		x = ops.ELU(conv(at.In("conv2"), x, i*o.Filters, 1))
		if side > smallest {
			x = ops.ELU(conv(at.In("down"), x, (i+1)*o.Filters, 2))
		}
	}
	return layers.Dense{Units: o.Latent, Init: weights}.On(net.In("code"), graph.Reshape(x, x.Shape().Dimensions[0], -1))
}

// decode is the decoder of figure 1, and the generator: a dense layer to 8x8, two 3x3 convolutions at each side, which is doubled by
// repeating pixels, and one to the picture.
func (o *Options) decode(net gan.Net, code *gan.Node, d gan.Data) *gan.Node {
	x := layers.Dense{Units: smallest * smallest * o.Filters, Init: weights}.On(net.In("code"), code)
	x = graph.Reshape(x, -1, smallest, smallest, o.Filters)
	for i, side := 1, smallest; side <= d.Shape[0]; i, side = i+1, side*2 {
		at := net.Nth("level", i)
		first := layers.Conv{Filters: o.Filters, Kernel: 3, Pad: 1, Init: weights}
		if side > smallest {
			x = ops.ELU(first.OnRepeated(at.In("conv1"), x))
		} else {
			x = ops.ELU(first.On(at.In("conv1"), x))
		}
		x = ops.ELU(conv(at.In("conv2"), x, o.Filters, 1))
	}
	return conv(net.In("out"), x, d.Shape[2], 1)
}

// Differences: the vanishing residuals and skip connections of section 3.5 are left out. When the measure of convergence stalls, and so
// when the rates are halved, the paper does not say: patience is ours. The critic steps before the generator, on pictures of their own; the
// paper steps both at once. The averaged weights that we sample from by default are not the paper's (--weights raw).
