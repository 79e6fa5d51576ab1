package layers_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func contains(err error, part string) bool { return strings.Contains(err.Error(), part) }

// given binds weights of those values to the graph of x.
func given(x *graph.Node, values map[string][]float64) *layers.Binding {
	weights := layers.NewWeights(1)
	weights.DType = dtypes.Float64
	return layers.BindWith(weights, x.Graph(), func(v *layers.Variable) *graph.Node {
		return graph.Reshape(graph.Const(x.Graph(), values[v.Path]), v.Shape.Dimensions...)
	})
}

// newBackend is GoMLX's stock Go backend.
func newBackend(t testing.TB) compute.Backend {
	t.Helper()
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(backend.Finalize)
	return backend
}

// binding starts a graph with an input of that shape.
func binding(t testing.TB, weights *layers.Weights, dims ...int) (*layers.Binding, *graph.Node) {
	t.Helper()
	g := graph.NewGraph(newBackend(t), t.Name())
	t.Cleanup(g.Finalize)
	return layers.Bind(weights, g), graph.Parameter(g, "x", shapes.Make(weights.DType, dims...))
}

// values materialises a variable and returns its numbers.
func values(t testing.TB, weights *layers.Weights, path string) []float32 {
	t.Helper()
	v := weights.Get(path)
	if v == nil {
		t.Fatalf("there is no variable %s", path)
	}
	if err := weights.Materialise(v); err != nil {
		t.Fatal(err)
	}
	flat, err := tensors.CopyFlatData[float32](v.Value)
	if err != nil {
		t.Fatal(err)
	}
	return flat
}

// The bounds are PyTorch's: kaiming_uniform_ and xavier_uniform_, whose fans of a convolution are channels times taps, and
// 1/sqrt(fan-in), the default of its layers. 40,000 draws have a mean within 5 sigma/200 and a deviation within 2 %.
func TestInitialValuesHaveTheMomentsOfTheirFans(t *testing.T) {
	dims := []int{4, 4, 50, 50} // fan-in and fan-out are 800
	wide := []int{200, 200}
	for name, c := range map[string]struct {
		init            layers.Init
		dims            []int
		mean, deviation float64
		bound           float64 // 0: none
	}{
		"normal":          {layers.Normal(1, 0.02), dims, 1, 0.02, 0},
		"uniform":         {layers.Uniform(0.5), dims, 0, 0.5 / math.Sqrt(3), 0.5},
		"he":              {layers.He(), dims, 0, math.Sqrt(2.0 / 800), math.Sqrt(6.0 / 800)},
		"glorot":          {layers.Glorot(), dims, 0, math.Sqrt(2.0 / 1600), math.Sqrt(6.0 / 1600)},
		"lecun":           {layers.LeCun(), dims, 0, math.Sqrt(1.0 / 3 / 800), math.Sqrt(1.0 / 800)},
		"lecun, dense":    {layers.LeCun(), wide, 0, math.Sqrt(1.0 / 3 / 200), math.Sqrt(1.0 / 200)},
		"he, in of out":   {layers.He(), []int{100, 400}, 0, math.Sqrt(2.0 / 100), math.Sqrt(6.0 / 100)},
		"glorot, in, out": {layers.Glorot(), []int{100, 400}, 0, math.Sqrt(2.0 / 500), math.Sqrt(6.0 / 500)},
	} {
		t.Run(name, func(t *testing.T) {
			weights := layers.NewWeights(3)
			bind, _ := binding(t, weights, 1)
			bind.Variable("w", c.init, true, c.dims...)
			w := values(t, weights, "w")
			mean, squares, largest := 0.0, 0.0, 0.0
			for _, v := range w {
				mean += float64(v) / float64(len(w))
				largest = max(largest, math.Abs(float64(v)))
			}
			for _, v := range w {
				squares += (float64(v) - mean) * (float64(v) - mean) / float64(len(w))
			}
			if math.Abs(mean-c.mean) > 5*c.deviation/math.Sqrt(float64(len(w))) {
				t.Errorf("mean %g, want %g", mean, c.mean)
			}
			if d := math.Sqrt(squares); math.Abs(d-c.deviation) > 0.02*c.deviation {
				t.Errorf("deviation %g, want %g", d, c.deviation)
			}
			if c.bound > 0 && (largest > c.bound*(1+1e-6) || largest < 0.99*c.bound) {
				t.Errorf("largest %g, want just under %g", largest, c.bound)
			}
		})
	}
}

// The numbers of seed 1 were printed by this test when it was written: a change of them breaks every published seed.
func TestStreamStaysTheSame(t *testing.T) {
	random := layers.Stream(1, "init", "critic/out/kernel")
	got := []uint64{random.Uint64(), random.Uint64()}
	if want := []uint64{4804188804159885426, 4339220885586886112}; !slices.Equal(got, want) {
		t.Errorf("Stream gives %d, want %d", got, want)
	}
	if x := layers.Stream(-7, "draw", "z").NormFloat64(); x != -1.5455857191239513 {
		t.Errorf("the first normal number is %v", x)
	}
	for _, other := range [][]string{{"ab"}, {"a"}, {"a", "b", ""}, {"b", "a"}} {
		if layers.Stream(1, other...).Uint64() == layers.Stream(1, "a", "b").Uint64() {
			t.Errorf("%q and [a b] have one stream", other)
		}
	}
	if layers.Stream(1, "a").Uint64() == layers.Stream(2, "a").Uint64() {
		t.Error("two seeds have one stream")
	}
}

func TestInitialValuesDoNotDependOnTheOrderOfBuilding(t *testing.T) {
	build := func(seed int64, first, second string) *layers.Weights {
		weights := layers.NewWeights(seed)
		bind, x := binding(t, weights, 2, 3)
		for _, player := range []string{first, second} {
			layers.MLP{Hidden: []int{4}, Units: 1, Activation: layers.ReLU}.On(bind.Root(player), x)
		}
		return weights
	}
	a, b, other := build(1, "critic", "generator"), build(1, "generator", "critic"), build(2, "critic", "generator")
	for _, v := range a.All("") {
		if !slices.Equal(values(t, a, v.Path), values(t, b, v.Path)) {
			t.Errorf("%s depends on which player was built first", v.Path)
		}
	}
	if slices.Equal(values(t, a, "critic/out/kernel"), values(t, other, "critic/out/kernel")) {
		t.Error("two seeds have the same weights")
	}
	if slices.Equal(values(t, a, "critic/dense1/kernel"), values(t, a, "generator/dense1/kernel")) {
		t.Error("two players have the same weights")
	}
}

// The weights of a test in float64 are those of a run, which rounds them.
func TestFloat64WeightsAreTheSameNumbers(t *testing.T) {
	single, double := layers.NewWeights(5), layers.NewWeights(5)
	double.DType = dtypes.Float64
	for _, weights := range []*layers.Weights{single, double} {
		bind, x := binding(t, weights, 2, 3)
		layers.Dense{Units: 4}.On(bind.Root("net"), x)
	}
	v := double.Get("net/kernel")
	if err := double.Materialise(v); err != nil {
		t.Fatal(err)
	}
	exact, err := tensors.CopyFlatData[float64](v.Value)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range values(t, single, "net/kernel") {
		if x != float32(exact[i]) {
			t.Fatalf("weight %d is %v in float32 and %v in float64", i, x, exact[i])
		}
	}
}

func TestCountKnowsShapesWithoutMakingWeights(t *testing.T) {
	weights := layers.NewWeights(1)
	bind, x := binding(t, weights, 1, 8, 8, 1<<14)
	x = layers.Conv{Filters: 1 << 14, Kernel: 8}.On(bind.Root("critic"), x) // 17 billion numbers
	layers.BatchNorm{}.On(bind.Root("critic/norm"), x)
	layers.BatchNorm{}.On(bind.Root("criticism"), x)
	const kernel, bias, norm = 8 * 8 << 28, 1 << 14, 2 << 14 // running statistics are no parameters
	if got := weights.Count("critic"); got != kernel+bias+norm {
		t.Errorf("%d parameters, want %d", got, kernel+bias+norm)
	}
	for _, v := range weights.All("") {
		if v.Value != nil {
			t.Errorf("%s was made", v.Path)
		}
	}
}

func TestACopyIsBornEqualToItsOriginal(t *testing.T) {
	weights := layers.NewWeights(1)
	bind, x := binding(t, weights, 2, 3)
	layers.Dense{Units: 4}.On(bind.Root("net").Under("average/"), x) // sampling from averages before any round
	if a, b := values(t, weights, "average/net/kernel"), values(t, weights, "net/kernel"); !slices.Equal(a, b) || a[0] == 0 {
		t.Errorf("the average is %v, its original %v", a, b)
	}
	if weights.Get("average/net/kernel").Trainable {
		t.Error("an average is trainable")
	}
	// An average that is first asked for later starts at the weights of that moment.
	later := tensors.FromFlatDataAndDimensions([]float32{1, 2, 3, 4}, 4)
	if err := weights.Put("net/bias", later, true); err != nil {
		t.Fatal(err)
	}
	if got := values(t, weights, "average/net/bias"); !slices.Equal(got, []float32{1, 2, 3, 4}) {
		t.Errorf("the average of a loaded bias is %v", got)
	}
	copied := weights.Get("average/net/bias").Value
	if copied == later {
		t.Error("an average shares the memory of its original")
	}
}

func TestPut(t *testing.T) {
	weights := layers.NewWeights(1)
	bind, x := binding(t, weights, 2, 3)
	layers.Dense{Units: 4}.On(bind.Root("net"), x)
	v := weights.Get("net/bias")
	if err := weights.Put("net/bias", tensors.FromFlatDataAndDimensions([]float32{1, 2}, 2), true); err == nil || !contains(err, "net/bias has shape (Float32)[4] here and (Float32)[2]") {
		t.Errorf("a bias of another shape: %v", err)
	}
	if err := weights.Put("net/bias", tensors.FromFlatDataAndDimensions([]float32{1, 2, 3, 4}, 4), false); err != nil {
		t.Fatal(err)
	}
	if weights.Get("net/bias") != v || v.Trainable {
		t.Error("loading did not change the variable that graphs hold, or not its flag")
	}
	if err := weights.Put("new/w", tensors.FromFlatDataAndDimensions([]float32{1}, 1), true); err != nil || weights.Get("new/w") == nil {
		t.Errorf("a variable that no graph has met: %v", err)
	}
	weights.Remove("new/w")
	if weights.Get("new/w") != nil {
		t.Error("a removed variable is still there")
	}
}

func TestBindingRefusesWhatDoesNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		build func(bind *layers.Binding, x *graph.Node)
		want  string
	}{
		"another shape": {func(bind *layers.Binding, x *graph.Node) {
			layers.Dense{Units: 4}.On(bind.Root("net"), x)
			layers.Dense{Units: 5}.On(bind.Root("net"), x)
		}, "variable net/kernel is (Float32)[3, 4], and (Float32)[3, 5] is asked for"},
		"unknown": {func(bind *layers.Binding, x *graph.Node) {
			layers.Dense{Units: 4}.On(bind.Root("net"), x)
			bind.Value("nets/kernel")
		}, "there is no variable nets/kernel; there are variables in net"},
		"copy of nothing": {func(bind *layers.Binding, x *graph.Node) { bind.Copy("average/w", "w") }, "there is no variable w"},
		"set to another shape": {func(bind *layers.Binding, x *graph.Node) {
			layers.Dense{Units: 4}.On(bind.Root("net"), x)
			bind.Set("net/kernel", x)
		}, "variable net/kernel is (Float32)[3, 4], and is set to (Float32)[2, 3]"},
	} {
		t.Run(name, func(t *testing.T) {
			weights := layers.NewWeights(1)
			bind, x := binding(t, weights, 2, 3)
			defer func() {
				err, _ := recover().(error)
				if err == nil || !contains(err, c.want) {
					t.Errorf("%v, want %q", err, c.want)
				}
				bind.Abandon()
				if all := weights.All(""); len(all) > 0 {
					t.Errorf("a failed build left %s", all[0].Path)
				}
			}()
			c.build(bind, x)
		})
	}
}

func TestWatchTellsWhichVariablesWereRead(t *testing.T) {
	weights := layers.NewWeights(1)
	bind, x := binding(t, weights, 2, 3)
	layers.Dense{Units: 4}.On(bind.Root("a"), x)
	var inner map[string]bool
	outer := bind.Watch(func() {
		layers.Dense{Units: 4}.On(bind.Root("b"), x)
		inner = bind.Watch(func() { layers.Dense{Units: 4, NoBias: true}.On(bind.Root("a"), x) }) // met before, read again
	})
	if len(inner) != 1 || !inner["a/kernel"] {
		t.Errorf("the inner function read %v", inner)
	}
	if len(outer) != 3 || !outer["a/kernel"] || !outer["b/kernel"] || !outer["b/bias"] {
		t.Errorf("the outer function read %v", outer)
	}
}

func TestUnder(t *testing.T) {
	for _, c := range []struct {
		path, scope string
		want        bool
	}{{"critic/a", "critic", true}, {"critic", "critic", true}, {"critics/a", "critic", false}, {"a", "", true}, {"a", "a/b", false}} {
		if layers.Under(c.path, c.scope) != c.want {
			t.Errorf("Under(%q, %q) is %v", c.path, c.scope, !c.want)
		}
	}
}
