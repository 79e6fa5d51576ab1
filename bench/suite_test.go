package bench

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// One row is really timed, and the JSON has the names that its readers rely on.
func TestReportOfOneRow(t *testing.T) {
	report, err := Run(t.Context(), Options{Only: []string{"conv/cyclegan128/c512/forward"}, Threads: []int{1}, Bursts: 1})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.json")
	if err := report.Save(path); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Machine map[string]any `json:"machine"`
		Peak    *float64       `json:"peak_gflops"`
		Rows    []struct {
			Name      string   `json:"name"`
			Threads   int      `json:"threads"`
			Seconds   float64  `json:"seconds"`
			GFLOPS    float64  `json:"gflops"`
			OfPeak    *float64 `json:"of_peak"`
			Algorithm string   `json:"algorithm"`
		} `json:"rows"`
	}
	if err := json.Unmarshal(content, &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Rows) != 1 || read.Machine["cpu"] == nil || read.Peak == nil {
		t.Fatalf("the report is %s", content)
	}
	r := read.Rows[0]
	flops := 2.0 * 15 * 15 * 4 * 4 * 256 * 512
	if r.Name != "conv/cyclegan128/c512/forward" || r.Threads != 1 || r.Seconds <= 0 || r.Seconds > 60 || r.Algorithm == "" {
		t.Errorf("row %+v", r)
	}
	if got := r.GFLOPS * r.Seconds * 1e9; math.Abs(got/flops-1) > 1e-9 {
		t.Errorf("%v operations are counted, want %v", got, flops)
	}
	loaded, err := Load(path)
	if err != nil || loaded.Find(r.Name, 1) == nil || loaded.Find(r.Name, 2) != nil {
		t.Errorf("the report is not what was saved: %v", err)
	}
}

// measured is a report with a row for everything, with the same figures.
func measured() *Report {
	report := &Report{}
	for _, name := range Names(false) {
		for _, threads := range []int{1, 2} {
			peers := map[string]Peer{torch: {Ratio: 0.5}, compiled: {Ratio: 0.5}, jax: {Ratio: 0.5}, numpy: {Ratio: 0.5}}
			report.Rows = append(report.Rows, Row{Name: name, Threads: threads, Seconds: 0.2, OfPeak: 0.93, Value: 0.1, Error: &Error{1, 1}, Peers: peers})
		}
		if game, ok := strings.CutPrefix(name, "round/"); ok {
			report.Rows = append(report.Rows, Row{Name: "scaling/" + game, Threads: 2, Value: 1.8})
		}
	}
	return report
}

// Names are unique, and every bar has rows in the suite. One missing row, or one missing peer, and its bar is not measured.
func TestBarsHaveTheirRows(t *testing.T) {
	names := map[string]bool{}
	for _, name := range Names(true) {
		if names[name] {
			t.Errorf("two rows are called %s", name)
		}
		names[name] = true
	}
	for _, b := range bars() {
		if figure, _ := b.worst(measured()); math.IsNaN(figure) {
			t.Errorf("%s: no row", b.work)
		}
		if figure, _ := b.worst(&Report{}); b.verdict(figure) != "not measured" {
			t.Errorf("%s: nothing was measured, and it is %v", b.work, figure)
		}
	}
	b := findBar(t, "convolution shapes, three directions: time / PyTorch, geometric mean")
	report := measured()
	delete(report.Find("conv/cyclegan128/r256/byinput", 2).Peers, torch)
	if figure, _ := b.worst(report); !math.IsNaN(figure) {
		t.Errorf("a row without PyTorch does not matter: %v", figure)
	}
}

func findBar(t *testing.T, work string) bar {
	t.Helper()
	i := slices.IndexFunc(bars(), func(b bar) bool { return b.work == work })
	if i < 0 {
		t.Fatalf("there is no bar %q", work)
	}
	return bars()[i]
}

// The worse number of threads counts, in both senses of worse, and verdicts follow.
func TestBarsTakeTheWorse(t *testing.T) {
	report := measured()
	report.Find("round/dcgan64", 2).Peers[torch] = Peer{Ratio: 0.6}
	report.Find("direct/dcgan64/d2/forward", 2).OfPeak = 0.8
	report.Find("matmul/1024", 1).Peers[numpy] = Peer{Ratio: 1.1}
	report.Find("matmul/2048", 2).OfPeak = 0.1 // two threads do not count
	report.Find("matmul/2048", 1).OfPeak = 0.95
	for _, c := range []struct {
		work    string
		figure  float64
		threads int
		verdict string
	}{
		{"round of DCGAN-64, batch 64: time / PyTorch eager", 0.6, 2, "yes"},
		{"time / torch.compile", 0.5, 1, "aim"},
		{"direct convolution, DCGAN-64's middle layers, forward: share of peak, geometric mean", math.Cbrt(0.8 * 0.93 * 0.93), 2, "no"},
		{"square matmul 1024, 2048, 4096, each: share of FMA peak, 1 thread", 0.93, 1, "yes"},
		{"the same: time / the best of OpenBLAS and PyTorch", 1.1, 1, "no"},
		{"1 to 2 threads on the three convolutional rounds, the lowest", 1.8, 2, "yes"},
	} {
		b := findBar(t, c.work)
		if figure, threads := b.worst(report); math.Abs(figure-c.figure) > 1e-9 || threads != c.threads || b.verdict(figure) != c.verdict {
			t.Errorf("%s: %v on %d, %s; want %v on %d, %s", c.work, figure, threads, b.verdict(figure), c.figure, c.threads, c.verdict)
		}
	}
}

// Rows are chosen by name, by the front of a name, or by a pattern; what chooses none is an error that lists the groups.
func TestChoiceOfRows(t *testing.T) {
	for _, c := range []struct {
		only string
		name string
		want bool
	}{
		{"matmul/1024", "matmul/1024", true}, {"matmul/1024", "matmul/10240", false}, {"conv", "conv/dcgan64/d2/forward", true},
		{"conv/dcgan64/", "conv/dcgan64/d2/forward", true}, {"conv/*/*/forward", "conv/dcgan64/d2/forward", true}, {"conv/*/*/forward", "conv/dcgan64/d2/byinput", false},
	} {
		if got := (Options{Only: []string{c.only}}).wants(c.name); got != c.want {
			t.Errorf("%s wants %s: %v", c.only, c.name, got)
		}
	}
	_, err := Run(t.Context(), Options{Only: []string{"convv"}})
	if !errors.Is(err, ErrNothing) || !strings.Contains(err.Error(), "matmul") {
		t.Errorf("error %v", err)
	}
}

// The page keeps its notes, and says of everything whether it was measured.
func TestPageKeepsNotes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	report := measured()
	write := func() string {
		t.Helper()
		if err := report.WritePage(path); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	if err := os.WriteFile(path, []byte(write()+"\nWhere the time goes.\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	report.Find("matmul/1024", 1).OfPeak = 0.5
	report.Rows = slices.DeleteFunc(report.Rows, func(r Row) bool { return r.Name == "compile/dcgan64" })
	text := write()
	for _, want := range []string{"\nWhere the time goes.\n", "| 50 % | 1 | no |", "both players | 0.50 s | 0.10 s | | | not measured |", "| matmul/1024 | 1 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(write(), "1 thread | 90 % | 95 % | 93 %") {
		t.Error("the page still has what an earlier report said")
	}
}
