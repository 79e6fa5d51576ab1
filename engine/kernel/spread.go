package kernel

import "github.com/ganymede-gan/ganymede/engine/pool"

const (
	// spreadChannels is the most input channels that are spread.
	spreadChannels = 4

	// spreadFloats is about how many results a block of work has: a quarter of a megabyte.
	spreadFloats = 64 * 1024
)

// spread is a 1x1 convolution of a few channels to many, as of RGB to features. A tile of a matrix product would be over after as
// many steps, and all its time would go by in the call; and it writes 32 columns of many rows, where memory likes whole rows.
type spread struct{ direct }

// spread returns the correlation in this form, or nil if it has not.
func (c *correlation) spread() *spread {
	if c.groups != 1 || c.in < 1 || c.in > spreadChannels || c.out == 0 || c.out%panelWidth != 0 || !c.vertical.single() || !c.horizontal.single() {
		return nil
	}
	return &spread{direct{c}}
}

func (s *spread) name() string { return "spread" }

// run computes y from x and weights packed as for direct, whose sums these are.
func (s *spread) run(p *pool.Pool, scratch *Scratch, y, x, weights []float32) {
	k := scratch.kernels()
	if k.spread == nil {
		s.direct.run(p, scratch, y, x, weights)
		return
	}
	pixels, atOnce := len(y)/s.out, roundUp(spreadFloats/s.out+1, 4)
	p.Run((pixels+atOnce-1)/atOnce, func(i int) {
		from, to := i*atOnce, min((i+1)*atOnce, pixels)
		dst, src := y[from*s.out:to*s.out], x[from*s.in:to*s.in]
		k.spread[s.in](&dst[0], &src[0], &weights[0], to-from, k.panels(s.out))
	})
}
