package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// Holder is a process that trains in a run.
type Holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// String is "process 123 on host since 2026-01-02 15:04:05".
func (h Holder) String() string {
	if h.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("process %d on %s since %s", h.PID, h.Host, h.Since.Local().Format(time.DateTime))
}

// LockedError says that somebody else trains in the run.
type LockedError struct {
	Dir    string
	Holder Holder
}

// Error says who, and what to do.
func (e *LockedError) Error() string {
	return fmt.Sprintf("run: %s is being trained by %s; wait for it, stop it, or name another folder with --run", e.Dir, e.Holder)
}

// lock is the operating system's lock on the file `lock`, which ends with the process however that ends. The file says who
// holds it; a text there that nobody's lock stands behind is stale. The file is never removed: two processes could then hold
// locks on two files of its name.
type lock struct{ *flock.Flock }

// The lock is on the file's first byte, which Windows lets nobody else read. So the text starts at the second.
const holderOffset = 1

// Lock makes this process the one that trains in the run, removes what a crash left behind, and forgets how training ended
// before. If somebody else trains, the error is a [*LockedError]. The stale holder is who had the lock and ended without
// unlocking it: zero, if nobody did.
func (r *Run) Lock() (stale Holder, err error) {
	l, err := acquire(r.Path(lockFile))
	if err != nil {
		return Holder{}, fmt.Errorf("run: %w", advise(err))
	}
	if l == nil {
		return Holder{}, &LockedError{Dir: r.Dir, Holder: readHolder(r.Path(lockFile))}
	}
	stale = readHolder(r.Path(lockFile))
	host, _ := os.Hostname()
	if err := writeHolder(r.Path(lockFile), &Holder{os.Getpid(), host, time.Now()}); err != nil {
		return stale, errors.Join(err, l.Close())
	}
	r.lock = l
	if err := r.clean(); err != nil {
		return stale, errors.Join(fmt.Errorf("run: %w", advise(err)), r.Unlock())
	}
	return stale, nil
}

func (r *Run) clean() error {
	if err := os.Remove(r.Path(statusFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return errors.Join(clean(r.Dir), clean(r.Path(checkpointsDir)), clean(r.Path(samplesDir)))
}

// Unlock lets others train. Unlocking twice does no harm.
func (r *Run) Unlock() error {
	if r.lock == nil {
		return nil
	}
	err := errors.Join(writeHolder(r.Path(lockFile), nil), r.lock.Close())
	r.lock = nil
	return err
}

// Holder is who trains in the run, and whether anybody does.
func (r *Run) Holder() (Holder, bool) {
	if r.lock != nil {
		return readHolder(r.Path(lockFile)), true
	}
	if !exists(r.Path(lockFile)) {
		return Holder{}, false
	}
	// A shared lock, for a moment: it asks without keeping another asker out.
	probe := flock.New(r.Path(lockFile), flock.SetFlag(os.O_RDONLY))
	free, err := probe.TryRLock()
	if free {
		probe.Close()
	}
	if free || err != nil {
		return Holder{}, false
	}
	return readHolder(r.Path(lockFile)), true
}

func (r *Run) mustHold() error {
	if r.lock == nil {
		return fmt.Errorf("run: %s is not locked by this process; call Lock before writing", r.Dir)
	}
	return nil
}

// acquire returns nil if somebody else has the lock. Who merely asks whether there is one holds it for a moment, so a second
// try follows.
func acquire(path string) (*lock, error) {
	f := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o666))
	for range 3 {
		ok, err := f.TryLock()
		if err != nil {
			return nil, err
		}
		if ok {
			return &lock{f}, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, nil
}

// writeHolder puts who holds the lock into its file, or nobody.
func writeHolder(path string, h *Holder) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("run: %w", advise(err))
	}
	defer f.Close()
	if err := f.Truncate(holderOffset); err != nil {
		return fmt.Errorf("run: %w", advise(err))
	}
	if h == nil {
		return nil
	}
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(append(text, '\n'), holderOffset); err != nil {
		return fmt.Errorf("run: %w", advise(err))
	}
	return nil
}

// readHolder returns the zero Holder if the file does not say.
func readHolder(path string) Holder {
	f, err := os.Open(path)
	if err != nil {
		return Holder{}
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, holderOffset, 4096))
	if err != nil {
		return Holder{}
	}
	var h Holder
	if json.Unmarshal(text, &h) != nil {
		return Holder{}
	}
	return h
}
