package run

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nlpodyssey/safetensors"
)

// Tensor is a named array as the safetensors format has it.
type Tensor struct {
	Name      string // UTF-8; by convention the variable's path, /-separated
	DType     string // F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8 or BOOL
	Shape     []int  // empty for a scalar
	Data      []byte // row-major, little-endian
	Trainable bool   // a weight that an optimiser may move; lost, nothing would train and nothing would say so
}

// TensorFile is the content of a .safetensors file.
type TensorFile struct {
	Tensors []Tensor
	Meta    map[string]string // what the writer wants to say about them; keys that start with "ganymede." are this package's
	Digest  string            // SHA-256 of everything above; empty if another program wrote the file
}

// The keys of the __metadata__ that this package writes.
const (
	digestKey    = "ganymede.sha256"
	trainableKey = "ganymede.trainable" // the names of the trainable tensors, a JSON list
)

// WriteTensors writes a safetensors file, whole or not at all. Equal content gives equal bytes, whatever the order of the
// tensors. The digest goes into the file, so that reading notices a flipped bit.
func WriteTensors(path string, content TensorFile) error {
	views, meta, err := content.encode()
	if err != nil {
		return fmt.Errorf("run: %s: %w", path, err)
	}
	return WriteFile(path, func(w io.Writer) error { return safetensors.SerializeToWriter(views, meta, w) })
}

// ReadTensors reads a safetensors file, sorted by name, and checks it against its digest. What does not fit is a
// [*DamagedError]. A file without digest, from another program, is checked for its structure alone.
func ReadTensors(path string) (*TensorFile, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	content, err := decodeTensors(raw)
	if err != nil {
		return nil, &DamagedError{Path: path, What: err.Error()}
	}
	return content, nil
}

func (f *TensorFile) encode() (map[string]view, map[string]string, error) {
	views := make(map[string]view, len(f.Tensors))
	trainable := []string{}
	for _, t := range f.Tensors {
		switch _, twice := views[t.Name]; {
		case twice:
			return nil, nil, fmt.Errorf("two tensors are named %q", t.Name)
		case t.Name == "" || t.Name == "__metadata__" || !utf8.ValidString(t.Name):
			return nil, nil, fmt.Errorf("no tensor can be named %q", t.Name)
		}
		v, err := t.view()
		if err != nil {
			return nil, nil, err
		}
		views[t.Name] = v
		if t.Trainable {
			trainable = append(trainable, t.Name)
		}
	}
	slices.Sort(trainable)
	names, err := json.Marshal(trainable)
	if err != nil {
		return nil, nil, err
	}
	meta := map[string]string{trainableKey: string(names)}
	for key, value := range f.Meta {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return nil, nil, fmt.Errorf("metadata %q is not UTF-8", key)
		}
		meta[key] = value
	}
	meta[digestKey] = digest(f.Tensors, meta)
	return views, meta, nil
}

// view is a checked tensor as the library writes it. (Its own TensorView refuses scalars.)
type view struct {
	dtype safetensors.DType
	shape []uint64
	data  []byte
}

func (v view) DType() safetensors.DType { return v.dtype }
func (v view) Shape() []uint64          { return v.shape }
func (v view) Data() []byte             { return v.data }
func (v view) DataLen() uint64          { return uint64(len(v.data)) }

func (t Tensor) view() (view, error) {
	dtype, err := safetensors.ParseDType(t.DType)
	if err != nil {
		return view{}, fmt.Errorf("tensor %q has the type %q, which safetensors does not know", t.Name, t.DType)
	}
	shape, size := make([]uint64, len(t.Shape)), dtype.Size()
	for i, n := range t.Shape {
		if n < 0 || n > 0 && size > math.MaxInt64/uint64(n) {
			return view{}, fmt.Errorf("tensor %q has the shape %v", t.Name, t.Shape)
		}
		shape[i] = uint64(n)
		size *= shape[i]
	}
	if size != uint64(len(t.Data)) {
		return view{}, fmt.Errorf("tensor %q: %s%v needs %d bytes, has %d", t.Name, t.DType, t.Shape, size, len(t.Data))
	}
	return view{dtype, shape, t.Data}, nil
}

func decodeTensors(raw []byte) (*TensorFile, error) {
	if err := complete(raw); err != nil {
		return nil, err
	}
	file, err := safetensors.Deserialize(raw)
	if err != nil {
		return nil, err
	}
	_, header, err := safetensors.ReadMetadata(raw)
	if err != nil {
		return nil, err
	}
	f := &TensorFile{Meta: maps.Clone(header.Metadata())}
	trainable, err := f.trainable()
	if err != nil {
		return nil, err
	}
	for _, v := range file.Tensors() {
		t := Tensor{Name: v.Name, DType: v.TensorView.DType().String(), Data: v.TensorView.Data(), Trainable: trainable[v.Name],
			Shape: make([]int, 0, len(v.TensorView.Shape()))}
		for _, n := range v.TensorView.Shape() {
			if n > math.MaxInt {
				return nil, fmt.Errorf("tensor %q is too large for this machine", t.Name)
			}
			t.Shape = append(t.Shape, int(n))
		}
		f.Tensors = append(f.Tensors, t)
	}
	slices.SortFunc(f.Tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	return f, f.verify()
}

// complete tells a file that was cut short from one that is wrong, which the library does not.
func complete(raw []byte) error {
	if len(raw) < 8 {
		return fmt.Errorf("it has %d bytes and was cut short", len(raw))
	}
	header := binary.LittleEndian.Uint64(raw)
	if header > uint64(len(raw)-8) {
		return fmt.Errorf("its header of %d bytes was cut short: the file has %d", header, len(raw))
	}
	var infos map[string]struct {
		Offsets []uint64 `json:"data_offsets"`
	}
	if json.Unmarshal(raw[8:8+header], &infos) != nil {
		return nil // the library says it better
	}
	end := uint64(0)
	for _, info := range infos {
		if len(info.Offsets) == 2 {
			end = max(end, info.Offsets[1])
		}
	}
	if have := uint64(len(raw)) - 8 - header; end > have {
		return fmt.Errorf("it was cut short: %d bytes of tensors are there, its header promises %d", have, end)
	}
	return nil
}

// trainable takes this package's list of names out of the metadata.
func (f *TensorFile) trainable() (map[string]bool, error) {
	list, ok := f.Meta[trainableKey]
	if !ok {
		return nil, nil
	}
	var names []string
	if err := json.Unmarshal([]byte(list), &names); err != nil {
		return nil, fmt.Errorf("the list of trainable tensors is not JSON: %w", err)
	}
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set, nil
}

// verify compares with the digest, and takes this package's keys out of the metadata.
func (f *TensorFile) verify() error {
	want, ok := f.Meta[digestKey]
	if ok {
		delete(f.Meta, digestKey)
		if got := digest(f.Tensors, f.Meta); got != want {
			return fmt.Errorf("the SHA-256 of its content is %.12s..., %.12s... was written", got, want)
		}
		f.Digest = want
	}
	delete(f.Meta, trainableKey)
	return nil
}

// digest covers names, types, shapes, bytes and metadata (but for the digest itself), in an order of its own.
func digest(tensors []Tensor, meta map[string]string) string {
	h := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		field(h, key)
		field(h, meta[key])
	}
	sorted := slices.Clone(tensors)
	slices.SortFunc(sorted, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	for _, t := range sorted {
		field(h, t.Name)
		field(h, t.DType)
		field(h, fmt.Sprint(t.Shape))
		writeLength(h, len(t.Data))
		h.Write(t.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// field hashes a text with its length, so that no two lists of texts look the same.
func field(h hash.Hash, s string) {
	writeLength(h, len(s))
	io.WriteString(h, s)
}

func writeLength(h hash.Hash, n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}
