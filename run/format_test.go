package run

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// testdata/format-1 is a run as the first version with format 1 wrote it. It is never written again: a new format gets a
// folder of its own beside it.
var update = flag.Bool("update", false, "write testdata/format-N if it is not there")

// golden writes a small run, the same bytes each time.
func golden(t *testing.T, dir string) *Run {
	t.Helper()
	r, err := Create(dir, manifest())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Lock(); err != nil {
		t.Fatal(err)
	}
	log, err := r.AppendLog(RoundsFile)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 4 {
		if err := log.Append(recordOf(round)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(log.Close(), r.Save(3, sample(), sample(), 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.WriteSample(3, "txt", func(w io.Writer) error { _, err := io.WriteString(w, "a picture\n"); return err }); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(Status{Condition: Finished, Round: 3, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFormat1IsStillRead(t *testing.T) {
	dir := filepath.Join("testdata", "format-1")
	if *update && !exists(dir) {
		golden(t, dir)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Manifest.Format != 1 || r.Manifest.Data != manifest().Data {
		t.Errorf("%+v", r.Manifest)
	}
	c, err := r.Load(Last, Weights, State)
	if err != nil || c.Round != 3 || c.Damaged != nil || len(c.State.Tensors) != len(sample().Tensors) || c.State.Meta["round"] != "7" {
		t.Errorf("%v %+v", err, c)
	}
	if s := Summarise(dir); s.Condition != Finished || s.Round != 3 || s.Last == nil {
		t.Errorf("%+v", s)
	}
}

// What is written today is, byte for byte, what was written then. Where this fails on purpose, the number of the format goes up.
func TestFormatIsUnchanged(t *testing.T) {
	want := filepath.Join("testdata", "format-1")
	got := golden(t, filepath.Join(t.TempDir(), "a")).Dir
	err := filepath.WalkDir(want, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == lockFile {
			return err
		}
		name, err := filepath.Rel(want, path)
		if err != nil {
			return err
		}
		then, err1 := os.ReadFile(path)
		now, err2 := os.ReadFile(filepath.Join(got, name))
		if !bytes.Equal(then, now) {
			t.Errorf("%s differs:\n%.300q\n%.300q", name, then, now)
		}
		return errors.Join(err1, err2)
	})
	if err != nil {
		t.Error(err)
	}
}
