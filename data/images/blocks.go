package images

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
)

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
