package images

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strings"
)

// array is what an IDX or NumPy file holds: numbers with a shape.
type array struct {
	name    string
	dims    []int
	kind    kind
	size    int // bytes of one number
	order   binary.ByteOrder
	fortran bool
	raw     []byte // exactly the product of dims times size
}

// kind of the numbers in an array.
type kind byte

const (
	unsigned kind = 'u'
	signed   kind = 'i'
	floating kind = 'f'
	boolean  kind = 'b'
)

// newArray checks that the bytes are as many as the shape says, without trusting the shape: sizes come from files.
func newArray(a array) (array, error) {
	count := int64(1)
	for _, d := range a.dims {
		if d < 0 || count > 0 && int64(d) > math.MaxInt64/count/8 {
			return a, fmt.Errorf("%s: its shape %v makes no sense", a.name, a.dims)
		}
		count *= int64(d)
	}
	if want := count * int64(a.size); want != int64(len(a.raw)) {
		return a, fmt.Errorf("%s: its header says shape %v, which takes %d bytes, and %d follow; the file is cut short or damaged",
			a.name, a.dims, want, len(a.raw))
	}
	return a, nil
}

// count is how many numbers there are.
func (a array) count() int { return len(a.raw) / a.size }

// at returns the i-th number in the order of the file.
func (a array) at(i int) float64 {
	b := a.raw[i*a.size:]
	switch a.kind {
	case floating:
		if a.size == 4 {
			return float64(math.Float32frombits(a.order.Uint32(b)))
		}
		return math.Float64frombits(a.order.Uint64(b))
	case signed:
		switch a.size {
		case 1:
			return float64(int8(b[0]))
		case 2:
			return float64(int16(a.order.Uint16(b)))
		case 4:
			return float64(int32(a.order.Uint32(b)))
		}
		return float64(int64(a.order.Uint64(b)))
	}
	switch a.size {
	case 1:
		return float64(b[0])
	case 2:
		return float64(a.order.Uint16(b))
	case 4:
		return float64(a.order.Uint32(b))
	}
	return float64(a.order.Uint64(b))
}

// readIDX reads MNIST's format: two zero bytes, the type, the number of dimensions, each as a big-endian 32-bit number, and the
// numbers, big-endian (Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "The IDX file format").
func readIDX(name string, raw []byte) (array, error) {
	if !isIDX(raw) {
		return array{}, fmt.Errorf("%s: it does not begin as an IDX file", name)
	}
	a := array{name: name, order: binary.BigEndian}
	switch raw[2] {
	case 0x08:
		a.kind, a.size = unsigned, 1
	case 0x09:
		a.kind, a.size = signed, 1
	case 0x0b:
		a.kind, a.size = signed, 2
	case 0x0c:
		a.kind, a.size = signed, 4
	case 0x0d:
		a.kind, a.size = floating, 4
	case 0x0e:
		a.kind, a.size = floating, 8
	}
	rank := int(raw[3])
	if len(raw) < 4+4*rank {
		return array{}, fmt.Errorf("%s: the file is cut short in its header", name)
	}
	for i := range rank {
		a.dims = append(a.dims, int(binary.BigEndian.Uint32(raw[4+4*i:])))
	}
	a.raw = raw[4+4*rank:]
	return newArray(a)
}

// isIDX knows the format by its first four bytes.
func isIDX(head []byte) bool {
	return len(head) >= 4 && head[0] == 0 && head[1] == 0 && head[3] >= 1 && head[3] <= 4 &&
		bytes.IndexByte([]byte{0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e}, head[2]) >= 0
}

// A record of CIFAR-10's binary version: the label, then 32x32 red, green and blue (A. Krizhevsky, "Learning Multiple Layers of
// Features from Tiny Images", 2009, and the data's own page).
const (
	cifarSide   = 32
	cifarPlane  = cifarSide * cifarSide
	cifarRecord = 1 + 3*cifarPlane
)

func isCIFAR(name string) bool {
	base := strings.ToLower(path.Base(name))
	return strings.HasSuffix(base, ".bin") && (strings.Contains(base, "batch") || strings.Contains(base, "cifar"))
}

// readCIFAR reads a binary batch.
func readCIFAR(name string, raw []byte) (block, error) {
	n := len(raw) / cifarRecord
	if n == 0 || len(raw)%cifarRecord != 0 {
		return block{}, fmt.Errorf("%s: %d bytes are not a whole number of CIFAR-10 records of %d bytes; the file is cut short or another format",
			name, len(raw), cifarRecord)
	}
	b := block{name: name, n: n, height: cifarSide, width: cifarSide, channels: 3, pix: make([]byte, n*3*cifarPlane), low: 0, high: 255}
	for i := range n {
		record := raw[i*cifarRecord : (i+1)*cifarRecord]
		if record[0] > 9 {
			return block{}, fmt.Errorf("%s: record %d has the label %d; CIFAR-10 has 0 to 9", name, i, record[0])
		}
		b.labels = append(b.labels, int(record[0]))
		interleave(b.pix[i*3*cifarPlane:], record[1:], cifarPlane, 3)
	}
	b.measure()
	return b, nil
}

// interleave turns planes into pixels.
func interleave(to, from []byte, plane, channels int) {
	for c := range channels {
		for p := range plane {
			to[p*channels+c] = from[c*plane+p]
		}
	}
}

// readNPZ reads every array of NumPy's archive, named archive/array.
func readNPZ(name string, raw []byte, limits Limits) ([]array, error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	left := limits.unpacked()
	var out []array
	for _, f := range z.File {
		inner := name + "/" + strings.TrimSuffix(f.Name, ".npy")
		r, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", inner, err)
		}
		entry, err := io.ReadAll(budgeted{r, nil, &left})
		r.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", inner, plain(err))
		}
		a, err := readNPY(inner, entry)
		if errors.Is(err, errNotNumbers) {
			continue // a string of metadata beside the arrays is not an error
		}
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// gunzip unpacks at most limit bytes.
func gunzip(raw []byte, limit int64) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(budgeted{z, nil, &limit})
	return out, err
}

// block is an array understood as pictures.
type block struct {
	name                       string
	n, height, width, channels int
	pix                        []byte // [n, height, width, channels]
	labels                     []int  // nil, or n numbers
	low, high                  float64
	note                       string // how the values were understood, where that was a choice
}

// measure sets the range of the values.
func (b *block) measure() {
	if len(b.pix) > 0 {
		b.low, b.high = float64(slices.Min(b.pix)), float64(slices.Max(b.pix))
	}
}

// looksLikePictures reports whether the shape is [n, height, width], [n, height, width, channels] or [n, channels, height, width].
func (a array) looksLikePictures() bool {
	return len(a.dims) == 3 || len(a.dims) == 4 && (isChannels(a.dims[3]) || isChannels(a.dims[1]))
}

func isChannels(n int) bool { return n == 1 || n == 3 || n == 4 }

// looksLikeLabels reports whether the shape is [n] or [n, 1].
func (a array) looksLikeLabels() bool {
	return len(a.dims) == 1 || len(a.dims) == 2 && a.dims[1] == 1
}

// pictures understands the array as pictures. Values that are not bytes already are understood by their range: [0, 1], [-1, 1] or
// [0, 255]; for 16-bit numbers the upper byte is taken.
func (a array) pictures(limits Limits) (block, error) {
	b := block{name: a.name, n: a.dims[0], height: a.dims[1], width: a.dims[2], channels: 1}
	planes := false
	if len(a.dims) == 4 {
		b.channels = a.dims[3]
		if planes = !isChannels(b.channels); planes {
			b.channels, b.height, b.width = a.dims[1], a.dims[2], a.dims[3]
		}
	}
	if a.count() == 0 {
		return b, fmt.Errorf("%s: its shape is %v, so there are no pictures in it", a.name, a.dims)
	}
	if int64(b.height)*int64(b.width) > limits.pixels() {
		return b, fmt.Errorf("%s: pictures of %d x %d; the limit is %d million pixels (data.max-pixels)", a.name, b.width, b.height, limits.pixels()/1e6)
	}
	var err error
	if b.pix, b.low, b.high, b.note, err = a.bytes(); err != nil {
		return b, err
	}
	if a.fortran {
		b.pix = rowMajor(b.pix, a.dims)
	}
	if planes {
		size := b.height * b.width * b.channels
		out := make([]byte, len(b.pix))
		for i := range b.n {
			interleave(out[i*size:], b.pix[i*size:(i+1)*size], b.height*b.width, b.channels)
		}
		b.pix = out
	}
	return b, nil
}

// bytes turns the numbers into 0..255.
func (a array) bytes() (pix []byte, low, high float64, note string, err error) {
	if a.kind == unsigned && a.size == 1 {
		return a.raw, float64(slices.Min(a.raw)), float64(slices.Max(a.raw)), "", nil
	}
	low, high = math.Inf(1), math.Inf(-1)
	for i := range a.count() {
		v := a.at(i)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, 0, 0, "", fmt.Errorf("%s: number %d is %v; pictures need finite values", a.name, i, v)
		}
		low, high = min(low, v), max(high, v)
	}
	scale, shift := 1.0, 0.0
	switch {
	case a.kind == boolean || a.kind == floating && low >= 0 && high <= 1:
		scale, note = 255, "values taken as 0 to 1"
	case a.kind == floating && low >= -1 && high <= 1:
		scale, shift, note = 127.5, 1, "values taken as -1 to 1"
	case low >= 0 && high <= 255:
		note = "values taken as 0 to 255"
	case a.kind == unsigned && a.size == 2:
		scale, note = 1.0/257, "values taken as 0 to 65535"
	default:
		return nil, 0, 0, "", fmt.Errorf("%s: its values go from %g to %g; pictures have 0 to 1, -1 to 1 or 0 to 255; rescale them", a.name, low, high)
	}
	pix = make([]byte, a.count())
	for i := range pix {
		pix[i] = byte(math.Round((a.at(i) + shift) * scale))
	}
	return pix, low, high, note, nil
}

// rowMajor reorders an array whose first axis changes fastest.
func rowMajor(from []byte, dims []int) []byte {
	to := make([]byte, len(from))
	index := make([]int, len(dims))
	for i := range from {
		at := 0
		for d := range dims {
			at = at*dims[d] + index[d]
		}
		to[at] = from[i]
		for d := range dims {
			if index[d]++; index[d] < dims[d] {
				break
			}
			index[d] = 0
		}
	}
	return to
}

// integers understands the array as labels.
func (a array) integers() ([]int, error) {
	out := make([]int, a.count())
	for i := range out {
		v := a.at(i)
		if v != math.Trunc(v) || math.Abs(v) > 1<<31 {
			return nil, fmt.Errorf("%s: label %d is %v; labels are whole numbers", a.name, i, v)
		}
		out[i] = int(v)
	}
	return out, nil
}

// pair gives blocks of pictures the labels whose name differs only in the word for them: train-images-idx3-ubyte and
// train-labels-idx1-ubyte, x_test and y_test, images and labels.
func pair(arrays []array, limits Limits) ([]block, error) {
	labels := map[string]array{}
	for _, a := range arrays {
		if a.looksLikeLabels() {
			labels[stem(a.name)] = a
		}
	}
	var blocks []block
	for _, a := range arrays {
		if !a.looksLikePictures() {
			continue
		}
		b, err := a.pictures(limits)
		if err != nil {
			return nil, err
		}
		if l, ok := labels[stem(a.name)]; ok {
			if b.labels, err = l.integers(); err != nil {
				return nil, err
			}
			if len(b.labels) != b.n {
				return nil, fmt.Errorf("%s has %d pictures and %s has %d labels; one of the files is not the other's", a.name, b.n, l.name, len(b.labels))
			}
		}
		blocks = append(blocks, b)
	}
	return blocks, nil
}

// stem is the name without the words that say whether pictures or labels are meant, and without its endings.
func stem(name string) string {
	var kept []string
	for _, word := range words(name) {
		switch word {
		case "images", "image", "imgs", "pictures", "x":
		case "labels", "label", "classes", "targets", "y":
		case "idx", "idx1", "idx3", "idx4", "ubyte", "gz", "npy", "npz":
		default:
			kept = append(kept, word)
		}
	}
	return path.Dir(name) + ":" + strings.Join(kept, " ")
}

// words splits a file's name, without its folder, where people split them.
func words(name string) []string {
	return strings.FieldsFunc(strings.ToLower(path.Base(name)), func(r rune) bool { return strings.ContainsRune("-_. ", r) })
}
