package models_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/train"
)

// between is two kinds of pictures of a side.
func between(side int, paired bool) gan.Data {
	return gan.Data{Field: data.A, To: data.B, Paired: paired, Shape: []int{side, side, 3}}
}

// The counts of systems that are more than a pair. Those of pix2pix and CycleGAN are what the authors' code prints at 256x256 (junyanz/pytorch-CycleGAN-and-pix2pix), and the same as sums: a convolution has
// taps*in*out numbers and out of a bias, which is left out before batch norm, and batch norm has 2 a channel.
func TestParametersOfWholeGames(t *testing.T) {
	const (
		block  = 9*256*256 + 256
		resnet = (49*3*64 + 64) + (9*64*128 + 128) + (9*128*256 + 256) + 18*block + (9*256*128 + 128) + (9*128*64 + 64) + (49*64*3 + 3)
		down   = 16*(3*64+64*128+128*256+256*512+4*512*512) + 2*(128+256+512+512+512+512)
		up     = 16*(512*512+3*1024*512+1024*256+512*128+256*64+128*3) + 3 + 2*(4*512+256+128+64)
		// Figure 1 of Berthelot 2017 with n = 128 and codes of 64, four sides from 64 to 8.
		n            = 128
		beganDecoder = 65*64*n + 8*(9*n*n+n) + (9*n*3 + 3)
		beganEncoder = (9*3*n + n) + 2*9*(1+4+9+16)*n*n + 2*(1+2+3+4)*n + 9*(1*2+2*3+3*4)*n*n + (2+3+4)*n + (64*4*n*64 + 64)

		patch = 16*(64*128+128*256+256*512+512) + 64 + 1
	)
	for _, c := range []struct {
		model    string
		settings []string
		side     int
		scopes   map[string]int
	}{
		{"began", []string{"preset=paper"}, 64, map[string]int{"generator": beganDecoder, "critic": beganDecoder + beganEncoder}},
		{"cyclegan", []string{"preset=paper"}, 256, map[string]int{
			"generator-ab": 11_378_179, "generator-ba": resnet, "critic-a": 2_764_737, "critic-b": 16*3*64 + patch + 128 + 256 + 512,
		}},
		{"cyclegan", []string{"preset=paper", "blocks=6"}, 128, map[string]int{"generator-ab": resnet - 6*block, "critic-a": 2_764_737}},
		{"pix2pix", []string{"preset=paper"}, 256, map[string]int{"generator": 54_413_955, "critic": 2_768_705}},
		{"pix2pix", []string{"preset=paper"}, 256, map[string]int{"generator": down + up, "critic": 16*6*64 + patch + 2*(128+256+512)}},
	} {
		model, err := models.Find(c.model)
		if err != nil {
			t.Fatal(err)
		}
		d := between(c.side, true)
		if model.Domains == gan.One {
			d = gan.Data{Field: data.Pictures, Shape: d.Shape}
		}
		game, err := configure(t, model, c.settings...).game(d)
		if err != nil {
			t.Fatal(err)
		}
		weights, err := train.Outline(backend(t), game)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range weights.All("") {
			if v.Value != nil {
				t.Errorf("%s was made", v.Path)
			}
		}
		for scope, want := range c.scopes {
			if got := weights.Count(scope); got != want {
				t.Errorf("%s at %d: %s has %d parameters, want %d", c.model, c.side, scope, got, want)
			}
		}
	}
}

func TestTranslatorsSayWhatTheyCannot(t *testing.T) {
	for _, c := range []struct {
		model    string
		settings []string
		d        gan.Data
		want     string
	}{
		{"pix2pix", nil, gan.Data{Field: data.Pictures, Shape: []int{64, 64, 3}}, "give the second folder by --to, with the same names in both"},
		{"cyclegan", nil, gan.Data{Field: data.Pictures, Shape: []int{64, 64, 3}}, "give the second folder by --to"},
		{"pix2pix", nil, between(64, false), "have no partners; take cyclegan"},
		{"pix2pix", nil, between(48, true), "the pictures are 48x48; the U-Net can do squares of [32 64 128 256 512]: set data.side"},
		{"cyclegan", nil, between(30, false), "the pictures are 30x30; the generators can do squares whose side is a multiple of 4"},
		{"cyclegan", []string{"downs=4"}, between(32, false), "squares whose side is a multiple of 16, from 64: set data.side, or downs"},
		{"cyclegan", []string{"critic-layers=4"}, between(32, false), "leave no patch of them; set data.side to 48 or more, or critic-layers to fewer"},
		{"dcgan", nil, between(64, true), "leave --to out"},
		{"cyclegan", []string{"objective=wasserstein"}, between(32, false), "no lower bound"},
		{"pix2pix", []string{"penalty.gp=1"}, between(32, true), "norm=instance"},
	} {
		model, err := models.Find(c.model)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := configure(t, model, c.settings...).game(c.d); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %v on %v: %v, want %q", c.model, c.settings, c.d, err, c.want)
		}
	}
}

// Objectives, penalties and techniques are the shared ones: each trains two rounds with either model.
func TestTranslatorsTakeTheSharedOptions(t *testing.T) {
	if testing.Short() {
		t.Skip("two rounds of everything")
	}
	b := backend(t)
	var all []choice
	for _, o := range objectives() {
		all = append(all, choice{o.name, append(o.settings, "penalty.gp=1")}) // the penalty lets every objective train
	}
	all = append(append(all, penalties()...), techniques()...)
	for _, name := range []string{"pix2pix", "cyclegan"} {
		model, err := models.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if strings.HasPrefix(c.name, "20 ") || c.name == "label smoothing" && name == "cyclegan" {
				continue
			}
			s, settings := negatives(t, 32, 1, 8), append(small(t, model), "norm=instance", "critic-layers=1")
			if name == "cyclegan" {
				s, settings = negatives(t, 16, 1, 8), append(small(t, model), "critic-layers=1", "pool=3")
			}
			settings = append(settings, c.settings...)
			game, err := configure(t, model, settings...).game(s.shape)
			if err != nil {
				t.Errorf("%s, %s: %v", name, c.name, err)
				continue
			}
			run(t, trainer(t, b, game, s, 2), 2)
		}
	}
}

// TestTranslatorsLearn trains both models for some seconds on figures and their negatives, CycleGAN without pairs, and asks how far the
// translation of figures that they have not seen is from the truth: from 1, where the mean difference is that of a picture left as
// it is, it must fall to a small part.
func TestTranslatorsLearn(t *testing.T) {
	for _, c := range []struct {
		model    string
		settings []string
		rounds   int
		most     float64
	}{
		{"pix2pix", []string{"filters=4", "critic-filters=4", "critic-layers=1", "optim.batch=4", "optim.rate=0.002"}, 150, 0.15},
		{"cyclegan", []string{"filters=4", "blocks=1", "critic-filters=8", "critic-layers=1", "optim.batch=4", "optim.rate=0.002", "identity=0"}, 160, 0.3},
	} {
		t.Run(c.model, func(t *testing.T) {
			model, err := models.Find(c.model)
			if err != nil {
				t.Fatal(err)
			}
			seen, unseen := negatives(t, 32, 1, 256), held(t, negatives(t, 32, 1, 288), 256)
			game, err := configure(t, model, c.settings...).game(seen.shape)
			if err != nil {
				t.Fatal(err)
			}
			b := backend(t)
			tr := trainer(t, b, game, seen, c.rounds)
			sampler, err := train.NewSampler(b, game, tr.Weights, false)
			if err != nil {
				t.Fatal(err)
			}
			defer sampler.Finalize()
			sampler.Show(unseen)
			began := time.Now()
			run(t, tr, c.rounds)
			made, err := sampler.Sample(context.Background(), 1, 0, 32, nil)
			if err != nil {
				t.Fatal(err)
			}
			far := apart(made[gan.AB], unseen[data.B]) / apart(unseen[data.A], unseen[data.B])
			t.Logf("the difference to the truth is %.3f of that of the picture itself, after %v", far, time.Since(began).Round(100*time.Millisecond))
			if !(far < c.most) {
				t.Errorf("%.3f is too far; %.3f is the most", far, c.most)
			}
		})
	}
}

// apart is the mean absolute difference.
func apart(x, y data.Array) float64 {
	sum := 0.0
	for i := range x.Float {
		sum += math.Abs(float64(x.Float[i] - y.Float[i]))
	}
	return sum / float64(len(x.Float))
}
