// Round times rounds of DCGAN here and in PyTorch eager (bench/peers/dcgan.py; bench/peers/setup.sh installs it), in turn, in short
// bursts, and prints the median of each and of the ratio pair by pair, with its quartiles.
//
//	go run ./bench -side 64 -channels 3 -threads 1
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/models/dcgan"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/ganymede-gan/ganymede/train"
)

func main() {
	log.SetFlags(0)
	side := flag.Int("side", 64, "side of the pictures")
	channels := flag.Int("channels", 3, "channels of the pictures")
	filters := flag.Int("filters", 64, "filters next to the picture")
	batch := flag.Int("batch", 64, "pictures in a batch")
	threads := flag.Int("threads", 1, "threads of either side")
	bursts := flag.Int("bursts", 5, "pairs of bursts")
	rounds := flag.Int("rounds", 4, "rounds in a burst")
	python := flag.String("python", "bench/.venv/bin/python", "Python with torch")
	flag.Parse()
	if _, err := os.Stat(*python); err != nil {
		log.Fatalf("%v; run bench/peers/setup.sh", err)
	}
	ours, err := dcganRounds(*side, *channels, *filters, *batch, *threads)
	if err != nil {
		log.Fatal(err)
	}
	args := []string{"bench/peers/dcgan.py"}
	for _, n := range []int{*side, *channels, *filters, *batch, *threads, *rounds} {
		args = append(args, strconv.Itoa(n))
	}
	var mine, nchw, last, ratios []float64
	for range *bursts {
		a, err := ours(*rounds)
		if err != nil {
			log.Fatal(err)
		}
		b, c := torch(*python, args), torch(*python, append(slices.Clone(args), "channels_last"))
		mine, nchw, last = append(mine, a), append(nchw, b), append(last, c)
		ratios = append(ratios, a/min(b, c))
	}
	fmt.Printf("dcgan %dx%dx%d, %d filters, batch %d, %d threads, %d bursts of %d rounds, %s\n", *side, *side, *channels, *filters, *batch, *threads, *bursts, *rounds, time.Now().Format(time.DateOnly))
	fmt.Printf("ganymede              %.4f s a round (median of bursts)\n", quantile(mine, 0.5))
	fmt.Printf("torch, NCHW           %.4f s\n", quantile(nchw, 0.5))
	fmt.Printf("torch, channels last  %.4f s\n", quantile(last, 0.5))
	fmt.Printf("ganymede / the better, pair by pair: median %.2f, quartiles %.2f to %.2f\n", quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75))
}

// dcganRounds returns a function that plays rounds and returns the median time of one.
func dcganRounds(side, channels, filters, batch, threads int) (func(rounds int) (float64, error), error) {
	ops.Register()
	backend, err := engine.New(fmt.Sprintf("threads=%d", threads))
	if err != nil {
		return nil, err
	}
	field := data.Field{Name: data.Pictures, Shape: []int{side, side, channels}, Low: -1, High: 1}
	random := layers.Stream(0, "bench")
	pictures := make([]float32, 4*batch*field.Size())
	for i := range pictures {
		pictures[i] = 2*random.Float32() - 1
	}
	source, err := data.InMemory([]data.Field{field}, data.Batch{data.Pictures: {Shape: append([]int{4 * batch}, field.Shape...), Float: pictures}})
	if err != nil {
		return nil, err
	}
	options, shared := config.Default[dcgan.Options](), config.Default[gan.Options]()
	options.Filters, shared.Optim.Batch, shared.Optim.ShareFake = filters, batch, true
	pair, err := options.Pair(gan.Data{Field: data.Pictures, Shape: field.Shape})
	if err != nil {
		return nil, err
	}
	game, err := pair.Game(shared)
	if err != nil {
		return nil, err
	}
	trainer := &train.Trainer{Game: game, Weights: layers.NewWeights(0), Backend: backend, Source: source, Rounds: 1000}
	return func(rounds int) (float64, error) {
		var times []float64
		for i := range rounds + 3 {
			begin := time.Now()
			if _, err := trainer.Play(context.Background()); err != nil {
				return 0, err
			}
			if i >= 3 {
				times = append(times, time.Since(begin).Seconds())
			}
		}
		return quantile(times, 0.5), nil
	}, nil
}

// torch runs the peer once and returns its median.
func torch(python string, args []string) float64 {
	out, err := exec.Command(python, args...).Output()
	if err != nil {
		log.Fatalf("%s %s: %v", python, strings.Join(args, " "), err)
	}
	var times []float64
	for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
		t, err := strconv.ParseFloat(lines.Text(), 64)
		if err != nil {
			log.Fatal(err)
		}
		times = append(times, t)
	}
	return quantile(times, 0.5)
}

func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}
