package ganymede

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/ganymede-gan/ganymede/train"
)

// TranslateOptions say which way pictures are translated.
type TranslateOptions struct {
	Direction string // "ab", the default, or "ba" where the model learned both
	Seed      int64  // of the noise, where the model has some: dropout
}

// starts refuses to make samples from latents with a run that translates.
func (g *Generator) starts() error {
	if g.sampler.Starts() == nil {
		return nil
	}
	return wrong{fmt.Errorf("%s makes pictures out of others: ganymede translate RUN PATH", g.Model.Name)}
}

// direction checks that the run translates that way, and returns the field that it starts from.
func (g *Generator) direction(name string) (direction, from string, err error) {
	starts := g.sampler.Starts()
	switch {
	case len(starts) == 0:
		return "", "", wrong{fmt.Errorf("%s does not translate pictures; cyclegan and pix2pix do", g.Model.Name)}
	case name != "" && name != gan.AB && name != gan.BA:
		return "", "", wrong{fmt.Errorf("the direction is %q; it must be ab or ba", name)}
	case name == gan.BA && !slices.Contains(starts, data.B):
		return "", "", wrong{fmt.Errorf("%s translates from the first kind of pictures to the second alone; for the other way train it with the two exchanged", g.Model.Name)}
	case name == gan.BA:
		return gan.BA, data.B, nil
	}
	return gan.AB, data.A, nil
}

// Translate makes of each picture [n, side, side, channels], in [-1, 1], one of the other kind. Picture i meets the noise of sample i
// of the seed.
func (g *Generator) Translate(ctx context.Context, pictures data.Array, o TranslateOptions) (data.Array, error) {
	translator, err := g.translator(o)
	if err != nil {
		return data.Array{}, err
	}
	defer translator.sampler.Finalize()
	return translator.translate(ctx, pictures, 0)
}

// translator translates one way.
type translator struct {
	sampler         *train.Sampler
	direction, from string
	seed            int64
}

// translator compiles one direction of the game: of two, the other would be computed for nothing.
func (g *Generator) translator(o TranslateOptions) (*translator, error) {
	direction, from, err := g.direction(o.Direction)
	if err != nil {
		return nil, err
	}
	game := *g.played
	game.Generate = func(r *gan.Turn) gan.Fields { return gan.Fields{direction: g.played.Generate(r)[direction]} }
	sampler, err := train.NewSampler(g.backend.compute, &game, g.weights, false)
	return &translator{sampler, direction, from, o.Seed}, err
}

// translate translates pictures of which the first is number first of all.
func (t *translator) translate(ctx context.Context, pictures data.Array, first int) (data.Array, error) {
	if pictures.Len() == 0 {
		return pictures, nil
	}
	size := len(pictures.Float) / pictures.Len()
	inputs := make([]train.Inputs, pictures.Len())
	for i := range inputs {
		inputs[i] = t.sampler.Latents(t.seed, first+i)
		for _, field := range t.sampler.Starts() {
			inputs[i].Floats[field] = make([]float32, size) // the other direction's, which nothing is made of
		}
		inputs[i].Floats[t.from] = pictures.Float[i*size : (i+1)*size]
	}
	made, err := t.sampler.Make(ctx, inputs)
	return made[t.direction], err
}

// Translation is what TranslateFiles did.
type Translation struct {
	Dir     string
	Written []string        // files in Dir
	Defects []images.Defect // pictures that could not be read
}

// translatedAtOnce is how many pictures are held in memory.
const translatedAtOnce = 64

// TranslateFiles translates pictures, and all pictures in folders and archives, made square and scaled as the run's were, and writes
// each as a PNG of the same name into dir. Pictures that cannot be read are told, and the others translated.
func (g *Generator) TranslateFiles(ctx context.Context, paths []string, dir string, o TranslateOptions) (*Translation, error) {
	codec, ok := PictureCodec(g.Codec)
	if !ok {
		return nil, wrong{fmt.Errorf("%s does not translate pictures; cyclegan and pix2pix do", g.Model.Name)}
	}
	translator, err := g.translator(o)
	if err != nil {
		return nil, err
	}
	defer translator.sampler.Finalize()
	done := &Translation{Dir: dir}
	batches, err := g.toTranslate(ctx, codec, paths, done)
	if err != nil {
		return nil, err
	}
	for _, b := range batches {
		for start := 0; start < len(b.names); start += translatedAtOnce {
			if err := b.write(ctx, codec, translator, start, done); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// toTranslate looks at all paths and settles the names of the results before anything is written.
func (g *Generator) toTranslate(ctx context.Context, codec images.Codec, paths []string, done *Translation) ([]batchOfFiles, error) {
	var batches []batchOfFiles
	taken := map[string]string{}
	for _, path := range paths {
		survey, err := images.Scan(ctx, path, images.ScanOptions{Limits: g.pictures.Limits})
		if err != nil {
			return nil, err
		}
		names, source, defects, err := survey.Prepare(ctx, g.pictures, codec)
		if err != nil {
			return nil, err
		}
		b := batchOfFiles{source: source}
		for _, name := range names {
			original := path
			if survey.Container != "file" {
				original = filepath.Join(path, name)
			}
			name = pngName(name)
			if len(paths) > 1 && survey.Container != "file" {
				name = filepath.Join(filepath.Base(filepath.Clean(path)), name)
			}
			if other, ok := taken[name]; ok {
				return nil, wrong{fmt.Errorf("pictures of %s and of %s would both become %s; translate them into two folders", other, path, name)}
			}
			if os.SameFile(stat(original), stat(filepath.Join(done.Dir, name))) {
				return nil, wrong{fmt.Errorf("the translation of %s would take its place; give another folder by --out", original)}
			}
			taken[name] = path
			b.names = append(b.names, name)
		}
		done.Defects = append(done.Defects, defects...)
		batches = append(batches, b)
	}
	if len(taken) == 0 {
		return nil, errors.New("no picture can be read: " + done.Defects[0].String())
	}
	return batches, nil
}

// pngName is the name of a picture's translation: element 3 of an array x.npy becomes x-3.png.
func pngName(name string) string {
	if file, index, ok := strings.Cut(name, "#"); ok && strings.Trim(index, "0123456789") == "" {
		return strings.TrimSuffix(file, filepath.Ext(file)) + "-" + index + ".png"
	}
	return strings.TrimSuffix(name, filepath.Ext(name)) + ".png"
}

// stat is what there is to know of a path, nil if it is not there.
func stat(path string) os.FileInfo {
	info, _ := os.Stat(path)
	return info
}

// batchOfFiles are pictures of one path, and what they become.
type batchOfFiles struct {
	source data.Source
	names  []string
}

// write translates the pictures from start on, as many as are held at once.
func (b batchOfFiles) write(ctx context.Context, codec images.Codec, t *translator, start int, done *Translation) error {
	var indices []int
	for i := start; i < min(start+translatedAtOnce, len(b.names)); i++ {
		indices = append(indices, i)
	}
	batch := data.Batch{}
	if err := b.source.Read(ctx, indices, batch); err != nil {
		return err
	}
	made, err := t.translate(ctx, batch[data.Pictures], len(done.Written))
	if err != nil {
		return err
	}
	for k, i := range indices {
		path := filepath.Join(done.Dir, b.names[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return fmt.Errorf("translate: %w", err)
		}
		if err := run.WriteFile(path, func(w io.Writer) error { return codec.PNG(w, made, k) }); err != nil {
			return err
		}
		done.Written = append(done.Written, b.names[i])
	}
	return nil
}

// drawTranslations draws a sheet of what translations start from and what comes of it: a, its translation and, of pairs, the truth; and
// where the model goes both ways b and its translation. Several such groups stand in a row.
func drawTranslations(codec images.CoupleCodec, shown, made data.Batch) ([]byte, error) {
	cells := []data.Array{shown[data.A], made[gan.AB]}
	if _, both := made[gan.BA]; both {
		cells = append(cells, shown[data.B], made[gan.BA])
	} else if codec.Paired {
		cells = append(cells, shown[data.B])
	}
	n := min(shown[data.A].Len(), made[gan.AB].Len())
	sheet := data.Array{Shape: append([]int{n * len(cells)}, made[gan.AB].Shape[1:]...)}
	size := codec.Side * codec.Side * codec.Channels
	for i := range n {
		for _, cell := range cells {
			sheet.Float = append(sheet.Float, cell.Float[i*size:(i+1)*size]...)
		}
	}
	groups := math.Ceil(math.Sqrt(float64(n*len(cells))) / float64(len(cells)))
	return codec.SheetPNG(sheet, int(groups)*len(cells))
}
