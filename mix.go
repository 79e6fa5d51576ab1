package ganymede

import (
	"context"
	"fmt"
	"strings"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/train"
)

// MixOptions say whose styles are mixed.
type MixOptions struct {
	Coarse, Fine []int64 // seeds: sample 0 of each
	From, To     int     // the layers that take the styles of the coarse ones, from 0, both counted
	Truncation   *float64
}

// Mix makes a sheet of pictures of a generator with styles, row by row: first an empty place and the fine samples, then a row for
// each coarse sample: itself, and what comes of it with each fine one, whose styles the other layers have (Karras 2018,
// arXiv:1812.04948, figure 3). There are len(Coarse)+1 rows of len(Fine)+1.
func (g *Generator) Mix(ctx context.Context, o MixOptions) (data.Batch, error) {
	if err := g.canMix(ctx, o); err != nil {
		return nil, err
	}
	mixing := *g.played
	mixing.Generate = g.played.Mix
	sampler, err := train.NewSampler(g.backend.compute, &mixing, g.weights, false)
	if err != nil {
		return nil, err
	}
	defer sampler.Finalize()
	if o.Truncation != nil {
		sampler = sampler.Truncated(*o.Truncation)
	}
	var inputs []train.Inputs
	for _, fine := range o.Fine {
		inputs = append(inputs, mixed(sampler, fine, fine, o))
	}
	for _, coarse := range o.Coarse {
		inputs = append(inputs, mixed(sampler, coarse, coarse, o))
		for _, fine := range o.Fine {
			inputs = append(inputs, mixed(sampler, coarse, fine, o))
		}
	}
	made, err := sampler.Make(ctx, inputs)
	if err != nil {
		return nil, err
	}
	for name, a := range made { // the empty place
		empty := make([]float32, len(a.Float)/a.Len())
		a.Float = append(empty, a.Float...)
		a.Shape[0]++
		made[name] = a
	}
	return made, nil
}

// mixed are the inputs of one picture.
func mixed(sampler *train.Sampler, coarse, fine int64, o MixOptions) train.Inputs {
	in, other := sampler.Latents(fine, 0), sampler.Latents(coarse, 0)
	for name := range in.Floats {
		if latent, ok := strings.CutSuffix(name, gan.OtherLatent); ok {
			in.Floats[name] = other.Floats[latent]
		}
	}
	for layer := o.From; layer <= o.To; layer++ {
		in.Floats[gan.TakenLayers][layer] = 1
	}
	return in
}

func (g *Generator) canMix(ctx context.Context, o MixOptions) error {
	if g.played.Mix == nil {
		return wrong{fmt.Errorf("%s has no styles to mix; stylegan2 has", g.Model.Name)}
	}
	if len(o.Coarse) == 0 || len(o.Fine) == 0 {
		return wrong{fmt.Errorf("%d coarse and %d fine samples are to be mixed; give one seed of each or more", len(o.Coarse), len(o.Fine))}
	}
	if last := g.played.Styles - 1; o.From < 0 || o.To < o.From || o.To > last {
		return wrong{fmt.Errorf("the layers %d to %d cannot take the coarse styles; this run has the layers 0 to %d, the coarsest first", o.From, o.To, last)}
	}
	_, err := g.truncated(ctx, o.Truncation)
	return err
}

// Styles is how many layers of the generator take a style; 0 of a generator without styles.
func (g *Generator) Styles() int { return g.played.Styles }

// SaveMix writes what Mix made with so many fine samples as a sheet.
func (g *Generator) SaveMix(pictures data.Batch, fine int, path string) error {
	return g.SaveInterpolation(pictures, pictures[g.Codec.Fields()[0].Name].Len()/(fine+1), path)
}
