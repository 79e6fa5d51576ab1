package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
)

// memoryInUse is what the process holds of the machine's memory, in bytes: as the system counts it where it tells (Linux), else
// as Go's runtime does, which misses what the engine maps itself.
func memoryInUse() int64 {
	if content, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := bytes.Fields(content); len(fields) > 1 {
			if pages, err := strconv.ParseInt(string(fields[1]), 10, 64); err == nil {
				return pages * int64(os.Getpagesize())
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
