// Package pix2pix is pix2pix: Isola, Zhu, Zhou, Efros, "Image-to-Image Translation with Conditional Adversarial Networks", 2016,
// arXiv:1611.07004. Section numbers below are the paper's; "the authors' code" is junyanz/pytorch-CycleGAN-and-pix2pix.
package pix2pix

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of sections 3 and 6.1.
type Options struct {
	Filters int     `toml:"filters" default:"64" min:"1" help:"filters of the U-Net next to the picture, doubled at each halving of its side up to 8 times as many"`
	Dropout float64 `toml:"dropout" default:"0.5" min:"0" below:"1" help:"chance of dropout, the generator's noise, in the innermost layers; 0 is none"`
	L1      float64 `toml:"l1" default:"100" min:"0" help:"weight of the mean absolute difference to the true picture (lambda)"`
	GAN     float64 `toml:"gan" default:"1" min:"0" help:"weight of the adversarial loss; 0 trains by L1 alone, without a critic"`
	Patches
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "pix2pix", Title: "pix2pix",
	Paper:   "Isola, Zhu, Zhou, Efros 2016, Image-to-Image Translation with Conditional Adversarial Networks, arXiv:1611.07004",
	Home:    gan.Home{Data: gan.Data{Field: "a", To: "b", Paired: true, Shape: []int{256, 256, 3}}},
	For:     "pictures into others, learned from pairs: --to the folder with the same names, or one folder of side-by-side pictures",
	Options: func() gan.Builder { return &Options{} },
	Shared: map[string]string{
		"optim.batch": "1", "optim.schedule": "linear", "optim.schedule-start": "0.5", "optim.share-fake": "true", "optim.average": "0",
	},
	Small:   map[string]string{"filters": "16", "critic-filters": "16", "critic-layers": "2", "optim.batch": "8"},
	Domains: gan.Pairs,
	Sides:   []int{32, 64, 128, 256, 512},
	Length:  func(gan.Data) int { return 2000 },
}

// The players' scopes.
const (
	generator = "generator"
	critic    = "critic"
)

// Game makes the game for pairs of square pictures whose side is a power of two.
func (o *Options) Game(d gan.Data, shared gan.Options) (*gan.Game, error) {
	switch side := d.Shape[0]; {
	case d.To == "":
		return nil, fmt.Errorf("it translates one kind of picture into another: give the second folder by --to, with the same names in both, or one folder of side-by-side pictures")
	case !d.Paired:
		return nil, fmt.Errorf("it learns from pairs, and the pictures of the two kinds have no partners; take cyclegan")
	case len(d.Shape) != 3 || side != d.Shape[1] || side < 32 || side > 512 || bits.OnesCount(uint(side)) != 1:
		return nil, fmt.Errorf("the pictures are %dx%d; the U-Net can do squares of %v: set data.side", side, d.Shape[1], Model.Sides)
	}
	if err := o.Check(d.Shape[0]); err != nil {
		return nil, err
	}
	contest, err := shared.Contest(gan.Pair{Mixes: o.Norm == "batch", Refers: true})
	if err != nil {
		return nil, err
	}
	p := &play{o: o, d: d, contest: contest}
	moves := []gan.Move{p.generatorMove()}
	if o.GAN > 0 {
		moves = append(p.criticMoves(), moves...)
	}
	game := &gan.Game{
		Batch: shared.Optim.Batch, Needs: []gan.Need{gan.Records(d.Field, d.Shape...), gan.Records(d.To, d.Shape...)}, Knobs: shared.Knobs(),
		Generate: p.generate, Shown: []string{generator}, Averaged: shared.Optim.Average > 0,
		Dress: shared.Technique.Dress([]string{critic}, []string{generator}, d.Shape[0]),
	}
	if pretrain := shared.Optim.Pretrain; pretrain > 0 && o.GAN > 0 {
		game.Acts = append(game.Acts, gan.Act{Name: "pretrain", Rounds: pretrain, Moves: p.criticMoves()})
	}
	game.Acts = append(game.Acts, gan.Act{Name: "play", Moves: moves})
	return game, nil
}

// play is the game with its rules: G(a) should look like b, and like a picture that belongs to a.
type play struct {
	o       *Options
	d       gan.Data
	contest gan.Contest
}

// generate translates a. With batches of one, batch norm takes the statistics of the picture itself, as in training (section 3.4:
// "instance normalization"); with larger ones it takes the running ones, so that a picture does not depend on its neighbours.
func (p *play) generate(r *gan.Turn) gan.Fields {
	net := r.Net(generator)
	if r.Batch() == 1 {
		net = net.With(layers.Batch)
	}
	return gan.Fields{gan.AB: p.translated(r, net, r.Need(p.d.Field))}
}

// translated is the picture that the generator makes of a.
func (p *play) translated(r *gan.Turn, net gan.Net, a *gan.Node) *gan.Node {
	if p.contest.Technique.Virtual(generator) {
		n := p.contest.Optim.Batch
		kept := r.Kept(generator, gan.Records(p.d.Field, p.d.Shape...), n, func() *gan.Node { return r.Need(p.d.Field) })
		net = r.Against(net, generator, n, func(net gan.Net) { p.o.unet(net, kept, p.d.Shape[2]) })
	}
	return p.o.unet(net, a, p.d.Shape[2])
}

// step is what one step of either player looks at: the authors' code makes it once a round, for both.
func (p *play) step(r *gan.Turn) (a, b, fake *gan.Node) {
	once := func(_ string, make func() *gan.Node) *gan.Node { return make() }
	if p.contest.Optim.ShareFake {
		once = r.Once
	}
	a = once("a", func() *gan.Node { return r.Need(p.d.Field) })
	b = once("b", func() *gan.Node { return r.Need(p.d.To) })
	fake = once("fake", func() *gan.Node { return p.translated(r, r.Net(generator), a) })
	return a, b, fake
}

// judged is a picture beside the one that it should belong to: the critic is conditional (section 3.1).
func (p *play) judged(a, picture *gan.Node) gan.Judged {
	return gan.Judged{
		Records: graph.Concatenate([]*gan.Node{a, picture}, -1), // [batch, side, side, 2 channels]
		Score: func(r *gan.Turn, pass layers.Pass, both, _ *gan.Node) *gan.Node {
			return p.o.Patches.On(p.criticNet(r, pass), both)
		},
	}
}

// criticNet is the critic's place, whose reference batch are the first pairs.
func (p *play) criticNet(r *gan.Turn, pass layers.Pass) gan.Net {
	net := r.Net(critic).With(pass)
	if !p.contest.Technique.Virtual(critic) {
		return net
	}
	n, shape := p.contest.Optim.Batch, append(slices.Clone(p.d.Shape[:2]), 2*p.d.Shape[2])
	kept := r.Kept(critic, gan.Records("pairs", shape...), n, func() *gan.Node {
		return graph.Concatenate([]*gan.Node{r.Need(p.d.Field), r.Need(p.d.To)}, -1)
	})
	return r.Against(net, critic, n, func(net gan.Net) { p.o.Patches.On(net, kept) })
}

func (p *play) criticMoves() []gan.Move {
	return p.contest.CriticMoves("critic", critic, func(r *gan.Turn) (real, fake gan.Judged) {
		a, b, made := p.step(r)
		return p.judged(a, b), p.judged(a, made)
	})
}

func (p *play) generatorMove() gan.Move {
	move := p.contest.GeneratorMove("generator", generator)
	move.Loss = func(r *gan.Turn) *gan.Node {
		a, b, fake := p.step(r)
		l1 := r.Term("l1", graph.ReduceAllMean(graph.Abs(graph.Sub(fake, b))))
		loss := graph.MulScalar(l1, p.o.L1)
		if p.o.GAN == 0 {
			return loss
		}
		fooled := p.contest.GeneratorLoss(r, func(r *gan.Turn) gan.Judged { return p.judged(a, b) }, p.judged(a, fake))
		return graph.Add(loss, graph.MulScalar(r.Term("gan", fooled), p.o.GAN)) // equation 4
	}
	return move
}

// weights are drawn from N(0, 0.02) (section 6.2), scales of batch norm from N(1, 0.02), as in the authors' code.
var (
	weights = layers.Normal(0, 0.02)
	scales  = layers.Normal(1, 0.02)
)

// unet is the U-Net of section 6.1.1: 4x4 convolutions halve the side down to 1x1, transposed ones double it again, and each sees beside
// what comes from below the map of its own side on the way down.
func (o *Options) unet(net gan.Net, x *gan.Node, channels int) *gan.Node {
	var maps []*gan.Node // on the way down, [batch, side/2, side/2, filters] first
	levels := bits.TrailingZeros(uint(x.Shape().Dimensions[1]))
	for i := range levels {
		at := net.Nth("down", i+1)
		if i > 0 {
			x = layers.LeakyReLU(0.2)(x)
		}
		x = o.down(o.width(i), 2).On(at, x)
		if i > 0 && i < levels-1 {
			x = o.normalise(at.In("norm"), x)
		}
		x = net.Mark("map", x)
		maps = append(maps, x)
	}
	for i := levels - 1; i > 0; i-- {
		at := net.Nth("up", levels-i)
		x = layers.ConvTranspose{Filters: o.width(i - 1), Kernel: 4, Stride: 2, Pad: 1, NoBias: o.Norm == "batch", Init: weights}.On(at, layers.ReLU(x))
		x = o.normalise(at.In("norm"), x)
		if i < levels-1 && i >= 4 && o.Dropout > 0 {
			x = layers.Dropout{Rate: o.Dropout}.On(at, x)
		}
		x = graph.Concatenate([]*gan.Node{maps[i-1], x}, -1)
	}
	x = layers.ConvTranspose{Filters: channels, Kernel: 4, Stride: 2, Pad: 1, Init: weights}.On(net.In("out"), layers.ReLU(x))
	return graph.Tanh(x)
}

// width is the number of filters after so many more halvings than one.
func (o *Options) width(i int) int { return o.Filters << min(i, 3) }

func (o *Options) down(filters, stride int) layers.Conv {
	return layers.Conv{Filters: filters, Kernel: 4, Stride: stride, Pad: 1, NoBias: o.Norm == "batch", Init: weights}
}

// Differences: dropout is in as many layers as in the authors' code, those within 32x32 but the innermost: three at 256, one at 64, none
// at 32. Their code halves the critic's loss, which Adam does not notice, and enlarges pictures to 286 to cut 256 out of them at random
// and to mirror them; ours does neither (data.flip mirrors). With batches of more than one, pictures are translated with the running
// statistics of batch norm.
