package reproduce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/run"
)

// Record is one trained and judged part, as the project keeps it: figures, and all that is needed to get them again.
type Record struct {
	Experiment string        `json:"experiment"`
	Part       string        `json:"part"`
	Seed       int64         `json:"seed"`
	Model      string        `json:"model"`
	Set        []string      `json:"set"`     // options that differ from the model's own
	Config     string        `json:"config"`  // SHA-256 of the whole configuration
	Options    config.Values `json:"options"` // the whole configuration
	Rounds     int           `json:"rounds"`
	Logged     int           `json:"logged"`  // lines of the run's rounds.jsonl
	Seconds    float64       `json:"seconds"` // of training, the sum of its rounds without halts
	Commit     string        `json:"commit"`
	Backend    string        `json:"backend"`
	Threads    int           `json:"threads"`
	Machine    string        `json:"machine"`
	Date       string        `json:"date"`
	Data       Data          `json:"data"`
	Protocol   string        `json:"protocol"`
	Figures    Figures       `json:"figures"`
	Real       Figures       `json:"real"` // the same on held-out records
	Notes      []string      `json:"notes,omitempty"`
	Pictures   []string      `json:"pictures,omitempty"` // files beside the record
}

// Data says what a part was trained on.
type Data struct {
	Name        string `json:"name"`
	SHA256      string `json:"sha256"`
	Train       int    `json:"train"`
	HeldOut     int    `json:"held_out"`
	Licence     string `json:"licence,omitempty"`
	Attribution string `json:"attribution,omitempty"`
}

// stem is the name of the record's files without an ending.
func (r *Record) stem() string { return fmt.Sprintf("%s-%d", r.Part, r.Seed) }

func (r *Record) marshal() ([]byte, error) {
	slices.Sort(r.Pictures)
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil { // a figure that is not a number, say
		return nil, fmt.Errorf("reproduce: the record of %s/%s cannot be written: %w", r.Experiment, r.Part, err)
	}
	return append(raw, '\n'), nil
}

// commits are what names a commit: not "", and nothing with changes on top.
var commits = regexp.MustCompile(`^[0-9a-f]{12,40}$`)

// incomplete tells why a record proves nothing; nil if it does. rounds is the path of the log beside it.
func (r *Record) incomplete(rounds string) error {
	var faults []error
	if !commits.MatchString(r.Commit) {
		faults = append(faults, fmt.Errorf("its commit is %q: build from a clean checkout with `go build ./cmd/ganymede`", r.Commit))
	}
	if len(r.Config) != 64 {
		faults = append(faults, fmt.Errorf("its configuration's hash is %q", r.Config))
	}
	last := -1
	for line, err := range run.ReadLog(rounds) {
		if err != nil {
			return errors.Join(append(faults, fmt.Errorf("its rounds cannot be read: %w", err))...)
		}
		last = line.Round
	}
	if last != r.Rounds {
		faults = append(faults, fmt.Errorf("%s ends at round %d of %d", filepath.Base(rounds), last, r.Rounds))
	}
	return errors.Join(faults...)
}

// Omitted is a record that does not count, and why.
type Omitted struct {
	Path string
	Err  error
}

// ReadRecords reads the records of an experiment from the folder of records, in the order of its parts and seeds. Only those
// count that have seed, configuration hash, commit and rounds, and that were made as the table says today; the others are told.
func ReadRecords(folder string, e Experiment) (records []*Record, omitted []Omitted, err error) {
	paths, err := filepath.Glob(filepath.Join(folder, e.Name, "*.json"))
	if err != nil {
		return nil, nil, fmt.Errorf("reproduce: %w", err)
	}
	for _, path := range paths {
		r, err := readRecord(path)
		if err == nil {
			err = r.counts(e, path)
		}
		if err != nil {
			omitted = append(omitted, Omitted{path, err})
			continue
		}
		records = append(records, r)
	}
	place := func(r *Record) int {
		return slices.IndexFunc(e.Parts, func(p Part) bool { return p.Name == r.Part })
	}
	slices.SortFunc(records, func(a, b *Record) int {
		if by := place(a) - place(b); by != 0 {
			return by
		}
		return int(a.Seed - b.Seed)
	})
	return records, omitted, nil
}

func readRecord(path string) (*Record, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, d := new(Record), json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("it is no record: %w", err)
	}
	return r, nil
}

// counts tells why a record does not belong in the experiment's table; nil if it does.
func (r *Record) counts(e Experiment, path string) error {
	if r.Experiment != e.Name || filepath.Base(path) != r.stem()+".json" {
		return fmt.Errorf("it is a record of %s/%s with seed %d, under another name", r.Experiment, r.Part, r.Seed)
	}
	part, err := e.Part(r.Part)
	if err != nil {
		return err
	}
	if set := append(append([]string{}, e.Set...), part.Set...); r.Rounds != part.Rounds || !slices.Equal(r.Set, set) {
		return fmt.Errorf("it was made with %d rounds and %s; the experiment now has %d and %s", r.Rounds, strings.Join(r.Set, " "), part.Rounds, strings.Join(set, " "))
	}
	return r.incomplete(strings.TrimSuffix(path, ".json") + ".rounds.jsonl")
}
