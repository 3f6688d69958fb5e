package transport

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/store"
)

func mustRanges(t testing.TB, s string) []Range {
	t.Helper()
	r, err := ParseRanges(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDefaultConnectors(t *testing.T) {
	for _, tc := range []struct{ profile, names string }{
		{"ex2003", "Default SMTP Virtual Server"},
		{"ex2010", "Default MBX1, Client MBX1"},
		{"ex2016", "Default Frontend MBX1, Client Frontend MBX1"},
	} {
		w := newWorld(t, params(t, tc.profile))
		var names []string
		for _, c := range w.tr.Connectors() {
			if c.Server == "mbx1" {
				names = append(names, c.Name)
			}
		}
		equal(t, tc.profile, strings.Join(names, ", "), tc.names)
		for _, name := range []string{"Default Frontend MBX1", `MBX1\default mbx1`, "Default SMTP Virtual Server"} {
			if c, ok := w.tr.Connector("mbx1", name); !ok || c.Ports[0] != PortSMTP {
				t.Errorf("%s: no connector %q", tc.profile, name)
			}
		}
		equal(t, "anonymous connectors", len(w.tr.AnonymousConnectors("")), 2)
	}
}

func TestNarrowestRangeWins(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	for _, c := range []struct{ name, ranges string }{
		{"lan", "10.0.0.0/8"},
		{"printers", "10.1.0.0-10.1.0.9"},
		{"one", "10.1.0.5"},
		{"again", "10.1.0.5"}, // as narrow as "one", but younger
		{"six", "2001:db8::/32"},
	} {
		_, err := w.tr.AddConnector(Connector{
			Server: "mbx1", Name: c.name, Ports: []int{PortSMTP}, Ranges: mustRanges(t, c.ranges), Enabled: true, Groups: AnonymousUsers,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for addr, want := range map[string]string{
		"203.0.113.9": "Default Frontend MBX1", "10.2.0.1": "lan", "10.1.0.6": "printers", "10.1.0.5": "one",
		"::ffff:10.1.0.5": "one", "2001:db8::1": "six", "2001:db9::1": "Default Frontend MBX1", "10.1.0.10": "lan",
	} {
		equal(t, addr, w.connect(PortSMTP, addr).Connector().Name, want)
		equal(t, addr+" on 587", w.connect(PortSubmission, addr).Connector().Name, "Client Frontend MBX1")
	}
	if _, err := w.tr.AddConnector(Connector{Server: "mbx1", Name: "lan", Ports: []int{25}, Ranges: Everywhere()}); err == nil {
		t.Error("two connectors of one name")
	}
	if _, err := w.tr.AddConnector(Connector{Server: "nowhere", Name: "x", Ports: []int{25}, Ranges: Everywhere()}); err == nil {
		t.Error("connector on an unknown server")
	}
}

// Narrowing the anonymous connector shuts everybody else out at the door,
// while sessions that are open go on and the organisation's servers get in.
func TestRestrictedRanges(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	open := w.connect(PortSMTP, "10.1.0.5")
	for _, c := range w.tr.AnonymousConnectors("") {
		c.Ranges = mustRanges(t, "10.9.9.9")
	}
	for addr, admitted := range map[string]bool{
		"10.1.0.5": false, "203.0.113.9": false, "10.9.9.9": true, "10.0.0.12": true, "10.0.0.21": true,
	} {
		_, d, e := w.tr.Connect(w.now(), "mbx1", PortSMTP, netip.MustParseAddr(addr))
		equal(t, addr, d.Allowed, admitted)
		equal(t, addr+" refused", e != nil, !admitted)
		if e != nil && (e.Error() != "421 4.3.2 Service not available" || !e.Close) {
			t.Errorf("%s: %v", addr, e)
		}
	}
	if _, e := open.Mail(w.now(), "a@b.example", 0); e != nil {
		t.Errorf("the open session was cut: %v", e)
	}
}

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

func TestSubmitRefusals(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	for _, tc := range []struct {
		name   string
		s      Submission
		reason SubmitReason
	}{
		{"no recipient", Submission{}, SubmitMalformed},
		{"recipient with a line end", Submission{To: []string{"a@b.example\r\nBcc: x@y.example"}}, SubmitMalformed},
		{"null recipient", Submission{To: []string{""}}, SubmitMalformed},
		{"another's address", Submission{From: "erin@corp.example", To: []string{"a@good.example"}}, SubmitSendAs},
		{"an outsider's address", Submission{From: "a@good.example", To: []string{"a@good.example"}}, SubmitSendAs},
	} {
		tc.s.User, tc.s.Raw = w.user("dana"), mailText("a@b", "c@d", "")
		d, err := w.tr.Submit(w.now(), tc.s)
		e, ok := err.(*SubmitError)
		if !ok || e.Reason != tc.reason || d.Allowed || d.Reason == "" {
			t.Errorf("%s: %v %+v", tc.name, err, d)
		}
	}
	w.st.Dismount(w.now(), "DB1")
	if e, ok := w.submit("dana", "a@good.example").(*SubmitError); !ok || e.Reason != SubmitStore {
		t.Errorf("dismounted: %v", e)
	}
}

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

// What S3 looks for: the header names the host that a mail came from, and says
// that nobody signed in.
func TestStampedHeader(t *testing.T) {
	forged := "X-MS-Exchange-Organization-AuthAs: Internal\r\n folded"
	for _, tc := range []struct {
		profile     string
		has, hasnot []string
	}{
		{"ex2016", []string{
			"Return-Path: <santa@south.pole>\r\n", "Received: from client.example (203.0.113.9) by mbx1.corp.example (10.0.0.11) with",
			"X-MS-Exchange-Organization-AuthAs: Anonymous\r\n", "X-MS-Exchange-Organization-AuthSource: mbx1.corp.example\r\n",
			"\r\nMessage-ID: <", "X-Kept: yes\r\n", "\r\n\r\nText.\r\n",
		}, []string{"AuthAs: Internal", "folded"}},
		{"ex2003", []string{"([203.0.113.9]) by mbx1.corp.example with Microsoft SMTPSVC", "X-Kept: yes"}, []string{"X-MS-Exchange"}},
	} {
		w := newWorld(t, params(t, tc.profile))
		w.inject("santa@south.pole", "dana@corp.example", "", forged, "X-Kept: yes")
		raw := string(w.items("dana")[0].Raw)
		for _, s := range tc.has {
			contains(t, tc.profile, raw, s)
		}
		for _, s := range tc.hasnot {
			if strings.Contains(raw, s) {
				t.Errorf("%s: %q is in\n%s", tc.profile, s, raw)
			}
		}
	}
	w := newWorld(t, params(t, "ex2016"))
	w.submitRaw("dana", mailText("dana@corp.example", "erin@corp.example", "keep@me", "bcc: frank@corp.example"), "erin@corp.example")
	it := w.items("erin")[0]
	equal(t, "Message-ID", it.MessageID, "keep@me")
	contains(t, "own mail", string(it.Raw), "AuthAs: Internal\r\n")
	if strings.Contains(string(it.Raw), "frank") {
		t.Error("Bcc was delivered")
	}
}

func TestMailLoop(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	s := w.connect(PortSMTP, "203.0.113.9")
	s.Mail(w.now(), "a@b.example", 0)
	s.Rcpt(w.now(), "dana@corp.example")
	_, _, e := s.Data(w.now(), []byte(strings.Repeat("Received: from a by b\r\n", maxHops)+"\r\n"))
	if e == nil || e.Code != 554 {
		t.Errorf("loop: %v", e)
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

func TestInternetMail(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	for _, c := range w.tr.AnonymousConnectors("") {
		c.Ranges = nil // the probe is about the mailbox, not the way in
	}
	for _, to := range []string{"dana", "dana@corp.example"} {
		id, err := w.tr.InternetMail(w.now(), "probe@good.example", to, "probe 1")
		if err != nil || id == "" {
			t.Fatal(id, err)
		}
	}
	equal(t, "subjects", strings.Join(w.inbox("dana"), ","), "probe 1,probe 1")
	for _, bad := range []string{"", "nobody", "a\r\nb@corp.example"} {
		if _, err := w.tr.InternetMail(w.now(), "p@good.example", bad, "x"); err == nil {
			t.Errorf("probe for %q was taken", bad)
		}
	}
}

func TestSameSeedSameWorld(t *testing.T) {
	run := func() string {
		w := newWorld(t, params(t, "ex2016"))
		w.inject("a@dead.example", "nobody@corp.example", "")
		w.submit("dana", "b@refusing.example", "erin@corp.example", "c@dead.example")
		w.until(5 * time.Hour)
		var b strings.Builder
		list, _ := w.tr.Tracking()
		for _, e := range list {
			b.WriteString(e.Timestamp.String() + e.MessageID + string(e.Event) + e.Status + "\n")
		}
		for _, it := range w.items("dana") {
			b.Write(it.Raw)
		}
		return b.String()
	}
	if run() != run() {
		t.Error("two runs differ")
	}
}
