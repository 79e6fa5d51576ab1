package reproduce

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/gan"
)

// kindsOf are two kinds of pictures of one name each, all held out, as a run of them has.
func kindsOf(t *testing.T, a, b [][]float32) *data.Set {
	t.Helper()
	codec := images.CoupleCodec{Codec: images.Codec{Side: recolouredSide, Channels: 3, Low: -1, High: 1}}
	var kinds []data.Source
	for k, pictures := range [][][]float32{a, b} {
		field := codec.Fields()[k]
		source, err := data.InMemory([]data.Field{field}, data.Batch{
			field.Name: {Shape: append([]int{len(pictures)}, field.Shape...), Float: slices.Concat(pictures...)},
		})
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, source)
	}
	return &data.Set{Name: "test", HeldOut: data.Apart(kinds...), Codec: codec}
}

// disc is a disc of a colour on nothing, [side, side, 4].
func disc(r, g, b float32) []float32 {
	var out []float32
	for y := range recolouredSide {
		for x := range recolouredSide {
			dx, dy := float64(x-16), float64(y-16)
			if math.Hypot(dx, dy) < 10 {
				out = append(out, r, g, b, 1)
			} else {
				out = append(out, 0, 0, 0, -1)
			}
		}
	}
	return out
}

func TestRecolouring(t *testing.T) {
	plain := disc(0.5, -0.25, -1)
	made := recoloured(plain)
	at := func(p []float32, x, y int) []float32 { return p[(y*recolouredSide+x)*3:][:3] }
	if got := at(made, 16, 16); !slices.Equal(got, []float32{-1, 0.5, -0.25}) {
		t.Errorf("red, green, blue become %v: what was red must be green, green blue, blue red", got)
	}
	if got := at(made, 16+10, 16); !slices.Equal(got, []float32{ink, ink, ink}) {
		t.Errorf("the first pixel outside is %v", got)
	}
	for _, x := range []int{16 + 9, 16 + 11} {
		if got := at(made, x, 16); got[0] == ink {
			t.Errorf("the pixel %d is ink too", x)
		}
	}
}

// A translator that knows the truth has no difference, one that changes nothing has that of the identity, and one that forgets the
// outline is not blamed for it.
func TestRecolourJudge(t *testing.T) {
	var a, b [][]float32
	for _, d := range [][]float32{disc(0.5, -0.25, -1), disc(-1, 1, 0)} {
		a, b = append(a, onWhite(d)), append(b, recoloured(d))
	}
	set := kindsOf(t, a, b)
	for name, c := range map[string]struct {
		translate func(picture []float32, direction string) []float32
		there     float64
	}{
		"identity": {func(picture []float32, _ string) []float32 { return picture }, 1},
		"rotation without the outline": {func(picture []float32, direction string) []float32 {
			if direction == gan.BA {
				return rotated(rotated(picture))
			}
			return rotated(picture)
		}, 0},
	} {
		v, err := recolourJudge.Judge(context.Background(), Exhibit{Set: set, Translate: func(_ context.Context, p data.Array, direction string) (data.Array, error) {
			return data.Array{Shape: p.Shape, Float: c.translate(p.Float, direction)}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		part, _ := v.Figures.Get(ofIdentity)
		back, _ := v.Figures.Get(andBack)
		if math.Abs(part-c.there) > 1e-6 || math.Abs(back-c.there) > 1e-6 {
			t.Errorf("%s: %v", name, v.Figures)
		}
		if len(v.Pictures["translations"]) == 0 {
			t.Errorf("%s: there is no sheet", name)
		}
	}
}

func TestDesignsJudgeComparesWithOtherParts(t *testing.T) {
	var truth []float32
	var a, b [][]float32
	for _, d := range [][]float32{disc(0.5, -0.25, -1), disc(-1, 1, 0)} {
		a, b = append(a, onWhite(d)), append(b, onWhite(disc(-0.5, -0.5, 1)))
	}
	truth = slices.Concat(b...)
	studio := &Studio{Records: t.TempDir(), Say: func(string, ...any) {}}
	for _, r := range []*Record{
		{Experiment: "designs", Part: partL1, Seed: 1, Figures: Figures{{sharpOff, 2}}},
		{Experiment: "designs", Part: partP2P, Seed: 1, Figures: Figures{{ofIdentity, 0.2}}},
	} {
		content, err := r.marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(studio.Records, r.Experiment), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := writeBytes(filepath.Join(studio.Records, r.Experiment, r.stem()+".json"), content); err != nil {
			t.Fatal(err)
		}
	}
	half := func(_ context.Context, p data.Array, _ string) (data.Array, error) { // half way to the truth, which has half the contrast
		out := data.Array{Shape: p.Shape}
		for i := range p.Float {
			out.Float = append(out.Float, (p.Float[i]+truth[i])/2)
		}
		return out, nil
	}
	v, err := designsJudge.Judge(context.Background(), Exhibit{Set: kindsOf(t, a, b), Studio: studio, Experiment: "designs", Part: "cyclegan", Seed: 1, Translate: half})
	if err != nil {
		t.Fatal(err)
	}
	away, _ := v.Figures.Get(sharpOff)
	for figure, want := range map[string]float64{ofIdentity: 0.5, gapClosed: 0.5 / 0.8, ofL1s: away / 2} {
		if got, ok := v.Figures.Get(figure); !ok || math.Abs(got-want) > 1e-6 {
			t.Errorf("%s: %v, want %v", figure, got, want)
		}
	}
	v, err = designsJudge.Judge(context.Background(), Exhibit{Set: kindsOf(t, a, b), Studio: studio, Experiment: "designs", Part: "cyclegan", Seed: 2, Translate: half})
	if _, ok := v.Figures.Get(gapClosed); ok || err != nil || len(v.Notes) != 2 {
		t.Errorf("without the other records: %v, %v, %v", v.Figures, v.Notes, err)
	}
}

func TestHeldOutEmojiAreNames(t *testing.T) {
	names := heldOutNames()
	if len(names) != 190 || !names["1f1e6-1f1ea"] {
		t.Errorf("%d names", len(names))
	}
}
