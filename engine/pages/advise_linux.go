package pages

import "golang.org/x/sys/unix"

// advise asks for large pages. It is advice: what the system does not do is no error.
func advise(mem []byte) { _ = unix.Madvise(mem, unix.MADV_HUGEPAGE) }
