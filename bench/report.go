package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Report is one run of the benchmark.
type Report struct {
	Machine  Machine             `json:"machine"`
	Date     string              `json:"date"` // when it began, RFC 3339
	Command  string              `json:"command"`
	Version  string              `json:"version"`
	Seconds  float64             `json:"seconds"`     // that the run took
	Peak     float64             `json:"peak_gflops"` // fused multiply-adds of one core: the median of what was measured beside the rows
	Programs map[string]string   `json:"programs,omitempty"`
	Missing  map[string][]string `json:"missing,omitempty"` // rows, or peers, that could not be measured, by the reason
	Rows     []Row               `json:"rows"`
}

// Row is what was measured of one piece of work on a number of threads.
type Row struct {
	Name    string `json:"name"` // "conv/dcgan64/d2/forward"
	Threads int    `json:"threads"`

	Seconds   float64 `json:"seconds,omitempty"` // the median run
	GFLOPS    float64 `json:"gflops,omitempty"`  // convolutions counted as direct
	OfPeak    float64 `json:"of_peak,omitempty"` // of Peak, times the threads
	Peak      float64 `json:"peak_gflops,omitempty"`
	Algorithm string  `json:"algorithm,omitempty"`
	Pairs     int     `json:"pairs,omitempty"` // of bursts
	Runs      int     `json:"runs,omitempty"`  // in a burst of ours

	Bytes int64   `json:"bytes,omitempty"` // of rows of memory
	Value float64 `json:"value,omitempty"` // of rows that are no time: a share, a quotient
	Error *Error  `json:"error,omitempty"` // of a convolution

	Peers map[string]Peer `json:"peers,omitempty"`
}

// Peer is what somebody else took for the row's work.
type Peer struct {
	Seconds float64 `json:"seconds,omitempty"`
	Bytes   int64   `json:"bytes,omitempty"`
	Ratio   float64 `json:"ratio"` // ours / peer, the median of the pairs: under 1 is faster
	Low     float64 `json:"low,omitempty"`
	High    float64 `json:"high,omitempty"` // quartiles of the ratios
	Layout  string  `json:"layout,omitempty"`
}

// Error compares the errors of the algorithm that was taken with those of direct float32, both against float64, at sampled outputs.
type Error struct {
	RMS float64 `json:"rms"` // root mean square, times that of direct
	Max float64 `json:"max"` // largest, times that of direct
}

// Find returns the row of that name and number of threads, or nil.
func (r *Report) Find(name string, threads int) *Row {
	for i := range r.Rows {
		if r.Rows[i].Name == name && r.Rows[i].Threads == threads {
			return &r.Rows[i]
		}
	}
	return nil
}

// miss notes why something could not be measured.
func (r *Report) miss(what string, err error) {
	if r.Missing == nil {
		r.Missing = map[string][]string{}
	}
	r.Missing[err.Error()] = append(r.Missing[err.Error()], what)
}

// Save writes the report as JSON.
func (r *Report) Save(path string) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return replace(path, append(content, '\n'))
}

// Load reads a report that Save wrote.
func Load(path string) (*Report, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	r := new(Report)
	if err := json.Unmarshal(content, r); err != nil {
		return nil, fmt.Errorf("bench: %s is no report: %w; `ganymede bench --json` writes one", path, err)
	}
	return r, nil
}

// replace writes a file whole or not at all.
func replace(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer os.Remove(f.Name()) // gone already if all went well
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("bench: %s: %w", path, err)
	}
	return nil
}
