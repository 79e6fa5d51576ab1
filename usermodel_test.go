package ganymede_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A module outside this one brings a model and a game of its own (testdata/usermodel), and its tests pass: nothing that a model
// needs is internal to the project. No network is used.
func TestModelsOfOtherModules(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "usermodel"))); err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	module := fmt.Sprintf("module example.com/usermodel\n\ngo 1.26\n\nrequire github.com/ganymede-gan/ganymede v0.0.0\n\nreplace github.com/ganymede-gan/ganymede => %s\n", root)
	for name, content := range map[string]string{"go.mod": module, "go.sum": string(sum)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "test", "-count=1", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
