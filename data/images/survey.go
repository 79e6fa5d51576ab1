package images

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/ganymede-gan/ganymede/data"
)

// Survey is what there is at a path: enough to choose a model by, and all that an inspection prints.
type Survey struct {
	Name      string   `json:"name"`      // the path as given, or the name of a set
	Container string   `json:"container"` // "folder", "zip", "tar" or "file"
	Holds     string   `json:"holds"`     // "picture files", "IDX", "CIFAR-10 batches" or "NumPy arrays"
	Pictures  int      `json:"pictures"`  // that can be used: Train + Test + Aside
	Train     int      `json:"train"`
	Test      int      `json:"test"`              // the data's own test split; never trained on
	Aside     int      `json:"aside"`             // a validation split beside a test split: neither trained on nor held out
	Classes   []Class  `json:"classes,omitempty"` // empty where there are fewer than two
	Sizes     []Size   `json:"sizes"`             // most frequent first
	Kinds     Kinds    `json:"kinds"`             // pictures by colour: "grey", "RGB", "RGBA", "palette", "CMYK", "RGB, 16 bit", ...
	Formats   Kinds    `json:"formats"`           // pictures by file format
	Low       *float64 `json:"low,omitempty"`     // smallest stored value; nil where it was not looked for (ScanOptions.Decode)
	High      *float64 `json:"high,omitempty"`    // largest
	Bytes     int64    `json:"bytes"`             // as stored, pictures or arrays alone
	Hash      string   `json:"hash"`              // SHA-256 over names, splits, classes and content
	Other     int      `json:"other"`             // files that are no pictures and were passed over
	Notes     []string `json:"notes,omitempty"`   // how something was understood that might have been meant otherwise
	Defects   []Defect `json:"defects,omitempty"` // by file name
	Licence   string   `json:"licence,omitempty"` // known for sets that come with the project
	Credit    string   `json:"credit,omitempty"`  // the attribution that the licence asks for

	entries  []entry   // the usable pictures, in order
	source   container // for reading the files again
	limits   Limits
	embedded bool // in the program itself, so nothing has to be kept for the next time
}

// Defect is a file that could not be used.
type Defect = data.Defect

// Class is one class and how many pictures it has.
type Class struct {
	Name  string `json:"name"`
	Train int    `json:"train"`
	Test  int    `json:"test"`
}

// Size is how many pictures have a size.
type Size struct {
	Width    int `json:"width"`
	Height   int `json:"height"`
	Pictures int `json:"pictures"`
}

// Kinds counts pictures by a property.
type Kinds map[string]int

// transparent counts the pictures that can have transparent pixels.
func (k Kinds) transparent() int {
	n := 0
	for kind, count := range k {
		if strings.HasPrefix(kind, "RGBA") || strings.Contains(kind, "transparency") {
			n += count
		}
	}
	return n
}

// colour counts the pictures that are not grey by their kind.
func (k Kinds) colour() int {
	n := 0
	for kind, count := range k {
		if !strings.HasPrefix(kind, "grey") {
			n += count
		}
	}
	return n
}

// Channels is what the pictures need: 1 if all are grey, else 3. Alpha is laid on the background unless it is asked for.
func (s *Survey) Channels() int {
	if s.Kinds.colour() == 0 {
		return 1
	}
	return 3
}

// Transparent reports whether pictures may have transparent pixels.
func (s *Survey) Transparent() bool { return s.Kinds.transparent() > 0 }

// Side is the side to train at if nobody says another: the pictures' own if all are squares of the same side up to 64, else the
// largest of 16, 32 and 64 that half of the pictures fill.
func (s *Survey) Side() int {
	if len(s.Sizes) == 1 && s.Sizes[0].Width == s.Sizes[0].Height && s.Sizes[0].Width >= 8 && s.Sizes[0].Width <= 64 {
		return s.Sizes[0].Width
	}
	for _, side := range []int{64, 32} {
		filled := 0
		for _, z := range s.Sizes {
			if min(z.Width, z.Height) >= side {
				filled += z.Pictures
			}
		}
		if 2*filled >= s.Pictures {
			return side
		}
	}
	return 16
}

// entry is one picture of the data: a file, or an element of an array.
type entry struct {
	name   string // of the file; with #i for an array
	split  split
	label  label
	header header
	bytes  int64
	hash   [sha256.Size]byte // of the file
	block  *block
	index  int
}

type split byte

const (
	train split = iota
	test
	aside
)

// label is a picture's class: a number where the data has numbers, with or without a name. none has no class.
type label struct {
	number int
	name   string
}

var none = label{}

// ScanOptions say how closely to look.
type ScanOptions struct {
	Limits

	// Decode decodes every picture, which finds every broken file and the range of values. Without it a file is only judged by
	// its header, and Load finds what is broken.
	Decode bool

	// Progress, if not nil, is told how many files were looked at. How many there are is not known before the end.
	Progress func(done int)
}

// Scan looks at everything under a path. It is an error if there is no picture; broken files are not one, they are Defects.
func Scan(ctx context.Context, name string, o ScanOptions) (*Survey, error) {
	c, err := openContainer(name, o.Limits)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return scan(ctx, name, c, o)
}

// ScanFS is Scan for a file system that is quick to read, such as one embedded in the program; Load keeps nothing of it on disk.
func ScanFS(ctx context.Context, name string, fsys fs.FS, o ScanOptions) (*Survey, error) {
	s, err := scan(ctx, name, folderOf(fsys), o)
	if err == nil {
		s.embedded = true
	}
	return s, err
}

func scan(ctx context.Context, name string, c container, o ScanOptions) (*Survey, error) {
	s := &Survey{Name: name, Container: c.kind, source: c, limits: o.Limits}
	found, err := s.look(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", name, err)
	}
	if len(s.entries) > 0 {
		s.Holds = "picture files"
		err = s.layOut(found)
		s.Other += len(found.arrays)
	} else if len(found.arrays) > 0 {
		err = s.readArrays(ctx, found)
	}
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", name, err)
	}
	slices.SortFunc(s.Defects, func(a, b Defect) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Problem, b.Problem)) })
	if len(s.entries) == 0 {
		return nil, s.nothing(found)
	}
	s.count()
	return s, nil
}

// found is what the first look gathers beside pictures.
type found struct {
	arrays []string          // names of IDX, CIFAR-10 and NumPy files
	labels map[string][]byte // label files
	names  []string          // class names by number
	others []string          // the rest, by name
}

// look goes through the container once: every picture becomes an entry without split and class.
func (s *Survey) look(ctx context.Context, o ScanOptions) (*found, error) {
	l := &walk{options: o, survey: s, found: found{labels: map[string][]byte{}}, low: 255}
	if o.Progress != nil {
		l.seen.tell = func(done, _ int) { o.Progress(done) }
	}
	if err := s.source.parallel(ctx, l.want, o.Limits, l.visit, l.defect); err != nil {
		return nil, err
	}
	if o.Decode && len(s.entries) > 0 {
		s.Low, s.High = &l.low, &l.high
	}
	s.Other = len(l.others)
	slices.SortFunc(s.entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	slices.Sort(l.arrays)
	return &l.found, nil
}

// walk is one way through a container by several workers.
type walk struct {
	options ScanOptions
	big     gate
	seen    counter

	mu sync.Mutex // guards what follows
	found
	survey    *Survey
	low, high float64
}

// want sorts a file by its beginning, and says whether the rest is needed now. One goroutine calls it.
func (l *walk) want(name string, head []byte) bool {
	switch roleOf(name, head) {
	case picture, labelFile, classFile:
		return true
	case arrayFile:
		l.arrays = append(l.arrays, name)
	default:
		l.others = append(l.others, name)
	}
	return false
}

func (l *walk) visit(name string, raw []byte) {
	defer l.seen.one()
	switch roleOf(name, raw) {
	case picture:
		l.picture(name, raw)
	case labelFile:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.labels[name] = raw
	case classFile:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.names = strings.Split(strings.TrimSpace(strings.ReplaceAll(string(raw), "\r\n", "\n")), "\n")
	}
}

func (l *walk) picture(name string, raw []byte) {
	e := entry{name: name, bytes: int64(len(raw)), hash: sha256.Sum256(raw)}
	var err error
	low, high := 255, 0
	if l.options.Decode {
		var img *image.NRGBA
		if img, e.header, err = l.big.decode(raw, l.options.Limits); err == nil {
			low, high = valueRange(img)
		}
	} else {
		e.header, _, err = readHeader(raw, l.options.Limits)
	}
	if err != nil {
		l.defect(Defect{File: name, Problem: err.Error()})
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.low, l.high = min(l.low, float64(low)), max(l.high, float64(high))
	l.survey.entries = append(l.survey.entries, e)
}

func (l *walk) defect(d Defect) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.survey.Defects = append(l.survey.Defects, d)
}

type role byte

const (
	other role = iota
	picture
	arrayFile
	labelFile
	classFile
)

// roleOf says what a file is by its name and its first bytes.
func roleOf(name string, head []byte) role {
	base := strings.ToLower(path.Base(name))
	switch base {
	case "labels.csv", "labels.json", "dataset.json":
		return labelFile
	case "classes.txt", "batches.meta.txt":
		return classFile
	}
	packedIDX := len(head) >= 2 && string(head[:2]) == string(gzipMagic) && (strings.Contains(base, "idx") || strings.Contains(base, "ubyte"))
	switch {
	case sniff(head) != nil || namedPicture(base):
		return picture
	case packedIDX || isIDX(head) || isCIFAR(base) || strings.HasPrefix(string(head), npyMagic) || isNPZ(base):
		return arrayFile
	}
	return other
}

// parallel reads the files that want asks for, one after another, and hands them to as many workers as there are processors.
// want is called in order, by one goroutine; work by several.
func (c container) parallel(ctx context.Context, want func(name string, head []byte) bool, limits Limits,
	work func(name string, raw []byte), defect func(Defect)) error {
	type job struct {
		name string
		raw  []byte
	}
	jobs := make(chan job)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for j := range jobs {
				work(j.name, j.raw)
			}
		})
	}
	err := c.each(ctx, func(f file) error {
		raw, err := f.readIf(limits.unpacked(), func(head []byte) bool { return want(f.name, head) })
		if errors.Is(err, errUnpacked) {
			return err
		}
		if err != nil {
			defect(Defect{File: f.name, Problem: reason(plain(err))})
			return nil
		}
		if raw == nil {
			return nil
		}
		select {
		case jobs <- job{f.name, raw}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, defect)
	close(jobs)
	workers.Wait()
	return err
}

// readIf reads a file if its beginning pleases, else returns nil.
func (f file) readIf(limit int64, want func(head []byte) bool) ([]byte, error) {
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	head = head[:n]
	if !want(head) {
		return nil, nil
	}
	if f.size > limit {
		return nil, fmt.Errorf("has %d MiB, and the limit is %d MiB (data.max-unpacked)", f.size>>20, limit>>20)
	}
	rest, err := io.ReadAll(io.LimitReader(r, limit+1-int64(n)))
	if err != nil {
		return nil, err
	}
	if int64(n+len(rest)) > limit {
		return nil, fmt.Errorf("has more than %d MiB, which is the limit (data.max-unpacked)", limit>>20)
	}
	return append(head, rest...), nil
}

// readArrays makes entries of array files.
func (s *Survey) readArrays(ctx context.Context, f *found) error {
	raws := map[string][]byte{}
	var mu sync.Mutex
	var unreadable []Defect
	err := s.source.parallel(ctx, func(name string, head []byte) bool { return roleOf(name, head) == arrayFile }, s.limits,
		func(name string, raw []byte) {
			mu.Lock()
			defer mu.Unlock()
			raws[name] = raw
		}, func(d Defect) { unreadable = append(unreadable, d) })
	if err != nil {
		return err
	}
	if len(unreadable) > 0 {
		return errors.New(unreadable[0].String())
	}
	blocks, holds, err := parseArrays(f.arrays, raws, s.limits)
	if err != nil {
		return err
	}
	s.Holds = holds
	for i := range blocks {
		s.addBlock(&blocks[i], f.names)
	}
	return nil
}

// parseArrays understands files of arrays; the names are in order.
func parseArrays(names []string, raws map[string][]byte, limits Limits) (blocks []block, holds string, err error) {
	var arrays []array
	for _, name := range names {
		raw := raws[name]
		if len(raw) >= 2 && string(raw[:2]) == string(gzipMagic) {
			if raw, err = gunzip(raw, limits.unpacked()); err != nil {
				return nil, "", fmt.Errorf("%s: %w", name, plain(err))
			}
		}
		switch {
		case isCIFAR(name):
			b, err := readCIFAR(name, raw)
			if err != nil {
				return nil, "", err
			}
			blocks, holds = append(blocks, b), "CIFAR-10 batches"
		case isNPZ(name):
			more, err := readNPZ(name, raw, limits)
			if err != nil {
				return nil, "", err
			}
			arrays, holds = append(arrays, more...), "NumPy arrays"
		case strings.HasPrefix(string(raw), npyMagic):
			a, err := readNPY(name, raw)
			if err != nil {
				return nil, "", err
			}
			arrays, holds = append(arrays, a), "NumPy arrays"
		default:
			a, err := readIDX(name, raw)
			if err != nil {
				return nil, "", err
			}
			arrays, holds = append(arrays, a), "IDX"
		}
	}
	more, err := pair(arrays, limits)
	if err != nil {
		return nil, "", err
	}
	if blocks = append(blocks, more...); len(blocks) == 0 {
		shapes := ""
		for _, a := range arrays {
			shapes += fmt.Sprintf("; %s has shape %v", a.name, a.dims)
		}
		return nil, "", fmt.Errorf("none of the arrays holds pictures, which have shape [n, height, width] or [n, height, width, channels]%s", shapes)
	}
	return blocks, holds, nil
}

// addBlock makes an entry of each picture in an array.
func (s *Survey) addBlock(b *block, names []string) {
	kind := map[int]string{1: "grey", 3: "RGB", 4: "RGBA"}[b.channels]
	size := b.height * b.width * b.channels
	if b.note != "" {
		s.Notes = append(s.Notes, b.name+": "+b.note)
	}
	if s.Low == nil {
		s.Low, s.High = &b.low, &b.high
	} else {
		s.Low, s.High = new(min(*s.Low, b.low)), new(max(*s.High, b.high))
	}
	for i := range b.n {
		e := entry{
			name: fmt.Sprintf("%s#%d", b.name, i), split: splitOfArray(b.name), bytes: int64(size), block: b, index: i,
			header: header{format: s.Holds, width: b.width, height: b.height, kind: kind, orientation: 1},
			hash:   sha256.Sum256(b.pix[i*size : (i+1)*size]),
		}
		if b.labels != nil {
			n := b.labels[i]
			e.label = label{n + 1, fmt.Sprint(n)} // numbers begin at 1 so that a class 0 is not none
			if n >= 0 && n < len(names) {
				e.label.name = names[n]
			}
		}
		s.entries = append(s.entries, e)
	}
}

// count fills in what the entries add up to.
func (s *Survey) count() {
	s.settleSplits()
	s.Kinds, s.Formats = Kinds{}, Kinds{}
	sizes := map[[2]int]int{}
	total := sha256.New()
	for _, e := range s.entries {
		switch e.split {
		case train:
			s.Train++
		case test:
			s.Test++
		default:
			s.Aside++
		}
		s.Kinds[e.header.kind]++
		s.Formats[e.header.format]++
		sizes[[2]int{e.header.width, e.header.height}]++
		s.Bytes += e.bytes
		fmt.Fprintf(total, "%q %d %q %x %dx%dx%s\n", e.name, e.split, e.label.name, e.hash, e.header.width, e.header.height, e.header.kind)
	}
	s.Pictures = len(s.entries)
	s.Hash = fmt.Sprintf("%x", total.Sum(nil))
	for size, n := range sizes {
		s.Sizes = append(s.Sizes, Size{size[0], size[1], n})
	}
	slices.SortFunc(s.Sizes, func(a, b Size) int {
		return cmp.Or(cmp.Compare(b.Pictures, a.Pictures), cmp.Compare(a.Width, b.Width), cmp.Compare(a.Height, b.Height))
	})
	s.countClasses()
}

// nothing says why there is no picture to work with, with what was found instead.
func (s *Survey) nothing(f *found) error {
	name := filepath.ToSlash(s.Name)
	switch {
	case len(s.Defects) > 0:
		return fmt.Errorf("data: %s: none of its %d pictures can be read (first: %s)", name, len(s.Defects), s.Defects[0])
	case s.Container == "file":
		hint := "known are PNG, JPEG, GIF, WebP, BMP and TIFF files, IDX, CIFAR-10 batches, .npy, .npz, and .zip, .tar and .tar.gz of them"
		if ext := strings.ToLower(path.Ext(name)); ext == ".csv" || ext == ".tsv" {
			return fmt.Errorf("data: %s is a table, and pictures are wanted here; %s", name, hint)
		}
		return fmt.Errorf("data: %s is not a picture nor a file of pictures; %s", name, hint)
	case len(f.others) > 0:
		return fmt.Errorf("data: %s has no pictures: %d files, and none of them is one (first: %s)", name, len(f.others), f.others[0])
	}
	return fmt.Errorf("data: %s is empty; put pictures in it, in one folder a class if they have classes", name)
}
