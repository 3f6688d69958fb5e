// Package expose opens a simulated organisation's services on this machine's
// own network, so that any mail client can use them. Bytes are passed on as
// they are: a client speaks TLS with the simulated server itself.
package expose

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"

	"shutout/sim"
)

// Service is one port that foreign clients can reach.
type Service struct {
	Name   string // "OWA and ActiveSync", "IMAP4 over TLS", …
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
	on           func(s sim.Servers) []string
}{
	{443, 8443, "OWA and ActiveSync", "https", func(s sim.Servers) []string { return s.CAS }},
	{993, 9930, "IMAP4 over TLS", "imaps", func(s sim.Servers) []string { return s.CAS }},
	{143, 1430, "IMAP4 with STARTTLS", "imap", func(s sim.Servers) []string { return s.CAS }},
	{995, 9950, "POP3 over TLS", "pop3s", func(s sim.Servers) []string { return s.CAS }},
	{110, 1100, "POP3 with STLS", "pop3", func(s sim.Servers) []string { return s.CAS }},
	{587, 5870, "SMTP submission", "smtp", func(s sim.Servers) []string { return s.Stores }},
	{25, 2500, "SMTP", "smtp", func(s sim.Servers) []string { return s.Stores }},
	{636, 6360, "LDAP over TLS", "ldaps", func(s sim.Servers) []string { return s.DCs }},
	{389, 3890, "LDAP", "ldap", func(s sim.Servers) []string { return s.DCs }},
}

// Services listens on ip for every service of the organisation until ctx
// ends. Connections come from the simulated host called from.
func Services(ctx context.Context, o *sim.Organisation, ip net.IP, from string) ([]Service, error) {
	if o.Cast().Hosts[from] == nil {
		return nil, fmt.Errorf("no host %q to connect from", from)
	}
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
			go serve(ctx, o, l, from, net.JoinHostPort(host, strconv.Itoa(k.port)))
			services = append(services, Service{k.name, k.scheme, host, k.port, l.Addr().String()})
		}
	}
	return services, nil
}

func listen(ip net.IP, port int) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(ip.String(), strconv.Itoa(port)))
	if err != nil {
		return net.Listen("tcp", net.JoinHostPort(ip.String(), "0"))
	}
	return l, nil
}

func serve(ctx context.Context, o *sim.Organisation, l net.Listener, from, addr string) {
	for {
		outer, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer outer.Close()
			inner, err := o.Dial(ctx, "", from, addr)
			if err != nil {
				return
			}
			defer inner.Close()
			defer context.AfterFunc(ctx, func() { outer.Close(); inner.Close() })()
			go func() {
				io.Copy(inner, outer)
				inner.Close()
			}()
			io.Copy(outer, inner)
		}()
	}
}
