package ganymede

import (
	"context"
	"fmt"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/train"
)

// Read is what the run's critic makes of pictures [n, height, width, channels] in [-1, 1] beside their score, [n, ...] each, by name: of InfoGAN
// "codes", the logits of the categories and the means of the continuous codes; of AC-GAN "class", the logits of the classes. The generator must
// have been opened with OpenOptions.Critic.
func (g *Generator) Read(ctx context.Context, pictures data.Array) (data.Batch, error) {
	switch {
	case g.played.Read == nil:
		return nil, wrong{fmt.Errorf("the critic of %s only scores; that of infogan reads codes, that of acgan classes", g.Model.Name)}
	case !g.critic:
		return nil, wrong{fmt.Errorf("the generator was opened without its critic; set OpenOptions.Critic")}
	case pictures.Len() < 1:
		return nil, wrong{fmt.Errorf("there are no pictures to read")}
	}
	reading := *g.played
	reading.Generate = g.played.Read
	sampler, err := train.NewSampler(g.backend.compute, &reading, g.weights, false)
	if err != nil {
		return nil, err
	}
	defer sampler.Finalize()
	sampler.Show(data.Batch{data.Pictures: pictures})
	return sampler.Sample(ctx, 0, 0, pictures.Len(), nil)
}
