// Package servertest builds a small organisation for the tests of the front
// ends: two domain controllers, a client access server, two mailbox servers,
// the users dana and erin, and hosts to call from.
package servertest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/clock"
	"shutout/sim/cloud"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/profile"
	"shutout/sim/server"
	"shutout/sim/store"
	"shutout/sim/timeline"
	"shutout/sim/transport"
)

// Start is when the virtual clock begins: a Thursday morning.
var Start = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

// Password is everybody's password.
const Password = "Secret-1"

// World is the organisation, ready to play.
type World struct {
	*server.World
	Clock *clock.Clock
	TB    testing.TB
}

// New builds the organisation as the version called version has it, with the
// given settings changed ("popimap.idle=5m").
func New(tb testing.TB, version string, settings ...string) *World {
	tb.Helper()
	p, err := profile.Load(version, settings...)
	if err != nil {
		tb.Fatal(err)
	}
	tl := timeline.New(Start, 1)
	w := &World{World: &server.World{TL: tl, Params: p.Params(), Net: network.New(tl)}, TB: tb}
	w.Clock = clock.New(tl, w.Net, w.World)
	w.Cast = newCast()
	for _, h := range w.Cast.Hosts {
		w.Net.AddHost(*h)
	}
	org := w.Cast.Organisation
	w.Dir = directory.New(tl, w.Params, org)
	w.Store = store.New(tl, w.Params, org)
	w.Store.Attach(w.Dir)
	w.CAS = clientaccess.New(tl, w.Params, org, w.Dir)
	for _, id := range []string{"dana", "erin"} {
		who := w.Cast.People[id]
		err := w.Dir.AddUser(directory.NewUser{SAM: id, UPN: who.Mail, Mail: who.Mail, DisplayName: who.Name, Password: Password})
		if err == nil {
			_, err = w.Store.CreateMailbox(Start, id, who.Mail, who.Database, 0)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if w.Params.Cloud.Tenant {
		w.Cloud = cloud.New(tl, w.Params.Cloud, w.Dir, "login")
	}
	w.Transport = transport.New(tl, w.Params, w.Dir, w.Store, w.Cast, func(string, string, int) bool { return true })
	w.OpenSite()
	if w.CA, err = server.NewAuthority(w.Now); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { w.Clock.Stop(); w.Net.Close() })
	return w
}

func newCast() *lab.Cast {
	c := &lab.Cast{
		Organisation: lab.Organisation{
			Domain: "corp.example", NetBIOS: "CORP",
			Sites: []lab.Site{{Name: "HQ", DCs: []string{"dc1", "dc2"}, CAS: []string{"cas1"}, Stores: []string{"mbx1", "mbx2"}}},
			Database: []lab.DB{
				{Name: "db1", Server: "mbx1"}, {Name: "db2", Server: "mbx2"},
			},
		},
		People:  map[string]*lab.Person{},
		Hosts:   map[string]*lab.Host{},
		Domains: map[string]lab.Domain{"partner.example": lab.GoodDomain},
	}
	for id, name := range map[string]string{"dana": "Dana Reyes", "erin": "Erin Cole"} {
		c.People[id] = &lab.Person{ID: id, Name: name, Mail: id + "@corp.example", CAS: "cas1", Database: "db1"}
	}
	for id, addr := range map[string]string{
		"dc1": "10.0.1.11", "dc2": "10.0.1.12", "cas1": "10.0.1.21", "mbx1": "10.0.1.31", "mbx2": "10.0.1.32",
	} {
		c.Hosts[id] = &lab.Host{ID: id, Addr: netip.MustParseAddr(addr), Zone: lab.Servers}
	}
	c.Hosts["home"] = &lab.Host{ID: "home", Addr: netip.MustParseAddr("203.0.113.7"), Zone: lab.Internet}
	return c
}

// Token is an access token of dana's, of a program that signs in now and
// follows continuous access evaluation or does not.
func (w *World) Token(cae bool) string {
	w.TB.Helper()
	w.Lock()
	defer w.Unlock()
	user, _, problem := w.Cloud.SignIn(w.Now(), "dana@corp.example", Password)
	if problem != nil {
		w.TB.Fatal(problem)
	}
	c := cloud.Client{ID: "program", CAE: cae}
	tokens, _, problem := w.Cloud.Redeem(w.Now(), w.Cloud.Code(w.Now(), user, c), c)
	if problem != nil {
		w.TB.Fatal(problem)
	}
	return tokens.Access
}

// Listen opens a port and has serve run it until the test ends.
func (w *World) Listen(host string, port int, serve func(l *network.Listener)) {
	w.TB.Helper()
	l, err := w.Net.Listen(host, port)
	if err != nil {
		w.TB.Fatal(err)
	}
	go serve(l)
}

// Certificate is the TLS configuration of a server, which answers to the names
// that programs on this machine use, too.
func (w *World) Certificate(host string) *tls.Config {
	w.TB.Helper()
	conf, err := w.CA.Server(host+".corp.example", host, "localhost", "127.0.0.1")
	if err != nil {
		w.TB.Fatal(err)
	}
	return conf
}

// Trust is the TLS configuration of a client of host.
func (w *World) Trust(host string) *tls.Config {
	conf := w.CA.Client()
	conf.ServerName = host
	return conf
}

// Dial connects home to a server, for the activity called owner.
func (w *World) Dial(ctx context.Context, owner, addr string) (net.Conn, error) {
	return w.Net.Dial(ctx, owner, "home", addr)
}

// At has f run as a process of owner, after d.
func (w *World) At(d time.Duration, owner string, f func(ctx context.Context)) {
	w.Clock.At(Start.Add(d), lab.ClassAttempt, owner, f)
}

// Event has f run as an event of the world, after d.
func (w *World) Event(d time.Duration, f func(now time.Time)) {
	w.TL.At(Start.Add(d), 0, f)
}

// Run plays the world up to d after the start.
func (w *World) Run(d time.Duration) {
	w.TB.Helper()
	if err := w.Clock.Run(context.Background(), Start.Add(d)); err != nil {
		w.TB.Fatal(err)
	}
}

// Elapsed is how long the world has run.
func (w *World) Elapsed() time.Duration { return w.Now().Sub(Start) }

// Modify changes a user's account on the domain controller that the servers
// ask, which is how an administrator's change looks there.
func (w *World) Modify(now time.Time, host, user string, mods ...directory.Mod) {
	w.TB.Helper()
	if err := w.Dir.DCFor(host).Modify(now, user, mods); err != nil {
		w.TB.Error(err)
	}
}

// Disable disables a user's account on every domain controller.
func (w *World) Disable(now time.Time, user string) {
	w.TB.Helper()
	for _, dc := range w.Dir.DCs() {
		if err := dc.Modify(now, user, []directory.Mod{directory.Set("userAccountControl", "514")}); err != nil {
			w.TB.Error(err)
		}
	}
}

// Mail puts a short message into a user's inbox.
func (w *World) Mail(now time.Time, user, subject string) {
	w.TB.Helper()
	raw := fmt.Sprintf("From: Erin Cole <erin@corp.example>\r\nTo: %s@corp.example\r\nSubject: %s\r\nMessage-ID: <%s@corp.example>\r\n"+
		"Date: Thu, 15 Jan 2026 08:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello.\r\n.dotted line\r\n",
		user, subject, strings.ReplaceAll(subject, " ", "."))
	if d := w.Store.Deliver(now, user, store.Inbox, store.ParseMessage([]byte(raw))); !d.Decision.Allowed {
		w.TB.Error(d.Decision.Reason)
	}
}

// Reasons returns why an activity was let in or refused since the last call,
// as "layer: reason" with a leading "no " for a refusal.
func (w *World) Reasons(owner string) []string {
	var list []string
	for _, d := range w.Decisions(owner) {
		text := string(d.Layer) + ": " + d.Reason
		if !d.Allowed {
			text = "no " + text
		}
		list = append(list, text)
	}
	return list
}

// WantReason fails the test unless one of the activity's decisions since the
// last call begins with want.
func (w *World) WantReason(owner, want string) {
	w.TB.Helper()
	list := w.Reasons(owner)
	if !slices.ContainsFunc(list, func(r string) bool { return strings.HasPrefix(r, want) }) {
		w.TB.Errorf("no decision %q of %s among %q", want, owner, list)
	}
}

// MaxTalk is the most that Talk sends: what a connection holds without anybody
// reading.
const MaxTalk = 60 << 10

// Talk sends raw bytes to a port, hangs up after d, and returns what the
// server has answered. With conf it speaks TLS. The world is played meanwhile.
func (w *World) Talk(owner, addr string, conf *tls.Config, d time.Duration, sent []byte) []byte {
	w.TB.Helper()
	var c, raw net.Conn
	var got []byte
	done := make(chan struct{})
	begun := w.Elapsed()
	w.At(begun, owner, func(ctx context.Context) {
		var err error
		if c, err = w.Dial(ctx, owner, addr); err != nil {
			w.TB.Error(err)
			close(done)
			return
		}
		raw = c
		if conf != nil {
			t := tls.Client(c, conf)
			if err := t.HandshakeContext(ctx); err != nil {
				w.TB.Error(err)
			}
			c = t
		}
		c.Write(sent[:min(len(sent), MaxTalk)])
		go func() {
			defer close(done)
			got, _ = io.ReadAll(c)
		}()
	})
	w.At(begun+d, owner, func(context.Context) {
		if c != nil {
			drain(raw, done)
			c.Close()
		}
	})
	w.Run(begun + d)
	<-done
	return got
}

// drain waits until whoever reads c has taken all that has come, or is done.
func drain(c net.Conn, done <-chan struct{}) {
	for c.(interface{ Pending() bool }).Pending() {
		select {
		case <-done:
			return
		default:
			runtime.Gosched()
		}
	}
}
