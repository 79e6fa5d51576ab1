package gan

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ganymede-gan/ganymede/config"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Technique holds what may be added to the players of any model. docs/techniques.md says what each is for.
type Technique struct {
	Spectral        string  `toml:"spectral" default:"none" in:"none,critic,generator,both" help:"whose weights spectral normalisation divides by their largest singular value (Miyato 2018)"`
	WeightNorm      string  `toml:"weight-norm" default:"none" in:"none,critic,generator,both" help:"whose weights have a length of their own (Salimans and Kingma 2016)"`
	VirtualNorm     string  `toml:"virtual-batch-norm" default:"none" in:"none,critic,generator,both" help:"whose batch norm normalises each record by a reference batch and itself, not by its neighbours (Salimans 2016)"`
	Attention       int     `toml:"attention" default:"0" in:"0,8,16,32,64" help:"side of the maps that get self-attention in both players, at most half the picture's (Zhang 2018); 0 is none"`
	Orthogonal      float64 `toml:"orthogonal" default:"0" min:"0" help:"weight of the generator's orthogonal regularisation (Brock 2018 uses 0.0001); 0 is off"`
	Historical      float64 `toml:"historical" default:"0" min:"0" help:"weight of historical averaging: both players are drawn to the mean of their past weights (Salimans 2016); 0 is off"`
	FeatureMatching bool    `toml:"feature-matching" default:"false" help:"the generator matches the mean of the critic's features rather than fooling it (Salimans 2016)"`
	Minibatch       int     `toml:"minibatch" default:"0" min:"0" max:"1000" help:"kernels by which the critic compares the records of a batch (Salimans 2016 uses 100); 0 is off"`
	Packing         int     `toml:"packing" default:"1" min:"1" max:"16" help:"records that the critic judges together (Lin 2017, PacGAN)"`
	TopK            float64 `toml:"top-k" default:"1" above:"0" max:"1" help:"share of a generated batch, the best scored, that the generator learns from in the second half of a run (Sinha 2020 ends at 0.5); 1 is all"`
	Consistency     float64 `toml:"consistency" default:"0" min:"0" help:"weight of the critic's consistency under flips and shifts of real pictures (Zhang 2019 uses 10); 0 is off"`
	Unrolled        int     `toml:"unrolled" default:"0" min:"0" max:"10" help:"steps of the critic that the generator looks ahead (Metz 2016); 0 is off"`
	Freeze          int     `toml:"freeze" default:"0" min:"0" help:"layers of the critic, from its input, that keep their weights: for fine-tuning with --init (Mo 2020, FreezeD)"`
	Diff            string  `toml:"diffaugment" default:"none" in:"none,color,translation,cutout,color+translation,color+cutout,translation+cutout,color+translation+cutout" help:"how the critic's pictures are changed at random, the same way for all of training (Zhao 2020)"`
	ADA             string  `toml:"ada" default:"none" in:"none,blit,geom,color,filter,noise,cutout,bg,bgc,bgcf,bgcfn,bgcfnc,r3gan" help:"how the critic's pictures are changed at random with a strength that adapts (Karras 2020): blit, geom, color, filter, noise, cutout, their first letters, or R3GAN's choice"`
	ADATarget       float64 `toml:"ada-target" default:"0.6" min:"0" max:"1" help:"ada grows stronger while the mean sign of the scores of real records is above this, and weaker below; 0 holds its strength"`
	ADAStart        float64 `toml:"ada-strength" default:"0" min:"0" max:"1" help:"chance of each change of ada at the start"`
	ADAEnd          float64 `toml:"ada-end" default:"0" min:"0" max:"1" help:"where ada-target is 0: strength of ada at the end of optim.schedule; 0 is ada-strength throughout"`
	ADARecords      float64 `toml:"ada-records" default:"500000" min:"1" help:"real records in which the strength of ada can go from 0 to 1"`
	ADAEvery        int     `toml:"ada-every" default:"4" min:"1" help:"rounds between two adaptions of ada's strength"`
}

// check refuses what does not fit the pair.
func (t Technique) check(p Pair, batch int, gp bool) error {
	var errs []error
	refuse := func(key, format string, args ...any) {
		errs = append(errs, config.Refuse("technique."+key, format, args...))
	}
	if own := p.Generator == nil; own && (t.Packing > 1 || t.Unrolled > 0) {
		refuse("packing", "it and technique.unrolled are for one generator and one critic, and this game has other players; leave them at 1 and 0")
	}
	switch {
	case t.VirtualNorm == "none":
	case p.Generator == nil && !p.Refers:
		refuse("virtual-batch-norm", "this game has no reference batches; leave it at none")
	case len(p.Stages) > 0:
		refuse("virtual-batch-norm", "networks that grow have no batch norm that could be virtual; leave it at none")
	}
	switch {
	case t.Packing > 1 && (p.Classes > 0 || p.Beside != nil):
		refuse("packing", "records are judged in packs, and this critic tells something of each record (its class, its code); take a model without, or conditional=no")
	case batch%t.Packing != 0:
		refuse("packing", "a batch of %d does not divide into packs of %d; change optim.batch", batch, t.Packing)
	}
	if t.Consistency > 0 && p.Record.Shape != nil && len(p.Record.Shape) != 3 {
		refuse("consistency", "it flips and shifts pictures, and the records are %s of shape %v; leave it at 0", p.Record.Name, p.Record.Shape)
	}
	if t.Minibatch > 0 && gp {
		refuse("minibatch", "it ties each score to the whole batch, and penalty.gp is a penalty on each record's own slope; leave one of them at 0")
	}
	return errors.Join(errs...)
}

// Dress returns how the places of players are dressed: those of the critics and of the generators of pictures of a side (0: no pictures).
func (t Technique) Dress(critics, generators []string, side int) func(scope string, net Net) Net {
	attention := min(t.Attention, side/2)
	return func(scope string, net Net) Net {
		critic, generator := slices.Contains(critics, scope), slices.Contains(generators, scope)
		chosen := func(whose string) bool {
			return whose == "both" && (critic || generator) || whose == "critic" && critic || whose == "generator" && generator
		}
		if chosen(t.WeightNorm) {
			net = net.Through(layers.WeightNorm{}.Hook)
		}
		if chosen(t.Spectral) {
			net = net.Through(layers.Spectral{}.Hook)
		}
		if attention > 0 && (critic || generator) {
			net = net.Marking("map", func(net Net, x *Node) *Node { return attend(net, x, attention) })
		}
		if t.Minibatch > 0 && critic {
			net = net.Marking("features", layers.MinibatchDiscrimination{Kernels: t.Minibatch, Size: 5}.On)
		}
		return net
	}
}

// attend adds self-attention to the maps of a side.
func attend(net Net, x *Node, side int) *Node {
	if x.Rank() != 4 || x.Shape().Dimensions[1] != side {
		return x
	}
	return layers.SelfAttention{Init: layers.Glorot()}.On(net.In(fmt.Sprintf("attention%d", side)), x)
}

// onCritic adds the techniques on weights to a critic's move.
func (t Technique) onCritic(m *Move) {
	m.Freeze = t.Freeze
	if t.Historical > 0 {
		m.historical(t.Historical)
	}
}

// onGenerator adds the techniques on weights to a generator's move.
func (t Technique) onGenerator(m *Move) {
	if t.Orthogonal > 0 {
		m.beside(func(r *Turn) *Node { return graph.MulScalar(r.Term("orthogonal", Orthogonality(r)), t.Orthogonal) })
	}
	if t.Historical > 0 {
		m.historical(t.Historical)
	}
}

// beside adds to what is added to the move's loss.
func (m *Move) beside(loss func(r *Turn) *Node) {
	if before := m.Beside; before != nil {
		m.Beside = func(r *Turn) *Node { return graph.Add(before(r), loss(r)) }
		return
	}
	m.Beside = loss
}

// Orthogonality is the sum over the weights that the move owns of |W'W without its diagonal|^2, where the columns of W make one
// output each (Brock 2018, 1809.11096, equation 3). Tables of classes are left out, as in the author's code.
func Orthogonality(r *Turn) *Node {
	var sum *Node
	for _, path := range r.Owned() {
		v := r.bind.Weights.Get(path)
		if v.Shape.Rank() < 2 || layers.IsTable(path) {
			continue
		}
		w := layers.Matrix(r.Value(path), v.Out)
		gram := graph.MatMul(graph.Transpose(w, 0, 1), w) // [outputs, outputs]
		n := gram.Shape().Dimensions[0]
		off := graph.Sub(graph.OnesLike(gram), graph.ConvertDType(graph.Diagonal(r.bind.Graph, n), gram.DType()))
		squares := graph.ReduceAllSum(graph.Square(graph.Mul(gram, off)))
		if sum == nil {
			sum = squares
		} else {
			sum = graph.Add(sum, squares)
		}
	}
	return sum
}

// historical adds weight times the squared distance of the owned weights from the mean of their values after every step so far, the
// first values included (Salimans 2016, 1606.03498, section 3.3).
func (m *Move) historical(weight float64) {
	name := m.Name
	mean := func(r *Turn, path string) (*Node, string) {
		key := "moves/" + name + "/mean/" + path
		return r.bind.Copy(key, path), key
	}
	m.beside(func(r *Turn) *Node {
		var sum *Node
		for _, path := range r.Owned() {
			past, _ := mean(r, path)
			squares := graph.ReduceAllSum(graph.Square(graph.Sub(r.Value(path), past)))
			if sum == nil {
				sum = squares
			} else {
				sum = graph.Add(sum, squares)
			}
		}
		return graph.MulScalar(r.Term("historical", sum), weight)
	})
	then := m.Then
	m.Then = func(r *Turn) {
		if then != nil {
			then(r)
		}
		countKey := "moves/" + name + "/means"
		count := graph.AddScalar(r.State(countKey, layers.Constant(1)), 1) // values in the mean
		r.Set(countKey, count)
		for _, path := range r.Owned() {
			past, key := mean(r, path)
			r.Set(key, graph.Add(past, graph.Div(graph.Sub(r.Value(path), past), count)))
		}
	}
}

// pack lays packs of m records behind each other in the last axis: [batch, ..., C] to [batch/m, ..., m C] (Lin 2017, 1712.04086).
func pack(x *Node, m int) *Node {
	if m <= 1 {
		return x
	}
	dims := x.Shape().Dimensions
	last := len(dims) - 1
	x = graph.Reshape(x, append([]int{dims[0] / m, m}, dims[1:]...)...)
	order := []int{0}
	for axis := 2; axis <= last; axis++ {
		order = append(order, axis)
	}
	x = graph.TransposeAllAxes(x, append(order, 1, last+1)...) // [batch/m, ..., m, C]
	return graph.Reshape(x, append(append([]int{dims[0] / m}, dims[1:last]...), m*dims[last])...)
}

// best returns the scores with a gradient for the share of them that is highest alone, as if it were the batch (Sinha 2020, 2002.06224).
func best(scores, share *Node) *Node {
	flat := graph.Reshape(scores, -1)
	n := flat.Shape().Dimensions[0]
	still := graph.StopGradient(flat)
	mine, other := graph.Reshape(still, n, 1), graph.Reshape(still, 1, n)
	index := graph.Iota(flat.Graph(), shapes.Make(flat.DType(), n, 1), 0)
	before := graph.LessThan(graph.Reshape(index, 1, n), index) // of equal scores the earlier is better
	better := graph.LogicalOr(graph.GreaterThan(other, mine), graph.LogicalAnd(graph.Equal(other, mine), before))
	rank := graph.ReduceSum(graph.ConvertDType(better, flat.DType()), 1)
	kept := graph.ConvertDType(graph.LessThan(rank, graph.MulScalar(share, float64(n))), flat.DType())
	weight := graph.MulScalar(graph.Div(kept, graph.ReduceAllSum(kept)), float64(n))
	return graph.Reshape(graph.Add(still, graph.Mul(graph.Sub(flat, still), weight)), scores.Shape().Dimensions...)
}

// shaken flips each picture with chance 1/2 and shifts it by up to an eighth of its side, its edge repeated, as consistency
// regularisation does (Zhang 2019, 1910.12027, section 2.2).
func shaken(r *Turn, x *Node) *Node {
	dims := x.Shape().Dimensions
	draw := func(name string) *Node { return part(r.Draw(Uniform("consistency/"+name)), dims[0]) } // [batch], in [0, 1)
	flip := graph.Reshape(graph.LessThan(draw("flip"), graph.Scalar(x.Graph(), x.DType(), 0.5)), dims[0], 1, 1, 1)
	x = graph.Where(graph.BroadcastToDims(flip, dims...), graph.Reverse(x, 2), x)
	x = graph.Einsum("bij,bjwc->biwc", shift(draw("down"), dims[1]), x)
	return graph.Einsum("bij,bhjc->bhic", shift(draw("right"), dims[2]), x)
}

// shift makes of a number in [0, 1) for each record the matrix [batch, n, n] that shifts an axis of n by a whole number of elements.
func shift(chance *Node, n int) *Node {
	most := max(n/8, 1)
	g, dtype, batch := chance.Graph(), chance.DType(), chance.Shape().Dimensions[0]
	by := graph.AddScalar(graph.Floor(graph.MulScalar(chance, float64(2*most+1))), -float64(most))
	from := graph.Add(graph.Iota(g, shapes.Make(dtype, batch, n, 1), 1), graph.Reshape(by, batch, 1, 1))
	from = graph.ClipScalar(from, 0, float64(n-1))
	return graph.ConvertDType(graph.Equal(from, graph.Iota(g, shapes.Make(dtype, 1, 1, n), 2)), dtype)
}

// unrolled returns a loss as it is after some more steps of the critic, plain gradient descent at the critic's rate, through which
// the loss's gradient flows (Metz 2016, 1611.02163, equations 7 to 9). Nothing of these steps is kept.
func unrolled(r *Turn, steps int, scope string, criticLoss, loss func() *Node) (out *Node) {
	pass := r.pass
	r.pass, r.quiet = layers.Batch, true
	rate := r.Knob(criticRate)
	ahead := map[string]*Node{}
	for range steps {
		r.bind.Instead(ahead, func() {
			value := criticLoss()
			var paths []string
			for _, v := range r.bind.Inputs() {
				if v.Trainable && layers.Under(v.Path, scope) {
					paths = append(paths, v.Path)
				}
			}
			slices.Sort(paths)
			values := r.values(paths)
			for i, slope := range graph.Gradient(value, values...) {
				ahead[paths[i]] = graph.Sub(values[i], graph.Mul(slope, rate))
			}
		})
	}
	r.pass, r.quiet = pass, false
	r.bind.Instead(ahead, func() { out = loss() })
	return out
}

// matched is the squared distance of the mean features of real and generated records (Salimans 2016, section 3.1).
func matched(real, fake map[string]*Node) *Node {
	f, g := real["features"], fake["features"]
	if f == nil || g == nil {
		panic(errors.New(`technique.feature-matching needs a critic that marks its features: x = net.Mark("features", x) before its last layer`))
	}
	return graph.ReduceAllSum(graph.Square(graph.Sub(graph.ReduceMean(g, 0), graph.StopGradient(graph.ReduceMean(f, 0)))))
}

// knobs are those that the techniques read.
func (t Technique) knobs() []Knob {
	if t.TopK >= 1 {
		return nil
	}
	return []Knob{{Name: "top-k", At: func(now Progress) float64 { return math.Max(t.TopK, 1-2*now.Done()*(1-t.TopK)) }}}
}

// consistent is how far the critic's scores of pictures change when they are flipped and shifted, squared.
func consistent(r *Turn, real Judged, scores *Node) *Node {
	moved := real
	moved.Records = shaken(r, real.Records)
	return mean(graph.Square(graph.Sub(moved.score(r), scores)))
}
