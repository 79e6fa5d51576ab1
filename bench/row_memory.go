package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// rememberedRounds is how many rounds are played before memory is read: by then all that is kept from round to round is there.
const rememberedRounds = 2

// memories are the peaks of resident memory of the rounds, less what is resident once the program is loaded. Each is measured in a process
// of its own.
func memories() (all []item) {
	for _, g := range games() {
		all = append(all, item{"memory/" + g.name, func(ctx context.Context, s *suite) (rows []Row, err error) {
			for _, threads := range s.Threads {
				row, err := g.memory(ctx, s, threads)
				if errors.Is(err, errNoMemory) {
					s.report.miss("memory/"+g.name, errNoMemory)
					return nil, nil
				}
				if err != nil {
					return nil, err
				}
				rows = append(rows, row)
			}
			return rows, nil
		}})
	}
	return all
}

func (g played) memory(ctx context.Context, s *suite, threads int) (Row, error) {
	row := Row{Name: "memory/" + g.name, Threads: threads, Peers: map[string]Peer{}}
	var err error
	if row.Bytes, err = inChild(ctx, s.Child([]string{"memory", g.name, "--threads", strconv.Itoa(threads)})); err != nil {
		return row, err
	}
	if s.workers == nil {
		return row, nil
	}
	work := g.work
	work.Work = "round"
	layout := "nchw"
	if timed := s.report.Find("round/"+g.name, threads); timed != nil && timed.Peers[torch].Layout != "" {
		layout = timed.Peers[torch].Layout // the one that was faster
	}
	theirs, err := s.workers.memory(ctx, torch, threads, work, layout)
	if err != nil {
		s.report.miss(row.Name+" on "+torch, err)
		return row, ctx.Err()
	}
	row.Peers[torch] = Peer{Bytes: theirs, Ratio: float64(row.Bytes) / float64(theirs), Layout: layout}
	return row, nil
}

// inChild runs a command line that ends in Memory and returns what it printed.
func inChild(ctx context.Context, line []string) (int64, error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, exe, line[1:]...)
	cmd.Args[0] = line[0]
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %s", strings.Join(line, " "), err, tail(stderr.Bytes()))
	}
	var n int64
	if err := json.Unmarshal(out, &n); err != nil {
		return 0, fmt.Errorf("%s: it printed %q: %w", strings.Join(line, " "), tail(out), err)
	}
	if n == 0 {
		return 0, errNoMemory
	}
	return n, nil
}

var errNoMemory = errors.New("this system does not tell the peak of a process's memory")

// Memory plays rounds of one of the compared games in this process, which must have done nothing else, and returns the peak of its resident
// memory less what was resident before, in bytes; 0 where the system does not tell.
func Memory(ctx context.Context, game string, threads int) (int64, error) {
	before := statusBytes("VmRSS")
	g, err := findGame(game)
	if err != nil {
		return 0, err
	}
	built, err := g.game()
	if err != nil {
		return 0, err
	}
	t, err := sit(built, threads)
	if err != nil {
		return 0, err
	}
	defer t.close()
	if _, err := t.burst(ctx, rememberedRounds); err != nil {
		return 0, err
	}
	return statusBytes("VmHWM") - before, nil
}

// statusBytes reads a figure of this process from Linux; 0 elsewhere.
func statusBytes(name string) int64 {
	content, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kilobytes << 10
		}
	}
	return 0
}

// tail is the end of what a process said.
func tail(text []byte) string {
	const enough = 800
	text = bytes.TrimSpace(text)
	if len(text) > enough {
		text = append([]byte("..."), text[len(text)-enough:]...)
	}
	return string(text)
}
