package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ganymede-gan/ganymede/run"
)

// ganymedeCommand is a command line in a process of its own: this test binary, which is `ganymede` by that name (TestMain).
func ganymedeCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args = append([]string{"ganymede"}, args...)
	cmd.Dir = dir
	cmd.Stderr = new(bytes.Buffer)
	return cmd
}

func mustRun(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, cmd.Stderr)
	}
}

// A run that is killed at random moments, checkpoint writes among them, and gone on with on other numbers of threads, ends with
// the same bytes as one in one go: every tensor, every sheet, every line of rounds.jsonl apart from the clock's fields.
func TestKilledRunsEndTheSame(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"points", []string{"ring", "--model", "wgan-gp", "--rounds", "60", "--set", "hidden=16", "--set", "data.points=500"}},
		{"pictures", []string{"pics", "--model", "cgan", "--rounds", "160", "--set", "filters=4", "--set", "optim.batch=16", "--set", "train.samples=8"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for i, class := range []string{"a", "b"} {
				if err := makePictures(filepath.Join(dir, "pics", class), 30, 16, uint64(i+1), 1); err != nil {
					t.Fatal(err)
				}
			}
			// Saved nearly all the time, so that kills meet checkpoint writes.
			args := append(append([]string{"train"}, c.args...), "--quiet", "--keep", "2", "--set", "train.save-every=2", "--set", "data.cache="+filepath.Join(dir, "cache"))
			if c.name == "points" {
				args = args[:len(args)-2] // points have no cache
			}
			mustRun(t, ganymedeCommand(t, dir, append(args, "--run", "whole", "--threads", "2")...))
			kills := killed(t, dir, append(args, "--run", "parts", "--threads", "2"))
			t.Logf("killed %d times", kills)
			if kills == 0 {
				t.Error("the run ended before it could be killed; make it longer")
			}
			sameRun(t, filepath.Join(dir, "whole"), filepath.Join(dir, "parts"))
		})
	}
}

// killed trains, kills after a random while, goes on, and so forth; it returns how often it killed.
func killed(t *testing.T, dir string, first []string) (kills int) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("random moments of seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	args := first
	for try := 0; ; try++ {
		cmd := ganymedeCommand(t, dir, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		moment := time.Duration(50+random.IntN(500)) * time.Millisecond
		if try > 5 {
			moment = time.Minute // enough
		}
		if try == 0 {
			waitFor(t, filepath.Join(dir, "parts", run.RoundsFile))
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v: %v\n%s", cmd.Args, err, cmd.Stderr)
			}
			return kills
		case <-time.After(moment):
			cmd.Process.Kill()
			<-ended
			kills++
		}
		args = []string{"train", "--resume", "parts", "--quiet", "--threads", fmt.Sprint(1 + try%2)}
	}
}

func waitFor(t *testing.T, path string) {
	t.Helper()
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
	t.Fatalf("%s did not appear within 30 s", path)
}

// sameRun compares what two runs left.
func sameRun(t *testing.T, a, b string) {
	t.Helper()
	linesA, linesB := rounds(t, a), rounds(t, b)
	if !slices.Equal(linesA, linesB) {
		t.Errorf("rounds.jsonl differ: %d and %d lines", len(linesA), len(linesB))
		for i := range min(len(linesA), len(linesB)) {
			if linesA[i] != linesB[i] {
				t.Fatalf("first at line %d:\n%s\n%s", i+1, linesA[i], linesB[i])
			}
		}
	}
	for _, pattern := range []string{"checkpoints/*/*.safetensors", "samples/*.png"} {
		files, err := filepath.Glob(filepath.Join(a, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no %s (%v)", a, pattern, err)
		}
		for _, file := range files {
			name, err := filepath.Rel(a, file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(filepath.Join(b, name)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s differs (%v)", name, err)
			}
		}
	}
}

// rounds are the lines of rounds.jsonl without the clock's fields.
func rounds(t *testing.T, dir string) (lines []string) {
	t.Helper()
	for record, err := range run.ReadLog(filepath.Join(dir, run.RoundsFile)) {
		if err != nil {
			t.Fatal(err)
		}
		line, err := record.WithoutWall().AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	return lines
}
