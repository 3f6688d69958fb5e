// Package smtp is the SMTP service of a mailbox server. The protocol is
// go-smtp's, the policy and most of the words are transport's; this package
// stands between them and waits where the server makes a client wait.
package smtp

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/netip"
	"time"

	smtplib "github.com/emersion/go-smtp"

	"shutout/sim/server"
)

// maxLine bounds a line in bytes: RFC 4954 section 4 has the longest, the
// response of a client that signs in.
const maxLine = 12288

// logger takes what go-smtp says of broken connections, and of its own panics.
var logger smtplib.Logger = log.New(io.Discard, "", 0)

// Serve serves SMTP for a mailbox server on l until l is closed. Which
// receive connector answers depends on l's port and on the client.
func Serve(w *server.World, host string, conf *tls.Config, l net.Listener) error {
	lib := smtplib.NewServer(smtplib.BackendFunc(newSession))
	lib.TLSConfig = conf
	lib.ErrorLog = logger
	lib.MaxLineLength = maxLine
	lib.AllowInsecureAuth = true // the connector decides
	lib.EnableDSN, lib.EnableBINARYMIME = true, true
	return lib.Serve(&gate{Listener: l, w: w, host: host})
}

// gate is the listener that go-smtp sees: connections that a receive connector
// has admitted.
type gate struct {
	net.Listener
	w    *server.World
	host string
}

func (g *gate) Accept() (net.Conn, error) {
	for {
		raw, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := g.admit(raw); c != nil {
			return c, nil
		}
		raw.Close()
	}
}

// admit finds the connector for a connection. A client that none wants is told
// so in place of the banner.
func (g *gate) admit(raw net.Conn) *conn {
	client, err := netip.ParseAddrPort(raw.RemoteAddr().String())
	if err != nil {
		return nil
	}
	local, err := netip.ParseAddrPort(g.Addr().String())
	if err != nil {
		return nil
	}
	g.w.Lock()
	defer g.w.Unlock()
	now := g.w.Now()
	policy, d, refused := g.w.Transport.Connect(now, g.host, int(local.Port()), client.Addr())
	g.w.Record(raw, d)
	if refused != nil {
		io.WriteString(raw, refused.Error()+"\r\n") // the window of a new connection holds it
		return nil
	}
	c := &conn{Conn: raw, w: g.w, policy: policy, banner: "220 " + policy.Banner(now) + "\r\n", opened: now}
	policy.OnSever(c.end)
	return c
}

// wall turns a length of virtual time into what a network connection takes for
// a deadline.
func wall(d time.Duration) time.Time { return time.Now().Add(d) }
