package terminal

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"io"

	"github.com/mattn/go-sixel"
)

// showKitty sends a PNG in pieces (sw.kovidgoyal.net/kitty/graphics-protocol): a=T transmits and shows, f=100 is PNG, q=2
// keeps the terminal from answering, c is the width in cells.
func showKitty(w io.Writer, img image.Image, columns, rows int) error {
	text, err := encoded(img)
	if err != nil {
		return err
	}
	const piece = 4096
	control := fmt.Sprintf("a=T,f=100,q=2,c=%d,", cells(img, columns, rows))
	for len(text) > 0 {
		n := min(piece, len(text))
		more := 0
		if n < len(text) {
			more = 1
		}
		if _, err := fmt.Fprintf(w, "\x1b_G%sm=%d;%s\x1b\\", control, more, text[:n]); err != nil {
			return err
		}
		control, text = "", text[n:]
	}
	_, err = io.WriteString(w, "\n")
	return err
}

// showITerm2 sends a PNG whole (iterm2.com/documentation-images.html).
func showITerm2(w io.Writer, img image.Image, columns, rows int) error {
	text, err := encoded(img)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\x1b]1337;File=inline=1;width=%d;preserveAspectRatio=1:%s\a\n", cells(img, columns, rows), text)
	return err
}

func showSixel(w io.Writer, img image.Image, columns, rows int) error {
	size := fit(img.Bounds(), columns*cellWidth, rows*cellHeight)
	if b := img.Bounds(); size.X > b.Dx() {
		times := size.X / b.Dx() // whole steps keep pixels square
		size = image.Pt(b.Dx()*times, b.Dy()*times)
	}
	if err := sixel.NewEncoder(w).Encode(scaled(img, size)); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// encoded is the picture as PNG in base64.
func encoded(img image.Image) (string, error) {
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return base64.StdEncoding.EncodeToString(b.Bytes()), err
}

// cells is how many columns the picture takes.
func cells(img image.Image, columns, rows int) int {
	return max(1, fit(img.Bounds(), columns*cellWidth, rows*cellHeight).X/cellWidth)
}

// showBlocks draws the upper pixel of each cell in the foreground's colour of the upper half block, the lower one in the
// background's.
func showBlocks(w io.Writer, img image.Image, columns, rows int, allColours bool) error {
	small := scaled(img, fit(img.Bounds(), columns, 2*rows))
	size := small.Rect.Size()
	var b bytes.Buffer
	for y := 0; y < size.Y; y += 2 {
		before := ""
		for x := range size.X {
			upper, lower := small.NRGBAAt(x, y), small.NRGBAAt(x, min(y+1, size.Y-1))
			style := fmt.Sprintf("38;2;%d;%d;%d;48;2;%d;%d;%d", upper.R, upper.G, upper.B, lower.R, lower.G, lower.B)
			if !allColours {
				style = fmt.Sprintf("38;5;%d;48;5;%d", nearest(upper.R, upper.G, upper.B), nearest(lower.R, lower.G, lower.B))
			}
			if style != before {
				fmt.Fprintf(&b, "\x1b[%sm", style)
				before = style
			}
			b.WriteString("▀")
		}
		b.WriteString("\x1b[0m\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// nearest is the colour of xterm's 256 nearest to one: its 6x6x6 cube from 16 on, and 24 greys from 232 on.
func nearest(r, g, b uint8) int {
	steps := [6]int{0, 95, 135, 175, 215, 255}
	step := func(v uint8) (index int) {
		for i, s := range steps {
			if abs(int(v)-s) < abs(int(v)-steps[index]) {
				index = i
			}
		}
		return index
	}
	i, j, k := step(r), step(g), step(b)
	grey := min(max((int(r)+int(g)+int(b))/3-3, 0)/10, 23)
	level := 8 + 10*grey
	toCube := distance(r, g, b, steps[i], steps[j], steps[k])
	if distance(r, g, b, level, level, level) < toCube {
		return 232 + grey
	}
	return 16 + 36*i + 6*j + k
}

func distance(r, g, b uint8, x, y, z int) int {
	dr, dg, db := int(r)-x, int(g)-y, int(b)-z
	return dr*dr + dg*dg + db*db
}

func abs(x int) int {
	return max(x, -x)
}
