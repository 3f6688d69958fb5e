package sim_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"shutout/fixtures"
	"shutout/lab"
	"shutout/lab/client"
	"shutout/sim"
	"shutout/sim/network"
	"shutout/sim/profile"
)

var started = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

func organisation(tb testing.TB, version string, set ...string) *sim.Organisation {
	tb.Helper()
	p, err := profile.Load(version, append([]string{"popimap.autostart=true"}, set...)...)
	if err != nil {
		tb.Fatal(err)
	}
	o, err := sim.New(sim.Options{Profile: p, Cast: fixtures.DefaultCast(), Seed: 1, Start: started})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { o.Close() })
	return o
}

// scenario is a leaver who does one thing, with a bystander to judge by who is
// hardly ever there.
func scenario(path lab.Path, do lab.Capability, every, horizon time.Duration) *lab.Scenario {
	a := func(id, who string, role lab.Role, every time.Duration) *lab.Activity {
		return &lab.Activity{ID: id, Role: role, Who: who, From: "desk", Path: path, Do: []lab.Capability{do}, Every: every, Since: -every, To: "olga"}
	}
	return &lab.Scenario{
		ID: "bench", Title: "bench", Profile: versionFor(path), Within: time.Minute, Horizon: horizon,
		Activities: []*lab.Activity{a("dana", "dana", lab.Threat, every)},
		Controls:   []*lab.Activity{a("erin", "erin", lab.Control, horizon)},
	}
}

// versionFor is the version that a path is timed on: the one before MAPI over
// HTTP, which is the last with Outlook over RPC, or the first after it.
func versionFor(path lab.Path) string {
	if path == lab.MAPIHTTP {
		return "ex2016"
	}
	return "ex2010"
}

func run(b *testing.B, s *lab.Scenario) *lab.RunResult {
	b.Helper()
	b.StopTimer()
	// Sessions are not checked again, so that none ends on the way.
	o := organisation(b, s.Profile, "rpc.session_revalidate=never")
	b.StartTimer()
	r := &lab.Runner{NewClient: client.New}
	res, err := r.Run(context.Background(), o, s)
	if err != nil {
		b.Fatal(err)
	}
	if a := res.Activities[0]; a.Verdict != lab.Open || a.Attempts != a.Successes {
		b.Fatalf("%+v", a)
	}
	o.Close()
	return res
}

// BenchmarkDay plays a day of somebody who polls every 5 s, and prints how many
// virtual seconds pass in a wall second. Poll asks for the inbox and looks
// whether a message has come; read fetches the newest message as well.
func BenchmarkDay(b *testing.B) {
	for _, c := range []lab.Capability{lab.Read, lab.Receive} {
		b.Run("owa/"+string(c), func(b *testing.B) {
			for b.Loop() {
				run(b, scenario(lab.OWA, c, 5*time.Second, 24*time.Hour))
			}
			b.ReportMetric(86400*float64(b.N)/b.Elapsed().Seconds(), "virtual-s/s")
		})
	}
}

// BenchmarkAttempt counts attempts per second on each path, and how many times
// as long as one over OWA each takes.
func BenchmarkAttempt(b *testing.B) {
	const attempts = 2000
	owa := map[lab.Capability]time.Duration{}
	for _, p := range []struct {
		path lab.Path
		do   lab.Capability
	}{
		{lab.OWA, lab.Read}, {lab.OWA, lab.Send}, {lab.ActiveSync, lab.Read}, {lab.ActiveSync, lab.Send},
		{lab.OutlookRPC, lab.Read}, {lab.OutlookRPC, lab.Send}, {lab.OutlookAnywhere, lab.Read}, {lab.OutlookAnywhere, lab.Send},
		{lab.MAPIHTTP, lab.Read}, {lab.MAPIHTTP, lab.Send}, {lab.EWS, lab.Read}, {lab.EWS, lab.Send},
		{lab.IMAP, lab.Read}, {lab.POP3, lab.Read}, {lab.SMTPSubmission, lab.Send}, {lab.SMTPAnonymous, lab.Send},
	} {
		b.Run(string(p.path)+"/"+string(p.do), func(b *testing.B) {
			s := scenario(p.path, p.do, 10*time.Second, attempts*10*time.Second)
			if p.path == lab.SMTPAnonymous {
				s.Activities[0].To, s.Controls[0].To = "frank", "frank"
			}
			for b.Loop() {
				run(b, s)
			}
			b.ReportMetric(attempts*float64(b.N)/b.Elapsed().Seconds(), "attempts/s")
			each := b.Elapsed() / time.Duration(b.N)
			if p.path == lab.OWA {
				owa[p.do] = each
			}
			if owa[p.do] > 0 {
				b.ReportMetric(float64(each)/float64(owa[p.do]), "x-owa")
			}
		})
	}
}

// BenchmarkOverhead sets an OWA attempt of one request, with everything that is
// decided and recorded for it, against a bare request over the same network
// and TLS that is answered with a page of the same size. The ratio is what the
// simulation costs.
func BenchmarkOverhead(b *testing.B) {
	o := organisation(b, "ex2010")
	l, err := o.Net.Listen("mbx1", 8080)
	if err != nil {
		b.Fatal(err)
	}
	conf, err := o.CA.Server("bare.example")
	if err != nil {
		b.Fatal(err)
	}
	page := make([]byte, inboxSize)
	go network.ServeHTTP(l, conf, time.Minute, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(page) }))

	var bare, attempt time.Duration
	b.Run("bare-request", func(b *testing.B) {
		raw, err := o.Dial(context.Background(), "bare", "desk", "mbx1:8080")
		if err != nil {
			b.Fatal(err)
		}
		ccfg := o.CA.Client()
		ccfg.ServerName = "bare.example"
		c := tls.Client(raw, ccfg)
		defer c.Close()
		r := bufio.NewReader(c)
		for b.Loop() {
			ask(b, c, r)
		}
		bare = b.Elapsed() / time.Duration(b.N)
	})
	b.Run("attempt", func(b *testing.B) {
		s := scenario(lab.OWA, lab.Read, 10*time.Second, 20000*10*time.Second)
		n := 0
		for b.Loop() {
			run(b, s)
			n += 20000
		}
		attempt = b.Elapsed() / time.Duration(n)
		b.ReportMetric(float64(attempt.Nanoseconds()), "ns/attempt")
		b.ReportMetric(float64(attempt)/float64(bare), "x-bare-request")
	})
}

func ask(b *testing.B, c net.Conn, r *bufio.Reader) {
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: bare.example\r\n\r\n")
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		b.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
}

// inboxSize is what the inbox page of the benchmark's leaver weighs, in bytes.
const inboxSize = 1627

// BenchmarkSessions opens 10,000 IMAP sessions and leaves them open, and prints
// what each costs in memory, both ends together.
func BenchmarkSessions(b *testing.B) {
	const sessions = 10000
	for b.Loop() {
		o := organisation(b, "ex2010", "popimap.connections_per_user=20000")
		before := heap()
		dana := o.Cast().People["dana"]
		conns := make([]net.Conn, 0, sessions)
		for i := range sessions {
			owner := fmt.Sprintf("session-%d", i)
			o.Net.Begin(owner) // the client reads in step, as an attempt does
			c, err := o.Dial(context.Background(), owner, "home", "cas1:993")
			if err != nil {
				b.Fatal(err)
			}
			t := tls.Client(c, &tls.Config{RootCAs: o.CA.Client().RootCAs, Time: o.Now, ServerName: "cas1.corp.example", MaxVersion: tls.VersionTLS12})
			r := bufio.NewReaderSize(t, 512)
			fmt.Fprintf(t, "a LOGIN %s %s\r\n", dana.Mail, dana.Password)
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					b.Fatal(err)
				}
				if line[:2] == "a " {
					if line[2:4] != "OK" {
						b.Fatal(line)
					}
					break
				}
			}
			o.Net.End(owner)
			conns = append(conns, t)
		}
		if err := o.Net.WaitRest(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(heap()-before)/sessions, "B/session")
		runtime.KeepAlive(conns)
		o.Close()
	}
}

// BenchmarkOutlookSessions opens 1,000 Outlook sessions on each path and leaves
// them open, and prints what each costs in memory: both ends together, the
// client's program included.
func BenchmarkOutlookSessions(b *testing.B) {
	const sessions = 1000
	for _, path := range []lab.Path{lab.OutlookRPC, lab.OutlookAnywhere, lab.MAPIHTTP} {
		b.Run(string(path), func(b *testing.B) {
			for b.Loop() {
				o := organisation(b, versionFor(path))
				before := heap()
				clients := make([]lab.Client, 0, sessions)
				for i := range sessions {
					clients = append(clients, openSession(b, o, path, i))
				}
				if err := o.Net.WaitRest(context.Background()); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(heap()-before)/sessions, "B/session")
				runtime.KeepAlive(clients)
				o.Close()
			}
		})
	}
}

func openSession(b *testing.B, o *sim.Organisation, path lab.Path, i int) lab.Client {
	b.Helper()
	who := o.Cast().People["dana"]
	ep, err := o.Endpoint(who, path)
	if err != nil {
		b.Fatal(err)
	}
	owner := fmt.Sprintf("outlook-%d", i)
	c, err := client.New(lab.Env{
		Endpoint: ep, Now: o.Now, Domain: "corp.example",
		Activity: &lab.Activity{ID: owner, Who: "dana", From: "desk", Path: path},
		Login:    lab.Login{User: who.Mail, Address: who.Mail, Passwords: []string{who.Password}, MailboxDN: who.MailboxDN},
		Dial: func(ctx context.Context, addr string) (net.Conn, error) {
			return o.Dial(ctx, owner, "desk", addr)
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	o.Net.Begin(owner) // the client reads in step, as an attempt does
	defer o.Net.End(owner)
	if err := c.Do(context.Background(), lab.Task{Capability: lab.Read}); err != nil {
		b.Fatal(err)
	}
	return c
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
