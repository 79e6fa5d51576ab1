// Package run keeps a training run on disk, as a folder that another machine can pick up. Tensors, records, pictures and the
// configuration go in and come out as plain values. It does not know what a model, a game or a data set is.
//
//	runs/NAME/
//	  run.toml              configuration, seed, versions, what the data was, number of the format      [Manifest]
//	  codec.json            what was fitted to the data and must be undone on sampling                  [Run.Write]
//	  split.json            what is held out                                                            [Run.Write]
//	  rounds.jsonl          a line a logged round                                                       [Log]
//	  eval.jsonl            a line an evaluation                                                        [Log]
//	  checkpoints/round-N/  weights.safetensors and state.safetensors; `last` has the name of one       [Run.Save]
//	  samples/round-N.png   pictures from fixed latents                                                 [Run.WriteSample]
//	  events.out.tfevents.* the same figures for TensorBoard                                            [Events]
//	  card.md               the model card                                                              [Run.Write]
//	  status.json           how training ended, if it did                                               [Run.Finish]
//	  lock                  who trains                                                                  [Run.Lock]
//
// Every file but the logs is written beside its place, synced and renamed, a checkpoint's folder too; logs grow by whole lines
// and are synced when a checkpoint is saved. So a crash, a full disk or a pulled plug leaves the last checkpoint whole, and
// [Run.Rewind] cuts the logs back to it. Names that end in .tmp are leftovers: nobody reads them, and Lock removes them.
package run

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Format is the number of the folder's format that this package writes. It reads this one and any older.
const Format = 1

// The files of a run.
const (
	ManifestFile = "run.toml"
	CodecFile    = "codec.json"
	SplitFile    = "split.json"
	RoundsFile   = "rounds.jsonl"
	EvalFile     = "eval.jsonl"
	CardFile     = "card.md"

	statusFile     = "status.json"
	lockFile       = "lock"
	samplesDir     = "samples"
	checkpointsDir = "checkpoints"
)

// Run is a run's folder. Reading is safe while another process trains; whoever writes holds the lock.
type Run struct {
	Dir      string
	Manifest Manifest
	lock     *lock // nil: not held
}

// ErrNotRun means that there is no run at a path.
var ErrNotRun = errors.New("there is no run")

// ErrExists means that the place of a new run is taken.
var ErrExists = errors.New("is taken")

// Create makes the folder dir with its run.toml. An empty folder may be there already, anything else is refused with
// [ErrExists].
func Create(dir string, m Manifest) (*Run, error) {
	if err := vacant(dir); err != nil {
		return nil, err
	}
	document, err := m.document()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("run: %w", advise(err))
	}
	if err := writeBytes(filepath.Join(dir, ManifestFile), document); err != nil {
		return nil, err
	}
	return Open(dir)
}

// Amend writes run.toml anew, of a run whose plan changed as it was gone on with. The lock must be held.
func (r *Run) Amend(m Manifest) error {
	if err := r.mustHold(); err != nil {
		return err
	}
	document, err := m.document()
	if err != nil {
		return err
	}
	if err := r.Write(ManifestFile, document); err != nil {
		return err
	}
	r.Manifest, err = readManifest(r.Path(ManifestFile))
	return err
}

// CreateNext makes a folder in parent named base-N, N being the first number above those taken: fashion-dcgan-1. What is
// not a letter or a digit becomes "-". Two processes never get the same folder.
func CreateNext(parent, base string, m Manifest) (*Run, error) {
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return nil, fmt.Errorf("run: %w", advise(err))
	}
	base = slug(base)
	entries, err := os.ReadDir(parent)
	if err != nil {
		return nil, fmt.Errorf("run: %w", advise(err))
	}
	n := 1
	for _, e := range entries {
		if k, ok := numbered(e.Name(), base+"-"); ok && k >= n {
			n = k + 1
		}
	}
	for ; ; n++ {
		dir := filepath.Join(parent, fmt.Sprintf("%s-%d", base, n))
		switch err := os.Mkdir(dir, 0o777); {
		case err == nil:
			return Create(dir, m)
		case !errors.Is(err, fs.ErrExist):
			return nil, fmt.Errorf("run: %w", advise(err))
		}
	}
}

// Open reads the run at dir. The error is [ErrNotRun] if there is none, a [*NewerError] if a later version made it.
func Open(dir string) (*Run, error) {
	m, err := readManifest(filepath.Join(dir, ManifestFile))
	if err != nil {
		return nil, err
	}
	return &Run{Dir: dir, Manifest: m}, nil
}

func vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("run: %w", advise(err))
	}
	for _, e := range entries {
		if e.Name() == ManifestFile {
			return fmt.Errorf("run: %s %w: it holds a run; resume it or name another folder", dir, ErrExists)
		}
		if !strings.HasSuffix(e.Name(), temporary) {
			return fmt.Errorf("run: %s %w: it holds %s; name a folder that is empty or not there", dir, ErrExists, e.Name())
		}
	}
	return nil
}

// slug keeps what any file system takes.
func slug(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name)
	for strings.Contains(name, "--") {
		name = strings.ReplaceAll(name, "--", "-")
	}
	if name = strings.Trim(name, "-"); name == "" {
		return "run"
	}
	return name
}

// Path is the path of something in the run.
func (r *Run) Path(elem ...string) string { return filepath.Join(append([]string{r.Dir}, elem...)...) }

// Write puts content into a file of the run, whole or not at all.
func (r *Run) Write(name string, content []byte) error {
	return writeBytes(r.Path(name), content)
}

// Read returns the content of a file of the run.
func (r *Run) Read(name string) ([]byte, error) {
	content, err := os.ReadFile(r.Path(name))
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	return content, nil
}

// WriteSample writes samples/round-N.EXT, whole or not at all, and returns its path.
func (r *Run) WriteSample(round int, ext string, write func(io.Writer) error) (string, error) {
	if err := os.MkdirAll(r.Path(samplesDir), 0o777); err != nil {
		return "", fmt.Errorf("run: %w", advise(err))
	}
	path := r.Path(samplesDir, fmt.Sprintf("round-%d.%s", round, ext))
	return path, WriteFile(path, write)
}
