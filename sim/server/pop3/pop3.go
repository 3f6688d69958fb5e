// Package pop3 is the POP3 service of a client access server (RFC 1939, with
// RFC 2449, 2595 and 5034), in the words of Exchange where they are known.
package pop3

import (
	"crypto/tls"
	"errors"
	"net"

	"shutout/lab/protocol/pop3"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/server"
	"shutout/sim/server/popimap"
)

// Serve serves POP3 for a client access server on l, port 110, until l is
// closed. TLS begins with STLS.
func Serve(w *server.World, host string, conf *tls.Config, l net.Listener) error {
	return service(w, host, conf).Serve(l, false, talk)
}

// ServeTLS is Serve for port 995, where TLS begins at once.
func ServeTLS(w *server.World, host string, conf *tls.Config, l net.Listener) error {
	return service(w, host, conf).Serve(l, true, talk)
}

func service(w *server.World, host string, conf *tls.Config) *popimap.Service {
	return &popimap.Service{World: w, Host: host, Protocol: directory.POP3, Name: clientaccess.ServicePOP, TLS: conf}
}

// connection is one client's dialogue. Everything happens in one goroutine.
type connection struct {
	*popimap.Conn
	in   *pop3.CommandReader
	out  []byte // the answer that is being made, one write each
	user string // what USER said
	drop *maildrop
	quit bool
}

// texts of Exchange's POP3 service, as clients' logs have them.
const (
	textReady       = "The Microsoft Exchange POP3 service is ready."
	textBye         = "Microsoft Exchange Server POP3 server signing off."
	textLoggedOn    = "User successfully logged on."
	textLogonFailed = "Logon failure: unknown user name or bad password."
	textState       = "Command is not valid in this state."
	textProtocol    = "Protocol error."
	textNoMessage   = "The specified message is out of range."
	textDeleted     = "The specified message has been deleted."
	textUnavailable = "Server Unavailable."
)

func talk(c *popimap.Conn) {
	x := &connection{Conn: c, in: pop3.NewCommandReader(c)}
	defer c.Close()
	x.out = pop3.AppendOK(nil, textReady)
	for x.flush() && !x.quit {
		cmd, err := x.in.Read()
		var syntax *pop3.SyntaxError
		switch {
		case err == nil:
			x.handle(cmd)
		case errors.As(err, &syntax) || errors.Is(err, pop3.ErrLineTooLong):
			x.fail("", textProtocol)
		default:
			// The client left, or was silent for too long. In the latter
			// case, too, the server says nothing and deletes nothing (RFC
			// 1939 section 3).
			return
		}
	}
}

// maxKept bounds the answer buffer that a connection keeps between commands.
const maxKept = 64 << 10

// flush sends the answer. It tells whether the client is still there.
func (x *connection) flush() bool {
	_, err := x.Write(x.out)
	if cap(x.out) > maxKept {
		x.out = nil
	}
	x.out = x.out[:0]
	return err == nil
}

func (x *connection) ok(text string)         { x.out = pop3.AppendOK(x.out, text) }
func (x *connection) fail(code, text string) { x.out = pop3.AppendErr(x.out, code, text) }

// command is how a command is carried out, with min to max arguments, before
// or after the sign-in or in both states.
type command struct {
	f        func(*connection, []string)
	min, max int
	before   bool
	after    bool
}

var commands = map[string]command{
	"CAPA": {(*connection).capa, 0, 0, true, true},
	"QUIT": {(*connection).bye, 0, 0, true, true},
	"STLS": {(*connection).stls, 0, 0, true, false},
	"USER": {(*connection).name, 1, 1, true, false},
	"PASS": {(*connection).pass, 1, 1, true, false},
	"AUTH": {(*connection).auth, 0, 2, true, false},
	"NOOP": {(*connection).noop, 0, 0, false, true},
	"STAT": {(*connection).stat, 0, 0, false, true},
	"LIST": {(*connection).list, 0, 1, false, true},
	"UIDL": {(*connection).uidl, 0, 1, false, true},
	"RETR": {(*connection).retr, 1, 1, false, true},
	"TOP":  {(*connection).top, 2, 2, false, true},
	"DELE": {(*connection).dele, 1, 1, false, true},
	"RSET": {(*connection).rset, 0, 0, false, true},
}

func (x *connection) handle(c pop3.Command) {
	cmd, known := commands[c.Verb]
	switch {
	case !known || len(c.Args) < cmd.min || len(c.Args) > cmd.max:
		x.fail("", textProtocol)
	case x.drop == nil && !cmd.before || x.drop != nil && !cmd.after:
		x.fail("", textState)
	default:
		cmd.f(x, c.Args)
	}
}
