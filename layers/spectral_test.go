package layers_test

import (
	"math"
	"testing"

	"github.com/ganymede-gan/ganymede/internal/oracle"
	"github.com/ganymede-gan/ganymede/internal/oracle/nets"
	"github.com/ganymede-gan/ganymede/layers"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"
)

// largest is the largest singular value of a weight as a matrix whose columns the axis out counts.
func largest(t testing.TB, w oracle.Array, out int) float64 {
	t.Helper()
	rows := map[int][]float64{}
	for k, v := range w.Data { // the row of an element does not matter, only that a row has one element of each output
		index, rest, row := k, 1, 0
		for axis := len(w.Dims) - 1; axis >= 0; axis-- {
			if i := index % w.Dims[axis]; axis != out {
				row += i * rest
				rest *= w.Dims[axis]
			}
			index /= w.Dims[axis]
		}
		rows[row] = append(rows[row], v)
	}
	m := mat.NewDense(len(rows), w.Dims[out], nil)
	for i := range len(rows) {
		m.SetRow(i, rows[i])
	}
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDNone) {
		t.Fatal("the SVD does not converge")
	}
	return svd.Values(nil)[0]
}

// The largest singular value, by SVD, of what a layer sees is 1 after enough steps of the power iteration, whichever axis counts outputs.
func TestSpectralNormIsOne(t *testing.T) {
	for _, c := range []struct {
		dims []int
		out  int
	}{{[]int{7, 5}, 1}, {[]int{3, 9}, 1}, {[]int{3, 3, 4, 6}, 3}, {[]int{3, 3, 4, 6}, 2}} {
		network := func(net layers.Net, _ *graph.Node) *graph.Node {
			return net.Through(layers.Spectral{Steps: 200}.Hook).WeightOut(c.out, "kernel", layers.Normal(0, 1), c.dims...)
		}
		open := nets.At(t, network, layers.Train, oracle.Normal(1, 1))
		seen, err := oracle.Run(open.Function, open.Inputs)
		if err != nil {
			t.Fatal(err)
		}
		if s := largest(t, seen, c.out); math.Abs(s-1) > 1e-6 {
			t.Errorf("%v, outputs on axis %d: the largest singular value is %v", c.dims, c.out, s)
		}
		if s, raw := largest(t, seen, c.out), largest(t, open.Inputs[1], c.out); math.Abs(raw-1) < 0.1 {
			t.Errorf("%v: it is %v of the raw weight and %v of the normalised one: nothing to normalise", c.dims, raw, s)
		}
	}
}

// The gradient by the weight flows through the division, against finite differences. (At a u that is held, u'Wv is the length of Wu, and
// the change of v does not change it to first order. To second order the authors hold v, which finite differences do not.)
func TestSpectralNormGradient(t *testing.T) {
	network := func(net layers.Net, x *graph.Node) *graph.Node {
		return graph.Tanh(layers.Conv{Filters: 3, Kernel: 3, Pad: 1}.On(net.Through(layers.Spectral{}.Hook).In("conv"), x))
	}
	open := nets.At(t, network, layers.Batch, oracle.Normal(3, 2, 4, 4, 2))
	oracle.Gradients(t, open.Function, open.Inputs, oracle.Order(1), oracle.Tol(1e-6))
}

// To second order, with u and v of the power iteration held as the authors hold them: the hook's value, gradient and gradient of the gradient
// are those of W / v'Wu with two constant vectors, worked out here, which themselves agree with finite differences in float64.
func TestSpectralNormDifferentiatesToSecondOrderAtAHeldPowerIteration(t *testing.T) {
	conv := layers.Conv{Filters: 3, Kernel: 3, Pad: 1}
	network := func(hook layers.Hook) nets.Network {
		return func(net layers.Net, x *graph.Node) *graph.Node {
			return graph.Tanh(conv.On(net.Through(hook).In("conv"), x))
		}
	}
	u := make([]float64, 3)
	var length float64
	open := nets.At(t, network(layers.Spectral{}.Hook), layers.Batch, oracle.Normal(3, 2, 4, 4, 2))
	for i, v := range open.Statistics[nets.Root+"/conv/kernel/u"].Data {
		u[i] = v
		length += v * v
	}
	kernel := open.Weight(t, "conv/kernel").Data // [3, 3, 2, 3]: rows of three outputs
	v, squares := make([]float64, len(kernel)/3), 0.0
	for i := range u {
		u[i] /= math.Sqrt(length)
	}
	for row := range v {
		for i := range u {
			v[row] += kernel[3*row+i] * u[i]
		}
		squares += v[row] * v[row]
	}
	for row := range v {
		v[row] /= math.Sqrt(squares)
	}
	held := nets.At(t, network(func(_ layers.Net, _ string, weight *graph.Node, _ int) *graph.Node {
		g := weight.Graph()
		matrix := graph.Reshape(weight, len(v), 3)
		sigma := graph.ReduceAllSum(graph.Mul(graph.Mul(matrix, graph.Reshape(graph.Const(g, v), -1, 1)), graph.Reshape(graph.Const(g, u), 1, 3)))
		return graph.Div(weight, sigma)
	}), layers.Batch, oracle.Normal(3, 2, 4, 4, 2))
	oracle.Same(t, open.Function, held.Function, open.Inputs, oracle.Tol(1e-10))
	oracle.Gradients(t, held.Function, open.Inputs, oracle.Order(2), oracle.Step(1e-4), oracle.Tol(1e-6))
}

// A weight that starts as zeros stays zeros, with a gradient that moves it.
func TestSpectralNormOfZeros(t *testing.T) {
	network := func(net layers.Net, x *graph.Node) *graph.Node {
		kernel := net.Through(layers.Spectral{}.Hook).Weight("kernel", layers.Constant(0), 3, 2)
		return graph.Dot(x, kernel).Product()
	}
	open := nets.At(t, network, layers.Train, oracle.Normal(1, 4, 3))
	open.Inputs[1] = zeros(3, 2)
	oracle.Value(t, open.Function, open.Inputs, zeros(4, 2))
	slope, err := oracle.Run(func(in []*graph.Node) *graph.Node {
		return graph.Gradient(graph.ReduceAllSum(open.Function(in)), in[1])[0]
	}, open.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range slope.Data { // the sum of a column of x, whichever output
		want := 0.0
		for n := range 4 {
			want += *at(open.Inputs[0], n, i/2)
		}
		if math.Abs(v-want) > 1e-12 {
			t.Errorf("the gradient is %v, want %v", v, want)
		}
	}
}

// A pass of kind Train keeps the u that it has found, and no other pass does.
func TestSpectralNormKeepsItsVectorByThePass(t *testing.T) {
	for pass, kept := range map[layers.Pass]bool{layers.Train: true, layers.Batch: false, layers.Fixed: false, layers.Measure: false} {
		bind, x := binding(t, layers.NewWeights(1), 2, 3)
		layers.Dense{Units: 4}.On(bind.Root("critic").With(pass).Through(layers.Spectral{}.Hook), x)
		changed, _ := bind.Changed()
		if (len(changed) == 1 && changed[0].Path == "critic/kernel/u" && !changed[0].Trainable) != kept || len(changed) > 1 {
			t.Errorf("a pass of kind %d changes %v", pass, changed)
		}
	}
}

// Weight normalisation: each output's weights have the length g (equation 2 of 1602.07868), and the gradients are right to second order.
func TestWeightNorm(t *testing.T) {
	seen := func(net layers.Net, _ *graph.Node) *graph.Node {
		return net.Through(layers.WeightNorm{}.Hook).WeightOut(1, "kernel", layers.Normal(0, 1), 3, 4, 5)
	}
	open := nets.At(t, seen, layers.Train, oracle.Normal(1, 1))
	w, err := oracle.Run(open.Function, open.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	g := open.Weight(t, "kernel/g")
	for out := range 4 {
		sum := 0.0
		for i := range 3 {
			for k := range 5 {
				sum += math.Pow(*at(w, i, out, k), 2)
			}
		}
		if math.Abs(math.Sqrt(sum)-math.Abs(g.Data[out])) > 1e-9 {
			t.Errorf("output %d has weights of length %v, want %v", out, math.Sqrt(sum), g.Data[out])
		}
	}
	dense := func(net layers.Net, x *graph.Node) *graph.Node {
		return graph.Tanh(layers.Dense{Units: 3}.On(net.Through(layers.WeightNorm{}.Hook), x))
	}
	open = nets.At(t, dense, layers.Train, oracle.Normal(2, 2, 4))
	oracle.Gradients(t, open.Function, open.Inputs, oracle.Order(2), oracle.Tol(1e-5))
}

// The columns of a tall weight and the rows of a wide one are orthonormal: all singular values are 1.
func TestOrthogonalInit(t *testing.T) {
	for _, dims := range [][]int{{6, 4}, {4, 6}, {3, 3, 2, 5}, {1, 1, 8, 8}} {
		weights := layers.NewWeights(1)
		bind, _ := binding(t, weights, 1)
		bind.Root("critic").Weight("kernel", layers.Orthogonal(), dims...)
		var flat []float64
		for _, v := range values(t, weights, "critic/kernel") {
			flat = append(flat, float64(v))
		}
		columns := dims[len(dims)-1]
		var svd mat.SVD
		if !svd.Factorize(mat.NewDense(len(flat)/columns, columns, flat), mat.SVDNone) {
			t.Fatal("the SVD does not converge")
		}
		for _, s := range svd.Values(nil) {
			if math.Abs(s-1) > 1e-6 {
				t.Errorf("%v has the singular values %v", dims, svd.Values(nil))
				break
			}
		}
	}
}

// Minibatch discrimination is the sum over the other records of exp(-L1 distance) of their kernels (Salimans 2016, section 3.2), in plain
// loops, beside the features; its gradient is right to second order.
func TestMinibatchDiscrimination(t *testing.T) {
	open := nets.At(t, layers.MinibatchDiscrimination{Kernels: 2, Size: 3}.On, layers.Train, oracle.Normal(1, 4, 5))
	x, w := open.Inputs[0], open.Weight(t, "kernel")
	want := zeros(4, 7)
	for n := range 4 {
		for c := range 5 {
			*at(want, n, c) = *at(x, n, c)
		}
		for kernel := range 2 {
			for other := range 4 {
				distance := 0.0
				for k := range 3 {
					difference := 0.0
					for c := range 5 {
						difference += (*at(x, n, c) - *at(x, other, c)) * *at(w, c, kernel*3+k)
					}
					distance += math.Abs(difference)
				}
				if other != n {
					*at(want, n, 5+kernel) += math.Exp(-distance)
				}
			}
		}
	}
	oracle.Value(t, open.Function, open.Inputs, want, oracle.Tol(1e-9))
	oracle.Gradients(t, open.Function, open.Inputs, oracle.Order(2), oracle.Tol(1e-5), oracle.Elements(4))
	maps := nets.At(t, layers.MinibatchDiscrimination{Kernels: 2, Size: 3}.On, layers.Train, oracle.Normal(1, 2, 3, 3, 4))
	y, err := oracle.Run(maps.Function, maps.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	if y.Dims[3] != 6 || *at(y, 1, 0, 0, 5) != *at(y, 1, 2, 1, 5) {
		t.Errorf("of maps: %v", y.Dims)
	}
}
