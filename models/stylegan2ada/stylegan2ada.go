// Package stylegan2ada is StyleGAN2-ADA: Karras, Aittala, Hellsten, Laine, Lehtinen, Aila, "Training Generative Adversarial Networks with
// Limited Data", 2020, arXiv:2006.06676: StyleGAN2's networks, whose critic sees changed pictures, the more often the surer it is of the
// real ones. The authors' code is NVlabs/stylegan2-ada-pytorch. The changes themselves are package augment, for any model
// (technique.ada); DiffAugment (technique.diffaugment) is another one.
package stylegan2ada

import (
	"maps"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/models/stylegan2"
)

// Model is the line of the table: the configuration paper256 of appendix C, with the pipeline bgc.
var Model = gan.Model{
	Name: "stylegan2-ada", Title: "StyleGAN2-ADA",
	Paper:   "Karras et al. 2020, Training Generative Adversarial Networks with Limited Data, arXiv:2006.06676",
	Home:    gan.Home{Data: gan.Pictures(1024, 3, 0), Set: []string{"filters-base=32768"}},
	For:     "some hundred to some thousand pictures, which stylegan2 would learn by heart",
	Options: func() gan.Builder { return &stylegan2.Options{} },
	Shared: over(stylegan2.Shared, map[string]string{
		"filters-base": "16384", "deviation-group": "8", "penalty.r1": "1", "technique.ada": "bgc",
		"optim.batch": "64", "optim.rate": "0.0025", "optim.average": "0.9978",
	}),
	Small:  over(stylegan2.Small, map[string]string{"deviation-group": "4", "technique.ada-records": "20000", "optim.batch": "8", "optim.rate": "0.002"}),
	Sides:  stylegan2.Sides,
	Length: dcgan.Length,
}

// over is the values of the first with the second over them.
func over(under, values map[string]string) map[string]string {
	all := maps.Clone(under)
	maps.Copy(all, values)
	return all
}

// Differences: stylegan2's, and these. With conditional=true the labels enter as in StyleGAN2's code (an embedding beside z, a score a
// class); this paper's has a normalised embedding and a projection. The authors see half the pictures mirrored in some data sets. The
// new strength holds from the generator's move of the same round on, theirs from the next round. The strength can grow above 1 in both,
// where it is the same as 1.
