package kernel

import "github.com/ganymede-gan/ganymede/engine/pool"

// Filter is Forward or ByInput of one convolution in two steps: Pack brings the weights into the form that the kernels read
// (panels, transforms), which then serves any number of Runs. How it is computed has been decided, from shapes alone. A
// Filter does not change and may be used by many at once.
type Filter struct {
	method           method
	weights, in, out int // floats
}

// ForwardFilter returns the convolution of x [Batch, Height, Width, In] to y.
func (c *Conv) ForwardFilter() *Filter {
	f := c.upright().forward()
	return &Filter{method: c.method(f), weights: c.weights(), in: c.inputs(), out: c.outputs()}
}

// ByInputFilter returns the transposed convolution, of dy to dx.
func (c *Conv) ByInputFilter() *Filter {
	f := c.upright().byInput()
	return &Filter{method: c.method(f), weights: c.weights(), in: c.outputs(), out: c.inputs()}
}

// Method returns the name of the algorithm. Filters of convolutions that differ in the batch alone can share packed weights
// if they have one method and one direction.
func (f *Filter) Method() string { return f.method.name() }

// Size returns how many floats packed weights have.
func (f *Filter) Size() int { return f.method.size() }

// Pack fills packed, of Size floats, from weights w [KernelHeight, KernelWidth, In/Groups, Out].
func (f *Filter) Pack(p *pool.Pool, s *Scratch, packed, w []float32) {
	checkSize("Pack", "the kernel", len(w), f.weights)
	checkSize("Pack", "the packed kernel", len(packed), f.Size())
	f.method.pack(p, s, packed, w)
}

// Run computes y from x and packed weights.
func (f *Filter) Run(p *pool.Pool, s *Scratch, y, x, packed []float32) {
	checkSize("Run", "the input", len(x), f.in)
	checkSize("Run", "the output", len(y), f.out)
	checkSize("Run", "the packed kernel", len(packed), f.Size())
	f.method.run(p, s, y, x, packed)
}

func (f *Filter) packAndRun(p *pool.Pool, s *Scratch, y, x, w []float32) {
	packed := s.floats.take(f.Size())
	defer s.floats.give(packed)
	f.method.pack(p, s, packed, w)
	f.method.run(p, s, y, x, packed)
}
