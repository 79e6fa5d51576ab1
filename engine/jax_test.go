package engine

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/gomlx/compute"
)

// wave is the input of testdata/jax_numbers.py.
func wave(n int, phase float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Sin(1.3*float64(i) + phase)
	}
	return x
}

// TestAgainstJAX compares what the stock backend lacks with JAX's numbers, by testdata/jax_numbers.py.
func TestAgainstJAX(t *testing.T) {
	content, err := os.ReadFile("testdata/jax_numbers.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	read := func(name string, to any) {
		if err := json.Unmarshal(all[name], to); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for _, n := range []int{12, 13, 64} {
		re, im := wave(2*n, 0.7), wave(2*n, 2.1)
		z := make([]complex128, 2*n)
		for i := range z {
			z[i] = complex(re[i], im[i])
		}
		out := results(t, func(f *Function) []compute.Value {
			c, r := must(f.Constant(z, 2, n)), must(f.Constant(re, 2, n))
			return []compute.Value{
				must(f.FFT(c, compute.FFTForward, []int{n})), must(f.FFT(c, compute.FFTInverse, []int{n})), must(f.FFT(r, compute.FFTForwardReal, []int{n})),
			}
		})
		for i, kind := range []string{"fft", "ifft", "rfft"} {
			var want struct{ Re, Im []float64 }
			read(fmt.Sprint(kind, n), &want)
			gotRe, gotIm := split(out[i].([]complex128))
			alike(t, fmt.Sprint(kind, n, ", real part"), gotRe, want.Re)
			alike(t, fmt.Sprint(kind, n, ", imaginary part"), gotIm, want.Im)
		}
	}

	var norm struct{ Y, DX, DScale, DOffset []float64 }
	read("norm", &norm)
	out := results(t, func(f *Function) []compute.Value {
		x, dy := must(f.Constant(wave(30, 0.3), 2, 5, 3)), must(f.Constant(wave(30, 1.9), 2, 5, 3))
		scale, offset := must(f.Constant([]float64{0.5, 1, 2}, 3)), must(f.Constant([]float64{-1, 0, 1}, 3))
		y, mean, variance, err := f.BatchNormForTraining(x, scale, offset, 1e-3, 2)
		if err != nil {
			t.Fatal(err)
		}
		dx, dScale, dOffset, err := f.BatchNormGradient(x, scale, mean, variance, dy, 1e-3, 2)
		if err != nil {
			t.Fatal(err)
		}
		return []compute.Value{y, dx, dScale, dOffset}
	})
	for i, want := range [][]float64{norm.Y, norm.DX, norm.DScale, norm.DOffset} {
		alike(t, []string{"batch norm", "its gradient by x", "by the scale", "by the offset"}[i], out[i].([]float64), want)
	}

	var slices map[string]struct{ Slice, Update []float64 }
	read("slices", &slices)
	for _, at := range [][2]int32{{1, 2}, {3, 4}, {-7, 9}} { // the last two do not fit, and are moved inside
		want := slices[fmt.Sprintf("%d,%d", at[0], at[1])]
		out := results(t, func(f *Function) []compute.Value {
			x, update := must(f.Constant(wave(20, 0.5), 4, 5)), must(f.Constant(wave(6, 1.1), 2, 3))
			starts := []compute.Value{must(f.Constant([]int32{at[0]})), must(f.Constant([]int32{at[1]}))}
			return []compute.Value{must(f.DynamicSlice(x, starts, []int{2, 3})), must(f.DynamicUpdateSlice(x, update, starts))}
		})
		alike(t, fmt.Sprint("slice at ", at), out[0].([]float64), want.Slice)
		alike(t, fmt.Sprint("update at ", at), out[1].([]float64), want.Update)
	}
}

func split(z []complex128) (re, im []float64) {
	for _, v := range z {
		re, im = append(re, real(v)), append(im, imag(v))
	}
	return re, im
}

// alike tells of elements that differ by more than rounding in float64.
func alike(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%s: %d numbers, JAX has %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-12*(1+math.Abs(want[i]))*64) {
			t.Errorf("%s: element %d is %.15g, JAX has %.15g", what, i, got[i], want[i])
		}
	}
}
