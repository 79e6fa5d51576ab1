package images

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

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
		return nil, s.about(err)
	}
	if len(s.entries) > 0 {
		s.Holds = "picture files"
		err = s.layOut(found)
		s.Other += len(found.arrays)
	} else if len(found.arrays) > 0 {
		err = s.readArrays(ctx, found)
	}
	if err != nil {
		return nil, s.about(err)
	}
	slices.SortFunc(s.Defects, func(a, b Defect) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Problem, b.Problem)) })
	if len(s.entries) == 0 {
		return nil, s.nothing(found)
	}
	s.count()
	return s, nil
}

// about puts the path before an error, which may begin with the name of the file at the path.
func (s *Survey) about(err error) error {
	dir, base := filepath.Split(s.Name)
	if strings.HasPrefix(err.Error(), base+": ") {
		return fmt.Errorf("data: %s%w", dir, err)
	}
	return fmt.Errorf("data: %s: %w", s.Name, err)
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
	case len(s.Defects) == 1 && s.Container == "file":
		return s.about(errors.New(s.Defects[0].String()))
	case len(s.Defects) > 0:
		return fmt.Errorf("data: %s: none of its %d pictures can be read (first: %s)", name, len(s.Defects), s.Defects[0])
	case s.Container == "file":
		hint := "known are PNG, JPEG, GIF, WebP, BMP and TIFF files, IDX, CIFAR-10 batches, .npy, .npz, and .zip, .tar and .tar.gz of them"
		if ext := strings.ToLower(path.Ext(name)); ext == ".csv" || ext == ".tsv" {
			return fmt.Errorf("data: %s is a table, and pictures are wanted here; %s", name, hint)
		}
		return fmt.Errorf("data: %s is not a picture nor a file of pictures; %s", name, hint)
	case len(f.others) > 0:
		return fmt.Errorf("data: %s has no pictures: none of its files is one (%d of them, the first is %s)", name, len(f.others), f.others[0])
	}
	return fmt.Errorf("data: %s is empty; put pictures in it, in one folder a class if they have classes", name)
}
