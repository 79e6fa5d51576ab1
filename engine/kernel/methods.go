package kernel

// Names of the methods by which a convolution is computed, which follow from its shape and its Algorithm: "direct", "dense", "narrow", or
// the tile of a short convolution, "F(2,3)". Profiles and benchmarks show them.

// ForwardMethod names the method of Forward.
func (c *Conv) ForwardMethod() string { return c.ForwardFilter().Method() }

// ByInputMethod names the method of ByInput.
func (c *Conv) ByInputMethod() string { return c.ByInputFilter().Method() }

// ByKernelMethod names the method of ByKernel.
func (c *Conv) ByKernelMethod() string {
	if c.dense() != nil {
		return "dense"
	}
	f := c.forward()
	if c.Algorithm == Balanced && len(f.rows) == 1 && len(f.cols) == 1 {
		if short := f.short(); short != nil {
			return short.name()
		}
	}
	return "direct"
}
