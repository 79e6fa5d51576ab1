package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime/pprof"
	"time"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/models/vanilla"
	"github.com/ganymede-gan/ganymede/models/wgangp"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/ganymede-gan/ganymede/train"
)

type fake struct{ f data.Field }

func (s fake) Fields() []data.Field { return []data.Field{s.f} }
func (s fake) Len() int             { return 1000 }
func (s fake) Read(_ context.Context, idx []int, into data.Batch) error {
	x := into.Floats(s.f, len(idx))
	for i := range x {
		x[i] = float32(math.Sin(float64(i*i%1000) + float64(idx[0])))
	}
	return nil
}

func main() {
	model := flag.String("model", "dcgan", "")
	side := flag.Int("side", 64, "")
	batch := flag.Int("batch", 64, "")
	cfg := flag.String("config", "", "")
	rounds := flag.Int("rounds", 3, "")
	prof := flag.String("cpu", "", "")
	flag.Parse()
	ops.Register()
	b, err := engine.New(*cfg)
	must(err)
	d := gan.Data{Field: "pictures", Shape: []int{*side, *side, 3}}
	o := gan.Options{Objective: "nonsaturating", Penalty: gan.Penalty{GPTarget: 1, GPSide: "both", Every: 1, NoiseEnd: 0.5}, Optim: gan.Optim{Batch: *batch, Algorithm: "adam", Rate: 0.0002, Beta1: 0.5, Beta2: 0.999, Decay: 0.99, Schedule: "constant", Critic: 1, Accumulate: 1, Average: 0.999, ShareFake: true, Statistics: "separate"}}
	var p gan.Pair
	switch *model {
	case "dcgan":
		p, err = (&dcgan.Options{Latent: 100, Filters: 64, Most: 8, Norm: "batch"}).Pair(d)
	case "wgangp":
		o.Objective, o.Penalty.GP, o.Optim.Critic, o.Optim.Beta1, o.Optim.Beta2, o.Optim.ShareFake = "wasserstein", 10, 5, 0, 0.9, false
		p, err = (&wgangp.Options{Network: "resnet", Latent: 128, Filters: 128, Norm: "auto"}).Pair(d)
	case "mlp":
		p, err = (&vanilla.Options{Latent: 100, Hidden: 512, Layers: 3}).Pair(d)
	}
	must(err)
	g, err := p.Game(o)
	must(err)
	w := layers.NewWeights(1)
	tr := &train.Trainer{Game: g, Weights: w, Backend: b, Source: fake{data.Field{Name: "pictures", Shape: d.Shape}}, Seed: 1, Rounds: 100}
	t0 := time.Now()
	must(tr.Build())
	fmt.Println("build", time.Since(t0))
	for range 1 {
		t := time.Now()
		r, err := tr.Play(context.Background())
		must(err)
		fmt.Println("round", time.Since(t), r.Terms)
	}
	if *prof != "" {
		f, _ := os.Create(*prof)
		pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	pr, stop := b.Profile()
	for range *rounds {
		t := time.Now()
		r, err := tr.Play(context.Background())
		must(err)
		fmt.Println("round", time.Since(t), r.Terms)
	}
	stop()
	fmt.Println(pr)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
