package images

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"io"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
)

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
