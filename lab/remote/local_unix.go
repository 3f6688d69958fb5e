//go:build unix

package remote

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup has a program begin a group of processes, all of which end with it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

var errClaimed error = syscall.EWOULDBLOCK

// claim locks a file for as long as it is open in this process.
func claim(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// removeClaimed removes a folder with the file that was claimed in it. The claim
// is given up last: who got it in between would lose the file.
func removeClaimed(f *os.File, dir string) error {
	defer f.Close()
	return os.RemoveAll(dir)
}
