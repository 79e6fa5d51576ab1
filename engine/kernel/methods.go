package kernel

// Names of the methods by which a convolution is computed, which follow from its shape and its Algorithm: "direct", "dense", "narrow", "dots", "spread",
// or the tile of a short convolution, "F(2,3)". Profiles and benchmarks show them.

// ForwardMethod names the method of Forward.
func (c *Conv) ForwardMethod() string { return c.ForwardFilter().Method() }

// ByInputMethod names the method of ByInput.
func (c *Conv) ByInputMethod() string { return c.ByInputFilter().Method() }

// ByKernelMethod names the method of ByKernel.
func (c *Conv) ByKernelMethod() string {
	if c.dense() != nil {
		return "dense"
	}
	if short := c.forward().shortByKernel(c.Algorithm); short != nil {
		return short.name()
	}
	return "direct"
}
