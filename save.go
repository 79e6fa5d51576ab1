package ganymede

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/points"
	"github.com/ganymede-gan/ganymede/run"
)

// Formats that Save writes.
const (
	Grid = "grid" // one PNG: a sheet of all pictures, or a plot of all points over real ones
	PNG  = "png"  // a folder with a PNG a picture
	NPZ  = "npz"  // NumPy's archive of the arrays, as the model made them
	CSV  = "csv"  // points, in their own units
)

// FormatOf is the format that a path's extension asks for, or "".
func FormatOf(path string) string {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".npz", ".csv":
		return ext[1:]
	case ".png":
		return Grid
	}
	return ""
}

// Save writes samples to a path, whole or not at all: a file, or for PNG a folder with a file a picture.
func (g *Generator) Save(samples data.Batch, format, path string) error {
	pictures, isPictures := g.Codec.(images.Codec)
	plane, isPoints := g.Codec.(points.Codec)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	switch {
	case format == Grid:
		content, err := g.draw(samples)
		if err != nil {
			return err
		}
		return run.WriteFile(path, func(w io.Writer) error { _, err := w.Write(content); return err })
	case format == NPZ:
		return run.WriteFile(path, func(w io.Writer) error { return images.WriteNPZ(w, g.fields(samples), samples) })
	case format == PNG && isPictures:
		return g.savePictures(pictures, samples, path)
	case format == CSV && isPoints:
		return run.WriteFile(path, func(w io.Writer) error { return plane.WriteCSV(w, samples[data.Points]) })
	case format == CSV || format == PNG:
		return wrong{fmt.Errorf("the run makes %s, which cannot be saved as %s; take %s", g.Codec.Kind(), format, strings.Join(g.Formats(), ", "))}
	default:
		return wrong{fmt.Errorf("there is no format %q; there are %s", format, strings.Join(g.Formats(), ", "))}
	}
}

// Formats lists what the run's samples can be saved as.
func (g *Generator) Formats() []string {
	if g.Codec.Kind() == "points" {
		return []string{Grid, CSV, NPZ}
	}
	return []string{Grid, PNG, NPZ}
}

// fields are the names of the arrays there are, in the codec's order.
func (g *Generator) fields(samples data.Batch) (names []string) {
	for _, f := range g.Codec.Fields() {
		if _, ok := samples[f.Name]; ok {
			names = append(names, f.Name)
		}
	}
	return names
}

func (g *Generator) savePictures(codec images.Codec, samples data.Batch, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	pictures, labels := samples[data.Pictures], samples[data.Labels]
	for i := range pictures.Len() {
		name := fmt.Sprintf("%05d", i)
		if labels.Int != nil {
			name += "-" + fileName(codec.ClassNames[labels.Int[i]])
		}
		path := filepath.Join(dir, name+".png")
		if err := run.WriteFile(path, func(w io.Writer) error { return codec.PNG(w, pictures, i) }); err != nil {
			return err
		}
	}
	return nil
}

// fileName keeps of a class's name what every file system takes.
func fileName(class string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return '-'
	}, class)
}

// draw draws samples as people look at them.
func (g *Generator) draw(samples data.Batch) ([]byte, error) {
	content, _, err := drawSheet(g.Codec, g.real(), samples)
	return content, err
}

// real draws points that the run could have been trained on, in the model's units, to plot samples over.
func (g *Generator) real() data.Batch {
	codec, ok := g.Codec.(points.Codec)
	if !ok {
		return nil
	}
	d, ok := points.Find(codec.Distribution)
	if !ok {
		return data.Batch{data.Points: {Shape: []int{0, 2}, Float: []float32{}}}
	}
	a := d.Draw(0, "plot", 512)
	for i := range a.Float {
		a.Float[i] = float32((float64(a.Float[i]) - codec.Shift[i%2]) / codec.Scale)
	}
	return data.Batch{data.Points: a}
}

// SaveInterpolation writes what Interpolate made of so many rows: a sheet with a row each, or, where the path ends in .gif,
// an animation in which the rows go on side by side.
func (g *Generator) SaveInterpolation(frames data.Batch, rows int, path string) error {
	codec, ok := g.Codec.(images.Codec)
	if !ok {
		return g.saveTraces(frames, rows, path)
	}
	pictures := frames[data.Pictures]
	perRow := pictures.Len() / rows
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".gif":
		return run.WriteFile(path, func(w io.Writer) error { return codec.GIF(w, thereAndBack(columnsOf(pictures, rows)), 0, 12) })
	case ".png":
		content, err := codec.SheetPNG(pictures, perRow)
		if err != nil {
			return err
		}
		return run.WriteFile(path, func(w io.Writer) error { _, err := w.Write(content); return err })
	default:
		return wrong{fmt.Errorf("%s: an interpolation is written as .png or .gif, not as %q", path, ext)}
	}
}

// columnsOf turns [rows*frames, ...] into a frame each of [rows, ...].
func columnsOf(a data.Array, rows int) []data.Array {
	frames := a.Len() / rows
	size := len(a.Float) / a.Len()
	out := make([]data.Array, frames)
	for f := range out {
		out[f].Shape = append([]int{rows}, a.Shape[1:]...)
		for row := range rows {
			i := row*frames + f
			out[f].Float = append(out[f].Float, a.Float[i*size:(i+1)*size]...)
		}
	}
	return out
}

// thereAndBack lets an animation go to its end and back, so that it has no jump.
func thereAndBack(frames []data.Array) []data.Array {
	for i := len(frames) - 2; i > 0; i-- {
		frames = append(frames, frames[i])
	}
	return frames
}

// saveTraces writes interpolated points: as a plot, or as CSV with the row each belongs to.
func (g *Generator) saveTraces(frames data.Batch, rows int, path string) error {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png":
		return g.Save(frames, Grid, path)
	case ".csv":
		own, err := g.Codec.(points.Codec).Decode(frames[data.Points])
		if err != nil {
			return err
		}
		return run.WriteFile(path, func(w io.Writer) error { return writeTraces(w, own, rows) })
	}
	return wrong{fmt.Errorf("%s: interpolated points are written as .png or .csv", path)}
}

func writeTraces(w io.Writer, a data.Array, rows int) error {
	table := csv.NewWriter(w)
	table.Write([]string{"row", "x", "y"}) // errors stay with the writer
	frames := a.Len() / rows
	for i := range a.Len() {
		table.Write([]string{fmt.Sprint(i / frames), fmt.Sprint(a.Float[2*i]), fmt.Sprint(a.Float[2*i+1])})
	}
	table.Flush()
	return table.Error()
}
