package bench

import (
	"context"
	"time"
)

// compiles is the time from a game to a round that is ready to be played: both players' graphs are built, differentiated and planned.
func compiles() []task {
	g, _ := findGame("dcgan64")
	return []task{{
		name: "compile/" + g.name, length: 2 * time.Second,
		ours: func(_ context.Context, threads int) (*entrant, string, error) {
			burst := func(ctx context.Context, runs int) ([]float64, error) {
				seconds := make([]float64, runs)
				for i := range seconds {
					if err := ctx.Err(); err != nil {
						return nil, err
					}
					game, err := g.game()
					if err != nil {
						return nil, err
					}
					t, err := sit(game, threads)
					if err != nil {
						return nil, err
					}
					began := time.Now()
					err = t.trainer.Build()
					seconds[i] = time.Since(began).Seconds()
					t.close()
					if err != nil {
						return nil, err
					}
				}
				return seconds, nil
			}
			return &entrant{threads: threads, burst: burst, close: func() {}}, "", nil
		},
	}}
}
