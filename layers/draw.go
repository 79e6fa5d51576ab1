package layers

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Outside is what a network can ask for that is neither input nor weight. Whoever builds the graph of a round provides it.
type Outside struct {
	// Draw returns numbers of the shape from N(0, 1), or from [0, 1) if flat, that are drawn anew for each pass. The first of dims
	// counts the records.
	Draw func(path string, flat bool, dims []int) *graph.Node
	// Given returns a number for each of so many records, [records, dims...], that who samples may choose; otherwise all are value.
	Given func(name string, value float64, records int, dims []int) *graph.Node
	// Knob returns a scalar that changes from round to round.
	Knob func(name string) *graph.Node
}

// Normal returns numbers from N(0, 1), drawn anew for each pass: noise inputs. dims[0] counts the records.
func (n Net) Normal(name string, dims ...int) *graph.Node { return n.draw(name, false, dims) }

// Uniform returns numbers from [0, 1), drawn anew for each pass: what dropout compares with. dims[0] counts the records.
func (n Net) Uniform(name string, dims ...int) *graph.Node { return n.draw(name, true, dims) }

func (n Net) draw(name string, flat bool, dims []int) *graph.Node {
	if n.collecting { // the reference batch keeps what was drawn for it
		init := Normal(0, 1)
		if flat {
			init = Flat()
		}
		return n.Statistic(name+"/reference", init, dims...)
	}
	if n.binding.Outside.Draw == nil {
		panic(fmt.Errorf("%s/%s is drawn anew for each pass, and nobody draws here", n.path, name))
	}
	return n.binding.Outside.Draw(n.path+"/"+name, flat, dims)
}

// Given returns numbers that who samples may choose for each record, [records, dims...], and that are value where nobody does: a truncation
// psi. The name is one of the game, whatever the place.
func (n Net) Given(name string, value float64, records int, dims ...int) *graph.Node {
	if n.binding.Outside.Given == nil {
		panic(fmt.Errorf("%s reads %q, which who samples may choose, and nobody does here", n.path, name))
	}
	return n.binding.Outside.Given(name, value, records, dims)
}

// Knob returns a scalar of the game that changes from round to round, such as how far a new layer is faded in.
func (n Net) Knob(name string) *graph.Node {
	if n.binding.Outside.Knob == nil {
		panic(fmt.Errorf("%s reads the knob %q, and there are none here", n.path, name))
	}
	return n.binding.Outside.Knob(name)
}
