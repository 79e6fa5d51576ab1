package gan

import (
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestMain(m *testing.M) {
	ops.Register()
	os.Exit(m.Run())
}

// table is where a test plays a game: it builds a graph for the moves of each round anew, and draws by (round, name, move, turn).
type table struct {
	t       testing.TB
	game    *Game
	weights *layers.Weights
	backend compute.Backend
	round   int
	given   map[string][]float64         // draws that the test chooses, by the name of the need
	offset  map[string]int               // by move: turns of the round that were played in an earlier graph
	drawn   map[string][]float64         // what was drawn last, by "name move turn"
	knobs   map[string]float64           // in place of the game's
	turn    *Turn                        // the last one
	inspect func(*Turn, *layers.Binding) // called when the last graph is built
}

func play(t testing.TB, game *Game, dtype dtypes.DType) *table {
	t.Helper()
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(backend.Finalize)
	weights := layers.NewWeights(1)
	weights.DType = dtype
	return &table{t: t, game: game, weights: weights, backend: backend, offset: map[string]int{}, drawn: map[string][]float64{}}
}

// again is the same game at the same weights, at a table of its own.
func (p *table) again() *table {
	q := play(p.t, p.game, p.weights.DType)
	q.round, q.given, q.knobs, q.backend = p.round, p.given, p.knobs, p.backend
	for _, v := range p.weights.All("") {
		value, err := v.Value.LocalClone()
		if err != nil {
			p.t.Fatal(err)
		}
		if err := q.weights.Put(v.Path, value, v.Trainable); err != nil {
			p.t.Fatal(err)
		}
	}
	return q
}

// moves plays the moves in one graph and returns what they report. It does not end the round.
func (p *table) moves(moves ...Move) map[string]float64 {
	p.t.Helper()
	g := graph.NewGraph(p.backend, p.t.Name())
	defer g.Finalize()
	bind := layers.Bind(p.weights, g)
	turn := NewTurn(p.game, bind)
	p.turn = turn
	turn.Play(moves)
	if p.inspect != nil {
		p.inspect(turn, bind)
	}
	var names []string
	var outputs []*Node
	for _, term := range turn.Terms() {
		names, outputs = append(names, term.Name), append(outputs, term.Node)
	}
	changed, nodes := bind.Changed()
	results := p.execute(g, bind, turn, append(outputs, nodes...))
	terms := map[string]float64{}
	for i, name := range names {
		terms[name] = flat(p.t, results[i])[0]
	}
	for i, v := range changed {
		v.Value = results[len(names)+i]
	}
	return terms
}

// play plays a whole round of the act that is due.
func (p *table) play() map[string]float64 {
	p.t.Helper()
	act, within := p.game.ActAt(p.round)
	var due []Move
	for _, m := range p.game.Acts[act].Moves {
		if m.Due(within) {
			due = append(due, m)
		}
	}
	terms := p.moves(due...)
	p.round++
	return terms
}

// sample returns the generated field.
func (p *table) sample(averaged bool, field string) []float64 {
	p.t.Helper()
	g := graph.NewGraph(p.backend, p.t.Name()+"/sample")
	defer g.Finalize()
	bind := layers.Bind(p.weights, g)
	turn := NewTurn(p.game, bind)
	out := turn.Sample(averaged)[field]
	return flat(p.t, p.execute(g, bind, turn, []*Node{out})[0])
}

func (p *table) execute(g *graph.Graph, bind *layers.Binding, turn *Turn, outputs []*Node) []*tensors.Tensor {
	p.t.Helper()
	if err := g.Compile(outputs...); err != nil {
		p.t.Fatal(err)
	}
	inputs := make([]compute.Buffer, g.NumParameters())
	feed := func(node *Node, value *tensors.Tensor) {
		buffer, err := value.Buffer(p.backend, 0)
		if err != nil {
			p.t.Fatal(err)
		}
		inputs[node.GetParameterHandle()] = buffer
	}
	for _, d := range turn.Draws() {
		feed(d.Node, p.draw(d))
	}
	for name, node := range turn.KnobNodes() {
		feed(node, p.tensor([]float64{p.knob(name)}))
	}
	for _, v := range bind.Inputs() {
		if err := p.weights.Materialise(v); err != nil {
			p.t.Fatal(err)
		}
		feed(g.GetParameterByName(layers.ParameterName(v.Path)), v.Value)
	}
	buffers, err := g.Executable().Execute(inputs, nil, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	var results []*tensors.Tensor
	for _, buffer := range buffers {
		result, err := tensors.FromBuffer(buffer)
		if err != nil {
			p.t.Fatal(err)
		}
		results = append(results, result)
	}
	return results
}

func (p *table) knob(name string) float64 {
	if value, ok := p.knobs[name]; ok {
		return value
	}
	i := slices.IndexFunc(p.game.Knobs, func(k Knob) bool { return k.Name == name })
	return p.game.Knobs[i].Setting(Progress{Round: p.round, Rounds: 100})
}

// draw is deterministic by (round, name, move, turn): a graph with one move draws what a graph with all of them does.
func (p *table) draw(d *Draw) *tensors.Tensor {
	dims := d.Node.Shape().Dimensions
	turn := d.Turn + p.offset[d.Move]
	random := layers.Stream(9, d.Need.Name, d.Move, fmt.Sprint(p.round, turn))
	values := make([]float64, d.Node.Shape().Size())
	for i := range values {
		switch {
		case d.Need.Int:
			values[i] = float64(random.IntN(d.Need.Classes))
		case d.Need.Kind == Given:
			values[i] = d.Need.Value
		case d.Need.Kind == Flat:
			values[i] = random.Float64()
		default:
			values[i] = random.NormFloat64()
		}
	}
	if given := p.given[d.Need.Name]; given != nil {
		copy(values, given[turn*len(values):])
	}
	p.drawn[fmt.Sprint(d.Need.Name, " ", d.Move, " ", turn)] = values
	if d.Need.Int {
		labels := make([]int32, len(values))
		for i, v := range values {
			labels[i] = int32(v)
		}
		return tensors.FromFlatDataAndDimensions(labels, dims...)
	}
	return p.tensor(values, dims...)
}

func (p *table) tensor(values []float64, dims ...int) *tensors.Tensor {
	if p.weights.DType == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(values, dims...)
	}
	single := make([]float32, len(values))
	for i, v := range values {
		single[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(single, dims...)
}

func flat(t testing.TB, value *tensors.Tensor) []float64 {
	t.Helper()
	var out []float64
	value.MustConstFlatData(func(data any) {
		switch values := data.(type) {
		case []float64:
			out = slices.Clone(values)
		case []float32:
			for _, v := range values {
				out = append(out, float64(v))
			}
		default:
			t.Fatalf("a tensor of %T", data)
		}
	})
	return out
}

// all returns every variable under a scope that has a value.
func (p *table) all(scope string) map[string][]float64 {
	out := map[string][]float64{}
	for _, v := range p.weights.All(scope) {
		if v.Value != nil {
			out[v.Path] = flat(p.t, v.Value)
		}
	}
	return out
}

func (p *table) weight(path string) []float64 {
	p.t.Helper()
	v := p.weights.Get(path)
	if v == nil {
		p.t.Fatalf("there is no variable %s; there are %v", path, slices.Sorted(maps.Keys(p.all(""))))
	}
	if err := p.weights.Materialise(v); err != nil {
		p.t.Fatal(err)
	}
	return flat(p.t, v.Value)
}

// near fails unless two lists agree to a tolerance, as a part of the largest wanted.
func near(t testing.TB, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	largest := 1e-300
	for _, w := range want {
		largest = max(largest, math.Abs(w))
	}
	for i := range got {
		if e := math.Abs(got[i]-want[i]) / largest; !(e <= tolerance) {
			t.Errorf("%s: number %d is %.15g, want %.15g: error %.1e of the largest, allowed %.1e", what, i, got[i], want[i], e, tolerance)
			return
		}
	}
}

// refused fails unless building panics with an error that has every part.
func refused(t testing.TB, build func(), parts ...string) {
	t.Helper()
	defer func() {
		t.Helper()
		err, _ := recover().(error)
		for _, part := range parts {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%v, want an error with %q", err, part)
			}
		}
	}()
	build()
}

// points is a small pair of perceptrons over records of two numbers.
func points() Pair {
	mlp := func(units int) layers.MLP {
		return layers.MLP{Hidden: []int{6}, Units: units, Activation: layers.LeakyReLU(0.2)}
	}
	return Pair{
		Record: Records("points", 2), Latent: Normal("z", 3),
		Generator: func(net Net, z, _ *Node) *Node { return mlp(2).On(net, z) },
		Critic:    func(net Net, x, _ *Node) *Node { return graph.Reshape(mlp(1).On(net, x), -1) },
	}
}

// pictures is a small pair of convolutional networks over [8, 8, 1], with batch norm in the generator and, if asked, the critic.
func pictures(norm func(net Net, x *Node) *Node, mixes bool) Pair {
	return Pair{
		Record: Records("pictures", 8, 8, 1), Latent: Normal("z", 3), Mixes: mixes,
		Generator: func(net Net, z, _ *Node) *Node {
			x := layers.ConvTranspose{Filters: 4, Kernel: 4}.On(net.In("project"), graph.Reshape(z, -1, 1, 1, 3))
			x = layers.ReLU(layers.BatchNorm{}.On(net.In("norm"), x))
			return graph.Tanh(layers.ConvTranspose{Filters: 1, Kernel: 4, Stride: 2, Pad: 1}.On(net.In("out"), x))
		},
		Critic: func(net Net, x, _ *Node) *Node {
			x = layers.Conv{Filters: 3, Kernel: 4, Stride: 2, Pad: 1}.On(net.In("down"), x)
			x = layers.LeakyReLU(0.2)(norm(net.In("norm"), x))
			return graph.Reshape(layers.Conv{Filters: 1, Kernel: 4}.On(net.In("out"), x), -1)
		},
	}
}
