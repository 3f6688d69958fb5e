package client

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

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
