// Package nets opens networks of layers for package oracle, in tests. A function that builds a network goes in; out comes the same as a
// function of its input and of every weight, with random values at which to judge it. It knows nothing of players and losses.
package nets

import (
	"fmt"
	"hash/fnv"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
)

// Network builds a network at a place in the tree of weights.
type Network func(net layers.Net, x *graph.Node) *graph.Node

// Open is a network whose weights are inputs.
type Open struct {
	Function oracle.Function // of x and the weights
	Inputs   []oracle.Array  // x, and random values of the weights
	Paths    []string        // of the weights, in the order of Inputs[1:]
	Dims     map[string][]int

	Statistics map[string]oracle.Array // by path: constants
}

// Option changes what a network finds.
type Option func(*settings)

type settings struct{ knob float64 }

// Knob is the value of every knob, in place of 0.25.
func Knob(value float64) Option { return func(s *settings) { s.knob = value } }

// Root is the place that the network is built at.
const Root = "net"

// At opens the network for an input x and a kind of pass. Weights become inputs, drawn from N(0, 0.5^2); running means become constants
// drawn from N(0, 1), running variances constants in [0.5, 1.5].
func At(t testing.TB, network Network, pass layers.Pass, x oracle.Array, options ...Option) Open {
	t.Helper()
	o := settings{knob: 0.25}
	for _, option := range options {
		option(&o)
	}
	variables := meet(t, network, pass, x)
	open := Open{Inputs: []oracle.Array{x}, Dims: map[string][]int{}}
	index, statistics := map[string]int{}, map[string]oracle.Array{}
	for i, v := range variables {
		dims, seed := v.Shape.Dimensions, uint64(100+i)
		open.Dims[v.Path] = dims
		if !v.Trainable {
			statistics[v.Path] = oracle.Normal(seed, dims...)
			if v.Path[len(v.Path)-len("variance"):] == "variance" {
				statistics[v.Path] = oracle.Uniform(seed, 0.5, 1.5, dims...)
			}
			continue
		}
		index[v.Path] = len(open.Inputs)
		weight := oracle.Normal(seed, dims...)
		for k := range weight.Data {
			weight.Data[k] *= 0.5
		}
		open.Inputs, open.Paths = append(open.Inputs, weight), append(open.Paths, v.Path)
	}
	open.Statistics = statistics
	open.Function = func(in []*graph.Node) *graph.Node {
		weights := layers.NewWeights(1)
		weights.DType = dtypes.Float64
		bind := layers.BindWith(weights, in[0].Graph(), func(v *layers.Variable) *graph.Node {
			if i, ok := index[v.Path]; ok {
				return in[i]
			}
			a := statistics[v.Path]
			return graph.Reshape(graph.Const(in[0].Graph(), a.Data), a.Dims...)
		})
		bind.Outside = outside(in[0].Graph(), o.knob)
		return network(bind.Root(Root).With(pass), in[0])
	}
	return open
}

// Weight returns the values of the weight at a path below Root.
func (o Open) Weight(t testing.TB, path string) oracle.Array {
	t.Helper()
	for i, p := range o.Paths {
		if p == Root+"/"+path {
			return o.Inputs[i+1]
		}
	}
	t.Fatalf("there is no weight %s; there are %v", path, o.Paths)
	return oracle.Array{}
}

// Drawn are the numbers that a network draws at a path below Root.
func Drawn(path string, flat bool, dims ...int) oracle.Array {
	seed := fnv.New64a()
	seed.Write([]byte(Root + "/" + path))
	if flat {
		return oracle.Uniform(seed.Sum64(), 0, 1, dims...)
	}
	return oracle.Normal(seed.Sum64(), dims...)
}

// outside draws what Drawn says, whatever the pass. What may be given is its default, and every knob is one value.
func outside(g *graph.Graph, knob float64) layers.Outside {
	node := func(a oracle.Array) *graph.Node { return graph.Reshape(graph.Const(g, a.Data), a.Dims...) }
	return layers.Outside{
		Draw: func(path string, flat bool, dims []int) *graph.Node {
			return node(Drawn(strings.TrimPrefix(path, Root+"/"), flat, dims...))
		},
		Given: func(_ string, value float64, records int, dims []int) *graph.Node {
			return node(oracle.Uniform(1, value, value, append([]int{records}, dims...)...))
		},
		Knob: func(string) *graph.Node { return graph.Const(g, knob) },
	}
}

// meet builds the network once and returns the variables that it asked for, in the order of their paths.
func meet(t testing.TB, network Network, pass layers.Pass, x oracle.Array) []*layers.Variable {
	t.Helper()
	weights := layers.NewWeights(1)
	weights.DType = dtypes.Float64
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	g := graph.NewGraph(backend, fmt.Sprint("meet ", t.Name()))
	defer g.Finalize()
	bind := layers.Bind(weights, g)
	bind.Outside = outside(g, 0.25)
	network(bind.Root(Root).With(pass), graph.Reshape(graph.Const(g, x.Data), x.Dims...))
	return weights.All("")
}
