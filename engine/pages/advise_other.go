//go:build !linux

package pages

// advise does nothing: other systems decide by themselves.
func advise([]byte) {}
