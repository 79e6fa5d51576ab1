package images

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"reflect"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/data"
)

func TestEncodingUndoesDecoding(t *testing.T) {
	files := many(30)
	files["a/x.png"] = testFile(t, "rgba.png")
	for _, alpha := range []string{"lay", "keep"} {
		o := options(t)
		o.Alpha, o.Holdout = alpha, 0
		set := mustLoad(t, mustScan(t, files.folder(t)), o)
		c := set.Codec.(Codec)
		b := readAll(t, set.Train)[data.Pictures]
		again := data.Array{Shape: b.Shape}
		for i := range b.Shape[0] {
			img, err := c.Image(b, i)
			if err != nil {
				t.Fatal(err)
			}
			for j, v := range img.(*image.NRGBA).Pix {
				if c.Channels == 4 || j%4 != 3 {
					again.Float = append(again.Float, unit[v])
				}
			}
		}
		if !reflect.DeepEqual(again, b) {
			t.Errorf("alpha %s: there and back is not the same", alpha)
		}
	}
}

func TestImageCutsOffAndRefuses(t *testing.T) {
	c := Codec{Side: 2, Channels: 1, Low: -1, High: 1}
	img, err := c.Image(data.Array{Shape: []int{1, 2, 2, 1}, Float: []float32{-7, 7, 0, 1}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte{0, 255, 128, 255}; !bytes.Equal(img.(*image.Gray).Pix, want) {
		t.Errorf("%v, want %v", img.(*image.Gray).Pix, want)
	}
	for name, a := range map[string]data.Array{
		"not a number": {Shape: []int{1, 2, 2, 1}, Float: []float32{0, 0, nan, 0}},
		"channels":     {Shape: []int{1, 2, 2, 3}, Float: make([]float32, 12)},
		"rank":         {Shape: []int{1, 4}, Float: make([]float32, 4)},
		"too few":      {Shape: []int{1, 2, 2, 1}, Float: make([]float32, 3)},
		"no picture":   {Shape: []int{0, 2, 2, 1}},
	} {
		if _, err := c.Image(a, 0); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSheet(t *testing.T) {
	c := Codec{Side: 4, Channels: 3, Low: -1, High: 1}
	five := data.Array{Shape: []int{5, 4, 4, 3}, Float: make([]float32, 5*48)}
	for i := range 5 {
		for j := range 48 {
			five.Float[i*48+j] = float32(i)/2 - 1 // 0, 64, 128, 191, 255
		}
	}
	raw, err := c.SheetPNG(five, 3)
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sheet.Bounds(), image.Rect(0, 0, 2+3*6, 2+2*6); got != want {
		t.Fatalf("size %v, want %v", got, want)
	}
	for i, want := range []uint8{0, 64, 128, 191, 255} {
		for _, d := range []int{0, 3} {
			if got := color.GrayModel.Convert(sheet.At(2+i%3*6+d, 2+i/3*6+d)).(color.Gray).Y; got != want {
				t.Errorf("picture %d is %d, want %d", i, got, want)
			}
		}
	}
	if got := color.GrayModel.Convert(sheet.At(0, 0)).(color.Gray).Y; got != 32 {
		t.Errorf("padding is %d", got)
	}
	if _, err := c.Sheet(data.Array{Shape: []int{0, 4, 4, 3}}, 3); err == nil {
		t.Error("a sheet of nothing")
	}
	square, err := c.Sheet(five, 0)
	if err != nil || square.Rect.Dx() != 2+3*6 || square.Rect.Dy() != 2+2*6 {
		t.Errorf("as square as it gets: %v, %v", square.Rect, err)
	}
}

func TestSheetShowsTransparency(t *testing.T) {
	c := Codec{Side: 16, Channels: 4, Low: -1, High: 1}
	a := data.Array{Shape: []int{1, 16, 16, 4}, Float: make([]float32, 1024)}
	for i := range a.Float {
		a.Float[i] = -1
	}
	sheet, err := c.Sheet(a, 1)
	if err != nil {
		t.Fatal(err)
	}
	if sheet.NRGBAAt(2, 2) != level(255) || sheet.NRGBAAt(10, 2) != level(224) {
		t.Errorf("an invisible picture shows %v and %v, not chequers", sheet.NRGBAAt(2, 2), sheet.NRGBAAt(10, 2))
	}
}

func TestGIF(t *testing.T) {
	for _, channels := range []int{1, 3} {
		c := Codec{Side: 8, Channels: channels, Low: -1, High: 1}
		var frames []data.Array
		for _, v := range []float32{-1, -0.2, 1} {
			f := data.Array{Shape: []int{2, 8, 8, channels}, Float: make([]float32, 2*64*channels)}
			for i := range f.Float {
				f.Float[i] = v
			}
			frames = append(frames, f)
		}
		var raw bytes.Buffer
		if err := c.GIF(&raw, frames, 2, 7); err != nil {
			t.Fatal(err)
		}
		anim, err := gif.DecodeAll(&raw)
		if err != nil {
			t.Fatal(err)
		}
		if len(anim.Image) != 3 || anim.Delay[1] != 7 || anim.LoopCount != 0 {
			t.Fatalf("%d frames, delays %v, loop %d", len(anim.Image), anim.Delay, anim.LoopCount)
		}
		for i, want := range []int{0, 102, 255} {
			sum := 0
			for y := 2; y < 10; y++ {
				for x := 2; x < 10; x++ {
					sum += int(color.GrayModel.Convert(anim.Image[i].At(x, y)).(color.Gray).Y)
				}
			}
			if mean := sum / 64; mean < want-6 || mean > want+6 {
				t.Errorf("%d channels, frame %d: mean %d, want %d", channels, i, mean, want)
			}
		}
	}
	if err := (Codec{Side: 8, Channels: 1, Low: -1, High: 1}).GIF(&bytes.Buffer{}, nil, 1, 1); err == nil {
		t.Error("an animation of nothing")
	}
}

func TestCodecJSONRefusesNonsense(t *testing.T) {
	for _, raw := range []string{`{"side":8,"channels":2,"low":-1,"high":1}`, `{"side":8,"channels":3,"low":1,"high":1}`, `[]`} {
		var c Codec
		if err := c.UnmarshalJSON([]byte(raw)); err == nil {
			t.Errorf("%s: no error", raw)
		}
	}
	raw, err := data.MarshalCodec(Codec{Side: 8, Channels: 1, Low: -1, High: 1, ClassNames: []string{"a", "b"}})
	if err != nil || !strings.Contains(string(raw), `"kind": "images"`) || !strings.Contains(string(raw), `"classes"`) {
		t.Errorf("%s, %v", raw, err)
	}
}
