package reproduce

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/ganymede-gan/ganymede/run"
	"github.com/klauspost/cpuid/v2"
)

// sampleSeed is the seed of the samples that are judged: fixed, so that nobody chooses them.
const sampleSeed = 0

// Perform trains a part with a seed, or goes on where it was stopped, judges what came out and writes the record. It
// returns the record.
func (s *Studio) Perform(ctx context.Context, e Experiment, p Part, seed int64) (*Record, error) {
	if p.Rounds < 1 {
		return nil, fmt.Errorf("reproduce: %s/%s has no rounds", e.Name, p.Name)
	}
	job := Job{
		Model: p.Model, Rounds: p.Rounds, Seed: seed, Set: append(append([]string{}, e.Set...), p.Set...),
		Dir: filepath.Join(s.Runs, e.Name, fmt.Sprintf("%s-%d", p.Name, seed)),
	}
	if e.Make == nil {
		job.Data = s.data(e)
	} else {
		var err error
		if job.Data, job.To, err = e.Make(ctx, s, filepath.Join(s.Runs, e.Name, "data")); err != nil {
			return nil, fmt.Errorf("reproduce: the data of %s: %w", e.Name, err)
		}
	}
	s.Say("%s: %s with seed %d: %d rounds in %s", e.Name, p.Name, seed, p.Rounds, job.Dir)
	trained, err := s.Train(ctx, job)
	if err != nil {
		return nil, fmt.Errorf("reproduce: %s/%s: %w", e.Name, p.Name, err)
	}
	defer trained.Close()
	if trained.Commit != s.Commit {
		return nil, fmt.Errorf("reproduce: %s was trained by commit %q, and this is %q: a record must name one; remove the folder, or give another for the runs",
			trained.Dir, trained.Commit, s.Commit)
	}
	verdict, err := s.judge(ctx, e, trained, Exhibit{
		Set: trained.Set, Studio: s, Experiment: e.Name, Part: p.Name, Seed: seed, Truncate: trained.Truncate, Codes: trained.Codes, Traverse: trained.Traverse,
		Translate: trained.Translate, Read: trained.Read,
	})
	if err != nil {
		return nil, fmt.Errorf("reproduce: %s/%s: %w", e.Name, p.Name, err)
	}
	record, err := s.record(e, p, seed, job, trained, verdict)
	if err != nil {
		return nil, err
	}
	return record, s.write(record, trained.Dir, verdict)
}

// data is where the experiment's data is.
func (s *Studio) data(e Experiment) string {
	if s.Data != "" {
		return s.Data
	}
	for _, path := range e.Data[:len(e.Data)-1] {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return e.Data[len(e.Data)-1]
}

func (s *Studio) judge(ctx context.Context, e Experiment, trained *Trained, exhibit Exhibit) (verdict Verdict, err error) {
	if n := e.Judge.Samples; n > 0 {
		if exhibit.Samples, exhibit.Asked, err = trained.Sample(ctx, sampleSeed, n); err != nil {
			return verdict, err
		}
		s.Say("%s: judging %d samples", e.Name, n)
	}
	return e.Judge.Judge(ctx, exhibit)
}

// record gathers what is known of a part that was performed.
func (s *Studio) record(e Experiment, p Part, seed int64, job Job, trained *Trained, verdict Verdict) (*Record, error) {
	origin := trained.Set.Origin
	r := &Record{
		Experiment: e.Name, Part: p.Name, Seed: seed,
		Model: p.Model, Set: job.Set, Config: trained.Hash, Options: trained.Values, Rounds: p.Rounds,
		Commit: trained.Commit, Backend: s.Name, Threads: s.Threads, Machine: cpuid.CPU.BrandName + ", " + runtime.GOOS + "/" + runtime.GOARCH,
		Date: time.Now().UTC().Format(time.DateOnly),
		Data: Data{
			Name: filepath.Base(trained.Set.Name), SHA256: origin.Hash, Train: origin.Train, HeldOut: origin.HeldOut, Licence: origin.Licence,
			Attribution: origin.Attribution,
		},
		Protocol: e.Judge.Protocol, Figures: verdict.Figures, Real: verdict.Real, Notes: verdict.Notes,
	}
	if r.Data.Attribution == "" {
		r.Data.Attribution = e.Credit
	}
	var rounds []float64
	for line, err := range run.ReadLog(filepath.Join(trained.Dir, run.RoundsFile)) {
		if err != nil {
			return nil, err
		}
		seconds, _ := line.Number(run.Wall + "seconds")
		rounds = append(rounds, seconds)
		r.Logged++
	}
	r.Seconds = playing(rounds)
	return r, nil
}

// playing is the sum of rounds, in seconds. A round of more than five seconds and twenty times both of its neighbours was halted, by a lid that
// was closed or a signal, and counts as the longer of them.
func playing(rounds []float64) (sum float64) {
	for i, seconds := range rounds {
		near := 0.0
		for _, k := range []int{i - 1, i + 1} {
			if k >= 0 && k < len(rounds) {
				near = max(near, rounds[k])
			}
		}
		if seconds > 5 && near > 0 && seconds > 20*near {
			seconds = near
		}
		sum += seconds
	}
	return sum
}

// write puts the record, every so-many-th line of the run's rounds and the pictures into the folder of records.
func (s *Studio) write(r *Record, dir string, verdict Verdict) error {
	folder := filepath.Join(s.Records, r.Experiment)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("reproduce: %w", err)
	}
	for name, content := range verdict.Pictures {
		file := r.stem() + "-" + name + ".png"
		if name == real { // the same for all parts
			file = name + ".png"
		}
		r.Pictures = append(r.Pictures, file)
		if err := writeBytes(filepath.Join(folder, file), content); err != nil {
			return err
		}
	}
	if err := s.thin(r, filepath.Join(dir, run.RoundsFile), filepath.Join(folder, r.stem()+".rounds.jsonl")); err != nil {
		return err
	}
	content, err := r.marshal()
	if err != nil {
		return err
	}
	path := filepath.Join(folder, r.stem()+".json")
	s.Say("%s: the record is %s", r.Experiment, path)
	return writeBytes(path, content)
}

// kept is about how many lines of a run's rounds are kept with its record.
const kept = 200

// thin copies about so many lines of the rounds, the last among them.
func (s *Studio) thin(r *Record, from, to string) error {
	step, last := max(r.Logged/kept, 1), r.Logged-1
	return run.WriteFile(to, func(w io.Writer) error {
		i := 0
		for line, err := range run.ReadLog(from) {
			if err != nil {
				return err
			}
			if (i+1)%step == 0 || i == last {
				raw, err := line.AppendJSON(nil)
				if err != nil {
					return err
				}
				if _, err := w.Write(append(raw, '\n')); err != nil {
					return err
				}
			}
			i++
		}
		return nil
	})
}

func writeBytes(path string, content []byte) error {
	return run.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}
