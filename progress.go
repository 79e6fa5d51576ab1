package ganymede

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/run"
	scale "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// ProgressFile is the picture of a run's progress, among its samples.
const ProgressFile = "progress.png"

// mostRows is how many sheets the picture of progress shows: the first, the last, and of those between an even choice.
const mostRows = 12

// writeProgress makes one picture of a run's sheets: the same latents after ever more rounds, a labelled row each, or plots
// side by side. It returns the path, or "" where there are fewer than two sheets.
func writeProgress(folder *run.Run, codec data.Codec) (string, error) {
	rounds, err := sheetRounds(folder.Path("samples"))
	if err != nil || len(rounds) < 2 {
		return "", err
	}
	rounds = evenly(rounds, mostRows)
	var cells []image.Image
	for _, round := range rounds {
		sheet, err := readPNG(folder.Path("samples", fmt.Sprintf("round-%d.png", round)))
		if err != nil {
			return "", err
		}
		label := fmt.Sprintf("round %d", round)
		if pictures, ok := PictureCodec(codec); ok {
			cells = append(cells, beside(label, firstRow(sheet, pictures)))
		} else {
			cells = append(cells, above(label, shrunk(sheet)))
		}
	}
	columns := 1
	if codec.Kind() == "points" {
		columns = plotsInRow
	}
	path := folder.Path("samples", ProgressFile)
	return path, run.WriteFile(path, func(w io.Writer) error { return png.Encode(w, join(cells, columns)) })
}

// PictureCodec is the codec of single pictures, of either kind where there are two.
func PictureCodec(codec data.Codec) (images.Codec, bool) {
	if couple, ok := codec.(images.CoupleCodec); ok {
		return couple.Codec, true
	}
	pictures, ok := codec.(images.Codec)
	return pictures, ok
}

// sheetRounds lists the rounds that have a sheet, ascending.
func sheetRounds(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var rounds []int
	for _, e := range entries {
		name, isRound := strings.CutPrefix(strings.TrimSuffix(e.Name(), ".png"), "round-")
		if n, err := strconv.Atoi(name); isRound && err == nil && filepath.Ext(e.Name()) == ".png" {
			rounds = append(rounds, n)
		}
	}
	slices.Sort(rounds)
	return rounds, err
}

// evenly chooses at most n of a list, its first and last among them.
func evenly(all []int, n int) []int {
	if len(all) <= n {
		return all
	}
	chosen := make([]int, n)
	for i := range chosen {
		chosen[i] = all[i*(len(all)-1)/(n-1)]
	}
	return chosen
}

func readPNG(path string) (image.Image, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	img, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return img, nil
}

// firstRow cuts the first row of pictures out of a sheet.
func firstRow(sheet image.Image, codec images.Codec) image.Image {
	b := sheet.Bounds()
	row := image.NewNRGBA(image.Rect(0, 0, b.Dx(), min(b.Dy(), codec.Side+2*images.Padding)))
	draw.Draw(row, row.Rect, sheet, b.Min, draw.Src)
	return row
}

// shrunk halves a plot's sides.
func shrunk(plot image.Image) image.Image {
	b := plot.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx()/2, b.Dy()/2))
	scale.CatmullRom.Scale(out, out.Rect, plot, b, scale.Src, nil)
	return out
}

// Labels are written in a fixed font, in pixels.
const (
	lineHeight = 16
	labelWidth = 92 // "round 100000"
)

var (
	ground = image.NewUniform(color.NRGBA{32, 32, 32, 255})
	ink    = image.NewUniform(color.NRGBA{220, 220, 220, 255})
)

// above puts a line of text above a picture.
func above(text string, img image.Image) image.Image {
	b := img.Bounds()
	out := canvas(max(b.Dx(), labelWidth), b.Dy()+lineHeight)
	draw.Draw(out, image.Rect(0, lineHeight, b.Dx(), lineHeight+b.Dy()), img, b.Min, draw.Src)
	write(out, text, lineHeight-4)
	return out
}

// beside puts a line of text to the left of a picture.
func beside(text string, img image.Image) image.Image {
	b := img.Bounds()
	out := canvas(b.Dx()+labelWidth, max(b.Dy(), lineHeight))
	draw.Draw(out, image.Rect(labelWidth, 0, labelWidth+b.Dx(), b.Dy()), img, b.Min, draw.Src)
	write(out, text, out.Rect.Dy()/2+4)
	return out
}

func canvas(width, height int) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.Draw(out, out.Rect, ground, image.Point{}, draw.Src)
	return out
}

// write writes text with its baseline at y.
func write(on draw.Image, text string, y int) {
	pen := font.Drawer{Dst: on, Src: ink, Face: basicfont.Face7x13, Dot: fixed.P(2*images.Padding, y)}
	pen.DrawString(text)
}

// plotsInRow is how many plots stand side by side.
const plotsInRow = 4

// join lays pictures of one size on one, row by row.
func join(cells []image.Image, columns int) image.Image {
	size := cells[0].Bounds().Size()
	columns = min(columns, len(cells))
	rows := (len(cells) + columns - 1) / columns
	out := canvas(columns*size.X, rows*size.Y)
	for i, c := range cells {
		at := image.Pt(i%columns*size.X, i/columns*size.Y)
		draw.Draw(out, c.Bounds().Add(at), c, c.Bounds().Min, draw.Src)
	}
	return out
}
