package containers

import (
	"context"
	"flag"
	"net"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"shutout/lab"
	wire "shutout/lab/client"
	"shutout/lab/mitigation"
	"shutout/lab/remote"
	"shutout/scenarios"
)

// faults has the slow tests run that break servers in the middle of a case.
var faults = flag.Bool("faults", false, "break servers in the middle of cases, which takes some minutes")

// Nothing here ends anybody's access: whatever a broken server looks like, it
// must not be taken for that.
const harmless = `id: harmless
title: Nothing is ended
activities:
  - {id: dana-imap, who: dana, from: home, path: imap, do: [read], every: 1s, since: -5s}
  - {id: dana-anew, who: dana, from: home, path: imap, do: [sign-in], every: 1s, since: -5s}
  - {id: dana-mail, who: dana, from: home, path: smtp-submission, do: [send], every: 1s, since: -5s}
controls:
  - {id: erin-imap, who: erin, from: home, path: imap, do: [read], every: 1s, since: -5s}
  - {id: erin-mail, who: erin, from: home, path: smtp-submission, do: [send], every: 1s, since: -5s}
sop:
  - {at: 0s, do: flush-auth-cache, user: dana}
within: 3s
horizon: 16s
`

// play plays the harmless case, breaks something four seconds after the order,
// and mends it four seconds later if mend is not nil.
func (w *world) play(t *testing.T, through func(ctx context.Context, _, addr string) (net.Conn, error), broken, mend func() error) *lab.RunResult {
	t.Helper()
	// What was broken before this may not be over for everybody: a Postfix that
	// was off the network learns late that its servers are there again.
	for path, task := range map[lab.Path]lab.Task{lab.IMAP: signIn, lab.SMTPSubmission: sending("erin@corp.example")} {
		eventually(t, time.Minute, func() error { return try(t, w.client(t, "erin", path, nil), task) })
	}
	sc, err := scenarios.Parse("harmless.yaml", []byte(harmless))
	if err != nil {
		t.Fatal(err)
	}
	cfg := w.config()
	cfg.Timeouts = remote.Timeouts{Dial: 2 * time.Second, Attempt: 4 * time.Second}
	if through != nil {
		cfg.Dial = through
	}
	l, err := remote.Open(t.Context(), cfg, remote.Options{Cast: sc.Cast})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	order := l.Clock().Now().Add(sc.Lead())
	wait := func(d time.Duration, f func() error) {
		l.Clock().At(order.Add(d), lab.ClassStep, "", func(context.Context) {
			if err := f(); err != nil {
				t.Error(err)
			}
		})
	}
	// Breaking it may take longer than until it is to be mended.
	done := make(chan struct{})
	wait(4*time.Second, func() error { defer close(done); return broken() })
	if mend != nil {
		wait(8*time.Second, func() error { <-done; return mend() })
	}
	res, err := (&lab.Runner{NewClient: wire.New}).Run(t.Context(), l, sc)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range res.Activities {
		t.Logf("%s %s: %s, %d of %d attempts", a.ID, a.Capability, a.Verdict, a.Successes, a.Attempts)
		if a.Verdict == lab.Ended || a.Verdict == lab.Late {
			t.Errorf("%s %s is %s, and nothing but the lab was broken", a.ID, a.Capability, a.Verdict)
		}
		if mend != nil && a.Role == lab.Threat && a.Verdict != lab.Open {
			t.Errorf("%s %s is %s instead of open after everything is back", a.ID, a.Capability, a.Verdict)
		}
	}
	return res
}

func TestFaults(t *testing.T) {
	if !*faults {
		t.Skip("only with -faults")
	}
	w := theWorld(t)
	ctx := context.Background()
	for _, host := range []string{hostMail, hostMX, hostDC} {
		s := w.servers[host]
		for _, fault := range []struct {
			name       string
			broken, ok func() error
		}{
			{"stopped", func() error { return s.Stop(ctx, new(time.Second)) }, func() error { return s.Start(ctx) }},
			{"paused", func() error {
				_, err := w.engine.ContainerPause(ctx, s.GetContainerID(), client.ContainerPauseOptions{})
				return err
			}, func() error {
				_, err := w.engine.ContainerUnpause(ctx, s.GetContainerID(), client.ContainerUnpauseOptions{})
				return err
			}},
			{"disconnected", func() error { return w.disconnect(ctx, s, w.inside) }, func() error { return w.reconnect(ctx, s, w.inside) }},
		} {
			t.Run(host+" "+fault.name+" and back", func(t *testing.T) { w.play(t, nil, fault.broken, fault.ok) })
			t.Run(host+" "+fault.name+" for good", func(t *testing.T) {
				w.play(t, nil, fault.broken, nil)
				if err := fault.ok(); err != nil {
					t.Fatal(err)
				}
			})
			if err := s.await(ctx); err != nil {
				t.Fatal(err)
			}
			w.apply(t, &mitigation.FlushAuthCache{})
		}
	}
}

func TestFaultyWay(t *testing.T) {
	if !*faults {
		t.Skip("only with -faults")
	}
	w := theWorld(t)
	for _, fault := range []struct {
		name       string
		broken, ok func(p *proxy) error
	}{
		{"slow", func(p *proxy) error { p.slow.Store(int64(1200 * time.Millisecond)); return nil }, func(p *proxy) error { p.slow.Store(0); return nil }},
		{"silent", func(p *proxy) error { p.silent.Store(true); return nil }, func(p *proxy) error { p.silent.Store(false); p.drop(); return nil }},
		{"dropping", func(p *proxy) error { p.shut.Store(true); p.drop(); return nil }, func(p *proxy) error { p.shut.Store(false); return nil }},
	} {
		for _, back := range []bool{true, false} {
			name := fault.name
			if back {
				name += " and back"
			}
			t.Run(name, func(t *testing.T) {
				p := &proxy{dial: w.dial, doors: map[string]string{}}
				broken := func() error { return fault.broken(p) }
				var mend func() error
				if back {
					mend = func() error { return fault.ok(p) }
				}
				w.play(t, p.through(t), broken, mend)
			})
		}
	}
}
