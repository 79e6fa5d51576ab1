package ganymede

import (
	"context"
	"fmt"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/train"
)

// TraverseOptions say along what samples are to change.
type TraverseOptions struct {
	Code      int // of a model with codes, from 1; 0: none
	Direction int // an axis of the latent, from 1; 0: none. One of both is asked for
	Seed      int64
	Rows      int // each a sample of its own
	Frames    int // along a row; of a categorical code there are as many as it has values
}

// Codes are the codes that steer the samples, none of most models.
func (g *Generator) Codes() []gan.Need { return g.sampler.Codes() }

// Traverse makes rows of samples in which nothing changes but one code, or one number of the latent: [rows*frames, ...], row by row, and
// how many frames a row has. A categorical code takes its values in turn; a continuous one goes from -2 to 2, twice as far as in training
// (Chen 2016, arXiv:1606.03657, figure 2), and a number of the latent from -3 to 3.
func (g *Generator) Traverse(ctx context.Context, o TraverseOptions) (made data.Batch, frames int, err error) {
	if err := g.starts(); err != nil {
		return nil, 0, err
	}
	need, err := g.along(o)
	if err != nil {
		return nil, 0, err
	}
	if frames = o.Frames; need.Kind == gan.Code {
		frames = need.Classes
	}
	if o.Rows < 1 || frames < 2 {
		return nil, 0, wrong{fmt.Errorf("%d rows of %d frames are asked for; ask for 1 row and 2 frames or more", o.Rows, frames)}
	}
	var inputs []train.Inputs
	for row := range o.Rows {
		for frame := range frames {
			inputs = append(inputs, g.step(need, o, row, frame, frames))
		}
	}
	made, err = g.sampler.Make(ctx, inputs)
	return made, frames, err
}

// step is what one frame of a row is made from.
func (g *Generator) step(need gan.Need, o TraverseOptions, row, frame, frames int) train.Inputs {
	in := g.sampler.Latents(o.Seed, row)
	for _, code := range g.Codes() {
		if code.Kind != gan.Code { // the row's other continuous codes are 0
			in.Floats[code.Name][0] = 0.5
		}
	}
	at := float64(frame) / float64(frames-1)
	switch need.Kind {
	case gan.Code:
		in.Labels[need.Name] = int32(frame)
	case gan.Flat: // drawn from 0 to 1, which the generator is told as -1 to 1
		in.Floats[need.Name][0] = float32(2*at - 0.5)
	default:
		in.Floats[need.Name][o.Direction-1] = float32(6*at - 3)
	}
	return in
}

// along is the need that a traversal changes.
func (g *Generator) along(o TraverseOptions) (gan.Need, error) {
	codes := g.Codes()
	switch {
	case (o.Code == 0) == (o.Direction == 0):
		return gan.Need{}, wrong{fmt.Errorf("a code or a direction must be chosen, counted from 1, and not both")}
	case o.Code != 0 && len(codes) == 0:
		return gan.Need{}, wrong{fmt.Errorf("%s has no codes; infogan has, and every model has directions", g.Model.Name)}
	case o.Code < 0 || o.Code > len(codes):
		return gan.Need{}, wrong{fmt.Errorf("there is no code %d; the run has 1 to %d", o.Code, len(codes))}
	case o.Code > 0:
		return codes[o.Code-1], nil
	}
	for _, need := range g.played.Needs {
		if need.Kind == gan.Gaussian && len(need.Shape) == 1 {
			if o.Direction < 0 || o.Direction > need.Shape[0] {
				return gan.Need{}, wrong{fmt.Errorf("there is no direction %d; the latent has 1 to %d", o.Direction, need.Shape[0])}
			}
			return need, nil
		}
	}
	return gan.Need{}, wrong{fmt.Errorf("%s has no latent whose numbers could be changed", g.Model.Name)}
}
