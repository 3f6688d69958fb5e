package network

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

var errReset = syscall.ECONNRESET

type connKey struct{}

// served is a connection that HTTP is spoken on, and what handlers keep with
// it.
type served struct {
	net.Conn
	mu   sync.Mutex
	kept map[any]any
}

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
			return context.WithValue(ctx, connKey{}, &served{Conn: c})
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
	if s, ok := r.Context().Value(connKey{}).(*served); ok {
		return s.Conn
	}
	return nil
}

// Keep returns what is kept under key with the connection that a request came
// on, which is what first returned when it was first asked for. It goes away
// with the connection. For a request that was not served by [ServeHTTP]
// nothing is kept.
func Keep[T any](r *http.Request, key any, first func() T) T {
	s, ok := r.Context().Value(connKey{}).(*served)
	if !ok {
		return first()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.kept[key].(T)
	if !ok {
		v = first()
		if s.kept == nil {
			s.kept = make(map[any]any)
		}
		s.kept[key] = v
	}
	return v
}
