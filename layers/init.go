package layers

import (
	"math"
	"math/rand/v2"
)

// Init says how a variable gets its first values.
type Init struct {
	fill func(random *rand.Rand, values []float64, dims []int)
}

// Constant fills with one value.
func Constant(value float64) Init {
	return Init{func(_ *rand.Rand, values []float64, _ []int) {
		for i := range values {
			values[i] = value
		}
	}}
}

// Normal draws from N(mean, deviation^2). DCGAN's weights are Normal(0, 0.02) (Radford 2015, section 4).
func Normal(mean, deviation float64) Init {
	return Init{func(random *rand.Rand, values []float64, _ []int) {
		for i := range values {
			values[i] = mean + deviation*random.NormFloat64()
		}
	}}
}

// Uniform draws from [-bound, bound).
func Uniform(bound float64) Init {
	return Init{func(random *rand.Rand, values []float64, _ []int) {
		for i := range values {
			values[i] = bound * (2*random.Float64() - 1)
		}
	}}
}

// Flat draws from [0, 1).
func Flat() Init {
	return Init{func(random *rand.Rand, values []float64, _ []int) {
		for i := range values {
			values[i] = random.Float64()
		}
	}}
}

// Whole draws whole numbers from 0 to n-1 with equal chances: labels, as a variable holds them.
func Whole(n int) Init {
	return Init{func(random *rand.Rand, values []float64, _ []int) {
		for i := range values {
			values[i] = float64(random.IntN(n))
		}
	}}
}

// He draws uniformly with the variance 2/fan-in that keeps a ReLU network's activations level (He 2015, 1502.01852,
// equation 10).
func He() Init { return scaled(2, func(in, _ float64) float64 { return in }) }

// Glorot draws uniformly with the variance 2/(fan-in + fan-out) (Glorot 2010, equation 16).
func Glorot() Init { return scaled(2, func(in, out float64) float64 { return in + out }) }

// LeCun draws uniformly with the variance 1/(3 fan-in), so from +-1/sqrt(fan-in): what Torch does where nothing is said. (Torch
// draws biases so too; ours start at 0.)
func LeCun() Init { return scaled(1.0/3, func(in, _ float64) float64 { return in }) }

// Orthogonal draws a random orthogonal matrix (Saxe 2013, 1312.6120): of the weight [..., in, out] laid out as a matrix, the columns
// (or the rows, if there are fewer of them) are orthonormal.
func Orthogonal() Init {
	return Init{func(random *rand.Rand, values []float64, dims []int) {
		if len(dims) < 2 {
			Normal(0, 1).fill(random, values, dims)
			return
		}
		columns := dims[len(dims)-1]
		rows := len(values) / columns
		tall, wide := max(rows, columns), min(rows, columns)
		var basis [][]float64
		for j := range wide {
			v := make([]float64, tall)
			Normal(0, 1).fill(random, v, nil)
			for range 2 { // once more for what rounding left
				for _, u := range basis {
					subtract(v, u, inner(v, u))
				}
			}
			subtract(v, v, 1-1/math.Sqrt(inner(v, v)))
			basis = append(basis, v)
			for i, x := range v {
				if rows >= columns {
					values[i*columns+j] = x
				} else {
					values[j*columns+i] = x
				}
			}
		}
	}}
}

func inner(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// subtract takes times*b from a.
func subtract(a, b []float64, times float64) {
	for i := range a {
		a[i] -= times * b[i]
	}
}

// scaled draws uniformly with the variance gain/fan, where fan is made of the weight's fan-in and fan-out.
func scaled(gain float64, fan func(in, out float64) float64) Init {
	return Init{func(random *rand.Rand, values []float64, dims []int) {
		in, out := fans(dims)
		Uniform(math.Sqrt(3*gain/fan(in, out))).fill(random, values, dims)
	}}
}

// fans returns fan-in and fan-out of a weight [..., in, out]: what lies before is the receptive field. A transposed
// convolution's kernel is [..., out, in], and its fan-in is its outputs', as it is in Torch.
func fans(dims []int) (in, out float64) {
	if len(dims) < 2 {
		return 1, 1
	}
	field := 1
	for _, d := range dims[:len(dims)-2] {
		field *= d
	}
	return float64(field * dims[len(dims)-2]), float64(field * dims[len(dims)-1])
}
