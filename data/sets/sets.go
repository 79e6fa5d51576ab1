// Package sets finds data by name: the sets that come with the project, embedded in the program and there without a network; the
// usual public ones, which Fetch downloads and checks; and whatever lies at a path. A name or a path goes in, and a data.Set
// comes out, with its licence. The package does not know what is trained on it.
package sets

import (
	"archive/zip"
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/data/points"
)

//go:generate go run ./pack

//go:embed fashion emoji
var embedded embed.FS

// Info is what is known of a set before it is opened.
type Info struct {
	Name        string `json:"name"`
	Kind        string `json:"kind"` // "images" or "points"
	What        string `json:"what"`
	Train       int    `json:"train"` // records
	Test        int    `json:"test"`  // records of the set's own test split
	Bytes       int64  `json:"bytes"` // as embedded, or to download; 0 where it is not known
	Embedded    bool   `json:"embedded"`
	Fetched     bool   `json:"fetched"`  // of a set that is not embedded: it lies in the user's cache
	Verified    bool   `json:"verified"` // its content is compared with the SHA-256 of originals at hand
	Licence     string `json:"licence"`
	Attribution string `json:"attribution,omitempty"` // to be shown beside what is made from the set
	Cite        string `json:"cite,omitempty"`
}

// embeddedPictures are the sets of pictures that come with the project.
var embeddedPictures = []Info{
	{
		Name: "fashion", Kind: "images", What: "clothes, 28 x 28 grey, 10 classes: a balanced part of Fashion-MNIST", Train: 10000, Test: 2000,
		Licence: "MIT", Attribution: "Fashion-MNIST, Copyright (c) 2017 Zalando SE",
		Cite: "H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, arXiv:1708.07747",
	},
	{
		Name: "emoji", Kind: "images", What: "Noto's emoji, 64 x 64 with transparency, 10 groups", Train: 1911,
		Licence:     "Apache-2.0 (pictures), MIT (groups)",
		Attribution: "Noto Emoji by Google, Apache-2.0" + groupsCredit,
	},
}

// List tells of all sets that have a name: first those that come with the project.
func List() []Info {
	var all []Info
	for _, d := range points.Distributions() {
		all = append(all, Info{Name: d.Name, Kind: "points", What: d.What, Embedded: true, Verified: true, Licence: "none needed: drawn by a formula"})
	}
	for _, info := range embeddedPictures {
		info.Embedded, info.Verified = true, true
		info.Bytes = embeddedBytes(info.Name)
		all = append(all, info)
	}
	for _, r := range remotes() {
		_, _, r.Fetched = fetched(r.Name)
		r.Verified = r.verified()
		all = append(all, r.Info)
	}
	return all
}

func embeddedBytes(dir string) (total int64) {
	entries, _ := embedded.ReadDir(dir) // embedded, so it is there
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			total += info.Size()
		}
	}
	return total
}

// Options are the choices for data of any kind, and for where it is kept.
type Options struct {
	Images images.Options
	Points points.Options

	// Split is that of an earlier run over the same data, whose held-out records stay held out; nil makes a new one.
	Split *data.Split
}

// Found is data that was looked at and not loaded yet: enough to choose a model by.
type Found struct {
	Info
	Survey       *images.Survey       // of pictures; nil for points
	Couple       *images.Couple       // of pictures of two kinds, Survey being the first; nil otherwise
	Distribution *points.Distribution // of points; nil for pictures
}

// Find looks for a set of that name, then for a path. A path that has the name of a set is meant if it is written as one: ./fashion.
func Find(ctx context.Context, nameOrPath string, o images.ScanOptions) (*Found, error) {
	all := List()
	if i := slices.IndexFunc(all, func(info Info) bool { return info.Name == nameOrPath }); i >= 0 {
		return findNamed(ctx, all[i], o)
	}
	if _, err := os.Stat(nameOrPath); errors.Is(err, fs.ErrNotExist) {
		return nil, unknown(nameOrPath, all)
	}
	s, err := images.Scan(ctx, nameOrPath, o)
	if err != nil {
		return nil, err
	}
	return &Found{Info: Info{Name: nameOrPath, Kind: "images", Train: s.Train, Test: s.Test, Bytes: s.Bytes}, Survey: s}, nil
}

func findNamed(ctx context.Context, info Info, o images.ScanOptions) (*Found, error) {
	found := &Found{Info: info}
	if d, ok := points.Find(info.Name); ok {
		found.Distribution = &d
		return found, nil
	}
	var err error
	if found.Survey, err = scanNamed(ctx, info, o); err != nil {
		return nil, err
	}
	found.Survey.Licence, found.Survey.Credit = info.Licence, info.Attribution
	return found, nil
}

func scanNamed(ctx context.Context, info Info, o images.ScanOptions) (*images.Survey, error) {
	if !info.Embedded {
		dir, _, ok := fetched(info.Name)
		if !ok {
			return nil, fmt.Errorf("data: %s is not on this machine yet; fetch it once with: ganymede data fetch %s", info.Name, info.Name)
		}
		s, err := images.Scan(ctx, archiveOr(dir), o)
		if err == nil {
			s.Name = info.Name
		}
		return s, err
	}
	if info.Name != "emoji" {
		dir, err := fs.Sub(embedded, info.Name)
		if err != nil {
			return nil, err
		}
		return images.ScanFS(ctx, info.Name, dir, o)
	}
	raw, err := embedded.ReadFile("emoji/emoji.zip")
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, err
	}
	return images.ScanFS(ctx, info.Name, z, o)
}

// archiveOr is the archive in a fetched set's folder if it is all there is, which is then read as it is; else the folder.
func archiveOr(dir string) string {
	archives, _ := filepath.Glob(filepath.Join(dir, "*.tar.gz"))
	if len(archives) == 1 {
		return archives[0]
	}
	return dir
}

// With finds pictures of a second kind and joins them to those that were found.
func (f *Found) With(ctx context.Context, nameOrPath string, o images.ScanOptions) error {
	second, err := Find(ctx, nameOrPath, o)
	if err != nil {
		return err
	}
	for _, kind := range []*Found{f, second} {
		if kind.Survey == nil {
			return fmt.Errorf("data: %s are %s; there are two kinds of pictures alone", kind.Name, kind.Kind)
		}
	}
	f.Couple = images.NewCouple(f.Survey, second.Survey)
	return nil
}

// Halve takes pictures side by side as pairs; others stay as they are.
func (f *Found) Halve() {
	if f.Survey != nil && f.Survey.SideBySide() {
		f.Couple = images.Halves(f.Survey)
	}
}

// Load makes what was found ready to be trained on.
func (f *Found) Load(ctx context.Context, o Options) (*data.Set, error) {
	if f.Couple != nil {
		return f.Couple.Load(ctx, o.Images, o.Split)
	}
	if f.Distribution != nil {
		return f.Distribution.Load(ctx, o.Points)
	}
	return f.Survey.Load(ctx, o.Images, o.Split)
}

// Open is Find and Load.
func Open(ctx context.Context, nameOrPath string, o Options) (*data.Set, error) {
	found, err := Find(ctx, nameOrPath, images.ScanOptions{Limits: o.Images.Limits})
	if err != nil {
		return nil, err
	}
	return found.Load(ctx, o)
}

// UnmarshalCodec reads what data.MarshalCodec wrote.
func UnmarshalCodec(raw []byte) (data.Codec, error) {
	kind, err := data.CodecKind(raw)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "images":
		return read[images.Codec](raw)
	case "couples":
		return read[images.CoupleCodec](raw)
	case "points":
		return read[points.Codec](raw)
	}
	return nil, fmt.Errorf("codec: data of kind %q is not known to this version", kind)
}

func read[C data.Codec](raw []byte) (data.Codec, error) {
	var c C
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("codec: %w", err)
	}
	return c, nil
}

// unknown says that there is nothing of that name, and what is meant perhaps.
func unknown(name string, all []Info) error {
	names := make([]string, len(all))
	for i, info := range all {
		names[i] = info.Name
	}
	if strings.ContainsRune(name, filepath.Separator) || strings.ContainsRune(name, '/') || filepath.Ext(name) != "" {
		return fmt.Errorf("data: there is nothing at %s", name)
	}
	hint := ""
	if near := config.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return fmt.Errorf("data: there is no set and no path called %q%s (sets: %s)", name, hint, strings.Join(names, ", "))
}
