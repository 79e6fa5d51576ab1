// Package augment changes pictures at random before a critic sees them, so that few pictures last longer: the pipeline of adaptive
// discriminator augmentation (Karras 2020, 2006.06676, appendix B) and DiffAugment (Zhao 2020, 2006.10738). Pictures [batch, side, side,
// channels] and what draws random numbers go in, pictures of the same shape come out, differentiable to any order. It knows nothing of
// players, of how strong augmentation should be, or of data.
package augment

import (
	"fmt"
	"math"
	"strings"

	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

// Node is a node of the graph that is being built.
type Node = graph.Node

// Random draws numbers anew, [records, dims...].
type Random interface {
	Normal(name string, dims ...int) *Node
	Uniform(name string, dims ...int) *Node
}

// Pipe is the pipeline of ADA. Each change is made to a record by its own chance, p times its multiplier; the zero value changes
// nothing. Deviations and ranges are the paper's.
type Pipe struct {
	Flip, Turn, Shift                           float64 // pixel blitting: mirrored, by quarters, by whole pixels
	Scale, Rotate, Stretch, Move                float64 // general geometric: alike along both axes, by any angle, along one axis, by any distance
	Brightness, Contrast, Luma, Hue, Saturation float64 // of colour; luma is turned upside down
	Filter                                      float64 // four bands of frequencies are amplified
	Noise, Cutout                               float64 // corruptions
}

// Pipes are the pipelines of the paper's figure 4 by their names in the authors' code: blit, geom, color, filter, noise, cutout, and
// their sums bg, bgc, bgcf, bgcfn, bgcfnc. r3gan is R3GAN's (Huang 2024, 2501.05441): colours half as often, and cutout.
func Pipes() map[string]Pipe {
	b := Pipe{Flip: 1, Turn: 1, Shift: 1}
	g := Pipe{Scale: 1, Rotate: 1, Stretch: 1, Move: 1}
	c := Pipe{Brightness: 1, Contrast: 1, Luma: 1, Hue: 1, Saturation: 1}
	f, n, k := Pipe{Filter: 1}, Pipe{Noise: 1}, Pipe{Cutout: 1}
	half := Pipe{Brightness: 0.5, Contrast: 0.5, Luma: 0.5, Hue: 0.5, Saturation: 0.5}
	return map[string]Pipe{
		"r3gan": sum(b, g, half, k),
		"blit":  b, "geom": g, "color": c, "filter": f, "noise": n, "cutout": k,
		"bg": sum(b, g), "bgc": sum(b, g, c), "bgcf": sum(b, g, c, f), "bgcfn": sum(b, g, c, f, n), "bgcfnc": sum(b, g, c, f, n, k),
	}
}

// sum has the changes of all.
func sum(pipes ...Pipe) Pipe {
	var all Pipe
	to := all.multipliers()
	for _, p := range pipes {
		for i, m := range p.multipliers() {
			*to[i] += *m
		}
	}
	return all
}

func (p *Pipe) multipliers() []*float64 {
	return []*float64{
		&p.Flip, &p.Turn, &p.Shift, &p.Scale, &p.Rotate, &p.Stretch, &p.Move, &p.Brightness, &p.Contrast, &p.Luma, &p.Hue, &p.Saturation,
		&p.Filter, &p.Noise, &p.Cutout,
	}
}

// Check says why the pipeline cannot change pictures of the shape, [side, side, channels].
func (p Pipe) Check(shape []int) error {
	switch {
	case len(shape) != 3 || shape[0] != shape[1]:
		return fmt.Errorf("it changes square pictures, and the records have the shape %v", shape)
	case shape[2] != 1 && shape[2] != 3:
		return fmt.Errorf("it changes pictures of 1 or 3 channels, and these have %d", shape[2])
	case p.Filter > 0 && shape[0] < 2*filterReach:
		return fmt.Errorf("its filter needs pictures of side %d or more, and these have %d", 2*filterReach, shape[0])
	}
	return nil
}

// On changes pictures with the strength p, a scalar.
func (p Pipe) On(random Random, x, strength *Node) *Node {
	d := x.Shape().Dimensions
	if err := p.Check(d[1:]); err != nil {
		panic(fmt.Errorf("augment: %w", err))
	}
	a := &augmenter{Pipe: p, random: random, strength: strength, batch: d[0], side: d[1], channels: d[3]}
	if inverse := a.geometry(); inverse != nil {
		x = transform(x, inverse)
	}
	if colour := a.colour(); colour != nil {
		x = recolour(x, colour)
	}
	if p.Filter > 0 {
		x = filter(x, a.gains())
	}
	return a.corrupt(x)
}

// augmenter makes the random parameters of a batch.
type augmenter struct {
	Pipe
	random                Random
	strength              *Node
	batch, side, channels int
}

// happens is whether something happens to each record, [batch], by a chance.
func (a *augmenter) happens(name string, chance *Node) *Node {
	return graph.LessThan(a.random.Uniform(name+"/chance", a.batch), chance)
}

// maybe is value where something happens by multiplier times the strength, and otherwise elsewhere.
func (a *augmenter) maybe(name string, multiplier float64, value *Node, otherwise float64) *Node {
	return a.choose(a.happens(name, graph.MulScalar(a.strength, multiplier)), value, otherwise)
}

func (a *augmenter) choose(which, value *Node, otherwise float64) *Node {
	return graph.Where(which, value, graph.AddScalar(graph.ZerosLike(value), otherwise))
}

// whole draws 0, ..., n-1.
func (a *augmenter) whole(name string, n int) *Node {
	return graph.Floor(graph.MulScalar(a.random.Uniform(name, a.batch), float64(n)))
}

// around draws from [-bound, bound).
func (a *augmenter) around(name string, bound float64) *Node {
	return graph.MulScalar(graph.AddScalar(graph.MulScalar(a.random.Uniform(name, a.batch), 2), -1), bound)
}

// power draws 2^(N(0, 1) deviation).
func (a *augmenter) power(name string, deviation float64) *Node {
	return graph.Exp(graph.MulScalar(a.random.Normal(name, a.batch), deviation*math.Ln2))
}

// geometry is the inverse of the change of places, [batch, 3, 3]: from a pixel of the new picture to one of the old, from their
// middles. It is nil if nothing of the kind is on.
func (a *augmenter) geometry() *Node {
	var inverse *Node
	then := func(m *Node) {
		if inverse == nil {
			inverse = m
		} else {
			inverse = product(inverse, m)
		}
	}
	if a.Flip > 0 {
		i := a.maybe("flip", a.Flip, a.whole("flip", 2), 0)
		then(scale2(graph.AddScalar(graph.MulScalar(i, -2), 1), one(i)))
	}
	if a.Turn > 0 {
		i := a.maybe("turn", a.Turn, a.whole("turn", 4), 0)
		then(rotate2(graph.MulScalar(i, math.Pi/2)))
	}
	if a.Shift > 0 {
		happens := a.happens("shift", graph.MulScalar(a.strength, a.Shift))
		distance := func(name string) *Node {
			t := graph.MulScalar(a.choose(happens, a.around(name, 0.125), 0), float64(a.side))
			return graph.Neg(graph.Round(t))
		}
		then(translate2(distance("shift/x"), distance("shift/y")))
	}
	if a.Scale > 0 {
		s := graph.Reciprocal(a.maybe("scale", a.Scale, a.power("scale", 0.2), 1))
		then(scale2(s, s))
	}
	// Before or after the stretch, so that one of them happens by the chance that is asked for.
	chance := graph.OneMinus(graph.Sqrt(graph.ClipScalar(graph.OneMinus(graph.MulScalar(a.strength, a.Rotate)), 0, 1)))
	rotate := func(name string) {
		if a.Rotate > 0 {
			then(rotate2(a.choose(a.happens(name, chance), a.around(name, math.Pi), 0)))
		}
	}
	rotate("rotate/before")
	if a.Stretch > 0 {
		s := a.maybe("stretch", a.Stretch, a.power("stretch", 0.2), 1)
		then(scale2(graph.Reciprocal(s), s))
	}
	rotate("rotate/after")
	if a.Move > 0 {
		happens := a.happens("move", graph.MulScalar(a.strength, a.Move))
		distance := func(name string) *Node {
			return graph.MulScalar(a.choose(happens, a.random.Normal(name, a.batch), 0), -0.125*float64(a.side))
		}
		then(translate2(distance("move/x"), distance("move/y")))
	}
	return inverse
}

// lowpass is the filter before and after places are changed: the wavelet sym6, of sum 1 (Daubechies 1992, table 6.3).
var lowpass = normalised([]float64{
	0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466, 0.787641141030194,
	0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148,
})

func normalised(taps []float64) []float64 {
	total := 0.0
	for _, t := range taps {
		total += t
	}
	return times(taps, 1/total)
}

func times(taps []float64, factor float64) []float64 {
	out := make([]float64, len(taps))
	for i, t := range taps {
		out[i] = t * factor
	}
	return out
}

func reversed(taps []float64) []float64 {
	out := make([]float64, len(taps))
	for i, t := range taps {
		out[len(taps)-1-i] = t
	}
	return out
}

// reach is how far the filter reaches beyond the picture, a quarter of its taps.
const reach = 3

// transform changes places by the inverse, at twice the resolution: mirror images beyond the edges, up, read, down (appendix B.2).
func transform(x, inverse *Node) *Node {
	side := x.Shape().Dimensions[1]
	x = ops.Separable(x, upwards(side))
	// The inverse at twice the resolution: places are twice as far, and the new middles lie half a pixel off the old ones.
	half := shiftOf(inverse, -0.5)
	doubled := product(product(scaleOf(inverse, 2), inverse), scaleOf(inverse, 0.5))
	doubled = product(product(half, doubled), shiftOf(inverse, 0.5))
	larger := 2 * (side + 2*reach)
	x = ops.Warp(x, graph.SliceAxis(doubled, 1, graph.AxisRange(0, 2)), larger, larger)
	return ops.Separable(x, downwards(side))
}

// upwards is the matrix that lays mirror images around an axis and doubles it, smoothed by the filter.
func upwards(side int) [][]float64 {
	taps := times(reversed(lowpass), 2)
	return matrixOf(side, func(line []float64) []float64 {
		var apart []float64
		for _, v := range mirrored(line, side-1) {
			apart = append(apart, v, 0)
		}
		return correlate(apart, taps, 6, 5)
	})
}

// downwards is the matrix that smooths an axis of twice the side with the filter's reach around, and halves it.
func downwards(side int) [][]float64 {
	return matrixOf(2*(side+2*reach), func(line []float64) []float64 {
		var every []float64
		for i, v := range correlate(line, lowpass, -1, -1) {
			if i%2 == 0 {
				every = append(every, v)
			}
		}
		return every
	})
}

// matrixOf is the matrix [outputs][n] of a linear function of n numbers.
func matrixOf(n int, f func(line []float64) []float64) [][]float64 {
	var m [][]float64
	for i := range n {
		unit := make([]float64, n)
		unit[i] = 1
		for o, v := range f(unit) {
			if i == 0 {
				m = append(m, make([]float64, n))
			}
			m[o][i] = v
		}
	}
	return m
}

// mirrored lays mirror images before and after a line, its ends not repeated.
func mirrored(line []float64, padding int) []float64 {
	var out []float64
	for i := -padding; i < len(line)+padding; i++ {
		at := i
		if at < 0 {
			at = -at
		}
		if at >= len(line) {
			at = 2*(len(line)-1) - at
		}
		out = append(out, line[at])
	}
	return out
}

// correlate weighs the numbers of a line by the taps from every place on, with zeros before and after, or with some cut off.
func correlate(line, taps []float64, before, after int) []float64 {
	var out []float64
	for o := range len(line) + before + after - len(taps) + 1 {
		sum := 0.0
		for t, tap := range taps {
			if at := o + t - before; at >= 0 && at < len(line) {
				sum += tap * line[at]
			}
		}
		out = append(out, sum)
	}
	return out
}

// recolour applies [batch, 4, 4] to the colours of pictures, or of one channel its mean row (appendix B.3).
func recolour(x, colour *Node) *Node {
	d := x.Shape().Dimensions
	linear := graph.Slice(colour, graph.AxisRange(), graph.AxisRange(0, 3), graph.AxisRange(0, 3)) // [batch, 3, 3]
	offset := graph.Slice(colour, graph.AxisRange(), graph.AxisRange(0, 3), graph.AxisRange(3, 4)) // [batch, 3, 1]
	if d[3] == 1 {
		gain := graph.Reshape(graph.ReduceMean(graph.ReduceSum(linear, 2), 1), d[0], 1, 1, 1)
		return graph.Add(graph.Mul(x, gain), graph.Reshape(graph.ReduceMean(offset, 1), d[0], 1, 1, 1))
	}
	y := graph.Einsum("bpc,bkc->bpk", graph.Reshape(x, d[0], d[1]*d[2], d[3]), linear)
	return graph.Reshape(graph.Add(y, graph.Reshape(offset, d[0], 1, 3)), d...)
}

// colour is the change of colours, [batch, 4, 4], nil if nothing of the kind is on.
func (a *augmenter) colour() *Node {
	var all *Node
	then := func(m *Node) {
		if all == nil {
			all = m
		} else {
			all = product(m, all)
		}
	}
	if a.Brightness > 0 {
		b := a.maybe("brightness", a.Brightness, graph.MulScalar(a.random.Normal("brightness", a.batch), 0.2), 0)
		then(affine3(diagonal(one(b)), b))
	}
	if a.Contrast > 0 {
		c := a.maybe("contrast", a.Contrast, a.power("contrast", 0.5), 1)
		then(affine3(diagonal(c), zero(c)))
	}
	if a.Luma > 0 {
		i := a.maybe("luma", a.Luma, a.whole("luma", 2), 0)
		// I - 2 v v^T i, and v v^T has thirds.
		then(affine3(alike(graph.OneMinus(graph.MulScalar(i, 2./3)), graph.MulScalar(i, -2./3)), zero(i)))
	}
	if a.Hue > 0 && a.channels > 1 {
		then(affine3(around(a.maybe("hue", a.Hue, a.around("hue", math.Pi), 0)), nil))
	}
	if a.Saturation > 0 && a.channels > 1 {
		s := a.maybe("saturation", a.Saturation, a.power("saturation", 1), 1)
		// v v^T + (I - v v^T) s
		third := graph.MulScalar(graph.OneMinus(s), 1./3)
		then(affine3(alike(graph.Add(s, third), third), zero(s)))
	}
	return all
}

// filterReach is half of what the bank's filters span, and bands how many there are (appendix B.4).
const (
	filterReach = 21
	bands       = 4
)

// bank are the filters of the four bands, one from another by the wavelet sym2: [bands][2 filterReach + 1].
func bank() [bands][]float64 {
	low := []float64{-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025}
	high := make([]float64, len(low))
	for i, t := range low {
		high[i] = t * math.Pow(-1, float64(i))
	}
	low, high = times(convolve(low, reversed(low)), 0.5), times(convolve(high, reversed(high)), 0.5)
	filters := [bands][]float64{{1}, {0}, {0}, {0}}
	for i := 1; i < bands; i++ {
		for k := range filters {
			var apart []float64
			for _, t := range filters[k] {
				apart = append(apart, t, 0)
			}
			filters[k] = convolve(apart[:len(apart)-1], low)
		}
		from := (len(filters[i]) - len(high)) / 2
		for j, t := range high {
			filters[i][from+j] += t
		}
	}
	return filters
}

func convolve(a, b []float64) []float64 {
	out := make([]float64, len(a)+len(b)-1)
	for i, x := range a {
		for j, y := range b {
			out[i+j] += x * y
		}
	}
	return out
}

// gains are the amplitudes of the bands, [batch, bands]: each is changed by its own chance, and the power that pictures have on
// average (10, 1, 1, 1 in 13) is kept.
func (a *augmenter) gains() *Node {
	var all *Node
	for band := range bands {
		name := fmt.Sprint("filter/", band)
		t := a.maybe(name, a.Filter, a.power(name, 1), 1)
		columns, power := make([]*Node, bands), (*Node)(nil)
		for k, expected := range []float64{10. / 13, 1. / 13, 1. / 13, 1. / 13} {
			columns[k] = one(t)
			if k == band {
				columns[k] = t
			}
			part := graph.MulScalar(graph.Square(columns[k]), expected)
			if power == nil {
				power = part
			} else {
				power = graph.Add(power, part)
			}
			columns[k] = graph.InsertAxes(columns[k], -1)
		}
		gain := graph.Div(graph.Concatenate(columns, 1), graph.InsertAxes(graph.Sqrt(power), -1))
		if all == nil {
			all = gain
		} else {
			all = graph.Mul(all, gain)
		}
	}
	return all
}

// filter amplifies the bands of each picture by its gains [batch, bands], mirror images beyond the edges. Each band's filter is a matrix
// along an axis, and a picture's is their sum by its gains.
func filter(x, gains *Node) *Node {
	d := x.Shape().Dimensions
	var flat []float64
	for _, taps := range bank() {
		for _, row := range matrixOf(d[1], func(line []float64) []float64 { return correlate(mirrored(line, filterReach), taps, 0, 0) }) {
			flat = append(flat, row...)
		}
	}
	filters := graph.ConvertDType(graph.Reshape(graph.Const(x.Graph(), flat), bands, -1), x.DType())
	along := graph.Reshape(graph.Dot(gains, filters).Product(), d[0], d[1], d[1]) // [batch, out, in]
	x = graph.Einsum("boi,biw->bow", along, graph.Reshape(x, d[0], d[1], -1))
	return graph.Einsum("boi,bhic->bhoc", along, graph.Reshape(x, d...))
}

// corrupt adds noise and cuts a square out (appendix B.5).
func (a *augmenter) corrupt(x *Node) *Node {
	d := x.Shape().Dimensions
	if a.Noise > 0 {
		deviation := a.maybe("noise", a.Noise, graph.MulScalar(graph.Abs(a.random.Normal("noise/deviation", a.batch)), 0.1), 0)
		x = graph.Add(x, graph.Mul(a.random.Normal("noise", d...), graph.Reshape(deviation, d[0], 1, 1, 1)))
	}
	if a.Cutout > 0 {
		atX, atY := a.random.Uniform("cutout/x", a.batch), a.random.Uniform("cutout/y", a.batch)
		size := a.maybe("cutout", a.Cutout, graph.MulScalar(one(atX), 0.5), 0)
		x = graph.Mul(x, outside(x, atX, atY, size))
	}
	return x
}

// outside is 0 in a square of size around a place, both as shares of the picture, and 1 elsewhere: [batch, side, side, 1].
func outside(x, atX, atY, size *Node) *Node {
	d := x.Shape().Dimensions
	far := func(axis int, at *Node) *Node {
		shape := x.Shape().Clone()
		shape.Dimensions = []int{d[0], d[1], d[2], 1}
		place := graph.DivScalar(graph.AddScalar(graph.Iota(x.Graph(), shape, axis), 0.5), float64(d[axis]))
		each := func(v *Node) *Node { return graph.Reshape(v, d[0], 1, 1, 1) }
		return graph.GreaterOrEqual(graph.Abs(graph.Sub(place, each(at))), each(graph.MulScalar(size, 0.5)))
	}
	return graph.ConvertDType(graph.LogicalOr(far(2, atX), far(1, atY)), x.DType())
}

// names lists what DiffAugment can do.
var names = []string{"color", "translation", "cutout"}

// Diff changes pictures by the policy of DiffAugment, a list such as "color,translation,cutout" (its section 3.2 and the authors' code).
func Diff(random Random, policy string, x *Node) *Node {
	for _, name := range strings.Split(policy, ",") {
		switch name {
		case "color":
			x = jitter(random, x)
		case "translation":
			x = translation(random, x)
		case "cutout":
			x = cutout(random, x)
		default:
			panic(fmt.Errorf("augment: there is no %q in DiffAugment; there are %s", name, strings.Join(names, ", ")))
		}
	}
	return x
}

// jitter changes brightness, saturation and contrast, in this order.
func jitter(random Random, x *Node) *Node {
	d := x.Shape().Dimensions
	draw := func(name string) *Node { return graph.Reshape(random.Uniform(name, d[0]), d[0], 1, 1, 1) }
	x = graph.Add(x, graph.AddScalar(draw("brightness"), -0.5))
	mean := graph.ReduceAndKeep(x, graph.ReduceMean, 3)
	x = graph.Add(graph.Mul(graph.Sub(x, mean), graph.MulScalar(draw("saturation"), 2)), mean)
	mean = graph.ReduceAndKeep(x, graph.ReduceMean, 1, 2, 3)
	return graph.Add(graph.Mul(graph.Sub(x, mean), graph.AddScalar(draw("contrast"), 0.5)), mean)
}

// translation moves pictures by up to an eighth of their side, zeros behind.
func translation(random Random, x *Node) *Node {
	d := x.Shape().Dimensions
	most := int(float64(d[1])*0.125 + 0.5)
	move := func(name string) *Node { // a whole number from -most to most
		return graph.AddScalar(graph.Floor(graph.MulScalar(random.Uniform(name, d[0]), float64(2*most+1))), float64(-most))
	}
	inverse := translate2(move("translation/x"), move("translation/y"))
	return ops.Warp(x, graph.SliceAxis(inverse, 1, graph.AxisRange(0, 2)), d[1], d[2])
}

// cutout sets a square of half the side to 0, which may reach beyond the edges.
func cutout(random Random, x *Node) *Node {
	d := x.Shape().Dimensions
	size := int(float64(d[1])*0.5 + 0.5)
	middle := func(name string) *Node { // a whole number from 0 to side, or side-1 of an odd size
		return graph.Floor(graph.MulScalar(random.Uniform(name, d[0]), float64(d[1]+1-size%2)))
	}
	inside := func(axis int, at *Node) *Node {
		shape := x.Shape().Clone()
		shape.Dimensions = []int{d[0], d[1], d[2], 1}
		from := graph.Reshape(graph.AddScalar(at, float64(-(size/2))), d[0], 1, 1, 1)
		place := graph.Iota(x.Graph(), shape, axis)
		return graph.LogicalAnd(graph.GreaterOrEqual(place, from), graph.LessThan(place, graph.AddScalar(from, float64(size))))
	}
	cut := graph.LogicalAnd(inside(1, middle("cutout/y")), inside(2, middle("cutout/x")))
	return graph.Mul(x, graph.ConvertDType(graph.LogicalNot(cut), x.DType()))
}
