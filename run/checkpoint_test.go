package run

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func manifest() Manifest {
	return Manifest{Model: "dcgan", Seed: 1, Options: []byte("latent = 100\n\n[optim]\nrate = 0.0002\n"),
		Created:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Versions: map[string]string{"ganymede": "v0.1.0", "go": "go1.26"},
		Data:     DataIdentity{Name: "fashion", Path: "fashion", SHA256: "00ff", Count: 10000, Bytes: 1 << 20, Licence: "MIT"}}
}

// locked is a new run that this test may write to.
func locked(t testing.TB) *Run {
	t.Helper()
	r, err := Create(filepath.Join(t.TempDir(), "a"), manifest())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Lock(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Unlock() })
	return r
}

// state of a round: tensors that differ from round to round.
func stateOf(round int) TensorFile {
	return TensorFile{Tensors: []Tensor{floats("w", true, float32(round), 1, 2, 3)}}
}

func save(t testing.TB, r *Run, keep int, rounds ...int) {
	t.Helper()
	for _, round := range rounds {
		if err := r.Save(round, stateOf(round), stateOf(round), keep); err != nil {
			t.Fatal(err)
		}
	}
}

func wantRounds(t *testing.T, r *Run, want ...int) {
	t.Helper()
	if got, err := r.Checkpoints(); err != nil || !slices.Equal(got, want) {
		t.Errorf("checkpoints %v (%v), want %v", got, err, want)
	}
}

func TestCheckpointsAreKeptAndFound(t *testing.T) {
	r := locked(t)
	if _, err := r.Load(Last, Weights); !errors.Is(err, ErrNoCheckpoint) || !strings.Contains(err.Error(), "train it first") {
		t.Errorf("got %v", err)
	}
	save(t, r, 0, 1, 2, 10)
	wantRounds(t, r, 1, 2, 10)
	save(t, r, 2, 11)
	wantRounds(t, r, 10, 11)
	c, err := r.Load(Last, Weights, State)
	if err != nil || c.Round != 11 || c.Damaged != nil || !bytes.Equal(c.State.Tensors[0].Data, stateOf(11).Tensors[0].Data) || c.Weights == nil {
		t.Errorf("%v %+v", err, c)
	}
	if c, err = r.Load(10, Weights); err != nil || c.Round != 10 || c.State != nil {
		t.Errorf("%v %+v", err, c)
	}
	_, err = r.Load(3, Weights)
	if want := "has no checkpoint of round 3; it has 10, 11"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

func TestSavingARoundAgainReplacesIt(t *testing.T) {
	r := locked(t)
	save(t, r, 0, 1)
	if err := r.Save(1, stateOf(5), stateOf(5), 0); err != nil {
		t.Fatal(err)
	}
	c, err := r.Load(1, State)
	if err != nil || !bytes.Equal(c.State.Tensors[0].Data, stateOf(5).Tensors[0].Data) {
		t.Errorf("%v %+v", err, c)
	}
	if got := names(t, r.Path("checkpoints")); !slices.Equal(got, []string{"last", "round-1"}) {
		t.Errorf("left behind: %v", got)
	}
}

func TestTheOneThatLastPointsAtIsNeverDeleted(t *testing.T) {
	r := locked(t)
	save(t, r, 0, 1, 7, 8)
	if err := r.Write("checkpoints/last", []byte("round-1\n")); err != nil {
		t.Fatal(err)
	}
	if err := r.forget(1); err != nil {
		t.Fatal(err)
	}
	wantRounds(t, r, 1, 8)
}

// Each way of being damaged: what is said, and that the last good one is used.
func TestDamagedCheckpointFallsBackToTheLastGoodOne(t *testing.T) {
	for name, damage := range map[string]struct {
		do   func(path string, content []byte) error
		want string
	}{
		"cut short":   {func(p string, b []byte) error { return os.WriteFile(p, b[:len(b)-3], 0o666) }, "cut short: 13 bytes of tensors are there, its header promises 16"},
		"flipped bit": {func(p string, b []byte) error { b[len(b)-2] ^= 4; return os.WriteFile(p, b, 0o666) }, "the SHA-256 of its content is"},
		"empty":       {func(p string, b []byte) error { return os.WriteFile(p, nil, 0o666) }, "it has 0 bytes and was cut short"},
		"gone":        {func(p string, b []byte) error { return os.Remove(p) }, "it is not there"},
		"no digest": {func(p string, b []byte) error {
			return os.WriteFile(p, bytes.Replace(b, []byte("ganymede.sha256"), []byte("ganymede.sha257"), 1), 0o666)
		}, "it has no digest"},
	} {
		t.Run(name, func(t *testing.T) {
			r := locked(t)
			save(t, r, 0, 1, 2, 3)
			path := filepath.Join(r.checkpoint(3), string(State))
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := damage.do(path, content); err != nil {
				t.Fatal(err)
			}
			c, err := r.Load(Last, Weights, State)
			if err != nil || c.Round != 2 || len(c.Damaged) != 1 {
				t.Fatalf("%v %+v", err, c)
			}
			if said := c.Damaged[0].Error(); !strings.Contains(said, path) || !strings.Contains(said, damage.want) {
				t.Errorf("said %s", said)
			}
			if _, err := r.Load(3, State); err == nil || !strings.Contains(err.Error(), damage.want) {
				t.Errorf("asked for by number: %v", err)
			}
			if c, err := r.Load(Last, Weights); err != nil || c.Round != 3 {
				t.Errorf("the weights alone are whole: %v", err)
			}
		})
	}
}

func TestAllCheckpointsDamagedNamesEach(t *testing.T) {
	r := locked(t)
	save(t, r, 0, 1, 2)
	for _, round := range []int{1, 2} {
		if err := os.Truncate(filepath.Join(r.checkpoint(round), string(State)), 9); err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.Load(Last, State)
	if !errors.Is(err, ErrNoCheckpoint) || !strings.Contains(err.Error(), "round-1") || !strings.Contains(err.Error(), "round-2") {
		t.Errorf("got %v", err)
	}
}

func TestRewindCutsLogsAndSetsLaterCheckpointsAside(t *testing.T) {
	r := locked(t)
	for _, name := range []string{RoundsFile, EvalFile} {
		log, err := r.AppendLog(name)
		if err != nil {
			t.Fatal(err)
		}
		for round := range 6 {
			if err := log.Append(Record{Round: round}); err != nil {
				t.Fatal(err)
			}
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	save(t, r, 0, 1, 3, 5)
	for range 2 { // twice is once
		if err := r.Rewind(3); err != nil {
			t.Fatal(err)
		}
		wantRounds(t, r, 1, 3)
		if !exists(r.checkpoint(5) + ".aside") {
			t.Error("the later checkpoint is gone")
		}
		for _, name := range []string{RoundsFile, EvalFile} {
			if got, _ := r.Read(name); string(got) != "{\"round\":0}\n{\"round\":1}\n{\"round\":2}\n{\"round\":3}\n" {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
	save(t, r, 0, 5)
	if err := r.Rewind(3); err != nil {
		t.Fatal(err)
	}
	if !exists(r.checkpoint(5) + ".aside-2") {
		t.Error("the second one set aside replaced the first")
	}
	if c, err := r.Load(Last, State); err != nil || c.Round != 3 {
		t.Errorf("%v %+v", err, c)
	}
}

func TestWritingNeedsTheLock(t *testing.T) {
	r := locked(t)
	if err := r.Unlock(); err != nil {
		t.Fatal(err)
	}
	_, logs := r.AppendLog(RoundsFile)
	for _, err := range []error{r.Save(1, stateOf(1), stateOf(1), 0), r.Rewind(0), logs, r.Finish(Status{})} {
		if err == nil || !strings.Contains(err.Error(), "not locked by this process") {
			t.Errorf("got %v", err)
		}
	}
}

// While a checkpoint takes another's place, that one is aside: it is still found, and put back if nothing came.
func TestCheckpointThatIsBeingReplacedIsStillFound(t *testing.T) {
	r := locked(t)
	save(t, r, 0, 1, 2)
	if err := os.Rename(r.checkpoint(2), r.checkpoint(2)+aside); err != nil {
		t.Fatal(err)
	}
	wantRounds(t, r, 1, 2)
	if c, err := r.Load(Last, Weights, State); err != nil || c.Round != 2 || c.Damaged != nil {
		t.Errorf("%v %+v", err, c)
	}
	if err := r.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Lock(); err != nil {
		t.Fatal(err)
	}
	if !exists(r.checkpoint(2)) {
		t.Error("it was not put back")
	}
}

// Whoever samples while another process trains always finds a whole checkpoint, though old ones are deleted meanwhile.
func TestReadingWhileTraining(t *testing.T) {
	r := locked(t)
	save(t, r, 1, 0)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			other, err := Open(r.Dir)
			for last := 0; err == nil; {
				select {
				case <-done:
					return
				default:
				}
				var c *Checkpoint
				if c, err = other.Load(Last, Weights, State); err == nil && (c.Damaged != nil || c.Round < last) {
					t.Errorf("after round %d: %+v", last, c)
					return
				}
				if err == nil {
					last = c.Round
				}
			}
			t.Error(err)
		})
	}
	for round := 1; round < 40; round++ {
		save(t, r, 1, round)
	}
	close(done)
	readers.Wait()
}
