package stylegan

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

// The authors' layer_epilogue on copied weights, one number at a time: noise, bias, leaky ReLU, instance norm, style.
func TestLayerIsTheAuthorsFormula(t *testing.T) {
	const batch, side, channels, size, k = 2, 3, 4, 5, 2
	x, w := oracle.Normal(1, batch, side, side, channels), oracle.Normal(2, batch, 4, size)
	network := func(net layers.Net, x *graph.Node) *graph.Node {
		return (&Options{}).layer(net, x, graph.Reshape(graph.Const(x.Graph(), w.Data), w.Dims...), k)
	}
	open := nets.At(t, network, layers.Train, x)
	strength, bias := open.Weight(t, "strength"), open.Weight(t, "bias")
	kernel, shift := open.Weight(t, "style/kernel"), open.Weight(t, "style/bias")
	noise := nets.Drawn("noise", false, batch, side, side, 1)
	want := oracle.Array{Dims: x.Dims, Data: make([]float64, len(x.Data))}
	for n := range batch {
		style := func(i int) float64 {
			sum := shift.Data[i]
			for j := range size {
				sum += w.Data[(n*4+k)*size+j] * kernel.Data[j*2*channels+i] / math.Sqrt(size)
			}
			return sum
		}
		for c := range channels {
			y := make([]float64, side*side)
			mean, variance := 0.0, 0.0
			for p := range y {
				i := (n*side*side+p)*channels + c
				y[p] = x.Data[i] + noise.Data[n*side*side+p]*strength.Data[c] + bias.Data[c]
				y[p] = max(y[p], 0.2*y[p])
				mean += y[p] / (side * side)
			}
			for _, v := range y {
				variance += (v - mean) * (v - mean) / (side * side)
			}
			for p, v := range y {
				v = (v - mean) / math.Sqrt(variance+1e-8)
				want.Data[(n*side*side+p)*channels+c] = v*(style(c)+1) + style(channels+c)
			}
		}
	}
	oracle.Value(t, open.Function, open.Inputs, want)
}

// [1, 2, 1] by [1, 2, 1] over 16, zeros beyond the edges.
func TestBlurIsTheBinomialFilter(t *testing.T) {
	x := oracle.Normal(1, 1, 3, 3, 1)
	want := oracle.Array{Dims: x.Dims, Data: make([]float64, 9)}
	for i := range 3 {
		for j := range 3 {
			for s := max(0, i-1); s <= min(2, i+1); s++ {
				for r := max(0, j-1); r <= min(2, j+1); r++ {
					want.Data[3*i+j] += x.Data[3*s+r] / float64(int(1)<<(abs(s-i)+abs(r-j))) / 4
				}
			}
		}
	}
	oracle.Value(t, func(in []*graph.Node) *graph.Node { return blur(in[0]) }, []oracle.Array{x}, want)
}

func abs(x int) int { return max(x, -x) }

func TestTwoStylesASide(t *testing.T) {
	// Table 1 and appendix B: 18 layers at 1024.
	if got := styles(1024); got != 18 {
		t.Errorf("%d layers take a style at 1024, want 18", got)
	}
}
