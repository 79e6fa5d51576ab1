package images

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// store holds prepared pictures, one slot for each entry of the survey: in memory, or in a file of the cache.
//
// The file is the slots one after another, then their descriptions as JSON, its length, and a magic number. It is written under
// another name and renamed, so a file with the right name is whole; the checksums are for what happens to disks.
type store struct {
	size   int // bytes of one picture
	slots  []slot
	memory []byte // nil where pictures are read from the file as needed
	file   *os.File
}

// slot describes one prepared picture.
type slot struct {
	Hash    string `json:"h,omitempty"` // of what the picture shows, at its own size; empty if it is broken
	Sum     uint32 `json:"c,omitempty"` // CRC-32C of the prepared bytes
	Problem string `json:"p,omitempty"` // why it is broken
}

const storeMagic = "GANYPIC1"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openStore prepares the pictures of the survey, or finds them prepared. The note says what went wrong without harm.
func (s *Survey) openStore(ctx context.Context, o Options, f form) (st *store, note string, err error) {
	total := int64(len(s.entries)) * int64(f.size())
	fits := total <= int64(o.Memory)<<20
	folder := o.cacheFolder()
	quick := s.embedded || s.entries[0].block != nil
	if fits && (quick || folder == "") {
		st, err = s.fillMemory(ctx, f, o.Progress)
		return st, "", err
	}
	if folder == "" {
		return nil, "", fmt.Errorf("data: %s: the pictures take %d MiB, more than data.memory (%d MiB), and there is no cache folder; "+
			"raise data.memory or set data.cache", s.Name, total>>20, o.Memory)
	}
	st, err = s.cached(ctx, folder, f, o.Progress)
	if err != nil && fits && ctx.Err() == nil {
		note = fmt.Sprintf("the prepared pictures could not be kept for the next time: %v", err)
		st, err = s.fillMemory(ctx, f, o.Progress)
		return st, note, err
	}
	if err != nil {
		return nil, "", fmt.Errorf("data: %s: its %d MiB of prepared pictures are more than data.memory allows (%d MiB), and the cache cannot be used: %w",
			s.Name, total>>20, o.Memory, err)
	}
	if !fits {
		return st, "", nil
	}
	if err = st.intoMemory(); errors.Is(err, errDamaged) {
		note = err.Error() + "; it was removed and the pictures were prepared again"
		st, err = s.fillMemory(ctx, f, o.Progress)
	}
	return st, note, err
}

func (s *Survey) fillMemory(ctx context.Context, f form, tell func(done, total int)) (*store, error) {
	st := &store{size: f.size(), memory: make([]byte, len(s.entries)*f.size())}
	var err error
	st.slots, err = s.fill(ctx, f, memory(st.memory), tell)
	return st, err
}

// memory is a slice to write into at a place.
type memory []byte

func (m memory) WriteAt(p []byte, at int64) (int, error) { return copy(m[at:], p), nil }

// cached opens the cache's file for this content and form, and makes it first if need be. Processes that want the same file wait
// for the one that makes it.
func (s *Survey) cached(ctx context.Context, folder string, f form, tell func(done, total int)) (*store, error) {
	key := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s %s %+v", storeMagic, s.Hash, f)))[:32]
	path := filepath.Join(folder, key+".pictures")
	if st, err := openFile(path, f.size(), len(s.entries)); err == nil {
		return st, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(folder, key+".lock"))
	if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return nil, err
	}
	defer lock.Unlock()
	if st, err := openFile(path, f.size(), len(s.entries)); err == nil {
		return st, nil // another process was first
	}
	if old, _ := filepath.Glob(filepath.Join(folder, key+".*.tmp")); len(old) > 0 {
		for _, left := range old { // by a process that was stopped: the lock is ours now
			os.Remove(left)
		}
	}
	if err := s.writeFile(ctx, path, f, tell); err != nil {
		return nil, err
	}
	return openFile(path, f.size(), len(s.entries))
}

func (s *Survey) writeFile(ctx context.Context, path string, f form, tell func(done, total int)) (err error) {
	key := path[:len(path)-len(filepath.Ext(path))]
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(key)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	slots, err := s.fill(ctx, f, tmp, tell)
	if err != nil {
		return err
	}
	tail, err := json.Marshal(slots)
	if err != nil {
		return err
	}
	tail = binary.LittleEndian.AppendUint64(tail, uint64(len(tail)))
	tail = append(tail, storeMagic...)
	if _, err = tmp.WriteAt(tail, int64(len(slots))*int64(f.size())); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// openFile opens a file of the cache, if it is whole and has the pictures that are wanted.
func openFile(path string, size, count int) (*store, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	st := &store{size: size, file: file}
	if err := st.readTail(count); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return st, nil
}

var errDamaged = errors.New("the cache of prepared pictures is damaged")

func (st *store) readTail(count int) error {
	info, err := st.file.Stat()
	if err != nil {
		return err
	}
	pictures := int64(count) * int64(st.size)
	tail := info.Size() - pictures
	if tail < 16 || tail > 1<<32 {
		return errDamaged
	}
	raw := make([]byte, tail)
	if _, err := st.file.ReadAt(raw, pictures); err != nil {
		return err
	}
	end := raw[tail-16:]
	if string(end[8:]) != storeMagic || binary.LittleEndian.Uint64(end) != uint64(tail-16) {
		return errDamaged
	}
	if err := json.Unmarshal(raw[:tail-16], &st.slots); err != nil || len(st.slots) != count {
		return errDamaged
	}
	return nil
}

// intoMemory reads the whole file and lets go of it.
func (st *store) intoMemory() error {
	name, all := st.file.Name(), make([]byte, len(st.slots)*st.size)
	_, err := st.file.ReadAt(all, 0)
	st.file.Close()
	if err != nil && err != io.EOF {
		return err
	}
	for i, slot := range st.slots {
		if slot.Hash != "" && crc32.Checksum(all[i*st.size:(i+1)*st.size], castagnoli) != slot.Sum {
			os.Remove(name)
			return fmt.Errorf("%s: %w", name, errDamaged)
		}
	}
	st.memory, st.file = all, nil
	return nil
}

// picture returns the bytes of a slot; buffer is where they may be put.
func (st *store) picture(i int, buffer []byte) ([]byte, error) {
	if st.memory != nil {
		return st.memory[i*st.size : (i+1)*st.size], nil
	}
	if _, err := st.file.ReadAt(buffer, int64(i)*int64(st.size)); err != nil {
		return nil, fmt.Errorf("data: %s: %w", st.file.Name(), err)
	}
	if crc32.Checksum(buffer, castagnoli) != st.slots[i].Sum {
		return nil, fmt.Errorf("data: %s: %w at picture %d; delete the file and start again", st.file.Name(), errDamaged, i)
	}
	return buffer, nil
}

// fill prepares every picture and writes it to its slot. What is broken leaves its slot empty.
func (s *Survey) fill(ctx context.Context, f form, to io.WriterAt, tell func(done, total int)) ([]slot, error) {
	p := &filling{form: f, to: to, slots: make([]slot, len(s.entries)), failed: make(chan error, 1), tell: &counter{tell: tell, total: len(s.entries)}}
	var err error
	if s.entries[0].block != nil {
		err = s.fillFromBlocks(ctx, p)
	} else {
		err = s.fillFromFiles(ctx, p)
	}
	if err != nil {
		return nil, err
	}
	select {
	case err := <-p.failed:
		return nil, err
	default:
		return p.slots, nil
	}
}

// filling is what the workers of fill share; each slot is written by one of them.
type filling struct {
	form   form
	to     io.WriterAt
	slots  []slot
	failed chan error // the first failure to write
	tell   *counter
}

// counter tells how far a piece of work is, one call at a time. A nil function is told nothing.
type counter struct {
	mu          sync.Mutex
	done, total int
	tell        func(done, total int)
}

func (c *counter) one() {
	if c.tell == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	c.tell(c.done, c.total)
}

func (p *filling) put(i int, img *image.NRGBA, buffer []byte) {
	img = p.form.Part.of(img)
	p.form.prepare(img, buffer)
	p.slots[i] = slot{Hash: contentHash(img), Sum: crc32.Checksum(buffer, castagnoli)}
	if _, err := p.to.WriteAt(buffer, int64(i)*int64(len(buffer))); err != nil {
		select {
		case p.failed <- err:
		default:
		}
	}
}

func (s *Survey) fillFromFiles(ctx context.Context, p *filling) error {
	slotOf := make(map[string]int, len(s.entries))
	for i, e := range s.entries {
		slotOf[e.name] = i
		p.slots[i].Problem = "it was there a moment ago, and is gone"
	}
	var big gate
	return s.source.parallel(ctx,
		func(name string, _ []byte) bool { _, ok := slotOf[name]; return ok }, s.limits,
		func(name string, raw []byte) {
			i := slotOf[name]
			defer p.tell.one()
			if sha256.Sum256(raw) != s.entries[i].hash {
				p.slots[i].Problem = "it was changed a moment ago; start again when nothing writes to it"
				return
			}
			img, _, err := big.decode(raw, s.limits)
			if err != nil {
				p.slots[i].Problem = err.Error()
				return
			}
			p.put(i, img, make([]byte, p.form.size()))
		}, func(Defect) {}) // the first look has told them
}

func (s *Survey) fillFromBlocks(ctx context.Context, p *filling) error {
	const chunk = 256
	starts := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			buffer := make([]byte, p.form.size())
			for start := range starts {
				for i := start; i < min(start+chunk, len(s.entries)); i++ {
					p.put(i, s.entries[i].block.picture(s.entries[i].index), buffer)
					p.tell.one()
				}
			}
		})
	}
	for start := 0; start < len(s.entries) && ctx.Err() == nil; start += chunk {
		starts <- start
	}
	close(starts)
	workers.Wait()
	return ctx.Err()
}
