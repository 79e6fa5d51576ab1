package bench

import (
	"context"
	"time"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models"
)

// rounds are whole rounds: records are read, latents drawn, both players step, averages follow.
func rounds() (tasks []task) {
	for _, g := range games() {
		t := round("round/"+g.name, g.game)
		t.length, t.peers, t.work = 8*time.Second, g.peers, g.work
		t.work.Work, t.scales = "round", "scaling/"+g.name
		tasks = append(tasks, t)
	}
	return tasks
}

func round(name string, game func() (*gan.Game, error)) task {
	return task{
		name: name, length: time.Second,
		ours: func(_ context.Context, threads int) (*entrant, string, error) {
			g, err := game()
			if err != nil {
				return nil, "", err
			}
			t, err := sit(g, threads)
			if err != nil {
				return nil, "", err
			}
			return &entrant{threads: threads, burst: t.burst, close: t.close}, "", nil
		},
	}
}

// everyModel are rounds of the small preset of every model of the table on small pictures, of its last act: where pictures grow, at their
// full side.
func everyModel() (tasks []task) {
	for _, m := range models.Table() {
		tasks = append(tasks, round("model/"+m.Name, func() (*gan.Game, error) {
			return lastAct(makeGame(m, smallest(m), nil))
		}))
	}
	return tasks
}

// lastAct leaves a game its last act alone.
func lastAct(game *gan.Game, err error) (*gan.Game, error) {
	if err == nil {
		game.Acts = game.Acts[len(game.Acts)-1:]
	}
	return game, err
}

// smallest are the smallest pictures that are worth a network: those of side 28 or more that the model can do, with ten classes, and two
// domains of them where the model translates.
func smallest(m gan.Model) gan.Data {
	side := 28
	for i := len(m.Sides) - 1; i >= 0 && m.Sides[i] >= 28; i-- {
		side = m.Sides[i]
	}
	d := gan.Data{Field: data.Pictures, Shape: []int{side, side, 1}, Classes: 10}
	if m.Domains != gan.One {
		d.Field, d.To, d.Paired = "a", "b", m.Domains == gan.Pairs
	}
	return d
}
