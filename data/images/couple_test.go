package images

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/data"
)

// aFolder makes a folder of pictures, one for each name, all different.
func aFolder(first int, names ...string) tree {
	f := tree{}
	for i, name := range names {
		f[name] = plainPNG(first+i, 8, 8)
	}
	return f
}

func numbered(from, to int) (names []string) {
	for i := from; i < to; i++ {
		names = append(names, fmt.Sprintf("%03d.png", i))
	}
	return names
}

// numberOf is that of plainPNG whose first value, as it is trained on, is x.
func numberOf(x float32) int { return int((x+1)*127.5 + 0.5) }

func scanTree(t *testing.T, f tree) *Survey {
	t.Helper()
	s, err := Scan(ctx, f.folder(t), ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.Name = "tree"
	return s
}

func mustCouple(t *testing.T, c *Couple, o Options, stored *data.Split) *data.Set {
	t.Helper()
	set, err := c.Load(ctx, o, stored)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// first are the first values of each record of a field, which tell the pictures of plainPNG apart.
func first(a data.Array) (values []float32) {
	size := len(a.Float) / a.Len()
	for i := range a.Len() {
		values = append(values, a.Float[i*size])
	}
	return values
}

func TestPairsAreHeldOutTogether(t *testing.T) {
	names := numbered(0, 60)
	a := scanTree(t, aFolder(0, names...))
	b := scanTree(t, aFolder(100, names...))
	c := NewCouple(a, b)
	if !c.Paired() || c.Partners() != nil {
		t.Fatal(c.Partners())
	}
	set := mustCouple(t, c, options(t), nil)
	if n := set.HeldOut.Len(); n != 6 || set.Train.Len() != 54 || set.Origin.Records != 60 {
		t.Fatalf("%d held out and %d trained on of %d", n, set.Train.Len(), set.Origin.Records)
	}
	if fields := set.Codec.Fields(); len(fields) != 2 || fields[0].Name != data.A || fields[1].Name != data.B || !slices.Equal(fields[0].Shape, []int{8, 8, 3}) {
		t.Error(fields)
	}
	for _, s := range []data.Source{set.Train, set.HeldOut} {
		all := readAll(t, s)
		for i, x := range first(all[data.A]) {
			if y := first(all[data.B])[i]; numberOf(y) != numberOf(x)+100 {
				t.Errorf("record %d is picture %d beside %d", i, numberOf(x), numberOf(y))
			}
		}
	}
	again := mustCouple(t, NewCouple(a, b), options(t), &set.Split)
	if !slices.Equal(first(readAll(t, again.Train)[data.A]), first(readAll(t, set.Train)[data.A])) {
		t.Error("the stored split is not honoured")
	}
}

func TestWithoutPartnersKindsAreApart(t *testing.T) {
	a := scanTree(t, aFolder(0, numbered(0, 30)...))
	b := scanTree(t, aFolder(100, numbered(20, 70)...))
	c := NewCouple(a, b)
	if c.Paired() {
		t.Fatal("not all have a partner")
	}
	for _, part := range []string{"20 of 30 in tree have none (000.png, 001.png, 002.png, 003.png, 004.png and 15 more)", "40 of 50 in tree have none (030.png", "take cyclegan"} {
		if err := c.Partners(); !strings.Contains(err.Error(), part) {
			t.Errorf("%v, want %q", err, part)
		}
	}
	set := mustCouple(t, c, options(t), nil)
	trainA, trainB := data.Part(set.Train, data.A), data.Part(set.Train, data.B)
	if trainA.Len() != 27 || trainB.Len() != 45 || set.Train.Len() != 45 || set.Origin.HeldOut != 8 {
		t.Errorf("%d and %d to train on, %d held out", trainA.Len(), trainB.Len(), set.Origin.HeldOut)
	}
	again := mustCouple(t, c, options(t), &set.Split)
	if !slices.Equal(first(readAll(t, again.Train)[data.B]), first(readAll(t, set.Train)[data.B])) {
		t.Error("the stored split is not honoured")
	}
}

func TestHalvesOfPicturesSideBySide(t *testing.T) {
	f := tree{}
	for i := range 20 {
		img := image.NewNRGBA(image.Rect(0, 0, 16, 8))
		for y := range 8 {
			for x := range 16 {
				img.SetNRGBA(x, y, color.NRGBA{uint8(i + 100*(x/8)), 0, 0, 255})
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		f[fmt.Sprintf("train/%d.png", i)] = b.Bytes()
	}
	s := scanTree(t, f)
	if !s.SideBySide() {
		t.Fatal(s.Sizes)
	}
	set := mustCouple(t, Halves(s), options(t), nil)
	all := readAll(t, set.Train)
	if set.Train.Len() != 18 || !slices.Equal(all[data.A].Shape, []int{18, 8, 8, 3}) {
		t.Fatal(set.Train.Len(), all[data.A].Shape)
	}
	for i, x := range all[data.A].Float {
		if y := all[data.B].Float[i]; i%3 == 0 && numberOf(y)-numberOf(x) != 100 {
			t.Fatalf("the halves have %v and %v", x, y)
		}
	}
	if scanTree(t, aFolder(0, numbered(0, 3)...)).SideBySide() {
		t.Error("squares are not side by side")
	}
}

func TestGreyAndColourAreBothTakenInColour(t *testing.T) {
	grey := tree{}
	for i := range 20 {
		img := image.NewGray(image.Rect(0, 0, 8, 8))
		img.Pix[0] = uint8(i)
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		grey[fmt.Sprintf("%d.png", i)] = b.Bytes()
	}
	c := NewCouple(scanTree(t, grey), scanTree(t, aFolder(0, numbered(0, 20)...)))
	set := mustCouple(t, c, options(t), nil)
	if n := set.Codec.Fields()[0].Shape[2]; n != 3 {
		t.Errorf("%d channels", n)
	}
	if !strings.Contains(strings.Join(set.Notes, " "), "is grey and tree in colour; both are taken in colour") {
		t.Errorf("nothing is said: %v", set.Notes)
	}
	o := options(t)
	o.Channels = 1
	if n := mustCouple(t, c, o, nil).Codec.Fields()[1].Shape[2]; n != 1 {
		t.Errorf("%d channels, and 1 was asked for", n)
	}
}

// A picture held out of one kind must not be trained on as one of the other.
func TestWhatIsHeldOutOfOneKindIsNotInTheOther(t *testing.T) {
	a := scanTree(t, aFolder(0, numbered(0, 40)...))
	b := scanTree(t, aFolder(0, numbered(5, 50)...)) // the same pictures under other names
	set := mustCouple(t, NewCouple(a, b), options(t), nil)
	held := readAll(t, data.Part(set.HeldOut, data.A))[data.A]
	for _, field := range []string{data.A, data.B} {
		trained := first(readAll(t, data.Part(set.Train, field))[field])
		for _, x := range first(held) {
			if slices.Contains(trained, x) {
				t.Errorf("%v is held out and trained on in %s", x, field)
			}
		}
	}
}

func TestCoupleCodecSurvivesJSON(t *testing.T) {
	c := CoupleCodec{Codec{Side: 64, Channels: 3, Low: -1, High: 1}, true}
	raw, err := data.MarshalCodec(c)
	if err != nil {
		t.Fatal(err)
	}
	var got CoupleCodec
	if err := json.Unmarshal(raw, &got); err != nil || got.Side != 64 || !got.Paired || got.Channels != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	if kind, err := data.CodecKind(raw); kind != "couples" || err != nil {
		t.Error(kind, err)
	}
}
