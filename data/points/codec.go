package points

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"strconv"

	"github.com/ganymede-gan/ganymede/data"
)

// Codec scales what a model makes back to the points' own units: point = model * Scale + Shift.
type Codec struct {
	Distribution string     // the name of the set; its modes are found by it
	Shift        [2]float64 // in the points' units
	Scale        float64
	Low, High    float64 // of the coordinates that were trained on, in the model's units
}

// codecJSON is how a Codec lies in a run.
type codecJSON struct {
	Distribution string     `json:"distribution"`
	Shift        [2]float64 `json:"shift"`
	Scale        float64    `json:"scale"`
	Low          float64    `json:"low"`
	High         float64    `json:"high"`
}

func (c Codec) MarshalJSON() ([]byte, error) { return json.Marshal(codecJSON(c)) }

func (c *Codec) UnmarshalJSON(raw []byte) error {
	var j codecJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return err
	}
	if !(j.Scale > 0) {
		return fmt.Errorf("codec: points with the scale %g make no sense", j.Scale)
	}
	*c = Codec(j)
	return nil
}

// Kind is "points".
func (c Codec) Kind() string { return "points" }

// Classes are none: the points have no labels.
func (c Codec) Classes() []string { return nil }

// Fields is "points" [2]. The bounds are those of the points that were drawn to train on; Gaussians have none.
func (c Codec) Fields() []data.Field {
	return []data.Field{{Name: data.Points, Shape: []int{2}, Low: c.Low, High: c.High}}
}

func (c Codec) encode(p []float32) {
	for i, v := range p {
		p[i] = float32((float64(v) - c.Shift[i%2]) / c.Scale)
	}
}

// Decode returns points [n, 2] in their own units, in new memory.
func (c Codec) Decode(a data.Array) (data.Array, error) {
	if len(a.Shape) != 2 || a.Shape[1] != 2 || len(a.Float) != 2*a.Shape[0] {
		return a, fmt.Errorf("points of shape %v with %d numbers; wanted [n, 2]", a.Shape, len(a.Float))
	}
	out := data.Array{Shape: []int{a.Shape[0], 2}, Float: make([]float32, len(a.Float))}
	for i, v := range a.Float {
		if v != v {
			return a, fmt.Errorf("point %d is not a number", i/2)
		}
		out.Float[i] = float32(float64(v)*c.Scale + c.Shift[i%2])
	}
	return out, nil
}

// WriteCSV writes what a model made, [n, 2], as two columns x and y in the points' own units.
func (c Codec) WriteCSV(w io.Writer, a data.Array) error {
	p, err := c.Decode(a)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	out.WriteString("x,y\n")
	for i := 0; i < len(p.Float); i += 2 {
		line := strconv.AppendFloat(nil, float64(p.Float[i]), 'g', -1, 32)
		line = append(line, ',')
		line = strconv.AppendFloat(line, float64(p.Float[i+1]), 'g', -1, 32)
		out.Write(append(line, '\n'))
	}
	return out.Flush()
}

var (
	paper  = color.NRGBA{255, 255, 255, 255}
	grey   = color.NRGBA{150, 150, 150, 90}
	colour = color.NRGBA{214, 64, 32, 140}
	beyond = color.NRGBA{60, 20, 140, 255} // points outside the frame, on its border
)

// Scatter draws points [n, 2] of the model's units on a square of the given side in pixels: the real ones in grey behind, the generated
// ones in colour before them. The frame is that of the real points with a fifth around; generated points outside lie on its border,
// in another colour, so that none is hidden.
func (c Codec) Scatter(real, generated data.Array, side int) (*image.NRGBA, error) {
	if side < 16 {
		return nil, fmt.Errorf("a plot of %d pixels is too small; it needs 16", side)
	}
	for _, a := range []data.Array{real, generated} {
		if _, err := c.Decode(a); err != nil {
			return nil, err
		}
	}
	f := frameOf(real.Float, c)
	plot := image.NewNRGBA(image.Rect(0, 0, side, side))
	draw.Draw(plot, plot.Rect, image.NewUniform(paper), image.Point{}, draw.Src)
	radius := float64(side) / 200
	for i := 0; i < len(real.Float); i += 2 {
		x, y, _ := f.place(real.Float[i:], side)
		dot(plot, x, y, radius, grey)
	}
	for i := 0; i < len(generated.Float); i += 2 {
		x, y, inside := f.place(generated.Float[i:], side)
		if inside {
			dot(plot, x, y, radius, colour)
		} else {
			dot(plot, x, y, radius, beyond)
		}
	}
	return plot, nil
}

// ScatterPNG is Scatter as the bytes of a PNG file.
func (c Codec) ScatterPNG(real, generated data.Array, side int) ([]byte, error) {
	plot, err := c.Scatter(real, generated, side)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = png.Encode(&out, plot)
	return out.Bytes(), err
}

// frame is a square in the model's units.
type frame struct{ x, y, half float64 }

func frameOf(p []float32, c Codec) frame {
	if len(p) == 0 {
		return frame{(c.Low + c.High) / 2, (c.Low + c.High) / 2, 0.6*(c.High-c.Low) + 1e-6}
	}
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for i, v := range p {
		low[i%2], high[i%2] = min(low[i%2], float64(v)), max(high[i%2], float64(v))
	}
	half := max(high[0]-low[0], high[1]-low[1]) / 2
	return frame{(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, 1.2*half + 1e-6}
}

// place is where a point lies on the plot, y upwards.
func (f frame) place(p []float32, side int) (x, y float64, inside bool) {
	u, v := (float64(p[0])-f.x)/f.half, (float64(p[1])-f.y)/f.half
	inside = math.Abs(u) <= 1 && math.Abs(v) <= 1
	u, v = min(max(u, -0.985), 0.985), min(max(v, -0.985), 0.985)
	return (u + 1) / 2 * float64(side), (1 - v) / 2 * float64(side), inside
}

// dot draws a soft-edged disc.
func dot(on *image.NRGBA, x, y, radius float64, c color.NRGBA) {
	for py := int(y - radius - 1); py <= int(y+radius+1); py++ {
		for px := int(x - radius - 1); px <= int(x+radius+1); px++ {
			cover := min(1, radius+0.5-math.Hypot(float64(px)+0.5-x, float64(py)+0.5-y))
			if cover <= 0 || !image.Pt(px, py).In(on.Rect) {
				continue
			}
			blend(on.Pix[on.PixOffset(px, py):], c, cover*float64(c.A)/255)
		}
	}
}

func blend(pix []byte, c color.NRGBA, alpha float64) {
	for i, v := range []byte{c.R, c.G, c.B} {
		pix[i] = byte(math.Round(float64(pix[i])*(1-alpha) + float64(v)*alpha))
	}
}
