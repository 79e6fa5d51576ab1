package bench

import (
	"math"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// The sizes of the block: pictures of 32x32 from maps of 16x16, with 128 channels.
const (
	blockSide     = 32
	blockChannels = 128
	blockLatent   = 128
	blockBatch    = 16
)

// block is a game of one StyleGAN2 block (Karras 2019, 1912.04958, figure 2c) a player, what its rounds spend their time in: modulated and
// demodulated 3x3 convolutions, a residual critic, R1 with every step, logistic losses, Adam with betas 0 and 0.99. It is a piece of work,
// not a model.
func block() (*gan.Game, error) {
	o := config.Default[gan.Options]()
	o.Penalty.R1 = 10
	o.Optim.Batch, o.Optim.Rate, o.Optim.Beta1, o.Optim.Beta2 = blockBatch, 0.002, 0, 0.99
	pair := gan.Pair{
		Record: gan.Records(data.Pictures, blockSide, blockSide, 3), Latent: gan.Normal("z", blockLatent),
		Generator: func(net gan.Net, z, _ *gan.Node) *gan.Node { return blockGenerator(net, z) },
		Critic:    func(net gan.Net, x, _ *gan.Node) *gan.Node { return blockCritic(net, x) },
	}
	return pair.Game(o)
}

// leaky is the activation: a rectifier of slope 0.2 that keeps the variance.
func leaky(x *graph.Node) *graph.Node { return graph.MulScalar(ops.LeakyReLU(x, 0.2), math.Sqrt2) }

// blockGenerator maps z [batch, latent] to pictures [batch, 32, 32, 3].
func blockGenerator(net gan.Net, z *graph.Node) *graph.Node {
	w := leaky(layers.Dense{Units: blockLatent}.On(net.In("map"), z))
	start := net.Weight("start", layers.Normal(0, 1), 1, blockSide/2, blockSide/2, blockChannels)
	x := graph.BroadcastToDims(start, z.Shape().Dimensions[0], blockSide/2, blockSide/2, blockChannels)
	x = leaky(modulated(net.In("conv0"), x, w, 3, blockChannels, true))
	x = ops.UpsampleNearest(x, 2) // [batch, 32, 32, C]
	x = leaky(modulated(net.In("conv1"), x, w, 3, blockChannels, true))
	x = leaky(modulated(net.In("conv2"), x, w, 3, blockChannels, true))
	return modulated(net.In("rgb"), x, w, 1, 3, false)
}

// modulated is section 2.2 of the paper: the kernel's input channels are scaled by the style and its output channels back to unit
// length. Scaling what the convolution reads and writes in place of the kernel is the same and needs one kernel for the whole batch, as
// the authors' training code does.
func modulated(net gan.Net, x, w *graph.Node, kernel, filters int, demodulate bool) *graph.Node {
	batch, in := x.Shape().Dimensions[0], x.Shape().Dimensions[3]
	style := graph.AddScalar(layers.Dense{Units: in}.On(net.In("style"), w), 1) // [batch, in]
	taps := net.Weight("kernel", layers.He(), kernel, kernel, in, filters)
	y := ops.Conv(graph.Mul(x, graph.Reshape(style, batch, 1, 1, in)), taps, ops.ConvOptions{Padding: kernel / 2})
	if demodulate {
		lengths := graph.ReduceSum(graph.Square(taps), 0, 1) // [in, filters]
		scale := graph.Reciprocal(graph.Sqrt(graph.AddScalar(graph.Dot(graph.Square(style), lengths).Product(), 1e-8)))
		y = graph.Mul(y, graph.Reshape(scale, batch, 1, 1, filters))
	}
	return graph.Add(y, graph.Reshape(net.Weight("bias", layers.Constant(0), filters), 1, 1, 1, filters))
}

// blockCritic maps pictures to scores [batch].
func blockCritic(net gan.Net, x *graph.Node) *graph.Node {
	x = leaky(layers.Conv{Filters: blockChannels, Kernel: 1}.On(net.In("rgb"), x)) // [batch, 32, 32, C]
	y := leaky(layers.Conv{Filters: blockChannels, Kernel: 3, Pad: 1}.On(net.In("conv0"), x))
	y = leaky(layers.Conv{Filters: blockChannels, Kernel: 3, Stride: 2, Pad: 1}.On(net.In("conv1"), y)) // [batch, 16, 16, C]
	skip := layers.Conv{Filters: blockChannels, Kernel: 1, NoBias: true}.On(net.In("skip"), ops.MeanPool(x, ops.PoolOptions{Window: 2}))
	x = graph.MulScalar(graph.Add(y, skip), math.Sqrt2/2)
	x = leaky(layers.Conv{Filters: blockChannels, Kernel: 3, Pad: 1}.On(net.In("conv2"), x))
	return graph.Reshape(layers.Dense{Units: 1}.On(net.In("out"), graph.ReduceMean(x, 1, 2)), -1)
}
