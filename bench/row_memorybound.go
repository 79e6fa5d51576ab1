package bench

import (
	"context"
	"fmt"
)

// fewFlops is the number of operations a byte under which a kernel waits for memory rather than for arithmetic.
const fewFlops = 4

// memoryBound is the share of a round that is spent in kernels of few operations a byte, by the profile.
func memoryBound() item {
	g, _ := findGame("dcgan64")
	name := "memory-bound/" + g.name
	return item{name, func(ctx context.Context, s *suite) (rows []Row, err error) {
		for _, threads := range s.Threads {
			game, err := g.game()
			if err != nil {
				return nil, err
			}
			p, err := profileGame(ctx, game, threads, 3)
			if err != nil {
				return nil, fmt.Errorf("%d threads: %w", threads, err)
			}
			rows = append(rows, Row{Name: name, Threads: threads, Seconds: p.Round, Value: p.share(func(l Line) bool { return l.Intensity < fewFlops })})
		}
		return rows, nil
	}}
}
