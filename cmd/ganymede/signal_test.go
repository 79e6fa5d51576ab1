//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ganymede-gan/ganymede/run"
)

// The first Ctrl-C interrupts a round that takes long, after two seconds, and saves; the second ends the process at once and
// leaves the last checkpoint as it was.
func TestInterruptsInALongRound(t *testing.T) {
	dir := t.TempDir()
	if err := makePictures(filepath.Join(dir, "pics"), 30, 16, 1, 1); err != nil {
		t.Fatal(err)
	}
	// Many seconds a round, on any machine that this may run on.
	cmd := ganymedeCommand(t, dir, "train", "pics", "--model", "dcgan", "--run", "long", "--rounds", "3", "--set", "data.cache=none", "--set", "train.samples=4",
		"--set", "data.side=64", "--set", "optim.batch=256", "--set", "optim.critic-steps=20")
	ended := start(t, cmd)
	waitFor(t, filepath.Join(dir, "long", "samples", "round-0.png"))
	time.Sleep(1500 * time.Millisecond) // into the first round, past its draws
	asked := time.Now()
	interrupt(t, cmd)
	expectExit(t, cmd, ended, 15*time.Second)
	if took := time.Since(asked); took < 1500*time.Millisecond {
		t.Errorf("it ended after %v: the round was given no time, or was over; make it longer", took)
	}
	state := filepath.Join(dir, "long", "checkpoints", "round-0", string(run.State))
	saved, err := os.ReadFile(state)
	if err != nil {
		t.Fatalf("nothing was saved: %v", err)
	}

	cmd = ganymedeCommand(t, dir, "train", "--resume", "long", "--rounds", "3")
	ended = start(t, cmd)
	waitLocked(t, filepath.Join(dir, "long"))
	time.Sleep(time.Second)
	asked = time.Now()
	interrupt(t, cmd)
	time.Sleep(400 * time.Millisecond)
	interrupt(t, cmd)
	expectExit(t, cmd, ended, 15*time.Second)
	if took := time.Since(asked); took > 1800*time.Millisecond {
		t.Errorf("the second signal ended it after %v, want at once", took)
	}
	if after, err := os.ReadFile(state); err != nil || !bytes.Equal(after, saved) {
		t.Errorf("the last checkpoint changed (%v)", err)
	}
}

func start(t *testing.T, cmd *exec.Cmd) chan error {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return ended
}

func interrupt(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
}

func expectExit(t *testing.T, cmd *exec.Cmd, ended chan error, within time.Duration) {
	t.Helper()
	select {
	case <-ended:
	case <-time.After(within):
		t.Fatalf("it did not end within %v", within)
	}
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Fatalf("exit code %d, want %d\n%s", code, exitInterrupted, cmd.Stderr)
	}
}

// waitLocked waits until somebody trains in the run.
func waitLocked(t *testing.T, dir string) {
	t.Helper()
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(10 * time.Millisecond) {
		if run.Summarise(dir).Condition == run.Running {
			return
		}
	}
	t.Fatalf("nobody trains in %s", dir)
}
