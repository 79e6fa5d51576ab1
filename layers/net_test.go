package layers_test

import (
	"slices"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/internal/oracle/nets"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// A hook sees every weight of two axes or more below its place, with the axis of its outputs, and the layer sees what it returns.
func TestHooksStandBeforeWeights(t *testing.T) {
	seen := map[string]int{}
	half := func(net layers.Net, name string, weight *graph.Node, out int) *graph.Node {
		seen[net.Path()+"/"+name] = weight.Shape().Dimensions[out]
		return graph.MulScalar(weight, 0.5)
	}
	network := func(hooks ...layers.Hook) nets.Network {
		return func(net layers.Net, x *graph.Node) *graph.Node {
			for _, h := range hooks {
				net = net.Through(h)
			}
			x = layers.Conv{Filters: 3, Kernel: 3, Pad: 1}.On(net.In("conv"), x)
			x = layers.ConvTranspose{Filters: 5, Kernel: 2, Stride: 2}.On(net.In("up"), x)
			return layers.Dense{Units: 4, NoBias: true}.On(net.Bare().In("dense"), x)
		}
	}
	x := oracle.Normal(1, 2, 4, 4, 2)
	plain, hooked := nets.At(t, network(), layers.Train, x), nets.At(t, network(half, half), layers.Train, x)
	want := map[string]int{"net/conv/kernel": 3, "net/up/kernel": 5}
	for path, out := range want {
		if seen[path] != out {
			t.Errorf("%s is seen with %d outputs, want %d", path, seen[path], out)
		}
	}
	if len(seen) != len(want) {
		t.Errorf("hooks saw %v, want %v", seen, want)
	}
	quartered := slices.Clone(hooked.Inputs)
	for i, path := range hooked.Paths {
		if _, ok := want[path]; !ok {
			continue
		}
		a := quartered[i+1]
		a.Data = slices.Clone(a.Data)
		for k := range a.Data {
			a.Data[k] *= 0.25
		}
		quartered[i+1] = a
	}
	y, err := oracle.Run(plain.Function, quartered)
	if err != nil {
		t.Fatal(err)
	}
	oracle.Value(t, hooked.Function, hooked.Inputs, y, oracle.Tol(1e-12))
}

// Notes reach whoever asked last, and nobody where nobody asked.
func TestNotesReachTheCaller(t *testing.T) {
	bind, x := binding(t, layers.NewWeights(1), 2)
	net := bind.Root("critic")
	net.Note("features", x)
	var inner map[string]*graph.Node
	outer := bind.Noted(func() {
		inner = bind.Noted(func() { net.Note("features", x) })
	})
	if inner["features"] != x || len(outer) != 0 {
		t.Errorf("inner %v, outer %v", inner, outer)
	}
}
