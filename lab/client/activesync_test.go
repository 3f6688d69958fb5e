package client

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/airsync"
)

// pushMail is as much of an ActiveSync server as the client needs.
type pushMail struct {
	t        *testing.T
	mu       sync.Mutex
	password string
	versions []airsync.Version
	subjects []string
	synced   int  // messages the phone knows
	key      int  // of the last Sync
	strict   bool // wants Provision
	policy   string
	wipe     bool
	status   int // HTTP status to everything
	sendAs   airsync.Status
	log      []string
	mails    []string
	changed  chan struct{} // closed when a message arrives
	hanging  int           // Pings that wait for it
}

func (p *pushMail) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// take returns the commands since the last call. Pings are left out: when
// they arrive depends on the kernel.
func (p *pushMail) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	log := strings.Join(p.log, ", ")
	p.log = nil
	return log
}

func (p *pushMail) deliver(subject string) {
	p.set(func() {
		p.subjects = append(p.subjects, subject)
		close(p.changed)
		p.changed = make(chan struct{})
	})
}

func (p *pushMail) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	changed := p.changed
	status, out := p.answer(rw, r, body)
	if status == 0 {
		p.hanging++
	}
	p.mu.Unlock()
	if status == 0 { // a Ping
		defer p.set(func() { p.hanging-- })
		select {
		case <-changed:
			out = p.must(airsync.PingResponse{Status: airsync.PingChanges, Folders: []string{"5"}}.Encode())
		case <-r.Context().Done():
			return
		}
		status = http.StatusOK
	}
	rw.WriteHeader(status)
	rw.Write(out)
}

func (p *pushMail) must(b []byte, err error) []byte {
	if err != nil {
		p.t.Error(err)
	}
	return b
}

func (p *pushMail) answer(rw http.ResponseWriter, r *http.Request, body []byte) (int, []byte) {
	if user, password, _ := r.BasicAuth(); user != testUser || password != p.password {
		p.log = append(p.log, "401")
		return http.StatusUnauthorized, nil
	}
	if p.status != 0 {
		p.log = append(p.log, fmt.Sprint(p.status))
		return p.status, nil
	}
	if r.Method == http.MethodOptions {
		p.log = append(p.log, "OPTIONS")
		airsync.Options{Server: "14.3", Versions: p.versions}.Set(rw.Header())
		return 200, nil
	}
	q, err := airsync.ParseQuery(r.URL.RawQuery)
	if err != nil {
		p.t.Error(err)
	}
	v, err := airsync.ParseVersion(r.Header.Get(airsync.HeaderVersion))
	if err != nil {
		p.t.Error(err)
	}
	if q.Cmd != airsync.CmdPing {
		p.log = append(p.log, q.Cmd)
	}
	if q.Cmd == airsync.CmdProvision {
		return 200, p.provision(body)
	}
	need := p.strict && r.Header.Get(airsync.HeaderPolicyKey) != p.policy
	if need && v < airsync.V140 {
		return airsync.StatusNeedsProvisioning, nil
	}
	switch q.Cmd {
	case airsync.CmdFolderSync:
		if need {
			return 200, p.must(airsync.FolderSyncResponse{Status: airsync.StatusDeviceNotProvisioned}.Encode())
		}
		return 200, p.must(airsync.FolderSyncResponse{Status: airsync.StatusOK, SyncKey: "1", Added: []airsync.Folder{
			{ServerID: "2", ParentID: "0", DisplayName: "Drafts", Type: airsync.FolderDrafts},
			{ServerID: "5", ParentID: "0", DisplayName: "Inbox", Type: airsync.FolderInbox},
		}}.Encode())
	case airsync.CmdSync:
		if need {
			return 200, p.must(airsync.SyncResponse{Status: airsync.StatusInvalidPolicyKey}.Encode(v))
		}
		return 200, p.sync(v, body)
	case airsync.CmdSendMail:
		m, err := airsync.ParseSendMailRequest(v, r.Header.Get("Content-Type"), body)
		if err != nil {
			p.t.Error(err)
		}
		if p.sendAs > airsync.StatusOK {
			return 200, p.must(airsync.SendMailResponse{Status: p.sendAs}.Encode())
		}
		p.mails = append(p.mails, subjectOf(m.MIME))
		return 200, nil
	case airsync.CmdPing:
		ping, err := airsync.ParsePingRequest(body)
		if err != nil || ping.Heartbeat != heartbeat || len(ping.Folders) != 1 || ping.Folders[0].ID != "5" {
			p.t.Errorf("Ping %+v, %v", ping, err)
		}
		return 0, nil
	}
	p.t.Errorf("command %s", q.Cmd)
	return 501, nil
}

func (p *pushMail) provision(body []byte) []byte {
	r, err := airsync.ParseProvisionRequest(body)
	if err != nil {
		p.t.Error(err)
	}
	out := airsync.ProvisionResponse{Status: airsync.StatusOK, Wipe: p.wipe}
	if r.PolicyType != "" {
		out.PolicyType, out.PolicyStatus, out.PolicyKey = r.PolicyType, airsync.StatusOK, "77"
		if r.PolicyStatus == airsync.AckApplied && r.PolicyKey == "77" {
			p.policy, out.PolicyKey = "88", "88"
		}
	}
	return p.must(out.Encode())
}

func (p *pushMail) sync(v airsync.Version, body []byte) []byte {
	r, err := airsync.ParseSyncRequest(body)
	if err != nil || len(r.Collections) != 1 || r.Collections[0].ID != "5" {
		p.t.Errorf("Sync %+v, %v", r, err)
		return nil
	}
	in := r.Collections[0]
	out := airsync.SyncResult{Class: airsync.ClassEmail, ID: "5", Status: airsync.StatusOK}
	switch {
	case in.SyncKey == airsync.InitialKey:
		p.synced = 0
	case in.SyncKey != fmt.Sprint(p.key):
		out.Status = airsync.SyncInvalidKey
		return p.must(airsync.SyncResponse{Collections: []airsync.SyncResult{out}}.Encode(v))
	default:
		for len(out.Commands) < 2 && p.synced < len(p.subjects) {
			out.Commands = append(out.Commands, airsync.SyncCommand{Op: airsync.Add, ServerID: fmt.Sprint("5:", p.synced), Email: p.email(p.synced)})
			p.synced++
		}
		out.MoreAvailable = p.synced < len(p.subjects)
		for _, c := range in.Commands {
			var i int
			if _, err := fmt.Sscanf(c.ServerID, "5:%d", &i); c.Op != airsync.Fetch || err != nil {
				p.t.Errorf("command %+v", c)
			}
			f := airsync.SyncCommand{Op: airsync.Fetch, ServerID: c.ServerID, Status: airsync.SyncObjectNotFound}
			if i < len(p.subjects) {
				f.Status, f.Email = airsync.StatusOK, p.email(i)
			}
			out.Responses = append(out.Responses, f)
		}
	}
	p.key++
	out.SyncKey = fmt.Sprint(p.key)
	return p.must(airsync.SyncResponse{Collections: []airsync.SyncResult{out}}.Encode(v))
}

func (p *pushMail) email(i int) *airsync.Email {
	return &airsync.Email{
		Subject: p.subjects[i], DateReceived: time.Unix(int64(i), 0).UTC(),
		Body: &airsync.Body{Type: airsync.BodyPlain, Size: 2, Data: "hi"},
	}
}

func newPushMail(t *testing.T) *pushMail {
	return &pushMail{
		t: t, password: oldPass, versions: []airsync.Version{airsync.V25, airsync.V121, airsync.V141, airsync.V161},
		subjects: []string{"one", "two", "three"}, changed: make(chan struct{}),
	}
}

func TestActiveSync(t *testing.T) {
	const start = "OPTIONS, FolderSync"
	no := refused(stageSignIn, "401 Unauthorized")
	type step struct {
		set  func(*pushMail)
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
			{can: lab.Read, log: start + ", Sync, Sync, Sync"},
			{can: lab.Read, log: "Sync"},
			{can: lab.Receive, want: missing(), log: "Sync"},
			{set: func(p *pushMail) { p.subjects = append(p.subjects, "probe 7") }, can: lab.Receive, log: "Sync"},
			{can: lab.Send, log: "SendMail"},
			{can: lab.Reply, log: "SendMail"},
			{can: lab.SignIn, log: "FolderSync"},
			{set: func(p *pushMail) { p.key += 9 }, can: lab.Read, log: "Sync, Sync, Sync, Sync"},
		}},
		{"nothing to read", []string{oldPass}, []step{
			{set: func(p *pushMail) { p.subjects = nil }, can: lab.Read, log: start + ", Sync, Sync"},
		}},
		{"the newest is gone", []string{oldPass}, []step{
			{can: lab.Read, log: start + ", Sync, Sync, Sync"},
			{set: func(p *pushMail) { p.subjects = p.subjects[:1] }, can: lab.Read, log: "Sync"},
		}},
		{"provisions", []string{oldPass}, []step{
			{set: func(p *pushMail) { p.strict = true }, can: lab.SignIn, log: start + ", Provision, Provision, FolderSync"},
			{can: lab.Read, log: "FolderSync, Sync, Sync, Sync"},
			{set: func(p *pushMail) { p.policy = "99" }, can: lab.Read, log: "Sync, Provision, Provision, Sync"},
		}},
		{"provisions below 14.0", []string{oldPass}, []step{
			{set: func(p *pushMail) { p.strict, p.versions = true, []airsync.Version{airsync.V25, airsync.V121} },
				can: lab.Send, log: start + ", Provision, Provision, FolderSync, SendMail"},
		}},
		{"is wiped", []string{oldPass}, []step{
			{can: lab.Read, log: start + ", Sync, Sync, Sync"},
			{set: func(p *pushMail) { p.strict, p.policy, p.wipe = true, "99", true }, can: lab.Read, want: errWiped, log: "Sync, Provision, Provision"},
			{set: func(p *pushMail) { p.wipe = false }, can: lab.Read, want: errWiped},
			{can: lab.SignIn, want: errWiped},
		}},
		{"old and new password", []string{oldPass, newPass}, []step{
			{can: lab.Read, log: start + ", Sync, Sync, Sync"},
			{set: func(p *pushMail) { p.password = newPass }, can: lab.Read, log: "401, 401, FolderSync, Sync, Sync, Sync"},
			{can: lab.SignIn, log: "FolderSync"},
			{set: func(p *pushMail) { p.password = "" }, can: lab.Send, want: no, log: "401, 401, 401"},
		}},
		{"access switched off", []string{oldPass, newPass}, []step{
			{set: func(p *pushMail) { p.status = 403 }, can: lab.SignIn, want: refused(stageMailbox, "403 Forbidden"), log: "403"},
			{set: func(p *pushMail) { p.status = 0 }, can: lab.Read, log: start + ", Sync, Sync, Sync"},
			{set: func(p *pushMail) { p.status = 403 }, can: lab.Read, want: refused("read", "403 Forbidden"), log: "403"},
			{set: func(p *pushMail) { p.status = 503 }, can: lab.Read, want: &lab.Failure{Kind: lab.Unreachable, Stage: "read", Text: "503 Service Unavailable"}, log: "503"},
			{set: func(p *pushMail) { p.status = 0 }, can: lab.Read, log: "Sync"},
		}},
		{"may not send", []string{oldPass}, []step{
			{set: func(p *pushMail) { p.sendAs = airsync.StatusSendQuotaExceeded }, can: lab.Send,
				want: refused("send", "SendMail status 115 SendQuotaExceeded"), log: start + ", SendMail"},
			{can: lab.Read, log: "Sync, Sync, Sync"},
		}},
		{"too new a server", []string{oldPass}, []step{
			{set: func(p *pushMail) { p.versions = []airsync.Version{airsync.V161} }, can: lab.SignIn,
				want: refused(stageMailbox, "no ActiveSync version up to 14.1 is offered"), log: "OPTIONS"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newTestLab(t, lab.ActiveSync)
			l.env.Login.Passwords = tt.knows
			p := newPushMail(t)
			l.serveHTTP(p)
			c := l.client()
			for i, s := range tt.steps {
				if s.set != nil {
					p.set(func() { s.set(p) })
				}
				check(t, fmt.Sprintf("step %d", i+1), do(c, s.can), s.want)
				if got := p.take(); got != s.log {
					t.Errorf("step %d: %s\nwant %s", i+1, got, s.log)
				}
			}
			for _, m := range p.mails {
				if m != "probe 7" {
					t.Errorf("sent %q", m)
				}
			}
			c.Close()
		})
	}
}

// A phone that waits for mail has a Ping outstanding on a second connection,
// takes its answer, and asks again on the same one.
func TestActiveSyncPing(t *testing.T) {
	l := newTestLab(t, lab.ActiveSync)
	p := newPushMail(t)
	s := l.serveHTTP(p)
	c := l.client()
	ping := func() *webLine { return c.(*client).session.(*activeSync).ping }
	check(t, "nothing yet", do(c, lab.Receive), missing())
	check(t, "still nothing", do(c, lab.Receive), missing())
	wantConnections(t, c, 2)
	for range 3 {
		// The Ping was written, but the server may not have turned to it.
		waitFor(t, func() (there bool) { p.set(func() { there = p.hanging > 0 }); return there })
		p.deliver("probe 7")
		waitFor(t, func() bool { return heard(ping().conn) })
		check(t, "receive", do(c, lab.Receive), nil)
		if heard(ping().conn) {
			t.Error("the Ping's answer was not taken")
		}
		check(t, "read beside the Ping", do(c, lab.Read), nil)
	}
	wantConnections(t, c, 2)
	s.CloseClientConnections()
	waitFor(t, func() bool { return heard(ping().conn) })
	check(t, "after the drop", do(c, lab.Receive), nil)
	wantConnections(t, c, 4)
	c.Close()
}

func TestActiveSyncSendInFlight(t *testing.T) {
	l := newTestLab(t, lab.ActiveSync)
	p := newPushMail(t)
	l.serveHTTP(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "Cmd=SendMail") {
			panic(http.ErrAbortHandler)
		}
		p.ServeHTTP(rw, r)
	}))
	c := l.client()
	check(t, "send", do(c, lab.Send), &lab.Failure{Kind: lab.Unknown, Stage: "send", Text: closedText})
	check(t, "read", do(c, lab.Read), nil)
}

// What a phone has fetched stays on it, whatever the server says to the next
// request, until the phone is told to wipe itself.
func TestPhoneKeepsItsMail(t *testing.T) {
	l := newTestLab(t, lab.ActiveSync)
	p := newPushMail(t)
	l.serveHTTP(p)
	c := l.client()
	defer c.Close()
	want := func(when string, messages int, erased bool) {
		t.Helper()
		if k, ok := c.(lab.Keeper).Kept(); !ok || k.Messages != messages || k.Erased != erased {
			t.Errorf("%s: %+v, %v", when, k, ok)
		}
	}
	want("at first", 0, false)
	check(t, "read", do(c, lab.Read), nil)
	have := len(p.subjects)
	want("after reading", have, false)
	p.set(func() { p.password = newPass })
	check(t, "refused", do(c, lab.Read), refused(stageSignIn, "401 Unauthorized"))
	want("after it was refused", have, false)
	p.set(func() { p.password, p.strict, p.policy, p.wipe = oldPass, true, "99", true })
	check(t, "wiped", do(c, lab.Read), errWiped)
	want("after the wipe", 0, true)

	other := newTestLab(t, lab.SMTPSubmission).client()
	defer other.Close()
	if _, ok := other.(lab.Keeper).Kept(); ok {
		t.Error("a program that only sends is said to keep something")
	}
}
