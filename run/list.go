package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Condition is what became of a run.
type Condition string

// The conditions of a run.
const (
	New      Condition = "new"      // nothing was trained yet
	Running  Condition = "running"  // a process trains in it
	Stopped  Condition = "stopped"  // on request, or killed: it can be resumed
	Finished Condition = "finished" // all rounds are done
	Failed   Condition = "failed"   // Reason says why
	Broken   Condition = "broken"   // it cannot be read; Reason says why
)

// Status is how training ended.
type Status struct {
	Condition Condition `json:"state"` // Stopped, Finished or Failed
	Reason    string    `json:"reason,omitempty"`
	Round     int       `json:"round"`
	At        time.Time `json:"wall_at"`
}

// Finish writes how training ended, and unlocks.
func (r *Run) Finish(s Status) error {
	if err := r.mustHold(); err != nil {
		return err
	}
	content, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return errors.Join(r.Write(statusFile, append(content, '\n')), r.Unlock())
}

// Summary is a run in a list of runs.
type Summary struct {
	Name        string    `json:"name"`
	Dir         string    `json:"dir"`
	Model       string    `json:"model"`
	Data        string    `json:"data"`
	Seed        int64     `json:"seed"`
	Created     time.Time `json:"created"`
	Condition   Condition `json:"state"`
	Reason      string    `json:"reason,omitempty"` // why it failed, is broken, or was stopped
	Round       int       `json:"round"`            // of the last record or checkpoint, whichever is later
	Checkpoints []int     `json:"checkpoints"`
	Last        *Record   `json:"last,omitempty"` // the last record
}

// MarshalJSON makes a record the object that stands in the log.
func (r Record) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil) }

// List summarises the runs in a folder, by name, 2 before 10. A folder that has a run.toml but cannot be read is in the list,
// with the reason; what has none is left out. A folder that is not there has no runs.
func List(parent string) ([]Summary, error) {
	entries, err := os.ReadDir(parent)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("run: %w", err)
	}
	var all []Summary
	for _, e := range entries {
		if dir := filepath.Join(parent, e.Name()); exists(filepath.Join(dir, ManifestFile)) {
			all = append(all, Summarise(dir))
		}
	}
	slices.SortFunc(all, func(a, b Summary) int { return compareNumbered(a.Name, b.Name) })
	return all, nil
}

// Summarise looks at the run in dir.
func Summarise(dir string) Summary {
	s := Summary{Name: filepath.Base(dir), Dir: dir, Condition: Broken, Checkpoints: []int{}} // no null in JSON
	r, err := Open(dir)
	if err == nil {
		err = s.fill(r)
	}
	if err != nil {
		s.Reason = err.Error()
	}
	return s
}

func (s *Summary) fill(r *Run) (err error) {
	m := r.Manifest
	s.Model, s.Data, s.Seed, s.Created = m.Model, m.Data.Name, m.Seed, m.Created
	rounds, err := r.Checkpoints()
	if err != nil {
		return err
	}
	s.Checkpoints = append(s.Checkpoints, rounds...)
	if n := len(rounds); n > 0 {
		s.Round = rounds[n-1]
	}
	if s.Last, err = lastRecord(r.Path(RoundsFile)); err != nil {
		return err
	}
	if s.Last != nil {
		s.Round = max(s.Round, s.Last.Round)
	}
	s.Condition, s.Reason = r.condition(s.Last != nil || len(s.Checkpoints) > 0)
	return nil
}

// condition asks the lock first, then how training ended, then what is there.
func (r *Run) condition(trained bool) (Condition, string) {
	if holder, held := r.Holder(); held {
		return Running, holder.String()
	}
	var status Status
	if content, err := os.ReadFile(r.Path(statusFile)); err == nil && json.Unmarshal(content, &status) == nil {
		return status.Condition, status.Reason
	}
	if !trained {
		return New, ""
	}
	if holder := readHolder(r.Path(lockFile)); holder.PID != 0 {
		return Stopped, "without notice: " + holder.String()
	}
	return Stopped, ""
}

// lastRecord reads the last whole line of a log, without the rest; nil if there is none.
func lastRecord(path string) (*Record, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	for tail := int64(1 << 12); ; tail *= 4 {
		start := max(0, info.Size()-tail)
		text, err := io.ReadAll(io.NewSectionReader(f, start, info.Size()-start))
		if err != nil {
			return nil, err
		}
		text = text[:bytes.LastIndexByte(text, '\n')+1]
		text = bytes.TrimSuffix(text, []byte("\n"))
		if i := bytes.LastIndexByte(text, '\n'); i >= 0 || start == 0 {
			if len(text) == 0 {
				return nil, nil
			}
			r, err := parseRecord(text[i+1:])
			if err != nil {
				return nil, &DamagedError{Path: path, What: "its last line: " + err.Error()}
			}
			return &r, nil
		}
	}
}

// compareNumbered orders names by their text, then by the number at their end.
func compareNumbered(a, b string) int {
	textA, textB := strings.TrimRight(a, "0123456789"), strings.TrimRight(b, "0123456789")
	if textA != textB {
		return strings.Compare(textA, textB)
	}
	numberA, numberB := strings.TrimLeft(a[len(textA):], "0"), strings.TrimLeft(b[len(textB):], "0")
	if len(numberA) != len(numberB) {
		return len(numberA) - len(numberB)
	}
	if numberA != numberB {
		return strings.Compare(numberA, numberB)
	}
	return strings.Compare(a, b)
}
