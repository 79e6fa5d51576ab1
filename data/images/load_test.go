package images

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/internal/shared"
)

// options are the defaults, with a cache that no other test sees.
func options(t testing.TB) Options {
	o := config.Default[Options]()
	o.Cache = t.TempDir()
	return o
}

func mustLoad(t testing.TB, s *Survey, o Options) *data.Set {
	t.Helper()
	set, err := s.Load(ctx, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func read(t testing.TB, s data.Source, indices ...int) data.Batch {
	t.Helper()
	b := data.Batch{}
	if err := s.Read(ctx, indices, b); err != nil {
		t.Fatal(err)
	}
	return b
}

func readAll(t testing.TB, s data.Source) data.Batch {
	all := make([]int, s.Len())
	for i := range all {
		all[i] = i
	}
	return read(t, s, all...)
}

// many makes n different pictures of 4 x 4 in classes a, b, c.
func many(n int) tree {
	f := tree{}
	for i := range n {
		f[fmt.Sprintf("%c/%03d.png", 'a'+i%3, i)] = plainPNG(i, 4, 4)
	}
	return f
}

func TestDefaultsAreThoseOfTheTags(t *testing.T) {
	if err := config.Check(Options{}); err != nil {
		t.Fatal(err)
	}
	o := config.Default[Options]()
	if o.Limits.pixels() != (Limits{}).pixels() || o.Limits.unpacked() != (Limits{}).unpacked() {
		t.Error("the zero limits are not the defaults")
	}
}

func TestLoadGivesPicturesAndLabels(t *testing.T) {
	files := tree{}
	for i := range 6 {
		files[fmt.Sprintf("%c/%d.png", 'a'+i%2, i)] = plainPNG(40*i, 4, 4)
	}
	set := mustLoad(t, mustScan(t, files.folder(t)), options(t))
	if set.Train.Len() != 6 || set.HeldOut.Len() != 0 || !reflect.DeepEqual(set.Codec.Classes(), []string{"a", "b"}) {
		t.Fatalf("%d + %d pictures, classes %v", set.Train.Len(), set.HeldOut.Len(), set.Codec.Classes())
	}
	b := read(t, set.Train, 5, 0) // a/0, a/2, a/4, b/1, b/3, b/5
	if got := b[data.Labels].Int; !reflect.DeepEqual(got, []int32{1, 0}) {
		t.Errorf("labels %v", got)
	}
	p := b[data.Pictures]
	if !reflect.DeepEqual(p.Shape, []int{2, 16, 16, 3}) {
		t.Fatalf("shape %v", p.Shape)
	}
	if want := float32(200)/127.5 - 1; p.Float[0] != want || p.Float[len(p.Float)/2] != -1 {
		t.Errorf("red of b/5 is %g, of a/0 %g; want %g and -1", p.Float[0], p.Float[len(p.Float)/2], want)
	}
}

func TestLoadRefuses(t *testing.T) {
	broken := many(10)
	for i := range 4 {
		broken[fmt.Sprintf("a/x%d.png", i)] = []byte("broken")
	}
	jpg := testFile(t, "rgb.jpg")
	truncated := tree{"a.jpg": jpg[:len(jpg)-200], "b.png": plainPNG(1, 4, 4), "c.png": plainPNG(2, 4, 4)}
	strict := func(o *Options) { o.MaxBroken = 0 }
	for _, c := range []struct {
		name  string
		files tree
		set   func(*Options)
		want  string
	}{
		{"one picture", tree{"a.png": plainPNG(1, 4, 4)}, nil, "there is only one picture, a.png"},
		{"all pictures are the same", tree{"a.png": plainPNG(1, 4, 4), "b.png": plainPNG(1, 4, 4), "c.png": plainPNG(1, 4, 4)}, nil, "all 3 pictures are the same (a.png, b.png, ...)"},
		{"too many broken files", broken, func(o *Options) { o.MaxBroken = 3 },
			"4 of 14 files cannot be used (first: a/x0.png: not a picture, whatever its name says); the limit is 3; raise data.max-broken or replace the files"},
		{"a truncated picture", truncated, strict, "1 of 3 files cannot be used (first: a.jpg: JPEG: the file is cut short); the limit is 0"},
		{"a huge picture", tree{"a.png": hugePNG(20000), "b.png": plainPNG(1, 4, 4), "c.png": plainPNG(2, 4, 4)}, strict, "a.png: 20000 x 20000 are 400 million pixels"},
		{"two channels", many(4), func(o *Options) { o.Channels = 2 }, "data.channels is 2; it must be 1 (grey), 3 (colour) or 4"},
		{"alpha in three channels", many(4), func(o *Options) { o.Channels, o.Alpha = 3, "keep" }, "needs 4 channels"},
		{"unknown fit", many(4), func(o *Options) { o.Fit = "squash" }, `data.fit is "squash"`},
		{"unknown alpha", many(4), func(o *Options) { o.Alpha = "drop" }, `data.alpha is "drop"`},
		{"unknown colour", many(4), func(o *Options) { o.Background = "pinkish" }, `data.background is "pinkish"`},
		{"side too big", many(4), func(o *Options) { o.Side = 5000 }, "data.side is 5000"},
		{"no room and no cache", many(40), func(o *Options) { o.Memory, o.Cache = 0, "none" }, "there is no cache folder"},
	} {
		o := options(t)
		if c.set != nil {
			c.set(&o)
		}
		_, err := mustScan(t, c.files.folder(t)).Load(ctx, o, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q in it", c.name, err, c.want)
		}
	}
}

func TestBrokenFilesAreSkippedAndNamed(t *testing.T) {
	jpg := testFile(t, "rgb.jpg")
	files := many(9)
	files["b/cut.jpg"], files["c/text.png"] = jpg[:len(jpg)-200], []byte("text")
	path, o := files.folder(t), options(t)
	for range 2 { // once made, once from the cache
		set := mustLoad(t, mustScan(t, path), o)
		if set.Train.Len() != 9 || len(set.Defects) != 2 || set.Defects[0].File != "b/cut.jpg" || set.Defects[1].File != "c/text.png" {
			t.Errorf("%d pictures, defects %v", set.Train.Len(), set.Defects)
		}
	}
}

func TestClassFoldersWithOnePictureAreNoClasses(t *testing.T) {
	set := mustLoad(t, mustScan(t, tree{"ann/a.png": plainPNG(1, 4, 4), "bob/b.png": plainPNG(2, 4, 4)}.folder(t)), options(t))
	if len(set.Codec.Classes()) != 0 || len(set.Train.Fields()) != 1 || len(set.Notes) != 1 || !strings.Contains(set.Notes[0], "every class has one picture") {
		t.Errorf("classes %v, notes %v", set.Codec.Classes(), set.Notes)
	}
}

func TestFit(t *testing.T) {
	// Red, green and blue side by side, 4 x 4 each.
	img := image.NewNRGBA(image.Rect(0, 0, 12, 4))
	for y := range 4 {
		for x := range 12 {
			img.SetNRGBA(x, y, []color.NRGBA{red, green, blue}[x/4])
		}
	}
	at := func(f form, x, y int) color.NRGBA {
		out := make([]byte, f.size())
		f.prepare(img, out)
		p := out[(y*f.Side+x)*f.Channels:]
		c := color.NRGBA{p[0], p[1], p[2], 255}
		if f.Channels == 4 {
			c.A = p[3]
		}
		return c
	}
	crop := form{Side: 4, Channels: 3}
	if got := at(crop, 0, 0); got != green { // exactly the middle, not scaled at all
		t.Errorf("crop: %v, want %v", got, green)
	}
	bars := form{Side: 12, Channels: 3, Letterbox: true, Background: grey}
	for _, c := range []struct {
		x, y int
		want color.NRGBA
	}{{0, 0, grey}, {11, 11, grey}, {0, 3, grey}, {0, 4, red}, {6, 6, green}, {11, 7, blue}, {11, 8, grey}} {
		if got := at(bars, c.x, c.y); got != c.want {
			t.Errorf("letterbox at %d, %d: %v, want %v", c.x, c.y, got, c.want)
		}
	}
	clearBars := form{Side: 12, Channels: 4, Letterbox: true, Background: grey}
	if got := at(clearBars, 0, 0); got.A != 0 {
		t.Errorf("bars where alpha is kept: %v", got)
	}
	if got := at(clearBars, 0, 4); got != red {
		t.Errorf("picture where alpha is kept: %v", got)
	}
}

// A chequerboard finer than the result must become even grey: a filter that does not cover what it skips would leave stripes.
func TestScalingDownDoesNotAlias(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	for y := range 256 {
		for x := range 256 {
			img.SetNRGBA(x, y, level(uint8(255*((x+y)%2))))
		}
	}
	f := form{Side: 30, Channels: 1}
	out := make([]byte, f.size())
	f.prepare(img, out)
	for i, v := range out {
		if v < 124 || v > 131 {
			t.Fatalf("pixel %d is %d, want about 127.5", i, v)
		}
	}
}

func TestTransparencyDoesNotBleed(t *testing.T) {
	// White on the left, and invisible black on the right.
	img := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 32 {
			img.SetNRGBA(x, y, level(255))
		}
	}
	keep := form{Side: 16, Channels: 4}
	out := make([]byte, keep.size())
	keep.prepare(img, out)
	for i := 0; i < len(out); i += 4 {
		if out[i+3] > 0 && out[i] < 250 {
			t.Fatalf("pixel %d is %v: the black that cannot be seen shows", i/4, out[i:i+4])
		}
	}
	onBlue := form{Side: 64, Channels: 3, Background: blue}
	out = make([]byte, onBlue.size())
	onBlue.prepare(img, out)
	if got := out[3*63:][:3]; !bytes.Equal(got, []byte{blue.R, blue.G, blue.B}) {
		t.Errorf("the background is %v", got)
	}
	img.SetNRGBA(0, 0, color.NRGBA{200, 100, 0, 51}) // a fifth
	onBlue.prepare(img, out)
	if got := out[:3]; far(got[0], 56) > 1 || far(got[1], 52) > 1 || far(got[2], 168) > 1 {
		t.Errorf("a fifth of (200, 100, 0) on (20, 40, 210): %v, want (56, 52, 168)", got)
	}
}

func TestFlipDoublesTheTrainingPart(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	for i := range 256 {
		img.SetNRGBA(i%16, i/16, color.NRGBA{uint8(i), uint8(255 - i), uint8(i % 16), 255})
	}
	o := options(t)
	o.Flip = true
	set := mustLoad(t, mustScan(t, tree{"a/a.png": encodePNG(img), "a/b.png": plainPNG(1, 16, 16), "b/c.png": plainPNG(2, 16, 16)}.folder(t)), o)
	if set.Train.Len() != 6 {
		t.Fatalf("%d records", set.Train.Len())
	}
	b := read(t, set.Train, 0, 3, 2, 5)
	p := b[data.Pictures].Float
	for y := range 16 {
		for x := range 16 {
			for c := range 3 {
				if p[(y*16+x)*3+c] != p[768+(y*16+15-x)*3+c] {
					t.Fatalf("record 3 is not the mirror of record 0 at %d, %d", x, y)
				}
			}
		}
	}
	if l := b[data.Labels].Int; !reflect.DeepEqual(l, []int32{0, 0, 1, 1}) {
		t.Errorf("labels %v", l)
	}
}

func TestHeldOutIsFixedByContent(t *testing.T) {
	files := many(60)
	set := mustLoad(t, mustScan(t, files.folder(t)), options(t))
	if set.HeldOut.Len() != 6 || set.Train.Len() != 54 {
		t.Fatalf("%d held out, %d to train on", set.HeldOut.Len(), set.Train.Len())
	}
	renamed := tree{}
	for name, raw := range files {
		renamed[strings.Replace(name, "/", "/renamed-", 1)] = raw
	}
	if again := mustLoad(t, mustScan(t, renamed.folder(t)), options(t)); !reflect.DeepEqual(set.Split, again.Split) {
		t.Errorf("other names, other pictures held out:\n%v\n%v", set.Split, again.Split)
	}
	grown := tree{}
	for name, raw := range files {
		grown[name] = raw
	}
	for i := 60; i < 100; i++ {
		grown[fmt.Sprintf("a/%03d.png", i)] = plainPNG(i, 4, 4)
	}
	more, err := mustScan(t, grown.folder(t)).Load(ctx, options(t), &set.Split)
	if err != nil {
		t.Fatal(err)
	}
	if more.HeldOut.Len() != 6 || more.Train.Len() != 94 {
		t.Errorf("with the stored split: %d held out, %d to train on", more.HeldOut.Len(), more.Train.Len())
	}
}

func TestEqualPicturesStayOnOneSide(t *testing.T) {
	files := many(60)
	for i := range 60 { // each once more, as another file format would be: under another name and with other bytes
		files[fmt.Sprintf("%c/copy%03d.png", 'a'+i%3, i)] = append(plainPNG(i, 4, 4), "trailing"...)
	}
	set := mustLoad(t, mustScan(t, files.folder(t)), options(t))
	if set.HeldOut.Len() != 12 {
		t.Errorf("%d held out", set.HeldOut.Len())
	}
	seen := map[string]bool{}
	size := 16 * 16 * 3
	for i := range set.HeldOut.Len() {
		seen[fmt.Sprint(readAll(t, set.HeldOut)[data.Pictures].Float[i*size:(i+1)*size])] = true
	}
	train := readAll(t, set.Train)[data.Pictures].Float
	for i := range set.Train.Len() {
		if seen[fmt.Sprint(train[i*size:(i+1)*size])] {
			t.Errorf("picture %d is trained on and held out", i)
		}
	}
}

func TestTheTestSplitIsHeldOutAndItsEqualsAreNotTrainedOn(t *testing.T) {
	files := tree{"train/1.png": plainPNG(1, 4, 4), "train/2.png": plainPNG(2, 4, 4), "train/3.png": plainPNG(3, 4, 4), "test/a.png": plainPNG(3, 4, 4), "test/b.png": plainPNG(4, 4, 4)}
	set := mustLoad(t, mustScan(t, files.folder(t)), options(t))
	if set.Train.Len() != 2 || set.HeldOut.Len() != 2 || set.Split.Rule != "the data's own test split" {
		t.Errorf("%d to train on, %d held out, %q", set.Train.Len(), set.HeldOut.Len(), set.Split.Rule)
	}
}

func TestCacheGivesTheSamePictures(t *testing.T) {
	path := many(50).folder(t)
	o := options(t)
	fresh := mustLoad(t, mustScan(t, path), o)
	files, _ := filepath.Glob(filepath.Join(o.Cache, "*.pictures"))
	if len(files) != 1 {
		t.Fatalf("cache: %v", files)
	}
	stamp := modTime(t, files[0])
	cached := mustLoad(t, mustScan(t, path), o)
	streaming := o
	streaming.Memory = 0
	streamed := mustLoad(t, mustScan(t, path), streaming)
	if modTime(t, files[0]) != stamp {
		t.Error("the cache was written again")
	}
	uncached := o
	uncached.Cache = "none"
	for name, other := range map[string]*data.Set{"cached": cached, "streamed": streamed, "without a cache": mustLoad(t, mustScan(t, path), uncached)} {
		if !reflect.DeepEqual(readAll(t, fresh.Train), readAll(t, other.Train)) || !reflect.DeepEqual(fresh.Split, other.Split) || fresh.Origin != other.Origin {
			t.Errorf("%s: not the same", name)
		}
	}
	bigger := o
	bigger.Side = 32
	mustLoad(t, mustScan(t, path), bigger)
	if files, _ := filepath.Glob(filepath.Join(o.Cache, "*.pictures")); len(files) != 2 {
		t.Errorf("another side must be another file: %v", files)
	}
	if left, _ := filepath.Glob(filepath.Join(o.Cache, "*.tmp")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func modTime(t *testing.T, name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime().UnixNano()
}

func TestChangedContentIsNotTakenFromTheCache(t *testing.T) {
	files := many(12)
	path, o := files.folder(t), options(t)
	before := readAll(t, mustLoad(t, mustScan(t, path), o).Train)
	if err := os.WriteFile(filepath.Join(path, "a", "000.png"), plainPNG(200, 4, 4), 0o644); err != nil {
		t.Fatal(err)
	}
	if after := readAll(t, mustLoad(t, mustScan(t, path), o).Train); reflect.DeepEqual(before, after) {
		t.Error("a changed picture was not read again")
	}
}

func TestDamagedCacheIsMadeAgain(t *testing.T) {
	path, o := many(20).folder(t), options(t)
	want := readAll(t, mustLoad(t, mustScan(t, path), o).Train)
	files, _ := filepath.Glob(filepath.Join(o.Cache, "*.pictures"))
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[100] ^= 4
	for name, raw := range map[string][]byte{"a flipped bit": flipped, "cut short": whole[:len(whole)/2], "empty": nil, "without its tail": whole[:len(whole)-8]} {
		if err := os.WriteFile(files[0], raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, mustLoad(t, mustScan(t, path), o).Train); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: other pictures", name)
		}
	}
	// Read as needed, there is no time to look at everything first: the read itself must notice.
	if err := os.WriteFile(files[0], flipped, 0o644); err != nil {
		t.Fatal(err)
	}
	o.Memory = 0
	set := mustLoad(t, mustScan(t, path), o)
	all := make([]int, set.Train.Len())
	for i := range all {
		all[i] = i
	}
	held := set.HeldOut.Read(ctx, []int{0, 1}, data.Batch{})
	if err := errors.Join(set.Train.Read(ctx, all, data.Batch{}), held); !errors.Is(err, errDamaged) {
		t.Errorf("streamed from a damaged file: %v", err)
	}
}

func TestCacheThatCannotBeWrittenIsDoneWithout(t *testing.T) {
	o := options(t)
	o.Cache = filepath.Join(write(t, "file", []byte("in the way")), "cache")
	set := mustLoad(t, mustScan(t, many(12).folder(t)), o)
	if len(set.Notes) != 1 || !strings.Contains(set.Notes[0], "could not be kept") {
		t.Errorf("notes: %v", set.Notes)
	}
	o.Memory = 0
	if _, err := mustScan(t, many(12).folder(t)).Load(ctx, o, nil); err == nil || !strings.Contains(err.Error(), "cache cannot be used") {
		t.Errorf("without memory: %v", err)
	}
}

func TestManyAtOnceShareOneCache(t *testing.T) {
	path, o := many(60).folder(t), options(t)
	want := readAll(t, mustLoad(t, mustScan(t, path), Options{Cache: "none", Memory: 1, Holdout: o.Holdout}).Train)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := Scan(ctx, path, ScanOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			set, err := s.Load(ctx, o, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if !reflect.DeepEqual(readAll(t, set.Train), want) {
				t.Error("not the same pictures")
			}
		})
	}
	wg.Wait()
}

func TestLoadStopsWhenAskedAndLeavesNothing(t *testing.T) {
	o := options(t)
	s := mustScan(t, many(40).folder(t))
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Load(stopped, o, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(o.Cache, "*.[tp]*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestProgressIsTold(t *testing.T) {
	seen, last := 0, 0
	s, err := Scan(ctx, many(30).folder(t), ScanOptions{Progress: func(done int) { seen = done }})
	if err != nil || seen != 30 {
		t.Fatalf("%d files seen, %v", seen, err)
	}
	o := options(t)
	o.Progress = func(done, total int) {
		if done != last+1 || total != 30 {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last = done
	}
	mustLoad(t, s, o)
	if last != 30 {
		t.Errorf("ended at %d", last)
	}
	mustLoad(t, s, o) // from the cache: nothing to tell, or the check above fails
}

func TestEveryOptionIsInTheDocs(t *testing.T) {
	docs, err := os.ReadFile("../../docs/data.md")
	if err != nil {
		t.Fatal(err)
	}
	var visit func(reflect.Type)
	visit = func(of reflect.Type) {
		for i := range of.NumField() {
			f := of.Field(i)
			if f.Anonymous {
				visit(f.Type)
			} else if key := f.Tag.Get("toml"); key != "-" && !strings.Contains(string(docs), "`data."+key+"` | "+f.Tag.Get("default")+" |") &&
				!strings.Contains(string(docs), "`data."+key+"` | |") {
				t.Errorf("docs/data.md has no row for data.%s with its default %s", key, f.Tag.Get("default"))
			}
		}
	}
	visit(reflect.TypeFor[Options]())
}

func TestGoneAndChangedFilesAreDefects(t *testing.T) {
	path, o := many(12).folder(t), options(t)
	s := mustScan(t, path)
	os.Remove(filepath.Join(path, "a", "000.png"))
	os.WriteFile(filepath.Join(path, "b", "001.png"), plainPNG(99, 4, 4), 0o644)
	set := mustLoad(t, s, o)
	if len(set.Defects) != 2 || !strings.Contains(set.Defects[0].Problem, "is gone") || !strings.Contains(set.Defects[1].Problem, "was changed") {
		t.Errorf("defects %v", set.Defects)
	}
}

// CIFAR's layout and the JPEG files that testdata's batch was decoded from show the same pictures. Another decoder made the batch, with
// another way of spreading the colours, so they are compared at 4 x 4 pixels; with the planes in another order none would match.
func TestCIFARShowsWhatItsJPEGsShow(t *testing.T) {
	batch := mustScan(t, shared.Dir(t, "data", "cifar10-jpg", "cifar-binary"))
	files := mustScan(t, shared.Dir(t, "data", "cifar10-jpg", "test"))
	o := options(t)
	o.Holdout, o.Side = 0, 4
	a, b := readAll(t, mustLoad(t, batch, o).Train), readAll(t, mustLoad(t, files, o).Train)
	jpegs := thumbs(b)
	matched := 0
	for _, p := range thumbs(a)[:100] {
		for _, q := range jpegs {
			if distance(p, q) < 2./127.5 {
				matched++
				break
			}
		}
	}
	if matched < 95 {
		t.Errorf("%d of 100 pictures of the batch are among the JPEG files", matched)
	}
}

func thumbs(b data.Batch) (out [][]float32) {
	p := b[data.Pictures]
	size := len(p.Float) / p.Shape[0]
	for i := range p.Shape[0] {
		out = append(out, p.Float[i*size:(i+1)*size])
	}
	return out
}

// distance is the mean of the differences.
func distance(a, b []float32) (d float64) {
	for i := range a {
		d += math.Abs(float64(a[i]-b[i])) / float64(len(a))
	}
	return d
}
