package train

import (
	"context"
	"fmt"

	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// standingBatches is over how many batches standing statistics are averaged; BigGAN's paper has 100, its author's code 16.
const standingBatches = 16

// NewTruncated compiles a sampler whose Gaussian latents are truncated: a number beyond the threshold is drawn again (Brock 2018,
// 1809.11096, section 3.1). Batch norm's running statistics are of latents that are not, so the sampler has standing ones of its own,
// averaged over batches of truncated samples (its appendix E), which depend on the weights' seed alone. The weights stay as they are.
func NewTruncated(ctx context.Context, backend compute.Backend, game *gan.Game, weights *layers.Weights, threshold float64) (*Sampler, error) {
	own := weights.Clone()
	p, err := compile(backend, game, own, "standing", func(turn *gan.Turn) (names []string, nodes []*graph.Node) {
		for name, node := range turn.Measure() {
			names, nodes = append(names, name), append(nodes, node)
		}
		return names, nodes
	})
	if err != nil {
		return nil, err
	}
	defer p.graph.Finalize()
	measuring := (&Sampler{game: game, weights: own, backend: backend, program: p}).within(threshold)
	if len(p.changed) > 0 {
		if err := measuring.stand(ctx); err != nil {
			return nil, err
		}
	}
	s, err := NewSampler(backend, game, own, false)
	if err != nil {
		return nil, err
	}
	return s.within(threshold), nil
}

// within is the same sampler with a threshold for its Gaussian latents.
func (s *Sampler) within(threshold float64) *Sampler {
	within := *s
	within.threshold = threshold
	return &within
}

// stand sets the statistics that the program measures to their means over batches.
func (s *Sampler) stand(ctx context.Context) error {
	sums := make([][]float64, len(s.program.changed))
	for batch := range standingBatches {
		if err := ctx.Err(); err != nil {
			return err
		}
		inputs := make([]Inputs, s.game.Batch)
		for i := range inputs {
			// Far from the samples that anybody asks for.
			inputs[i] = s.Latents(s.weights.Seed, 1<<30+batch*s.game.Batch+i)
		}
		drawn := make([]*tensors.Tensor, len(s.program.draws))
		for i, d := range s.program.draws {
			if err := given(inputs, d.Need); err != nil {
				return err
			}
			drawn[i] = stack(inputs, d.Need, s.weights.DType)
		}
		outputs, err := s.program.run(ctx, s.backend, nil, s.weights, drawn, nil)
		if err != nil {
			return fmt.Errorf("train: standing statistics: %w", err)
		}
		for k, output := range outputs[len(s.program.outputs):] {
			values := arrayOf(output).Float
			if sums[k] == nil {
				sums[k] = make([]float64, len(values))
			}
			for i, v := range values {
				sums[k][i] += float64(v) / standingBatches
			}
		}
		for _, output := range outputs {
			output.FinalizeAll()
		}
	}
	for k, v := range s.program.changed {
		values := make([]float32, len(sums[k]))
		for i, sum := range sums[k] {
			values[i] = float32(sum)
		}
		v.Value = tensors.FromFlatDataAndDimensions(values, v.Shape.Dimensions...)
	}
	return nil
}
