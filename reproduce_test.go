package ganymede

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/models"
	"github.com/ganymede-gan/ganymede/reproduce"
	"github.com/ganymede-gan/ganymede/train"
)

// trial is an experiment of a second: the ring with small networks, judged by the experiment's own judge.
func trial(t *testing.T) (reproduce.Experiment, reproduce.Part) {
	t.Helper()
	ring, err := reproduce.Find("ring")
	if err != nil {
		t.Fatal(err)
	}
	part := reproduce.Part{
		Name: "wgan-gp", Model: "wgan-gp", Rounds: 12, Seeds: []int64{1},
		Set:  []string{"latent=2", "hidden=8", "layers=1", "optim.batch=16", "penalty.gp=0.1"},
		Bars: []reproduce.Bar{{Figure: "modes", Least: 8}, {Figure: "good", Least: 0.9}},
	}
	ring.Parts = []reproduce.Part{part}
	return ring, part
}

func trialStudio(t *testing.T, dir string) *reproduce.Studio {
	t.Helper()
	studio, done, err := newStudio(ReproduceOptions{Runs: filepath.Join(dir, "runs"), Records: filepath.Join(dir, "records"), Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(done)
	return studio
}

func TestReproduceTrainsJudgesAndRecords(t *testing.T) {
	dir := t.TempDir()
	studio := trialStudio(t, dir)
	experiment, part := trial(t)
	record, err := studio.Perform(context.Background(), experiment, part, 1)
	if err != nil {
		t.Fatal(err)
	}
	if record.Rounds != 12 || record.Logged != 12 || record.Seconds <= 0 || len(record.Config) != 64 || len(record.Data.SHA256) != 64 || record.Seed != 1 {
		t.Errorf("the record is not whole: %+v", record)
	}
	// Twelve rounds teach nothing, but real points are good whatever was trained: 1 - exp(-4.5) = 0.989 of 2,500, with a
	// standard deviation of 0.002.
	if share, _ := record.Real.Get("good"); share < 0.978 || share > 1 {
		t.Errorf("%.4f of the real points are good; it should be about 0.989", share)
	}
	if n, _ := record.Real.Get("modes"); n != 8 {
		t.Errorf("the real points have %g modes; the ring has 8", n)
	}
	if share, ok := record.Figures.Get("good"); !ok || share > 0.5 {
		t.Errorf("%.4f of the samples are good after 12 rounds", share)
	}
	written := readJSON(t, filepath.Join(dir, "records", "ring", "wgan-gp-1.json"))
	if written["commit"] != Commit() || written["protocol"] == "" || written["backend"] != "cpu" {
		t.Errorf("the record says commit %q, backend %q", written["commit"], written["backend"])
	}
	for _, file := range []string{"wgan-gp-1.rounds.jsonl", "wgan-gp-1-samples.png"} {
		if _, err := os.Stat(filepath.Join(dir, "records", "ring", file)); err != nil {
			t.Error(err)
		}
	}
}

func TestReproduceGoesOnWhereItWasStopped(t *testing.T) {
	experiment, part := trial(t)
	whole, halves := trialStudio(t, t.TempDir()), trialStudio(t, t.TempDir())
	want, err := whole.Perform(context.Background(), experiment, part, 1)
	if err != nil {
		t.Fatal(err)
	}
	// The run is stopped after a few rounds, as by Ctrl-C, and begun again.
	ctx, cancel := context.WithCancel(context.Background())
	o := ReproduceOptions{Threads: 1, Observe: stopAfter(5, cancel)}
	toTheEnd := halves.Train
	halves.Train = o.train
	if _, err := halves.Perform(ctx, experiment, part, 1); err == nil {
		t.Fatal("a stopped run was judged")
	}
	halves.Train = toTheEnd
	got, err := halves.Perform(context.Background(), experiment, part, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got.Logged != want.Logged || !equalFigures(got.Figures, want.Figures) || got.Config != want.Config {
		t.Errorf("in two halves: %+v; at once: %+v", got.Figures, want.Figures)
	}
}

func TestExperimentsSetOptionsThatExist(t *testing.T) {
	for _, e := range reproduce.Table() {
		kind := "images"
		if e.Name == "ring" || e.Name == "grid" {
			kind = "points"
		}
		for _, p := range e.Parts {
			model, err := models.Find(p.Model)
			if err != nil {
				t.Fatal(err)
			}
			c, err := Configure(model, kind)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Load(config.Flags(append(append([]string{}, e.Set...), p.Set...))); err != nil {
				t.Errorf("%s/%s: %v", e.Name, p.Name, err)
			}
		}
	}
}

func TestTheTableLeavesOutWhatProvesNothing(t *testing.T) {
	dir := t.TempDir()
	studio := trialStudio(t, dir)
	experiment, part := trial(t)
	if _, err := studio.Perform(context.Background(), experiment, part, 1); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "records", "ring", "wgan-gp-1.json")
	sound := readJSON(t, path)
	sound["commit"] = "0123456789ab" // a test binary has none
	writeJSON(t, path, sound)
	read := func() (int, string) {
		t.Helper()
		records, omitted, err := reproduce.ReadRecords(studio.Records, experiment)
		if err != nil {
			t.Fatal(err)
		}
		if len(omitted) == 0 {
			return len(records), ""
		}
		return len(records), omitted[0].Err.Error()
	}
	if n, why := read(); n != 1 {
		t.Fatalf("a sound record was left out: %s", why)
	}
	for key, c := range map[string]struct {
		value any
		why   string
	}{
		"commit": {"0123456789ab+changes", "commit"},
		"config": {"", "configuration"},
		"rounds": {13, "13 rounds"},
		"seed":   {2, "another name"},
		"set":    {[]string{"hidden=9"}, "hidden=9"},
		"part":   {"other", "another name"},
		"more":   {true, "no record"},
	} {
		broken := readJSON(t, path)
		broken[key] = c.value
		writeJSON(t, path, broken)
		if n, why := read(); n != 0 || !strings.Contains(why, c.why) {
			t.Errorf("with %s %v: %d records count, and the reason is %q", key, c.value, n, why)
		}
		writeJSON(t, path, sound)
	}
	rounds := strings.TrimSuffix(path, ".json") + ".rounds.jsonl"
	content, err := os.ReadFile(rounds)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(content), "\n"), "\n")
	if err := os.WriteFile(rounds, []byte(strings.Join(lines[:len(lines)-1], "")), 0o666); err != nil {
		t.Fatal(err)
	}
	if n, why := read(); n != 0 || !strings.Contains(why, "ends at round 11 of 12") {
		t.Errorf("without its last round %d records count, and the reason is %q", n, why)
	}
	if err := os.Remove(rounds); err != nil {
		t.Fatal(err)
	}
	if n, _ := read(); n != 0 {
		t.Error("a record counts without its rounds")
	}
}

// stopAfter cancels once so many rounds are played.
func stopAfter(rounds int, cancel func()) func(train.Event) {
	return func(e train.Event) {
		if e.Kind == train.Played && e.Result.Round == rounds {
			cancel()
		}
	}
}

func readJSON(t *testing.T, path string) map[string]any {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func writeJSON(t *testing.T, path string, object map[string]any) {
	t.Helper()
	raw, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o666); err != nil {
		t.Fatal(err)
	}
}

func equalFigures(a, b reproduce.Figures) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
