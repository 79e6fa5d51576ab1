package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Part is one of the files of a checkpoint.
type Part string

// The files of a checkpoint.
const (
	Weights Part = "weights.safetensors" // the generator, averaged where averaging is on: small, for serving
	State   Part = "state.safetensors"   // everything that training needs to go on bit for bit
)

// Last stands for the round of the newest whole checkpoint.
const Last = -1

// lastFile has the name of the newest checkpoint: a file, since not every system has links.
const lastFile = "last"

// Checkpoint is what was saved after a round.
type Checkpoint struct {
	Round   int
	Weights *TensorFile // nil if it was not asked for
	State   *TensorFile // nil if it was not asked for

	// Damaged says why newer checkpoints were passed over; empty if this is the one that was asked for. Tell the user.
	Damaged []error
}

// ErrNoCheckpoint means that no checkpoint can be loaded, or not the one asked for.
var ErrNoCheckpoint = errors.New("no checkpoint")

// Save writes the checkpoint of a round, whole or not at all, lets `last` point at it and then deletes the oldest ones, so
// that keep are left (0: all). The one that `last` points at is never deleted. Saving a round again replaces it. The lock
// must be held.
func (r *Run) Save(round int, weights, state TensorFile, keep int) error {
	if err := r.mustHold(); err != nil {
		return err
	}
	if round < 0 {
		return fmt.Errorf("run: a checkpoint cannot have the round %d", round)
	}
	if err := writeDir(r.checkpoint(round), func(dir string) error {
		if err := WriteTensors(filepath.Join(dir, string(Weights)), weights); err != nil {
			return err
		}
		return WriteTensors(filepath.Join(dir, string(State)), state)
	}); err != nil {
		return err
	}
	if err := r.Write(filepath.Join(checkpointsDir, lastFile), []byte(checkpointName(round)+"\n")); err != nil {
		return err
	}
	return r.forget(keep)
}

// forget deletes all but the newest keep checkpoints and the one that `last` points at.
func (r *Run) forget(keep int) error {
	rounds, err := r.Checkpoints()
	if err != nil || keep <= 0 || len(rounds) <= keep {
		return err
	}
	last, _ := r.pointer()
	for _, round := range rounds[:len(rounds)-keep] {
		if round == last {
			continue
		}
		// Renamed first, so that nobody finds half of it.
		gone := r.checkpoint(round) + temporary
		switch err := rename(r.checkpoint(round), gone); {
		case isBusy(err):
			continue // somebody reads it; the next time will do
		case err != nil:
			return fmt.Errorf("run: old checkpoint not deleted: %w", advise(err))
		}
		if err := os.RemoveAll(gone); err != nil {
			return fmt.Errorf("run: old checkpoint not deleted: %w", advise(err))
		}
	}
	return nil
}

// Checkpoints lists the rounds of the checkpoints that are there, oldest first. It does not read them.
func (r *Run) Checkpoints() ([]int, error) {
	entries, err := os.ReadDir(r.Path(checkpointsDir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("run: %w", err)
	}
	var rounds []int
	for _, e := range entries {
		if round, ok := numbered(strings.TrimSuffix(e.Name(), aside), "round-"); ok && e.IsDir() {
			rounds = append(rounds, round)
		}
	}
	slices.Sort(rounds)
	return slices.Compact(rounds), nil
}

// Load reads parts of the checkpoint of a round, or of [Last], and verifies them. If Last's files are damaged, it passes to
// the next older checkpoint that is whole, and Damaged says why. A round that is asked for by number is loaded or refused.
func (r *Run) Load(round int, parts ...Part) (*Checkpoint, error) {
	if round == Last {
		return r.loadLast(parts)
	}
	rounds, err := r.Checkpoints()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(rounds, round) {
		return nil, fmt.Errorf("run: %s has %w of round %d; it has %s", r.Dir, ErrNoCheckpoint, round, list(rounds))
	}
	c, err := r.loadParts(round, parts)
	if err != nil {
		return nil, fmt.Errorf("run: checkpoint of round %d: %w; `last` takes the newest that is whole", round, err)
	}
	return c, nil
}

// loadLast looks again if a trainer saved meanwhile, and so may have deleted what was being read.
func (r *Run) loadLast(parts []Part) (*Checkpoint, error) {
	for {
		before, _ := r.pointer()
		c, err := r.newest(parts)
		if err == nil && c.Damaged == nil {
			return c, nil
		}
		if now, _ := r.pointer(); now == before {
			return c, err
		}
	}
}

// newest is the newest checkpoint that is whole.
func (r *Run) newest(parts []Part) (*Checkpoint, error) {
	rounds, err := r.Checkpoints()
	if err != nil {
		return nil, err
	}
	var passed []error
	for _, candidate := range r.candidates(rounds) {
		c, err := r.loadParts(candidate, parts)
		if err == nil {
			c.Damaged = passed
			return c, nil
		}
		var damage *DamagedError
		if !errors.As(err, &damage) {
			return nil, err // the machine's fault: an older checkpoint would only hide it
		}
		passed = append(passed, err)
	}
	if passed == nil {
		return nil, fmt.Errorf("run: %s has %w yet; train it first", r.Dir, ErrNoCheckpoint)
	}
	return nil, fmt.Errorf("run: %s has %w that is whole: %w", r.Dir, ErrNoCheckpoint, errors.Join(passed...))
}

// candidates puts the round that `last` points at first, then the others, newest first.
func (r *Run) candidates(rounds []int) []int {
	order := slices.Clone(rounds)
	slices.Reverse(order)
	if last, ok := r.pointer(); ok {
		if i := slices.Index(order, last); i > 0 {
			order = slices.Insert(slices.Delete(order, i, i+1), 0, last)
		}
	}
	return order
}

// loadParts looks where the checkpoint is, then where it is while another takes its place, then again, since that may be done.
func (r *Run) loadParts(round int, parts []Part) (*Checkpoint, error) {
	dir := r.checkpoint(round)
	var err error
	for _, dir := range []string{dir, dir + aside, dir} {
		var c *Checkpoint
		if c, err = readCheckpoint(dir, round, parts); !errors.Is(err, os.ErrNotExist) {
			return c, err
		}
	}
	var missing *os.PathError
	if errors.As(err, &missing) {
		err = &DamagedError{Path: missing.Path, What: "it is not there"}
	}
	return nil, err
}

func readCheckpoint(dir string, round int, parts []Part) (*Checkpoint, error) {
	c := &Checkpoint{Round: round}
	for _, part := range parts {
		path := filepath.Join(dir, string(part))
		file, err := ReadTensors(path)
		if err != nil {
			return nil, err
		}
		if file.Digest == "" {
			return nil, &DamagedError{Path: path, What: "it has no digest, so it cannot be verified"}
		}
		switch part {
		case Weights:
			c.Weights = file
		case State:
			c.State = file
		default:
			return nil, fmt.Errorf("run: a checkpoint has no part %q", part)
		}
	}
	return c, nil
}

// Rewind makes the run end at a round, to go on from its checkpoint: it cuts both logs back and sets later checkpoints aside,
// as round-N.aside, which nothing reads or deletes. The lock must be held.
func (r *Run) Rewind(round int) error {
	if err := r.mustHold(); err != nil {
		return err
	}
	rounds, err := r.Checkpoints()
	if err != nil {
		return err
	}
	if slices.Contains(rounds, round) {
		if err := r.Write(filepath.Join(checkpointsDir, lastFile), []byte(checkpointName(round)+"\n")); err != nil {
			return err
		}
	}
	for _, later := range rounds {
		if later > round {
			if err := setAside(r.checkpoint(later)); err != nil {
				return fmt.Errorf("run: %w", advise(err))
			}
		}
	}
	return errors.Join(cutLog(r.Path(RoundsFile), round), cutLog(r.Path(EvalFile), round))
}

// setAside renames to a name that is free.
func setAside(path string) error {
	to := path + ".aside"
	for n := 2; exists(to); n++ {
		to = fmt.Sprintf("%s.aside-%d", path, n)
	}
	if err := rename(path, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// pointer is the round that `last` points at.
func (r *Run) pointer() (int, bool) {
	content, err := os.ReadFile(r.Path(checkpointsDir, lastFile))
	if err != nil {
		return 0, false
	}
	return numbered(strings.TrimSpace(string(content)), "round-")
}

func (r *Run) checkpoint(round int) string { return r.Path(checkpointsDir, checkpointName(round)) }

func checkpointName(round int) string { return "round-" + strconv.Itoa(round) }

// numbered reads the number of a name such as round-12, written the one way that it is written.
func numbered(name, prefix string) (int, bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n >= 0 && strconv.Itoa(n) == digits
}

func list(rounds []int) string {
	if len(rounds) == 0 {
		return "none"
	}
	words := make([]string, len(rounds))
	for i, n := range rounds {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ", ")
}
