package images

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ganymede-gan/ganymede/data"
)

// A container is where files come from. It can be gone through as often as needed.
type container struct {
	kind string // "folder", "zip", "tar", "file"

	// each calls visit for every file, in an order that is the same every time, and the file can be read during the call
	// alone (a tar has no way back). What cannot be reached is told to defect. An error of visit ends the walk.
	each func(ctx context.Context, visit func(file) error, defect func(data.Defect)) error
}

// file is one file of a container. Its name is relative to the container, with slashes.
type file struct {
	name string
	size int64 // as declared; for bounding what is read use limited
	open func() (io.ReadCloser, error)
}

// openContainer finds out what path is by looking into it, not by its name.
func openContainer(name string, limits Limits) (container, error) {
	info, err := os.Stat(name)
	if err != nil {
		return container{}, err
	}
	if info.IsDir() {
		return folderOf(os.DirFS(name)), nil
	}
	head, packed, err := peek(name)
	if err != nil {
		return container{}, err
	}
	switch {
	case isZip(head) && !isNPZ(name):
		return zipOf(name, limits), nil
	case isTar(head):
		return tarOf(name, packed, limits), nil
	}
	return siblingsOf(name), nil
}

// peek reads the beginning of a file, and of what is in it where it is gzip.
func peek(name string) (head []byte, packed bool, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1024)
	if magic, _ := r.Peek(2); bytes.Equal(magic, gzipMagic) {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", name, err)
		}
		head, err := io.ReadAll(io.LimitReader(z, 512))
		if err != nil {
			return nil, false, fmt.Errorf("%s: its gzip data: %w", name, err)
		}
		return head, true, nil
	}
	head, err = io.ReadAll(io.LimitReader(r, 512))
	return head, false, err
}

var gzipMagic = []byte{0x1f, 0x8b}

func isZip(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }
func isNPZ(name string) bool { return strings.EqualFold(path.Ext(name), ".npz") }
func isTar(head []byte) bool { return len(head) >= 262 && string(head[257:262]) == "ustar" }

// folderOf goes through a folder and what is below it, by name. It follows links, but not back into a folder it is in.
func folderOf(fsys fs.FS) container {
	return container{kind: "folder", each: func(ctx context.Context, visit func(file) error, defect func(data.Defect)) error {
		root, err := fs.Stat(fsys, ".")
		if err != nil {
			return err
		}
		w := walker{ctx, fsys, visit, defect}
		return w.folder(".", []fs.FileInfo{root})
	}}
}

type walker struct {
	ctx    context.Context
	fsys   fs.FS
	visit  func(file) error
	defect func(data.Defect)
}

func (w walker) folder(dir string, above []fs.FileInfo) error {
	entries, err := fs.ReadDir(w.fsys, dir)
	if err != nil {
		w.defect(data.Defect{File: dir + "/", Problem: reason(err)})
		return nil
	}
	if slices.ContainsFunc(entries, isRun) {
		return nil
	}
	for _, e := range entries {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		name := path.Join(dir, e.Name())
		if hidden(name) {
			continue
		}
		if !utf8.ValidString(name) {
			w.defect(data.Defect{File: utf8Name(name), Problem: "the name is not UTF-8; rename it"})
			continue
		}
		info, err := fs.Stat(w.fsys, name) // follows a link, where e.Info does not
		if err != nil {
			w.defect(data.Defect{File: name, Problem: reason(err)})
			continue
		}
		switch {
		case info.IsDir() && contains(above, info):
			w.defect(data.Defect{File: name, Problem: "links back to a folder that it is in"})
		case info.IsDir():
			err = w.folder(name, append(above[:len(above):len(above)], info))
		case info.Mode().IsRegular():
			err = w.visit(file{name, info.Size(), func() (io.ReadCloser, error) { return w.fsys.Open(name) }})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isRun knows the file that marks a run's folder, as training makes them, perhaps among its own data: its samples are no data.
func isRun(e fs.DirEntry) bool { return e.Name() == "run.toml" }

func contains(above []fs.FileInfo, info fs.FileInfo) bool {
	for _, a := range above {
		if os.SameFile(a, info) {
			return true
		}
	}
	return false
}

// hidden reports what file managers and archivers leave behind.
func hidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") && part != "." && part != ".." || part == "__MACOSX" || strings.EqualFold(part, "Thumbs.db") {
			return true
		}
	}
	return false
}

// siblingsOf is one file, and what must come with it: the labels of an IDX file, the class names of a CIFAR batch.
func siblingsOf(name string) container {
	dir, base := filepath.Split(name)
	names := []string{base}
	for _, other := range []string{
		strings.NewReplacer("images", "labels", "idx3", "idx1").Replace(base),
		"batches.meta.txt",
	} {
		_, err := os.Stat(filepath.Join(dir, other))
		wanted := other != base && (strings.Contains(base, "idx3") || strings.HasSuffix(base, ".bin"))
		if err == nil && wanted {
			names = append(names, other)
		}
	}
	return container{kind: "file", each: func(ctx context.Context, visit func(file) error, defect func(data.Defect)) error {
		for _, n := range names {
			full := filepath.Join(dir, n)
			info, err := os.Stat(full)
			if err != nil {
				return err
			}
			if err := visit(file{n, info.Size(), func() (io.ReadCloser, error) { return os.Open(full) }}); err != nil {
				return err
			}
		}
		return nil
	}}
}

func zipOf(name string, limits Limits) container {
	return container{kind: "zip", each: func(ctx context.Context, visit func(file) error, defect func(data.Defect)) error {
		z, err := zip.OpenReader(name)
		if err != nil {
			return err
		}
		defer z.Close()
		return eachInZip(ctx, &z.Reader, limits, visit, defect)
	}}
}

func eachInZip(ctx context.Context, z *zip.Reader, limits Limits, visit func(file) error, defect func(data.Defect)) error {
	left := limits.unpacked()
	seen := map[string]bool{}
	for _, f := range z.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, ok := entryName(f.Name, f.Mode(), seen, defect)
		if !ok {
			continue
		}
		open := func() (io.ReadCloser, error) {
			r, err := f.Open()
			if err != nil {
				return nil, err
			}
			return budgeted{r, r, &left}, nil
		}
		if err := visit(file{name, int64(f.UncompressedSize64), open}); err != nil {
			return err
		}
	}
	return nil
}

func tarOf(name string, packed bool, limits Limits) container {
	return container{kind: "tar", each: func(ctx context.Context, visit func(file) error, defect func(data.Defect)) error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		var r io.Reader = bufio.NewReaderSize(f, 1<<20)
		if packed {
			if r, err = gzip.NewReader(r); err != nil {
				return err
			}
		}
		return eachInTar(ctx, r, limits, visit, defect)
	}}
}

func eachInTar(ctx context.Context, r io.Reader, limits Limits, visit func(file) error, defect func(data.Defect)) error {
	left := limits.unpacked()
	t := tar.NewReader(budgeted{r, nil, &left}) // whatever comes out of gzip counts, read or passed over
	seen := map[string]bool{}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if errors.Is(err, errUnpacked) {
			return err
		}
		if err != nil {
			// What was read so far is good: a tar that was cut short is a broken file, not nothing.
			defect(data.Defect{File: "(archive)", Problem: fmt.Sprintf("damaged after %d entries: %s", len(seen), reason(plain(err)))})
			return nil
		}
		name, ok := entryName(h.Name, h.FileInfo().Mode(), seen, defect)
		if !ok {
			continue
		}
		if err := visit(file{name, h.Size, func() (io.ReadCloser, error) { return io.NopCloser(t), nil }}); err != nil {
			return err
		}
	}
}

// entryName cleans the name of an archive's entry and says whether the entry is wanted. Names that lead out of the archive are
// defects even though nothing is ever unpacked to disk: whoever made them meant no good, or made a mistake worth knowing.
func entryName(raw string, mode fs.FileMode, seen map[string]bool, defect func(data.Defect)) (string, bool) {
	name := path.Clean(strings.ReplaceAll(utf8Name(raw), `\`, "/"))
	switch {
	case mode.IsDir() || hidden(name):
		return "", false
	case !fs.ValidPath(name) || len(name) > 1 && name[1] == ':': // ../, /, C:
		defect(data.Defect{File: raw, Problem: "the name leads outside the archive"})
		return "", false
	case !mode.IsRegular():
		defect(data.Defect{File: raw, Problem: "not a plain file"})
		return "", false
	case seen[name]:
		defect(data.Defect{File: raw, Problem: "the archive has this name twice; only the first is used"})
		return "", false
	}
	seen[name] = true
	return name, true
}

// utf8Name spells bytes that are no UTF-8, as old archivers write them, as %XX.
func utf8Name(raw string) string {
	if utf8.ValidString(raw) {
		return raw
	}
	var name strings.Builder
	for i, r := range raw {
		if r == utf8.RuneError && raw[i] != "\uFFFD"[0] {
			fmt.Fprintf(&name, "%%%02X", raw[i])
		} else {
			name.WriteRune(r)
		}
	}
	return name.String()
}

var errUnpacked = errors.New("more comes out of this archive than data.max-unpacked allows; raise it if the archive is what you think it is")

// budgeted ends with errUnpacked once too much was read in all.
type budgeted struct {
	r    io.Reader
	c    io.Closer
	left *int64
}

func (b budgeted) Read(p []byte) (int, error) {
	if *b.left < 0 {
		return 0, errUnpacked
	}
	n, err := b.r.Read(p)
	*b.left -= int64(n)
	if *b.left < 0 {
		return 0, errUnpacked
	}
	return n, err
}

func (b budgeted) Close() error {
	if b.c == nil {
		return nil
	}
	return b.c.Close()
}

// reason is what went wrong without the path, which a defect names already.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
