package stylegan2

import (
	"math"
	"os"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/internal/oracle/nets"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/ganymede-gan/ganymede/ops"
	"github.com/gomlx/gomlx/core/graph"
)

func TestMain(m *testing.M) {
	ops.Register()
	os.Exit(m.Run())
}

type node = graph.Node

// authors builds the networks as the authors' code does: each record has its own weights, in one convolution with a group a record, and
// resampling is zeros between, padding, a convolution in two dimensions, every second element.
type authors struct {
	in    []*node
	paths []string
}

func (a authors) weight(path string) *node {
	for i, p := range a.paths {
		if p == nets.Root+"/"+path {
			return a.in[i+1]
		}
	}
	panic("there is no weight " + path)
}

// upfirdn resamples maps by the outer product of [1, 3, 3, 1] with itself over 64.
func upfirdn(x *node, up, down, before, after int) *node {
	c := x.Shape().Dimensions[3]
	zero := graph.ScalarZero(x.Graph(), x.DType())
	apart := graph.PadAxis{Interior: up - 1, End: up - 1}
	x = graph.Pad(x, zero, graph.PadAxis{}, apart, apart, graph.PadAxis{})
	around := graph.PadAxis{Start: before, End: after}
	x = graph.Pad(x, zero, graph.PadAxis{}, around, around, graph.PadAxis{})
	var kernel []float64
	for _, a := range []float64{1, 3, 3, 1} {
		for _, b := range []float64{1, 3, 3, 1} {
			for range c {
				kernel = append(kernel, a*b/64*float64(up*up))
			}
		}
	}
	return ops.Conv(x, graph.Reshape(graph.Const(x.Graph(), kernel), 4, 4, 1, c), ops.ConvOptions{Stride: down, Groups: c})
}

func (a authors) dense(path string, x *node) *node {
	w := a.weight(path + "/kernel")
	scale := 1 / math.Sqrt(float64(w.Shape().Dimensions[0]))
	return graph.Add(graph.Dot(x, graph.MulScalar(w, scale)).Product(), graph.InsertAxes(a.weight(path+"/bias"), 0))
}

// bias adds a bias to each channel.
func (a authors) bias(path string, x *node) *node {
	return graph.Add(x, graph.Reshape(a.weight(path+"/bias"), 1, 1, 1, -1))
}

// act is fused_bias_act's leaky ReLU.
func act(x *node) *node {
	return graph.MulScalar(graph.Max(x, graph.MulScalar(x, 0.2)), math.Sqrt2)
}

func (a authors) modulated(path string, x, w *node, up, demodulate bool) *node {
	kernel := a.weight(path + "/kernel")
	k, in, out := kernel.Shape().Dimensions[0], kernel.Shape().Dimensions[2], kernel.Shape().Dimensions[3]
	batch, side := x.Shape().Dimensions[0], x.Shape().Dimensions[1]
	kernel = graph.MulScalar(kernel, 1/math.Sqrt(float64(k*k*in)))
	own := graph.Mul(graph.InsertAxes(kernel, 0), graph.Reshape(a.dense(path+"/style", w), batch, 1, 1, in, 1)) // [batch, k, k, in, out]
	if demodulate {
		norm := graph.AddScalar(graph.ReduceAndKeep(graph.Square(own), graph.ReduceSum, 1, 2, 3), 1e-8)
		own = graph.Mul(own, graph.Reciprocal(graph.Sqrt(norm)))
	}
	padding := k / 2
	if up { // a transposed convolution is one over zeros between, with the kernel turned round
		zero := graph.ScalarZero(x.Graph(), x.DType())
		apart := graph.PadAxis{Interior: 1}
		x = graph.Pad(x, zero, graph.PadAxis{}, apart, apart, graph.PadAxis{})
		own = graph.Reverse(own, 1, 2)
		side, padding = 2*side-1, k-1
	}
	x = graph.Reshape(graph.TransposeAllAxes(x, 1, 2, 0, 3), 1, side, side, batch*in)
	own = graph.Reshape(graph.TransposeAllAxes(own, 1, 2, 3, 0, 4), k, k, in, batch*out)
	y := ops.Conv(x, own, ops.ConvOptions{Padding: padding, Groups: batch})
	side = y.Shape().Dimensions[1]
	y = graph.TransposeAllAxes(graph.Reshape(y, side, side, batch, out), 2, 0, 1, 3)
	if up {
		y = graph.MulScalar(upfirdn(y, 1, 1, 1, 1), 4)
	}
	return y
}

func (a authors) layer(path string, x, w *node, up bool) *node {
	x = a.modulated(path, x, w, up, true)
	d := x.Shape().Dimensions
	noise := nets.Drawn(path+"/noise", false, d[0], d[1], d[2], 1)
	x = graph.Add(x, graph.Mul(graph.Reshape(graph.Const(x.Graph(), noise.Data), noise.Dims...), a.weight(path+"/strength")))
	return act(a.bias(path, x))
}

func (a authors) conv(path string, x *node, down, biased bool) *node {
	kernel := a.weight(path + "/kernel")
	k, in := kernel.Shape().Dimensions[0], kernel.Shape().Dimensions[2]
	kernel = graph.MulScalar(kernel, 1/math.Sqrt(float64(k*k*in)))
	switch {
	case down && k == 3:
		x = ops.Conv(upfirdn(x, 1, 1, 2, 2), kernel, ops.ConvOptions{Stride: 2})
	case down:
		x = ops.Conv(upfirdn(x, 1, 2, 1, 1), kernel, ops.ConvOptions{})
	default:
		x = ops.Conv(x, kernel, ops.ConvOptions{Padding: k / 2})
	}
	if biased {
		x = a.bias(path, x)
	}
	return x
}

func small(generator, critic string) *Options {
	return &Options{Latent: 3, Hidden: 3, Mapping: 1, Base: 24, Filters: 4, Generator: generator, Critic: critic, Group: 2}
}

func TestSynthesisIsTheAuthors(t *testing.T) {
	styles := oracle.Normal(1, 2, 4, 3) // of 8x8
	for _, form := range []string{"skip", "residual", "plain"} {
		o := small(form, "residual")
		network := func(net layers.Net, w *node) *node { return o.synthesis(net, w, 8, 3) }
		open := nets.At(t, network, layers.Train, styles)
		oracle.Same(t, open.Function, func(in []*node) *node {
			a := authors{in, open.Paths}
			w := func(k int) *node { return graph.Squeeze(graph.SliceAxis(in[0], 1, graph.AxisElem(k)), 1) }
			constant := a.weight("constant")
			x := graph.BroadcastToDims(graph.InsertAxes(constant, 0), append([]int{2}, constant.Shape().Dimensions...)...)
			x = a.layer("4x4/conv", x, w(0), false)
			colours := func(path string, x, w *node) *node {
				return a.bias(path, a.modulated(path, x, w, false, false))
			}
			y := a.layer("8x8/conv", a.layer("8x8/up", x, w(1), true), w(2), false)
			if form == "residual" {
				short := upfirdn(a.conv("8x8/shortcut", x, false, false), 2, 1, 2, 1)
				y = graph.DivScalar(graph.Add(y, short), math.Sqrt2)
			}
			picture := colours("8x8/colours", y, w(3))
			if form == "skip" {
				picture = graph.Add(picture, upfirdn(colours("4x4/colours", x, w(1)), 2, 1, 2, 1))
			}
			return picture
		}, open.Inputs, oracle.Tol(1e-9))
	}
}

func TestCriticIsTheAuthors(t *testing.T) {
	x := oracle.Normal(1, 4, 8, 8, 3)
	for _, form := range []string{"skip", "residual", "plain"} {
		o := small("skip", form)
		network := func(net layers.Net, x *node) *node { return o.critic(net, x, nil, 0) }
		open := nets.At(t, network, layers.Train, x)
		oracle.Same(t, open.Function, func(in []*node) *node {
			a := authors{in, open.Paths}
			x := act(a.conv("8x8/colours", in[0], false, true))
			y := act(a.conv("8x8/down", act(a.conv("8x8/conv", x, false, true)), true, true))
			switch form {
			case "residual":
				y = graph.DivScalar(graph.Add(y, a.conv("8x8/shortcut", x, true, false)), math.Sqrt2)
			case "skip":
				y = graph.Add(y, act(a.conv("4x4/colours", upfirdn(in[0], 1, 2, 1, 1), false, true)))
			}
			y = layers.MinibatchDeviation{Group: 2}.On(layers.Net{}, y)
			y = act(a.conv("4x4/conv", y, false, true))
			y = graph.Reshape(y, 4, -1)
			return graph.Reshape(a.dense("out", act(a.dense("4x4/dense", y))), -1)
		}, open.Inputs, oracle.Tol(1e-9))
	}
}
