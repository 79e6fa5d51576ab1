package run

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// small mounts a memory disk of that size, where this process may.
func small(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("this process may not mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves no byte free, and returns what to remove to have space again.
func fillUp(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return path
}

func TestFullDiskLosesNothingAndSaysWhatToDo(t *testing.T) {
	disk := small(t, "2m")
	r, err := Create(filepath.Join(disk, "a"), manifest())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Lock(); err != nil {
		t.Fatal(err)
	}
	defer r.Unlock()
	log, err := r.AppendLog(RoundsFile)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := log.Append(recordOf(0)); err != nil {
		t.Fatal(err)
	}
	save(t, r, 0, 1)
	ballast := fillUp(t, disk)

	said := r.Save(2, stateOf(2), largeStateOf(2), 0)
	if said == nil || !errors.Is(said, syscall.ENOSPC) || !strings.Contains(said.Error(), "free some space and go on, the last checkpoint is whole") {
		t.Errorf("checkpoint: %v", said)
	}
	if n := strings.Count(said.Error(), "no space left on device"); n != 1 {
		t.Errorf("the cause is said %d times: %v", n, said)
	}
	c, err := r.Load(Last, Weights, State)
	if err != nil || c.Round != 1 || c.Damaged != nil {
		t.Errorf("%v %+v", err, c)
	}
	var logged error
	round := 1
	for ; round < 10_000 && logged == nil; round++ {
		logged = log.Append(recordOf(round))
	}
	if !errors.Is(logged, syscall.ENOSPC) || !strings.Contains(logged.Error(), RoundsFile) {
		t.Errorf("log: %v", logged)
	}
	if again := log.Append(recordOf(round)); again == nil {
		t.Error("a log went on after a line was lost")
	}
	if err := r.Write(CodecFile, make([]byte, 10)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("codec: %v", err)
	}
	if exists(r.Path(CodecFile)) {
		t.Error("half a file was left")
	}
	before, err := r.Read(RoundsFile)
	if err != nil || !bytes.HasSuffix(before, []byte("}\n")) {
		t.Errorf("the log ends in %q", before[max(0, len(before)-20):])
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	save(t, r, 0, 2)
	wantRounds(t, r, 1, 2)
	if got := names(t, r.Path(checkpointsDir)); len(got) != 3 {
		t.Errorf("left behind: %v", got)
	}
}

func TestReadOnlyDiskIsReadAndNotWritten(t *testing.T) {
	disk := small(t, "1m")
	r, err := Create(filepath.Join(disk, "a"), manifest())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Lock(); err != nil {
		t.Fatal(err)
	}
	save(t, r, 0, 1)
	if err := r.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, locking := r.Lock()
	_, creating := Create(filepath.Join(disk, "b"), manifest())
	_, next := CreateNext(disk, "b", manifest())
	for _, err := range []error{locking, creating, next, r.Write(CardFile, nil)} {
		if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "make the folder writable or name another with --run") {
			t.Errorf("got %v", err)
		}
	}
	if r, err = Open(r.Dir); err != nil {
		t.Fatal(err)
	}
	if c, err := r.Load(Last, Weights); err != nil || c.Round != 1 {
		t.Errorf("%v %+v", err, c)
	}
	if s := Summarise(r.Dir); s.Condition != Stopped {
		t.Errorf("%+v", s)
	}
}
