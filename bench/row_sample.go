package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/ganymede-gan/ganymede/train"

	"github.com/ganymede-gan/ganymede/engine"
)

// samples are pictures made by DCGAN-64's generator from given latents, one and a batch at a time.
func samples() (tasks []task) {
	g, _ := findGame("dcgan64")
	for _, batch := range []int{1, 64} {
		work := g.work
		work.Work, work.Batch = "sample", batch
		tasks = append(tasks, task{
			name: fmt.Sprintf("sample/dcgan64/%d", batch), length: time.Second, peers: []string{torch}, work: work,
			ours: func(_ context.Context, threads int) (*entrant, string, error) {
				e, err := sampling(g, batch, threads)
				return e, "", err
			},
		})
	}
	return tasks
}

// sampling is our entrant: the sampler that `ganymede sample` has, from latents that are there to arrays that are out.
func sampling(g played, batch, threads int) (*entrant, error) {
	game, err := g.game()
	if err != nil {
		return nil, err
	}
	game.Batch = batch
	ops.Register()
	backend, err := engine.New(fmt.Sprintf("threads=%d", threads))
	if err != nil {
		return nil, err
	}
	sampler, err := train.NewSampler(backend, game, layers.NewWeights(0), false)
	if err != nil {
		backend.Finalize()
		return nil, err
	}
	latents := make([]train.Inputs, batch)
	for i := range latents {
		latents[i] = sampler.Latents(0, i)
	}
	burst := func(ctx context.Context, runs int) ([]float64, error) {
		seconds := make([]float64, runs)
		for i := range seconds {
			began := time.Now()
			if _, err := sampler.Make(ctx, latents); err != nil {
				return nil, err
			}
			seconds[i] = time.Since(began).Seconds()
		}
		return seconds, nil
	}
	return &entrant{threads: threads, burst: burst, close: func() { sampler.Finalize(); backend.Finalize() }}, nil
}
