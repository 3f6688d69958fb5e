//go:build !unix

package remote

import (
	"os"
	"os/exec"
	"syscall"
)

func ownGroup(*exec.Cmd) {}

// errClaimed is ERROR_SHARING_VIOLATION.
var errClaimed error = syscall.Errno(32)

// claim does nothing: a file that is open somewhere cannot be removed.
func claim(*os.File) error { return nil }

// removeClaimed removes a folder with the file that was open in it.
func removeClaimed(f *os.File, dir string) error {
	f.Close()
	return os.RemoveAll(dir)
}
