package ganymede

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/reproduce"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/ganymede-gan/ganymede/train"
)

// ReproduceOptions say which published experiment is repeated, and where. Only Name is needed.
type ReproduceOptions struct {
	Name    string // of the experiment
	Part    string // "" for all
	Seed    int64  // 0 for those of the experiment
	Data    string // where its data is, "" for the usual places
	Runs    string // folder of the runs; "" is runs/reproduce
	Records string // folder of the records; "" is docs/results
	Backend string
	Threads int

	Say     func(format string, args ...any) // what is being done; may be nil
	Observe func(train.Event)                // of the training; may be nil
}

// Reproduce trains and judges the parts of an experiment, one after the other, and writes their records. What was begun
// before is gone on with.
func Reproduce(ctx context.Context, o ReproduceOptions) ([]*reproduce.Record, error) {
	experiment, err := reproduce.Find(o.Name)
	if err != nil {
		return nil, wrong{err}
	}
	parts := experiment.Parts
	if o.Part != "" {
		part, err := experiment.Part(o.Part)
		if err != nil {
			return nil, wrong{err}
		}
		parts = []reproduce.Part{part}
	}
	studio, done, err := newStudio(o)
	if err != nil {
		return nil, err
	}
	defer done()
	var records []*reproduce.Record
	for _, part := range parts {
		seeds := part.Seeds
		if o.Seed != 0 {
			seeds = []int64{o.Seed}
		}
		for _, seed := range seeds {
			record, err := studio.Perform(ctx, experiment, part, seed)
			if err != nil {
				return records, err
			}
			records = append(records, record)
		}
	}
	return records, nil
}

// newStudio makes what experiments are made with; done frees it.
func newStudio(o ReproduceOptions) (studio *reproduce.Studio, done func(), err error) {
	backend, err := openBackend(o.Backend, o.Threads, config.Default[Engine]())
	if err != nil {
		return nil, nil, err
	}
	or := func(value, otherwise string) string {
		if value == "" {
			return otherwise
		}
		return value
	}
	studio = &reproduce.Studio{
		Train: o.train, Backend: backend.compute, Name: backendName(o.Backend), Threads: o.Threads, Commit: Commit(), Data: o.Data, Say: o.Say,
		Runs: or(o.Runs, filepath.Join("runs", "reproduce")), Records: or(o.Records, filepath.Join("docs", "results")),
	}
	studio.Cache = filepath.Join(studio.Runs, "judges")
	if studio.Threads == 0 {
		studio.Threads = runtime.NumCPU()
	}
	if studio.Say == nil {
		studio.Say = func(string, ...any) {}
	}
	return studio, backend.compute.Finalize, nil
}

// train trains a job to its end, or goes on with it, and opens its generator.
func (o ReproduceOptions) train(ctx context.Context, job reproduce.Job) (*reproduce.Trained, error) {
	request := Request{
		Data: job.Data, To: job.To, Model: job.Model, Run: job.Dir, Rounds: job.Rounds, Seed: job.Seed, Set: job.Set, Backend: o.Backend, Threads: o.Threads,
		Observe: o.Observe,
	}
	_, err := os.Stat(filepath.Join(job.Dir, run.ManifestFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	request.Resume = err == nil
	plan, err := Prepare(ctx, request)
	if err != nil {
		return nil, err
	}
	if _, err := plan.Train(ctx); err != nil {
		return nil, err
	}
	folder, err := run.Open(job.Dir)
	if err != nil {
		return nil, err
	}
	_, commit, _ := strings.Cut(folder.Manifest.Versions["ganymede"], " ")
	generator, err := Open(job.Dir, OpenOptions{Backend: o.Backend, Threads: o.Threads})
	if err != nil {
		return nil, err
	}
	return &reproduce.Trained{
		Dir: job.Dir, Commit: commit, Hash: plan.Config.Hash(), Values: plan.Config.Values(), Set: plan.Set, Close: generator.Close,
		Sample: generator.exhibit,
		Truncate: func(ctx context.Context, seed int64, n int, threshold float64) (data.Batch, error) {
			return generator.Sample(ctx, SampleOptions{N: n, Seed: seed, Truncation: &threshold})
		},
		Codes: len(generator.Codes()),
		Traverse: func(ctx context.Context, code int, seed int64, rows int) (data.Batch, int, error) {
			return generator.Traverse(ctx, TraverseOptions{Code: code, Seed: seed, Rows: rows, Frames: 10})
		},
		Translate: func(ctx context.Context, pictures data.Array, direction string) (data.Array, error) {
			return generator.Translate(ctx, pictures, TranslateOptions{Direction: direction})
		},
		Read: func(ctx context.Context, pictures data.Array) (data.Batch, error) {
			reader, err := Open(job.Dir, OpenOptions{Backend: o.Backend, Threads: o.Threads, Critic: true})
			if err != nil {
				return nil, err
			}
			defer reader.Close()
			return reader.Read(ctx, pictures)
		},
	}, nil
}

// exhibit makes the first n samples of a seed; a conditional model makes each class in turn.
func (g *Generator) exhibit(ctx context.Context, seed int64, n int) (samples data.Batch, asked []int32, err error) {
	if g.Conditional() {
		for i := range n {
			asked = append(asked, int32(i%len(g.Codec.Classes())))
		}
	}
	samples, err = g.Sample(ctx, SampleOptions{N: n, Seed: seed})
	return samples, asked, err
}
