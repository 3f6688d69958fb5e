package client

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"shutout/lab"
	"shutout/lab/protocol/ews"
)

func TestEWS(t *testing.T) {
	no := refused(stageSignIn, "401 Unauthorized")
	type step struct {
		set  func(*mailService)
		can  lab.Capability
		want *lab.Failure
		log  string
	}
	tests := []struct {
		name  string
		knows []string
		steps []step
	}{
		{"reads, receives and sends", []string{oldPass}, []step{
			{can: lab.Read, log: "GetFolder, FindItem, GetItem"},
			{can: lab.Read, log: "FindItem"},
			{can: lab.Receive, want: missing(), log: "SyncFolderItems, SyncFolderItems, Subscribe"},
			{set: func(m *mailService) { m.subjects = append(m.subjects, "probe 7") }, can: lab.Receive, log: "SyncFolderItems"},
			{can: lab.Read, log: "FindItem, GetItem"},
			{can: lab.Send, log: "CreateItem"},
			{can: lab.SignIn, log: "GetFolder"},
			{set: func(m *mailService) { m.epoch++ }, can: lab.Receive, log: "SyncFolderItems, SyncFolderItems, SyncFolderItems"},
		}},
		{"nothing to read", []string{oldPass}, []step{
			{set: func(m *mailService) { m.subjects = nil }, can: lab.Read, log: "GetFolder, FindItem"},
			{can: lab.Read, log: "FindItem"},
		}},
		{"the newest is gone", []string{oldPass}, []step{
			{set: func(m *mailService) { m.lost = true }, can: lab.Read, log: "GetFolder, FindItem, GetItem"},
		}},
		{"old and new password", []string{oldPass, newPass}, []step{
			{can: lab.Read, log: "GetFolder, FindItem, GetItem"},
			{set: func(m *mailService) { m.password = newPass }, can: lab.Read, log: "401, 401, GetFolder, FindItem, GetItem"},
			{can: lab.SignIn, log: "GetFolder"},
			{set: func(m *mailService) { m.password = "" }, can: lab.Send, want: no, log: "401, 401, 401"},
		}},
		{"access switched off", []string{oldPass, newPass}, []step{
			{set: func(m *mailService) { m.fault = &ews.Fault{Code: ews.ErrorAccessDenied, Text: "no"} }, can: lab.SignIn,
				want: refused(stageMailbox, "ErrorAccessDenied: no"), log: "GetFolder"},
			{set: func(m *mailService) { m.fault = nil }, can: lab.Read, log: "GetFolder, FindItem, GetItem"},
			{set: func(m *mailService) { m.code = ews.ErrorNonExistentMailbox }, can: lab.Read,
				want: refused("read", "ErrorNonExistentMailbox: so it is"), log: "FindItem"},
			{set: func(m *mailService) { m.code = ews.ErrorMailboxStoreUnavailable }, can: lab.Send,
				want: &lab.Failure{Kind: lab.Unreachable, Stage: "send", Text: "ErrorMailboxStoreUnavailable: so it is"}, log: "CreateItem"},
			{set: func(m *mailService) { m.code, m.status = "", 503 }, can: lab.Read,
				want: &lab.Failure{Kind: lab.Unreachable, Stage: "read", Text: "503 Service Unavailable"}, log: "503"},
			{set: func(m *mailService) { m.status = 500 }, can: lab.Receive, want: refused("receive", "500 Internal Server Error"), log: "500"},
			{set: func(m *mailService) { m.status = 0 }, can: lab.Read, log: "FindItem"},
		}},
		{"a server of 2007", []string{oldPass}, []step{
			{set: func(m *mailService) { m.is2007 = true }, can: lab.Read, log: "GetFolder, GetFolder, FindItem, GetItem"},
			{can: lab.Receive, want: missing(), log: "SyncFolderItems, SyncFolderItems"},
			{set: func(m *mailService) { m.subjects = append(m.subjects, "probe 7") }, can: lab.Receive, log: "SyncFolderItems"},
			{can: lab.Send, log: "CreateItem"},
		}},
		{"no such service", []string{oldPass}, []step{
			{set: func(m *mailService) { m.status = 404 }, can: lab.SignIn, want: refused(stageMailbox, "404 Not Found"), log: "404"},
		}},
		{"may not send", []string{oldPass}, []step{
			{set: func(m *mailService) { m.code, m.codeFor = ews.ErrorQuotaExceeded, "CreateItem" }, can: lab.Send,
				want: refused("send", "ErrorQuotaExceeded: so it is"), log: "GetFolder, CreateItem"},
			{can: lab.Read, log: "FindItem, GetItem"},
		}},
		{"may not subscribe", []string{oldPass}, []step{
			{set: func(m *mailService) { m.code, m.codeFor = ews.ErrorAccessDenied, "Subscribe" }, can: lab.Receive,
				want: missing(), log: "GetFolder, SyncFolderItems, SyncFolderItems, Subscribe"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newTestLab(t, lab.EWS)
			l.env.Login.Passwords = tt.knows
			m := newMailService(t)
			l.serveHTTP(m)
			c := l.client()
			for i, s := range tt.steps {
				if s.set != nil {
					m.set(func() { s.set(m) })
				}
				check(t, fmt.Sprintf("step %d", i+1), do(c, s.can), s.want)
				if got := m.take(); got != s.log {
					t.Errorf("step %d: %s\nwant %s", i+1, got, s.log)
				}
			}
			for _, s := range m.mails {
				if s != "probe 7" {
					t.Errorf("sent %q", s)
				}
			}
			c.Close()
		})
	}
}

func TestEWSSendInFlight(t *testing.T) {
	l := newTestLab(t, lab.EWS)
	m := newMailService(t)
	l.serveHTTP(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte("CreateItem")) {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		m.ServeHTTP(rw, r)
	}))
	c := l.client()
	check(t, "send", do(c, lab.Send), &lab.Failure{Kind: lab.Unknown, Stage: "send", Text: closedText})
	check(t, "read", do(c, lab.Read), nil)
}

// What the server says after it has taken a message may leave open what became
// of it.
func TestEWSSendMayHaveWorked(t *testing.T) {
	fault := func(code ews.ResponseCode) func(http.ResponseWriter) {
		return func(rw http.ResponseWriter) {
			b, _ := (&ews.Fault{Code: code, Text: "no"}).Encode()
			rw.WriteHeader(ews.StatusFault)
			rw.Write(b)
		}
	}
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter)
		want   lab.Failure
	}{
		"nonsense": {func(rw http.ResponseWriter) { io.WriteString(rw, "<a/>") },
			lab.Failure{Kind: lab.Unknown, Text: "unexpected answer"}},
		"a gateway":    {func(rw http.ResponseWriter) { rw.WriteHeader(502) }, lab.Failure{Kind: lab.Unknown, Text: "502 Bad Gateway"}},
		"no time left": {fault(ews.ErrorTimeoutExpired), lab.Failure{Kind: lab.Unknown, Text: "ErrorTimeoutExpired"}},
		"busy":         {fault(ews.ErrorServerBusy), lab.Failure{Kind: lab.Unreachable, Text: "ErrorServerBusy"}},
		"denied":       {fault(ews.ErrorAccessDenied), lab.Failure{Kind: lab.Refused, Text: "ErrorAccessDenied"}},
	} {
		l := newTestLab(t, lab.EWS)
		m := newMailService(t)
		l.serveHTTP(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if bytes.Contains(body, []byte("CreateItem")) {
				tt.answer(rw)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			m.ServeHTTP(rw, r)
		}))
		f := failure(do(l.client(), lab.Send), "?")
		if f.Kind != tt.want.Kind || !strings.Contains(f.Text, tt.want.Text) {
			t.Errorf("%s: %+v, want %+v", name, f, tt.want)
		}
	}
}
