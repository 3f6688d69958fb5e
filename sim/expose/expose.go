// Package expose opens a simulated organisation's services on this machine's
// own network, so that any mail client can use them. Bytes are passed on as
// they are: a client speaks TLS with the simulated server itself.
package expose

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"shutout/sim"
)

// Service is one port that foreign clients can reach.
type Service struct {
	Name   string // "OWA, ActiveSync and web services", "IMAP4 over TLS", …
	Scheme string // as in a URL: https, imaps, …
	Host   string // the simulated server
	Port   int    // its port there
	Addr   string // where it can be reached, e.g. 127.0.0.1:8443
}

// kinds are the services in the order in which they are shown. A service gets
// the first port plus the number of its server among those that have it; when
// that is taken, any free one.
var kinds = []struct {
	port, first  int
	name, scheme string
	inside       bool // not published
	on           func(s sim.Servers) []string
}{
	{443, 8443, "OWA, ActiveSync and web services", "https", false, func(s sim.Servers) []string { return s.CAS }},
	{443, 8543, "sign-in of Entra ID", "https", false, func(s sim.Servers) []string { return s.SignIn }},
	{993, 9930, "IMAP4 over TLS", "imaps", false, func(s sim.Servers) []string { return s.CAS }},
	{143, 1430, "IMAP4 with STARTTLS", "imap", false, func(s sim.Servers) []string { return s.CAS }},
	{995, 9950, "POP3 over TLS", "pop3s", false, func(s sim.Servers) []string { return s.CAS }},
	{110, 1100, "POP3 with STLS", "pop3", false, func(s sim.Servers) []string { return s.CAS }},
	{587, 5870, "SMTP submission", "smtp", false, func(s sim.Servers) []string { return s.Stores }},
	{25, 2500, "SMTP", "smtp", false, func(s sim.Servers) []string { return s.Stores }},
	{88, 8800, "Kerberos", "kerberos", true, func(s sim.Servers) []string { return s.DCs }},
	{636, 6360, "LDAP over TLS", "ldaps", true, func(s sim.Servers) []string { return s.DCs }},
	{389, 3890, "LDAP", "ldap", true, func(s sim.Servers) []string { return s.DCs }},
}

// Services listens on ip for every service of the organisation until ctx
// ends. Connections come from the simulated host called from, those to the
// directory from the server itself: the perimeter firewall does not let them
// in, and administrators are on the inside.
func Services(ctx context.Context, o *sim.Organisation, ip net.IP, from string) (_ []Service, err error) {
	if o.Cast().Hosts[from] == nil {
		return nil, fmt.Errorf("no host %q to connect from", from)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		if err != nil {
			cancel() // closes the ports that are open already
		}
	}()
	var services []Service
	for _, k := range kinds {
		for i, host := range k.on(o.Servers()) {
			if !o.Listens(host, k.port) {
				continue
			}
			l, err := listen(ip, k.first+i)
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", k.name, host, err)
			}
			context.AfterFunc(ctx, func() { l.Close() })
			source := from
			if k.inside {
				source = host
			}
			go serve(ctx, o, l, source, net.JoinHostPort(host, strconv.Itoa(k.port)))
			services = append(services, Service{k.name, k.scheme, host, k.port, l.Addr().String()})
		}
	}
	return services, nil
}

func listen(ip net.IP, port int) (*net.TCPListener, error) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: ip, Port: port})
	if err != nil {
		return net.ListenTCP("tcp", &net.TCPAddr{IP: ip})
	}
	return l, nil
}

// acceptAgain is how long to wait when this machine has no room for another
// connection; somebody has to close one first.
const acceptAgain = 100 * time.Millisecond

func serve(ctx context.Context, o *sim.Organisation, l *net.TCPListener, from, addr string) {
	for {
		outer, err := l.AcceptTCP()
		switch {
		case err == nil:
			go connect(ctx, o, outer, from, addr)
		case ctx.Err() != nil:
			return
		default:
			select {
			case <-ctx.Done():
			case <-time.After(acceptAgain):
			}
		}
	}
}

// connect leads a client to a simulated server. One that refuses, or that no
// packet reaches, shows as a reset: the client has been accepted here already.
func connect(ctx context.Context, o *sim.Organisation, outer *net.TCPConn, from, addr string) {
	inner, err := o.Dial(ctx, "", from, addr)
	if err != nil {
		reset(outer)
		return
	}
	defer context.AfterFunc(ctx, func() {
		reset(outer)
		inner.Close()
	})()
	join(outer, inner)
}
