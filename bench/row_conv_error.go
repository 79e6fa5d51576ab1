package bench

import (
	"math"

	"github.com/ganymede-gan/ganymede/layers"
)

// sampled is how many outputs of a convolution are computed again in float64.
const sampled = 1024

// addErrors compares the errors of the algorithm that the rows took with those of the direct one. One number of threads is enough: the
// bits do not depend on it.
func (c conv) addErrors(direction string, rows []Row) error {
	if len(rows) == 0 || rows[0].Algorithm == "direct" {
		return nil
	}
	taken, reference, err := c.sample("", direction)
	if err != nil {
		return err
	}
	direct, _, err := c.sample("conv=exact", direction)
	if err != nil {
		return err
	}
	rms, largest := deviation(taken, reference)
	directRMS, directLargest := deviation(direct, reference)
	if directRMS == 0 || directLargest == 0 {
		return nil // nothing to compare with: the sums are exact
	}
	for i := range rows {
		rows[i].Error = &Error{RMS: rms / directRMS, Max: largest / directLargest}
	}
	return nil
}

// sample computes the convolution and returns some of its outputs, and what they are in float64.
func (c conv) sample(config, direction string) (got []float32, want []float64, err error) {
	w, err := onEngine(config, 1, alone(c.build(direction)))
	if err != nil {
		return nil, nil, err
	}
	defer w.close()
	all, err := w.result()
	if err != nil {
		return nil, nil, err
	}
	random := layers.Stream(0, "bench", "sample")
	for range sampled {
		i := random.IntN(len(all))
		got, want = append(got, all[i]), append(want, c.exactly(direction, i, w.values))
	}
	return got, want, nil
}

// exactly is output i of a direction, in float64.
func (c conv) exactly(direction string, i int, in map[string][]float32) (sum float64) {
	x, w, dy := in["x"], in["w"], in["dy"]
	out := c.out()
	// meet calls f with each output row or column and tap that input i meets.
	meet := func(i int, f func(o, k int)) {
		for k := range c.Kernel {
			if o := i + c.Pad - k; o >= 0 && o%c.Stride == 0 && o/c.Stride < out {
				f(o/c.Stride, k)
			}
		}
	}
	switch direction {
	case "forward":
		n, oy, ox, co := unravel(i, out, out, c.Out)
		for ky := range c.Kernel {
			for kx := range c.Kernel {
				iy, ix := oy*c.Stride+ky-c.Pad, ox*c.Stride+kx-c.Pad
				if iy < 0 || iy >= c.Side || ix < 0 || ix >= c.Side {
					continue
				}
				for ci := range c.In {
					sum += float64(x[((n*c.Side+iy)*c.Side+ix)*c.In+ci]) * float64(w[((ky*c.Kernel+kx)*c.In+ci)*c.Out+co])
				}
			}
		}
	case "byinput":
		n, iy, ix, ci := unravel(i, c.Side, c.Side, c.In)
		meet(iy, func(oy, ky int) {
			meet(ix, func(ox, kx int) {
				for co := range c.Out {
					sum += float64(dy[((n*out+oy)*out+ox)*c.Out+co]) * float64(w[((ky*c.Kernel+kx)*c.In+ci)*c.Out+co])
				}
			})
		})
	default:
		ky, kx, ci, co := unravel(i, c.Kernel, c.In, c.Out)
		for n := range c.Batch {
			for oy := range out {
				for ox := range out {
					iy, ix := oy*c.Stride+ky-c.Pad, ox*c.Stride+kx-c.Pad
					if iy >= 0 && iy < c.Side && ix >= 0 && ix < c.Side {
						sum += float64(x[((n*c.Side+iy)*c.Side+ix)*c.In+ci]) * float64(dy[((n*out+oy)*out+ox)*c.Out+co])
					}
				}
			}
		}
	}
	return sum
}

// unravel splits a place in a row-major array into four indices; the lengths are those of the last three axes.
func unravel(i, b, c, d int) (int, int, int, int) {
	return i / (b * c * d), i / (c * d) % b, i / d % c, i % d
}

// deviation is the root mean square and the largest difference, both over the root mean square of what is right.
func deviation(got []float32, want []float64) (rms, largest float64) {
	size := 0.0
	for i, w := range want {
		d := float64(got[i]) - w
		rms, size, largest = rms+d*d, size+w*w, max(largest, math.Abs(d))
	}
	if size == 0 {
		return 0, 0
	}
	return math.Sqrt(rms / size), largest / math.Sqrt(size/float64(len(want)))
}
