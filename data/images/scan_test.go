package images

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/shared"
)

var ctx = context.Background()

// plain is a PNG of one colour, different for each seed.
func plainPNG(seed, w, h int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := 0; i < len(img.Pix); i += 4 {
		copy(img.Pix[i:], []byte{byte(seed), byte(seed >> 8), 77, 255})
	}
	return encodePNG(img)
}

func encodePNG(img image.Image) []byte {
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// tree is files by name, to be written as a folder or packed.
type tree map[string][]byte

func (f tree) names() []string {
	return slices.Sorted(maps.Keys(f))
}

func (f tree) folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, raw := range f {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (f tree) zip() []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range f.names() {
		w, err := z.Create(name)
		if err != nil {
			panic(err)
		}
		w.Write(f[name])
	}
	z.Close()
	return out.Bytes()
}

func (f tree) tar() []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range f.names() {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(f[name]))}); err != nil {
			panic(err)
		}
		w.Write(f[name])
	}
	w.Close()
	return out.Bytes()
}

func gzipped(raw []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(raw)
	z.Close()
	return out.Bytes()
}

func write(t testing.TB, name string, raw []byte) string {
	t.Helper()
	full := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(full, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	return full
}

func mustScan(t testing.TB, path string) *Survey {
	t.Helper()
	s, err := Scan(ctx, path, ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func classes(s *Survey) string {
	var out []string
	for _, c := range s.Classes {
		out = append(out, fmt.Sprintf("%s %d+%d", c.Name, c.Train, c.Test))
	}
	return strings.Join(out, ", ")
}

func TestLayouts(t *testing.T) {
	p := func(seed int) []byte { return plainPNG(seed, 4, 4) }
	for _, c := range []struct {
		name    string
		files   tree
		splits  [3]int // train, test, aside
		classes string
		defects int
	}{
		{"flat", tree{"a.png": p(1), "b.png": p(2)}, [3]int{2, 0, 0}, "", 0},
		{"classes", tree{"cat/a.png": p(1), "cat/b.png": p(2), "dog/a.png": p(3)}, [3]int{3, 0, 0}, "cat 2+0, dog 1+0", 0},
		{"classes are numbers", tree{"10/a.png": p(1), "10/b.png": p(4), "9/b.png": p(2), "0/c.png": p(3)}, [3]int{4, 0, 0}, "0 1+0, 9 1+0, 10 2+0", 0},
		{"wrapped in a folder", tree{"faces/cat/a.png": p(1), "faces/cat/c.png": p(3), "faces/dog/b.png": p(2)}, [3]int{3, 0, 0}, "cat 2+0, dog 1+0", 0},
		{"nested below a class", tree{"cat/x/a.png": p(1), "cat/y/a.png": p(3), "dog/z/b.png": p(2)}, [3]int{3, 0, 0}, "cat 2+0, dog 1+0", 0},
		{"one class is none", tree{"cat/a.png": p(1), "cat/b.png": p(2)}, [3]int{2, 0, 0}, "", 0},
		{"every class has one picture", tree{"ann/a.png": p(1), "bob/b.png": p(2)}, [3]int{2, 0, 0}, "", 0},
		{"splits", tree{"train/a.png": p(1), "train/b.png": p(2), "test/c.png": p(3)}, [3]int{2, 1, 0}, "", 0},
		{"splits with classes", tree{"Train/cat/a.png": p(1), "Train/dog/b.png": p(2), "Test/cat/c.png": p(3)}, [3]int{2, 1, 0}, "cat 1+1, dog 1+0", 0},
		{"validation beside test", tree{"train/a.png": p(1), "val/b.png": p(2), "test/c.png": p(3)}, [3]int{1, 1, 1}, "", 0},
		{"validation alone", tree{"train/a.png": p(1), "val/b.png": p(2)}, [3]int{1, 1, 0}, "", 0},
		{"a test split alone", tree{"test/cat/a.png": p(1), "test/cat/b.png": p(2)}, [3]int{2, 0, 0}, "", 0},
		{"a picture beside the classes", tree{"a.png": p(4), "cat/a.png": p(1), "cat/c.png": p(3), "dog/b.png": p(2)}, [3]int{3, 0, 0}, "cat 2+0, dog 1+0", 1},
		{"labels.csv", tree{"labels.csv": []byte("file,label\na.png,cat\nsub/b.png,dog\nc.png,cat\n"), "a.png": p(1), "sub/b.png": p(2), "c.png": p(3)},
			[3]int{3, 0, 0}, "cat 2+0, dog 1+0", 0},
		{"labels.csv without a header", tree{"labels.csv": []byte("\ufeffa.png,1\nb.png,0\nc.png,1\n"), "a.png": p(1), "b.png": p(2), "c.png": p(3)},
			[3]int{3, 0, 0}, "0 1+0, 1 2+0", 0},
		{"labels.csv with other columns", tree{"labels.csv": []byte("id,Class,Filename\n7,cat,a.png\n8,dog,b.png\n9,dog,c.png\n"), "a.png": p(1), "b.png": p(2), "c.png": p(3)},
			[3]int{3, 0, 0}, "cat 1+0, dog 2+0", 0},
		{"labels.csv that forgets one", tree{"labels.csv": []byte("a.png,1\nb.png,0\nd.png,0\n"), "a.png": p(1), "b.png": p(2), "c.png": p(3), "d.png": p(4)},
			[3]int{3, 0, 0}, "0 2+0, 1 1+0", 1},
		{"labels.csv a split", tree{
			"train/labels.csv": []byte("a.png,x\nb.png,y\n"), "train/a.png": p(1), "train/b.png": p(2),
			"test/labels.csv": []byte("a.png,y\n"), "test/a.png": p(3)}, [3]int{2, 1, 0}, "x 1+0, y 1+1", 0},
		{"labels.json", tree{"labels.json": []byte(`{"a.png":"cat","b.png":"dog","c.png":"dog"}`), "a.png": p(1), "b.png": p(2), "c.png": p(3)},
			[3]int{3, 0, 0}, "cat 1+0, dog 2+0", 0},
		{"labels.json as a list", tree{"labels.json": []byte(`[{"file":"a.png","label":3},{"file":"b.png","label":10},{"file":"c.png","label":3}]`),
			"a.png": p(1), "b.png": p(2), "c.png": p(3)}, [3]int{3, 0, 0}, "3 2+0, 10 1+0", 0},
		{"StyleGAN's dataset.json", tree{"dataset.json": []byte(`{"labels":[["00/a.png",1],["00/b.png",0],["00/c.png",0]]}`),
			"00/a.png": p(1), "00/b.png": p(2), "00/c.png": p(3)}, [3]int{3, 0, 0}, "0 2+0, 1 1+0", 0},
		{"labels that are long numbers", tree{"labels.json": []byte(`{"a.png":1000000,"b.png":20000000,"c.png":1000000}`), "a.png": p(1), "b.png": p(2), "c.png": p(3)},
			[3]int{3, 0, 0}, "1000000 2+0, 20000000 1+0", 0},
		{"labels.csv with spaces", tree{"labels.csv": []byte("file, label\na.png, x\nb.png, y\nc.png, x\n"), "a.png": p(1), "b.png": p(2), "c.png": p(3)},
			[3]int{3, 0, 0}, "x 2+0, y 1+0", 0},
		{"names with colons", tree{"at 12:30.png": p(1), "at 12:31.png": p(2)}, [3]int{2, 0, 0}, "", 0},
		{"what systems leave behind", tree{".DS_Store": {1}, "__MACOSX/cat/._a.png": {1}, "Thumbs.db": {1}, "cat/.hidden.png": {1}, "cat/a.png": p(1), "cat/b.png": p(2)},
			[3]int{2, 0, 0}, "", 0},
		{"IDX", tree{
			"train-images-idx3-ubyte": idx([]uint32{2, 1, 2}, 1, 2, 3, 4), "train-labels-idx1-ubyte": idx([]uint32{2}, 7, 3),
			"t10k-images-idx3-ubyte.gz": gzipped(idx([]uint32{1, 1, 2}, 5, 6)), "t10k-labels-idx1-ubyte": idx([]uint32{1}, 3)},
			[3]int{2, 1, 0}, "3 1+1, 7 1+0", 0},
		{"IDX without labels", tree{"train-images-idx3-ubyte": idx([]uint32{2, 1, 2}, 1, 2, 3, 4)}, [3]int{2, 0, 0}, "", 0},
		{"CIFAR-10", tree{
			"data_batch_1.bin": append(append([]byte{1}, make([]byte, 3072)...), append([]byte{0}, make([]byte, 3072)...)...),
			"test_batch.bin":   append([]byte{1}, make([]byte, 3072)...), "batches.meta.txt": []byte("airplane\nautomobile\n\n")},
			[3]int{2, 1, 0}, "airplane 1+0, automobile 1+1", 0},
		{"NumPy", tree{"images.npy": npyWith("|u1", []int{3, 2, 2}, make([]byte, 12)), "labels.npy": npyWith("|u1", []int{3}, []byte{5, 5, 9})},
			[3]int{3, 0, 0}, "5 2+0, 9 1+0", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			hash := ""
			for _, packed := range []string{c.files.folder(t), write(t, "x.zip", c.files.zip()), write(t, "x.tar", c.files.tar()), write(t, "x.tar.gz", gzipped(c.files.tar()))} {
				s := mustScan(t, packed)
				if got := [3]int{s.Train, s.Test, s.Aside}; got != c.splits || classes(s) != c.classes || len(s.Defects) != c.defects {
					t.Errorf("%s: splits %v, classes %q, defects %v; want %v, %q, %d", filepath.Base(packed), got, classes(s), s.Defects, c.splits, c.classes, c.defects)
				}
				if hash != "" && s.Hash != hash {
					t.Errorf("%s: the same content has another hash", filepath.Base(packed))
				}
				hash = s.Hash
			}
		})
	}
}

func TestScanTellsWhatThereIs(t *testing.T) {
	dir := tree{
		"a.png": testFile(t, "rgb.png"), "b.jpg": testFile(t, "exif6.jpg"), "c.gif": testFile(t, "palette.gif"), "d": testFile(t, "rgba.png"),
		"notes.txt": []byte("hello"), "e.png": []byte("no picture"),
	}.folder(t)
	s, err := Scan(ctx, dir, ScanOptions{Decode: true})
	if err != nil {
		t.Fatal(err)
	}
	if s.Pictures != 4 || s.Other != 1 || s.Container != "folder" || s.Holds != "picture files" {
		t.Errorf("%+v", s)
	}
	if want := (Kinds{"RGB": 2, "palette": 1, "RGBA": 1}); !reflect.DeepEqual(s.Kinds, want) {
		t.Errorf("kinds %v, want %v", s.Kinds, want)
	}
	if want := (Kinds{"PNG": 2, "JPEG": 1, "GIF": 1}); !reflect.DeepEqual(s.Formats, want) {
		t.Errorf("formats %v, want %v", s.Formats, want)
	}
	if want := []Size{{24, 16, 4}}; !reflect.DeepEqual(s.Sizes, want) {
		t.Errorf("sizes %v, want %v", s.Sizes, want)
	}
	if want := []Defect{{File: "e.png", Problem: "not a picture, whatever its name says"}}; !reflect.DeepEqual(s.Defects, want) {
		t.Errorf("defects %v, want %v", s.Defects, want)
	}
	if s.Low == nil || *s.Low > 30 || *s.High < 210 {
		t.Errorf("values from %v to %v", s.Low, s.High)
	}
	if s.Channels() != 3 || s.Kinds.transparent() == 0 || s.Side() != 16 {
		t.Errorf("channels %d, transparent %d, side %d", s.Channels(), s.Kinds.transparent(), s.Side())
	}
}

func TestDecodingFindsWhatTheHeaderHides(t *testing.T) {
	jpg := testFile(t, "rgb.jpg")
	dir := tree{"good.jpg": jpg, "cut.jpg": jpg[:len(jpg)-200]}.folder(t)
	if s := mustScan(t, dir); len(s.Defects) != 0 {
		t.Errorf("by headers: %v", s.Defects)
	}
	s, err := Scan(ctx, dir, ScanOptions{Decode: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Defects) != 1 || s.Defects[0].File != "cut.jpg" || !strings.Contains(s.Defects[0].Problem, "cut short") {
		t.Errorf("decoded: %v", s.Defects)
	}
}

func TestScanRefuses(t *testing.T) {
	for _, c := range []struct {
		name, path, want string
	}{
		{"a path that is not there", filepath.Join(t.TempDir(), "nowhere"), "no such file"},
		{"an empty folder", t.TempDir(), "is empty; put pictures in it"},
		{"a folder of text files", tree{"a.txt": []byte("a"), "b.md": []byte("b")}.folder(t), "has no pictures: none of its files is one (2 of them, the first is a.txt)"},
		{"a table", write(t, "adult.csv", []byte("age,sex\n39,Male\n")), "adult.csv is a table, and pictures are wanted here"},
		{"text", write(t, "notes", []byte("hello")), "is not a picture nor a file of pictures"},
		{"an empty file", write(t, "empty.png", nil), "empty.png: not a picture"},
		{"only broken pictures", tree{"a.png": []byte("x"), "b.png": []byte("y")}.folder(t), "none of its 2 pictures can be read (first: a.png"},
		{"a zip that is none", write(t, "x.zip", []byte("PK\x03\x04 no zip")), "not a valid zip"},
		{"an IDX file with wrong counts", write(t, "x-images-idx3-ubyte", append(binary.BigEndian.AppendUint32(nil, 0x803), make([]byte, 40)...)), "x-images-idx3-ubyte: its header says"},
		{"gzip cut short", write(t, "x.tar.gz", gzipped(tree{"a.png": plainPNG(1, 9, 9)}.tar())[:40]), "gzip data"},
		{"a damaged label file", tree{"labels.csv": []byte("file,label\na.png\n"), "a.png": plainPNG(1, 2, 2)}.folder(t), "labels.csv: record on line 2"},
		{"a label file without labels", tree{"labels.csv": []byte("file,size\na.png,3\n"), "a.png": plainPNG(1, 2, 2)}.folder(t), "its columns are file, size"},
		{"two labels for one picture", tree{"labels.csv": []byte("a.png,x\na.png,y\n"), "a.png": plainPNG(1, 2, 2)}.folder(t), "line 2: a.png has the label y, and had x before"},
		{"label JSON that is none", tree{"labels.json": []byte("[1,2]"), "a.png": plainPNG(1, 2, 2)}.folder(t), "labels.json: it must map files to labels"},
	} {
		_, err := Scan(ctx, c.path, ScanOptions{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q in it", c.name, err, c.want)
		} else if base := filepath.Base(c.path); filepath.Ext(base) != "" && strings.Count(err.Error(), base) > 1 {
			t.Errorf("%s: %v; the path is there twice", c.name, err)
		}
	}
}

// What an archive that was cut short still has is used, and what is missing is told, where too little is left too.
func TestTarThatIsCutShort(t *testing.T) {
	whole := tree{"a.png": plainPNG(1, 4, 4), "b.png": plainPNG(2, 4, 4), "c.png": plainPNG(3, 4, 4)}.tar()
	s := mustScan(t, write(t, "x.tar", whole[:1100]))
	if s.Pictures != 1 || len(s.Defects) != 1 || !strings.Contains(s.Defects[0].String(), "damaged after 1 entries: the file is cut short") {
		t.Errorf("%d pictures, defects %v", s.Pictures, s.Defects)
	}
	_, err := s.Load(ctx, options(t), nil)
	if err == nil || !strings.Contains(err.Error(), "there is only one picture, a.png (1 files cannot be used, first: (archive): damaged after 1 entries") {
		t.Errorf("%v", err)
	}
}

// Runs that were made among the pictures add nothing to them.
func TestRunsAmongThePicturesArePassedOver(t *testing.T) {
	files := tree{"a/1.png": plainPNG(1, 4, 4), "b/2.png": plainPNG(2, 4, 4)}
	before := mustScan(t, files.folder(t))
	files["runs/a-dcgan-1/run.toml"], files["runs/a-dcgan-1/samples/round-0.png"] = []byte("format = 1\n"), plainPNG(3, 4, 4)
	if after := mustScan(t, files.folder(t)); after.Hash != before.Hash || after.Pictures != 2 || len(after.Classes) != len(before.Classes) {
		t.Errorf("%d pictures in classes %v, want 2 in %v", after.Pictures, after.Classes, before.Classes)
	}
}

func TestArchiveNamesThatLeadOutside(t *testing.T) {
	files := tree{"../../evil.png": plainPNG(1, 4, 4), "/abs.png": plainPNG(2, 4, 4), `..\win.png`: plainPNG(3, 4, 4), "C:/x.png": plainPNG(5, 4, 4), "good.png": plainPNG(4, 4, 4)}
	for _, path := range []string{write(t, "x.zip", files.zip()), write(t, "x.tar", files.tar())} {
		s := mustScan(t, path)
		if s.Pictures != 1 || len(s.Defects) != 4 {
			t.Errorf("%s: %d pictures, defects %v", filepath.Base(path), s.Pictures, s.Defects)
		}
		for _, d := range s.Defects {
			if !strings.Contains(d.Problem, "outside the archive") {
				t.Errorf("%v", d)
			}
		}
	}
}

func TestArchiveNamesThatAreNoUTF8(t *testing.T) {
	s := mustScan(t, write(t, "x.zip", tree{"caf\xe9/a.png": plainPNG(1, 4, 4), "caf\xe9/b.png": plainPNG(2, 4, 4), "th\xe9/c.png": plainPNG(3, 4, 4)}.zip()))
	if classes(s) != "caf%E9 2+0, th%E9 1+0" || len(s.Defects) != 0 {
		t.Errorf("classes %q, defects %v", classes(s), s.Defects)
	}
}

func TestLabelsWithoutPicturesAreNoted(t *testing.T) {
	s := mustScan(t, tree{"labels.csv": []byte("a.png,x\nb.png,y\ngone.png,y\n"), "a.png": plainPNG(1, 4, 4), "b.png": plainPNG(2, 4, 4)}.folder(t))
	if len(s.Notes) == 0 || !strings.Contains(s.Notes[0], "names 1 files that are no pictures here") {
		t.Errorf("notes %v", s.Notes)
	}
}

func TestArchiveBombIsStopped(t *testing.T) {
	bomb := tree{"a.png": append(plainPNG(1, 4, 4), make([]byte, 3<<20)...), "b.png": append(plainPNG(2, 4, 4), make([]byte, 3<<20)...)}
	for _, path := range []string{write(t, "x.zip", bomb.zip()), write(t, "x.tar.gz", gzipped(bomb.tar()))} {
		_, err := Scan(ctx, path, ScanOptions{Limits: Limits{MaxUnpacked: 5}})
		if !errors.Is(err, errUnpacked) {
			t.Errorf("%s: 6 MiB with a limit of 5: %v", filepath.Base(path), err)
		}
	}
}

func TestTarCutShortKeepsWhatIsWhole(t *testing.T) {
	raw := tree{"a.png": plainPNG(1, 4, 4)}.tar()
	raw = append(raw[:len(raw)-1024], tree{"b.png": plainPNG(2, 64, 64)}.tar()[:600]...)
	s := mustScan(t, write(t, "x.tar", raw))
	if s.Pictures != 1 || len(s.Defects) == 0 {
		t.Errorf("%d pictures, defects %v", s.Pictures, s.Defects)
	}
}

func TestLinksInCirclesEnd(t *testing.T) {
	dir := tree{"cat/a.png": plainPNG(1, 4, 4), "cat/b.png": plainPNG(2, 4, 4)}.folder(t)
	elsewhere := tree{"c.png": plainPNG(3, 4, 4), "d.png": plainPNG(4, 4, 4)}.folder(t)
	for link, to := range map[string]string{"cat/loop": dir, "cat/self": filepath.Join(dir, "cat"), "dog": elsewhere, "cat/nowhere.png": "/no/such/file"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	s := mustScan(t, dir)
	if s.Pictures != 4 || classes(s) != "cat 2+0, dog 2+0" || len(s.Defects) != 3 {
		t.Errorf("%d pictures, classes %q, defects %v", s.Pictures, classes(s), s.Defects)
	}
}

func TestUnreadableFilesAreDefects(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		// The superuser can read everything: stand in for a file that cannot be read with one that is not a file any more.
		c := container{kind: "folder", each: func(ctx context.Context, visit func(file) error, defect func(Defect)) error {
			good := plainPNG(1, 4, 4)
			visit(file{"bad.png", 10, func() (io.ReadCloser, error) { return nil, os.ErrPermission }})
			return visit(file{"good.png", int64(len(good)), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(good)), nil }})
		}}
		s, err := scan(ctx, "x", c, ScanOptions{})
		if err != nil || s.Pictures != 1 || len(s.Defects) != 1 || !strings.Contains(s.Defects[0].Problem, "permission denied") {
			t.Errorf("%+v, %v", s, err)
		}
		return
	}
	dir := tree{"good.png": plainPNG(1, 4, 4), "bad.png": plainPNG(2, 4, 4), "shut/c.png": plainPNG(3, 4, 4)}.folder(t)
	os.Chmod(filepath.Join(dir, "bad.png"), 0)
	os.Chmod(filepath.Join(dir, "shut"), 0)
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "shut"), 0o755) })
	s := mustScan(t, dir)
	if s.Pictures != 1 || len(s.Defects) != 2 {
		t.Errorf("%d pictures, defects %v", s.Pictures, s.Defects)
	}
}

func TestScanStopsWhenAsked(t *testing.T) {
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Scan(stopped, tree{"a.png": plainPNG(1, 4, 4)}.folder(t), ScanOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestSideFollowsThePictures(t *testing.T) {
	for _, c := range []struct {
		sizes []Size
		want  int
	}{
		{[]Size{{28, 28, 10}}, 28}, {[]Size{{32, 32, 10}}, 32}, {[]Size{{100, 100, 10}}, 64}, {[]Size{{1, 1, 10}}, 16},
		{[]Size{{640, 480, 10}, {30, 30, 9}}, 64}, {[]Size{{40, 400, 10}, {640, 640, 9}}, 32}, {[]Size{{20, 20, 10}, {640, 640, 9}}, 16},
	} {
		s := Survey{Sizes: c.sizes}
		for _, z := range c.sizes {
			s.Pictures += z.Pictures
		}
		if got := s.Side(); got != c.want {
			t.Errorf("%v: side %d, want %d", c.sizes, got, c.want)
		}
	}
}

// The real sets, with the counts of their makers (../shared/data/README.md).
func TestRealSets(t *testing.T) {
	for _, c := range []struct {
		path, holds        string
		train, test, aside int
		channels, side     int
		classes            int
	}{
		{"mnist", "IDX", 60000, 10000, 0, 1, 28, 10},
		{"cifar10-jpg/cifar-binary", "CIFAR-10 batches", 1000, 0, 0, 3, 32, 10},
		{"emoji/noto", "picture files", 1911, 0, 0, 3, 64, 0},
		{"fruits-100", "picture files", 1800, 300, 0, 3, 64, 3},
		{"pneumonia-mnist/pneumoniamnist.npz", "NumPy arrays", 4708, 624, 524, 1, 28, 2},
		{"sprite-clips/clips", "picture files", 1200, 0, 0, 3, 64, 0},
	} {
		s := mustScan(t, shared.Dir(t, "data", filepath.FromSlash(c.path)))
		if s.Holds != c.holds || s.Train != c.train || s.Test != c.test || s.Aside != c.aside || s.Channels() != c.channels ||
			s.Side() != c.side || len(s.Classes) != c.classes || len(s.Defects) != 0 {
			t.Errorf("%s: %s, %d + %d + %d pictures, %d channels, side %d, %d classes, defects %v",
				c.path, s.Holds, s.Train, s.Test, s.Aside, s.Channels(), s.Side(), len(s.Classes), s.Defects)
		}
	}
}

func TestTransparentKinds(t *testing.T) {
	k := Kinds{"RGBA": 1, "RGBA, 16 bit": 2, "palette with transparency": 4, "palette": 8, "grey": 16, "RGB": 32}
	if k.transparent() != 7 || k.colour() != 47 {
		t.Errorf("transparent %d, colour %d", k.transparent(), k.colour())
	}
	if kindOf(color.Palette{color.Gray{1}, color.White}) != "grey palette" {
		t.Error("a palette of greys is grey")
	}
}

func FuzzLabels(f *testing.F) {
	f.Add([]byte("file,label\na.png,cat\n"), true)
	f.Add([]byte("a,b\n\"c\nd\",e\n"), true)
	f.Add([]byte(`{"a.png":"cat"}`), false)
	f.Add([]byte(`{"labels":[["a",1]]}`), false)
	f.Add([]byte(`[{"file":"a","label":true}]`), false)
	f.Fuzz(func(t *testing.T, raw []byte, table bool) {
		name := "labels.json"
		if table {
			name = "labels.csv"
		}
		labels, err := parseLabelFiles(map[string][]byte{name: raw})
		if err != nil {
			return
		}
		for file, class := range labels {
			if class == "" || strings.HasPrefix(file, "../") {
				t.Errorf("%q has the label %q", file, class)
			}
		}
	})
}

func FuzzArchive(f *testing.F) {
	files := tree{"a.png": plainPNG(1, 2, 2), "b/c.png": plainPNG(2, 2, 2)}
	f.Add(files.zip())
	f.Add(files.tar())
	f.Add(gzipped(files.tar()))
	f.Add(files.tar()[:700])
	f.Fuzz(func(t *testing.T, raw []byte) {
		path := write(t, "x.bin", raw)
		s, err := Scan(ctx, path, ScanOptions{Limits: Limits{MaxPixels: 1 << 12, MaxUnpacked: 1}})
		if err == nil && s.Pictures == 0 {
			t.Error("no pictures and no error")
		}
	})
}
