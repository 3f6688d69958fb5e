//go:build unix

package journal

import (
	"errors"
	"os"
	"syscall"
)

var errBusy error = syscall.EWOULDBLOCK

// openLocked opens a file that no other process has open with it.
func openLocked(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
