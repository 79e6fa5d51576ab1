package pool

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func Example() {
	p := New(2)
	defer p.Close()
	squares := make([]int, 4)
	p.Run(len(squares), func(i int) { squares[i] = i * i })
	fmt.Println(squares)
	// Output: [0 1 4 9]
}

func TestEveryBlockRunsOnce(t *testing.T) {
	for _, threads := range []int{0, 1, 2, 5} {
		p := New(threads)
		for _, n := range []int{0, 1, 2, 7, 1000} {
			counts := make([]atomic.Int32, n)
			p.Run(n, func(i int) { counts[i].Add(1) })
			for i := range counts {
				if c := counts[i].Load(); c != 1 {
					t.Fatalf("%d threads, %d blocks: block %d ran %d times", threads, n, i, c)
				}
			}
		}
		p.Close()
	}
}

func TestNilAndClosedPoolsRunInline(t *testing.T) {
	closed := New(3)
	closed.Close()
	closed.Close()
	for _, p := range []*Pool{nil, closed} {
		sum := 0 // unsynchronised on purpose: -race fails if this is not inline
		p.Run(10, func(i int) { sum += i })
		if sum != 45 {
			t.Fatalf("sum is %d, want 45", sum)
		}
	}
}

func TestBeforeCanSkipTheRest(t *testing.T) {
	shared := New(2)
	defer shared.Close()
	for name, p := range map[string]*Pool{"nobody": nil, "workers": shared} {
		var calls, blocks atomic.Int32
		enough := errors.New("enough")
		limited := p.Before(func() {
			if calls.Add(1) > 3 {
				panic(enough)
			}
		})
		func() {
			defer func() {
				if err, _ := recover().(error); !errors.Is(err, enough) {
					t.Errorf("%s: Run panicked with %v, want what was called before the block panicked with", name, err)
				}
			}()
			limited.Run(100, func(int) { blocks.Add(1) })
		}()
		if n := blocks.Load(); n != 3 {
			t.Errorf("%s: %d blocks ran, want 3", name, n)
		}
		p.Run(1, func(int) { blocks.Add(1) })
		if n := blocks.Load(); n != 4 {
			t.Errorf("%s: the original calls the function too", name)
		}
	}
}

func TestWorkersWakeAfterSleep(t *testing.T) {
	p := New(2)
	defer p.Close()
	for range 3 {
		time.Sleep(5 * time.Millisecond) // far beyond the spinning time
		// Both blocks must be under way at once, or the meeting never happens.
		var meet sync.WaitGroup
		meet.Add(2)
		p.Run(2, func(int) { meet.Done(); meet.Wait() })
	}
}

func TestPanicReachesTheCallerAndThePoolLives(t *testing.T) {
	cause := errors.New("no such tensor")
	for _, threads := range []int{1, 2, 4} {
		p := New(threads)
		func() {
			defer func() {
				err, ok := recover().(error)
				var e *Panic
				if !ok || !errors.Is(err, cause) || !errors.As(err, &e) || e.Block != 17 {
					t.Fatalf("%d threads: recovered %v", threads, err)
				}
			}()
			p.Run(100, func(i int) {
				if i == 17 {
					panic(cause)
				}
			})
		}()
		var n atomic.Int32
		p.Run(50, func(int) { n.Add(1) })
		if n.Load() != 50 {
			t.Fatalf("%d threads: after a panic %d of 50 blocks ran", threads, n.Load())
		}
		p.Close()
	}
}

func TestNestedAndConcurrentRuns(t *testing.T) {
	p := New(3)
	defer p.Close()
	var n atomic.Int32
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 50 {
				p.Run(4, func(int) { p.Run(4, func(int) { n.Add(1) }) })
			}
		})
	}
	callers.Wait()
	if n.Load() != 4*50*16 {
		t.Fatalf("%d blocks ran, want %d", n.Load(), 4*50*16)
	}
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		p := New(4)
		p.Run(8, func(int) {})
		p.Close()
	}
	// A goroutine that has said it is done takes a moment to vanish.
	for deadline := time.Now().Add(2 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
		}
	}
}

func BenchmarkForkJoin(b *testing.B) {
	p := New(2)
	defer p.Close()
	for b.Loop() {
		p.Run(2, func(int) {})
	}
}
