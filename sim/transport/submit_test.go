package transport

import (
	"strings"
	"testing"
)

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
