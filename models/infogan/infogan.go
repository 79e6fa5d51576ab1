// Package infogan is InfoGAN: Chen, Duan, Houthooft, Schulman, Sutskever, Abbeel, "InfoGAN: Interpretable Representation Learning by
// Information Maximizing Generative Adversarial Nets", 2016, arXiv:1606.03657. Some of the latents are codes that a head on the critic
// must be able to read off what is generated, so that they come to mean something. Equation and table numbers below are the paper's.
package infogan

import (
	"fmt"
	"math"
	"slices"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of appendix C.1, table 1, for MNIST.
type Options struct {
	Latent     int     `toml:"latent" default:"62" min:"1" help:"size of z beside the codes; the paper uses 62"`
	Categories int     `toml:"categories" default:"10" min:"0" max:"1000" help:"values of the categorical code, the first; 0 is no such code (the paper: 10)"`
	Continuous int     `toml:"continuous" default:"2" min:"0" max:"64" help:"continuous codes, uniform from -1 to 1 (the paper: 2)"`
	Filters    int     `toml:"filters" default:"64" min:"1" help:"filters next to the picture, twice as many at a quarter of its side (the paper: 64)"`
	Hidden     int     `toml:"hidden" default:"1024" min:"1" help:"units of the dense layer of each player (the paper: 1024)"`
	Info       float64 `toml:"information" default:"1" min:"0" help:"weight lambda of the bound on the mutual information (the authors' code: 1)"`
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "infogan", Title: "InfoGAN",
	Paper:   "Chen et al. 2016, InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets, arXiv:1606.03657",
	Home:    gan.Home{Data: gan.Pictures(28, 1, 0)},
	For:     "pictures without labels whose kinds and ways are to be found: codes that mean something",
	Options: func() gan.Builder { return &Options{} },
	Shared:  map[string]string{"optim.batch": "128", "optim.rate": "0.001", "optim.critic-rate": "0.0002"},
	Small:   map[string]string{"filters": "32", "hidden": "256", "optim.batch": "64"},
	Sides:   sides,
	Length:  dcgan.Length,
}

var sides = []int{16, 28, 32, 64}

// Pair makes the networks.
func (o *Options) Pair(d gan.Data) (gan.Pair, error) {
	switch {
	case !d.Picture():
		return gan.Pair{}, fmt.Errorf("convolutions need pictures, and the records are %s of shape %v; take wgan-gp or vanilla", d.Field, d.Shape)
	case d.Shape[0] != d.Shape[1] || !slices.Contains(sides, d.Shape[0]):
		return gan.Pair{}, fmt.Errorf("the pictures are %dx%d; the networks can do squares of %v: set data.side", d.Shape[0], d.Shape[1], sides)
	case o.Categories+o.Continuous == 0 || o.Categories == 1:
		return gan.Pair{}, fmt.Errorf("there are %d categories and %d continuous codes; set categories to 2 or more, or continuous to 1 or more", o.Categories, o.Continuous)
	}
	return gan.Pair{
		Record: d.Need(), Latent: gan.Normal("z", o.Latent), Codes: o.codes(), Mixes: true,
		Generator: func(net gan.Net, z, _ *gan.Node) *gan.Node { return o.generator(net, z, d) },
		Critic:    func(net gan.Net, x, _ *gan.Node) *gan.Node { return o.critic(net, x) },
		Beside:    o.information,
	}, nil
}

// codes are the categorical code and the continuous ones.
func (o *Options) codes() (codes []gan.Need) {
	if o.Categories > 0 {
		codes = append(codes, gan.Categorical("code1", o.Categories))
	}
	for range o.Continuous {
		codes = append(codes, gan.Uniform(fmt.Sprintf("code%d", len(codes)+1), 1))
	}
	return codes
}

// generator is table 1's: two dense layers to a quarter of the side, two transposed convolutions. z has the codes behind it.
func (o *Options) generator(net gan.Net, z *gan.Node, d gan.Data) *gan.Node {
	quarter := d.Shape[0] / 4
	normed := func(name string, x *gan.Node) *gan.Node {
		return layers.ReLU(layers.BatchNorm{}.On(net.In(name+"/norm"), x))
	}
	x := normed("dense1", layers.Dense{Units: o.Hidden, Init: weights}.On(net.In("dense1"), z))
	x = normed("dense2", layers.Dense{Units: quarter * quarter * 2 * o.Filters, Init: weights}.On(net.In("dense2"), x))
	x = graph.Reshape(x, -1, quarter, quarter, 2*o.Filters)
	x = normed("up", layers.ConvTranspose{Filters: o.Filters, Kernel: 4, Stride: 2, Pad: 1, Init: weights}.On(net.In("up"), x))
	x = net.Mark("map", x) // [batch, side/2, side/2, C]
	return graph.Tanh(layers.ConvTranspose{Filters: d.Shape[2], Kernel: 4, Stride: 2, Pad: 1, Init: weights}.On(net.In("out"), x))
}

// weights are drawn from N(0, 0.02), as in the authors' code.
var weights = layers.Normal(0, 0.02)

// critic is table 1's discriminator D, with the recognition network Q on all but its last layer: noted as "codes" are the logits of the
// categories and the means of the continuous codes, [batch, categories + continuous].
func (o *Options) critic(net gan.Net, x *gan.Node) *gan.Node {
	leaky := layers.LeakyReLU(0.1)
	normed := func(name string, x *gan.Node) *gan.Node { return leaky(layers.BatchNorm{}.On(net.In(name+"/norm"), x)) }
	x = net.Mark("map", leaky(layers.Conv{Filters: o.Filters, Kernel: 4, Stride: 2, Pad: 1, Init: weights}.On(net.In("down1"), x)))
	x = normed("down2", layers.Conv{Filters: 2 * o.Filters, Kernel: 4, Stride: 2, Pad: 1, Init: weights}.On(net.In("down2"), x))
	x = net.Mark("map", x)
	x = graph.Reshape(x, x.Shape().Dimensions[0], -1)
	x = normed("dense", layers.Dense{Units: o.Hidden, Init: weights}.On(net.In("dense"), x))
	q := normed("q", layers.Dense{Units: max(o.Hidden/8, 1), Init: weights}.On(net.In("q"), x))
	net.Note("codes", layers.Dense{Units: o.Categories + o.Continuous, Init: weights}.On(net.In("codes"), q))
	return graph.Reshape(layers.Dense{Units: 1, Init: weights}.On(net.In("out"), net.Mark("features", x)), -1)
}

// information is -lambda L_I of generated pictures (equation 5), where L_I = H(c) + E log Q(c|x) bounds the mutual information of codes
// and pictures from below. A continuous code has Q = N(mean, 1). Each code's part is reported, in nats, and their sum.
func (o *Options) information(r *gan.Turn, seen gan.Seen) *gan.Node {
	if !seen.Fake {
		return nil
	}
	q := seen.Noted["codes"]
	var bound *gan.Node
	add := func(name string, part *gan.Node) {
		r.Term(name, part)
		if bound == nil {
			bound = part
		} else {
			bound = graph.Add(bound, part)
		}
	}
	codes := seen.Codes
	if o.Categories > 0 {
		logits := graph.SliceAxis(q, 1, graph.AxisRange(0, o.Categories))
		surprise := ops.SoftmaxCrossEntropy(logits, graph.OneHot(codes[0], o.Categories, q.DType())) // -log Q(c|x)
		add("code1", graph.AddScalar(graph.Neg(graph.ReduceAllMean(surprise)), math.Log(float64(o.Categories))))
		codes = codes[1:]
	}
	for i, code := range codes {
		mean := graph.SliceAxis(q, 1, graph.AxisRange(o.Categories+i, o.Categories+i+1))
		likely := graph.MulScalar(graph.ReduceAllMean(graph.Square(graph.Sub(code, mean))), -0.5)
		number := i + 1 + len(seen.Codes) - len(codes)
		add(fmt.Sprintf("code%d", number), graph.AddScalar(likely, math.Log(2)-math.Log(2*math.Pi)/2))
	}
	return graph.MulScalar(r.Term("information", bound), -o.Info)
}

// Differences: the paper's z is uniform, ours Gaussian, and its pictures are in [0, 1] by a sigmoid, ours in [-1, 1]. The averaged
// weights that we sample from by default are not the paper's (--weights raw). Table 1 is for 28x28; at other sides the maps of a quarter of
// the side are larger or smaller.
