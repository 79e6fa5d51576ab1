package terminal

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"github.com/mattn/go-sixel"
)

func TestDetect(t *testing.T) {
	yes, no := func() bool { return true }, func() bool { return false }
	for _, c := range []struct {
		environ string
		asked   func() bool
		want    Graphics
	}{
		{"TERM=xterm-256color", no, Blocks},
		{"TERM=xterm-256color", nil, Blocks},
		{"TERM=xterm-256color COLORTERM=truecolor", no, TrueBlocks},
		{"TERM=xterm-direct", no, TrueBlocks},
		{"TERM=foot", yes, Sixel},
		{"TERM=xterm-kitty", no, Kitty},
		{"TERM=xterm-256color KITTY_WINDOW_ID=1", yes, Kitty},
		{"TERM=xterm-ghostty", no, Kitty},
		{"TERM=xterm-256color TERM_PROGRAM=iTerm.app", no, ITerm2},
		{"TERM=xterm-256color LC_TERMINAL=iTerm2", no, ITerm2},
		{"TERM=xterm-256color TERM_PROGRAM=WezTerm", no, ITerm2},
		// tmux does not pass kitty's and iTerm2's protocols on, but may have sixel itself.
		{"TERM=tmux-256color TMUX=x KITTY_WINDOW_ID=1", no, Blocks},
		{"TERM=screen LC_TERMINAL=iTerm2", yes, Sixel},
		{"TERM=xterm-kitty NO_COLOR=1", yes, None},
		{"TERM=dumb", yes, None},
		{"", yes, None},
		{"WT_SESSION=x", no, TrueBlocks},
	} {
		vars := map[string]string{}
		for _, v := range strings.Fields(c.environ) {
			name, value, _ := strings.Cut(v, "=")
			vars[name] = value
		}
		if got := Detect(func(name string) string { return vars[name] }, c.asked); got != c.want {
			t.Errorf("%s: %v, want %v", c.environ, got, c.want)
		}
	}
}

// colours is a picture of four colours, two above two.
func colours() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	for i, c := range []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}} {
		img.SetNRGBA(i%2, i/2, c)
	}
	return img
}

func TestBlocksDrawTwoPixelsInACell(t *testing.T) {
	for graphics, want := range map[Graphics]string{
		TrueBlocks: "\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[38;2;0;255;0;48;2;255;255;255m▀\x1b[0m\n",
		Blocks:     "\x1b[38;5;196;48;5;21m▀\x1b[38;5;46;48;5;231m▀\x1b[0m\n",
	} {
		var b bytes.Buffer
		if err := graphics.Show(&b, colours(), 2, 10); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != want {
			t.Errorf("%v: %q, want %q", graphics, got, want)
		}
	}
}

func TestBlocksStayWithinTheTerminal(t *testing.T) {
	var b bytes.Buffer
	if err := Blocks.Show(&b, image.NewNRGBA(image.Rect(0, 0, 300, 200)), 40, 10); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if cells := strings.Count(lines[0], "▀"); len(lines) > 10 || cells > 40 || cells < 20 {
		t.Errorf("%d lines of %d cells, want at most 10 of 40, and most of that", len(lines), cells)
	}
}

// noise is a picture that does not compress, so that its text is sent in pieces.
func noise() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 64, 48))
	state := uint32(1)
	for i := range img.Pix {
		state = state*1664525 + 1013904223
		img.Pix[i] = byte(state >> 24)
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	return img
}

func TestKittyAndITerm2SendTheWholePicture(t *testing.T) {
	pieces := regexp.MustCompile(`\x1b_G([^;]*);([^\x1b]*)\x1b\\`)
	file := regexp.MustCompile(`\x1b\]1337;File=inline=1;width=(\d+);preserveAspectRatio=1:([^\a]*)\a`)
	for _, graphics := range []Graphics{Kitty, ITerm2} {
		var b bytes.Buffer
		if err := graphics.Show(&b, noise(), 30, 10); err != nil {
			t.Fatal(err)
		}
		text := ""
		if graphics == Kitty {
			all := pieces.FindAllStringSubmatch(b.String(), -1)
			for i, piece := range all {
				last := i == len(all)-1
				if len(piece[2]) > 4096 || last != strings.HasSuffix(piece[1], "m=0") {
					t.Errorf("piece %d of %d: control %q, %d characters", i, len(all), piece[1], len(piece[2]))
				}
				text += piece[2]
			}
		} else if match := file.FindStringSubmatch(b.String()); match != nil {
			text = match[2]
		}
		content, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(content))
		if err != nil {
			t.Fatalf("%v: %v", graphics, err)
		}
		if got, want := color.NRGBAModel.Convert(img.At(5, 7)), noise().At(5, 7); got != want {
			t.Errorf("%v: pixel %v, want %v", graphics, got, want)
		}
	}
}

func TestSixelIsReadBack(t *testing.T) {
	var b bytes.Buffer
	if err := Sixel.Show(&b, colours(), 10, 10); err != nil {
		t.Fatal(err)
	}
	var img image.Image
	if err := sixel.NewDecoder(&b).Decode(&img); err != nil {
		t.Fatal(err)
	}
	size := img.Bounds().Size()
	if size.X < 60 || size.X > 80 || size.Y < 60 {
		t.Fatalf("size %v, want the 80 x 160 pixels of 10 x 10 cells to be used as far as the picture is square", size)
	}
	for i, want := range []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}} {
		got := color.NRGBAModel.Convert(img.At(size.X/4+i%2*size.X/2, 20+i/2*40)).(color.NRGBA)
		if distance(got.R, got.G, got.B, int(want.R), int(want.G), int(want.B)) > 100 {
			t.Errorf("quarter %d is %v, want %v", i, got, want)
		}
	}
}

// The nearest of xterm's colours, by trying all.
func TestNearest(t *testing.T) {
	steps := []int{0, 95, 135, 175, 215, 255}
	var palette [256][3]int
	for i := 16; i < 232; i++ {
		palette[i] = [3]int{steps[(i-16)/36], steps[(i-16)/6%6], steps[(i-16)%6]}
	}
	for i := 232; i < 256; i++ {
		palette[i] = [3]int{8 + 10*(i-232), 8 + 10*(i-232), 8 + 10*(i-232)}
	}
	img := noise()
	for i := 0; i < len(img.Pix); i += 4 {
		r, g, b := img.Pix[i], img.Pix[i+1], img.Pix[i+2]
		best := 16
		for j := 16; j < 256; j++ {
			if distance(r, g, b, palette[j][0], palette[j][1], palette[j][2]) < distance(r, g, b, palette[best][0], palette[best][1], palette[best][2]) {
				best = j
			}
		}
		got := palette[nearest(r, g, b)]
		// A grey is tried for its mean, which may be one step from the best.
		if d, want := distance(r, g, b, got[0], got[1], got[2]), distance(r, g, b, palette[best][0], palette[best][1], palette[best][2]); d > want+300 {
			t.Fatalf("%d %d %d: %v at %d, best is %v at %d", r, g, b, got, d, palette[best], want)
		}
	}
}
