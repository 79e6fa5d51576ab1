package terminal_test

import (
	"fmt"
	"image"
	"image/color"
	"os"
	"strings"

	"github.com/ganymede-gan/ganymede/cmd/ganymede/internal/terminal"
)

func ExampleGraphics_Show() {
	picture := image.NewNRGBA(image.Rect(0, 0, 4, 2))
	for x := range 4 {
		picture.Set(x, 0, color.NRGBA{255, 0, 0, 255})
	}
	graphics := terminal.Detect(func(name string) string { return map[string]string{"TERM": "xterm", "COLORTERM": "truecolor"}[name] }, nil)
	fmt.Fprintln(os.Stdout, graphics)
	var text strings.Builder
	graphics.Show(&text, picture, 4, 1)
	fmt.Printf("%q\n", text.String())
	// Output:
	// blocks in all colours
	// "\x1b[38;2;255;0;0;48;2;0;0;0m▀▀▀▀\x1b[0m\n"
}
