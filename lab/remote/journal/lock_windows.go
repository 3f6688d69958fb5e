package journal

import (
	"os"
	"syscall"
)

// errBusy is ERROR_SHARING_VIOLATION.
var errBusy error = syscall.Errno(32)

// openLocked opens a file that no other process has open with it: it may be
// read meanwhile, and not written.
func openLocked(path string) (*os.File, error) {
	p, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(p, syscall.GENERIC_READ|syscall.GENERIC_WRITE, syscall.FILE_SHARE_READ, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(h), path), nil
}
