package images

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"path"
	"strings"
	"sync"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// format is a way of writing pictures to files. The table is ours, not the registry of package image, so that what can be read
// does not depend on what else a program imports.
type format struct {
	name   string
	magics []string // "?" stands for any byte
	exts   string
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var formats = []format{
	{"PNG", []string{"\x89PNG\r\n\x1a\n"}, " .png ", png.DecodeConfig, png.Decode},
	{"JPEG", []string{"\xff\xd8"}, " .jpg .jpeg .jpe .jfif ", jpeg.DecodeConfig, jpeg.Decode},
	{"GIF", []string{"GIF87a", "GIF89a"}, " .gif ", gif.DecodeConfig, decodeGIF},
	{"WebP", []string{"RIFF????WEBP"}, " .webp ", webp.DecodeConfig, webp.Decode},
	{"BMP", []string{"BM????\x00\x00\x00\x00"}, " .bmp .dib ", bmp.DecodeConfig, bmp.Decode},
	{"TIFF", []string{"II*\x00", "MM\x00*"}, " .tif .tiff ", tiff.DecodeConfig, tiff.Decode},
}

// sniff finds the format by how the file begins; nil if it is none of them.
func sniff(head []byte) *format {
	for i, f := range formats {
		for _, magic := range f.magics {
			if len(head) >= len(magic) && matches(head, magic) {
				return &formats[i]
			}
		}
	}
	return nil
}

func matches(head []byte, magic string) bool {
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != head[i] {
			return false
		}
	}
	return true
}

// namedPicture reports whether the file's name promises a picture, whatever is in it.
func namedPicture(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	for _, f := range formats {
		if ext != "" && strings.Contains(f.exts, " "+ext+" ") {
			return true
		}
	}
	return false
}

// header is what a picture file says about itself before it is decoded.
type header struct {
	format        string
	width, height int    // upright
	kind          string // "grey", "RGB", "RGBA", "palette", "CMYK", with ", 16 bit"
	orientation   int    // EXIF's, 1 to 8
}

// readHeader looks at the beginning of a picture and refuses it if it would be too big decoded.
func readHeader(raw []byte, limits Limits) (header, *format, error) {
	f := sniff(raw)
	if f == nil {
		return header{}, nil, errors.New("not a picture, whatever its name says")
	}
	c, err := f.config(bytes.NewReader(raw))
	if err != nil {
		return header{}, nil, fmt.Errorf("%s: %w", f.name, plain(err))
	}
	if c.Width <= 0 || c.Height <= 0 {
		return header{}, nil, fmt.Errorf("%s: it has %d x %d pixels", f.name, c.Width, c.Height)
	}
	if pixels := int64(c.Width) * int64(c.Height); pixels > limits.pixels() {
		return header{}, nil, fmt.Errorf("%d x %d are %d million pixels; the limit is %d million (data.max-pixels)",
			c.Width, c.Height, pixels/1e6, limits.pixels()/1e6)
	}
	h := header{f.name, c.Width, c.Height, kindOf(c.ColorModel), orientation(f.name, raw)}
	if h.orientation >= 5 {
		h.width, h.height = h.height, h.width
	}
	return h, f, nil
}

// plain replaces the terse ways in which decoders say that a file ends too early.
func plain(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file is cut short")
	}
	return err
}

// kindOf names the colours of a model, as the file has them (a PNG's palette counts as transparent if one of its colours is).
func kindOf(m color.Model) string {
	switch m {
	case color.GrayModel:
		return "grey"
	case color.Gray16Model:
		return "grey, 16 bit"
	case color.NRGBAModel:
		return "RGBA"
	case color.NRGBA64Model:
		return "RGBA, 16 bit"
	case color.RGBA64Model:
		return "RGB, 16 bit"
	case color.CMYKModel:
		return "CMYK"
	}
	if p, ok := m.(color.Palette); ok {
		for _, c := range p {
			if _, _, _, a := c.RGBA(); a != 0xffff {
				return "palette with transparency"
			}
		}
		if greyPalette(p) {
			return "grey palette"
		}
		return "palette"
	}
	if m == color.NYCbCrAModel {
		return "RGBA"
	}
	return "RGB" // RGBAModel is what opaque PNG, TIFF and BMP have, YCbCr what JPEG and WebP have
}

func greyPalette(p color.Palette) bool {
	for _, c := range p {
		if r, g, b, _ := c.RGBA(); r != g || g != b {
			return false
		}
	}
	return true
}

// decode makes an upright picture of a file's bytes.
func decode(raw []byte, limits Limits) (*image.NRGBA, header, error) {
	h, f, err := readHeader(raw, limits)
	if err != nil {
		return nil, h, err
	}
	img, err := safely(f.decode, raw)
	if err != nil {
		return nil, h, fmt.Errorf("%s: %w", f.name, plain(err))
	}
	b := img.Bounds()
	if int64(b.Dx())*int64(b.Dy()) > limits.pixels() || b.Empty() {
		return nil, h, fmt.Errorf("%s: its header promises %d x %d pixels and it has %d x %d", f.name, h.width, h.height, b.Dx(), b.Dy())
	}
	return upright(straight(img), h.orientation), h, nil
}

// gate lets one very large picture be decoded at a time: as many as there are processors might not fit in memory.
type gate struct{ large sync.Mutex }

func (g *gate) decode(raw []byte, limits Limits) (*image.NRGBA, header, error) {
	if h, _, err := readHeader(raw, limits); err == nil && h.width*h.height > 1<<24 {
		g.large.Lock()
		defer g.large.Unlock()
	}
	return decode(raw, limits)
}

// safely decodes, and makes an error of a decoder's panic: files come from anywhere, and the decoders for TIFF and WebP have had
// such bugs.
func safely(decode func(io.Reader) (image.Image, error), raw []byte) (img image.Image, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the decoder gave up: %v", r)
		}
	}()
	return decode(bytes.NewReader(raw))
}

// decodeGIF is the first frame on the whole canvas, which the frame need not cover.
func decodeGIF(r io.Reader) (image.Image, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	frame, err := gif.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	c, err := gif.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	canvas := image.Rect(0, 0, c.Width, c.Height)
	if frame.Bounds() == canvas {
		return frame, nil
	}
	whole := image.NewNRGBA(canvas)
	draw.Draw(whole, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
	return whole, nil
}

// straight copies any picture into 8-bit colours that are not multiplied with alpha, with the origin at 0, 0 and no gaps
// between the rows.
func straight(img image.Image) *image.NRGBA {
	b := img.Bounds()
	if n, ok := img.(*image.NRGBA); ok && b.Min == (image.Point{}) && n.Stride == 4*b.Dx() {
		return n
	}
	if o, ok := img.(interface{ Opaque() bool }); ok && o.Opaque() {
		// Where nothing is transparent both ways of storing alpha agree, and draw is fast for this one.
		opaque := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
		draw.Draw(opaque, opaque.Rect, img, b.Min, draw.Src)
		return &image.NRGBA{Pix: opaque.Pix, Stride: opaque.Stride, Rect: opaque.Rect}
	}
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.SetNRGBA(x, y, color.NRGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA))
		}
	}
	return out
}

// upright undoes a camera's rotation. EXIF's orientation says where row 0 and column 0 of the stored picture are: 1 top left,
// 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom.
func upright(p *image.NRGBA, orientation int) *image.NRGBA {
	if orientation < 2 || orientation > 8 {
		return p
	}
	w, h := p.Rect.Dx(), p.Rect.Dy()
	ow, oh := w, h
	if orientation >= 5 {
		ow, oh = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, ow, oh))
	for y := range oh {
		for x := range ow {
			sx, sy := x, y
			switch orientation {
			case 2:
				sx = w - 1 - x
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sy = h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, h-1-x
			case 7:
				sx, sy = w-1-y, h-1-x
			case 8:
				sx, sy = w-1-y, x
			}
			copy(out.Pix[4*(y*ow+x):], p.Pix[sy*p.Stride+4*sx:][:4])
		}
	}
	return out
}

// contentHash identifies a picture by what it shows: the same pixels in another file format, or under another name, have the
// same hash. 128 bits of SHA-256, hexadecimal.
func contentHash(p *image.NRGBA) string {
	h := sha256.New()
	var size [16]byte
	binary.LittleEndian.PutUint64(size[:], uint64(p.Rect.Dx()))
	binary.LittleEndian.PutUint64(size[8:], uint64(p.Rect.Dy()))
	h.Write(size[:])
	h.Write(p.Pix)
	return fmt.Sprintf("%x", h.Sum(nil)[:16])
}
