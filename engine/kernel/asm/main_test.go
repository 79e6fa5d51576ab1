package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The assembly that is checked in is what this generator writes.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	dir := t.TempDir()
	names := []string{"tiles_amd64.go", "tiles_amd64.s"}
	run := exec.Command("go", "run", ".", "-declarations", filepath.Join(dir, names[0]), "-out", filepath.Join(dir, names[1]))
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range names {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		// The first lines of the assembly quote the command, with its paths.
		if !bytes.Equal(body(got), body(want)) {
			t.Errorf("%s is not what the generator writes: run go generate in engine/kernel", name)
		}
	}
}

func body(text []byte) []byte {
	_, rest, _ := bytes.Cut(text, []byte("\n"))
	return rest
}
