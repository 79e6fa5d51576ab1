//go:build !amd64

package kernel

func best() Level { return Portable }

func (l Level) kernels() *kernels { return portable }
