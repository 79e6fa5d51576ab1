package ops

import (
	"reflect"

	"github.com/gomlx/gomlx/core/graph"
)

// params reads what a node was made with: strides, axes, paddings. GoMLX keeps these in unexported fields, which reflection may
// read (though not set) without unsafe. The names are those of v0.28.1, core/graph/gen_compute_ops.go; TestParams fails if a
// later version changes one.
type params struct{ fields reflect.Value }

func paramsOf(node *graph.Node) params {
	return params{reflect.ValueOf(node).Elem().FieldByName("inputs").Elem().Elem()}
}

func (p params) field(name string) reflect.Value {
	field := p.fields.FieldByName(name)
	if !field.IsValid() {
		fail("%s of GoMLX has no field %q: its rules in this package were written for v0.28.1", p.fields.Type(), name)
	}
	return field
}

func (p params) int(name string) int   { return int(p.field(name).Int()) }
func (p params) bool(name string) bool { return p.field(name).Bool() }

func (p params) ints(name string) []int { return ints(p.field(name)) }

// intsOr returns the list, or n times the default where the node has none.
func (p params) intsOr(name string, n, byDefault int) []int {
	if list := p.ints(name); len(list) > 0 {
		return list
	}
	return repeat(byDefault, n)
}

// pairsOr returns the paddings, or n times none.
func (p params) pairsOr(name string, n int) [][2]int {
	pairs := make([][2]int, n)
	for i := range p.field(name).Len() {
		pair := p.field(name).Index(i)
		pairs[i] = [2]int{int(pair.Index(0).Int()), int(pair.Index(1).Int())}
	}
	return pairs
}

func (p params) padAxes(name string) []graph.PadAxis {
	list := make([]graph.PadAxis, p.field(name).Len())
	for i := range list {
		axis := params{p.field(name).Index(i)}
		list[i] = graph.PadAxis{Start: axis.int("Start"), End: axis.int("End"), Interior: axis.int("Interior")}
	}
	return list
}

func (p params) convAxes(name string) graph.ConvolveAxesConfig {
	axes := params{p.field(name)}
	return graph.ConvolveAxesConfig{
		InputBatch: axes.int("InputBatch"), InputChannels: axes.int("InputChannels"), InputSpatial: axes.ints("InputSpatial"),
		KernelInputChannels: axes.int("KernelInputChannels"), KernelOutputChannels: axes.int("KernelOutputChannels"),
		KernelSpatial: axes.ints("KernelSpatial"),
		OutputBatch:   axes.int("OutputBatch"), OutputChannels: axes.int("OutputChannels"), OutputSpatial: axes.ints("OutputSpatial"),
	}
}

func ints(list reflect.Value) []int {
	values := make([]int, list.Len())
	for i := range values {
		values[i] = int(list.Index(i).Int())
	}
	return values
}

func repeat(value, n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = value
	}
	return list
}
