package network

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"syscall"
	"time"
)

var errReset = syscall.ECONNRESET

type connKey struct{}

// ServeHTTP serves handler on l until l is closed. With a TLS configuration
// it speaks HTTPS. Idle is how long a silent keep-alive connection is kept.
//
// net/http reads in the background while a handler runs, so a pending read
// does not mean that the server is at rest; the connection states that
// http.Server reports do.
func ServeHTTP(l *Listener, conf *tls.Config, idle time.Duration, handler http.Handler) error {
	srv := &http.Server{
		Handler:     handler,
		IdleTimeout: idle,
		ErrorLog:    log.New(io.Discard, "", 0),
		// HTTP/1.1 only, as IIS before 10 speaks it, and because
		// authentication that belongs to a connection needs it.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ConnState: func(c net.Conn, s http.ConnState) {
			setActive(c, s == http.StateActive)
		},
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
	}
	if conf != nil {
		return srv.Serve(tls.NewListener(l, conf))
	}
	return srv.Serve(l)
}

func setActive(c net.Conn, active bool) {
	e := unwrap(c)
	e.n.mu.Lock()
	defer e.n.mu.Unlock()
	e.state.active = active
	e.settle()
}

// RequestConn returns the connection that a request came on, nil when it was
// not served by [ServeHTTP].
func RequestConn(r *http.Request) net.Conn {
	c, _ := r.Context().Value(connKey{}).(net.Conn)
	return c
}
