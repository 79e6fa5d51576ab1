package bench

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/engine"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/ganymede-gan/ganymede/train"
)

// What is timed is the convolution that the row says, in each direction, for strides that leave a row over too: the outputs are those of
// the definition.
func TestConvolutionsAreRight(t *testing.T) {
	for _, c := range []conv{{"plain", 2, 6, 3, 5, 3, 1, 1}, {"stride", 2, 8, 3, 4, 4, 2, 1}, {"row over", 1, 8, 2, 3, 3, 2, 0}, {"whole", 2, 4, 3, 2, 4, 1, 0}} {
		for _, direction := range directions {
			for _, config := range []string{"", "conv=exact"} {
				got, want, err := c.sample(config, direction)
				if err != nil {
					t.Fatalf("%s %s: %v", c.name, direction, err)
				}
				if rms, largest := deviation(got, want); !(rms < 1e-6 && largest < 1e-5) {
					t.Errorf("%s %s: errors %v, %v", c.name, direction, rms, largest)
				}
			}
		}
	}
}

// A deviation of a tenth is seen as one.
func TestDeviation(t *testing.T) {
	rms, largest := deviation([]float32{1, -1, 1, -0.5}, []float64{1, -1, 1, -1})
	if math.Abs(rms-0.25) > 1e-12 || math.Abs(largest-0.5) > 1e-12 {
		t.Errorf("rms %v, largest %v", rms, largest)
	}
}

// The graphs that are timed hold one convolution and, but for packing its weights, nothing else.
func TestOnlyTheConvolutionIsTimed(t *testing.T) {
	c := conv{"d", 2, 8, 16, 32, 4, 2, 1}
	for _, direction := range directions {
		w, err := onEngine("", 1, alone(c.build(direction)))
		if err != nil {
			t.Fatal(err)
		}
		defer w.close()
		profile, stop := w.backend.(*engine.Backend).Profile()
		_, err = w.burst(t.Context(), 1)
		stop()
		if err != nil {
			t.Fatal(err)
		}
		convolutions := 0
		for _, r := range profile.Rows() {
			switch {
			case strings.HasPrefix(r.Kernel, "conv."+direction) && r.Calls == 1 && float64(r.Flops) == c.flops():
				convolutions++
			case !strings.HasPrefix(r.Kernel, "pack."):
				t.Errorf("%s: %+v is timed too", direction, r)
			}
		}
		if convolutions != 1 {
			t.Errorf("%s: %d convolutions", direction, convolutions)
		}
	}
}

// Small rounds of every model, and of the block, can be played on records that are made up, and be profiled.
func TestProfileOfARound(t *testing.T) {
	p, err := ProfileRound(t.Context(), RoundOptions{Model: "dcgan", Side: 16, Channels: 1, Set: []string{"filters=4", "optim.batch=4"}, Threads: 1, Rounds: 2})
	if err != nil {
		t.Fatal(err)
	}
	share, calls := 0.0, 0
	for _, l := range p.Lines {
		share, calls = share+l.Share, calls+l.Calls
		if l.Seconds <= 0 || l.Bytes <= 0 {
			t.Errorf("line %+v", l)
		}
	}
	if math.Abs(share-1) > 1e-9 || calls != len(p.calls) || calls%2 != 0 {
		t.Errorf("shares add up to %v, %d calls of %d", share, calls, len(p.calls))
	}
	var text strings.Builder
	p.Print(&text)
	if !strings.Contains(text.String(), "conv.forward 4x16x16x1") || !strings.Contains(text.String(), "of peak") {
		t.Errorf("the table is %s", text.String())
	}
	path := filepath.Join(t.TempDir(), "trace.json")
	if err := p.WriteTrace(path); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var trace struct {
		Events []traceEvent `json:"traceEvents"`
	}
	if err := json.Unmarshal(content, &trace); err != nil || len(trace.Events) != calls {
		t.Fatalf("%d events, %v", len(trace.Events), err)
	}
	for i, e := range trace.Events[1:] {
		if before := trace.Events[i]; e.Phase != "X" || e.Begin+0.002 < before.Begin+before.Duration { // the clock's last digits
			t.Errorf("kernels overlap: %+v, %+v", before, e)
		}
	}
}

// Every game that rows are made of can be built, and so can every model's small preset.
func TestGamesBuild(t *testing.T) {
	for _, g := range games() {
		game, err := g.game()
		if err != nil {
			t.Errorf("%s: %v", g.name, err)
			continue
		}
		if _, err := randomRecords(game); err != nil {
			t.Errorf("%s: %v", g.name, err)
		}
	}
	for _, m := range models.Table() {
		if _, err := makeGame(m, smallest(m), []string{"optim.batch=16"}); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
}

// A round of the block is played, R1 and all.
func TestBlockPlays(t *testing.T) {
	game, err := block()
	if err != nil {
		t.Fatal(err)
	}
	game.Batch = 2
	table, err := sit(game, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer table.close()
	result, err := table.trainer.Play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r1, ok := result.Get("critic/r1"); !ok || r1 <= 0 {
		t.Errorf("R1 is %v", r1)
	}
}

// The peers' players have as many weights as ours. The numbers are sums of numel() over the parameters of peers/torch_games.py, torch 2.15.
func TestPeersHaveTheSamePlayers(t *testing.T) {
	ops.Register()
	backend, err := engine.New("threads=1")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	for name, want := range map[string][2]int{
		"dcgan64": {3576704, 2765568}, "wgangp32": {1204483, 1053825}, "stylegan2-block": {558467, 459777}, "vanilla28": {293136, 267009},
	} {
		g, err := findGame(name)
		if err != nil {
			t.Fatal(err)
		}
		game, err := g.game()
		if err != nil {
			t.Fatal(err)
		}
		weights, err := train.Outline(backend, game)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]int{weights.Count(gan.GeneratorScope), weights.Count(gan.CriticScope)}; got != want {
			t.Errorf("%s: generator and critic have %v weights, the peer's have %v", name, got, want)
		}
	}
}
