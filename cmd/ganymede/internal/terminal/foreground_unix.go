//go:build unix

package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// foreground tells whether the process may speak to its terminal without being stopped.
func foreground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
