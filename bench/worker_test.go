package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

// TestMain lets the test binary be a peer too: GoMLX's own backend, or one that dies in its first burst.
func TestMain(m *testing.M) {
	switch os.Getenv("GANYMEDE_BENCH_TEST_PEER") {
	case "stock":
		open := func() (compute.Backend, error) { return gobackend.New("ops_sequential") }
		if err := Serve(context.Background(), os.Stdin, os.Stdout, "a test's peer", open); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case "mortal":
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"burst"`) {
				fmt.Fprintln(os.Stderr, "a library crashed")
				os.Exit(3)
			}
			fmt.Println("{}")
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A row is timed beside a peer in another process: both have seconds, and the ratio is theirs.
func TestRowBesideAPeer(t *testing.T) {
	t.Setenv("GANYMEDE_BENCH_TEST_PEER", "stock")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), Options{Only: []string{"round/vanilla28"}, Threads: []int{1}, Bursts: 2, Peers: true, Stock: exe})
	if err != nil {
		t.Fatal(err)
	}
	row := report.Find("round/vanilla28", 1)
	if row == nil {
		t.Fatal("there is no row")
	}
	p, ok := row.Peers[stock]
	if !ok || p.Seconds <= 0 || p.Ratio <= 0 || p.Low > p.Ratio || p.High < p.Ratio {
		t.Errorf("row %+v", row)
	}
	if report.Programs[stock] != "a test's peer" {
		t.Errorf("programs %v", report.Programs)
	}
	if missing := report.Missing[errNoPeer.Error()]; !slices.Contains(missing, "round/vanilla28 on torch") {
		t.Errorf("missing %v", report.Missing)
	}
}

// What a peer cannot do is an error in its words; one that dies is an error with its last ones, and so is everything after it.
func TestPeersFail(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	serve := func(kind string) *worker {
		w, _, err := start(t.Context(), append(os.Environ(), "GANYMEDE_BENCH_TEST_PEER="+kind), exe)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.close)
		return w
	}
	if _, err := serve("stock").open(command{Work: "juggle"}); err == nil || !strings.Contains(err.Error(), "juggle") {
		t.Errorf("error %v", err)
	}
	mortal := serve("mortal")
	id, err := mortal.open(command{Work: "matmul", N: 4})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := mortal.entrant("mortal", 1, id, "").burst(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "a library crashed") {
			t.Errorf("error %v", err)
		}
	}
}

// The served work is the work that was asked for: its bursts have as many runs, and closed work is gone.
func TestServe(t *testing.T) {
	requests := `{"do":"about"}
{"do":"open","id":7,"work":{"work":"conv","direction":"bykernel","batch":1,"side":4,"in":2,"out":3,"kernel":3,"stride":1,"pad":1}}
{"do":"burst","id":7,"runs":3}
{"do":"close","id":7}
{"do":"burst","id":7,"runs":1}
nonsense
`
	var out strings.Builder
	open := func() (compute.Backend, error) { return gobackend.New("ops_sequential") }
	if err := Serve(t.Context(), strings.NewReader(requests), &out, "me", open); err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(answers) != 6 {
		t.Fatalf("answers %q", answers)
	}
	if !strings.Contains(answers[0], `"about":"me"`) || strings.Count(answers[2], ",") < 2 || !strings.Contains(answers[4], "7 is not open") || !strings.Contains(answers[5], "invalid character") {
		t.Errorf("answers %q", answers)
	}
}

// Nothing in the environment chooses a peer's kernels or threads but the number that is asked for.
func TestEnvironmentOfPeers(t *testing.T) {
	got := cleaned([]string{"HOME=/home/me", "OPENBLAS_CORETYPE=Haswell", "OMP_NUM_THREADS=9", "MKL_DEBUG=1"}, 2)
	if !slices.Contains(got, "HOME=/home/me") || !slices.Contains(got, "OMP_NUM_THREADS=2") ||
		slices.ContainsFunc(got, func(v string) bool {
			return strings.HasPrefix(v, "OPENBLAS") || strings.HasPrefix(v, "MKL") || v == "OMP_NUM_THREADS=9"
		}) {
		t.Errorf("environment %q", got)
	}
}

// The Python side is in the binary.
func TestScriptsAreEmbedded(t *testing.T) {
	dir, err := scripts()
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"worker.py", "torch_peer.py", "torch_games.py", "jax_peer.py", "numpy_peer.py"} {
		f, err := os.Open(filepath.Join(dir, "peers", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if n, err := io.Copy(io.Discard, f); n == 0 || err != nil {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
		f.Close()
	}
}
