package transport

import (
	"strings"
	"testing"
	"time"

	"shutout/sim/profile"
)

func TestMessageRate(t *testing.T) {
	w := newWorld(t, params(t, "ex2016", "smtp.message_rate=2"))
	s := w.connect(PortSMTP, "203.0.113.9")
	for i := range 3 {
		_, e := s.Mail(w.now(), "a@b.example", 0)
		if (e != nil) != (i == 2) || e != nil && (e.Code != 421 || !e.Close) {
			t.Errorf("message %d: %v", i+1, e)
		}
		s.Reset(w.now())
	}
	if _, e := w.connect(PortSMTP, "10.1.0.5").Mail(w.now(), "a@b.example", 0); e != nil {
		t.Errorf("another client: %v", e)
	}
	w.until(time.Minute)
	if _, e := s.Mail(w.now(), "a@b.example", 0); e != nil {
		t.Errorf("next minute: %v", e)
	}
}

func TestProtocolLog(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	w.inject("forged@dead.example", "dana@corp.example", "1@x")
	lines, dropped := w.tr.ProtocolLog()
	equal(t, "dropped", dropped, 0)
	var all []string
	for _, l := range lines {
		all = append(all, l.String())
	}
	log := strings.Join(all, "\n")
	contains(t, "log", log, `MBX1\Default Frontend MBX1,`)
	contains(t, "log", log, "203.0.113.9:0,<,MAIL FROM:<forged@dead.example>")
	s := w.connect(PortSubmission, "203.0.113.9")
	s.StartedTLS(w.now())
	s.Auth(w.now(), "dana", password)
	s.Auth(w.now(), "dana", "another-secret")
	lines, _ = w.tr.ProtocolLog()
	for _, l := range lines {
		if strings.Contains(l.String(), password) || strings.Contains(l.String(), "another-secret") || strings.Contains(l.String(), "Text.") {
			t.Errorf("a secret is in the log: %s", l)
		}
	}
	w = newWorld(t, params(t, "ex2003")) // off by default
	w.inject("a@b.example", "dana@corp.example", "1@x")
	lines, _ = w.tr.ProtocolLog()
	equal(t, "lines of 2003", len(lines), 0)
	for _, c := range w.tr.Connectors() {
		c.ProtocolLog = profile.LogVerbose
	}
	w.inject("a@b.example", "dana@corp.example", "2@x")
	if lines, _ = w.tr.ProtocolLog(); len(lines) == 0 {
		t.Error("logging was switched on and nothing is logged")
	}
}

func TestTracking(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	w.inject("a@b.example", "dana@corp.example", "in@x")
	w.submit("dana", "x@good.example")
	list, _ := w.tr.Tracking()
	var got []string
	for _, e := range list {
		got = append(got, string(e.Event)+" "+string(e.Source))
	}
	equal(t, "events", strings.Join(got, ", "), "RECEIVE SMTP, DELIVER STOREDRIVER, SUBMIT STOREDRIVER, SEND SMTP")
	equal(t, "client", list[0].ClientIP.String(), "203.0.113.9")
	equal(t, "sender", list[0].Sender, "a@b.example")
	equal(t, "recipient", list[0].Recipients[0].String(), "dana@corp.example")
}

func TestRing(t *testing.T) {
	r := newRing[int](3)
	for i := range 5 {
		r.add(i)
	}
	equal(t, "dropped", r.dropped, 2)
	got := r.list()
	if len(got) != 3 || got[0] != 2 || got[2] != 4 {
		t.Errorf("ring: %v", got)
	}
}
