package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// Serve is the other side of a worker for any backend of GoMLX: it reads requests from in, a line each, and answers them on out, until in
// ends. The graphs are those that we time on the engine. bench/peers/stock serves GoMLX's own backend.
func Serve(ctx context.Context, in io.Reader, out io.Writer, about string, backend func() (compute.Backend, error)) error {
	s := server{about: about, backend: backend, open: map[int]*entrant{}}
	answers := json.NewEncoder(out)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var r request
		err := json.Unmarshal(lines.Bytes(), &r)
		var answer reply
		if err == nil {
			answer, err = s.answer(ctx, r)
		}
		if err != nil {
			answer = reply{Error: err.Error()}
		}
		if err := answers.Encode(answer); err != nil {
			return fmt.Errorf("bench: answering: %w", err)
		}
	}
	return lines.Err()
}

// server is what Serve keeps.
type server struct {
	about   string
	backend func() (compute.Backend, error)
	open    map[int]*entrant
}

func (s *server) answer(ctx context.Context, r request) (reply, error) {
	switch r.Do {
	case "about":
		return reply{About: s.about}, nil
	case "open":
		if r.Work == nil {
			return reply{}, fmt.Errorf("open without work")
		}
		e, err := s.entrant(*r.Work)
		if err == nil {
			s.open[r.ID] = e
		}
		return reply{}, err
	case "burst", "close":
		e := s.open[r.ID]
		if e == nil {
			return reply{}, fmt.Errorf("%d is not open", r.ID)
		}
		if r.Do == "close" {
			delete(s.open, r.ID)
			e.close()
			return reply{}, nil
		}
		seconds, err := e.burst(ctx, r.Runs)
		return reply{Seconds: seconds}, err
	default:
		return reply{}, fmt.Errorf("there is no %q", r.Do)
	}
}

// entrant prepares work.
func (s *server) entrant(c command) (*entrant, error) {
	backend, err := s.backend()
	if err != nil {
		return nil, err
	}
	var build func(g *graph.Graph, in inputs) *graph.Node
	switch c.Work {
	case "matmul":
		build = square(c.N)
	case "conv":
		build = conv{"", c.Batch, c.Side, c.In, c.Out, c.Kernel, c.Stride, c.Pad}.build(c.Direction)
	case "round":
		return s.round(backend, c)
	default:
		return nil, fmt.Errorf("there is no work %q", c.Work)
	}
	w, err := onBackend(backend, alone(build))
	if err != nil {
		return nil, err
	}
	return &entrant{burst: w.burst, close: w.close}, nil
}

// round prepares rounds of a compared game.
func (s *server) round(backend compute.Backend, c command) (*entrant, error) {
	all := games()
	i := slices.IndexFunc(all, func(g played) bool { return g.work.Game == c.Game })
	if i < 0 {
		return nil, fmt.Errorf("there is no game %q", c.Game)
	}
	game, err := all[i].game()
	if err != nil {
		return nil, err
	}
	t, err := sitOn(backend, game)
	if err != nil {
		return nil, err
	}
	return &entrant{burst: t.burst, close: t.close}, nil
}
