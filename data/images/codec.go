package images

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/ganymede-gan/ganymede/data"
)

// Codec turns what a generator makes into pictures: it knows the size, the channels, the range and the names of the classes.
type Codec struct {
	Side       int      // of the square pictures
	Channels   int      // 1 grey, 3 colour, 4 colour and alpha
	Low, High  float64  // the values of black and white: -1 and 1
	ClassNames []string // by label; empty where there are none
}

func (s *Survey) codec(f form) Codec {
	c := Codec{Side: f.Side, Channels: f.Channels, Low: -1, High: 1}
	for _, class := range s.Classes {
		c.ClassNames = append(c.ClassNames, class.Name)
	}
	return c
}

// codecJSON is how a Codec lies in a run.
type codecJSON struct {
	Side     int      `json:"side"`
	Channels int      `json:"channels"`
	Low      float64  `json:"low"`
	High     float64  `json:"high"`
	Classes  []string `json:"classes,omitempty"`
}

func (c Codec) MarshalJSON() ([]byte, error) {
	return json.Marshal(codecJSON{c.Side, c.Channels, c.Low, c.High, c.ClassNames})
}

func (c *Codec) UnmarshalJSON(raw []byte) error {
	var j codecJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return err
	}
	if j.Side < 1 || j.Channels != 1 && j.Channels != 3 && j.Channels != 4 || !(j.High > j.Low) {
		return fmt.Errorf("codec: pictures of side %d with %d channels and values from %g to %g make no sense", j.Side, j.Channels, j.Low, j.High)
	}
	*c = Codec{j.Side, j.Channels, j.Low, j.High, j.Classes}
	return nil
}

// Kind is "images".
func (c Codec) Kind() string { return "images" }

// Classes are the names by label.
func (c Codec) Classes() []string { return c.ClassNames }

// Fields are "pictures" [side, side, channels] and, where there are classes, "labels".
func (c Codec) Fields() []data.Field {
	fields := []data.Field{{Name: data.Pictures, Shape: []int{c.Side, c.Side, c.Channels}, Low: c.Low, High: c.High}}
	if len(c.ClassNames) > 0 {
		fields = append(fields, data.Field{Name: data.Labels, Int: true, High: float64(len(c.ClassNames) - 1)})
	}
	return fields
}

// check refuses an array that is not [n, height, width, channels] with the codec's channels. The side may be another one than the
// codec's: a model that grows makes smaller pictures on the way.
func (c Codec) check(a data.Array) error {
	if len(a.Shape) != 4 || a.Shape[3] != c.Channels || len(a.Float) != a.Shape[0]*a.Shape[1]*a.Shape[2]*a.Shape[3] {
		return fmt.Errorf("pictures of shape %v with %d numbers; wanted [n, height, width, %d]", a.Shape, len(a.Float), c.Channels)
	}
	return nil
}

// Image makes a picture of element i of an array [n, height, width, channels]: *image.Gray for 1 channel, *image.NRGBA for 3 and 4.
// Values beyond the range are cut off, as every generator without a bounded last layer has some; a value that is not a number is an
// error, because no picture could show it.
func (c Codec) Image(a data.Array, i int) (image.Image, error) {
	if err := c.check(a); err != nil {
		return nil, err
	}
	if i < 0 || i >= a.Shape[0] {
		return nil, fmt.Errorf("there is no picture %d of %d", i, a.Shape[0])
	}
	h, w := a.Shape[1], a.Shape[2]
	size := h * w * c.Channels
	raw := make([]byte, size)
	if err := c.quantise(raw, a.Float[i*size:(i+1)*size]); err != nil {
		return nil, fmt.Errorf("picture %d: %w", i, err)
	}
	if c.Channels == 1 {
		return &image.Gray{Pix: raw, Stride: w, Rect: image.Rect(0, 0, w, h)}, nil
	}
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	unpack(p.Pix, raw, c.Channels)
	return p, nil
}

// quantise maps [Low, High] to 0..255.
func (c Codec) quantise(to []byte, from []float32) error {
	scale := 255 / (c.High - c.Low)
	for i, v := range from {
		x := (float64(v) - c.Low) * scale
		if math.IsNaN(x) {
			return fmt.Errorf("value %d is not a number", i)
		}
		to[i] = byte(math.Round(min(max(x, 0), 255)))
	}
	return nil
}

// checkers shows where a picture is transparent.
func checkers(x, y int) color.NRGBA {
	if (x/8+y/8)%2 == 0 {
		return color.NRGBA{255, 255, 255, 255}
	}
	return color.NRGBA{224, 224, 224, 255}
}
