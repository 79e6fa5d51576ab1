package images

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The quarters of the pictures in testdata, which Pillow wrote (testdata/make.py).
var (
	red   = color.NRGBA{220, 30, 30, 255}
	green = color.NRGBA{30, 200, 40, 255}
	blue  = color.NRGBA{20, 40, 210, 255}
	grey  = color.NRGBA{128, 128, 128, 255}
	clear = color.NRGBA{}
)

func luma(c color.NRGBA) color.NRGBA {
	y := color.GrayModel.Convert(c).(color.Gray).Y
	return color.NRGBA{y, y, y, 255}
}

func level(v uint8) color.NRGBA { return color.NRGBA{v, v, v, 255} }

func TestDecodeReadsWhatPillowWrote(t *testing.T) {
	rgb := [4]color.NRGBA{red, green, blue, grey}
	greys := [4]color.NRGBA{luma(red), luma(green), luma(blue), grey}
	greens := [4]color.NRGBA{level(30), level(200), level(40), level(128)}
	bits := [4]color.NRGBA{level(0), level(255), level(0), level(255)}
	hole := [4]color.NRGBA{red, green, blue, clear}
	for _, c := range []struct {
		file, kind string
		want       [4]color.NRGBA
		tolerance  int // of JPEG, and of Pillow's conversion to CMYK and palettes
	}{
		{"rgb.png", "RGB", rgb, 0},
		{"rgb.bmp", "RGB", rgb, 0},
		{"rgb.tiff", "RGB", rgb, 0},
		{"lzw.tiff", "RGB", rgb, 0},
		{"lossless.webp", "RGBA", rgb, 0}, // the lossless format does not say whether it has alpha
		{"palette.png", "palette", rgb, 0},
		{"palette.bmp", "palette", rgb, 0},
		{"palette.gif", "palette", rgb, 0},
		{"rgb.jpg", "RGB", rgb, 3},
		{"progressive.jpg", "RGB", rgb, 3},
		{"cmyk.jpg", "CMYK", rgb, 6},
		{"lossy.webp", "RGB", rgb, 12},
		{"grey.png", "grey", greys, 1},
		{"grey.jpg", "grey", greys, 3},
		{"grey.tiff", "grey", greys, 1},
		{"grey16.png", "grey, 16 bit", greens, 0},
		{"bit.png", "grey", bits, 0},
		{"rgba.png", "RGBA", hole, 0},
		{"rgba.webp", "RGBA", hole, 0},
		{"rgba.tiff", "RGBA", hole, 0},
		{"palette-alpha.png", "palette with transparency", hole, 1},
		{"partial.gif", "palette", [4]color.NRGBA{clear, green, clear, grey}, 0},
		{"exif1.jpg", "RGB", rgb, 3}, {"exif2.jpg", "RGB", rgb, 3}, {"exif3.jpg", "RGB", rgb, 3}, {"exif4.jpg", "RGB", rgb, 3},
		{"exif5.jpg", "RGB", rgb, 3}, {"exif6.jpg", "RGB", rgb, 3}, {"exif7.jpg", "RGB", rgb, 3}, {"exif8.jpg", "RGB", rgb, 3},
		{"exif6.png", "RGB", rgb, 0}, {"exif6.webp", "RGB", rgb, 0}, {"exif6.tiff", "RGB", rgb, 0},
	} {
		t.Run(c.file, func(t *testing.T) {
			img, h, err := decode(testFile(t, c.file), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if h.kind != c.kind {
				t.Errorf("kind %q, want %q", h.kind, c.kind)
			}
			if h.width != 24 || h.height != 16 || img.Rect != image.Rect(0, 0, 24, 16) {
				t.Fatalf("size %d x %d in the header and %v decoded, want 24 x 16", h.width, h.height, img.Rect)
			}
			for q, at := range []image.Point{{6, 4}, {18, 4}, {6, 12}, {18, 12}} {
				got, want := img.NRGBAAt(at.X, at.Y), c.want[q]
				if got.A == 0 && want.A == 0 {
					continue // what cannot be seen may have any colour
				}
				if far(got.R, want.R) > c.tolerance || far(got.G, want.G) > c.tolerance || far(got.B, want.B) > c.tolerance || got.A != want.A {
					t.Errorf("quarter %d: %v, want %v within %d", q, got, want, c.tolerance)
				}
			}
		})
	}
}

func far(a, b uint8) int {
	if a > b {
		return int(a - b)
	}
	return int(b - a)
}

func testFile(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSamePixelsHaveTheSameHashInEveryFormat(t *testing.T) {
	hash := func(name string) string {
		img, _, err := decode(testFile(t, name), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return contentHash(img)
	}
	want := hash("rgb.png")
	for _, name := range []string{"rgb.bmp", "rgb.tiff", "lossless.webp", "palette.png", "exif6.png"} {
		if hash(name) != want {
			t.Errorf("%s differs from rgb.png, which shows the same", name)
		}
	}
	if hash("grey.png") == want {
		t.Error("another picture has the same hash")
	}
}

// hugePNG says that it has side x side pixels, and has nothing to show for it.
func hugePNG(side uint32) []byte {
	head := []byte("IHDR")
	head = binary.BigEndian.AppendUint32(head, side)
	head = binary.BigEndian.AppendUint32(head, side)
	head = append(head, 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
	return append(out, "\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e"...)
}

func TestDecodeRefuses(t *testing.T) {
	jpg := testFile(t, "rgb.jpg")
	for _, c := range []struct {
		name string
		raw  []byte
		want string
	}{
		{"nothing", nil, "not a picture"},
		{"text", []byte("these are words"), "not a picture"},
		{"a truncated JPEG", jpg[:len(jpg)/2], "cut short"},
		{"a truncated PNG", testFile(t, "rgb.png")[:60], "not enough pixel data"},
		{"20,000 x 20,000 pixels", hugePNG(20000), "20000 x 20000 are 400 million pixels; the limit is 67 million (data.max-pixels)"},
		{"a bomb", hugePNG(1<<31 - 1), "PNG: "},
	} {
		if _, _, err := decode(c.raw, Limits{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q in it", c.name, err, c.want)
		}
	}
}

func TestDecodeOnePixel(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	img.SetNRGBA(0, 0, red)
	var raw bytes.Buffer
	if err := png.Encode(&raw, img); err != nil {
		t.Fatal(err)
	}
	got, _, err := decode(raw.Bytes(), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	f := form{Side: 8, Channels: 3}
	out := make([]byte, f.size())
	f.prepare(got, out)
	for i := range 64 {
		if !bytes.Equal(out[3*i:3*i+3], []byte{220, 30, 30}) {
			t.Fatalf("pixel %d is %v", i, out[3*i:3*i+3])
		}
	}
}

func TestOrientationOfDamagedEXIF(t *testing.T) {
	whole := testFile(t, "exif6.jpg")
	if o := orientation("JPEG", whole); o != 6 {
		t.Fatalf("orientation %d, want 6", o)
	}
	for cut := range 120 {
		orientation("JPEG", whole[:cut]) // must not panic
	}
}

func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob("testdata/*.[pjbgwt]*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		if namedPicture(name) {
			f.Add(testFile(f, filepath.Base(name)))
		}
	}
	limits := Limits{MaxPixels: 1 << 16}
	f.Fuzz(func(t *testing.T, raw []byte) {
		img, h, err := decode(raw, limits)
		if err == nil && (img.Rect.Empty() || len(img.Pix) != 4*img.Rect.Dx()*img.Rect.Dy() || h.format == "") {
			t.Errorf("decoded to %v with %d bytes", img.Rect, len(img.Pix))
		}
	})
}
