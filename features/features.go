// Package features turns pictures into vectors that say what is on them. In go labelled pictures, out comes a small classifier
// that the project trains itself, and from it logits and features for any pictures of that size. It does not know what is
// judged with them.
package features

import (
	"context"
	"fmt"
	"math"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/metrics"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// Options are the classifier's sizes and how it is trained. The defaults reach 99 % on MNIST's test pictures.
type Options struct {
	Filters  int     `toml:"filters" default:"32" min:"1" help:"filters of the first convolution, doubled at each halving of the side up to four times as many"`
	Features int     `toml:"features" default:"128" min:"1" help:"size of the vectors"`
	Batch    int     `toml:"batch" default:"128" min:"1" help:"pictures in a batch"`
	Epochs   float64 `toml:"epochs" default:"8" above:"0" help:"how often every picture is seen"`
	Rate     float64 `toml:"rate" default:"0.002" above:"0" max:"1" help:"Adam's learning rate at the start; it falls to 0 along a cosine"`
	Average  float64 `toml:"average" default:"0.995" min:"0" below:"1" help:"decay of the averaged weights, which are those that judge"`
	Seed     int64   `toml:"seed" default:"1" min:"0" help:"another seed makes another classifier"`
}

// Classifier judges pictures of one size. It is safe for concurrent use.
type Classifier struct {
	Options  Options
	Shape    []int   // of a picture: [height, width, channels]
	Classes  int     //
	Accuracy float64 // on the held-out pictures, in [0, 1]
	Tested   int     // how many those are
	Origin   string  // SHA-256 of the data it was trained on

	game    *gan.Game
	weights *layers.Weights
	sampler *train.Sampler
}

// The names of what the classifier reads and makes.
const (
	scope    = "classifier"
	logits   = "logits"
	features = "features"
)

// build makes the game of one player, who lowers the cross-entropy.
func (c *Classifier) build() {
	o := c.Options
	net := func(r *gan.Turn) (vectors, scores *gan.Node) { return c.forward(r.Net(scope), r.Need(data.Pictures)) }
	c.game = &gan.Game{
		Batch: o.Batch,
		Needs: []gan.Need{gan.Records(data.Pictures, c.Shape...), gan.RecordLabels(data.Labels, c.Classes)},
		Knobs: []gan.Knob{
			{Name: "rate", At: func(p gan.Progress) float64 { return o.Rate * (1 + math.Cos(math.Pi*p.Done())) / 2 }},
			{Name: "average", At: func(p gan.Progress) float64 { return min(o.Average, float64(1+p.Round)/float64(10+p.Round)) }},
		},
		Acts: []gan.Act{{Name: "learn", Moves: []gan.Move{{
			Name: scope, Owns: []string{scope}, Optimizer: gan.Adam{Beta1: 0.9, Beta2: 0.999}, Rate: "rate",
			Loss: func(r *gan.Turn) *gan.Node {
				_, scores := net(r)
				asked := layers.OneHot(r.Net(scope), r.Need(data.Labels), c.Classes)
				return graph.ReduceAllMean(ops.SoftmaxCrossEntropy(scores, asked))
			},
			Then: func(r *gan.Turn) { gan.Average(r, r.Knob("average")) },
		}}}},
		Generate: func(r *gan.Turn) gan.Fields {
			vectors, scores := net(r)
			return gan.Fields{features: vectors, logits: scores}
		},
		Shown: []string{scope}, Averaged: true,
	}
}

// forward halves the side with strided convolutions until it is 7 or less, and lays two dense layers on that: x [batch, height,
// width, channels] to vectors [batch, Features] (after the ReLU) and scores [batch, Classes].
func (c *Classifier) forward(net gan.Net, x *gan.Node) (vectors, scores *gan.Node) {
	o := c.Options
	for i, side := 0, min(c.Shape[0], c.Shape[1]); side > 7; i, side = i+1, side/2 {
		at := net.Nth("down", i+1)
		x = layers.Conv{Filters: o.Filters * min(1<<i, 4), Kernel: 4, Stride: 2, Pad: 1, NoBias: true, Init: layers.He()}.On(at, x)
		x = layers.ReLU(layers.BatchNorm{}.On(at.In("norm"), x)) // [batch, side/2, side/2, filters]
	}
	at := net.In("features")
	x = layers.Dense{Units: o.Features, NoBias: true, Init: layers.He()}.On(at, graph.Reshape(x, x.Shape().Dimensions[0], -1))
	vectors = layers.ReLU(layers.BatchNorm{}.On(at.In("norm"), x))
	return vectors, layers.Dense{Units: c.Classes}.On(net.In("out"), vectors)
}

// Train trains a classifier on the set's training pictures and tests it on those held out. observe, if not nil, is told of
// every round out of how many.
func Train(ctx context.Context, backend compute.Backend, set *data.Set, o Options, observe func(result train.Result, rounds int)) (*Classifier, error) {
	c, err := blank(set, o)
	if err != nil {
		return nil, err
	}
	rounds := int(math.Ceil(o.Epochs * float64(set.Train.Len()) / float64(o.Batch)))
	trainer := &train.Trainer{
		Game: c.game, Weights: c.weights, Backend: backend, Source: set.Train, Seed: o.Seed, Rounds: rounds,
	}
	defer trainer.Finalize()
	for trainer.Round() < rounds {
		result, err := trainer.Play(ctx)
		if err != nil {
			return nil, fmt.Errorf("features: %w", err)
		}
		if observe != nil {
			observe(result, rounds)
		}
	}
	if err := c.open(backend); err != nil {
		return nil, err
	}
	return c, c.test(ctx, set.HeldOut)
}

// blank is a classifier for the set's pictures that knows nothing yet.
func blank(set *data.Set, o Options) (*Classifier, error) {
	c := &Classifier{Options: o, Classes: len(set.Codec.Classes()), Origin: set.Origin.Hash, weights: layers.NewWeights(o.Seed)}
	for _, f := range set.Train.Fields() {
		if f.Name == data.Pictures {
			c.Shape = f.Shape
		}
	}
	switch {
	case len(c.Shape) != 3:
		return nil, fmt.Errorf("features: %s has no pictures to learn from", set.Name)
	case c.Classes < 2:
		return nil, fmt.Errorf("features: %s has %d classes; a classifier needs two or more, such as one folder a class", set.Name, c.Classes)
	case set.HeldOut.Len() == 0:
		return nil, fmt.Errorf("features: %s has no held-out pictures to test a classifier on; set data.holdout", set.Name)
	case o.Batch < 1 || o.Filters < 1 || o.Features < 1 || !(o.Epochs > 0):
		return nil, fmt.Errorf("features: batch %d, filters %d, features %d and epochs %g must be above 0", o.Batch, o.Filters, o.Features, o.Epochs)
	}
	c.build()
	return c, nil
}

// open compiles the classifier as it judges: averaged weights, fixed statistics.
func (c *Classifier) open(backend compute.Backend) (err error) {
	c.sampler, err = train.NewSampler(backend, c.game, c.weights, c.game.Averaged)
	return err
}

// Close frees the compiled graph.
func (c *Classifier) Close() { c.sampler.Finalize() }

// Judgement is what the classifier makes of pictures.
type Judgement struct {
	Features metrics.Rows // [n, Options.Features], not negative
	Logits   metrics.Rows // [n, Classes]
}

// Judge looks at pictures [n, height, width, channels] in [-1, 1].
func (c *Classifier) Judge(ctx context.Context, pictures data.Array) (Judgement, error) {
	size := c.Shape[0] * c.Shape[1] * c.Shape[2]
	if len(pictures.Shape) != 4 || len(pictures.Float) != pictures.Len()*size {
		return Judgement{}, fmt.Errorf("features: pictures of shape %v; the classifier knows [n, %d, %d, %d]", pictures.Shape, c.Shape[0], c.Shape[1], c.Shape[2])
	}
	inputs := make([]train.Inputs, pictures.Len())
	for i := range inputs {
		inputs[i].Floats = map[string][]float32{data.Pictures: pictures.Float[i*size : (i+1)*size]}
	}
	made, err := c.sampler.Make(ctx, inputs)
	if err != nil {
		return Judgement{}, fmt.Errorf("features: %w", err)
	}
	return Judgement{
		Features: metrics.Rows{Size: c.Options.Features, Values: made[features].Float},
		Logits:   metrics.Rows{Size: c.Classes, Values: made[logits].Float},
	}, nil
}

// test measures the accuracy.
func (c *Classifier) test(ctx context.Context, source data.Source) error {
	all, err := All(ctx, source)
	if err != nil {
		return err
	}
	judged, err := c.Judge(ctx, all[data.Pictures])
	if err != nil {
		return err
	}
	calls, err := metrics.Call(judged.Logits)
	if err != nil {
		return err
	}
	c.Tested = source.Len()
	c.Accuracy, err = calls.Agreement(all[data.Labels].Int)
	return err
}

// All reads every record of a source, in order.
func All(ctx context.Context, source data.Source) (data.Batch, error) {
	indices := make([]int, source.Len())
	for i := range indices {
		indices[i] = i
	}
	all := data.Batch{}
	return all, source.Read(ctx, indices, all)
}
