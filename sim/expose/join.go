package expose

import (
	"io"
	"net"
	"time"
)

// How long either side is waited for once the other has ended. Both are what
// hosts on a real network do.
const (
	// finWait, on the wall clock, is for a client that does not close although
	// the server has: Linux forgets such a connection after as long
	// (tcp_fin_timeout in tcp(7)).
	finWait = time.Minute
	// userTimeout, in virtual time, is for a server that does not answer a
	// client that has closed: RFC 9293 section 3.9.1.1 has it as the default
	// after which TCP gives a connection up. It ends those whose packets the
	// lab's firewall drops.
	userTimeout = 5 * time.Minute
)

// join passes bytes between a client outside and a server of the lab until
// both directions have ended. Each end is passed on as what it was: a side
// that has no more to say still hears the other, and a reset is a reset.
func join(outer *net.TCPConn, inner net.Conn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := io.Copy(&server{inner}, outer); err != nil {
			inner.Close() // the client is gone
			return
		}
		inner.SetReadDeadline(time.Now().Add(userTimeout))
		closeWrite(inner)
	}()
	if _, err := io.Copy(outer, inner); err != nil {
		reset(outer)
	} else {
		outer.CloseWrite()
		outer.SetReadDeadline(time.Now().Add(finWait))
	}
	<-done
	outer.Close()
	inner.Close()
}

// server takes what a client sends. What comes after the server's end is
// thrown away: a reset would overtake the server's last words, which may still
// be on their way to the client.
type server struct{ net.Conn }

func (s *server) Write(b []byte) (int, error) {
	s.Conn.Write(b)
	return len(b), nil
}

// closeWrite tells the server that the client has no more to say.
func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
		return
	}
	c.Close()
}

// reset ends a client's connection with RST, so that it does not take the end
// for an orderly one.
func reset(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}
