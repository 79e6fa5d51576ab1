// Package cyclegan is CycleGAN: Zhu, Park, Isola, Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
// Networks", 2017, arXiv:1703.10593. Section numbers below are the paper's; "the authors' code" is
// junyanz/pytorch-CycleGAN-and-pix2pix.
package cyclegan

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/pix2pix"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the choices of sections 3, 4 and 5.2 and of the authors' code.
type Options struct {
	Filters  int     `toml:"filters" default:"64" min:"1" help:"filters of the generators next to the picture, doubled at each of downs"`
	Downs    int     `toml:"downs" default:"2" min:"0" max:"4" help:"strided layers of a generator; the paper has 2, so that its residual blocks work at a quarter of the side"`
	Blocks   int     `toml:"blocks" default:"9" min:"1" max:"32" help:"residual blocks of a generator; the paper has 9 for 256x256 and 6 for 128x128"`
	Cycle    float64 `toml:"cycle" default:"10" min:"0" help:"weight of the cycle's mean absolute difference (lambda)"`
	Identity float64 `toml:"identity" default:"0.5" min:"0" help:"weight, as a part of cycle, of leaving pictures alone that are of the kind asked for; keeps colours"`
	GAN      float64 `toml:"gan" default:"2" above:"0" help:"weight of the adversarial losses; 2 because objective=lsgan has half of the squares, and the authors' code all"`
	Pool     int     `toml:"pool" default:"50" min:"0" max:"1000" help:"generated pictures that each critic's memory holds; 0 shows the newest alone"`

	Norm          string `toml:"norm" default:"instance" in:"instance,layer" help:"normalisation in the generators; instance is the paper's and blind to how strong a picture's colours are, layer is not"`
	CriticNorm    string `toml:"critic-norm" default:"instance" in:"instance,none" help:"normalisation in the critics; instance is the paper's"`
	CriticFilters int    `toml:"critic-filters" default:"64" min:"1" help:"filters of a critic next to the picture, doubled at each layer up to 8 times as many"`
	Layers        int    `toml:"critic-layers" default:"3" min:"1" max:"6" help:"strided layers of a critic: 1 judges patches of 16x16, 2 of 34x34, 3 of 70x70"`
}

// Model is the line of the table.
var Model = gan.Model{
	Name: "cyclegan", Title: "CycleGAN",
	Paper:   "Zhu, Park, Isola, Efros 2017, Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks, arXiv:1703.10593",
	Home:    gan.Home{Data: gan.Data{Field: "a", To: "b", Shape: []int{256, 256, 3}}},
	For:     "two kinds of pictures into each other, without pairs: --to the other folder",
	Options: func() gan.Builder { return &Options{} },
	Shared: map[string]string{
		"objective": "lsgan", "optim.batch": "1", "optim.schedule": "linear", "optim.schedule-start": "0.5", "optim.share-fake": "true", "optim.average": "0",
	},
	Small: map[string]string{
		"filters": "16", "blocks": "6", "critic-filters": "16", "critic-layers": "2", "optim.batch": "2",
	},
	Domains: gan.Two,
	Sides:   []int{32, 64, 128, 256, 512},
	Length:  func(gan.Data) int { return 2000 },
}

// Game makes the game for two kinds of square pictures.
func (o *Options) Game(d gan.Data, shared gan.Options) (*gan.Game, error) {
	if d.To == "" {
		return nil, fmt.Errorf("it translates between two kinds of pictures: give the second folder by --to")
	}
	if side := d.Shape[0]; len(d.Shape) != 3 || side != d.Shape[1] || side%(1<<o.Downs) != 0 || side < max(16, 4<<o.Downs) {
		return nil, fmt.Errorf("the pictures are %dx%d; the generators can do squares whose side is a multiple of %d, from %d: set data.side, or downs", side, d.Shape[1], 1<<o.Downs, max(16, 4<<o.Downs))
	}
	if err := o.patches().Check(d.Shape[0]); err != nil {
		return nil, err
	}
	contest, err := shared.Contest(gan.Pair{})
	if err != nil {
		return nil, err
	}
	p := &play{o: o, contest: contest}
	p.a = domain{field: d.Field, maker: "generator-ba", critic: "critic-a"}
	p.b = domain{field: d.To, maker: "generator-ab", critic: "critic-b"}
	critics := append(p.criticMoves(p.a, p.b), p.criticMoves(p.b, p.a)...)
	game := &gan.Game{
		Batch: shared.Optim.Batch, Needs: []gan.Need{gan.RecordsApart(d.Field, d.Shape...), gan.RecordsApart(d.To, d.Shape...)}, Knobs: shared.Knobs(),
		Generate: p.generate, Shown: []string{p.b.maker, p.a.maker}, Averaged: shared.Optim.Average > 0,
		Dress: shared.Technique.Dress([]string{p.a.critic, p.b.critic}, []string{p.a.maker, p.b.maker}, d.Shape[0]),
	}
	if shared.Optim.Pretrain > 0 {
		game.Acts = append(game.Acts, gan.Act{Name: "pretrain", Rounds: shared.Optim.Pretrain, Moves: critics})
	}
	game.Acts = append(game.Acts, gan.Act{Name: "play", Moves: append([]gan.Move{p.generatorMove()}, critics...)})
	return game, nil
}

// play is the game with its rules.
type play struct {
	o       *Options
	contest gan.Contest
	a, b    domain
}

// domain is one of the two kinds of pictures: its field of the data, who makes such pictures of the other kind, and who judges them.
type domain struct{ field, maker, critic string }

// make translates x into the domain.
func (p *play) make(r *gan.Turn, to domain, x *gan.Node) *gan.Node {
	return p.o.resnet(r.Net(to.maker), x)
}

func (p *play) generate(r *gan.Turn) gan.Fields {
	return gan.Fields{
		gan.AB: p.make(r, p.b, r.Need(p.a.field)),
		gan.BA: p.make(r, p.a, r.Need(p.b.field)),
	}
}

func (p *play) judged(of domain, pictures *gan.Node) gan.Judged {
	return gan.Judged{Records: pictures, Score: func(r *gan.Turn, pass layers.Pass, x, _ *gan.Node) *gan.Node {
		return p.o.patches().On(r.Net(of.critic).With(pass), x)
	}}
}

// generatorMove steps both generators at once, by equation 3 and the identity loss of section 5.2.
func (p *play) generatorMove() gan.Move {
	move := p.contest.GeneratorMove("generator", p.b.maker, p.a.maker)
	move.Loss = func(r *gan.Turn) *gan.Node { return graph.Add(p.half(r, p.a, p.b, "ab"), p.half(r, p.b, p.a, "ba")) }
	return move
}

// half is what begins with pictures of one domain: into the other and back again.
func (p *play) half(r *gan.Turn, from, to domain, name string) *gan.Node {
	real := r.Need(from.field)
	made := p.make(r, to, real)
	r.Leave(from.field, real)
	r.Leave(to.maker, made)
	fooled := p.contest.GeneratorLoss(r, func(r *gan.Turn) gan.Judged { return p.judged(to, r.Need(to.field)) }, p.judged(to, made))
	loss := graph.MulScalar(r.Term("gan-"+name, fooled), p.o.GAN)
	if p.o.Cycle > 0 {
		back := r.Term("cycle-"+name, difference(p.make(r, from, made), real))
		loss = graph.Add(loss, graph.MulScalar(back, p.o.Cycle))
	}
	if weight := p.o.Cycle * p.o.Identity; weight > 0 {
		same := r.Term("identity-"+name, difference(p.make(r, from, real), real))
		loss = graph.Add(loss, graph.MulScalar(same, weight))
	}
	return loss
}

// difference is the mean absolute difference of pictures.
func difference(x, y *gan.Node) *gan.Node { return graph.ReduceAllMean(graph.Abs(graph.Sub(x, y))) }

// criticMoves step the critic of a domain on this round's pictures of it and on those that were made of the other domain's, before
// the generators' step, through the memory of section 4.
func (p *play) criticMoves(of, other domain) []gan.Move {
	records := func(r *gan.Turn) (real, fake gan.Judged) {
		left := func(_ string, make func() *gan.Node) *gan.Node { return make() }
		if p.contest.Optim.ShareFake {
			left = r.Left
		}
		x := left(of.field, func() *gan.Node { return r.Need(of.field) })
		made := left(of.maker, func() *gan.Node { return p.make(r, of, r.Need(other.field)) })
		return p.judged(of, x), p.judged(of, gan.Pool(r, "fake", p.o.Pool, made))
	}
	return p.contest.CriticMoves(of.critic, of.critic, records)
}

// patches is the 70x70 PatchGAN (section 4), of the paper with instance norm.
func (o *Options) patches() pix2pix.Patches {
	return pix2pix.Patches{CriticFilters: o.CriticFilters, Layers: o.Layers, Norm: o.CriticNorm}
}

// weights are drawn from N(0, 0.02) (section 4).
var weights = layers.Normal(0, 0.02)

// resnet is the generator of appendix 7.2, from Johnson 2016: c7s1-64, d128, d256, nine (or six) R256, u128, u64, c7s1-3, with
// instance norm (or layer norm), and reflected edges but where the side changes.
func (o *Options) resnet(net gan.Net, x *gan.Node) *gan.Node {
	channels := x.Shape().Dimensions[3]
	norm := func(at gan.Net, x *gan.Node) *gan.Node { return layers.ReLU(o.normalise(at, x)) }
	in := net.In("in")
	x = norm(in, layers.Conv{Filters: o.Filters, Kernel: 7, Pad: 3, Reflect: true, Init: weights}.On(in, x))
	for i := range o.Downs {
		at := net.Nth("down", i+1)
		x = norm(at, layers.Conv{Filters: 2 * o.Filters << i, Kernel: 3, Stride: 2, Pad: 1, Init: weights}.On(at, x))
	}
	x = net.Mark("map", x)
	for i := range o.Blocks { // [batch, side/4, side/4, 4 filters] where downs is 2
		at := net.Nth("block", i+1)
		conv := layers.Conv{Filters: o.Filters << o.Downs, Kernel: 3, Pad: 1, Reflect: true, Init: weights}
		y := norm(at.In("conv1"), conv.On(at.In("conv1"), x))
		x = graph.Add(x, o.normalise(at.In("conv2"), conv.On(at.In("conv2"), y)))
	}
	for i := range o.Downs {
		at := net.Nth("up", i+1)
		up := layers.ConvTranspose{Filters: o.Filters << (o.Downs - 1 - i), Kernel: 3, Stride: 2, Pad: 1, OutputPad: 1, Init: weights}
		x = net.Mark("map", norm(at, up.On(at, x)))
	}
	x = layers.Conv{Filters: channels, Kernel: 7, Pad: 3, Reflect: true, Init: weights}.On(net.In("out"), x)
	return graph.Tanh(x)
}

// normalise is between a convolution and its ReLU in the generators. Behind their first convolution instance norm takes away a
// shift of each colour and a factor of all: for the generator a picture and its pale copy are one.
func (o *Options) normalise(net gan.Net, x *gan.Node) *gan.Node {
	if o.Norm == "layer" {
		return layers.LayerNorm{}.On(net.In("norm"), x)
	}
	return layers.InstanceNorm{}.On(net, x)
}

// Differences: each critic steps by itself, which comes to the same as their one optimiser of both. Their code enlarges pictures to 286 to cut 256
// out of them at random and to mirror them; ours does neither (data.flip mirrors), and mirrors are records of their own. The
// linear decay begins after half of the planned rounds, as their 100 of 200 epochs, and goes round by round. norm=layer and critic-norm=none are
// ours, for pictures of few colours; their code has batch norm and none besides.
