package models_test

import (
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// parameters counts the trainable weights of both networks, with what the game's techniques bring along, from the shapes of the graph;
// no weight is made.
func parameters(t *testing.T, pair gan.Pair, game *gan.Game) (generator, critic int) {
	t.Helper()
	weights := layers.NewWeights(1)
	g := graph.NewGraph(gobackend.GetBackend(), t.Name())
	defer g.Finalize()
	bind := layers.Bind(weights, g)
	gan.NewTurn(&gan.Game{Batch: 2, Knobs: []gan.Knob{{Name: gan.Fade}}}, bind) // draws what the networks ask for
	var y *gan.Node
	if pair.Classes > 0 {
		y = graph.Parameter(g, "y", shapes.Make(dtypes.Int32, 2))
	}
	latent := slices.Clone(pair.Latent.Shape)
	for _, code := range pair.Codes {
		latent[0] += max(code.Classes, 1)
	}
	z := graph.Parameter(g, "z", shapes.Make(dtypes.Float32, append([]int{2}, latent...)...))
	at := func(scope string) layers.Net { return game.Dress(scope, bind.Root(scope)) }
	pair.Critic(at("critic"), pair.Generator(at("generator"), z, y), y)
	for _, stage := range pair.Stages { // the critic has layers that only a stage needs
		stage.Critic(at("critic"), stage.Generator(at("generator"), z, y), y)
	}
	for _, v := range weights.All("") {
		if v.Value != nil {
			t.Errorf("%s was made", v.Path)
		}
	}
	return weights.Count("generator"), weights.Count("critic")
}

// The counts are sums that can be followed on paper. A convolution has taps*in*out numbers (and out of a bias), batch norm 2 a channel,
// a dense layer (in+1)*out.
func TestParameters(t *testing.T) {
	const (
		// The authors' Torch code, 64x64x3, nz=100, ngf=ndf=64, no biases; the widely quoted 3,576,704 and 2,765,568.
		dcganG = 16*(100*512+512*256+256*128+128*64+64*3) + 2*(512+256+128+64)
		dcganD = 16*(3*64+64*128+128*256+256*512+512*1) + 2*(128+256+512)
		// Figure 1 of Radford 2015: 1024, 512, 256, 128 filters. Its critic mirrors it.
		figureG = 16*(100*1024+1024*512+512*256+256*128+128*3) + 2*(1024+512+256+128)
		figureD = 16*(3*128+128*256+256*512+512*1024+1024*1) + 2*(256+512+1024)
		// Table 3 of Gulrajani 2017 with the authors' code's shortcuts and biases, 128 filters: three blocks up; four blocks, of which
		// the first sees 3 channels and the last two keep shape and have no shortcut.
		conv    = 9*128*128 + 128
		short   = 128*128 + 128
		resnetG = 129*16*128 + 3*(2*128+conv+2*128+conv+short) + 2*128 + (9*128*3 + 3)
		resnetD = (9*3*128 + 128 + conv + 3*128 + 128) + (2*conv + short) + 2*(2*conv) + 129
		// Layer norm has a scale and a shift a channel, twice a block but not in the first.
		normedD = resnetD + 3*2*2*128
		// The authors' toy code has three hidden layers of 512.
		toyG = 129*512 + 2*513*512 + 513*2
		toyD = 3*512 + 2*513*512 + 513
		// Section 4.1 of Mirza 2014, for MNIST: z 100 to 200, y 10 to 1000, both to 1200, 784 out; x to 240 maxout units of 5
		// pieces, y to 50 of 5, both to 240 of 4, 1 out.
		cganG = 101*200 + 11*1000 + 1201*1200 + 1201*784
		cganD = 785*240*5 + 11*50*5 + 291*240*4 + 241
		// 28x28: one level less, from 7x7.
		mnistG = 49*100*128 + 16*(128*64+64*1) + 2*(128+64)
		mnistD = 16*(1*64+64*128) + 49*128 + 2*128
		// Table 1 of Odena 2016: 110 numbers to 768 maps of 8x8, 384, 256, 192 and 3 by 5x5; 16 to 512 by 3x3, a score and ten classes.
		acganG = 111*64*768 + 25*(768*384+384*256+256*192+192*3) + (384 + 256 + 192 + 3) + 2*(384+256+192)
		acganD = 9*(3*16+16*32+32*64+64*128+128*256+256*512) + 1008 + 2*(1008-16) + (16*16*512+1)*11
		// Table 1 of Chen 2016: 74 numbers to 1024 to 7x7x128 to 64 maps by 4x4; 64, 128, 1024 and a score; Q from the 1024 to 128 and 12.
		infoG = 75*1024 + 2*1024 + 1025*6272 + 2*6272 + (16*128*64 + 64) + 2*64 + (16*64 + 1)
		infoD = (16*64 + 64) + (16*64*128 + 128) + 2*128 + (6272+1)*1024 + 2*1024 + 1025 + 1025*128 + 2*128 + 129*12
	)
	if dcganG != 3_576_704 || dcganD != 2_765_568 {
		t.Errorf("the sums are %d and %d", dcganG, dcganD)
	}
	// SAGAN's authors' code at 128x128 with 1000 classes: blocks of two 3x3 and a 1x1 shortcut, each norm of the generator with a scale and
	// a shift a class; attention of C/8, C/8, C/2 and back to C, with gamma, on the maps of 32.
	block := func(in, out int) int { return (9*in+1)*out + (9*out+1)*out + (in+1)*out }
	attention := func(c int) int { return 2*c*(c/8) + 2*c*(c/2) + 1 }
	saganG, saganD := 129*16*1024+attention(256)+2*64+(9*64+1)*3, block(3, 64)+attention(128)+2*(9*1024+1)*1024+1025+1000*1024
	for _, c := range [][2]int{{1024, 1024}, {1024, 512}, {512, 256}, {256, 128}, {128, 64}} {
		saganG += block(c[0], c[1]) + 2*1000*(c[0]+c[1])
	}
	for _, c := range [][2]int{{64, 128}, {128, 256}, {256, 512}, {512, 1024}} {
		saganD += block(c[0], c[1])
	}
	face := gan.Data{Field: "pictures", Shape: []int{64, 64, 3}, Classes: 2}
	digit := gan.Data{Field: "pictures", Shape: []int{28, 28, 1}, Classes: 10}
	portrait := gan.Data{Field: "pictures", Shape: []int{1024, 1024, 3}}
	cifar := gan.Data{Field: "pictures", Shape: []int{32, 32, 3}, Classes: 10}
	small10 := gan.Data{Field: "pictures", Shape: []int{128, 128, 3}, Classes: 10}
	imagenet := gan.Data{Field: "pictures", Shape: []int{128, 128, 3}, Classes: 1000}
	point := gan.Data{Field: "points", Shape: []int{2}}
	counted := map[string]bool{}
	for _, c := range []struct {
		model             string
		d                 gan.Data
		settings          []string
		generator, critic int
	}{
		{"vanilla", point, nil, 101*256 + 257*256 + 257*2, 3*256 + 257*256 + 257},
		{"vanilla", digit, nil, 101*256 + 257*256 + 257*784, 785*256 + 257*256 + 257},
		{"cgan", digit, []string{"network=mlp"}, cganG, cganD},
		{"cgan", digit, nil, mnistG + 49*10*128, mnistD + 16*10*64}, // ten numbers more beside z, ten planes behind the picture
		{"dcgan", face, nil, dcganG, dcganD},
		{"dcgan", face, []string{"filters=128"}, figureG, figureD},
		{"dcgan", face, []string{"critic-norm=none"}, dcganG, dcganD - 2*(128+256+512)},
		{"dcgan", digit, nil, mnistG, mnistD},
		{"lsgan", face, nil, dcganG, dcganD},
		{"wgan", face, nil, dcganG, dcganD},
		{"wgan", point, []string{"layers=2"}, 101*512 + 513*512 + 513*2, 3*512 + 513*512 + 513},
		{"wgan-gp", point, nil, toyG, toyD},
		{"wgan-gp", face, []string{"latent=100"}, dcganG, dcganD},
		{"wgan-gp", cifar, []string{"network=resnet", "filters=128"}, resnetG, resnetD},
		{"wgan-gp", cifar, []string{"network=resnet", "filters=128", "critic-norm=layer"}, resnetG, normedD},
		// kwotsin/mimicry, sngan_32 and cgan_pd_32.
		{"sngan", cifar, []string{"preset=paper", "conditional=no"}, 4_276_739, 1_053_825},
		{"sngan", cifar, []string{"preset=paper"}, 4_304_387, 1_055_105},
		// The authors' codes print these, of generators with the layers that make colours at each side.
		{"progressive", portrait, []string{"preset=paper"}, 23_079_115, 23_087_249},
		{"stylegan", portrait, []string{"preset=paper"}, 26_219_627, 23_087_249 - (3*512 + 512)}, // of 4x4, which training from 8x8 never asks for
		{"stylegan2", portrait, []string{"preset=paper"}, 30_370_060, 29_012_513},
		{"acgan", small10, []string{"preset=paper"}, acganG, acganD},
		{"infogan", digit, []string{"preset=paper"}, infoG, infoD},
		{"sagan", imagenet, []string{"preset=paper"}, saganG, saganD},
		// ajbrock/BigGAN-PyTorch, with the options of its launch scripts for 128x128.
		{"biggan", imagenet, []string{"preset=paper"}, 70_433_988, 87_982_370},
		{"biggan-deep", imagenet, []string{"preset=paper"}, 50_244_484, 34_590_210},
		{"stylegan2-ada", portrait, []string{"preset=paper", "filters-base=32768"}, 30_370_060, 29_012_513}, // its code's configuration paper1024
		// The authors' code for CIFAR-10, conditional.
		{"r3gan", cifar, []string{"preset=paper"}, 20_781_952, 21_280_512},
	} {
		counted[c.model] = true
		t.Run(c.model, func(t *testing.T) {
			model, err := models.Find(c.model)
			if err != nil {
				t.Fatal(err)
			}
			configured := configure(t, model, c.settings...)
			pair, err := configured.pair(c.d)
			if err != nil {
				t.Fatal(err)
			}
			game, err := pair.Game(configured.shared)
			if err != nil {
				t.Fatal(err)
			}
			generator, critic := parameters(t, pair, game)
			if generator != c.generator || critic != c.critic {
				t.Errorf("%v on %v: generator %d, critic %d; want %d and %d", c.settings, c.d.Shape, generator, critic, c.generator, c.critic)
			}
		})
	}
	for _, model := range models.Table() {
		if _, whole := model.Options().(gan.GameBuilder); !counted[model.Name] && !whole { // whole games: TestParametersOfWholeGames
			t.Errorf("%s has no parameter count here", model.Name)
		}
	}
}
