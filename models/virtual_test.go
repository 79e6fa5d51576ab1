package models_test

import (
	"context"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/train"
)

// A model that translates has reference batches of pictures, and of pairs.
func TestVirtualBatchNormOfATranslator(t *testing.T) {
	model, err := models.Find("pix2pix")
	if err != nil {
		t.Fatal(err)
	}
	s := negatives(t, 32, 1, 16)
	game, err := configure(t, model, append(small(t, model), "technique.virtual-batch-norm=both", "penalty.gp=1")...).game(s.shape)
	if err != nil {
		t.Fatal(err)
	}
	keepsPlayersApart(t, game, s)
	samplesInRange(t, model, game, s)
	resumes(t, game, s)
}

// With virtual batch norm a run resumes to the bit, its reference batches being part of what is saved; every weight moves; samples are in
// range and the same to the bit whatever is made beside them, truncated ones too. The critic of cgan has classes, sngan's generator and
// BigGAN's have conditional batch norm.
func TestVirtualBatchNorm(t *testing.T) {
	for name, settings := range map[string][]string{
		"dcgan":  {"technique.virtual-batch-norm=both", "penalty.gp=10", "optim.share-fake=false"},
		"cgan":   {"network=dcgan", "technique.virtual-batch-norm=both"},
		"sngan":  {"technique.virtual-batch-norm=generator"},
		"biggan": {"technique.virtual-batch-norm=generator"},
		"wgan":   {"network=dcgan", "technique.virtual-batch-norm=critic", "optim.batch=4", "technique.packing=2"},
	} {
		t.Run(name, func(t *testing.T) {
			model, err := models.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			s := figures(t, 16, 1, 16)
			game, err := configure(t, model, append(small(t, model), settings...)...).game(s.shape)
			if err != nil {
				t.Fatal(err)
			}
			keepsPlayersApart(t, game, s)
			samplesInRange(t, model, game, s)
			resumes(t, game, s)
			b := backend(t)
			tr := trainer(t, b, game, s, 3)
			run(t, tr, 2)
			plain, err := train.NewSampler(b, game, tr.Weights, true)
			if err != nil {
				t.Fatal(err)
			}
			defer plain.Finalize()
			truncated, err := train.NewTruncated(context.Background(), b, game, tr.Weights, 0.5)
			if err != nil {
				t.Fatal(err)
			}
			defer truncated.Finalize()
			for kind, sampler := range map[string]*train.Sampler{"plain": plain, "truncated": truncated} {
				all, err := sampler.Sample(context.Background(), 1, 0, 5, nil)
				if err != nil {
					t.Fatal(err)
				}
				// The latents of samples 3 and 4, in other places of other batches.
				some, err := sampler.Make(context.Background(), []train.Inputs{sampler.Latents(1, 4), sampler.Latents(1, 9), sampler.Latents(1, 3)})
				if err != nil {
					t.Fatal(err)
				}
				record := func(a []float32, i int) []float32 { return a[i*256 : (i+1)*256] }
				whole, part := all["pictures"].Float, some["pictures"].Float
				if !slices.Equal(record(whole, 4), record(part, 0)) || !slices.Equal(record(whole, 3), record(part, 2)) {
					t.Errorf("%s samples depend on those beside them", kind)
				}
			}
		})
	}
}
