package client

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/airsync"
)

// heartbeat is how long a phone asks the server to hold a Ping, where the lab
// does not say: phones start at about a quarter of an hour.
const heartbeat = 15 * time.Minute

const (
	syncWindow = 100      // changes that a Sync asks for at a time
	maxRounds  = 200      // Syncs in a row before a client gives up catching up
	syncFilter = 3        // a week back (MS-ASCMD 2.2.3.68.2)
	bodyLimit  = 32 << 10 // octets of a message that a phone asks for
)

const deviceType = "SmartPhone"

// stageProvision is where a phone learns the server's rules, or its end.
const stageProvision = "provision"

// phone is what a partnership keeps over connections and sign-ins.
type phone struct {
	id      string
	version airsync.Version // 0: OPTIONS has not been asked
	policy  string          // the policy key; "" until Provision gave one
	wiped   bool            // the account is gone from it
	// mail is the messages that it keeps, by their server ids (layer L11).
	mail  map[string]struct{}
	since time.Time // when the first of it came
}

// maxKept bounds what is counted of a phone's mail.
const maxKept = 1 << 14

// keep notes a message that the phone has stored, and drop one that the server
// had it remove.
func (p *phone) keep(id string, now time.Time) {
	if len(p.mail) == 0 {
		p.since = now
	}
	if len(p.mail) < maxKept {
		p.mail[id] = struct{}{}
	}
}

func (p *phone) drop(id string) { delete(p.mail, id) }

// wipe erases the account from the phone.
func (p *phone) wipe() {
	p.wiped = true
	clear(p.mail)
}

// activeSync is a phone. Each request carries the credentials, so its session
// is only what the phone knows of the mailbox.
type activeSync struct {
	line  *line
	phone *phone
	web   *webLine
	auth  *webAuth
	ping  *webLine // open while a Ping is outstanding

	url    *url.URL
	header http.Header
	inbox  string // server id
	key    string // of the last Sync
	newest string // server id of the newest message known
	date   time.Time
	seen   []string // subjects of what came last
	asked  *request // the Ping
	held   time.Duration
}

func openActiveSync(l *line) func() session {
	h := fnv.New64a()
	h.Write([]byte(l.env.Activity.ID + "\x00" + l.env.Login.User))
	p := &phone{id: fmt.Sprintf("SHUTOUT%016X", h.Sum64()), mail: map[string]struct{}{}}
	l.kept = func() lab.LocalCopy { return lab.LocalCopy{Messages: len(p.mail), Since: p.since, Erased: p.wiped} }
	scheme := "https"
	if l.env.Endpoint.Security == lab.Plain {
		scheme = "http"
	}
	return func() session {
		return &activeSync{
			line: l, phone: p, web: newWebLine(l), ping: newWebLine(l),
			held: cmp.Or(l.env.Activity.Client.Heartbeat, l.env.Endpoint.Heartbeat, heartbeat),
			url:  &url.URL{Scheme: scheme, Host: l.env.Endpoint.Host, Path: airsync.URLPath},
		}
	}
}

func (s *activeSync) leave() {}

func (s *activeSync) drop() {
	s.web.drop()
	s.ping.drop()
}

// signIn asks for the folders from the beginning.
func (s *activeSync) signIn(ctx context.Context, password string) error {
	if s.phone.wiped {
		return errWiped
	}
	s.auth = newWebAuth(s.line, s.line.authOf(lab.AuthBasic), password)
	s.header = http.Header{
		"Content-Type": {airsync.ContentType},
		"User-Agent":   {"Shutout-Phone/1.0"},
	}
	if err := s.negotiate(ctx); err != nil {
		return err
	}
	s.header[headerVersion] = []string{s.phone.version.String()}
	body, err := airsync.FolderSyncRequest{SyncKey: airsync.InitialKey}.Encode()
	if err != nil {
		return err
	}
	var folders airsync.FolderSyncResponse
	err = s.command(ctx, stageSignIn, airsync.CmdFolderSync, body, func(b []byte) (_ airsync.Status, err error) {
		folders, err = airsync.ParseFolderSyncResponse(b)
		return folders.Status, err
	})
	if err != nil {
		return err
	}
	if folders.Status != airsync.StatusOK {
		return refused(stageMailbox, "FolderSync status "+folders.Status.String())
	}
	s.inbox = ""
	for _, f := range folders.Added {
		if f.Type == airsync.FolderInbox {
			s.inbox = f.ServerID
		}
	}
	if s.inbox == "" {
		return unexpected(stageMailbox, "FolderSync without an inbox")
	}
	s.forget()
	return nil
}

// forget has the next Sync start over.
func (s *activeSync) forget() {
	s.key, s.newest, s.date, s.seen = airsync.InitialKey, "", time.Time{}, nil
}

// negotiate asks once what the server speaks and takes the newest version that
// it shares with this phone.
func (s *activeSync) negotiate(ctx context.Context) error {
	if s.phone.version != 0 {
		return nil
	}
	a, err := s.auth.exchange(ctx, s.web, stageSignIn, newRequest(http.MethodOptions, s.url, s.header, nil))
	if err != nil {
		return err
	}
	if a.StatusCode != http.StatusOK {
		return judge(a, stageSignIn)
	}
	options, err := airsync.ParseOptions(a.Header)
	if err != nil {
		return unexpected(stageMailbox, "%v", err)
	}
	for _, v := range options.Versions {
		if v <= s.newestVersion() && v > s.phone.version {
			s.phone.version = v
		}
	}
	if s.phone.version == 0 {
		return refused(stageMailbox, "no ActiveSync version up to "+s.newestVersion().String()+" is offered")
	}
	return nil
}

// newestVersion is that of the protocol which the phone speaks.
func (s *activeSync) newestVersion() airsync.Version {
	if s.line.env.Activity.Client.EAS == airsync.V161.String() {
		return airsync.V161
	}
	return airsync.V141
}

func (s *activeSync) do(ctx context.Context, t lab.Task) error {
	switch t.Capability {
	case lab.Read:
		return s.sync(ctx, string(t.Capability), s.newest)
	case lab.Receive:
		return s.receive(ctx, t)
	default:
		return s.send(ctx, t)
	}
}

// receive takes the answer to the Ping that was left outstanding, if there is
// one, synchronises, and leaves the next Ping. Whether the Ping has told of
// the message makes no difference: people pull to refresh.
func (s *activeSync) receive(ctx context.Context, t lab.Task) error {
	s.answered()
	err := s.sync(ctx, string(t.Capability), "")
	if err != nil {
		return err
	}
	s.wait(ctx)
	if !slices.Contains(s.seen, t.Subject) {
		return missing()
	}
	return nil
}

// wait sends a Ping and leaves it. That it fails is for a later attempt to
// find out.
func (s *activeSync) wait(ctx context.Context) {
	if s.ping.conn != nil && s.asked != nil {
		return
	}
	body, err := airsync.PingRequest{Heartbeat: s.held, Folders: []airsync.PingFolder{
		{ID: s.inbox, Class: airsync.ClassEmail},
	}}.Encode()
	if err == nil {
		s.asked = s.request(airsync.CmdPing, s.header, body)
		err = s.auth.leave(ctx, s.ping, s.asked)
	}
	if err != nil {
		s.ping.drop()
		s.asked = nil
	}
}

// answered reads the Ping's answer once it is there.
func (s *activeSync) answered() {
	if s.asked == nil || s.ping.conn == nil || !heard(s.ping.conn) {
		return
	}
	extend(s.ping.conn, patience)
	a, _, err := s.ping.receive(s.asked)
	s.asked = nil
	if err != nil {
		s.ping.drop()
		return
	}
	pong, err := airsync.ParsePingResponse(a.body)
	if err == nil && pong.Status == airsync.PingHeartbeatOutOfRange && pong.Heartbeat > 0 {
		s.held = pong.Heartbeat
	}
}

// sync catches up with the inbox, and fetches the message with that server id
// once more.
func (s *activeSync) sync(ctx context.Context, stage, fetch string) error {
	restarted := false
	for range maxRounds {
		body, err := s.syncRequest(fetch).Encode(s.phone.version)
		if err != nil {
			return err
		}
		var r airsync.SyncResponse
		err = s.command(ctx, stage, airsync.CmdSync, body, func(b []byte) (_ airsync.Status, err error) {
			r, err = airsync.ParseSyncResponse(b)
			return r.Status, err
		})
		if err != nil {
			return err
		}
		first := s.key == airsync.InitialKey
		st := r.Status
		var inbox airsync.SyncResult
		if len(r.Collections) > 0 {
			inbox = r.Collections[0]
			st = max(st, inbox.Status)
		}
		switch {
		case st == airsync.SyncInvalidKey && !restarted && !first:
			s.forget()
			restarted, fetch = true, ""
			continue
		case st != airsync.StatusOK:
			return refused(stage, "Sync status "+st.String())
		case first && inbox.SyncKey == "":
			return unexpected(stage, "Sync without a key")
		}
		if inbox.SyncKey != "" {
			s.key = inbox.SyncKey
		}
		s.take(inbox.Commands)
		if fetch != "" && !first {
			if err := s.fetched(stage, inbox.Responses); err != nil {
				return err
			}
			fetch = ""
		}
		if !first && !inbox.MoreAvailable {
			return nil
		}
	}
	return unexpected(stage, "no end of changes")
}

func (s *activeSync) syncRequest(fetch string) airsync.SyncRequest {
	c := airsync.SyncCollection{Class: airsync.ClassEmail, SyncKey: s.key, ID: s.inbox}
	if s.key == airsync.InitialKey {
		return airsync.SyncRequest{Collections: []airsync.SyncCollection{c}}
	}
	c.GetChanges, c.WindowSize = airsync.True, syncWindow
	c.Options.FilterType = syncFilter
	if s.phone.version >= airsync.V120 {
		c.Options.Bodies = []airsync.BodyPreference{{Type: airsync.BodyPlain, TruncationSize: bodyLimit}}
	}
	if fetch != "" {
		c.Commands = []airsync.SyncCommand{{Op: airsync.Fetch, ServerID: fetch}}
	}
	return airsync.SyncRequest{Collections: []airsync.SyncCollection{c}}
}

// take notes what came new.
func (s *activeSync) take(changes []airsync.SyncCommand) {
	for _, c := range changes {
		switch {
		case c.Op == airsync.Add && c.Email != nil:
			s.phone.keep(c.ServerID, s.line.env.Now())
			if s.newest == "" || !c.Email.DateReceived.Before(s.date) {
				s.newest, s.date = c.ServerID, c.Email.DateReceived
			}
			if s.seen = append(s.seen, c.Email.Subject); len(s.seen) > 2*syncWindow {
				s.seen = append(s.seen[:0], s.seen[len(s.seen)-syncWindow:]...)
			}
		case c.Op == airsync.Delete || c.Op == airsync.SoftDelete:
			s.phone.drop(c.ServerID)
			if c.ServerID == s.newest {
				s.newest, s.date = "", time.Time{}
			}
		}
	}
}

// fetched judges the answer to a Fetch. A message that is gone is no refusal.
func (s *activeSync) fetched(stage string, responses []airsync.SyncCommand) error {
	for _, r := range responses {
		switch {
		case r.Op != airsync.Fetch:
		case r.Status == airsync.SyncObjectNotFound:
			if r.ServerID == s.newest {
				s.newest, s.date = "", time.Time{}
			}
			return nil
		case r.Status != airsync.StatusOK:
			return refused(stage, "Fetch status "+r.Status.String())
		case r.Email == nil:
			return unexpected(stage, "Fetch without the message")
		default:
			return nil
		}
	}
	return unexpected(stage, "Sync without the message that was to be fetched")
}

// send submits a message. The client id would let a server from version 14.0
// on tell a retry from a second message, but phones leave that to people.
func (s *activeSync) send(ctx context.Context, t lab.Task) error {
	stage := string(t.Capability)
	now := s.line.env.Now()
	id := fnv.New128a()
	fmt.Fprintf(id, "%s %s %d", s.phone.id, t.MessageID, now.UnixNano())
	kind, body, err := airsync.SendMailRequest{
		ClientID: fmt.Sprintf("%x", id.Sum(nil)), SaveInSentItems: true, MIME: message(t, now, s.line.env.Domain),
	}.Encode(s.phone.version)
	if err != nil {
		return err
	}
	var r airsync.SendMailResponse
	parse := func(b []byte) (_ airsync.Status, err error) {
		r, err = airsync.ParseSendMailResponse(b)
		return r.Status, err
	}
	if err := s.submit(ctx, stage, kind, body, parse); err != nil {
		return err
	}
	if r.Status != airsync.StatusOK {
		return refused(stage, "SendMail status "+r.Status.String())
	}
	return nil
}
