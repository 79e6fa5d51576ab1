package run

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// names lists a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestFailedWriteLeavesWhatWasThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "card.md")
	if err := writeBytes(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	for _, after := range []int{0, 3, 5 << 20} {
		err := WriteFile(path, func(w io.Writer) error {
			if _, err := w.Write(make([]byte, after)); err != nil {
				return err
			}
			return &fs.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
		})
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), path+" not written") {
			t.Errorf("got %v", err)
		}
		if runtime.GOOS != "windows" && !strings.Contains(err.Error(), "free some space") {
			t.Errorf("got %v", err)
		}
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("got %q", got)
	}
	if left := names(t, filepath.Dir(path)); !slices.Equal(left, []string{"card.md"}) {
		t.Errorf("left behind: %v", left)
	}
}

func TestWriteReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	for _, content := range [][]byte{[]byte("one"), {}, bytes.Repeat([]byte("x"), 3<<20)} {
		if err := writeBytes(path, content); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%v: got %d bytes", err, len(got))
		}
	}
}

func TestFolderIsReplacedWholeOrNotAtAll(t *testing.T) {
	parent := t.TempDir()
	path := filepath.Join(parent, "round-1")
	put := func(names ...string) func(string) error {
		return func(dir string) error {
			for _, name := range names {
				if err := writeBytes(filepath.Join(dir, name), nil); err != nil {
					return err
				}
			}
			return nil
		}
	}
	if err := writeDir(path, put("a", "b")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := writeDir(path, func(dir string) error { return errors.Join(put("c")(dir), broken) }); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if got := names(t, path); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("after a failure: %v", got)
	}
	if err := writeDir(path, put("c")); err != nil {
		t.Fatal(err)
	}
	if got := names(t, path); !slices.Equal(got, []string{"c"}) {
		t.Errorf("after replacing: %v", got)
	}
	if got := names(t, parent); !slices.Equal(got, []string{"round-1"}) {
		t.Errorf("left behind: %v", got)
	}
}

// A crash between the two renames of swapDir leaves the old folder aside and no new one.
func TestCleanPutsBackWhatWasAside(t *testing.T) {
	parent := t.TempDir()
	for _, dir := range []string{"round-1.old", "round-1.tmp", "round-2", "round-2.old"} {
		if err := os.Mkdir(filepath.Join(parent, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := clean(parent); err != nil {
		t.Fatal(err)
	}
	if got := names(t, parent); !slices.Equal(got, []string{"round-1", "round-2"}) {
		t.Errorf("got %v", got)
	}
}
