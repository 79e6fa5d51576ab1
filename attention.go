package ganymede

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/ganymede-gan/ganymede/train"
)

// askedPlaces are the places of a picture whose attention is shown, as shares of its side: down, right.
var askedPlaces = [][2]float64{{0.5, 0.5}, {0.25, 0.25}, {0.25, 0.75}, {0.75, 0.25}, {0.75, 0.75}}

// Attention shows where a generator with self-attention looks (Zhang 2018, arXiv:1805.08318, figure 5): a row for each of n samples, the
// sample itself and then, for each of five places that a white square marks, the sample lit where that place attends to. It returns pictures
// [n*columns, height, width, channels] in [-1, 1], and the columns.
func (g *Generator) Attention(ctx context.Context, seed int64, n int) (made data.Array, columns int, err error) {
	if err := g.starts(); err != nil {
		return made, 0, err
	}
	if n < 1 {
		return made, 0, wrong{fmt.Errorf("%d samples are asked for; ask for 1 or more", n)}
	}
	attending := *g.played
	attending.Generate = func(r *gan.Turn) (fields gan.Fields) {
		noted := r.Noted(func() { fields = g.played.Generate(r) })
		if maps := noted[attentionField]; maps != nil {
			fields[attentionField] = maps
		}
		return fields
	}
	sampler, err := train.NewSampler(g.backend.compute, &attending, g.weights, false)
	if err != nil {
		return made, 0, err
	}
	defer sampler.Finalize()
	samples, err := sampler.Sample(ctx, seed, 0, n, nil)
	if err != nil {
		return made, 0, err
	}
	maps, ok := samples[attentionField]
	if !ok {
		return made, 0, wrong{fmt.Errorf("%s has no self-attention; sagan, biggan and biggan-deep have, and what is trained with technique.attention", g.Model.Name)}
	}
	columns = 1 + len(askedPlaces)
	pictures := samples[data.Pictures]
	made.Shape = append([]int{n * columns}, pictures.Shape[1:]...)
	size, weights := len(pictures.Float)/n, len(maps.Float)/n
	for i := range n {
		picture, attention := pictures.Float[i*size:(i+1)*size], maps.Float[i*weights:(i+1)*weights]
		made.Float = append(made.Float, picture...)
		for _, place := range askedPlaces {
			made.Float = append(made.Float, lit(picture, pictures.Shape[1:], attention, maps.Shape[1:], place)...)
		}
	}
	return made, columns, nil
}

// attentionField is the name under which a network notes where it looks.
const attentionField = "attention"

// lit is a picture [height, width, channels] lit by where one place looks, of maps [places, keys]: keys are the places of a map of half the side.
func lit(picture []float32, dims []int, maps []float32, shape []int, place [2]float64) []float32 {
	side, half := squareRoot(shape[0]), squareRoot(shape[1])
	row, column := int(place[0]*float64(side)), int(place[1]*float64(side))
	looks := maps[(row*side+column)*shape[1]:][:shape[1]]
	most := float32(0)
	for _, v := range looks {
		most = max(most, v)
	}
	out := make([]float32, len(picture))
	for i := range out {
		y, x := i/dims[2]/dims[1], i/dims[2]%dims[1]
		light := 0.15 + 0.85*looks[y*half/dims[0]*half+x*half/dims[1]]/most
		out[i] = (picture[i]+1)*light - 1
		if y*side/dims[0] == row && x*side/dims[1] == column {
			out[i] = 1
		}
	}
	return out
}

// squareRoot is that of a number of places on a square map.
func squareRoot(places int) int { return int(math.Round(math.Sqrt(float64(places)))) }

// SaveAttention writes what Attention made, as a PNG.
func (g *Generator) SaveAttention(made data.Array, columns int, path string) error {
	if !strings.EqualFold(filepath.Ext(path), ".png") {
		return wrong{fmt.Errorf("%s: attention is written as .png", path)}
	}
	content, err := g.Codec.(images.Codec).SheetPNG(made, columns)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	return run.WriteFile(path, func(w io.Writer) error { _, err := w.Write(content); return err })
}
