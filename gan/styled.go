package gan

import (
	"math"

	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Truncation is the name of the need by which who samples chooses psi: 1 is none, towards 0 all samples go to the mean one.
const Truncation = "truncation"

// OtherLatent stands behind the latent's name for that of the other record of a mix, and TakenLayers is the name of the need that says
// which layers take its styles, one number a layer: 1, or 0.
const (
	OtherLatent = "/other"
	TakenLayers = "layers"
)

// Styled is a generator in two parts (Karras 2018, 1812.04948): a mapping makes w of z, and each layer of a synthesis takes a w as its
// style.
type Styled struct {
	Layers    int                               // that take a style
	Mapping   func(net Net, z, y *Node) *Node   // [batch, latent] and labels to w [batch, size]
	Synthesis func(net Net, styles *Node) *Node // [batch, Layers, size] to records
	Mixing    float64                           // share of records that are made from two latents in training (section 3.1)
	Cut       int                               // truncation holds for so many layers, the coarsest; 0: for all
}

// meanDecay is the decay of the mean of w (the authors' code; 0.995 in all its versions).
const meanDecay = 0.995

// Generate makes records of z. A training pass follows the mean of w and mixes styles, a fixed pass truncates.
func (s Styled) Generate(net Net, z, y *Node) *Node {
	return s.Synthesis(net.In("synthesis"), s.Styles(net, z, y))
}

// Styles are the styles of all layers, [batch, Layers, size].
func (s Styled) Styles(net Net, z, y *Node) *Node {
	w := s.Mapping(net.In("mapping"), z, y)
	size := w.Shape().Dimensions[1]
	mean := net.Statistic("mean", layers.Constant(0), size)
	if net.Pass() == layers.Train {
		batch := graph.ReduceMean(w, 0)
		net.SetStatistic("mean", graph.Add(graph.MulScalar(mean, meanDecay), graph.MulScalar(batch, 1-meanDecay)))
	}
	styles := s.each(w)
	switch {
	case net.Pass() == layers.Train && s.Mixing > 0 && s.Layers > 1:
		return s.mixed(net, styles, z, y)
	case net.Pass() == layers.Fixed:
		return s.truncated(net, styles, mean)
	default:
		return styles
	}
}

// each gives every layer the same style.
func (s Styled) each(w *Node) *Node {
	d := w.Shape().Dimensions
	return graph.BroadcastToDims(graph.Reshape(w, d[0], 1, d[1]), d[0], s.Layers, d[1])
}

// mixed gives the layers from a random one on the styles of a second latent, in a share of the records.
func (s Styled) mixed(net Net, styles, z, y *Node) *Node {
	batch := z.Shape().Dimensions[0]
	other := s.each(s.Mapping(net.In("mapping"), net.Normal("other", z.Shape().Dimensions...), y))
	chance, at := net.Uniform("mix", batch, 1), net.Uniform("cut", batch, 1)
	// The first layer keeps its style: the cut lies after layer 1, 2, ..., Layers-1 with equal chances.
	first := graph.AddScalar(graph.Floor(graph.MulScalar(at, float64(s.Layers-1))), 1)
	whole := graph.AddScalar(graph.ZerosLike(first), float64(s.Layers))
	first = graph.Where(graph.LessThan(chance, graph.Scalar(z.Graph(), z.DType(), s.Mixing)), first, whole)
	return chooseStyles(graph.LessThan(s.numbers(styles), first), styles, other)
}

// numbers counts the layers, [1, Layers].
func (s Styled) numbers(like *Node) *Node {
	return graph.Iota(like.Graph(), shapes.Make(like.DType(), 1, s.Layers), 1)
}

// chooseStyles takes styles of one where which [batch or 1, Layers] is true, and of other elsewhere.
func chooseStyles(which, one, other *Node) *Node {
	which = graph.BroadcastToDims(graph.InsertAxes(which, -1), one.Shape().Dimensions...)
	return graph.Where(which, one, other)
}

// truncated moves the styles of the coarse layers towards the mean w by the truncation psi (Karras 2018, appendix B).
func (s Styled) truncated(net Net, styles, mean *Node) *Node {
	psi := graph.Reshape(net.Given(Truncation, 1, styles.Shape().Dimensions[0]), -1, 1, 1)
	mean = graph.Reshape(mean, 1, 1, -1)
	near := graph.Add(mean, graph.Mul(graph.Sub(styles, mean), psi))
	if s.Cut == 0 || s.Cut >= s.Layers {
		return near
	}
	cut := graph.Scalar(styles.Graph(), styles.DType(), float64(s.Cut))
	return chooseStyles(graph.BroadcastToDims(graph.LessThan(s.numbers(styles), cut), styles.Shape().Dimensions[0], s.Layers), near, styles)
}

// Mix makes the records of z with the styles of other where takes [batch, Layers] is 1.
func (s Styled) Mix(net Net, z, other, y, takes *Node) *Node {
	styles := chooseStyles(graph.GreaterThan(takes, graph.Scalar(takes.Graph(), takes.DType(), 0.5)), s.Styles(net, other, y), s.Styles(net, z, y))
	return s.Synthesis(net.In("synthesis"), styles)
}

// pathDecay is by how much the running mean of path lengths follows (Karras 2019, appendix B).
const pathDecay = 0.01

// PathLength is how far the lengths |J y| are from their running mean, squared (Karras 2019, 1912.04958, equation 4), with weight 1: J is the
// synthesis' slope by the styles, y a random picture. Lengths are root mean squares over the layers, and y is divided by the root of
// the number of pixels, as in the authors' code.
func PathLength(r *Turn, synthesis func(styles *Node) *Node, styles *Node) *Node {
	picture := synthesis(styles)
	d := picture.Shape().Dimensions
	y := graph.DivScalar(r.Net("path").Normal("picture", d...), math.Sqrt(float64(d[1]*d[2])))
	slopes := graph.Gradient(graph.ReduceAllSum(graph.Mul(picture, y)), styles)[0] // [batch, layers, size]
	squares := graph.ReduceMean(graph.ReduceSum(graph.Square(slopes), 2), 1)
	lengths := graph.Sqrt(graph.AddScalar(squares, 1e-12)) // the root's slope at 0 is infinite
	r.Term("length", lengths)
	const key = "path/mean"
	old := r.State(key, layers.Constant(0))
	mean := graph.Add(old, graph.MulScalar(graph.Sub(graph.ReduceAllMean(lengths), old), pathDecay))
	r.Set(key, mean)
	return graph.ReduceAllMean(graph.Square(graph.Sub(lengths, mean)))
}

// part returns the first n records of x; nil of nil.
func part(x *Node, n int) *Node {
	if x == nil {
		return nil
	}
	return graph.SliceAxis(x, 0, graph.AxisRange(0, n))
}
