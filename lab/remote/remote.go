package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/net/proxy"

	"shutout/fixtures"
	"shutout/lab"
	"shutout/lab/client"
)

// Options are how a lab is opened.
type Options struct {
	// Cast is that of the case; nil: the default one.
	Cast *lab.Cast
	// Journal is told of every change before it is made. Without one, a lab that
	// a file describes is not changed.
	Journal Journal
	// Unsigned says that nobody signs in, so the people's passwords are not read.
	Unsigned bool
}

// Lab plays one case on real servers.
type Lab struct {
	cfg     *Config
	cast    *lab.Cast
	clock   *Clock
	journal Journal
	times   Timeouts

	mu       sync.Mutex
	made     []made // changes that have not been taken back, in their order
	probes   int
	conns    map[net.Conn]struct{}
	restored error
	closed   bool
}

var (
	_ lab.Lab          = (*Lab)(nil)
	_ lab.Paced        = (*Lab)(nil)
	_ lab.Guarded      = (*Lab)(nil)
	_ lab.ReplyWatcher = (*Lab)(nil)
	_ lab.MailTracker  = (*Lab)(nil)
)

// Open returns the lab that cfg describes, for one run. It reads the passwords
// and touches no server; see [Lab.Check].
func Open(_ context.Context, cfg *Config, o Options) (*Lab, error) {
	cast := o.Cast
	if cast == nil {
		cast = fixtures.DefaultCast()
	}
	l := &Lab{
		cfg: cfg, clock: NewClock(), journal: o.Journal, times: cfg.Timeouts.or(DefaultTimeouts), conns: map[net.Conn]struct{}{},
	}
	var err error
	if l.cast, err = cfg.cast(cast, !o.Unsigned); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Lab) Name() string     { return l.cfg.Name }
func (l *Lab) Cast() *lab.Cast  { return l.cast }
func (l *Lab) Clock() lab.Clock { return l.clock }

// Pace tells how long things may take here.
func (l *Lab) Pace() lab.Pace {
	return lab.Pace{Attempt: l.times.Attempt, Delivery: l.times.Delivery, Watch: l.times.Watch}
}

// Endpoint tells where an access path is.
func (l *Lab) Endpoint(who *lab.Person, path lab.Path) (lab.Endpoint, error) {
	ep, ok := l.cfg.Endpoints[path]
	switch {
	case !ok && l.cfg.File != "":
		return ep, fmt.Errorf("%w: the lab file names no endpoint for %s", lab.ErrNotAvailable, path)
	case !ok:
		return ep, fmt.Errorf("%w: no server here offers %s", lab.ErrNotAvailable, path)
	case who.Outsider() && path != lab.SMTPAnonymous && path != lab.SMTPDirect:
		return ep, fmt.Errorf("%w: %s has no mailbox here", lab.ErrNotAvailable, who.ID)
	}
	return ep, nil
}

// Dial connects to a real address. The activity's host stands for a way out of
// this machine, if the lab has one for it.
func (l *Lab) Dial(ctx context.Context, _, from, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.times.Dial)
	defer cancel()
	dial := l.cfg.Dial
	if dial == nil {
		dial = l.cfg.Hosts[from].dial
	}
	conn, err := dial(ctx, from, addr)
	if err != nil {
		return nil, err
	}
	return l.keep(conn)
}

func (w Way) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	d := &net.Dialer{}
	if w.Local != nil {
		d.LocalAddr = &net.TCPAddr{IP: w.Local}
	}
	if w.Socks == "" {
		return d.DialContext(ctx, "tcp", addr)
	}
	p, err := proxy.SOCKS5("tcp", w.Socks, nil, d)
	if err != nil {
		return nil, err
	}
	return p.(proxy.ContextDialer).DialContext(ctx, "tcp", addr)
}

// kept is a connection that the lab closes with itself.
type kept struct {
	net.Conn
	lab *Lab
}

func (k *kept) Close() error {
	k.lab.mu.Lock()
	delete(k.lab.conns, k)
	k.lab.mu.Unlock()
	return k.Conn.Close()
}

// SyscallConn lets a client see whether something has come.
func (k *kept) SyscallConn() (syscall.RawConn, error) {
	if c, ok := k.Conn.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

func (l *Lab) keep(conn net.Conn) (net.Conn, error) {
	k := &kept{conn, l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		conn.Close()
		return nil, errClosed
	}
	l.conns[k] = struct{}{}
	return k, nil
}

// MayWriteTo allows the addresses on the allow-list, and those below names that
// lead nowhere.
func (l *Lab) MayWriteTo(address string) error {
	if l.cfg.allowed(address) || reserved(address) {
		return nil
	}
	return fmt.Errorf("%w: %s is not on the lab's allow-list, so no mail may go there", lab.ErrNotAvailable, address)
}

// reserved tells whether an address is below a name that nobody can have (RFC
// 2606, RFC 6761), or is none.
func reserved(address string) bool {
	_, domain, _ := strings.Cut(strings.Trim(address, "<>"), "@")
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	return domain == "" || slices.ContainsFunc([]string{"example", "test", "invalid"}, func(top string) bool {
		return domain == top || strings.HasSuffix(domain, "."+top)
	})
}

// allowed tells whether an account may be used and changed.
func (c *Config) allowed(address string) bool {
	return c.Own || slices.ContainsFunc(c.Allow, func(a string) bool { return strings.EqualFold(a, address) })
}

// Probe hands in a message from outside and returns once it has been taken. That
// the server will never take it is an answer about the mailbox; if it could not
// be handed in for any other reason, nothing is known of what would have arrived.
func (l *Lab) Probe(ctx context.Context, who *lab.Person) (string, error) {
	ep, ok := l.cfg.Endpoints[lab.SMTPAnonymous]
	if l.cfg.Inlet != nil {
		ep, ok = *l.cfg.Inlet, true
	}
	if !ok {
		return "", fmt.Errorf("%w: there is no way to hand in mail from outside", lab.ErrNotAvailable)
	}
	l.mu.Lock()
	l.probes++
	n := l.probes
	l.mu.Unlock()
	// A subject that no earlier run has used: its mail may still be there.
	subject := fmt.Sprintf("probe %s %d for %s", l.clock.Now().Format("20060102T150405.000"), n, who.ID)
	c, err := client.New(lab.Env{
		Endpoint: ep, Now: l.clock.Now, Domain: l.cfg.Domain,
		Activity: &lab.Activity{ID: "probe", Path: lab.SMTPAnonymous},
		Dial:     func(ctx context.Context, addr string) (net.Conn, error) { return l.Dial(ctx, "", "", addr) },
	})
	if err != nil {
		return "", err
	}
	defer c.Close()
	err = c.Do(ctx, lab.Task{
		Capability: lab.Send, To: who.Mail, From: cmp.Or(l.cfg.InletFrom, "probe@"+l.cfg.Domain), Subject: subject,
		MessageID: fmt.Sprintf("probe.%d.%d@%s", l.clock.Now().UnixNano(), n, l.cfg.Domain),
	})
	if f, ok := errors.AsType[*lab.Failure](err); ok {
		f = &lab.Failure{Kind: f.Kind, Stage: "probe", Text: fmt.Sprintf("the message that %s was to receive: %s", who.ID, f)}
		if !permanent(err) {
			f.Kind = lab.Unknown
		}
		return "", f
	}
	return subject, err
}

// permanent tells whether a server has said that it will never take a message
// (RFC 5321 section 4.2.1).
func permanent(err error) bool {
	f, ok := errors.AsType[*lab.Failure](err)
	return ok && f.Kind == lab.Refused
}

// AutomaticReply asks the lab's hook.
func (l *Lab) AutomaticReply(ctx context.Context, _, messageID string) (string, bool, error) {
	if l.cfg.AutomaticReply == nil {
		return "", false, fmt.Errorf("%w: nobody can see automatic replies", lab.ErrNotAvailable)
	}
	return l.cfg.AutomaticReply(ctx, messageID)
}

// Whereabouts asks the lab's hook.
func (l *Lab) Whereabouts(ctx context.Context, _, subject string) (string, bool, error) {
	if l.cfg.Whereabouts == nil {
		return "", false, fmt.Errorf("%w: nobody can see where mail goes", lab.ErrNotAvailable)
	}
	return l.cfg.Whereabouts(ctx, subject)
}
