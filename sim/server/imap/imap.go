// Package imap is the IMAP4 service of a client access server. The protocol is
// go-imap's; what is decided, when, and in which words is here.
package imap

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/server"
	"shutout/sim/server/popimap"
	"shutout/sim/server/signin"
)

// Serve serves IMAP4 for a client access server on l, port 143, until l is
// closed. TLS begins with STARTTLS.
func Serve(w *server.World, host string, conf *tls.Config, l net.Listener) error {
	return serve(w, host, conf, l, false)
}

// ServeTLS is Serve for port 993, where TLS begins at once.
func ServeTLS(w *server.World, host string, conf *tls.Config, l net.Listener) error {
	return serve(w, host, conf, l, true)
}

func serve(w *server.World, host string, conf *tls.Config, l net.Listener, secured bool) error {
	s := &popimap.Service{World: w, Host: host, Protocol: directory.IMAP, Name: clientaccess.ServiceIMAP, TLS: conf}
	tickets := signin.New(w, host)
	lib := imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return newSession(c, tickets), nil, nil
		},
		Caps:   capabilities,
		Logger: logger,
		// Where a password may be sent is settled before the library gets the
		// connection; it does not know of the TLS below.
		InsecureAuth: true,
	})
	handover := &handover{addr: l.Addr(), conns: make(chan net.Conn), done: make(chan struct{})}
	go lib.Serve(handover)
	defer handover.Close()
	return s.Serve(l, secured, func(c *popimap.Conn) {
		if secured {
			handover.give(&wire{Conn: c, greeting: greeting})
		} else if next := preamble(c); next != nil {
			handover.give(next)
		} else {
			c.Close()
		}
	})
}

// logger takes what go-imap says of broken connections, and of its own panics.
var logger imapserver.Logger = log.New(io.Discard, "", 0)

// capabilities are what go-imap offers behind the sign-in besides what it
// always does, as Exchange 2013 and later have them.
var capabilities = imap.CapSet{
	imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}, imap.CapChildren: {},
	imap.CapNamespace: {}, imap.CapSpecialUse: {},
}

// Texts of Exchange's IMAP4 service, as clients' logs have them.
const (
	textReady        = "The Microsoft Exchange IMAP4 service is ready."
	textBye          = "Microsoft Exchange Server IMAP4 server signing off."
	textState        = "Command received in Invalid state."
	textArgument     = "Command Argument Error. 12"
	textLogin        = "LOGIN failed."
	textAuthenticate = "AUTHENTICATE failed."
	textNotConnected = "User is authenticated but not connected."
	textUnavailable  = "Server Unavailable. 15"
	textIdle         = "Connection is closed. 13"
	textSevered      = "Connection closed. 14"
	textTokenExpired = "Session invalidated - AccessTokenExpired"
)

const greeting = "* OK " + textReady + "\r\n"

// handover is the listener from which go-imap takes the connections that are
// ready for it.
type handover struct {
	addr  net.Addr
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (h *handover) give(c net.Conn) {
	select {
	case h.conns <- c:
	case <-h.done:
		c.Close()
	}
}

func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

func (h *handover) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

func (h *handover) Addr() net.Addr { return h.addr }
