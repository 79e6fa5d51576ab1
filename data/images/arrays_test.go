package images

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/sbinet/npyio/npy"

	"github.com/ganymede-gan/ganymede/data"
)

// The arrays in testdata hold 0 to 17 as three pictures of 2 x 3, in the ways that NumPy can write them; as bytes they are all multiples
// of 15 once the range is spread.
func TestNumPyArraysAreUnderstoodAsPictures(t *testing.T) {
	count := make([]byte, 18)
	spread := make([]byte, 18)
	bits := make([]byte, 18)
	for i := range count {
		count[i], spread[i] = byte(i), byte(15*i)
		if i > 8 {
			bits[i] = 255
		}
	}
	for _, c := range []struct {
		file string
		want []byte
	}{
		{"u1.npy", count}, {"fortran.npy", count}, {"version2.npy", count},
		{"f4.npy", spread}, {"f8be.npy", spread}, {"u2.npy", spread}, {"i8.npy", spread}, {"bool.npy", bits},
	} {
		a, err := readNPY(c.file, testFile(t, c.file))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		b, err := a.pictures(Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if b.n != 3 || b.height != 2 || b.width != 3 || b.channels != 1 || !bytes.Equal(b.pix, c.want) {
			t.Errorf("%s: %d pictures of %d x %d x %d: %v, want %v", c.file, b.n, b.height, b.width, b.channels, b.pix, c.want)
		}
	}
}

func TestPlanesBecomePixels(t *testing.T) {
	a, err := readNPY("planes", testFile(t, "planes.npy")) // [2, 3, 4, 5]: value = ((n*3+c)*4+y)*5+x
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.pictures(Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if b.height != 4 || b.width != 5 || b.channels != 3 {
		t.Fatalf("%d x %d x %d", b.height, b.width, b.channels)
	}
	for n := range 2 {
		for y := range 4 {
			for x := range 5 {
				for c := range 3 {
					if got, want := b.pix[((n*4+y)*5+x)*3+c], byte(((n*3+c)*4+y)*5+x); got != want {
						t.Fatalf("picture %d, row %d, column %d, channel %d: %d, want %d", n, y, x, c, got, want)
					}
				}
			}
		}
	}
}

func TestKerasArchive(t *testing.T) {
	blocks, holds, err := parseArrays([]string{"keras.npz"}, map[string][]byte{"keras.npz": testFile(t, "keras.npz")}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if holds != "NumPy arrays" || len(blocks) != 2 {
		t.Fatalf("%d blocks of %s", len(blocks), holds)
	}
	for _, b := range blocks {
		want := map[string][]int{"keras.npz/x_train": {1, 0, 1}, "keras.npz/x_test": {0, 1}}[b.name]
		if !reflect.DeepEqual(b.labels, want) {
			t.Errorf("%s has the labels %v, want %v", b.name, b.labels, want)
		}
	}
	if splitOfArray("keras.npz/x_test") != test || splitOfArray("keras.npz/x_train") != train {
		t.Error("x_test is not the test split, or x_train not the training split")
	}
}

func idx(dims []uint32, body ...byte) []byte {
	out := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		out = binary.BigEndian.AppendUint32(out, d)
	}
	return append(out, body...)
}

func TestArraysThatAreWrong(t *testing.T) {
	ones := make([]byte, 100)
	for _, c := range []struct {
		name  string
		files map[string][]byte
		want  string
	}{
		{"IDX with more than it says", map[string][]byte{"x-images-idx3-ubyte": idx([]uint32{1, 2, 2}, 1, 2, 3, 4, 5)}, "takes 4 bytes, and 5 follow"},
		{"IDX with less than it says", map[string][]byte{"x-images-idx3-ubyte": idx([]uint32{60000, 28, 28}, 1)}, "takes 47040000 bytes, and 1 follow"},
		{"IDX of impossible size", map[string][]byte{"x-idx4-ubyte": idx([]uint32{1 << 31, 1 << 31, 1 << 31, 3})}, "makes no sense"},
		{"IDX without pictures", map[string][]byte{"x-idx3-ubyte": idx([]uint32{0, 28, 28})}, "no pictures"},
		{"IDX cut in its header", map[string][]byte{"x-idx3-ubyte": {0, 0, 8, 3, 0}}, "cut short in its header"},
		{"fewer labels than pictures", map[string][]byte{
			"train-images-idx3-ubyte": idx([]uint32{2, 1, 1}, 1, 2), "train-labels-idx1-ubyte": idx([]uint32{1}, 1),
		}, "train-images-idx3-ubyte has 2 pictures and train-labels-idx1-ubyte has 1 labels"},
		{"labels alone", map[string][]byte{"train-labels-idx1-ubyte": idx([]uint32{1}, 1)}, "none of the arrays holds pictures"},
		{"CIFAR cut short", map[string][]byte{"data_batch_1.bin": make([]byte, 4000)}, "not a whole number of CIFAR-10 records"},
		{"CIFAR with label 77", map[string][]byte{"data_batch_1.bin": append([]byte{77}, make([]byte, 3072)...)}, "record 0 has the label 77"},
		{"npy cut short", map[string][]byte{"a.npy": testFile(t, "u1.npy")[:130]}, "cut short or damaged"},
		{"npy cut in its header", map[string][]byte{"a.npy": testFile(t, "u1.npy")[:50]}, "cut short in its header"},
		{"npy of text", map[string][]byte{"a.npy": npyWith("<U4", []int{25}, ones)}, "does not hold plain numbers"},
		{"npz that is none", map[string][]byte{"a.npz": []byte("PK\x03\x04 nothing")}, "a.npz: zip"},
		{"values out of range", map[string][]byte{"a.npy": npyWith("<f4", []int{1, 5, 5}, slicesOf(25, 300))}, "go from 300 to 300"},
		{"values that are not numbers", map[string][]byte{"a.npy": npyWith("<f4", []int{1, 5, 5}, slicesOf(25, nan))}, "is NaN"},
		{"gzip cut short", map[string][]byte{"x-images-idx3-ubyte.gz": {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 1}}, "cut short"},
	} {
		names := make([]string, 0, 2)
		for _, n := range []string{"a.npy", "a.npz", "data_batch_1.bin", "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "x-idx3-ubyte", "x-idx4-ubyte",
			"x-images-idx3-ubyte", "x-images-idx3-ubyte.gz"} {
			if _, ok := c.files[n]; ok {
				names = append(names, n)
			}
		}
		_, _, err := parseArrays(names, c.files, Limits{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q in it", c.name, err, c.want)
		}
	}
}

var nan = func() float32 { var zero float32; return zero / zero }()

func slicesOf(n int, v float32) []byte {
	var out bytes.Buffer
	for range n {
		binary.Write(&out, binary.LittleEndian, v)
	}
	return out.Bytes()
}

func npyWith(descr string, dims []int, body []byte) []byte {
	var out bytes.Buffer
	if err := writeNPYHeader(&out, descr, dims); err != nil {
		panic(err)
	}
	return append(out.Bytes(), body...)
}

func TestNPZBombIsStopped(t *testing.T) {
	var raw bytes.Buffer
	z := zip.NewWriter(&raw)
	w, err := z.Create("x.npy")
	if err != nil {
		t.Fatal(err)
	}
	w.Write(npyWith("|u1", []int{3, 1024, 1024}, make([]byte, 3<<20)))
	z.Close()
	_, err = readNPZ("bomb.npz", raw.Bytes(), Limits{MaxUnpacked: 2})
	if !errors.Is(err, errUnpacked) {
		t.Errorf("3 MiB out of %d bytes with a limit of 2 MiB: %v", raw.Len(), err)
	}
}

// What WriteNPZ writes is read back by us, and each array by npyio, another implementation.
func TestWriteNPZ(t *testing.T) {
	batch := data.Batch{
		"pictures": {Shape: []int{2, 2, 2, 1}, Float: []float32{-1, -0.5, 0, 0.5, 1, 0.25, 0.125, -0.75}},
		"labels":   {Shape: []int{2}, Int: []int32{3, -7}},
	}
	var raw bytes.Buffer
	if err := WriteNPZ(&raw, []string{"pictures", "labels"}, batch); err != nil {
		t.Fatal(err)
	}
	arrays, err := readNPZ("x.npz", raw.Bytes(), Limits{})
	if err != nil || len(arrays) != 2 {
		t.Fatalf("%d arrays, %v", len(arrays), err)
	}
	if !reflect.DeepEqual(arrays[0].dims, []int{2, 2, 2, 1}) || arrays[0].at(1) != -0.5 || arrays[1].at(1) != -7 {
		t.Errorf("read back: %+v", arrays)
	}
	z, err := zip.NewReader(bytes.NewReader(raw.Bytes()), int64(raw.Len()))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("pictures.npy")
	if err != nil {
		t.Fatal(err)
	}
	var back []float32
	if err := npy.Read(f, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, batch["pictures"].Float) {
		t.Errorf("npyio reads %v", back)
	}
	if err := WriteNPZ(&raw, []string{"masks"}, batch); err == nil {
		t.Error("an array that is not there was written")
	}
}

func FuzzIDX(f *testing.F) {
	f.Add(idx([]uint32{2, 2, 2}, 1, 2, 3, 4, 5, 6, 7, 8))
	f.Add(idx([]uint32{3}, 1, 2, 3))
	f.Add(idx([]uint32{1 << 31, 1 << 31}, 1))
	f.Fuzz(func(t *testing.T, raw []byte) { fuzzArrays(t, "x-images-idx3-ubyte", raw) })
}

func FuzzNPY(f *testing.F) {
	for _, name := range []string{"u1.npy", "fortran.npy", "f8be.npy", "version2.npy", "planes.npy", "bool.npy"} {
		f.Add(testFile(f, name))
	}
	f.Fuzz(func(t *testing.T, raw []byte) { fuzzArrays(t, "x.npy", raw) })
}

func FuzzNPZ(f *testing.F) {
	f.Add(testFile(f, "keras.npz"))
	f.Fuzz(func(t *testing.T, raw []byte) { fuzzArrays(t, "x.npz", raw) })
}

func FuzzCIFAR(f *testing.F) {
	f.Add(make([]byte, cifarRecord))
	f.Add(append([]byte{10}, make([]byte, cifarRecord-1)...))
	f.Fuzz(func(t *testing.T, raw []byte) { fuzzArrays(t, "data_batch_1.bin", raw) })
}

// fuzzArrays checks that whatever is understood as pictures is as many bytes as it says, and has a label each.
func fuzzArrays(t *testing.T, name string, raw []byte) {
	blocks, _, err := parseArrays([]string{name}, map[string][]byte{name: raw}, Limits{MaxUnpacked: 1})
	if err != nil {
		return
	}
	for _, b := range blocks {
		if len(b.pix) != b.n*b.height*b.width*b.channels || b.labels != nil && len(b.labels) != b.n {
			t.Errorf("%d pictures of %d x %d x %d with %d bytes and %d labels", b.n, b.height, b.width, b.channels, len(b.pix), len(b.labels))
		}
		b.picture(b.n - 1)
	}
}
