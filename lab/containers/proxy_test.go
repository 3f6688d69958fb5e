package containers

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// proxy stands between clients and servers. It passes everything on until it is
// told to be slow, to swallow what it gets, or to drop its connections.
type proxy struct {
	dial   func(ctx context.Context, addr string) (net.Conn, error)
	slow   atomic.Int64 // how long everything from a server is held up
	silent atomic.Bool
	shut   atomic.Bool // what connects is cut off at once

	mu    sync.Mutex
	doors map[string]string // its own addresses, by the server's
	conns []net.Conn
}

// through is a way to a server, through the proxy.
func (p *proxy) through(t *testing.T) func(ctx context.Context, _, addr string) (net.Conn, error) {
	return func(ctx context.Context, _, addr string) (net.Conn, error) {
		door, err := p.door(t, addr)
		if err != nil {
			return nil, err
		}
		return new(net.Dialer).DialContext(ctx, "tcp", door)
	}
}

func (p *proxy) door(t *testing.T, addr string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if door := p.doors[addr]; door != "" {
		return door, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	t.Cleanup(func() { l.Close() })
	p.doors[addr] = l.Addr().String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c, addr)
		}
	}()
	return p.doors[addr], nil
}

func (p *proxy) serve(c net.Conn, addr string) {
	defer c.Close()
	if p.shut.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s, err := p.dial(ctx, addr)
	if err != nil {
		return
	}
	defer s.Close()
	p.mu.Lock()
	p.conns = append(p.conns, c, s)
	p.mu.Unlock()
	go func() {
		defer s.Close()
		io.Copy(s, c)
	}()
	b := make([]byte, 32<<10)
	for {
		n, err := s.Read(b)
		time.Sleep(time.Duration(p.slow.Load()))
		if n > 0 && !p.silent.Load() {
			if _, err := c.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// drop cuts every connection.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		if t, ok := c.(*net.TCPConn); ok {
			t.SetLinger(0) // a reset, as a broken middlebox sends
		}
		c.Close()
	}
	p.conns = nil
}
