package engine

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/ganymede-gan/ganymede/engine/ir"
	"github.com/ganymede-gan/ganymede/engine/kernel"
	"github.com/ganymede-gan/ganymede/engine/view"
)

// compileFor builds and compiles a main function.
func compileFor(t testing.TB, b *Backend, build func(f *Function) []compute.Value) *Executable {
	t.Helper()
	builder := newBuilder(b, t.Name())
	if err := builder.main.Return(build(builder.main), nil); err != nil {
		t.Fatal(err)
	}
	e, err := builder.Compile()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Finalize)
	return e.(*Executable)
}

// must is a value of a step of a build that cannot fail.
func must(v compute.Value, err error) compute.Value {
	if err != nil {
		panic(err)
	}
	return v
}

func floats(t testing.TB, b *Backend, values ...float32) compute.Buffer {
	t.Helper()
	buf, err := b.BufferFromFlatData(0, values, shapes.Make(dtypes.Float32, len(values)))
	if err != nil {
		t.Fatal(err)
	}
	return buf
}

func contents(t testing.TB, b compute.Buffer) []float32 {
	t.Helper()
	flat, err := b.Data()
	if err != nil {
		t.Fatal(err)
	}
	return flat.([]float32)
}

// failingOp panics in a worker when it runs, or waits to be interrupted.
type failingOp struct{ wait bool }

func (failingOp) Name() string    { return "failing" }
func (o failingOp) Attrs() string { return fmt.Sprint(o.wait) }
func (o failingOp) lower(p *planner, n *ir.Node) {
	out := p.out(n, 0)
	p.add(step{name: "failing", run: func(r *run) {
		r.parallel(8, func(i int) {
			if !o.wait && i == 3 {
				panic("deliberate")
			}
			for o.wait {
				time.Sleep(time.Millisecond)
				r.check()
			}
		})
	}}, []view.View{p.in(n, 0)}, []view.View{out})
}

// squareThenFail returns x*x and, after it, a step that fails.
func squareThenFail(t *testing.T, b *Backend, op failingOp) *Executable {
	return compileFor(t, b, func(f *Function) []compute.Value {
		x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 4), nil))
		square := must(f.Mul(x, x))
		in, err := f.in("failing", square)
		if err != nil {
			t.Fatal(err)
		}
		return []compute.Value{square, must(f.result(op, in[0].Shape(), in...))}
	})
}

// TestFailureLeavesDonatedInputs: a panic in a worker is an error of the call, which names the kernel, and the donated input is still there.
func TestFailureLeavesDonatedInputs(t *testing.T) {
	b := newTest(t, "threads=3")
	e := squareThenFail(t, b, failingOp{})
	x := floats(t, b, 1, 2, 3, 4)
	for range 3 {
		_, err := e.Execute([]compute.Buffer{x}, []bool{true}, 0)
		if err == nil || !strings.Contains(err.Error(), "failing") || !strings.Contains(err.Error(), "deliberate") {
			t.Fatalf("error %v; want one that names the kernel and the cause", err)
		}
		if got := fmt.Sprint(contents(t, x)); got != "[1 2 3 4]" {
			t.Fatalf("the donated input holds %s after the failure", got)
		}
	}
}

// TestInterrupt: an execution stops soon after Interrupt with an error that can be told from others; later ones run.
func TestInterrupt(t *testing.T) {
	b := newTest(t, "threads=2")
	e := squareThenFail(t, b, failingOp{wait: true})
	x := floats(t, b, 1, 2, 3, 4)
	failed := make(chan error)
	go func() {
		_, err := e.Execute([]compute.Buffer{x}, []bool{true}, 0)
		failed <- err
	}()
	time.Sleep(20 * time.Millisecond)
	start := time.Now()
	b.Interrupt()
	err := <-failed
	if !errors.Is(err, ErrInterrupted) {
		t.Fatalf("error %v, want ErrInterrupted", err)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("the interrupt took %v", d)
	}
	if got := fmt.Sprint(contents(t, x)); got != "[1 2 3 4]" {
		t.Errorf("the donated input holds %s after the interrupt", got)
	}
	if _, err := doubler(t, b).Execute([]compute.Buffer{x}, nil, 0); err != nil {
		t.Errorf("after the interrupt: %v", err)
	}
}

// TestInterruptWithinATenth interrupts convolutions that take seconds, in each of their forms, and a product. A busy machine may take its time
// once, not every time.
func TestInterruptWithinATenth(t *testing.T) {
	if kernel.Best() == kernel.Portable {
		t.Skip("plain Go takes longer than a tenth of a second for a block of a product")
	}
	b := newTest(t, "threads=2")
	const n, side, channels, limit = 32, 64, 128, 100 * time.Millisecond
	pictures, weights := shapes.Make(dtypes.Float32, n, side, side, channels), shapes.Make(dtypes.Float32, 3, 3, channels, channels)
	axes := compute.ConvolveAxesConfig{InputSpatial: []int{1, 2}, InputChannels: 3, KernelSpatial: []int{0, 1}, KernelInputChannels: 2, KernelOutputChannels: 3,
		OutputSpatial: []int{1, 2}, OutputChannels: 3}
	roles := compute.ConvolveAxesConfig{InputBatch: 3, InputChannels: 0, InputSpatial: []int{1, 2}, KernelInputChannels: 0, KernelOutputChannels: 3, KernelSpatial: []int{1, 2},
		OutputBatch: 2, OutputChannels: 3, OutputSpatial: []int{0, 1}}
	pads := [][2]int{{1, 1}, {1, 1}}
	for name, build := range map[string]func(f *Function, x, w compute.Value) compute.Value{
		"forward": func(f *Function, x, w compute.Value) compute.Value {
			for range 12 {
				x = must(f.ConvGeneral(x, w, axes, nil, pads, nil, nil, 1, 1))
			}
			return x
		},
		"by kernel": func(f *Function, x, w compute.Value) compute.Value {
			for range 12 {
				scaled := must(f.Mul(x, must(f.Reshape(must(f.Slice(w, []int{0, 0, 0, 0}, []int{1, 1, 1, 1}, nil))))))
				w = must(f.ConvGeneral(x, scaled, roles, nil, pads, nil, nil, 1, 1))
			}
			return w
		},
		"product": func(f *Function, x, w compute.Value) compute.Value {
			square := must(f.Reshape(x, 4096, 4096))
			for range 3 {
				square = must(f.DotGeneral(square, []int{1}, nil, square, []int{0}, nil, compute.DotGeneralConfig{}))
			}
			return square
		},
	} {
		e := compileFor(t, b, func(f *Function) []compute.Value {
			return []compute.Value{build(f, must(f.Parameter("x", pictures, nil)), must(f.Parameter("w", weights, nil)))}
		})
		var inputs []compute.Buffer
		for _, s := range e.inputs {
			buffer, _, err := b.NewSharedBuffer(0, s)
			if err != nil {
				t.Fatal(err)
			}
			inputs = append(inputs, buffer)
		}
		best := time.Hour
		for range 5 {
			failed := make(chan error)
			go func() {
				_, err := e.Execute(inputs, []bool{true, true}, 0)
				failed <- err
			}()
			time.Sleep(100 * time.Millisecond)
			start := time.Now()
			b.Interrupt()
			if err := <-failed; !errors.Is(err, ErrInterrupted) {
				t.Fatalf("%s: error %v, want ErrInterrupted; or the work has become too little for this test", name, err)
			}
			if best = min(best, time.Since(start)); best < limit {
				break
			}
		}
		if best >= limit {
			t.Errorf("%s: the quickest of five interrupts took %v", name, best)
		}
		for i, input := range inputs {
			if _, err := input.Data(); err != nil {
				t.Errorf("%s: donated input %d after an interrupt: %v", name, i, err)
			}
		}
	}
}

func doubler(t testing.TB, b *Backend) *Executable {
	return compileFor(t, b, func(f *Function) []compute.Value {
		x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 4), nil))
		return []compute.Value{must(f.Add(x, x))}
	})
}

// TestDonationTakesTurns: donated memory comes back as an output of a later execution, and never of the same one.
func TestDonationTakesTurns(t *testing.T) {
	b := newTest(t, "")
	e := doubler(t, b)
	x := floats(t, b, 1, 2, 3, 4)
	mem := &contents(t, x)[0]
	y, err := e.Execute([]compute.Buffer{x}, []bool{true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if &contents(t, y[0])[0] == mem {
		t.Error("the output lies where its donated input was")
	}
	if _, err := x.Data(); err == nil {
		t.Error("a donated buffer still gives its data")
	}
	z, err := e.Execute(y, []bool{true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := contents(t, z[0]); &got[0] != mem || fmt.Sprint(got) != "[4 8 12 16]" {
		t.Errorf("the second output is %v, and lies in the first input's memory: %v", got, &got[0] == mem)
	}
}

// TestExecutionsDoNotGrowMemory runs a step of training's kind, with a convolution and donation, 10,000 times.
func TestExecutionsDoNotGrowMemory(t *testing.T) {
	b := newTest(t, "threads=2")
	const n = 1 << 14
	e := compileFor(t, b, func(f *Function) []compute.Value {
		w := must(f.Parameter("w", shapes.Make(dtypes.Float32, n), nil))
		g := must(f.Transpose(must(f.Reshape(must(f.Tanh(w)), 128, n/128)), 1, 0))
		x, k := must(f.Reshape(must(f.Slice(w, []int{0}, []int{512}, nil)), 2, 4, 4, 16)), must(f.Reshape(must(f.Slice(w, []int{0}, []int{2304}, nil)), 3, 3, 16, 16))
		axes := compute.ConvolveAxesConfig{InputSpatial: []int{1, 2}, InputChannels: 3, KernelSpatial: []int{0, 1}, KernelInputChannels: 2, KernelOutputChannels: 3,
			OutputSpatial: []int{1, 2}, OutputChannels: 3}
		y := must(f.ReduceSum(must(f.ConvGeneral(x, k, axes, nil, [][2]int{{1, 1}, {1, 1}}, nil, nil, 1, 1))))
		s := must(f.Add(must(f.ReduceSum(must(f.Mul(g, g)), 0, 1)), y))
		return []compute.Value{must(f.Sub(w, must(f.Mul(must(f.Reshape(g, n)), s))))}
	})
	w := []compute.Buffer{floats(t, b, make([]float32, n)...)}
	step := func() {
		out, err := e.Execute(w, []bool{true}, 0)
		if err != nil {
			t.Fatal(err)
		}
		w = out
	}
	for range 10 {
		step()
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	runs := 10000
	if testing.Short() {
		runs = 1000
	}
	for range runs {
		step()
	}
	runtime.ReadMemStats(&after)
	perCall := float64(after.TotalAlloc-before.TotalAlloc) / float64(runs)
	if perCall > 4*n/4 { // a quarter of the array
		t.Errorf("%.0f bytes are allocated a call, for an array of %d", perCall, 4*n)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// TestConcurrentExecutions runs one executable, and several, from many goroutines.
func TestConcurrentExecutions(t *testing.T) {
	b := newTest(t, "threads=2")
	const n = 40000
	build := func(scale float32) *Executable {
		return compileFor(t, b, func(f *Function) []compute.Value {
			x := must(f.Parameter("x", shapes.Make(dtypes.Float32, n), nil))
			c := must(f.Constant([]float32{scale}))
			return []compute.Value{must(f.ReduceSum(must(f.Mul(x, c)), 0))}
		})
	}
	executables := []*Executable{build(1), build(2)}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			x := make([]float32, n)
			for i := range x {
				x[i] = float32(g)
			}
			buf := floats(t, b, x...)
			for i := range 20 {
				out, err := executables[i%2].Execute([]compute.Buffer{buf}, nil, 0)
				if err != nil {
					t.Error(err)
					return
				}
				flat, _ := out[0].Data()
				if got, want := flat.([]float32)[0], float32(g*n*(1+i%2)); got != want {
					t.Errorf("goroutine %d: sum %v, want %v", g, got, want)
				}
			}
		})
	}
	wg.Wait()
}

// TestFinalizeLeavesNoGoroutine counts them before and after.
func TestFinalizeLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	b, err := New("threads=4")
	if err != nil {
		t.Fatal(err)
	}
	e := doubler(t, b)
	x := floats(t, b, 1, 2, 3, 4)
	if _, err := e.Execute([]compute.Buffer{x}, nil, 0); err != nil {
		t.Fatal(err)
	}
	b.Finalize()
	b.Finalize()
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
	if _, err := e.Execute([]compute.Buffer{x}, nil, 0); err == nil {
		t.Error("a finalized backend executes")
	}
	if _, err := b.BufferFromFlatData(0, []float32{1}, shapes.Make(dtypes.Float32, 1)); err == nil {
		t.Error("a finalized backend makes buffers")
	}
}

// TestBadUseIsAnError: mistakes in building are errors that say what is wrong, never panics.
func TestBadUseIsAnError(t *testing.T) {
	b := newTest(t, "")
	f := newBuilder(b, "bad").main
	x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 2, 3), nil))
	i := must(f.Parameter("i", shapes.Make(dtypes.Int32, 2, 3), nil))
	other := newBuilder(b, "other").main
	foreign := must(other.Parameter("y", shapes.Make(dtypes.Float32, 2, 3), nil))
	for name, c := range map[string]struct {
		build func() (any, error)
		says  string
	}{
		"types that differ":     {func() (any, error) { return f.Add(x, i) }, "Float32"},
		"a value of elsewhere":  {func() (any, error) { return f.Add(x, foreign) }, "another"},
		"no value at all":       {func() (any, error) { return f.Neg(7) }, "int"},
		"bitwise floats":        {func() (any, error) { return f.BitwiseNot(x) }, "integer"},
		"axis out of range":     {func() (any, error) { return f.ReduceSum(x, 2) }, "axis 2"},
		"axis twice":            {func() (any, error) { return f.ReduceSum(x, 1, 1) }, "repeated"},
		"negative dimension":    {func() (any, error) { return f.Reshape(x, -1, 6) }, "negative"},
		"reshape to other size": {func() (any, error) { return f.Reshape(x, 7) }, "7"},
		"too large to exist": {func() (any, error) {
			return f.BroadcastInDim(x, shapes.Make(dtypes.Float32, 1<<40, 1<<20, 2, 3), []int{2, 3})
		}, "TiB"},
		"reverse of a fifth":  {func() (any, error) { return f.Reverse(x, 5) }, "5"},
		"concatenate nothing": {func() (any, error) { return f.Concatenate(0) }, "at least one"},
		"complex of ints":     {func() (any, error) { return f.Complex(i, i) }, "float32 or float64"},
		"fused ops":           {func() (any, error) { return f.FusedSoftmax(x, 0) }, "not implemented"},
		"unknown axes": {func() (any, error) {
			return f.Parameter("d", shapes.MakeDynamic(dtypes.Float32, []int{shapes.DynamicDim}, []string{"n"}), nil)
		}, "not implemented"},
		"sub-byte types":         {func() (any, error) { return f.Parameter("q", shapes.Make(dtypes.Int4, 4), nil) }, "not implemented"},
		"wrong option":           {func() (any, error) { return New("thread=2") }, "threads=N"},
		"no threads":             {func() (any, error) { return New("threads=0") }, "1 to 1024"},
		"constant of wrong size": {func() (any, error) { return f.Constant([]float32{1, 2}, 3) }, "2 values"},
	} {
		_, err := c.build()
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v; want one that says %q", name, err, c.says)
		}
	}
}

// TestMoreThanTheMachineHas: asking for too much memory is an error that says how much.
func TestMoreThanTheMachineHas(t *testing.T) {
	if physicalMemory() == 0 {
		t.Skip("this system does not say how much memory it has")
	}
	b := newTest(t, "")
	e := compileFor(t, b, func(f *Function) []compute.Value {
		x := must(f.Parameter("x", shapes.Make(dtypes.Float32), nil))
		return []compute.Value{must(f.BroadcastInDim(x, shapes.Make(dtypes.Float32, 1<<20, 1<<20), nil))}
	})
	x, err := b.BufferFromFlatData(0, []float32{1}, shapes.Make(dtypes.Float32))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = e.Execute([]compute.Buffer{x}, nil, 0); err == nil || !strings.Contains(err.Error(), "4096.0 GiB") {
		t.Errorf("error %v; want one that says 4096.0 GiB", err)
	}
}

// TestMoreBetweenThanTheMachineHas is the same for what lies between the operations of a graph, whose inputs and outputs are small.
func TestMoreBetweenThanTheMachineHas(t *testing.T) {
	if physicalMemory() == 0 {
		t.Skip("this system does not say how much memory it has")
	}
	b := newTest(t, "")
	e := compileFor(t, b, func(f *Function) []compute.Value {
		x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 1<<20), nil))
		return []compute.Value{must(f.ReduceSum(must(f.DotGeneral(x, nil, nil, x, nil, nil, compute.DotGeneralConfig{})), 0, 1))}
	})
	_, err := e.Execute([]compute.Buffer{floats(t, b, make([]float32, 1<<20)...)}, nil, 0)
	if err == nil || !strings.Contains(err.Error(), "4096.0 GiB") {
		t.Errorf("error %v; want one that says 4096.0 GiB", err)
	}
}

// TestGarbageIsCollected: what a program drops does not let the heap grow to twice of what it holds.
func TestGarbageIsCollected(t *testing.T) {
	b := newTest(t, "")
	const size, live, dropped = 8 << 20, 24, 40
	shape := shapes.Make(dtypes.Uint8, size)
	var kept []compute.Buffer
	for range live {
		buffer, _, err := b.NewSharedBuffer(0, shape)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, buffer)
	}
	runtime.GC() // from here on the collector by itself waits for twice of what there is
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	held, most := m.HeapAlloc, uint64(0) // other tests may have left something
	for range dropped {
		if _, _, err := b.NewSharedBuffer(0, shape); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
	}
	if limit := held + collectEvery + 4*size; most > limit {
		t.Errorf("the heap grew to %d MB with %d MB in use; want at most %d MB", most>>20, held>>20, limit>>20)
	}
	runtime.KeepAlive(kept)
}

// TestSpecialNumbers: NaN and infinities pass through maxima, signs and comparisons as the interface says.
func TestSpecialNumbers(t *testing.T) {
	b := newTest(t, "")
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	e := compileFor(t, b, func(f *Function) []compute.Value {
		x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 4), nil))
		zero := must(f.Constant([]float32{0}))
		arg, err := f.ArgMinMax(x, 0, dtypes.Int32, false)
		return []compute.Value{must(f.Max(x, zero)), must(f.Sign(x)), must(f.ConvertDType(x, dtypes.Int32)), must(arg, err), must(f.IsFinite(x)), must(f.IsNaN(x))}
	})
	out, err := e.Execute([]compute.Buffer{floats(t, b, -2, inf, nan, 1e20)}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range out {
		flat, _ := o.Data()
		got = append(got, fmt.Sprint(flat))
	}
	want := []string{"[0 +Inf NaN 1e+20]", "[-1 1 NaN 1]", "[-2 2147483647 0 2147483647]", "[2]", "[true false false true]", "[false false true false]"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("result %d: %s, want %s", i, got[i], want[i])
		}
	}
}
