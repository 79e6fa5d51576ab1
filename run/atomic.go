package run

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// temporary ends the name of whatever is not in its place yet.
const temporary = ".tmp"

// WriteFile writes a file whole or not at all: beside its place, synced, then renamed over what was there. If write or the
// disk fails, what was there stays, nothing is left beside it, and the error names the path and what to do.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	f, err := createBeside(path)
	if err != nil {
		return fmt.Errorf("run: %w", advise(err))
	}
	defer func() {
		if err != nil {
			f.Close() // a second time does no harm
			os.Remove(f.Name())
			err = fmt.Errorf("run: %s not written: %w", path, advise(err))
		}
	}()
	if err := fill(f, write); err != nil {
		return err
	}
	if err := rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func writeBytes(path string, content []byte) error {
	return WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// createBeside makes a file that nobody else has, in the folder of path. (os.CreateTemp would hide it from other users.)
func createBeside(path string) (*os.File, error) {
	for {
		name := fmt.Sprintf("%s.%08x%s", path, rand.Uint32(), temporary)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// fill writes, syncs and closes.
func fill(f *os.File, write func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// writeDir makes the folder path, whole or not at all: fill puts files, themselves synced, into a folder beside it, which is
// synced and renamed. A folder that is there already is set aside until the new one is in its place.
func writeDir(path string, fill func(dir string) error) (err error) {
	fresh, old := path+temporary, path+aside
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("run: %w", advise(err))
	}
	if err := os.MkdirAll(fresh, 0o777); err != nil {
		return fmt.Errorf("run: %w", advise(err))
	}
	defer func() {
		if err != nil {
			os.RemoveAll(fresh)
		}
	}()
	if err := fill(fresh); err != nil {
		return err
	}
	if err := syncDir(fresh); err != nil {
		return fmt.Errorf("run: %w", advise(err))
	}
	if err := swapDir(fresh, path, old); err != nil {
		return fmt.Errorf("run: %w", advise(err))
	}
	return nil
}

// aside ends the name of a folder that is being replaced: whole, and back in its place after a crash (see restore).
const aside = ".old"

func swapDir(fresh, path, old string) error {
	replaces := exists(path)
	if replaces {
		if err := os.RemoveAll(old); err != nil {
			return err
		}
		if err := rename(path, old); err != nil {
			return err
		}
	}
	if err := rename(fresh, path); err != nil {
		if replaces {
			return errors.Join(err, rename(old, path))
		}
		return err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	return os.RemoveAll(old)
}

// clean removes what a crash left in a folder, and puts back what it had set aside. Only the holder of the lock may.
func clean(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch place, isOld := strings.CutSuffix(path, aside); {
		case isOld && !exists(place):
			err = rename(path, place)
		case isOld, strings.HasSuffix(path, temporary):
			err = os.RemoveAll(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rename waits where Windows does: there a file that somebody reads cannot be replaced for the moment.
func rename(from, to string) error {
	for wait := 5 * time.Millisecond; ; wait *= 2 {
		err := os.Rename(from, to)
		if !isBusy(err) || wait > time.Second {
			return err
		}
		time.Sleep(wait)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// syncDir makes a rename in dir survive a power cut. Windows has no such call, and some file systems refuse it.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
