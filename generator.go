package ganymede

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/points"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/ganymede-gan/ganymede/train"
)

// OpenOptions say which generator of a run is meant. The zero value is the newest, with averaged weights where there are
// some, on the cpu backend.
type OpenOptions struct {
	Checkpoint int        // a round; 0: the newest
	Raw        bool       // the weights themselves rather than their averages
	Critic     bool       // the critic too, and the weights themselves: for Read
	Backend    string     // as in Request
	Threads    int        //
	Custom     *gan.Model // the run's model, where it is a program's own
	Game       GameFunc   // the run's game, where it is a program's own
}

// Generator makes samples with a trained run. It is safe for concurrent use.
type Generator struct {
	Model   gan.Model
	Codec   data.Codec
	Seed    int64 // the run's
	Round   int   // how many rounds the weights have seen
	Weights string
	Damaged []error // newer checkpoints that were passed over, and why

	sampler *train.Sampler
	backend *opened
	played  *gan.Game
	weights *layers.Weights

	critic   bool           // there are the critic's weights too
	pictures images.Options // how the run made pictures ready
	standing standing
}

// standing is the last sampler with truncated latents, whose statistics take time to make.
type standing struct {
	sync.Mutex
	threshold float64
	sampler   *train.Sampler
}

// Open loads the generator of a run.
func Open(dir string, o OpenOptions) (*Generator, error) {
	folder, err := run.Open(dir)
	if err != nil {
		return nil, err
	}
	g := &Generator{Seed: folder.Manifest.Seed, Weights: "averaged", critic: o.Critic}
	if g.Codec, err = codecOf(folder); err != nil {
		return nil, err
	}
	game, options, err := g.game(folder, o)
	if err != nil {
		return nil, err
	}
	weights := layers.NewWeights(g.Seed)
	if err := g.load(folder, game, weights, o); err != nil {
		return nil, err
	}
	if g.backend, err = openBackend(o.Backend, o.Threads, options.engine); err != nil {
		return nil, err
	}
	g.played, g.weights, g.pictures = game, weights, options.images
	game.Averaged = false // what was loaded stands under the weights' own paths
	if g.sampler, err = train.NewSampler(g.backend.compute, game, weights, false); err != nil {
		g.backend.compute.Finalize()
		return nil, err
	}
	return g, nil
}

// game builds the game that the run's configuration describes.
func (g *Generator) game(folder *run.Run, o OpenOptions) (*gan.Game, *options, error) {
	var err error
	g.Model, _, err = chooseModel(Request{Model: folder.Manifest.Model, Custom: o.Custom, Game: o.Game}, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("%w; a program's own model is opened by that program", err)
	}
	c, options, err := configure(g.Model, g.Codec.Kind())
	if err != nil {
		return nil, nil, err
	}
	if err := c.Load(folder.Manifest.Source()); err != nil {
		return nil, nil, err
	}
	game, err := makeGame(g.Model, options, o.Game, shapeOfCodec(g.Codec))
	return game, options, err
}

func shapeOfCodec(codec data.Codec) gan.Data {
	empty := data.Empty(codec.Fields())
	return shapeOf(&data.Set{Train: empty, Codec: codec})
}

// load reads the weights that were asked for.
func (g *Generator) load(folder *run.Run, game *gan.Game, weights *layers.Weights, o OpenOptions) error {
	round, part := run.Last, run.Weights
	if o.Checkpoint > 0 {
		round = o.Checkpoint
	}
	if o.Raw && game.Averaged || o.Critic {
		part = run.State
	}
	scopes := game.Shown
	if o.Critic {
		scopes = append(slices.Clip(scopes), gan.CriticScope)
	}
	checkpoint, err := folder.Load(round, part)
	if err != nil {
		return err
	}
	g.Round, g.Damaged = checkpoint.Round, checkpoint.Damaged
	file := checkpoint.Weights
	if part == run.State {
		file, g.Weights = checkpoint.State, "raw"
		file.Tensors = slices.DeleteFunc(file.Tensors, func(t run.Tensor) bool {
			return !slices.ContainsFunc(scopes, func(scope string) bool { return layers.Under(t.Name, scope) })
		})
	} else {
		g.Weights = file.Meta["weights"]
	}
	return train.Restore(weights, file)
}

// Close frees what the generator holds.
func (g *Generator) Close() {
	g.sampler.Finalize()
	if g.standing.sampler != nil {
		g.standing.sampler.Finalize()
	}
	g.backend.compute.Finalize()
}

// SampleOptions say which samples are wanted.
type SampleOptions struct {
	N       int      // how many
	First   int      // index of the first; sample i of a seed is the same whatever N and First are
	Seed    int64    //
	Classes []string // of a conditional model: the samples take turns among these; empty: all

	// Truncation makes samples less various and more alike; nil is none. Of a model with styles it is psi, from 0 to 1, which is none; of
	// others the threshold beyond which a number of the Gaussian latent is drawn again, with batch statistics made anew.
	Truncation *float64
}

// Sample makes samples: fields by name, "pictures" [N, height, width, channels] in [-1, 1] or "points" [N, 2], in the model's units,
// and of a conditional model "labels" [N].
func (g *Generator) Sample(ctx context.Context, o SampleOptions) (data.Batch, error) {
	if err := g.starts(); err != nil {
		return nil, err
	}
	if o.N < 1 {
		return nil, wrong{fmt.Errorf("%d samples are asked for; ask for 1 or more", o.N)}
	}
	labels, err := g.labels(o.Classes)
	if err != nil {
		return nil, err
	}
	if labels == nil {
		for class := range g.Codec.Classes() {
			labels = append(labels, class)
		}
	}
	label := func(i int) int { return labels[i%len(labels)] }
	sampler, err := g.truncated(ctx, o.Truncation)
	if err != nil {
		return nil, err
	}
	samples, err := sampler.Sample(ctx, o.Seed, o.First, o.N, label)
	if err != nil || !g.Conditional() {
		return samples, err
	}
	asked := data.Array{Shape: []int{o.N}, Int: make([]int32, o.N)}
	for i := range asked.Int {
		asked.Int[i] = int32(label(o.First + i))
	}
	samples[data.Labels] = asked
	return samples, nil
}

// smallestThreshold is where drawing again takes long: one number of 125 is within it.
const smallestThreshold = 0.01

// truncated is the sampler with a truncation.
func (g *Generator) truncated(ctx context.Context, truncation *float64) (*train.Sampler, error) {
	switch {
	case truncation == nil:
		return g.sampler, nil
	case g.sampler.Truncates() && !(*truncation >= 0 && *truncation <= 1):
		return nil, wrong{fmt.Errorf("the truncation is %v; of %s it goes from 0 (all alike) to 1 (none)", *truncation, g.Model.Name)}
	case g.sampler.Truncates():
		return g.sampler.Truncated(*truncation), nil
	case !(*truncation >= smallestThreshold):
		return nil, wrong{fmt.Errorf("the truncation is %v; of %s it is the largest number that a latent may have, %v or more (2 is nearly none)",
			*truncation, g.Model.Name, smallestThreshold)}
	}
	g.standing.Lock()
	defer g.standing.Unlock()
	if g.standing.sampler != nil && g.standing.threshold == *truncation {
		return g.standing.sampler, nil
	}
	sampler, err := train.NewTruncated(ctx, g.backend.compute, g.played, g.weights, *truncation)
	if err != nil {
		return nil, err
	}
	// An older sampler may be at work still, and is left to the collector.
	g.standing.sampler, g.standing.threshold = sampler, *truncation
	return sampler, nil
}

// labels finds the numbers of classes by name, or by number.
func (g *Generator) labels(names []string) ([]int, error) {
	if len(names) == 0 {
		return nil, nil
	}
	if !g.Conditional() {
		return nil, wrong{fmt.Errorf("%s is not conditional, so no class can be asked for; train cgan for that", g.Model.Name)}
	}
	classes := g.Codec.Classes()
	var labels []int
	var errs []error
	for _, name := range names {
		i := slices.IndexFunc(classes, func(class string) bool { return strings.EqualFold(class, name) })
		if i < 0 {
			hint := config.Nearest(name, classes)
			if hint != "" {
				hint = fmt.Sprintf(" did you mean %q?", hint)
			}
			errs = append(errs, fmt.Errorf("no class %q was trained;%s there are %s", name, hint, strings.Join(classes, ", ")))
		}
		labels = append(labels, i)
	}
	if len(errs) > 0 {
		return nil, wrong{errors.Join(errs...)}
	}
	return labels, nil
}

// Conditional tells whether classes can be asked for.
func (g *Generator) Conditional() bool { return len(g.sampler.Asked()) > 0 }

// Interpolate makes rows of samples, each from one sample of the seed to the next in so many frames, [rows*frames, ...], row by
// row. Latents go along the great circle, where Gaussian latents of many dimensions lie (White 2016, 1609.04468).
func (g *Generator) Interpolate(ctx context.Context, seed int64, rows, frames int) (data.Batch, error) {
	if err := g.starts(); err != nil {
		return nil, err
	}
	if rows < 1 || frames < 2 {
		return nil, wrong{fmt.Errorf("%d rows of %d frames are asked for; ask for 1 row and 2 frames or more", rows, frames)}
	}
	var path []train.Inputs
	for row := range rows {
		from, to := g.sampler.Latents(seed, 2*row), g.sampler.Latents(seed, 2*row+1)
		for _, name := range g.sampler.Asked() {
			from.Labels[name] = int32(row % max(len(g.Codec.Classes()), 1)) // one class a row
		}
		for frame := range frames {
			at := train.Inputs{Floats: map[string][]float32{}, Labels: from.Labels}
			for name := range from.Floats {
				at.Floats[name] = slerp(from.Floats[name], to.Floats[name], float64(frame)/float64(frames-1))
			}
			path = append(path, at)
		}
	}
	return g.sampler.Make(ctx, path)
}

// slerp goes from a (t = 0) to b (t = 1) along the great circle through both.
func slerp(a, b []float32, t float64) []float32 {
	var dot, aa, bb float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	wa, wb := 1-t, t
	if angle := math.Acos(max(-1, min(1, dot/math.Sqrt(aa*bb)))); angle > 1e-6 && math.Pi-angle > 1e-6 {
		wa, wb = math.Sin((1-t)*angle)/math.Sin(angle), math.Sin(t*angle)/math.Sin(angle)
	}
	out := make([]float32, len(a))
	for i := range out {
		out[i] = float32(wa*float64(a[i]) + wb*float64(b[i]))
	}
	return out
}

// firstRecords are the first training records, to draw beside samples, or of two kinds of pictures the first that were held out,
// to be translated.
func firstRecords(set *data.Set, n int) (data.Batch, error) {
	from, most := set.Train, n*8
	if _, couple := set.Codec.(images.CoupleCodec); couple {
		most = n
		if set.HeldOut.Len() > 0 {
			from = set.HeldOut
		}
	}
	indices := make([]int, min(most, from.Len()))
	for i := range indices {
		indices[i] = i
	}
	batch := data.Batch{}
	return batch, from.Read(context.Background(), indices, batch)
}

// drawSheet draws samples as people look at them: pictures on a sheet, points over the real ones.
func drawSheet(codec data.Codec, real, samples data.Batch) (content []byte, ext string, err error) {
	switch codec := codec.(type) {
	case images.CoupleCodec:
		content, err = drawTranslations(codec, real, samples)
	case images.Codec:
		content, err = codec.SheetPNG(samples[data.Pictures], columns(samples[data.Pictures].Len(), len(codec.Classes())))
	case points.Codec:
		content, err = codec.ScatterPNG(real[data.Points], samples[data.Points], 512)
	default:
		return nil, "", fmt.Errorf("there is no way to draw %s", codec.Kind())
	}
	return content, "png", err
}

// columns makes a sheet about square; where there are classes, a row has each once.
func columns(n, classes int) int {
	if classes > 1 && classes <= 16 {
		return classes
	}
	return int(math.Ceil(math.Sqrt(float64(n))))
}
