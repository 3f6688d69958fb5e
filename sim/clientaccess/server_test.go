package clientaccess

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

func TestReset(t *testing.T) {
	w := newWorld(t, "ex2010")
	s := w.ca.Server("cas1")
	w.try("cas1", password)
	severed := ""
	s.Hold(w.tl.Now(), PoolActiveSync, "dana", func(_ time.Time, reason string) { severed = reason })
	s.OpenSession(w.tl.Now(), ServiceIMAP, "dana", func(time.Time, string) { t.Error("IMAP was severed") })
	r := s.Reset(w.tl.Now(), ResetOptions{})
	if r.ExitCode != 0 || r.Took != 10*time.Second {
		t.Errorf("result %+v", r)
	}
	if s.Running(ServiceIIS) || !s.Running(ServiceIMAP) {
		t.Error("wrong services are down")
	}
	w.run(time.Minute)
	if !s.Running(ServiceIIS) {
		t.Error("IIS did not come back")
	}
	if n := s.Tokens(w.tl.Now(), PoolActiveSync); n != 0 {
		t.Errorf("%d tokens outlived the reset", n)
	}
	if severed != "W3SVC stopped" || len(s.Sessions()) != 1 {
		t.Errorf("severed %q, %d sessions left", severed, len(s.Sessions()))
	}
	want := []string{"0s cas1 W3SVC down", "0s cas1 W3SVC dropped", "10s cas1 W3SVC up"}
	if !slices.Equal(w.log, want) {
		t.Errorf("hooks: %q, want %q", w.log, want)
	}
}

func TestResetTwiceComesBackOnce(t *testing.T) {
	w := newWorld(t, "ex2010")
	s := w.ca.Server("cas1")
	s.Reset(w.tl.Now(), ResetOptions{})
	w.run(5 * time.Second)
	s.Reset(w.tl.Now(), ResetOptions{})
	w.run(6 * time.Second)
	if s.Running(ServiceIIS) {
		t.Error("the first reset's start cut the second one short")
	}
	w.run(time.Minute)
	if !s.Running(ServiceIIS) {
		t.Error("IIS did not come back")
	}
}

func TestNoForce(t *testing.T) {
	for _, c := range []struct {
		name    string
		set     string
		options ResetOptions
		fails   bool
	}{
		{"goes well", "iis.reset_noforce_fails=false", ResetOptions{NoForce: true}, false},
		{"fails by parameter", "iis.reset_noforce_fails=true", ResetOptions{NoForce: true}, true},
		{"fails when asked", "iis.reset_noforce_fails=false", ResetOptions{NoForce: true, Fail: true}, true},
		{"force never fails", "iis.reset_noforce_fails=true", ResetOptions{Fail: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "ex2010", c.set)
			w.try("cas1", password)
			s := w.ca.Server("cas1")
			r := s.Reset(w.tl.Now(), c.options)
			if failed := r.ExitCode != 0; failed != c.fails {
				t.Errorf("exit code %d", r.ExitCode)
			}
			if alive := s.Tokens(w.tl.Now(), PoolActiveSync) == 1; alive != c.fails {
				t.Errorf("token alive: %v", alive)
			}
			if c.fails && len(w.log) > 0 {
				t.Errorf("a failed reset did something: %q", w.log)
			}
		})
	}
}

func TestResetTakesMailServicesAlong(t *testing.T) {
	w := newWorld(t, "ex2003")
	s := w.ca.Server("cas1")
	severed := 0
	s.OpenSession(w.tl.Now(), ServiceIMAP, "dana", func(time.Time, string) { severed++ })
	s.OpenSession(w.tl.Now(), ServiceRPC, "dana", func(time.Time, string) { t.Error("RPC was severed") })
	s.Reset(w.tl.Now(), ResetOptions{})
	if severed != 1 || s.Running(ServiceIMAP) || s.Running(ServicePOP) || s.Running(ServiceSMTP) {
		t.Errorf("mail services run on; %d severed", severed)
	}
	w.run(time.Minute)
	if !s.Running(ServiceIMAP) {
		t.Error("IMAP did not come back")
	}
}

func TestSharedPool(t *testing.T) {
	for _, c := range []struct {
		profile string
		left    int
	}{{"ex2003", 0}, {"ex2010", 1}} {
		w := newWorld(t, c.profile)
		w.try("cas1", password)
		s := w.ca.Server("cas1")
		s.RecyclePool(w.tl.Now(), PoolOWA)
		if n := s.Tokens(w.tl.Now(), PoolActiveSync); n != c.left {
			t.Errorf("%s: %d ActiveSync tokens after the OWA pool was recycled, want %d", c.profile, n, c.left)
		}
	}
}

func TestRecycleDrains(t *testing.T) {
	for _, c := range []struct {
		drain string
		after time.Duration
	}{{"90s", 90 * time.Second}, {"0s", 0}} {
		w := newWorld(t, "ex2010", "iis.recycle_drain="+c.drain)
		s := w.ca.Server("cas1")
		var ended time.Time
		s.Hold(w.tl.Now(), PoolActiveSync, "dana", func(now time.Time, _ string) { ended = now })
		s.Hold(w.tl.Now(), PoolEWS, "dana", func(time.Time, string) { t.Error("another pool's request ended") })
		before := s.Process(PoolActiveSync)
		s.RecyclePool(w.tl.Now(), PoolActiveSync)
		if s.Process(PoolActiveSync) == before {
			t.Error("new requests still go to the old process")
		}
		s.Hold(w.tl.Now(), PoolActiveSync, "dana", func(time.Time, string) { t.Error("a request of the new process ended") })
		w.run(time.Hour)
		if got := ended.Sub(start); got != c.after {
			t.Errorf("drain %s: the old request ended after %v", c.drain, got)
		}
		if len(w.log) > 0 {
			t.Errorf("a recycle touched connections: %q", w.log)
		}
	}
}

func TestSessionsCanCloseEachOther(t *testing.T) {
	w := newWorld(t, "ex2010")
	s := w.ca.Server("cas1")
	var b *Session
	s.OpenSession(w.tl.Now(), ServiceRPC, "a", func(time.Time, string) { b.Close() })
	b = s.OpenSession(w.tl.Now(), ServiceRPC, "b", func(time.Time, string) { t.Error("closed and severed") })
	s.RestartService(w.tl.Now(), ServiceRPC, time.Minute)
	b.Close()
	if len(s.Sessions()) != 0 {
		t.Error("sessions are left")
	}
}

func TestServers(t *testing.T) {
	w := newWorld(t, "ex2010")
	if w.ca.Server("dc1") != nil || !slices.Equal(w.ca.Hosts(), []string{"cas1", "cas2"}) {
		t.Errorf("hosts %v", w.ca.Hosts())
	}
}

func BenchmarkTokenReuse(b *testing.B) {
	w := newWorld(&testing.T{}, "ex2010")
	w.try("cas1", password)
	b.ReportAllocs()
	for b.Loop() {
		w.try("cas1", password)
	}
}

// BenchmarkIdleSessions tells what each of 10,000 idle forms sessions keeps in
// memory: its token and when it was last active.
func BenchmarkIdleSessions(b *testing.B) {
	const sessions = 10_000
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for b.Loop() {
		w := newWorld(&testing.T{}, "ex2016")
		s := w.ca.Server("cas1")
		p := s.Process(PoolOWA)
		before := heap()
		for i := range sessions {
			now := start.Add(time.Duration(i) * time.Millisecond)
			p.tokens.put(now, p.tokens.key(dana, string(rune(i))), &token{minted: now, renewed: now, rule: s.rule})
			s.IssueCookie(now, dana, password, true)
		}
		b.ReportMetric(float64(heap()-before)/sessions, "B/session")
		if s.Tokens(start, PoolOWA) < sessions/2 {
			b.Fatal("the tokens are gone")
		}
	}
}

// A service that somebody has stopped is not among those that iisreset starts
// again; a restart of its own starts it.
func TestStoppedServiceStaysDown(t *testing.T) {
	w := newWorld(t, "ex2003", "iis.reset_stops_mail_services=true")
	s := w.ca.Server("cas1")
	s.StopService(w.tl.Now(), ServicePOP)
	s.Reset(w.tl.Now(), ResetOptions{})
	w.run(time.Hour)
	if !s.Stopped(ServicePOP) || s.Running(ServicePOP) || !s.Running(ServiceIMAP) {
		t.Error("iisreset has started a service that was stopped, or not started one that ran")
	}
	s.RestartService(w.tl.Now(), ServicePOP, time.Minute)
	w.run(time.Hour)
	if s.Stopped(ServicePOP) || !s.Running(ServicePOP) {
		t.Error("still stopped after a restart")
	}
}
