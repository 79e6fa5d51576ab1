package sets

import (
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/ganymede-gan/ganymede/config"
)

// Progress is how far a fetch is. It is told after every file and every few hundred kilobytes.
type Progress struct {
	Set   string
	File  string // the last one something happened to
	Done  int    // files that are there
	Total int    // files of the set
	Bytes int64  // received by this call
}

// Receipt is what Fetch leaves in a set's folder once everything is there.
type Receipt struct {
	Name        string `json:"name"`
	Licence     string `json:"licence"`
	Attribution string `json:"attribution,omitempty"`

	// Verified says that every file had the SHA-256 of an original that the project has at hand. Where it is false no original was at
	// hand to compare with, and the files are what the mirror gave.
	Verified bool `json:"verified"`
}

const receiptFile = ".fetched.json"

// Folder is where fetched sets are kept: ganymede/sets in the user's cache folder.
func Folder() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("data: there is no cache folder for fetched sets: %w", err)
	}
	return filepath.Join(base, "ganymede", "sets"), nil
}

// Fetch downloads a public set into a folder of its name below dest (empty: Folder), and returns that folder. What is there already is
// not fetched again; a download that was broken off goes on where it stopped. A file gets its name only when it is whole and, where its
// checksum is known, right, so a set is never half there. Mirrors are tried in order. The progress function may be nil; it is called by
// one goroutine at a time.
func Fetch(ctx context.Context, name, dest string, progress func(Progress)) (dir string, receipt Receipt, err error) {
	all := remotes()
	i := slices.IndexFunc(all, func(r remote) bool { return r.Name == name })
	if i < 0 {
		return "", Receipt{}, cannotFetch(name, all)
	}
	if dest == "" {
		if dest, err = Folder(); err != nil {
			return "", Receipt{}, err
		}
	}
	dir = filepath.Join(dest, name)
	f := fetcher{client: http.DefaultClient, stall: 30 * time.Second, pause: time.Second, progress: progress}
	receipt, err = f.fetch(ctx, all[i], dir)
	if err != nil {
		return "", Receipt{}, fmt.Errorf("data: %s: %w\nwhat was received is kept, and the next try goes on from there; files that you have already can be trained on as they are: ganymede train FOLDER", name, err)
	}
	return dir, receipt, nil
}

func cannotFetch(name string, all []remote) error {
	for _, info := range List() {
		if info.Name == name && info.Embedded {
			return fmt.Errorf("data: %s comes with the program; there is nothing to fetch", name)
		}
	}
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = r.Name
	}
	hint := ""
	if near := config.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return fmt.Errorf("data: there is no set called %q to fetch%s (sets: %s)", name, hint, strings.Join(names, ", "))
}

// fetcher is one call of Fetch.
type fetcher struct {
	client   *http.Client
	stall    time.Duration // how long a server may say nothing
	pause    time.Duration // before a server that failed is asked again
	progress func(Progress)

	mu   sync.Mutex
	told Progress
}

const (
	parallel  = 6       // files at a time: sets of many small files would take long one by one
	tries     = 4       // of one mirror, as long as each brings it further
	maxFile   = 1 << 30 // bytes of a file; the largest of these sets has 170 million
	maxInside = 4 << 30 // bytes that may come out of it
)

func (f *fetcher) fetch(ctx context.Context, r remote, dir string) (Receipt, error) {
	receipt := Receipt{r.Name, r.Licence, r.Attribution, r.verified()}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return receipt, err
	}
	lock := flock.New(filepath.Join(dir, ".lock"))
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return receipt, err
	}
	defer lock.Unlock()
	f.told = Progress{Set: r.Name, Total: len(r.items)}
	if err := f.all(ctx, r.items, dir); err != nil {
		return receipt, err
	}
	for name, text := range r.extras {
		if err := writeWhole(filepath.Join(dir, name), []byte(text)); err != nil {
			return receipt, err
		}
	}
	raw, err := json.MarshalIndent(receipt, "", "  ")
	if err != nil {
		return receipt, err
	}
	return receipt, writeWhole(filepath.Join(dir, receiptFile), raw)
}

// all fetches the items, several at a time, and stops at the first that cannot be had.
func (f *fetcher) all(ctx context.Context, items []item, dir string) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	todo := make(chan item)
	var workers sync.WaitGroup
	for range min(parallel, len(items)) {
		workers.Go(func() {
			for it := range todo {
				if err := f.one(ctx, it, filepath.Join(dir, filepath.FromSlash(it.path))); err != nil {
					stop(err)
					return
				}
				f.tell(it.path, 1, 0)
			}
		})
	}
send:
	for _, it := range items {
		select {
		case todo <- it:
		case <-ctx.Done():
			break send
		}
	}
	close(todo)
	workers.Wait()
	return context.Cause(ctx)
}

func (f *fetcher) tell(file string, done int, bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told.File = file
	f.told.Done += done
	f.told.Bytes += bytes
	if f.progress != nil {
		f.progress(f.told)
	}
}

// one brings one file to its place, from the first mirror that has it right.
func (f *fetcher) one(ctx context.Context, it item, place string) error {
	if check(place, it) == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return err
	}
	var failures []error
	for _, mirror := range it.urls {
		err := f.fromMirror(ctx, it, mirror, place)
		if err == nil {
			removeParts(place)
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		failures = append(failures, fmt.Errorf("%s: %w", mirror, err))
	}
	return &mirrorsError{it.path, failures}
}

// mirrorsError says what each mirror of a file answered, a line each.
type mirrorsError struct {
	file     string
	failures []error
}

func (e *mirrorsError) Error() string {
	text := fmt.Sprintf("%s cannot be had from any of its %d mirrors:", e.file, len(e.failures))
	for _, failure := range e.failures {
		text += "\n\t" + failure.Error()
	}
	return text
}

func (e *mirrorsError) Unwrap() []error { return e.failures }

// removeParts removes what other mirrors gave of a file that is there now.
func removeParts(place string) {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(place), "*.part*"))
	for _, name := range left {
		if strings.HasPrefix(name, place+".") {
			os.Remove(name)
		}
	}
}

// fromMirror downloads from one place, going on after breaks as long as each try brings it further.
func (f *fetcher) fromMirror(ctx context.Context, it item, mirror, place string) error {
	part := place + "." + fmt.Sprintf("%x", sha256.Sum256([]byte(mirror)))[:8] + ".part" // a mirror's own: another may have other bytes
	if it.sum != "" && check(part, it) == nil {
		return os.Rename(part, place) // whole already: the process was stopped just then
	}
	var err error
	for try := range tries {
		before := size(part)
		var final bool
		if final, err = f.download(ctx, it, mirror, part); err == nil || final || try > 0 && size(part) <= before {
			break
		}
		select {
		case <-time.After(f.pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err != nil {
		return err
	}
	if err := check(part, it); err != nil {
		os.Remove(part)
		os.Remove(part + ".tag")
		return err
	}
	os.Remove(part + ".tag")
	return os.Rename(part, place)
}

func size(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

var errStalled = errors.New("the server fell silent")

// download asks for what is missing of part and appends it. final says that asking again would not help.
func (f *fetcher) download(ctx context.Context, it item, mirror, part string) (final bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(f.stall, func() { cancel(errStalled) })
	defer watch.Stop()
	have := size(part)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, mirror, nil)
	if err != nil {
		return true, err
	}
	req.Header.Set("Accept-Encoding", "identity") // the bytes of the file, not a packed form of them
	tag, _ := os.ReadFile(part + ".tag")
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if len(tag) > 0 {
			req.Header.Set("If-Range", string(tag))
		}
	}
	res, err := f.client.Do(req)
	if err != nil {
		if asked := new(url.Error); errors.As(err, &asked) {
			err = asked.Err // who was asked is told with every failure
		}
		return false, cmp.Or(stalled(ctx), err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusPartialContent && strings.HasPrefix(res.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", have)):
	case res.StatusCode == http.StatusOK, res.StatusCode == http.StatusPartialContent && have == 0:
		have = 0
	case res.StatusCode == http.StatusRequestedRangeNotSatisfiable && res.Header.Get("Content-Range") == fmt.Sprintf("bytes */%d", have):
		return false, nil // nothing is missing
	case res.StatusCode == http.StatusRequestedRangeNotSatisfiable && have > 0, res.StatusCode == http.StatusPartialContent:
		os.Remove(part) // what we have is not a beginning of what it has
		return false, fmt.Errorf("the server answers %s to a request for the rest", res.Status)
	default:
		return res.StatusCode < 500, fmt.Errorf("the server answers %s", res.Status)
	}
	if have == 0 {
		if err := os.WriteFile(part+".tag", []byte(cmp.Or(strongTag(res.Header.Get("ETag")), res.Header.Get("Last-Modified"))), 0o644); err != nil {
			return true, err
		}
	}
	final, err = f.receive(res.Body, it, part, have, watch)
	return final, cmp.Or(stalled(ctx), err)
}

// strongTag is an entity tag that promises equal bytes.
func strongTag(tag string) string {
	if strings.HasPrefix(tag, "W/") {
		return ""
	}
	return tag
}

func stalled(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	return nil
}

// receive appends a body to part after its first have bytes.
func (f *fetcher) receive(body io.Reader, it item, part string, have int64, watch *time.Timer) (final bool, err error) {
	file, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return true, err
	}
	defer file.Close()
	if err := file.Truncate(have); err != nil {
		return true, err
	}
	if _, err := file.Seek(have, io.SeekStart); err != nil {
		return true, err
	}
	buffer := make([]byte, 256<<10)
	for {
		n, err := body.Read(buffer)
		watch.Reset(f.stall)
		if n > 0 {
			if _, err := file.Write(buffer[:n]); err != nil {
				return true, err
			}
			if have += int64(n); have > maxFile {
				return true, fmt.Errorf("more than %d MiB come, which this file does not have", maxFile>>20)
			}
			f.tell(it.path, 0, int64(n))
		}
		if err == io.EOF {
			return false, file.Sync()
		}
		if err == io.ErrUnexpectedEOF {
			return false, fmt.Errorf("the connection broke after %d bytes", have)
		}
		if err != nil {
			return false, err
		}
	}
}

// check reports what is wrong with a downloaded file: its content is not the original's, or it is not whole.
func check(name string, it item) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	var content io.Reader = file
	if strings.HasSuffix(it.path, ".gz") {
		z, err := gzip.NewReader(file)
		if err != nil {
			return fmt.Errorf("what came is not gzip: %w", err)
		}
		content = z
	}
	h := sha256.New()
	ends := &ends{}
	n, err := io.Copy(io.MultiWriter(h, ends), io.LimitReader(content, maxInside+1))
	switch {
	case err != nil:
		return fmt.Errorf("what came is damaged: %w", err)
	case n > maxInside:
		return fmt.Errorf("more than %d GiB come out of it", maxInside>>30)
	case n == 0:
		return errors.New("what came is empty")
	case it.sum == "" && strings.HasSuffix(it.path, ".png") && !ends.ofPNG():
		return errors.New("what came is not a whole PNG")
	}
	if got := fmt.Sprintf("%x", h.Sum(nil)); it.sum != "" && got != it.sum {
		return fmt.Errorf("what came is not the original: its SHA-256 is %s, and should be %s", got, it.sum)
	}
	return nil
}

// ends keeps the first and the last bytes of what is written to it, by which a file without a checksum is judged.
type ends struct{ first, last []byte }

func (e *ends) Write(p []byte) (int, error) {
	e.first = append(e.first, p[:min(len(p), 8-len(e.first))]...)
	e.last = append(e.last, p[max(0, len(p)-8):]...)
	e.last = e.last[max(0, len(e.last)-8):]
	return len(p), nil
}

func (e *ends) ofPNG() bool {
	return string(e.first) == "\x89PNG\r\n\x1a\n" && string(e.last) == "IEND\xaeB`\x82"
}

// writeWhole writes a small file under another name and renames it.
func writeWhole(name string, raw []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(raw)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}

// fetched is the folder of a set that was fetched, and its receipt; ok is false if it was not, or not to its end.
func fetched(name string) (dir string, receipt Receipt, ok bool) {
	base, err := Folder()
	if err != nil {
		return "", receipt, false
	}
	dir = filepath.Join(base, name)
	raw, err := os.ReadFile(filepath.Join(dir, receiptFile))
	if err != nil || json.Unmarshal(raw, &receipt) != nil {
		return "", receipt, false
	}
	return dir, receipt, true
}
