package engine

import "golang.org/x/sys/unix"

// physicalMemory is the machine's memory in bytes, or 0 if the system does not say.
func physicalMemory() int {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return 0
	}
	return int(uint64(info.Totalram) * uint64(info.Unit))
}
