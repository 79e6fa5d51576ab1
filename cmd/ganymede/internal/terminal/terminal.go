// Package terminal shows pictures in a terminal. A picture and the size of the terminal go in, bytes to write come out:
// kitty's, iTerm2's or sixel graphics where the terminal has them, coloured half blocks elsewhere. It does not know what
// the pictures show.
package terminal

import (
	"image"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-sixel"
	"golang.org/x/image/draw"
	"golang.org/x/term"
)

// Graphics is a way to show pictures.
type Graphics int

const (
	// None shows no pictures.
	None Graphics = iota
	// Blocks draws two pixels in each character cell, in 256 colours.
	Blocks
	// TrueBlocks draws two pixels in each character cell, in all colours.
	TrueBlocks
	// Sixel is the graphics of DEC's terminals, which xterm, foot, mlterm, contour and Windows Terminal have.
	Sixel
	// ITerm2 is iTerm2's protocol, which WezTerm and mintty have too.
	ITerm2
	// Kitty is kitty's protocol, which Ghostty and Konsole have too.
	Kitty
)

// String is the way's name.
func (g Graphics) String() string {
	return [...]string{"none", "blocks", "blocks in all colours", "sixel", "iterm2", "kitty"}[g]
}

// Detect finds the best way that the terminal has, from the environment; asked, which may be nil, asks the terminal itself
// for sixel where the environment does not tell. Inside tmux and screen only what these pass on counts.
func Detect(getenv func(string) string, asked func() bool) Graphics {
	kind, program := getenv("TERM"), getenv("TERM_PROGRAM")
	inside := getenv("TMUX") != "" || strings.HasPrefix(kind, "screen") || strings.HasPrefix(kind, "tmux")
	switch {
	case getenv("NO_COLOR") != "" || kind == "dumb" || kind == "" && getenv("WT_SESSION") == "":
		return None
	case !inside && (getenv("KITTY_WINDOW_ID") != "" || kind == "xterm-kitty" || kind == "xterm-ghostty" || program == "ghostty"):
		return Kitty
	case !inside && (program == "iTerm.app" || program == "WezTerm" || program == "mintty" || getenv("LC_TERMINAL") == "iTerm2"):
		return ITerm2
	case asked != nil && asked():
		return Sixel
	}
	if colours := getenv("COLORTERM"); colours == "truecolor" || colours == "24bit" || getenv("WT_SESSION") != "" || strings.HasSuffix(kind, "-direct") {
		return TrueBlocks
	}
	return Blocks
}

// AskSixel asks the terminal that controls the process whether it has sixel graphics. It gives up after a second, and does
// not ask from the background, where a program that speaks to its terminal is stopped.
func AskSixel() bool { return foreground() && sixel.IsSupported() }

// Is tells whether the file is a terminal.
func Is(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Size is the terminal's in characters; 80 by 24 where it does not say.
func Size(f any) (columns, rows int) {
	if file, ok := f.(*os.File); ok {
		if columns, rows, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 && rows > 0 {
			return columns, rows
		}
	}
	return 80, 24
}

// Show writes a picture that takes at most so many columns and rows of the terminal, and ends on a new line. Enlarged pixels
// stay sharp.
func (g Graphics) Show(w io.Writer, img image.Image, columns, rows int) error {
	switch g {
	case Kitty:
		return showKitty(w, img, columns, rows)
	case ITerm2:
		return showITerm2(w, img, columns, rows)
	case Sixel:
		return showSixel(w, img, columns, rows)
	case Blocks, TrueBlocks:
		return showBlocks(w, img, columns, rows, g == TrueBlocks)
	}
	return nil
}

// A character cell is about this many pixels, where the terminal does not say.
const cellWidth, cellHeight = 8, 16

// fit returns the largest size with the picture's proportions within limits.
func fit(b image.Rectangle, width, height int) image.Point {
	scale := min(float64(width)/float64(b.Dx()), float64(height)/float64(b.Dy()))
	return image.Pt(max(1, int(float64(b.Dx())*scale)), max(1, int(float64(b.Dy())*scale)))
}

// scaled resizes a picture: smoothly if it gets smaller, in whole steps if it gets larger.
func scaled(img image.Image, size image.Point) *image.NRGBA {
	out := image.NewNRGBA(image.Rectangle{Max: size})
	kernel := draw.Scaler(draw.CatmullRom)
	if size.X >= img.Bounds().Dx() {
		kernel = draw.NearestNeighbor
	}
	kernel.Scale(out, out.Rect, img, img.Bounds(), draw.Src, nil)
	return out
}
