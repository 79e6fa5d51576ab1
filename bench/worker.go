package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
)

// command is a piece of work as a peer is told.
type command struct {
	Work string `json:"work"` // "matmul", "conv", "block", "round" or "sample"

	N int `json:"n,omitempty"` // of matmul

	Direction string `json:"direction,omitempty"` // of conv, as our fields
	Batch     int    `json:"batch,omitempty"`     // of conv, block and sample
	Side      int    `json:"side,omitempty"`
	In        int    `json:"in,omitempty"`
	Out       int    `json:"out,omitempty"`
	Kernel    int    `json:"kernel,omitempty"`
	Stride    int    `json:"stride,omitempty"`
	Pad       int    `json:"pad,omitempty"`

	Game string `json:"game,omitempty"` // of round and sample

	Compile bool   `json:"compile,omitempty"` // by torch.compile
	Layout  string `json:"layout,omitempty"`  // "nchw" or "channels_last", where the peer has a choice
}

// request is a line that a peer reads.
type request struct {
	Do   string   `json:"do"` // "about", "open", "burst", "close" or "memory"
	ID   int      `json:"id,omitempty"`
	Work *command `json:"work,omitempty"`
	Runs int      `json:"runs,omitempty"`
}

// reply is a line that a peer answers.
type reply struct {
	Error   string    `json:"error"`
	About   string    `json:"about"`   // version and kernels
	Seconds []float64 `json:"seconds"` // of each run
	Bytes   int64     `json:"bytes"`
}

// worker is a process of a peer that lives as long as the benchmark, on a number of threads.
type worker struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
	stderr *lastBytes
	opened int
}

// start runs a peer's program and waits until it tells what it is.
func start(ctx context.Context, environ []string, line ...string) (w *worker, about string, err error) {
	w = &worker{cmd: exec.CommandContext(ctx, line[0], line[1:]...), stderr: &lastBytes{}}
	w.cmd.Env, w.cmd.Stderr = environ, w.stderr
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, "", err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	w.out = bufio.NewScanner(out)
	w.out.Buffer(nil, 1<<20)
	if err := w.cmd.Start(); err != nil {
		return nil, "", err
	}
	r, err := w.ask(request{Do: "about"})
	if err != nil {
		w.close()
		return nil, "", err
	}
	return w, r.About, nil
}

// ask sends a request and waits for the reply.
func (w *worker) ask(r request) (reply, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return reply{}, err
	}
	if _, err := w.in.Write(append(line, '\n')); err != nil {
		return reply{}, w.died(err)
	}
	if !w.out.Scan() {
		return reply{}, w.died(w.out.Err())
	}
	var answer reply
	if err := json.Unmarshal(w.out.Bytes(), &answer); err != nil {
		return reply{}, fmt.Errorf("the peer answered %q: %w", tail(w.out.Bytes()), err)
	}
	if answer.Error != "" {
		return answer, fmt.Errorf("the peer says: %s", answer.Error)
	}
	return answer, nil
}

// died is the error of a process that has ended, or has closed what it is spoken to through. Waiting for its end has all that it wrote last.
func (w *worker) died(err error) error {
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	w.close()
	return fmt.Errorf("the peer %s has ended: %w: %s", w.cmd.Path, err, w.stderr.tail())
}

// open prepares work and returns the number that it goes by.
func (w *worker) open(work command) (id int, err error) {
	w.opened++
	_, err = w.ask(request{Do: "open", ID: w.opened, Work: &work})
	return w.opened, err
}

// entrant does work that is open.
func (w *worker) entrant(name string, threads, id int, layout string) *entrant {
	return &entrant{
		name: name, threads: threads, layout: layout,
		burst: func(ctx context.Context, runs int) ([]float64, error) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			r, err := w.ask(request{Do: "burst", ID: id, Runs: runs})
			return r.Seconds, err
		},
		close: func() { w.ask(request{Do: "close", ID: id}) }, // one that has died has nothing left to close
	}
}

// close ends the process.
func (w *worker) close() {
	w.in.Close()
	w.cmd.Wait() // it was told to end; how it did says nothing of what was measured
}

// lastBytes keeps the end of what is written to it.
type lastBytes struct {
	mu   sync.Mutex
	kept []byte
}

func (l *lastBytes) Write(p []byte) (int, error) {
	const most = 4096
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, p...)
	if n := len(l.kept); n > most {
		l.kept = bytes.Clone(l.kept[n-most:])
	}
	return len(p), nil
}

func (l *lastBytes) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return tail(l.kept)
}

// cleaned is our environment for a peer on a number of threads: what would choose its kernels or threads otherwise is taken out.
// OpenBLAS, MKL and OpenMP all heed OMP_NUM_THREADS.
func cleaned(environ []string, threads int, more ...string) []string {
	kept := slices.DeleteFunc(slices.Clone(environ), func(v string) bool {
		for _, prefix := range []string{"OPENBLAS_", "GOTO_", "OMP_", "GOMP_", "KMP_", "MKL_", "DNNL_", "ONEDNN_", "TORCHINDUCTOR_", "XLA_"} {
			if strings.HasPrefix(v, prefix) {
				return true
			}
		}
		return false
	})
	return append(append(kept, fmt.Sprintf("OMP_NUM_THREADS=%d", threads), "CUDA_VISIBLE_DEVICES=", "JAX_PLATFORMS=cpu"), more...)
}

// scripts writes the Python side into a new folder.
func scripts() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "ganymede-bench-"); err != nil {
		return "", fmt.Errorf("bench: %w", err)
	}
	if err := os.CopyFS(dir, peerScripts); err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("bench: %w", err)
	}
	return dir, nil
}
