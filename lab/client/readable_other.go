//go:build !unix

package client

import "syscall"

// readable cannot tell on this system.
func readable(syscall.Conn) bool { return false }
