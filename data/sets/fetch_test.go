package sets

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ganymede-gan/ganymede/data/images"
	"github.com/ganymede-gan/ganymede/internal/shared"
)

// The file that the servers below have, and how they misbehave.
var (
	original = bytes.Repeat([]byte("all the pictures there are. "), 40000)
	packed   = pack(original)
	trueSum  = fmt.Sprintf("%x", sha256.Sum256(original))
)

func pack(raw []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.NoCompression) // so that it is long enough to be broken off
	z.Write(raw)
	z.Close()
	return out.Bytes()
}

// behaviour is how a server answers its n-th request, from 1.
type behaviour func(w http.ResponseWriter, r *http.Request, n int)

func well(w http.ResponseWriter, r *http.Request, n int) {
	http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(packed))
}

func withoutRanges(w http.ResponseWriter, r *http.Request, n int) { w.Write(packed) }

// breaksOff promises the rest and sends a third of it, the first times.
func breaksOff(times int) behaviour {
	return func(w http.ResponseWriter, r *http.Request, n int) {
		if n > times {
			well(w, r, n)
			return
		}
		cut := &cutter{ResponseWriter: w, left: len(packed) / 3}
		well(cut, r, n)
		panic(http.ErrAbortHandler)
	}
}

// breaksThere never gets further than a thousand bytes.
func breaksThere(w http.ResponseWriter, r *http.Request, n int) {
	w.Header().Set("Content-Length", fmt.Sprint(len(packed)))
	w.Write(packed[:1000])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// cutter passes on so many bytes.
type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(p []byte) (int, error) {
	if c.left <= 0 {
		return len(p), nil
	}
	n := min(len(p), c.left)
	c.left -= n
	c.ResponseWriter.Write(p[:n])
	c.ResponseWriter.(http.Flusher).Flush()
	return len(p), nil
}

func stalls(w http.ResponseWriter, r *http.Request, n int) {
	w.Header().Set("Content-Length", fmt.Sprint(len(packed)))
	w.Write(packed[:1000])
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

func saysNothing(w http.ResponseWriter, r *http.Request, n int) { <-r.Context().Done() }

func wrongBytes(w http.ResponseWriter, r *http.Request, n int) {
	w.Write(pack([]byte("something else")))
}

func loginPage(w http.ResponseWriter, r *http.Request, n int) {
	fmt.Fprint(w, "<html>Welcome to the hotel's network</html>")
}

func notFound(w http.ResponseWriter, r *http.Request, n int) { http.NotFound(w, r) }

func busyOnce(w http.ResponseWriter, r *http.Request, n int) {
	if n == 1 {
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	well(w, r, n)
}

func redirects(w http.ResponseWriter, r *http.Request, n int) {
	if !strings.HasSuffix(r.URL.Path, "/elsewhere") {
		http.Redirect(w, r, r.URL.Path+"/elsewhere", http.StatusFound)
		return
	}
	well(w, r, n)
}

// wrongRange answers a request for the rest with the beginning.
func wrongRange(w http.ResponseWriter, r *http.Request, n int) {
	if r.Header.Get("Range") == "" {
		breaksOff(1)(w, r, n)
		return
	}
	w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(packed)-1, len(packed)))
	w.WriteHeader(http.StatusPartialContent)
	w.Write(packed)
}

// server counts its requests.
type server struct {
	*httptest.Server
	requests atomic.Int32
}

func serve(t *testing.T, b behaviour) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b(w, r, int(s.requests.Add(1))) }))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

func testFetcher() *fetcher {
	return &fetcher{client: &http.Client{}, stall: 600 * time.Millisecond, pause: time.Millisecond}
}

func oneFile(urls ...string) remote {
	return remote{Info: Info{Name: "set", Licence: "MIT"}, items: []item{{path: "x.gz", urls: urls, sum: trueSum}}}
}

func TestFetchFromServersThatMisbehave(t *testing.T) {
	for _, c := range []struct {
		name    string
		mirrors []behaviour
		want    string // in the error; empty if the file must arrive
	}{
		{"a good server", []behaviour{well}, ""},
		{"no ranges", []behaviour{withoutRanges}, ""},
		{"it redirects", []behaviour{redirects}, ""},
		{"it is busy once", []behaviour{busyOnce}, ""},
		{"it breaks off once", []behaviour{breaksOff(1)}, ""},
		{"it breaks off again and again", []behaviour{breaksOff(3)}, ""},
		{"it has no good range", []behaviour{wrongRange}, "answers 206"},
		{"it has no good range, another has", []behaviour{wrongRange, well}, ""},
		{"it stalls, another does not", []behaviour{stalls, well}, ""},
		{"it says nothing, another does", []behaviour{saysNothing, well}, ""},
		{"it has the wrong bytes, another the right ones", []behaviour{wrongBytes, well}, ""},
		{"it shows a login page, another does not", []behaviour{loginPage, well}, ""},
		{"it does not have it, another does", []behaviour{notFound, well}, ""},
		{"all have the wrong bytes", []behaviour{wrongBytes, loginPage}, "not the original"},
		{"all are silent", []behaviour{saysNothing, stalls}, "fell silent"},
		{"it breaks off at the same place for good", []behaviour{breaksThere}, "the connection broke after "},
		{"none has it", []behaviour{notFound, notFound}, "x.gz cannot be had from any of its 2 mirrors"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var urls []string
			for _, b := range c.mirrors {
				urls = append(urls, serve(t, b).URL+"/x.gz")
			}
			receipt, err := testFetcher().fetch(context.Background(), oneFile(urls...), dir)
			got, readErr := os.ReadFile(filepath.Join(dir, "x.gz"))
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("%v; want %q in it", err, c.want)
				}
				for _, address := range urls {
					if strings.Count(err.Error(), "\n\t"+address+": ") != 1 || strings.Count(err.Error(), address) != 1 {
						t.Errorf("%v; want one line for %s", err, address)
					}
				}
				if !errors.Is(readErr, fs.ErrNotExist) {
					t.Errorf("a file is there all the same: %v", readErr)
				}
				if _, err := os.Stat(filepath.Join(dir, receiptFile)); err == nil {
					t.Error("there is a receipt")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, packed) || !receipt.Verified {
				t.Errorf("%d of %d bytes, %+v", len(got), len(packed), receipt)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*.part*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestFetchGoesOnWhereItStopped(t *testing.T) {
	dir := t.TempDir()
	var ranges []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		ranges = append(ranges, r.Header.Get("Range"))
		if n == 1 {
			breaksOff(1)(w, r, n)
		}
		well(w, r, n)
	})
	ctx, cancel := context.WithCancel(context.Background())
	f := testFetcher()
	f.pause = time.Hour // the first process ends while it waits to try again
	go func() {
		for s.requests.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond)
		cancel()
	}()
	if _, err := f.fetch(ctx, oneFile(s.URL+"/x.gz"), dir); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := testFetcher().fetch(context.Background(), oneFile(s.URL+"/x.gz"), dir); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("bytes=%d-", len(packed)/3); len(ranges) != 2 || ranges[1] != want {
		t.Errorf("asked for %q, want the second time %s", ranges, want)
	}
}

// A part of an older version of the file must not be continued with a newer one's rest.
func TestFetchStartsAnewWhenTheFileChanged(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			w.Header().Set("ETag", `"old"`)
			w.Header().Set("Content-Length", "100000")
			w.Write(make([]byte, 50000))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("ETag", `"new"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(packed))
	})
	if _, err := testFetcher().fetch(context.Background(), oneFile(s.URL+"/x.gz"), dir); err != nil {
		t.Fatal(err)
	}
	if n := s.requests.Load(); n != 2 {
		t.Errorf("%d requests, want 2: the server says itself that the rest is not of the same file", n)
	}
}

// A file without a checksum that was whole when the process was stopped: the server says that there is no rest.
func TestFetchOfAWholePart(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, well)
	set := oneFile(s.URL + "/x.gz")
	set.items[0].sum = ""
	part := filepath.Join(dir, "x.gz."+fmt.Sprintf("%x", sha256.Sum256([]byte(s.URL+"/x.gz")))[:8]+".part")
	if err := os.WriteFile(part, packed, 0o644); err != nil {
		t.Fatal(err)
	}
	f := testFetcher()
	if _, err := f.fetch(context.Background(), set, dir); err != nil || f.told.Bytes != 0 {
		t.Errorf("%v after %d bytes", err, f.told.Bytes)
	}
}

func TestFetchTakesWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, well)
	set := oneFile(s.URL + "/x.gz")
	for range 2 {
		if _, err := testFetcher().fetch(context.Background(), set, dir); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	// A file that was damaged since is fetched again.
	if err := os.WriteFile(filepath.Join(dir, "x.gz"), packed[:100], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := testFetcher().fetch(context.Background(), set, dir); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "x.gz")); !bytes.Equal(got, packed) {
		t.Error("the damaged file is still there")
	}
}

func TestFetchWithoutChecksumIsSaidToBeUnverified(t *testing.T) {
	set := oneFile(serve(t, well).URL + "/x.gz")
	set.items[0].sum = ""
	receipt, err := testFetcher().fetch(context.Background(), set, t.TempDir())
	if err != nil || receipt.Verified {
		t.Errorf("%+v, %v", receipt, err)
	}
	// What is no gzip, or no PNG, is refused even so.
	for path, answer := range map[string]string{"x.gz": "<html>", "a.png": "<html>", "b.png": "\x89PNG\r\n\x1a\n and then nothing"} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request, n int) { fmt.Fprint(w, answer) })
		set := remote{items: []item{{path: path, urls: []string{s.URL}}}}
		if _, err := testFetcher().fetch(context.Background(), set, t.TempDir()); err == nil {
			t.Errorf("%s: %q was taken", path, answer)
		}
	}
}

func TestFetchOfManyFilesTellsHowFarItIs(t *testing.T) {
	s := serve(t, well)
	set := remote{Info: Info{Name: "many"}, extras: map[string]string{"classes.txt": "a\nb\n"}}
	for i := range 30 {
		set.items = append(set.items, item{path: fmt.Sprintf("sub/%d.gz", i), urls: []string{s.URL}, sum: trueSum})
	}
	f := testFetcher()
	var last Progress
	f.progress = func(p Progress) {
		if p.Done < last.Done || p.Bytes < last.Bytes {
			t.Errorf("progress went back: %+v after %+v", p, last)
		}
		last = p
	}
	dir := t.TempDir()
	if _, err := f.fetch(context.Background(), set, dir); err != nil {
		t.Fatal(err)
	}
	if last.Done != 30 || last.Total != 30 || last.Bytes != int64(30*len(packed)) {
		t.Errorf("%+v", last)
	}
	if raw, _ := os.ReadFile(filepath.Join(dir, "classes.txt")); string(raw) != "a\nb\n" {
		t.Errorf("classes.txt: %q", raw)
	}
}

func TestFetchOfAnUnknownSet(t *testing.T) {
	for name, want := range map[string]string{"mnis": "did you mean mnist?", "fashion": "comes with the program", "zzzzzz": "sets: mnist"} {
		if _, _, err := Fetch(context.Background(), name, t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The whole way of a real set: fetched from a local server that has the real files, and opened.
func TestFetchedSetOpens(t *testing.T) {
	originals := shared.Dir(t, "data", "mnist")
	s := httptest.NewServer(http.FileServer(http.Dir(originals)))
	t.Cleanup(s.Close)
	base := ownCache(t)
	_, err := Find(context.Background(), "mnist", images.ScanOptions{})
	if err == nil || !strings.Contains(err.Error(), "ganymede data fetch mnist") {
		t.Fatalf("before it is there: %v", err)
	}
	mnist := remoteOf(t, "mnist")
	for i := range mnist.items {
		mnist.items[i].urls = []string{s.URL + "/" + mnist.items[i].path}
	}
	receipt, err := testFetcher().fetch(context.Background(), mnist, filepath.Join(base, "mnist"))
	if err != nil || !receipt.Verified {
		t.Fatalf("%+v, %v", receipt, err)
	}
	found, err := Find(context.Background(), "mnist", images.ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if found.Survey.Name != "mnist" || found.Survey.Train != 60000 || found.Survey.Test != 10000 || found.Survey.Licence == "" {
		t.Errorf("%+v", found.Survey)
	}
}

// CIFAR-10 comes as one archive, which is opened as it is.
func TestFetchedArchiveOpens(t *testing.T) {
	var raw bytes.Buffer
	z := gzip.NewWriter(&raw)
	w := tar.NewWriter(z)
	for name, size := range map[string]int{"data_batch_1.bin": 4 * 3073, "test_batch.bin": 2 * 3073} {
		w.WriteHeader(&tar.Header{Name: "cifar-10-batches-bin/" + name, Mode: 0o644, Size: int64(size)})
		w.Write(make([]byte, size))
	}
	w.Close()
	z.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(raw.Bytes()) }))
	t.Cleanup(s.Close)
	base := ownCache(t)
	cifar := remoteOf(t, "cifar10")
	cifar.items[0].urls = []string{s.URL}
	if _, err := testFetcher().fetch(context.Background(), cifar, filepath.Join(base, "cifar10")); err != nil {
		t.Fatal(err)
	}
	found, err := Find(context.Background(), "cifar10", images.ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if found.Survey.Train != 4 || found.Survey.Test != 2 || found.Survey.Holds != "CIFAR-10 batches" {
		t.Errorf("%+v", found.Survey)
	}
}

// ownCache makes the user's cache folder one of the test's own, and returns where fetched sets lie in it.
func ownCache(t *testing.T) string {
	cache := t.TempDir()
	for _, variable := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(variable, cache)
	}
	base, err := Folder()
	if err != nil {
		t.Fatal(err)
	}
	return base
}

func remoteOf(t *testing.T, name string) remote {
	for _, r := range remotes() {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("there is no %s", name)
	return remote{}
}

// The checksums of the manifests are those of the originals: pack's test compares them. Here: that the lists and the rules that make
// addresses of them hold together.
func TestRemotesAreComplete(t *testing.T) {
	want := map[string]struct {
		files    int
		verified bool
	}{
		"mnist": {4, true}, "fashion-mnist": {4, true}, "kmnist": {4, false}, "cifar10": {1, false}, "fruits-100": {2100, true},
		"noto": {1911, true}, "twemoji": {1911, true}, "openmoji": {1911, false},
	}
	all := remotes()
	if len(all) != len(want) {
		t.Errorf("%d sets, want %d", len(all), len(want))
	}
	for _, r := range all {
		if w := want[r.Name]; len(r.items) != w.files || r.verified() != w.verified || r.Licence == "" || r.What == "" {
			t.Errorf("%s: %d files, verified %v, licence %q", r.Name, len(r.items), r.verified(), r.Licence)
		}
		for _, it := range r.items {
			if !fs.ValidPath(it.path) || len(it.urls) < 2 || it.sum != "" && len(it.sum) != 64 {
				t.Fatalf("%s: %+v", r.Name, it)
			}
		}
	}
}

func TestAddressesFollowTheirMakersNames(t *testing.T) {
	for got, want := range map[string]string{
		fruitURLs("train/apple/apple-red-2_r0_100_100.jpg")[0]: "https://raw.githubusercontent.com/fruits-360/fruits-360-3-body-problem/f0f029370699ac3317e66d09878cf537af67a3ae/Training/Apple/Apple%20Red%202/r0_100_100.jpg",
		fruitURLs("train/apple/apple-worm-1_7_100.jpg")[0]:     "https://raw.githubusercontent.com/fruits-360/fruits-360-3-body-problem/f0f029370699ac3317e66d09878cf537af67a3ae/Training/Apple/Apple%20worm%201/7_100.jpg",
		openmojiURLs("Symbols/0023-fe0f-20e3.png")[0]:          "https://raw.githubusercontent.com/hfg-gmuend/openmoji/17.0.0/color/72x72/0023-FE0F-20E3.png",
		openmojiURLs("Symbols/00a9-fe0f.png")[0]:               "https://raw.githubusercontent.com/hfg-gmuend/openmoji/17.0.0/color/72x72/00A9.png",
		openmojiURLs("x/26f9-fe0f-200d-2640-fe0f.png")[0]:      "https://raw.githubusercontent.com/hfg-gmuend/openmoji/17.0.0/color/72x72/26F9-FE0F-200D-2640-FE0F.png",
		emojiURLs("twitter", "Symbols/1f600.png")[0]:           "https://raw.githubusercontent.com/iamcal/emoji-data/v16.0.0/img-twitter-64/1f600.png",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
