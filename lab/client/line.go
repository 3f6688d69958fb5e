package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"syscall"
	"time"

	"shutout/lab"
)

// patience is how long a client waits for one answer.
const patience = 30 * time.Second

// Stages of an attempt, besides the names of capabilities.
const (
	stageDial     = "dial"
	stageTLS      = "tls"
	stageGreeting = "greeting"
	stageSignIn   = string(lab.SignIn)
	stageMailbox  = "open mailbox"
)

// line makes an activity's connections to its endpoint, counts them, and can
// hang up on all of them at once.
type line struct {
	env    lab.Env
	tls    *tls.Config
	record *record // nil: nobody wants to know what is said

	mu   sync.Mutex
	live map[*tracked]struct{}
	made int

	proofs   int       // sign-ins begun with NTLM, for what has to differ between them
	settings *settings // of the account, once Autodiscover has told them
	wallet   wallet
	granted  *tokens              // once a token was needed
	kept     func() lab.LocalCopy // what the program keeps on its own computer; nil: not known
	stored   map[string]struct{}  // the messages that it has stored there
	since    time.Time            // when the first was
}

func newLine(env lab.Env) *line {
	conf := env.Endpoint.TLS.Clone()
	if conf == nil {
		conf = new(tls.Config)
	}
	conf.ServerName = env.Endpoint.Host
	if conf.ClientSessionCache == nil {
		// A client that connects for every poll resumes, as real ones do.
		conf.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	}
	l := &line{env: env, tls: conf, live: map[*tracked]struct{}{}}
	if env.Transcribe {
		l.record = new(record)
	}
	return l
}

// never tells whether the client, once refused, stays so.
func (l *line) never() bool { return l.env.Activity.Client.Reconnect == "never" }

// secrets lists what no report may show: the passwords, in the forms in which
// they are sent, and the tokens that the client was given for them.
func (l *line) secrets() []string {
	var all []string
	for _, p := range l.passwords() {
		if p == "" {
			continue
		}
		all = append(all, p, encoded(p), encoded("\x00"+l.env.Login.User+"\x00"+p), encoded(l.env.Login.User+":"+p), url.QueryEscape(p))
	}
	if t := l.granted; t != nil {
		all = append(all, t.last, t.refresh)
	}
	return all
}

// passwords lists those that the client knows by now.
func (l *line) passwords() []string {
	own := l.env.Login.Passwords
	if l.env.Login.Overheard == nil {
		return own
	}
	return append(l.env.Login.Overheard(), own...)
}

// keeps says that the program stores what it fetches on its own computer.
func (l *line) keeps() {
	l.stored = map[string]struct{}{}
	l.kept = func() lab.LocalCopy { return lab.LocalCopy{Messages: len(l.stored), Since: l.since} }
}

// store notes a message that the program has stored.
func (l *line) store(id string) {
	if l.stored == nil {
		return // it is not known to store anything
	}
	if len(l.stored) == 0 {
		l.since = l.env.Now()
	}
	if len(l.stored) < maxKept {
		l.stored[id] = struct{}{}
	}
}

// tracked is a connection that its line can hang up on.
type tracked struct {
	net.Conn
	line *line
}

func (t *tracked) Close() error {
	t.line.mu.Lock()
	delete(t.line.live, t)
	t.line.mu.Unlock()
	return t.Conn.Close()
}

// place is a port, and whether it speaks TLS from the start.
type place struct {
	addr     string
	host     string // that the certificate carries
	security lab.Security
}

// dial connects to the endpoint, with TLS where it has it from the start.
func (l *line) dial(ctx context.Context) (net.Conn, error) {
	return l.dialTo(ctx, l.endpoint())
}

// endpoint is where the line leads.
func (l *line) endpoint() place {
	if l.env.Activity.Client.Cleartext && l.env.Endpoint.Plain != "" {
		return place{l.env.Endpoint.Plain, l.env.Endpoint.Host, lab.Plain}
	}
	return place{l.env.Endpoint.Addr, l.env.Endpoint.Host, l.env.Endpoint.Security}
}

// dialTo connects to another port of the endpoint's host, or to another host.
func (l *line) dialTo(ctx context.Context, to place) (net.Conn, error) {
	t, err := l.reach(ctx, to.addr)
	if err != nil {
		return nil, err
	}
	if to.security != lab.Implicit {
		return t, nil
	}
	c, err := l.secure(t, to.host)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// reach connects to an address, without TLS.
func (l *line) reach(ctx context.Context, addr string) (net.Conn, error) {
	raw, err := l.env.Dial(ctx, addr)
	l.record.connected(l, addr, err)
	if err != nil {
		return nil, unreachable(stageDial, err)
	}
	t := &tracked{Conn: raw, line: l}
	l.mu.Lock()
	l.live[t] = struct{}{}
	l.made++
	l.mu.Unlock()
	if err := ctx.Err(); err != nil { // hangUp may have come before this connection was known
		t.Close()
		return nil, unreachable(stageDial, err)
	}
	return t, nil
}

// secure starts TLS with a host on an open connection and closes it when that
// fails. The handshake runs without a context because one with would start a
// goroutine.
func (l *line) secure(raw net.Conn, host string) (*tls.Conn, error) {
	conf := l.tls
	if host != conf.ServerName {
		conf = conf.Clone()
		conf.ServerName = host
	}
	c := tls.Client(raw, conf)
	extend(c, patience)
	if err := c.Handshake(); err != nil {
		l.record.line(serverSays, "(no TLS)")
		raw.Close()
		return nil, unreachable(stageTLS, err)
	}
	return c, nil
}

// hangUp closes every open connection, also one that another goroutine reads
// from: that is how an attempt is cut off.
func (l *line) hangUp() {
	l.mu.Lock()
	live := l.live
	l.live = map[*tracked]struct{}{}
	l.mu.Unlock()
	for t := range live {
		t.Conn.Close()
	}
}

// extend gives the next exchange its time.
func extend(c net.Conn, d time.Duration) { c.SetDeadline(time.Now().Add(d)) }

// heard tells, without waiting, whether the far end of an idle connection said
// something or hung up. Real clients learn it from their socket becoming
// readable. It answers false for a connection that cannot tell.
func heard(c net.Conn) bool {
	for {
		switch t := c.(type) {
		case *tls.Conn:
			c = t.NetConn()
		case *tracked:
			c = t.Conn
		case interface{ Pending() bool }: // a lab's in-memory connection
			return t.Pending()
		case syscall.Conn:
			return readable(t)
		default:
			return false
		}
	}
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// glance gives the next read of an idle connection its time: to what has come
// the usual one, and otherwise none. TLS may hold more than its connection
// shows; even so it gives that, and asks for nothing.
func glance(c net.Conn) {
	if heard(c) {
		extend(c, patience)
	} else {
		c.SetReadDeadline(longAgo)
	}
}

// late tells whether a read ended because its time was over.
func late(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func refused(stage, text string) *lab.Failure {
	return &lab.Failure{Kind: lab.Refused, Stage: stage, Text: text}
}

func unreachable(stage string, err error) *lab.Failure {
	return &lab.Failure{Kind: lab.Unreachable, Stage: stage, Text: reason(err)}
}

func unknown(stage string, err error) *lab.Failure {
	return &lab.Failure{Kind: lab.Unknown, Stage: stage, Text: reason(err)}
}

const closedText = "connection closed by server"

// reason says what became of a connection. The ways in which an end shows (an
// orderly close, a reset, a failed write) depend on who was faster, so they
// are one text.
func reason(err error) string {
	switch {
	case closed(err):
		return closedText
	case late(err):
		return "no answer"
	default:
		if op, ok := errors.AsType[*net.OpError](err); ok {
			err = op.Err // the stage says what was being done, and the endpoint with whom
		}
		return err.Error()
	}
}

func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.ErrClosedPipe) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// tidy makes a server's text fit for a report, without a password that it may
// have echoed.
func tidy(text string, secrets []string) string { return lab.Brief(lab.Hide(text, secrets)) }

// missing is the answer to a receive whose message has not arrived.
func missing() *lab.Failure {
	return &lab.Failure{Kind: lab.Refused, Stage: string(lab.Receive), Text: "the message is not in the inbox", Absent: true}
}

// unexpected is an answer that makes no sense in the protocol.
func unexpected(stage, format string, args ...any) *lab.Failure {
	return refused(stage, "unexpected answer: "+fmt.Sprintf(format, args...))
}

// muddled is an answer that cannot be read. Once says that its request may have
// done its work all the same, and must not do it twice.
func muddled(stage string, once bool, err error) *lab.Failure {
	f := unexpected(stage, "%v", err)
	if once {
		f.Kind = lab.Unknown
	}
	return f
}
