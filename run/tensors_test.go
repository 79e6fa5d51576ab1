package run

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// floats is a little-endian F32 tensor.
func floats(name string, trainable bool, values ...float32) Tensor {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return Tensor{Name: name, DType: "F32", Shape: []int{len(values)}, Data: data, Trainable: trainable}
}

func sample() TensorFile {
	return TensorFile{
		Tensors: []Tensor{
			floats("generator/project/kernel", true, 1, -2, float32(math.Inf(1))),
			{Name: "adam/step", DType: "I64", Shape: []int{}, Data: binary.LittleEndian.AppendUint64(nil, 7)},
			{Name: "a/none", DType: "BF16", Shape: []int{0, 3}, Data: []byte{}},
			{Name: "flags", DType: "BOOL", Shape: []int{1, 2}, Data: []byte{1, 0}, Trainable: true},
		},
		Meta: map[string]string{"round": "7"},
	}
}

func TestTensorsRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	want := sample()
	if err := WriteTensors(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadTensors(path)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(want.Tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	if !reflect.DeepEqual(got.Tensors, want.Tensors) || !reflect.DeepEqual(got.Meta, want.Meta) || len(got.Digest) != 64 {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestEqualTensorsGiveEqualBytes(t *testing.T) {
	dir := t.TempDir()
	a, b := sample(), sample()
	slices.Reverse(b.Tensors)
	var written [2][]byte
	for i, f := range []TensorFile{a, b} {
		path := filepath.Join(dir, "t.safetensors")
		if err := WriteTensors(path, f); err != nil {
			t.Fatal(err)
		}
		written[i], _ = os.ReadFile(path)
	}
	if !bytes.Equal(written[0], written[1]) {
		t.Error("the order of tensors shows in the file")
	}
}

// Every bit of the file counts: none can flip without a reader noticing, save spaces that pad the header.
func TestEveryFlippedBitIsNoticed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.safetensors")
	if err := WriteTensors(path, sample()); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(path)
	good, err := decodeTensors(whole)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		for bit := range 8 {
			flipped := bytes.Clone(whole)
			flipped[i] ^= 1 << bit
			got, err := decodeTensors(flipped)
			if err == nil && got.Digest != "" && !reflect.DeepEqual(got, good) {
				t.Fatalf("byte %d bit %d: %+v", i, bit, got)
			}
		}
	}
	for n := range whole {
		if _, err := decodeTensors(whole[:n]); err == nil || !strings.Contains(err.Error(), "cut short") {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := decodeTensors(append(whole, 0)); err == nil {
		t.Error("a byte too many was not noticed")
	}
}

func TestTensorsThatCannotBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	one := floats("a", false, 1)
	for want, tensors := range map[string][]Tensor{
		"two tensors are named \"a\"":                      {one, one},
		"no tensor can be named \"__metadata__\"":          {{Name: "__metadata__", DType: "F32"}},
		"no tensor can be named \"a\\xff\"":                {{Name: "a\xff", DType: "F32"}},
		"which safetensors does not know":                  {{Name: "a", DType: "float32"}},
		"F32[2] needs 8 bytes, has 4":                      {{Name: "a", DType: "F32", Shape: []int{2}, Data: make([]byte, 4)}},
		"has the shape [-1]":                               {{Name: "a", DType: "F32", Shape: []int{-1}}},
		"has the shape [1073741824 1073741824 1073741824]": {{Name: "a", DType: "F32", Shape: []int{1 << 30, 1 << 30, 1 << 30}}},
	} {
		if err := WriteTensors(path, TensorFile{Tensors: tensors}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if exists(path) {
		t.Error("something was written")
	}
}

// testdata/python.safetensors is written by peers.py with Python's safetensors 0.8.0.
func TestReadsWhatPythonWrote(t *testing.T) {
	got, err := ReadTensors("testdata/python.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	matrix := floats("a/matrix", false, 0, 1, 2, 3, 4, 5)
	matrix.Shape = []int{2, 3}
	want := []Tensor{matrix,
		{Name: "b/scalar", DType: "F64", Shape: []int{}, Data: binary.LittleEndian.AppendUint64(nil, math.Float64bits(-1.5))},
		{Name: "c/flags", DType: "BOOL", Shape: []int{3}, Data: []byte{1, 0, 1}},
		{Name: "d/none", DType: "I64", Shape: []int{0, 4}, Data: []byte{}}}
	if !reflect.DeepEqual(got.Tensors, want) || got.Meta["who"] != "python" || got.Digest != "" {
		t.Errorf("got %+v", got)
	}
}

func TestMissingFileIsNotDamage(t *testing.T) {
	_, err := ReadTensors(filepath.Join(t.TempDir(), "none"))
	var d *DamagedError
	if !errors.Is(err, os.ErrNotExist) || errors.As(err, &d) {
		t.Errorf("got %v", err)
	}
}

// What is read can be written, and reads the same again.
func FuzzTensors(f *testing.F) {
	path := filepath.Join(f.TempDir(), "a.safetensors")
	if err := WriteTensors(path, sample()); err != nil {
		f.Fatal(err)
	}
	whole, _ := os.ReadFile(path)
	f.Add(whole)
	python, err := os.ReadFile("testdata/python.safetensors")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(python)
	for _, header := range []string{`{}`, `null`, `{"__metadata__":{"ganymede.trainable":"[1]"}}`, `{"a":null}`,
		`{"a":{"dtype":"F32","shape":[1,18446744073709551615],"data_offsets":[0,0]}}`,
		`{"a":{"dtype":"U8","shape":[0,18446744073709551615],"data_offsets":[0,0]}}`} {
		f.Add(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := decodeTensors(raw)
		if err != nil {
			return
		}
		views, meta, err := got.encode()
		if err != nil {
			if strings.Contains(err.Error(), "named") || strings.Contains(err.Error(), "has the shape") {
				return // legal names and empty shapes that we do not write
			}
			t.Fatal(err)
		}
		if len(views) != len(got.Tensors) {
			t.Fatal("a tensor was lost")
		}
		if _, err := json.Marshal(meta); err != nil {
			t.Fatal(err)
		}
	})
}
