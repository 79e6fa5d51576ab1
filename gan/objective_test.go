package gan

import (
	"math"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/gomlx/gomlx/core/graph"
)

// The papers' formulas, term by term, with D(x) the logistic function of the score where they speak of probabilities.
func TestObjectivesAreTheirPapersFormulas(t *testing.T) {
	d := func(score float64) float64 { return 1 / (1 + math.Exp(-score)) }
	log, sq := math.Log, func(x float64) float64 { return x * x }
	type formula func(real, fake, one float64) float64
	entropy := func(r, f, one float64) float64 { return -one*log(d(r)) - (1-one)*log(1-d(r)) - log(1-d(f)) }
	for name, c := range map[string]struct{ critic, generator formula }{
		"minimax":       {entropy, func(_, f, _ float64) float64 { return log(1 - d(f)) }},
		"nonsaturating": {entropy, func(_, f, _ float64) float64 { return -log(d(f)) }},
		"lsgan":         {func(r, f, one float64) float64 { return sq(r-one)/2 + sq(f)/2 }, func(_, f, _ float64) float64 { return sq(f-1) / 2 }},
		"wasserstein":   {func(r, f, _ float64) float64 { return f - r }, func(_, f, _ float64) float64 { return -f }},
		"hinge":         {func(r, f, _ float64) float64 { return max(0, 1-r) + max(0, 1+f) }, func(_, f, _ float64) float64 { return -f }},
		"relativistic":  {func(r, f, _ float64) float64 { return -log(d(r - f)) }, func(r, f, _ float64) float64 { return -log(d(f - r)) }},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := FindObjective(name)
			if err != nil {
				t.Fatal(err)
			}
			real, fake := oracle.Of([]int{4}, -2.5, -0.3, 0.6, 3), oracle.Of([]int{4}, 1.2, -4, 0.1, 2)
			for _, one := range []float64{1, 0.9} {
				if one < 1 && !o.Labels {
					continue
				}
				losses := func(in []*Node) *Node {
					onReal, onFake := o.Critic(in[0], in[1], one)
					return graph.Stack([]*Node{graph.Add(onReal, onFake), o.Generator(in[1], in[0])}, 0)
				}
				want := oracle.Of([]int{2}, 0, 0)
				for i := range 4 {
					want.Data[0] += c.critic(real.Data[i], fake.Data[i], one) / 4
					want.Data[1] += c.generator(real.Data[i], fake.Data[i], one) / 4
				}
				oracle.Value(t, losses, []oracle.Array{real, fake}, want)
				oracle.Gradients(t, losses, []oracle.Array{real, fake}, oracle.Order(1))
			}
		})
	}
	if len(Objectives()) != 6 {
		t.Error("an objective has no formula here")
	}
}

// Scores of +-200 overflow a naive log(1-sigmoid) in every precision.
func TestObjectivesStayFiniteFarOut(t *testing.T) {
	for _, o := range Objectives() {
		far := oracle.Of([]int{2}, -200, 200)
		got, err := oracle.Run(func(in []*Node) *Node {
			a, b := o.Critic(in[0], in[0], 0.9)
			loss := graph.Add(graph.Add(a, b), o.Generator(in[0], in[0]))
			return graph.Stack([]*Node{loss, graph.ReduceAllSum(graph.Gradient(loss, in[0])[0])}, 0)
		}, []oracle.Array{far})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range got.Data {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s: loss and slope are %v", o.Name, got.Data)
			}
		}
	}
}

func TestFindObjectiveListsAll(t *testing.T) {
	_, err := FindObjective("hing")
	if err == nil || err.Error() != `objective: there is no "hing"; there are minimax, nonsaturating, lsgan, wasserstein, hinge, relativistic` {
		t.Error(err)
	}
}
