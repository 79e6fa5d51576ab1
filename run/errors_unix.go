//go:build !windows

package run

import (
	"errors"
	"syscall"
)

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func isReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }

// isBusy: here a file that somebody reads can be renamed and replaced.
func isBusy(error) bool { return false }
