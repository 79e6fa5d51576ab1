package run

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// The test binary is also the other process of these tests: childTask says what it does, childRun in which run.
const (
	childTask = "GANYMEDE_TEST_CHILD"
	childRun  = "GANYMEDE_TEST_RUN"
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(childTask) {
	case "":
		os.Exit(m.Run())
	case "hold":
		err = hold(os.Getenv(childRun))
	case "train":
		err = train(os.Getenv(childRun))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// child starts this binary as another process and waits until it holds the lock.
func child(t *testing.T, task, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childTask+"="+task, childRun+"="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		cmd.Wait()
		t.Fatalf("the child did not get the lock: %s", stderr.Bytes())
	}
	return cmd
}

// kill ends a child as nothing can be prepared for: by SIGKILL.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // reports the signal
	if text := cmd.Stderr.(*bytes.Buffer).String(); text != "" {
		t.Fatalf("the child failed before it was killed: %s", text)
	}
}

// hold takes the lock, says so, and waits to be killed.
func hold(dir string) error {
	r, err := Open(dir)
	if err != nil {
		return err
	}
	if _, err := r.Lock(); err != nil {
		return err
	}
	fmt.Print("L")
	time.Sleep(time.Minute)
	return errors.New("nobody killed it")
}

// train goes on from the last checkpoint for ever: a record a round, a checkpoint of some 200 kB every third.
func train(dir string) error {
	r, err := Open(dir)
	if err != nil {
		return err
	}
	if _, err := r.Lock(); err != nil {
		return err
	}
	fmt.Print("L")
	c, err := r.Load(Last, Weights, State)
	if errors.Is(err, ErrNoCheckpoint) && len(dirNames(r.Path(checkpointsDir))) == 0 {
		c, err = &Checkpoint{Round: -1}, nil
	}
	if err != nil {
		return err
	}
	if len(c.Damaged) > 0 {
		return c.Damaged[0]
	}
	if err := r.Rewind(c.Round); err != nil {
		return err
	}
	log, err := r.AppendLog(RoundsFile)
	if err != nil {
		return err
	}
	for round := c.Round + 1; ; round++ {
		if err := log.Append(recordOf(round)); err != nil {
			return err
		}
		if round%3 != 2 {
			continue
		}
		for range 1 + round%2 { // every other one twice, so that one takes the place of another
			if err := errors.Join(log.Sync(), r.Save(round, stateOf(round), largeStateOf(round), 2)); err != nil {
				return err
			}
		}
	}
}

func dirNames(dir string) (list []string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), temporary) {
			list = append(list, e.Name())
		}
	}
	return list
}

func recordOf(round int) Record {
	return Record{Round: round, Fields: []Field{{"loss/generator", 1 / float64(round+1)}, {"note", strings.Repeat("x", round%7)}}}
}

func largeStateOf(round int) TensorFile {
	return TensorFile{Tensors: []Tensor{{Name: "w", DType: "U8", Shape: []int{200, 1000}, Data: bytes.Repeat([]byte{byte(round)}, 200_000)}}}
}

// Killed at random moments, a run never loses its last checkpoint, never goes back behind one that was seen, and its log is
// the one that an undisturbed run writes.
func TestKilledAtAnyMomentTheLastGoodStateIsWhole(t *testing.T) {
	r := locked(t)
	if err := r.Unlock(); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	reached, kills := -1, 0
	for end := time.Now().Add(time.Minute); kills < 40 || reached < 100; kills++ {
		if time.Now().After(end) {
			t.Fatalf("only %d kills and %d rounds in a minute", kills, reached)
		}
		cmd := child(t, "train", r.Dir)
		time.Sleep(time.Duration(random.Int64N(int64(60 * time.Millisecond))))
		kill(t, cmd)
		if reached = wholeAfterCrash(t, r, reached); t.Failed() {
			t.Fatalf("seed %d, kill %d", seed, kills)
		}
	}
	stale, err := r.Lock()
	if err != nil || stale.PID == 0 {
		t.Errorf("%v %v", stale, err)
	}
	for _, dir := range []string{r.Dir, r.Path(checkpointsDir)} {
		for _, name := range names(t, dir) {
			if strings.HasSuffix(name, temporary) || strings.HasSuffix(name, aside) {
				t.Errorf("%s was left behind", name)
			}
		}
	}
}

// wholeAfterCrash checks what a crash left and returns the round of the last checkpoint.
func wholeAfterCrash(t *testing.T, r *Run, before int) int {
	c, err := r.Load(Last, Weights, State)
	if errors.Is(err, ErrNoCheckpoint) && before < 0 {
		return before
	}
	if err != nil || len(c.Damaged) > 0 || c.Round < before {
		t.Errorf("round %d before; then %v %+v", before, err, c)
		return before
	}
	if !bytes.Equal(c.State.Tensors[0].Data, largeStateOf(c.Round).Tensors[0].Data) ||
		!bytes.Equal(c.Weights.Tensors[0].Data, stateOf(c.Round).Tensors[0].Data) {
		t.Errorf("the checkpoint of round %d holds another's tensors", c.Round)
	}
	if rounds, _ := r.Checkpoints(); !slices.Contains(rounds, c.Round) {
		t.Errorf("checkpoints %v", rounds)
	}
	next := 0
	for got, err := range r.Log(RoundsFile) {
		if err != nil || got.Round != next {
			t.Errorf("record %d: %v %+v", next, err, got)
			return c.Round
		}
		gotLine, _ := got.AppendJSON(nil)
		wantLine, _ := recordOf(next).AppendJSON(nil)
		if !bytes.Equal(gotLine, wantLine) {
			t.Errorf("record %d: got %s, want %s", next, gotLine, wantLine)
		}
		next++
	}
	if next <= c.Round {
		t.Errorf("the log ends before round %d, the checkpoint is of round %d", next, c.Round)
	}
	return c.Round
}
