// Package lsgan is LSGAN: Mao, Li, Xie, Lau, Wang, Smolley, "Least Squares Generative Adversarial Networks", 2016,
// arXiv:1611.04076.
package lsgan

import (
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models/dcgan"
)

// Options are DCGAN's, whose networks the paper builds on (section 3.3).
type Options struct{ dcgan.Options }

// Model is the line of the table.
var Model = gan.Model{
	Name: "lsgan", Title: "LSGAN",
	Paper:   "Mao et al. 2016, Least Squares Generative Adversarial Networks, arXiv:1611.04076",
	Home:    gan.Home{Data: gan.Pictures(64, 3, 0)},
	For:     "pictures of 16 to 256, steadier than DCGAN: the loss does not saturate",
	Options: func() gan.Builder { return &Options{} },
	Shared:  map[string]string{"objective": "lsgan", "optim.share-fake": "true"},
	Sides:   dcgan.Sides,
	Length:  dcgan.Length,
}

// Differences: the paper's scene networks (figure 1) put two stride-1 deconvolutions between the doublings and use 5x5 kernels and
// a fully connected last layer; ours are DCGAN's. Equation 9 (a = 0, b = c = 1) and Adam with beta1 0.5 are the paper's; its learning
// rates are 0.001 for scenes and 0.0002 for the Chinese characters, ours is the latter.
