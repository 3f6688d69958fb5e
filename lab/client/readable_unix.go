//go:build unix

package client

import "syscall"

// readable looks at a socket without waiting (Go's sockets do not block) and
// without taking anything.
func readable(s syscall.Conn) bool {
	raw, err := s.SyscallConn()
	if err != nil {
		return true // the socket is closed
	}
	var b [1]byte
	found := true
	raw.Control(func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		found = err != syscall.EAGAIN && err != syscall.EWOULDBLOCK && err != syscall.EINTR
	})
	return found
}
