package ganymede

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/gan"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/run"
	"github.com/ganymede-gan/ganymede/train"
	"github.com/gomlx/gomlx/core/graph"
)

// small is a run of a second at most.
func small(t *testing.T, rounds int) Request {
	t.Helper()
	return Request{Data: "ring", Model: "vanilla", Run: filepath.Join(t.TempDir(), "run"), Rounds: rounds, Set: []string{"hidden=8", "data.points=200"}}
}

func TestOptionsAreDeclaredWhole(t *testing.T) {
	if err := config.Check(Engine{}); err != nil {
		t.Error(err)
	}
}

// A game whose graph cannot be built is told before a folder is made.
func TestNothingIsWrittenForAGameThatCannotBeBuilt(t *testing.T) {
	r := small(t, 1)
	r.Model, r.Set = "", nil
	r.Game = func(d gan.Data) (*gan.Game, error) {
		return &gan.Game{
			Batch: 4, Needs: []gan.Need{d.Need()}, Knobs: []gan.Knob{{Name: "rate", Value: 1}}, Shown: []string{"player"},
			Acts: []gan.Act{{Name: "play", Moves: []gan.Move{{
				Name: "move", Owns: []string{"player"}, Optimizer: gan.SGD{}, Rate: "rate",
				Loss: func(r *gan.Turn) *gan.Node { return graph.Reshape(r.Need(d.Field), 3, 5) }, // 8 numbers
			}}}},
			Generate: func(r *gan.Turn) gan.Fields { return gan.Fields{d.Field: r.Need(d.Field)} },
		}, nil
	}
	_, err := Train(context.Background(), r)
	if build := new(train.BuildError); !errors.As(err, &build) {
		t.Fatalf("error %v, want a *train.BuildError", err)
	}
	if _, err := os.Stat(r.Run); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the run's folder was made (%v)", err)
	}
}

// How training ended reaches the caller and the run's folder, errors of writing it down included.
func TestStatusThatCannotBeWrittenIsAnError(t *testing.T) {
	r := small(t, 2)
	r.Observe = func(e train.Event) {
		if e.Kind == train.Saved { // status.json becomes a folder, so that no file can take its place
			os.MkdirAll(filepath.Join(r.Run, "status.json", "in the way"), 0o777)
		}
	}
	if _, err := Train(context.Background(), r); err == nil {
		t.Error("no error though the status could not be written")
	}
}

// The averages of a run that starts from another's weights start at those weights, not at what was drawn.
func TestAveragesStartAtAdoptedWeights(t *testing.T) {
	first := small(t, 30)
	if _, err := Train(context.Background(), first); err != nil {
		t.Fatal(err)
	}
	second := small(t, 1)
	second.Init, second.Seed = first.Run, 99
	second.Set = append(second.Set, "optim.rate=1e-9")
	outcome, err := Train(context.Background(), second)
	if err != nil {
		t.Fatal(err)
	}
	if outcome.Adopted == 0 || len(outcome.Left) > 0 {
		t.Errorf("%d weights adopted, %v left; want all and none", outcome.Adopted, outcome.Left)
	}
	raw := tensorsOf(t, first.Run, run.State)
	for name, got := range tensorsOf(t, second.Run, run.Weights) {
		want := raw[name]
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-6 {
				t.Fatalf("%s[%d] is %v, adopted was %v", name, i, got[i], want[i])
			}
		}
	}
}

// tensorsOf reads the newest checkpoint's float32 tensors.
func tensorsOf(t *testing.T, dir string, part run.Part) map[string][]float64 {
	t.Helper()
	folder, err := run.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := folder.Load(run.Last, part)
	if err != nil {
		t.Fatal(err)
	}
	file := checkpoint.Weights
	if part == run.State {
		file = checkpoint.State
	}
	all := map[string][]float64{}
	for _, tensor := range file.Tensors {
		for i := 0; i+4 <= len(tensor.Data); i += 4 {
			d := tensor.Data[i:]
			bits := uint32(d[0]) | uint32(d[1])<<8 | uint32(d[2])<<16 | uint32(d[3])<<24
			all[tensor.Name] = append(all[tensor.Name], float64(math.Float32frombits(bits)))
		}
	}
	return all
}

// A run that is given a time plays about so long, is finished then, and ends with a sheet of its last round.
func TestTimedRuns(t *testing.T) {
	r := small(t, 0)
	r.Time = 300 * time.Millisecond
	outcome, err := Train(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	if !outcome.Finished || outcome.Round == 0 {
		t.Errorf("outcome %+v, want some rounds, finished", outcome)
	}
	if _, err := os.Stat(filepath.Join(r.Run, "samples", fmt.Sprintf("round-%d.png", outcome.Round))); err != nil {
		t.Error(err)
	}
	if s := run.Summarise(r.Run); s.Condition != run.Finished {
		t.Errorf("the run is %s, want finished", s.Condition)
	}
}

// A cancelled context ends training after a whole round, saved.
func TestCancelledTrainingIsSaved(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := small(t, 1000)
	r.Observe = func(e train.Event) {
		if e.Result.Round == 7 {
			cancel()
		}
	}
	outcome, err := Train(ctx, r)
	if !errors.Is(err, context.Canceled) || outcome == nil || outcome.Finished {
		t.Fatalf("outcome %+v, error %v; want it cancelled", outcome, err)
	}
	s := run.Summarise(r.Run)
	if s.Condition != run.Stopped || len(s.Checkpoints) != 1 || s.Checkpoints[0] != outcome.Round {
		t.Errorf("the run is %s with checkpoints %v, want stopped with that of round %d", s.Condition, s.Checkpoints, outcome.Round)
	}
}

func TestErrRequestMarksWhatIsWrongWithTheRequest(t *testing.T) {
	for name, change := range map[string]func(*Request){
		"no data":         func(r *Request) { r.Data = "" },
		"unknown model":   func(r *Request) { r.Model = "dcgn" },
		"unknown option":  func(r *Request) { r.Set = []string{"latnt=3"} },
		"wrong pair":      func(r *Request) { r.Model, r.Set = "dcgan", nil },
		"combination":     func(r *Request) { r.Set = append(r.Set, "objective=wasserstein") },
		"backend":         func(r *Request) { r.Backend = "quantum" },
		"no such file":    func(r *Request) { r.File = "nowhere.toml" },
		"nothing to take": func(r *Request) { r.Backend = "xla:" },
	} {
		r := small(t, 1)
		change(&r)
		if _, err := Train(context.Background(), r); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: error %v is not marked", name, err)
		}
	}
	r := small(t, 1)
	r.Data = "nowhere"
	if _, err := Train(context.Background(), r); err == nil || errors.Is(err, ErrRequest) {
		t.Errorf("data that are not there: error %v must not be marked", err)
	}
}

func TestEvenly(t *testing.T) {
	all := []int{0, 1, 2, 5, 10, 20, 50, 100}
	for n, want := range map[int]string{2: "[0 100]", 3: "[0 5 100]", 8: "[0 1 2 5 10 20 50 100]", 20: "[0 1 2 5 10 20 50 100]"} {
		if got := fmt.Sprint(evenly(all, n)); got != want {
			t.Errorf("%d of %v: %s, want %s", n, all, got, want)
		}
	}
}

func TestARunKilledBeforeItWasDescribedIsCompleted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	request := Request{Data: "ring", Model: "vanilla", Run: dir, Rounds: 2, Seed: 1, Set: []string{"hidden=8", "optim.batch=8"}}
	plan, err := Prepare(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"split.json", "codec.json", "card.md", "checkpoints"} { // as a kill right after run.toml leaves it
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	resume := Request{Run: dir, Resume: true, Rounds: 2}
	if _, err := Train(t.Context(), resume); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, OpenOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "split.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := Train(t.Context(), resume); err == nil || !strings.Contains(err.Error(), "split.json") {
		t.Fatalf("a trained run without its split resumed: %v", err)
	}
}

// Whoever reads the README sees every model that the program has.
func TestReadmeNamesEveryModel(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range models.Table() {
		if !strings.Contains(string(readme), "`"+m.Name+"`") {
			t.Errorf("README.md says nothing of %s", m.Name)
		}
	}
}
