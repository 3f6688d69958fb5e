package transport

import (
	"strings"
	"testing"
)

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
