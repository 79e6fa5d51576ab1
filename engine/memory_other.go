//go:build !linux

package engine

// physicalMemory is the machine's memory in bytes, or 0 if the system does not say.
func physicalMemory() int { return 0 }
