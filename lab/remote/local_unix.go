//go:build unix

package remote

import (
	"os/exec"
	"syscall"
)

// ownGroup has a program begin a group of processes, all of which end with it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
