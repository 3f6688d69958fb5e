package transport

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"shutout/sim/store"
)

func TestWhoMaySendWhat(t *testing.T) {
	type step struct{ user, from, to, reply string } // reply "" is taken
	for _, tc := range []struct {
		name, profile string
		port          int
		change        func(*Connector)
		set           []string
		steps         []step
	}{
		{name: "anonymous", profile: "ex2016", port: 25, steps: []step{
			{"", "santa@south.pole", "dana@corp.example", ""},
			{"", "erin@corp.example", "dana@corp.example", ""},
			{"", "", "dana@corp.example", ""},
			{"", "santa@south.pole", "x@good.example", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"},
			{"", "santa@south.pole", "nobody@corp.example", ""},
			{"", "no domain", "", "501 5.1.7 Invalid address"},
			{"", "a@b.example>\r\nRCPT TO:<x@y.example", "", "501 5.1.7 Invalid address"},
			{"", "a@b.example", "dana", "501 5.1.3 Invalid address"},
		}},
		{name: "2010 words", profile: "ex2010", port: 25, steps: []step{
			{"", "a@b.example", "x@good.example", "550 5.7.1 Unable to relay"},
			{"dana", "erin@corp.example", "", "550 5.7.1 Client does not have permissions to send as this sender"},
		}},
		{name: "anonymous group taken away", profile: "ex2016", port: 25, change: func(c *Connector) { c.Groups &^= AnonymousUsers }, steps: []step{
			{"", "a@b.example", "", "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"},
			{"dana", "dana@corp.example", "x@good.example", ""},
		}},
		{name: "own domain not for anonymous clients", profile: "ex2016", port: 25, set: []string{"smtp.anonymous_local_sender=false"}, steps: []step{
			{"", "erin@corp.example", "", "550 5.7.60 SMTP; Client does not have permissions to send as this sender"},
			{"", "a@b.example", "dana@corp.example", ""},
		}},
		{name: "relay connector", profile: "ex2016", port: 25, change: func(c *Connector) { c.AnyRecipient = true }, steps: []step{
			{"", "a@b.example", "x@good.example", ""},
		}},
		{name: "submission port", profile: "ex2016", port: 587, steps: []step{
			{"", "dana@corp.example", "", "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"},
			{"dana", "dana@corp.example", "x@good.example", ""},
			{"dana", "DANA@CORP.EXAMPLE", "frank@corp.example", ""},
			{"dana", "erin@corp.example", "", "550 5.7.60 SMTP; Client does not have permissions to send as this sender"},
			{"dana", "frank@corp.example", "x@good.example", ""}, // Send As
			{"dana", "", "", "550 5.7.60 SMTP; Client does not have permissions to send as this sender"},
			{"dana", "dana@elsewhere.example", "", "550 5.7.60 SMTP; Client does not have permissions to send as this sender"},
		}},
		{name: "TLS required", profile: "ex2016", port: 25, change: func(c *Connector) { c.RequireTLS = true }, steps: []step{
			{"", "a@b.example", "", "451 5.7.3 STARTTLS is required to send mail"},
		}},
		{name: "2003 relays for everyone who signs in", profile: "ex2003", port: 25, steps: []step{
			{"dana", "dana@corp.example", "x@good.example", ""},
			{"", "a@b.example", "x@good.example", "550 5.7.1 Unable to relay"},
		}},
		{name: "2003 without that", profile: "ex2003", port: 25, set: []string{"smtp.relay_for_authenticated=false"}, steps: []step{
			{"dana", "dana@corp.example", "x@good.example", "550 5.7.1 Unable to relay"},
		}},
		{name: "recipients checked", profile: "ex2016", port: 25, set: []string{"smtp.recipient_validation=recipient"}, steps: []step{
			{"", "a@b.example", "nobody@corp.example", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"},
			{"", "a@b.example", "Dana@corp.example", ""},
			{"dana", "dana@corp.example", "nobody@corp.example", ""},
		}},
		{name: "recipients checked, 2003", profile: "ex2003", port: 25, set: []string{"smtp.recipient_validation=recipient"}, steps: []step{
			{"", "a@b.example", "nobody@corp.example", "550 5.1.1 User unknown"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, params(t, tc.profile, tc.set...))
			if err := w.st.SetPermission(w.now(), "frank", "dana", store.SendAs); err != nil {
				t.Fatal(err)
			}
			if tc.change != nil {
				for _, c := range w.tr.Connectors() {
					if c.Server == "mbx1" && c.Ports[0] == tc.port {
						tc.change(c)
					}
				}
			}
			for _, s := range tc.steps {
				x := w.connect(tc.port, "203.0.113.9")
				if s.user != "" {
					x.StartedTLS(w.now())
					x.Hello(w.now(), "client")
					if d, e := x.Auth(w.now(), s.user, password); e != nil {
						t.Fatalf("%s: %v (%s)", s.user, e, d.Reason)
					}
				}
				d, e := x.Mail(w.now(), s.from, 100)
				if e == nil && s.to != "" {
					d, e = x.Rcpt(w.now(), s.to)
				}
				got := ""
				if e != nil {
					got = e.Error()
				}
				equal(t, s.user+" "+s.from+" -> "+s.to, got, s.reply)
				equal(t, "decision", d.Allowed, s.reply == "")
				if d.Reason == "" || d.Server != "mbx1" {
					t.Errorf("%s: empty decision %+v", s.from, d)
				}
			}
		})
	}
}

func TestTarpit(t *testing.T) {
	w := newWorld(t, params(t, "ex2016", "smtp.recipient_validation=recipient"))
	s := w.connect(PortSMTP, "203.0.113.9")
	s.Mail(w.now(), "a@b.example", 0)
	_, e := s.Rcpt(w.now(), "guess@corp.example")
	equal(t, "unknown recipient", e.Delay, 5*time.Second)
	if _, e = s.Rcpt(w.now(), "dana@corp.example"); e != nil {
		t.Error(e)
	}
	w = newWorld(t, params(t, "ex2016", "smtp.recipient_validation=message"))
	s = w.connect(PortSMTP, "203.0.113.9")
	s.Mail(w.now(), "a@b.example", 0)
	for _, to := range []string{"guess@corp.example", "dana@corp.example"} {
		if _, e := s.Rcpt(w.now(), to); e != nil {
			t.Error(e)
		}
	}
	_, _, e = s.Data(w.now(), mailText("a@b.example", "dana@corp.example", "1@x"))
	if e == nil || e.Code != 550 || e.Delay != 5*time.Second {
		t.Errorf("one bad recipient: %v", e)
	}
	equal(t, "delivered", len(w.inbox("dana")), 0)
}

func TestSequenceAndProtocolErrors(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	s, _, _ := w.tr.Connect(w.now(), "mbx1", 25, netip.MustParseAddr("203.0.113.9"))
	wantCode := func(what string, e *SMTPError, code int) {
		t.Helper()
		if e == nil || e.Code != code {
			t.Errorf("%s: got %v, want %d", what, e, code)
		}
	}
	_, e := s.Mail(w.now(), "a@b.example", 0)
	wantCode("MAIL before HELO", e, 503)
	s.Hello(w.now(), "x")
	_, e = s.Rcpt(w.now(), "dana@corp.example")
	wantCode("RCPT before MAIL", e, 503)
	wantCode("DATA before MAIL", s.Ready(w.now()), 503)
	s.Mail(w.now(), "a@b.example", 0)
	wantCode("DATA before RCPT", s.Ready(w.now()), 503)
	_, e = s.Mail(w.now(), "a@b.example", 0)
	wantCode("MAIL twice", e, 503)
	e = s.ProtocolError(w.now())
	if e == nil || e.Code != 421 || !e.Close {
		t.Errorf("sixth error: %v", e)
	}
}

func TestSizeParameterAndConnectorLimit(t *testing.T) {
	w := newWorld(t, params(t, "ex2016", "smtp.max_message_size=1KB"))
	s := w.connect(PortSMTP, "203.0.113.9")
	contains(t, "EHLO", strings.Join(s.Extensions(), "|"), "SIZE 1024|")
	if _, e := s.Mail(w.now(), "a@b.example", 1025); e == nil || e.Code != 552 {
		t.Errorf("declared too large: %v", e)
	}
	s.Mail(w.now(), "a@b.example", 1024)
	s.Rcpt(w.now(), "dana@corp.example")
	if _, d, e := s.Data(w.now(), make([]byte, 1025)); e == nil || e.Code != 552 || d.Rule != "MaxMessageSize of Default Frontend MBX1" {
		t.Errorf("too large: %v %+v", e, d)
	}
}
