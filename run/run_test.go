package run

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ganymede-gan/ganymede/config"
)

func TestManifestRoundTrip(t *testing.T) {
	m := manifest()
	m.Data.Path = `C:\pictures "of mine"` + "\t\x7f"
	m.Versions["github.com/gomlx/gomlx"] = "v0.28.1"
	r, err := Create(filepath.Join(t.TempDir(), "a"), m)
	if err != nil {
		t.Fatal(err)
	}
	got := r.Manifest
	values, err := got.Values()
	if err != nil {
		t.Fatal(err)
	}
	if want := (config.Values{"latent": "100", "optim.rate": "0.0002"}); !reflect.DeepEqual(values, want) {
		t.Errorf("options %v", values)
	}
	got.Options, m.Options, m.Format = nil, nil, Format
	if !reflect.DeepEqual(got, m) {
		t.Errorf("got  %+v\nwant %+v", got, m)
	}
}

// A plan that changed stands in run.toml from then on; only who trains may say so.
func TestAmend(t *testing.T) {
	r, err := Create(filepath.Join(t.TempDir(), "a"), manifest())
	if err != nil {
		t.Fatal(err)
	}
	m := manifest()
	m.Versions["rounds"], m.Options = "500", []byte("latent = 7\n")
	if err := r.Amend(m); err == nil {
		t.Error("amended without the lock")
	}
	if _, err := r.Lock(); err != nil {
		t.Fatal(err)
	}
	defer r.Unlock()
	if err := r.Amend(m); err != nil {
		t.Fatal(err)
	}
	again, err := Open(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	values, err := again.Manifest.Values()
	if err != nil || !reflect.DeepEqual(values, config.Values{"latent": "7"}) || again.Manifest.Versions["rounds"] != "500" || !reflect.DeepEqual(again.Manifest, r.Manifest) {
		t.Errorf("%v: options %v, %+v", err, values, again.Manifest)
	}
}

// A user may give a run's run.toml as --config of another.
func TestManifestIsAConfiguration(t *testing.T) {
	r, err := Create(filepath.Join(t.TempDir(), "a"), manifest())
	if err != nil {
		t.Fatal(err)
	}
	var o struct {
		Latent int `toml:"latent" default:"64" min:"1" help:"size of z"`
		Optim  struct {
			Rate float64 `toml:"rate" default:"1" above:"0" help:"learning rate"`
		} `toml:"optim"`
	}
	c, err := config.New(config.At("", &o))
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []config.Source{config.File(r.Path(ManifestFile), Reserved()...), r.Manifest.Source()} {
		if err := c.Load(source); err != nil || o.Latent != 100 || o.Optim.Rate != 0.0002 {
			t.Errorf("%v %+v", err, o)
		}
	}
}

func TestOptionThatClashesWithTheManifest(t *testing.T) {
	m := manifest()
	m.Options = []byte("seed = 3\n")
	_, err := Create(filepath.Join(t.TempDir(), "a"), m)
	if err == nil || !strings.Contains(err.Error(), "no option may be called") {
		t.Errorf("got %v", err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); !errors.Is(err, ErrNotRun) {
		t.Errorf("got %v", err)
	}
	var newer *NewerError
	var broken *DamagedError
	for content, want := range map[string]struct {
		as   any
		text string
	}{
		"format = 2\n[run.versions]\nganymede = \"v9.1.0\"\n": {&newer, "has format 2 (it was made by ganymede v9.1.0), this version reads up to 1; update ganymede"},
		"format = 3\nmodel = 7\nrun = 'x'\n":                  {&newer, "has format 3, this version reads up to 1"},
		"model = \"dcgan\"\n":                                 {&broken, "is damaged: it has no number of a format"},
		"format = 1\nmodel = = 2\n":                           {&broken, "is damaged: line 2:"},
		"format = 1\nseed = \"x\"\n":                          {&broken, "is damaged: line 2:"},
	} {
		if err := os.WriteFile(filepath.Join(dir, ManifestFile), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); !errors.As(err, want.as) || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%q: got %v", content, err)
		}
	}
}

func TestCreateLeavesAloneWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	if _, err := Create(dir, manifest()); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, manifest()); !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), "resume it") {
		t.Errorf("got %v", err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "thesis.tex"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(other, manifest()); !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), "thesis.tex") {
		t.Errorf("got %v", err)
	}
}

func TestCreateNextTakesTheNextFreeNumber(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "runs")
	for _, dir := range []string{"fashion-dcgan-2", "fashion-dcgan-007", "fashion-dcgan-x", "fashion-9"} {
		if err := os.MkdirAll(filepath.Join(parent, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[string]bool{}
	for range 8 {
		wg.Go(func() {
			r, err := CreateNext(parent, "Fashion DCGAN", manifest())
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			got[filepath.Base(r.Dir)] = true
			mu.Unlock()
		})
	}
	wg.Wait()
	want := map[string]bool{}
	for _, n := range []string{"3", "4", "5", "6", "7", "8", "9", "10"} {
		want["fashion-dcgan-"+n] = true
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	for name, want := range map[string]string{"../Über/..": "ber", "": "run", "a.b--c": "a-b-c"} {
		if got := slug(name); got != want {
			t.Errorf("slug %q is %q, want %q", name, got, want)
		}
	}
}

func TestOnlyOneTrainsAndTheErrorNamesIt(t *testing.T) {
	r := locked(t)
	other, err := Open(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.Lock()
	var taken *LockedError
	if !errors.As(err, &taken) || taken.Holder.PID != os.Getpid() || !strings.Contains(err.Error(), "is being trained by process") {
		t.Errorf("got %v", err)
	}
	if h, held := other.Holder(); !held || h.PID != os.Getpid() {
		t.Errorf("holder %v %v", h, held)
	}
	if err := r.Unlock(); err != nil {
		t.Fatal(err)
	}
	if h, held := other.Holder(); held {
		t.Errorf("holder %v after unlocking", h)
	}
	if stale, err := other.Lock(); err != nil || stale.PID != 0 {
		t.Errorf("%v %v", stale, err)
	}
	if err := errors.Join(other.Unlock(), other.Unlock()); err != nil {
		t.Error(err)
	}
}

// A process that is killed leaves its text in the file, but not its lock.
func TestStaleLockIsRecognised(t *testing.T) {
	r := locked(t)
	if err := r.Unlock(); err != nil {
		t.Fatal(err)
	}
	holder := child(t, "hold", r.Dir)
	var taken *LockedError
	if _, err := r.Lock(); !errors.As(err, &taken) || taken.Holder.PID != holder.Process.Pid {
		t.Errorf("got %v", err)
	}
	if s := Summarise(r.Dir); s.Condition != Running {
		t.Errorf("got %+v", s)
	}
	kill(t, holder)
	stale, err := r.Lock()
	if err != nil || stale.PID != holder.Process.Pid {
		t.Errorf("%v %v", stale, err)
	}
}

func TestConditionOfRuns(t *testing.T) {
	parent := t.TempDir()
	create := func() *Run {
		r, err := CreateNext(parent, "a", manifest())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Lock(); err != nil {
			t.Fatal(err)
		}
		return r
	}
	record := func(r *Run) {
		log, err := r.AppendLog(RoundsFile)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(log.Append(Record{Round: 4, Fields: []Field{{"loss", 0.5}}}), log.Close()); err != nil {
			t.Fatal(err)
		}
	}
	fresh, running, killed, finished, failed, newer := create(), create(), create(), create(), create(), create()
	fresh.Unlock()
	defer running.Unlock()
	record(killed)
	save(t, killed, 0, 2)
	killed.lock.Close() // as the end of the process does: the text stays
	record(finished)
	if err := finished.Finish(Status{Condition: Finished, Round: 4, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := failed.Finish(Status{Condition: Failed, Reason: "generator: loss is NaN in round 3"}); err != nil {
		t.Fatal(err)
	}
	newer.Unlock()
	if err := os.WriteFile(newer.Path(ManifestFile), []byte("format = 2\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(parent, "no run"), 0o777); err != nil {
		t.Fatal(err)
	}
	all, err := List(parent)
	if err != nil || len(all) != 6 {
		t.Fatalf("%v %+v", err, all)
	}
	for i, want := range []struct {
		condition Condition
		reason    string
	}{{New, ""}, {Running, "process"}, {Stopped, "without notice: process"}, {Finished, ""}, {Failed, "generator: loss is NaN"}, {Broken, "update ganymede"}} {
		if all[i].Condition != want.condition || !strings.Contains(all[i].Reason, want.reason) {
			t.Errorf("run %d: %+v, want %v", i, all[i], want)
		}
	}
	if s := all[2]; s.Round != 4 || s.Last == nil || !reflect.DeepEqual(s.Checkpoints, []int{2}) {
		t.Errorf("%+v", s)
	}
	text, err := json.Marshal(all[3])
	if err != nil || !strings.Contains(string(text), `"last":{"round":4,"loss":0.5}`) {
		t.Errorf("%v %s", err, text)
	}
	// Training again forgets how it ended.
	if _, err := failed.Lock(); err != nil {
		t.Fatal(err)
	}
	failed.Unlock()
	if s := Summarise(failed.Dir); s.Condition != New {
		t.Errorf("%+v", s)
	}
}

func TestListOfNothing(t *testing.T) {
	if all, err := List(filepath.Join(t.TempDir(), "none")); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
	for _, pair := range [][2]string{{"a-2", "a-10"}, {"a-9", "b-1"}, {"a", "a-1"}, {"a-01", "a-1"}, {"", "a"}} {
		if compareNumbered(pair[0], pair[1]) >= 0 || compareNumbered(pair[1], pair[0]) <= 0 {
			t.Errorf("%q is not before %q", pair[0], pair[1])
		}
	}
}

func TestSamples(t *testing.T) {
	r := locked(t)
	path, err := r.WriteSample(12, "png", func(w io.Writer) error { _, err := w.Write([]byte("x")); return err })
	if err != nil || path != r.Path("samples", "round-12.png") || !exists(path) {
		t.Errorf("%v %s", err, path)
	}
}

// A run.toml is read or refused, and what is read can be written into a new run.
func FuzzManifest(f *testing.F) {
	document, err := manifest().document()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(document)
	f.Add([]byte("format = 2\nrun = 3"))
	f.Fuzz(func(t *testing.T, document []byte) {
		path := filepath.Join(t.TempDir(), ManifestFile)
		if err := os.WriteFile(path, document, 0o666); err != nil {
			t.Fatal(err)
		}
		m, err := readManifest(path)
		if err != nil {
			return
		}
		if _, err := m.Values(); err != nil {
			t.Fatal(err)
		}
		m.Options = nil
		if _, err := m.document(); err != nil {
			t.Fatal(err)
		}
	})
}
