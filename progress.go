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
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// ProgressFile is the picture of a run's progress, among its samples.
const ProgressFile = "progress.png"

// mostRows is how many sheets the picture of progress shows: the first, the last, and of those between an even choice.
const mostRows = 12

// writeProgress makes one picture of a run's sheets: the same latents after ever more rounds, a labelled row each, or side
// by side where a sheet is one plot. It returns the path, or "" where there are fewer than two sheets.
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
		cells = append(cells, labelled(firstRow(sheet, codec), fmt.Sprintf("round %d", round)))
	}
	_, pictures := codec.(images.Codec)
	path := folder.Path("samples", ProgressFile)
	return path, run.WriteFile(path, func(w io.Writer) error { return png.Encode(w, join(cells, pictures)) })
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

// firstRow cuts the first row of pictures out of a sheet; a plot stays whole.
func firstRow(sheet image.Image, codec data.Codec) image.Image {
	pictures, ok := codec.(images.Codec)
	if !ok {
		return sheet
	}
	b := sheet.Bounds()
	row := image.NewNRGBA(image.Rect(0, 0, b.Dx(), min(b.Dy(), pictures.Side+2*images.Padding)))
	draw.Draw(row, row.Rect, sheet, b.Min, draw.Src)
	return row
}

// lineHeight is that of a label, in pixels.
const lineHeight = 16

// labelled puts a line of text above a picture.
func labelled(img image.Image, text string) image.Image {
	b := img.Bounds()
	width := max(b.Dx(), font.MeasureString(basicfont.Face7x13, text).Ceil()+2*images.Padding)
	out := image.NewNRGBA(image.Rect(0, 0, width, b.Dy()+lineHeight))
	draw.Draw(out, out.Rect, image.NewUniform(color.NRGBA{32, 32, 32, 255}), image.Point{}, draw.Src)
	draw.Draw(out, image.Rect(0, lineHeight, b.Dx(), lineHeight+b.Dy()), img, b.Min, draw.Src)
	pen := font.Drawer{Dst: out, Src: image.NewUniform(color.NRGBA{220, 220, 220, 255}), Face: basicfont.Face7x13, Dot: fixed.P(images.Padding, lineHeight-4)}
	pen.DrawString(text)
	return out
}

// join puts pictures one below the other, or side by side.
func join(cells []image.Image, below bool) image.Image {
	var size image.Point
	for _, c := range cells {
		if b := c.Bounds(); below {
			size = image.Pt(max(size.X, b.Dx()), size.Y+b.Dy())
		} else {
			size = image.Pt(size.X+b.Dx(), max(size.Y, b.Dy()))
		}
	}
	out := image.NewNRGBA(image.Rectangle{Max: size})
	at := image.Point{}
	for _, c := range cells {
		draw.Draw(out, c.Bounds().Add(at), c, c.Bounds().Min, draw.Src)
		if below {
			at.Y += c.Bounds().Dy()
		} else {
			at.X += c.Bounds().Dx()
		}
	}
	return out
}
