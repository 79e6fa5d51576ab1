package run

import (
	"errors"
	"fmt"
	"io/fs"
)

// NewerError says that a later version made the run.
type NewerError struct {
	Path      string // of run.toml
	Format    int
	Ganymede  string // the version that wrote it, if it says so
	Supported int
}

// Error is a sentence with what to do.
func (e *NewerError) Error() string {
	by := ""
	if e.Ganymede != "" {
		by = " (it was made by ganymede " + e.Ganymede + ")"
	}
	return fmt.Sprintf("run: %s has format %d%s, this version reads up to %d; update ganymede", e.Path, e.Format, by, e.Supported)
}

// DamagedError says that a file is not what was written.
type DamagedError struct {
	Path string
	What string
}

// Error names the file and what is wrong with it.
func (e *DamagedError) Error() string { return fmt.Sprintf("%s is damaged: %s", e.Path, e.What) }

// advise adds to an error of the operating system what to do about it.
func advise(err error) error {
	switch {
	case err == nil:
		return nil
	case isDiskFull(err):
		return fmt.Errorf("%w; free some space and go on, the last checkpoint is whole", err)
	case errors.Is(err, fs.ErrPermission), isReadOnly(err):
		return fmt.Errorf("%w; make the folder writable or name another with --run", err)
	}
	return err
}
