package images

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"io"
	"math"

	"github.com/ganymede-gan/ganymede/data"
)

// Padding is how many pixels lie between the pictures of a sheet and around them.
const Padding = 2

// PNG writes element i of an array as a PNG file.
func (c Codec) PNG(w io.Writer, a data.Array, i int) error {
	img, err := c.Image(a, i)
	if err != nil {
		return err
	}
	return png.Encode(w, img)
}

// Sheet lays all pictures of an array [n, height, width, channels] on a contact sheet, row by row, with the given number of columns
// (0: as square as it gets). Transparent pixels show a chequered ground.
func (c Codec) Sheet(a data.Array, columns int) (*image.NRGBA, error) {
	if err := c.check(a); err != nil {
		return nil, err
	}
	n, h, w := a.Shape[0], a.Shape[1], a.Shape[2]
	if n == 0 {
		return nil, fmt.Errorf("there are no pictures for a sheet")
	}
	if columns <= 0 {
		columns = int(math.Ceil(math.Sqrt(float64(n))))
	}
	columns = min(columns, n)
	rows := (n + columns - 1) / columns
	sheet := image.NewNRGBA(image.Rect(0, 0, Padding+columns*(w+Padding), Padding+rows*(h+Padding)))
	draw.Draw(sheet, sheet.Rect, image.NewUniform(color.NRGBA{32, 32, 32, 255}), image.Point{}, draw.Src)
	for i := range n {
		img, err := c.Image(a, i)
		if err != nil {
			return nil, err
		}
		at := image.Pt(Padding+i%columns*(w+Padding), Padding+i/columns*(h+Padding))
		place(sheet, img, at)
	}
	return sheet, nil
}

// place draws a picture on chequers.
func place(on draw.Image, img image.Image, at image.Point) {
	r := img.Bounds().Add(at)
	if c, ok := img.(*image.NRGBA); ok && !c.Opaque() {
		for y := range r.Dy() {
			for x := range r.Dx() {
				on.Set(at.X+x, at.Y+y, checkers(x, y))
			}
		}
	}
	draw.Draw(on, r, img, img.Bounds().Min, draw.Over)
}

// SheetPNG is Sheet as the bytes of a PNG file.
func (c Codec) SheetPNG(a data.Array, columns int) ([]byte, error) {
	sheet, err := c.Sheet(a, columns)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = png.Encode(&out, sheet)
	return out.Bytes(), err
}

// GIF writes an animation that shows one frame after another, each 1/100 of a second times delay, and starts again. A frame is an array
// [n, height, width, channels], laid out as a sheet of the given columns: one picture of each of n interpolations that go on side by
// side. Colours are reduced to the 256 of a fixed palette with dithering, greys are kept.
func (c Codec) GIF(w io.Writer, frames []data.Array, columns, delay int) error {
	if len(frames) == 0 {
		return fmt.Errorf("there are no frames for an animation")
	}
	palette := colours()
	if c.Channels == 1 {
		palette = greys()
	}
	var anim gif.GIF
	for i, f := range frames {
		sheet, err := c.Sheet(f, columns)
		if err != nil {
			return fmt.Errorf("frame %d: %w", i, err)
		}
		frame := image.NewPaletted(sheet.Rect, palette)
		if c.Channels == 1 {
			draw.Draw(frame, frame.Rect, sheet, image.Point{}, draw.Src)
		} else {
			draw.FloydSteinberg.Draw(frame, frame.Rect, sheet, image.Point{})
		}
		anim.Image = append(anim.Image, frame)
		anim.Delay = append(anim.Delay, delay)
	}
	return gif.EncodeAll(w, &anim)
}

func greys() (p color.Palette) {
	for v := range 256 {
		p = append(p, color.Gray{uint8(v)})
	}
	return p
}

// colours is a cube of 6 x 7 x 6 colours (the eye sees green best) and a few greys.
func colours() (p color.Palette) {
	for r := range 6 {
		for g := range 7 {
			for b := range 6 {
				p = append(p, color.RGBA{uint8(r * 51), uint8(g * 255 / 6), uint8(b * 51), 255})
			}
		}
	}
	for _, v := range []uint8{32, 96, 160, 224} {
		p = append(p, color.Gray{v})
	}
	return p
}

// WriteNPZ writes arrays as NumPy's archive, one entry a field in the given order: float32 or int32, row-major, as they are.
func WriteNPZ(w io.Writer, fields []string, batch data.Batch) error {
	z := zip.NewWriter(w)
	for _, name := range fields {
		a, ok := batch[name]
		if !ok {
			return fmt.Errorf("there is no array %s to write", name)
		}
		f, err := z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		if err := writeNPY(f, a); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return z.Close()
}

func writeNPY(w io.Writer, a data.Array) error {
	if a.Int != nil {
		if err := writeNPYHeader(w, "<i4", a.Shape); err != nil {
			return err
		}
		return binary.Write(w, binary.LittleEndian, a.Int)
	}
	if err := writeNPYHeader(w, "<f4", a.Shape); err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, a.Float)
}
