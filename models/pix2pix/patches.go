package pix2pix

import (
	"fmt"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
)

// Patches is the discriminator of section 3.2.2, the PatchGAN, which judges overlapping patches of a picture each by itself: 70x70
// of them with three layers. CycleGAN's is the same with instance norm, or with none.
type Patches struct {
	CriticFilters int    `toml:"critic-filters" default:"64" min:"1" help:"filters of the critic next to the picture, doubled at each layer up to 8 times as many"`
	Layers        int    `toml:"critic-layers" default:"3" min:"1" max:"6" help:"strided layers of the critic: 1 judges patches of 16x16, 2 of 34x34, 3 of 70x70"`
	Norm          string `toml:"norm" default:"batch" in:"batch,instance" help:"normalisation in both players"`
}

// Check refuses a side from which the layers leave nothing.
func (p Patches) Check(side int) error {
	if side>>p.Layers < 3 {
		return fmt.Errorf("the pictures are %dx%d, and %d strided layers of the critic leave no patch of them; set data.side to %d or more, or critic-layers to fewer",
			side, side, p.Layers, 3<<p.Layers)
	}
	return nil
}

// On scores the patches of records [batch, side, side, channels]: [batch, side', side', 1].
func (p Patches) On(net gan.Net, x *gan.Node) *gan.Node {
	leaky := layers.LeakyReLU(0.2)
	x = net.Mark("map", leaky(layers.Conv{Filters: p.CriticFilters, Kernel: 4, Stride: 2, Pad: 1, Init: weights}.On(net.In("down1"), x)))
	for i := 1; i <= p.Layers; i++ {
		at, stride := net.Nth("down", i+1), 2
		if i == p.Layers {
			stride = 1
		}
		conv := layers.Conv{Filters: p.CriticFilters << min(i, 3), Kernel: 4, Stride: stride, Pad: 1, NoBias: p.Norm == "batch", Init: weights}
		x = net.Mark("map", leaky(p.normalise(at.In("norm"), conv.On(at, x))))
	}
	return layers.Conv{Filters: 1, Kernel: 4, Pad: 1, Init: weights}.On(net.In("out"), net.Mark("features", x))
}

func (p Patches) normalise(net gan.Net, x *gan.Node) *gan.Node {
	switch p.Norm {
	case "instance":
		return layers.InstanceNorm{}.On(net, x)
	case "none":
		return x
	}
	return layers.BatchNorm{Scale: scales}.On(net, x)
}
