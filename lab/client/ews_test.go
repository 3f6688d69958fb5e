package client

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/ews"
)

// mailService is as much of Exchange Web Services as the client needs.
type mailService struct {
	t        *testing.T
	mu       sync.Mutex
	password string
	subjects []string
	lost     bool // items are gone when they are asked for
	is2007   bool // takes no newer schema
	epoch    int  // of the synchronisation states
	code     ews.ResponseCode
	codeFor  string // "" for every operation
	fault    *ews.Fault
	status   int // HTTP status to everything
	known    bool
	log      []string
	mails    []string
	changed  chan struct{}
	hanging  int
}

func newMailService(t *testing.T) *mailService {
	return &mailService{t: t, password: oldPass, subjects: []string{"one", "two", "three"}, changed: make(chan struct{})}
}

func (m *mailService) set(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// take returns the operations since the last call. The streaming requests are
// left out: when they arrive depends on the kernel.
func (m *mailService) take() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	log := strings.Join(m.log, ", ")
	m.log = nil
	return log
}

func (m *mailService) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m.mu.Lock()
	status, out, stream := m.answer(r, body)
	changed := m.changed
	if stream {
		m.hanging++
	}
	m.mu.Unlock()
	if stream {
		defer m.set(func() { m.hanging-- })
		m.stream(rw, r, changed)
		return
	}
	rw.Header().Set("Content-Type", ews.ContentType)
	rw.WriteHeader(status)
	rw.Write(out)
}

func (m *mailService) must(b []byte, err error) []byte {
	if err != nil {
		m.t.Error(err)
	}
	return b
}

func (m *mailService) answer(r *http.Request, body []byte) (status int, out []byte, stream bool) {
	if user, password, _ := r.BasicAuth(); user != testUser || password != m.password {
		m.log = append(m.log, "401")
		return http.StatusUnauthorized, nil, false
	}
	if m.status != 0 {
		m.log = append(m.log, fmt.Sprint(m.status))
		return m.status, nil, false
	}
	req, err := ews.ParseRequest(body)
	if err != nil || !ews.IsPath(r.URL.Path) {
		m.t.Error(r.URL.Path, err)
	}
	name := req.Op.Name()
	if name == "GetStreamingEvents" {
		if m.known {
			return 0, nil, true
		}
	} else {
		m.log = append(m.log, name)
	}
	if m.is2007 && req.Version != ews.Exchange2007SP1 {
		return ews.StatusFault, m.must((&ews.Fault{Code: ews.ErrorInvalidServerVersion, Text: "not here"}).Encode()), false
	}
	if m.fault != nil {
		return ews.StatusFault, m.must(m.fault.Encode()), false
	}
	answer := ews.Message{Code: m.code, Text: "so it is"}
	if m.code == "" || m.codeFor != "" && m.codeFor != name {
		answer = m.carryOut(req.Op)
	}
	return http.StatusOK, m.must(ews.Response{Op: name, Messages: []ews.Message{answer}}.Encode()), false
}

func (m *mailService) carryOut(op ews.Operation) ews.Message {
	out := ews.Message{Code: ews.NoError}
	item := func(i int) ews.Item {
		return ews.Item{Kind: ews.KindMessage, ID: ews.ID{ID: fmt.Sprint("id", i)}, Subject: m.subjects[i]}
	}
	last := len(m.subjects) - 1
	switch op := op.(type) {
	case ews.GetFolder:
		out.Folders = []ews.Folder{{Kind: ews.KindFolder, ID: ews.ID{ID: "inbox"}}}
	case ews.FindItem:
		out.Page = &ews.Page{Last: true}
		if last >= 0 {
			out.Page.Items = []ews.Item{item(last)}
		}
	case ews.GetItem:
		if m.lost {
			return ews.Message{Code: ews.ErrorItemNotFound, Text: "gone"}
		}
		out.Items = []ews.Item{item(last)}
	case ews.SyncFolderItems:
		var epoch, have int
		if _, err := fmt.Sscanf(op.State, "%d/%d", &epoch, &have); op.State != "" && (err != nil || epoch != m.epoch) {
			return ews.Message{Code: ews.ErrorInvalidSyncState, Text: "too old"}
		}
		out.Sync = &ews.SyncResult{}
		for len(out.Sync.Changes) < 2 && have < len(m.subjects) {
			out.Sync.Changes = append(out.Sync.Changes, ews.Change{Op: ews.Created, Item: item(have)})
			have++
		}
		out.Sync.State, out.Sync.Last = fmt.Sprintf("%d/%d", m.epoch, have), have == len(m.subjects)
	case ews.Subscribe:
		m.known = true
		out.Subscription = "sub"
	case ews.GetStreamingEvents:
		return ews.Message{Code: ews.ErrorSubscriptionNotFound, Text: "gone", Lost: op.Subscriptions}
	case ews.CreateItem:
		if op.Disposition != ews.SendAndSaveCopy || op.Items[0].To[0].Address != "erin@corp.example" {
			m.t.Errorf("CreateItem %+v", op)
		}
		m.mails = append(m.mails, op.Items[0].Subject)
	default:
		m.t.Errorf("operation %s", op.Name())
	}
	return out
}

// stream tells of one message and ends; each piece is cut in two.
func (m *mailService) stream(rw http.ResponseWriter, r *http.Request, changed chan struct{}) {
	say := func(msg ews.Message) {
		b := m.must(ews.Response{Op: "GetStreamingEvents", Messages: []ews.Message{msg}}.Encode())
		for _, piece := range [][]byte{b[:len(b)/3], b[len(b)/3:]} {
			rw.Write(piece)
			http.NewResponseController(rw).Flush()
		}
	}
	say(ews.Message{Code: ews.NoError, Connection: ews.ConnectionOK})
	select {
	case <-changed:
		say(ews.Message{Code: ews.NoError, Notifications: []ews.Notification{{Subscription: "sub", Events: []ews.Event{
			{Type: ews.NewMailEvent, Time: time.Unix(0, 0).UTC(), Item: ews.ID{ID: "id"}}}}}})
		say(ews.Message{Code: ews.NoError, Connection: ews.ConnectionClosed})
	case <-r.Context().Done():
	}
}

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

// The event stream stays on a second connection, is read when it has something
// to say, and asked for anew when it has ended.
func TestEWSEvents(t *testing.T) {
	l := newTestLab(t, lab.EWS)
	m := newMailService(t)
	server := l.serveHTTP(m)
	c := l.client()
	events := func() *eventStream { return c.(*client).session.(*webServices).events }
	hangs := func() {
		t.Helper()
		waitFor(t, func() (there bool) { m.set(func() { there = m.hanging > 0 }); return there })
	}
	check(t, "nothing yet", do(c, lab.Receive), missing())
	check(t, "still nothing", do(c, lab.Receive), missing())
	wantConnections(t, c, 2)
	for range 3 {
		hangs()
		m.set(func() {
			close(m.changed)
			m.changed = make(chan struct{})
		})
		waitFor(t, func() bool { // until all of it is there
			events().take()
			return !events().open
		})
		check(t, "receive", do(c, lab.Receive), missing())
		if !events().open {
			t.Error("the stream was not asked for anew")
		}
		check(t, "read beside it", do(c, lab.Read), nil)
	}
	wantConnections(t, c, 2)

	hangs()
	server.CloseClientConnections()
	waitFor(t, func() bool { return heard(events().web.conn) })
	m.set(func() { m.known = false }) // the server has lost the subscription, too
	m.take()
	check(t, "after the drop", do(c, lab.Receive), missing())
	waitFor(t, func() bool { return heard(events().web.conn) })
	check(t, "the subscription is gone", do(c, lab.Receive), missing())
	if got := m.take(); !strings.HasSuffix(got, "SyncFolderItems, Subscribe") || events().subscription == "" || !events().open {
		t.Errorf("%s, %+v", got, events())
	}
	c.Close()
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

const streamHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/xml\r\n\r\n"

// TestStreamPieces feeds a response one octet at a time, and all at once.
func TestStreamPieces(t *testing.T) {
	whole := streamHead + "5;x=y\r\n<a:En\r\nA\r\nvelope></a\r\n12\r\n:Envelope> <Envelo\r\n1F\r\npe>Envelope></Envelope>\r\n\r\n\r\n\r\n\r\n0\r\n\r\n"
	for _, step := range []int{1, 7, len(whole)} {
		var s stream
		var got []string
		for rest := whole; rest != ""; {
			n := min(step, len(rest))
			if !s.feed([]byte(rest[:n])) {
				t.Fatalf("by %d: no sense before %q", step, rest[n:])
			}
			rest = rest[n:]
			for _, d := range s.documents() {
				got = append(got, string(d))
			}
		}
		if want := []string{"<a:Envelope></a:Envelope>", "<Envelope>Envelope></Envelope>"}; fmt.Sprint(got) != fmt.Sprint(want) || !s.over {
			t.Errorf("by %d: %q, over %v", step, got, s.over)
		}
	}
	for _, bad := range []string{"HTTP/1.1 401 Unauthorized\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", streamHead + "x\r\n", streamHead + "\r\n",
		streamHead + "fffffff\r\n", streamHead + "0\r\n\r\nHTTP", streamHead + strings.Repeat("0", 2000), "x\r\n\r\n"} {
		if s := new(stream); s.feed([]byte(bad)) {
			t.Errorf("%.60q makes sense", bad)
		}
	}
}

// TestStreamOfNoTags: what a server sends without ever ending an envelope is
// looked at once.
func TestStreamOfNoTags(t *testing.T) {
	var s stream
	s.feed([]byte(streamHead))
	piece := []byte("1000\r\n" + strings.Repeat("Envelope>", 0x1000/9+1)[:0x1000] + "\r\n")
	for range 64 {
		if !s.feed(piece) || len(s.documents()) > 0 {
			t.Fatal("no tags, but documents or no sense")
		}
		if left := len(s.body) - s.done; left >= len("Envelope>") {
			t.Fatalf("%d octets of %d are to be looked at again", left, len(s.body))
		}
	}
	if s := new(stream); s.feed(bytes.Repeat([]byte("x"), maxHead)) {
		t.Error("a head without end makes sense")
	}
}

// FuzzStream feeds anything, whole and in two pieces.
func FuzzStream(f *testing.F) {
	f.Add([]byte(streamHead+"5\r\n<a></\r\n0\r\n\r\n"), 60)
	f.Add([]byte(streamHead+"b\r\n</Envelope>\r\n"), 90)
	f.Add([]byte("HTTP/1.1 200 OK\r\n"), 3)
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		read := func(pieces ...[]byte) (string, bool) {
			var s stream
			var got []string
			for _, p := range pieces {
				if !s.feed(p) {
					return "", false
				}
				for _, d := range s.documents() {
					got = append(got, string(d))
				}
			}
			return fmt.Sprintf("%q %v", got, s.over), true
		}
		at = max(0, min(at, len(b)))
		whole, ok := read(b)
		parts, okParts := read(b[:at], b[at:])
		if ok && okParts && whole != parts {
			t.Errorf("whole %s, in two %s", whole, parts)
		}
	})
}
