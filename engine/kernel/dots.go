package kernel

import "github.com/ganymede-gan/ganymede/engine/pool"

// dotPixels is how many pixels a block of work has.
const dotPixels = 256

// dots is a 1x1 convolution to a few channels, as of features to RGB. In a matrix product most of each vector would lie idle;
// here vectors run along the input channels. Each output is the sum of sixteen sums, of every sixteenth product:
//
//	lane[i] = sum over k of  x[16k+i] * w[16k+i],   added in pairs 8, 4, 1 and 2 lanes apart
type dots struct{ *correlation }

// dots returns the correlation as inner products, or nil if it is none.
func (c *correlation) dots() *dots {
	if c.groups != 1 || c.out < 1 || c.out > narrowChannels || c.in < 16 || c.in%16 != 0 || !c.vertical.single() || !c.horizontal.single() {
		return nil
	}
	return &dots{c}
}

func (d *dots) name() string { return "dots" }

func (d *dots) size() int { return d.out * d.in }

// pack makes [out][in] of the weights.
func (d *dots) pack(_ *pool.Pool, _ *Scratch, dst, w []float32) {
	tap := d.tap(w, 0, 0, 0)
	for o := range d.out {
		for i := range d.in {
			dst[o*d.in+i] = tap.Data[i*tap.RowStride+o*tap.ColStride]
		}
	}
}

func (d *dots) run(p *pool.Pool, s *Scratch, y, x, weights []float32) {
	pixels, k := d.batch*d.vertical.out*d.horizontal.out, s.kernels()
	p.Run((pixels+dotPixels-1)/dotPixels, func(i int) {
		from, to := i*dotPixels, min((i+1)*dotPixels, pixels)
		dst, src := y[from*d.out:to*d.out], x[from*d.in:to*d.in]
		if k.dots != nil {
			k.dots[d.out](&dst[0], &src[0], &weights[0], to-from, d.in)
			return
		}
		portableDots(dst, src, weights, d.in)
	})
}

// portableDots computes the inner products of each of the rows of x with each of those of w, all of the given length.
func portableDots(dst, x, w []float32, length int) {
	for ; len(x) > 0; x = x[length:] {
		for o := 0; o < len(w); o += length {
			var lane [16]float32
			for k := 0; k < length; k += 16 {
				a, b := x[k:][:16], w[o+k:][:16]
				for i := range lane {
					lane[i] += a[i] * b[i]
				}
			}
			for _, distance := range []int{8, 4} {
				for i := range distance {
					lane[i] += lane[i+distance]
				}
			}
			dst[0] = (lane[0] + lane[1]) + (lane[2] + lane[3])
			dst = dst[1:]
		}
	}
}
