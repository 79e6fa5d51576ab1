package sets_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/points"
	"github.com/ganymede-gan/ganymede/data/sets"
)

func defaults() sets.Options {
	return sets.Options{Images: config.Default[images.Options](), Points: config.Default[points.Options]()}
}

func open(t *testing.T, name string, o sets.Options) *data.Set {
	t.Helper()
	set, err := sets.Open(context.Background(), name, o)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestOptionsAreDeclaredInFull(t *testing.T) {
	if err := config.Check(images.Options{}, points.Options{}); err != nil {
		t.Error(err)
	}
}

func TestFashionIsBalanced(t *testing.T) {
	set := open(t, "fashion", defaults())
	for _, part := range []struct {
		name     string
		source   data.Source
		perClass int
	}{{"train", set.Train, 1000}, {"held out", set.HeldOut, 200}} {
		if part.source.Len() != 10*part.perClass {
			t.Fatalf("%s has %d pictures", part.name, part.source.Len())
		}
		count := map[int32]int{}
		for _, label := range readAll(t, part.source)[data.Labels].Int {
			count[label]++
		}
		for class := range int32(10) {
			if count[class] != part.perClass {
				t.Errorf("%s: class %d has %d pictures, want %d", part.name, class, count[class], part.perClass)
			}
		}
	}
	if got := set.Codec.Classes(); len(got) != 10 || got[0] != "T-shirt/top" || got[9] != "Ankle boot" {
		t.Errorf("classes: %v", got)
	}
}

// Fashion-MNIST's mean over all 60,000 training pictures is 72.94 of 255 (../shared/data/README.md); a balanced sixth of them is near.
func TestFashionHasFashionsMean(t *testing.T) {
	set := open(t, "fashion", defaults())
	sum := 0.0
	pictures := readAll(t, set.Train)[data.Pictures].Float
	for _, v := range pictures {
		sum += (float64(v) + 1) * 127.5
	}
	if mean := sum / float64(len(pictures)); mean < 72 || mean > 74 {
		t.Errorf("mean %.2f, want about 72.94", mean)
	}
}

func TestEmojiKeepsAlphaWhenAsked(t *testing.T) {
	o := defaults()
	if got := open(t, "emoji", o).Train.Fields()[0].Shape; !reflect.DeepEqual(got, []int{64, 64, 3}) {
		t.Errorf("laid on white: %v", got)
	}
	o.Images.Alpha = "keep"
	set := open(t, "emoji", o)
	if got := set.Train.Fields()[0].Shape; !reflect.DeepEqual(got, []int{64, 64, 4}) {
		t.Errorf("with alpha: %v", got)
	}
	if n := set.Train.Len() + set.HeldOut.Len(); n != 1911 || set.HeldOut.Len() != 100 || len(set.Codec.Classes()) != 10 {
		t.Errorf("%d emoji, %d held out, classes %v", n, set.HeldOut.Len(), set.Codec.Classes())
	}
	if set.Origin.Licence == "" || !strings.Contains(set.Origin.Attribution, "Noto") {
		t.Errorf("origin without licence or attribution: %+v", set.Origin)
	}
}

func TestListTellsTheTruth(t *testing.T) {
	for _, info := range sets.List() {
		if !info.Embedded {
			continue
		}
		set := open(t, info.Name, defaults())
		if info.Licence == "" || info.What == "" || info.Kind != set.Codec.Kind() {
			t.Errorf("%s: %+v", info.Name, info)
		}
		if info.Kind == "images" && info.Train+info.Test != set.Origin.Records {
			t.Errorf("%s: listed with %d + %d records, it has %d", info.Name, info.Train, info.Test, set.Origin.Records)
		}
	}
}

func TestEverySetIsInTheDocs(t *testing.T) {
	docs, err := os.ReadFile("../../docs/data.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range sets.List() {
		row := regexp.MustCompile("\\| `" + info.Name + "` \\|.*").FindString(string(docs))
		if row == "" {
			t.Errorf("docs/data.md has no row for %s", info.Name)
		}
		if !info.Embedded && strings.HasSuffix(row, "| yes |") != info.Verified {
			t.Errorf("docs/data.md: %s, and its checksums are known: %v", row, info.Verified)
		}
	}
}

func TestASetIsTheSameEveryTime(t *testing.T) {
	for _, name := range []string{"ring", "fashion"} {
		a, b := open(t, name, defaults()), open(t, name, defaults())
		if a.Origin != b.Origin || !reflect.DeepEqual(a.Split, b.Split) {
			t.Errorf("%s: opened twice: %+v and %+v", name, a.Origin, b.Origin)
		}
	}
}

func TestCodecComesBackFromARun(t *testing.T) {
	for _, name := range []string{"ring", "fashion"} {
		set := open(t, name, defaults())
		raw, err := data.MarshalCodec(set.Codec)
		if err != nil {
			t.Fatal(err)
		}
		back, err := sets.UnmarshalCodec(raw)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, set.Codec) {
			t.Errorf("%s: wrote %#v, read %#v", name, set.Codec, back)
		}
	}
	for name, raw := range map[string]string{
		"not JSON": "x", "no kind": "{}", "unknown kind": `{"kind":"smells"}`, "senseless": `{"kind":"images","side":0,"channels":3}`,
		"no scale": `{"kind":"points"}`,
	} {
		if _, err := sets.UnmarshalCodec([]byte(raw)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestStoredSplitIsHonoured(t *testing.T) {
	first := open(t, "emoji", defaults())
	raw, err := json.Marshal(first.Split)
	if err != nil {
		t.Fatal(err)
	}
	var stored data.Split
	if err := json.Unmarshal(raw, &stored); err != nil {
		t.Fatal(err)
	}
	o := defaults()
	o.Images.Holdout = 0.5 // what the run says now must not matter
	o.Split = &stored
	if again := open(t, "emoji", o); again.HeldOut.Len() != first.HeldOut.Len() || again.Train.Len() != first.Train.Len() {
		t.Errorf("held out %d, then %d", first.HeldOut.Len(), again.HeldOut.Len())
	}
}

func TestUnknownNameSuggestsTheNearest(t *testing.T) {
	for name, want := range map[string]string{
		"fashon":             "did you mean fashion?",
		"Rings":              "did you mean ring?",
		"qqqqqqqqqqqq":       "no set and no path",
		"./pictures/of/cats": "nothing at ./pictures/of/cats",
	} {
		_, err := sets.Open(context.Background(), name, defaults())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q in it", name, err, want)
		}
	}
}

func TestPathIsOpenedWhereNoSetHasTheName(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := sets.Open(context.Background(), dir, defaults()); err == nil || !strings.Contains(err.Error(), "no pictures") {
		t.Errorf("a folder of text: %v", err)
	}
}

func readAll(t *testing.T, s data.Source) data.Batch {
	t.Helper()
	all := make([]int, s.Len())
	for i := range all {
		all[i] = i
	}
	b := data.Batch{}
	if err := s.Read(context.Background(), all, b); err != nil {
		t.Fatal(err)
	}
	return b
}
