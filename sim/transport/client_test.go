package transport

import (
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
)

func TestLogonFailures(t *testing.T) {
	for _, tc := range []struct {
		profile string
		delay   time.Duration
	}{{"ex2016", 5 * time.Second}, {"ex2010", 0}} {
		w := newWorld(t, params(t, tc.profile))
		s := w.connect(PortSubmission, "203.0.113.9")
		s.StartedTLS(w.now())
		s.Hello(w.now(), "x")
		for i := 1; i <= 3; i++ {
			d, e := s.Auth(w.now(), "dana", "guess")
			if d.Allowed || e == nil || e.Error() != "535 5.7.3 Authentication unsuccessful" {
				t.Fatalf("guess %d: %+v %v", i, d, e)
			}
			equal(t, "delay", e.Delay, tc.delay)
			equal(t, "close", e.Close, i == 3)
		}
	}
}

func TestCleartextNeedsTLS(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	s := w.connect(PortSubmission, "203.0.113.9")
	equal(t, "offered in the clear", strings.Join(s.Mechanisms(), " "), "NTLM")
	contains(t, "extensions", strings.Join(s.Extensions(), "|"), "STARTTLS")
	if _, e := s.Auth(w.now(), "dana", password); e == nil || e.Code != 504 {
		t.Errorf("password in the clear: %v", e)
	}
	s.StartedTLS(w.now())
	if _, e := s.Mail(w.now(), "a@b.example", 0); e == nil || e.Code != 503 {
		t.Errorf("MAIL before the second hello: %v", e)
	}
	s.Hello(w.now(), "x")
	equal(t, "offered under TLS", strings.Join(s.Mechanisms(), " "), "NTLM LOGIN")
	w = newWorld(t, params(t, "ex2003"))
	equal(t, "offered by 2003", strings.Join(w.connect(25, "203.0.113.9").Mechanisms(), " "), "NTLM LOGIN")
}

// An account that is disabled goes on in the session that it has, and does not
// get another one.
func TestDisabledInSession(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	open := func() *Session {
		s := w.connect(PortSubmission, "203.0.113.9")
		s.StartedTLS(w.now())
		s.Hello(w.now(), "x")
		return s
	}
	s := open()
	if _, e := s.Auth(w.now(), "dana", password); e != nil {
		t.Fatal(e)
	}
	w.modify("dana", directory.Set("userAccountControl", "514"))
	w.until(5 * time.Minute)
	d, e := s.Mail(w.now(), "dana@corp.example", 0)
	if e != nil || d.Layer != lab.LayerConnection || !d.Since.Equal(start) {
		t.Errorf("open session: %v %+v", e, d)
	}
	d, e = open().Auth(w.now(), "dana", password)
	if e == nil || d.Allowed {
		t.Error("a new session was admitted")
	}
	contains(t, "reason", d.Reason, "disabled")
}

// A size limit is felt when the server's directory cache reads the user again.
func TestSizeLimitFeltWhenCacheLapses(t *testing.T) {
	for _, how := range []string{"smtp", "submit"} {
		w := newWorld(t, params(t, "ex2016"))
		big := mailText("dana@corp.example", "erin@corp.example", "", "X-Fill: "+strings.Repeat("x", 2000))
		s := w.connect(PortSubmission, "203.0.113.9")
		s.StartedTLS(w.now())
		s.Hello(w.now(), "x")
		if _, e := s.Auth(w.now(), "dana", password); e != nil {
			t.Fatal(e)
		}
		send := func() string {
			if how == "submit" {
				if err := w.submitRaw("dana", big, "erin@corp.example"); err != nil {
					return string(err.(*SubmitError).Reason)
				}
				return ""
			}
			if _, e := s.Mail(w.now(), "dana@corp.example", 0); e != nil {
				return e.Error()
			}
			s.Rcpt(w.now(), "erin@corp.example")
			_, _, e := s.Data(w.now(), big)
			if e != nil {
				return e.Error()
			}
			return ""
		}
		equal(t, how+" before", send(), "")
		w.modify("dana", directory.Set("submissionContLength", "1")) // 1 KB
		w.until(5*time.Minute - time.Second)
		equal(t, how+" while cached", send(), "")
		w.until(5 * time.Minute)
		want := map[string]string{"smtp": "552 5.3.4 Message size exceeds fixed maximum message size", "submit": "too-large"}[how]
		equal(t, how+" after", send(), want)
	}
}

func TestRecipientLimits(t *testing.T) {
	w := newWorld(t, params(t, "ex2016", "smtp.max_recipients=2"))
	s := w.connect(PortSMTP, "203.0.113.9")
	s.Mail(w.now(), "a@b.example", 0)
	for i, to := range []string{"dana@corp.example", "erin@corp.example", "frank@corp.example"} {
		_, e := s.Rcpt(w.now(), to)
		if (e != nil) != (i == 2) || e != nil && e.Code != 452 {
			t.Errorf("recipient %d: %v", i+1, e)
		}
	}
	w.modify("dana", directory.Set("msExchRecipLimit", "0"))
	err := w.submit("dana", "erin@corp.example")
	if e, ok := err.(*SubmitError); !ok || e.Reason != SubmitRecipients {
		t.Errorf("limit 0: %v", err)
	}
}
