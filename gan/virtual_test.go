package gan

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// virtualOptions are those of both players with virtual batch norm, on small batches.
func virtualOptions(t *testing.T) Options {
	o := defaults(t)
	o.Technique.VirtualNorm, o.Optim.Batch, o.Optim.Average = "both", 4, 0.9
	return o
}

// The reference batches are chosen once: the generator's latents are drawn at the start, the critic's records are those of its first
// batch. Both are state that is saved with the rest, and neither player has running statistics.
func TestReferenceBatchesStayAsTheyAre(t *testing.T) {
	o := virtualOptions(t)
	o.Penalty.GP = 10 // a record's score is its own, so its slope is too
	p := play(t, game(t, pictures(layers.BatchNorm{}.On, true), o), dtypes.Float64)
	p.play()
	first, latents := slices.Clone(p.drawn["pictures critic 0"]), p.weight("generator/reference/z")
	near(t, "the critic's reference batch", p.weight("critic/reference/pictures"), first, 0)
	p.play()
	near(t, "a round later", p.weight("critic/reference/pictures"), first, 0)
	near(t, "the generator's latents a round later", p.weight("generator/reference/z"), latents, 0)
	near(t, "those of the average", p.weight("average/generator/reference/z"), latents, 0)
	if slices.Equal(p.drawn["pictures critic 0"], first) {
		t.Error("the second round has the first one's records")
	}
	for _, v := range p.weights.All("") {
		if strings.HasSuffix(v.Path, "/norm/mean") || strings.HasSuffix(v.Path, "/norm/variance") {
			t.Errorf("there is a running statistic, %s", v.Path)
		}
		if strings.Contains(v.Path, "/reference/") && v.Trainable {
			t.Errorf("%s is trainable", v.Path)
		}
	}
}

// A record's picture and its score do not depend on the other records of the batch, to the bit: where batch norm ties them together, as the
// same test without the technique shows.
func TestARecordDoesNotDependOnItsBatch(t *testing.T) {
	for _, technique := range []string{"both", "none"} {
		pair := pictures(layers.BatchNorm{}.On, true)
		o := virtualOptions(t)
		o.Technique.VirtualNorm = technique
		p := play(t, game(t, pair, o), dtypes.Float64)
		p.play()
		contest, err := o.Contest(pair)
		if err != nil {
			t.Fatal(err)
		}
		player := &pairPlay{Pair: pair, o: o, contest: contest}
		// The picture and the score of record 0 in a training pass, with others beside it.
		made := func(others float64) (picture, score []float64) {
			g := graph.NewGraph(p.backend, t.Name())
			defer g.Finalize()
			bind := layers.Bind(p.weights, g)
			turn := NewTurn(p.game, bind)
			z := graph.Iota(g, shapes.Make(dtypes.Float64, 4, 3), 0)
			z = graph.MulScalar(graph.AddScalar(z, 0.25), others)
			z = graph.Concatenate([]*Node{graph.Const(g, [][]float64{{0.5, -1, 2}}), graph.SliceAxis(z, 0, graph.AxisRange(1, 4))}, 0)
			x := player.generated(turn, z, nil)
			s := player.scored(turn, layers.Batch, x, nil)
			outputs := p.execute(g, bind, turn, []*Node{x, s})
			return flat(t, outputs[0])[:64], flat(t, outputs[1])[:1]
		}
		picture, score := made(1)
		otherPicture, otherScore := made(-3)
		want := technique == "both"
		if got := slices.Equal(picture, otherPicture); got != want {
			t.Errorf("%s: with other neighbours the picture is the same: %v", technique, got)
		}
		if got := slices.Equal(score, otherScore); got != want {
			t.Errorf("%s: with other neighbours the score is the same: %v", technique, got)
		}
	}
}

// normed is a pair whose generator is batch norm alone, with a class's share, so that what it makes can be told by hand.
func normed() Pair {
	pair := points()
	pair.Latent, pair.Classes = Normal("z", 2), 3
	pair.Codes = []Need{Categorical("code", 2), Uniform("turn", 1)}
	pair.Generator = func(net Net, z, y *Node) *Node {
		all := graph.Add(z, graph.Reshape(graph.ConvertDType(y, z.DType()), -1, 1))
		return graph.Slice(layers.BatchNorm{}.On(net.In("norm"), all), graph.AxisRange(), graph.AxisRange(0, 2))
	}
	return pair
}

// Samples are z less the mean over deviation of reference batch and record, worked out here from the variables that a checkpoint holds; the
// reference batch has classes and codes of its own.
func TestSamplesByTheReferenceBatch(t *testing.T) {
	o := virtualOptions(t)
	o.Technique.VirtualNorm, o.Optim.Rate = "generator", 1e-9
	p := play(t, game(t, normed(), o), dtypes.Float64)
	p.play()
	got := p.sample(true, "points")
	z, classes := p.weight("generator/reference/z"), p.weight("generator/reference/classes")
	for _, c := range classes {
		if c != 0 && c != 1 && c != 2 {
			t.Errorf("a reference record is of class %v", c)
		}
	}
	if codes := p.weight("generator/reference/code"); len(codes) != 4 || len(p.weight("generator/reference/turn")) != 4 {
		t.Errorf("the codes of the reference batch are %v", codes)
	}
	want := make([]float64, 8)
	for i := range 4 {
		own := p.drawn["classes  0"][i]
		for c := range 2 {
			values := []float64{p.drawn["z  0"][2*i+c] + own}
			for k := range 4 {
				values = append(values, z[2*k+c]+classes[k])
			}
			mean := average(values)
			variance := 0.0
			for _, v := range values {
				variance += (v - mean) * (v - mean) / 5
			}
			want[2*i+c] = (values[0] - mean) / math.Sqrt(variance+1e-5)
		}
	}
	near(t, "samples", got, want, 1e-6)
}

// A critic's real and generated records go against one pass over the reference batch; after its step the weights are others, and so is the
// pass. Spectral normalisation makes one step of the power iteration in it, and the pass against it sees the same weights.
func TestOnePassOverTheReferenceBatch(t *testing.T) {
	o := virtualOptions(t)
	o.Technique.VirtualNorm, o.Technique.Spectral = "critic", "critic"
	pair := pictures(layers.BatchNorm{}.On, true)
	critic, passes := pair.Critic, map[string]int{}
	pair.Critic = func(net Net, x, y *Node) *Node {
		passes[net.Path()]++
		return critic(net, x, y)
	}
	p := play(t, game(t, pair, o), dtypes.Float64)
	p.moves(p.game.Acts[0].Moves[0])
	if passes["critic"] != 3 {
		t.Errorf("the critic's step passes %d times through the critic, want reference, real and generated", passes["critic"])
	}
	p.moves(p.game.Acts[0].Moves[1])
	if passes["critic"] != 5 {
		t.Errorf("both steps pass %d times through the critic, want two more for the generator's", passes["critic"])
	}
}

// Unrolled steps change the critic's weights ahead, and with them what the reference batch makes of it.
func TestReferenceBatchOfStepsAhead(t *testing.T) {
	o := virtualOptions(t)
	o.Technique.VirtualNorm, o.Technique.Unrolled = "critic", 2
	pair := pictures(layers.BatchNorm{}.On, true)
	critic, passes := pair.Critic, 0
	pair.Critic = func(net Net, x, y *Node) *Node {
		passes++
		return critic(net, x, y)
	}
	p := play(t, game(t, pair, o), dtypes.Float64)
	p.moves(p.game.Acts[0].Moves[1])
	if want := 2*3 + 2; passes != want { // reference, real and generated at each step; reference and generated at last
		t.Errorf("%d passes through the critic, want %d", passes, want)
	}
}

// What has no batch norm cannot have a virtual one, and is told so.
func TestVirtualBatchNormNeedsBatchNorm(t *testing.T) {
	o := virtualOptions(t)
	refused(t, func() { play(t, game(t, points(), o), dtypes.Float64).play() }, "technique.virtual-batch-norm", "has no batch norm")
	if _, err := o.OwnLosses(); err == nil || !contains(err, "technique.virtual-batch-norm") {
		t.Error(err)
	}
	growing := points()
	growing.Stages = []Stage{{}}
	if _, err := growing.Game(o); err == nil || !contains(err, "networks that grow") {
		t.Error(err)
	}
	plain := pictures(layers.BatchNorm{}.On, true)
	o.Technique.VirtualNorm, o.Penalty.GP = "generator", 10
	if _, err := plain.Game(o); err == nil || !contains(err, "virtual-batch-norm=critic") {
		t.Error(err)
	}
}
