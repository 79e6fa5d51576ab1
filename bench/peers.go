package bench

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The peers by name.
const (
	torch    = "torch"         // PyTorch, eager
	compiled = "torch.compile" // PyTorch, compiled by Inductor
	jax      = "jax"           // JAX, jit
	numpy    = "numpy"         // NumPy with its OpenBLAS
	stock    = "gomlx"         // GoMLX's own Go backend, built with GOEXPERIMENT=simd
)

//go:embed peers/*.py
var peerScripts embed.FS

// workers are the processes of the peers, started when they are first needed.
type workers struct {
	scripts string
	python  map[string]string // by the module that it has
	stock   string
	running map[string]*worker
	about   map[string]string // what each program says it is
}

// newWorkers looks for the peers' modules.
func newWorkers(ctx context.Context, pythons []string, stock string) (w *workers, err error) {
	w = &workers{python: map[string]string{}, stock: stock, running: map[string]*worker{}, about: map[string]string{}}
	if w.scripts, err = scripts(); err != nil {
		return nil, err
	}
	for _, python := range pythons {
		for _, module := range []string{torch, jax, numpy} {
			if w.python[module] == "" && hasModule(ctx, python, module) {
				w.python[module] = python
			}
		}
	}
	return w, ctx.Err()
}

// hasModule asks a Python whether it could import a module, without importing it.
func hasModule(ctx context.Context, python, module string) bool {
	ask := "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
	return exec.CommandContext(ctx, python, "-c", ask, module).Run() == nil
}

// errNoPeer is a peer that is not installed.
var errNoPeer = errors.New("it is not installed; bench/peers/setup.sh installs the peers, and --python and --stock say where they are")

// module is what a peer's program is named by: compiled and eager PyTorch are one program.
func module(peer string) string {
	if peer == compiled {
		return torch
	}
	return peer
}

// get returns the process of a peer on a number of threads.
func (w *workers) get(ctx context.Context, peer string, threads int) (*worker, error) {
	key := fmt.Sprint(module(peer), threads)
	if running := w.running[key]; running != nil {
		return running, nil
	}
	started, err := w.start(ctx, peer, threads)
	if err != nil {
		return nil, err
	}
	w.running[key] = started
	return started, nil
}

func (w *workers) start(ctx context.Context, peer string, threads int) (*worker, error) {
	name := module(peer)
	line := []string{w.python[name], filepath.Join(w.scripts, "peers", "worker.py"), name, fmt.Sprint(threads)}
	if name == stock {
		line = []string{w.stock, fmt.Sprint(threads)}
	}
	if line[0] == "" {
		return nil, errNoPeer
	}
	if _, err := os.Stat(line[0]); err != nil && strings.ContainsRune(line[0], filepath.Separator) {
		return nil, errNoPeer
	}
	// What Inductor has compiled is kept for the next time, apart for each number of threads, which it compiles in.
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = w.scripts
	}
	inductor := filepath.Join(cache, "ganymede", "bench", fmt.Sprintf("inductor-%d", threads))
	started, about, err := start(ctx, cleaned(os.Environ(), threads, "TORCHINDUCTOR_CACHE_DIR="+inductor), line...)
	if err != nil {
		return nil, err
	}
	w.about[name] = about
	return started, nil
}

// memory is the peak of a new process of the peer that does the work, less what was resident when the peer was loaded.
func (w *workers) memory(ctx context.Context, peer string, threads int, work command, layout string) (int64, error) {
	started, err := w.start(ctx, peer, threads)
	if err != nil {
		return 0, err
	}
	defer started.close()
	work.Layout = layout
	r, err := started.ask(request{Do: "memory", Work: &work, Runs: rememberedRounds})
	return r.Bytes, err
}

func (w *workers) close() {
	for _, running := range w.running {
		running.close()
	}
	os.RemoveAll(w.scripts)
}

// peer opens work at a peer, in the layout that is faster there; nil if no peers are wanted, or there is none. With an error there may be one
// too, in the layout that it could do.
func (s *suite) peer(ctx context.Context, name string, threads int, work command) (*entrant, error) {
	if s.workers == nil {
		return nil, nil
	}
	w, err := s.workers.get(ctx, name, threads)
	if err != nil {
		return nil, err
	}
	work.Compile = name == compiled
	var rivals []*entrant
	for _, layout := range s.layouts(name, work) {
		work.Layout = layout
		id, failed := w.open(work)
		if failed != nil {
			err = failed
			break
		}
		e := w.entrant(name, threads, id, layout)
		if e.took, err = trial(ctx, e); err != nil {
			e.close()
			break
		}
		rivals = append(rivals, e)
	}
	if err == nil {
		err = tryAgain(ctx, rivals)
	}
	best := fastest(rivals)
	for _, e := range rivals {
		if e != best {
			e.close()
		}
	}
	if err != nil {
		return best, err
	}
	if best.took > long || work.Compile {
		s.settled[work.of(name)] = best.layout
	}
	return best, nil
}

// A rival that took at most near times what the fastest took is tried again, so many times, unless a run of all takes more than patience.
const (
	near     = 1.4
	retrials = 3
	patience = 10.0 // seconds
)

// tryAgain repeats trials of work in several layouts where it is not clear which is the fastest, in turn, in short bursts: a single trial may
// have met a busy machine. The least time of each counts.
func tryAgain(ctx context.Context, rivals []*entrant) error {
	for range retrials {
		var again []*entrant
		all := 0.0
		for _, e := range rivals {
			if e.took <= near*fastest(rivals).took {
				again = append(again, e)
				all += e.took
			}
		}
		if len(again) < 2 || all > patience {
			return nil
		}
		for _, e := range again {
			seconds, err := e.burst(ctx, max(1, int(shortest.Seconds()/e.took)))
			if err != nil {
				return err
			}
			e.took = min(e.took, median(seconds))
		}
	}
	return nil
}

// fastest is the entrant that took the least time; nil of none.
func fastest(entrants []*entrant) (best *entrant) {
	for _, e := range entrants {
		if best == nil || e.took < best.took {
			best = e
		}
	}
	return best
}

// layouts are those of a peer's pictures that are tried: of work that is long, or long to compile, the one that was faster on another
// number of threads.
func (s *suite) layouts(peer string, work command) []string {
	if module(peer) != torch || work.Work == "matmul" || work.Game == "vanilla" {
		return []string{""}
	}
	if layout, ok := s.settled[work.of(peer)]; ok {
		return []string{layout}
	}
	return []string{"nchw", "channels_last"}
}

// of names work at a peer, whatever its layout.
func (c command) of(peer string) string {
	c.Layout, c.Compile = "", false
	return fmt.Sprint(peer, c)
}
