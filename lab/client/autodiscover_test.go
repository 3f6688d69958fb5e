package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"shutout/lab"
	"shutout/lab/authority/authoritytest"
	"shutout/lab/protocol/autodiscover"
)

// discovery is a host whose Autodiscover answers as it is told.
type discovery struct {
	password string
	answer   interface{ Encode() ([]byte, error) }
	status   int
	asked    []string // addresses
}

func (d *discovery) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if _, password, _ := r.BasicAuth(); password != d.password {
		rw.WriteHeader(http.StatusUnauthorized)
		return
	}
	if q, err := autodiscover.ParseRequest(body); err == nil && autodiscover.IsPath(r.URL.Path) {
		d.asked = append(d.asked, q.Email)
	}
	if d.status != 0 {
		rw.WriteHeader(d.status)
		return
	}
	b, _ := d.answer.Encode()
	rw.Write(b)
}

// newDiscovery returns a line to an endpoint on the host of d.
func newDiscovery(t *testing.T, d *discovery) *line {
	l := newTestLab(t, lab.OutlookRPC)
	server, trust := authoritytest.Configs(t, l.env.Endpoint.Host)
	s := httptest.NewUnstartedServer(d)
	s.TLS = server
	s.StartTLS()
	t.Cleanup(s.Close)
	l.env.Endpoint.Addr, l.env.Endpoint.TLS = "cas1:135", trust
	l.env.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
		if addr != "cas1:443" {
			return nil, errors.New("dialled " + addr)
		}
		return new(net.Dialer).DialContext(ctx, "tcp", s.Listener.Addr().String())
	}
	return newLine(l.env)
}

func TestDiscover(t *testing.T) {
	d := &discovery{password: oldPass, answer: autodiscover.Response{
		User: autodiscover.User{LegacyDN: "/o=CORP/cn=dana"}, Action: autodiscover.Settings,
		Protocols: []autodiscover.Protocol{{Type: autodiscover.WEB}, {Type: autodiscover.EXCH, Server: "mbx1.corp.example"}},
	}}
	l := newDiscovery(t, d)
	want := settings{"/o=CORP/cn=dana", "mbx1.corp.example"}
	for range 2 {
		if got, err := l.discover(t.Context(), oldPass); err != nil || got != want {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	anywhere := &anywhereCarrier{line: l}
	if got := anywhere.target(); got != want.rpcServer {
		t.Errorf("Outlook Anywhere asks for %s", got)
	}
	l.env.Endpoint.Server = "cas2.corp.example" // the lab knows better
	if got := anywhere.target(); got != l.env.Endpoint.Server {
		t.Errorf("Outlook Anywhere asks for %s", got)
	}
	if len(d.asked) != 1 || d.asked[0] != testUser {
		t.Errorf("asked for %q", d.asked)
	}
}

// The server that Outlook's session is on need not have a web site.
func TestDiscoverElsewhere(t *testing.T) {
	d := &discovery{password: oldPass, answer: autodiscover.Response{
		User: autodiscover.User{LegacyDN: "/o=CORP/cn=dana"}, Action: autodiscover.Settings,
	}}
	l := newDiscovery(t, d)
	l.env.Endpoint.Autodiscover = l.env.Endpoint.Host
	l.env.Endpoint.Addr, l.env.Endpoint.Host = "mbx1:135", "mbx1.corp.example"
	dial := l.env.Dial
	l.env.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
		if addr != l.env.Endpoint.Autodiscover+":443" {
			return nil, errors.New("dialled " + addr)
		}
		return dial(ctx, "cas1:443")
	}
	if got, err := newLine(l.env).discover(t.Context(), oldPass); err != nil || got.legacyDN != "/o=CORP/cn=dana" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDiscoverRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		d    discovery
		want *lab.Failure
	}{
		"password":   {discovery{password: newPass}, refused(stageSignIn, "401 Unauthorized")},
		"no service": {discovery{status: 404}, refused(stageMailbox, "404 Not Found")},
		"away":       {discovery{status: 503}, &lab.Failure{Kind: lab.Unreachable, Stage: stageMailbox, Text: "503 Service Unavailable"}},
		"address": {discovery{answer: &autodiscover.Error{Code: autodiscover.AddressNotFound, Text: "not here"}},
			refused(stageMailbox, "autodiscover: not here (500)")},
		"elsewhere": {discovery{answer: autodiscover.Response{Action: autodiscover.RedirectAddr, Redirect: "d@x.example"}},
			refused(stageMailbox, "Autodiscover says redirectAddr d@x.example")},
		"nobody": {discovery{answer: autodiscover.Response{Action: autodiscover.Settings}},
			unexpected(stageMailbox, "Autodiscover without a LegacyDN")},
	} {
		if tt.d.password == "" {
			tt.d.password = oldPass
		}
		l := newDiscovery(t, &tt.d)
		_, err := l.discover(t.Context(), oldPass)
		check(t, name, err, tt.want)
		if l.settings != nil {
			t.Errorf("%s: something was kept", name)
		}
	}
}
