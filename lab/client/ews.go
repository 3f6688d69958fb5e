package client

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"shutout/lab"
	"shutout/lab/protocol/ews"
)

// The schemas that this client speaks, the one that it likes best first: with
// streaming subscriptions, and without ("GetStreamingEvents operation").
var ewsSchemas = []string{ews.Exchange2010SP1, ews.Exchange2007SP1}

// webServices is a program that uses Exchange Web Services, as mail clients
// for Macintosh and Linux do. Each request stands for itself, so the session
// is what the program knows of the mailbox, and the way it signs in.
//
// To read is to look for the newest message of the inbox and to get it, unless
// it is the one that was got last.
type webServices struct {
	line   *line
	web    *webLine
	auth   *webAuth
	schema string // one of ewsSchemas
	url    *url.URL
	header http.Header
	latest *request // asks for the newest message
	shown  []byte   // the answer whose message was read last
	read   string   // the message's id
	state  string   // of the synchronisation
	seen   []string // subjects of what came last
	events *eventStream
}

func openEWS(l *line) func() session {
	scheme := "https"
	if l.env.Endpoint.Security == lab.Plain {
		scheme = "http"
	}
	return func() session {
		s := &webServices{
			line: l, web: newWebLine(l), schema: ewsSchemas[0],
			url: &url.URL{Scheme: scheme, Host: l.env.Endpoint.Host, Path: ews.URLPath},
			header: http.Header{
				"Content-Type": {ews.ContentType},
				"Accept":       {"text/xml"},
				"User-Agent":   {"Shutout-EWS/1.0"},
			},
		}
		s.events = &eventStream{session: s, web: newWebLine(l)}
		return s
	}
}

func (s *webServices) leave() {}

func (s *webServices) drop() {
	s.web.drop()
	s.events.drop()
}

// signIn opens the inbox, in the newest schema that the server has as well.
func (s *webServices) signIn(ctx context.Context, password string) error {
	s.auth = newWebAuth(s.line, s.line.authOf(lab.AuthBasic), password)
	var m ews.Message
	var err error
	for _, s.schema = range ewsSchemas {
		m, err = s.one(ctx, stageSignIn, ews.GetFolder{
			Shape: ews.Shape{Base: ews.Default}, Folders: []ews.FolderRef{s.inbox()},
		}, false)
		if m.Code != ews.ErrorInvalidServerVersion {
			break
		}
	}
	if err == nil && len(m.Folders) == 0 {
		err = unexpected(stageMailbox, "GetFolder without a folder")
	}
	return err
}

func (s *webServices) do(ctx context.Context, t lab.Task) error {
	switch t.Capability {
	case lab.Read:
		return s.readNewest(ctx, string(t.Capability))
	case lab.Receive:
		return s.receive(ctx, t)
	case lab.SetRule:
		return s.setRule(ctx, t)
	default:
		return s.send(ctx, t)
	}
}

// inbox is that of the mailbox which the program opens.
func (s *webServices) inbox() ews.FolderRef {
	return ews.FolderRef{Distinguished: ews.Inbox, Mailbox: s.line.env.Mailbox}
}

// setRule makes an inbox rule that sends everything on. What Outlook keeps of
// its rules for itself has to go first (UpdateInboxRules operation).
func (s *webServices) setRule(ctx context.Context, t lab.Task) error {
	stage := string(t.Capability)
	have, err := s.one(ctx, stage, ews.GetInboxRules{}, false)
	if err != nil {
		return err
	}
	_, err = s.one(ctx, stage, ews.UpdateInboxRules{RemoveBlob: have.RuleBlob == ews.True, Changes: []ews.RuleChange{{
		Op: ews.CreateRule, Rule: ews.Rule{
			Name: t.Subject, Priority: len(have.Rules) + 1, Enabled: true, Forward: []ews.Mailbox{{Address: t.To}},
		},
	}}}, true)
	return err
}

// request builds the request for an operation.
func (s *webServices) request(op ews.Operation) (*request, error) {
	body, err := ews.Request{Version: s.schema, Op: op}.Encode()
	if err != nil {
		return nil, err
	}
	req := newRequest(http.MethodPost, s.url, s.header, body)
	req.name = op.Name()
	return req, nil
}

// one carries out an operation about one thing and returns what became of it.
// Once says that doing it twice would do its work twice.
func (s *webServices) one(ctx context.Context, stage string, op ews.Operation, once bool) (ews.Message, error) {
	req, err := s.request(op)
	if err != nil {
		return ews.Message{}, err
	}
	req.once = once
	a, err := s.auth.exchange(ctx, s.web, stage, req)
	if err != nil {
		return ews.Message{}, err
	}
	return s.answered(a, stage, once)
}

// answered takes the answer to an operation about one thing apart, and writes
// its code down if it is a refusal.
func (s *webServices) answered(a answer, stage string, once bool) (ews.Message, error) {
	m, err := messageOf(a, stage, once)
	if m.Code != ews.NoError && m.Code.Known() {
		s.line.record.line(serverSays, string(m.Code))
	}
	return m, err
}

func messageOf(a answer, stage string, once bool) (ews.Message, error) {
	if a.StatusCode != http.StatusOK && a.StatusCode != ews.StatusFault {
		return ews.Message{}, judge(a, stage)
	}
	r, err := ews.ParseResponse(a.body)
	var fault *ews.Fault
	switch {
	case errors.As(err, &fault):
		return ews.Message{Code: fault.Code}, denied(stage, once, fault)
	case a.StatusCode != http.StatusOK:
		return ews.Message{}, judge(a, stage)
	case err != nil:
		return ews.Message{}, muddled(stage, once, err)
	case len(r.Messages) == 0:
		return ews.Message{}, muddled(stage, once, errors.New("a response without a message"))
	}
	if errors.As(r.Messages[0].Err(), &fault) {
		return r.Messages[0], denied(stage, once, fault)
	}
	return r.Messages[0], nil
}

// passing are the codes of a server or mailbox that is away for a while:
// nothing that says no.
var passing = []ews.ResponseCode{
	ews.ErrorServerBusy, ews.ErrorMailboxStoreUnavailable, ews.ErrorMailboxMoveInProgress,
	ews.ErrorInternalServerTransient, ews.ErrorConnectionFailed, ews.ErrorTimeoutExpired,
}

// denied turns a code into a failure. None is about the password: at sign-in it
// is the mailbox that is not to be had. What the server gave up waiting for may
// have been done.
func denied(stage string, once bool, f *ews.Fault) *lab.Failure {
	if stage == stageSignIn {
		stage = stageMailbox
	}
	failure := refused(stage, strings.TrimPrefix(f.Error(), "ews: "))
	switch {
	case once && (f.Code == ews.ErrorTimeoutExpired || f.Code == ews.ErrorConnectionFailed):
		failure.Kind = lab.Unknown
	case slices.Contains(passing, f.Code):
		failure.Kind = lab.Unreachable
	}
	return failure
}

// readNewest gets the newest message if it has not been got yet.
func (s *webServices) readNewest(ctx context.Context, stage string) error {
	if s.latest == nil {
		req, err := s.request(ews.FindItem{
			Traversal: ews.Shallow, Shape: ews.Shape{Base: ews.IDOnly}, View: &ews.View{Max: 1},
			Sort:    []ews.Sort{{Field: ews.FieldReceived, Descending: true}},
			Parents: []ews.FolderRef{s.inbox()},
		})
		if err != nil {
			return err
		}
		s.latest = req
	}
	a, err := s.auth.exchange(ctx, s.web, stage, s.latest)
	if err != nil {
		return err
	}
	if a.StatusCode == http.StatusOK && s.shown != nil && bytes.Equal(a.body, s.shown) {
		return nil
	}
	m, err := s.answered(a, stage, false)
	switch {
	case err != nil:
		return err
	case m.Page == nil:
		return unexpected(stage, "FindItem without what was found")
	}
	shown := bytes.Clone(a.body)
	read := ""
	if len(m.Page.Items) > 0 { // an empty inbox has been read as it is
		read = m.Page.Items[0].ID.ID
		if err := s.get(ctx, stage, m.Page.Items[0].ID); err != nil {
			return err
		}
	}
	s.read, s.shown = read, shown
	return nil
}

// get fetches a message, unless it is the one that was fetched last. One that
// is gone meanwhile is no refusal.
func (s *webServices) get(ctx context.Context, stage string, id ews.ID) error {
	if id.ID == s.read {
		return nil
	}
	m, err := s.one(ctx, stage, ews.GetItem{
		Shape: ews.Shape{Base: ews.Default, Body: ews.BodyText}, Items: []ews.ID{id},
	}, false)
	switch {
	case m.Code == ews.ErrorItemNotFound:
		return nil
	case err == nil && len(m.Items) == 0:
		return unexpected(stage, "GetItem without the item")
	}
	return err
}

// receive takes what the event stream has brought, synchronises, and sees to it
// that the stream goes on, where the server has streams. Whether it has told of the message makes no
// difference: programs synchronise at times of their own, too.
func (s *webServices) receive(ctx context.Context, t lab.Task) error {
	s.events.take()
	if err := s.sync(ctx, string(t.Capability)); err != nil {
		return err
	}
	if s.schema != ews.Exchange2007SP1 {
		s.events.wait(ctx)
	}
	if !slices.Contains(s.seen, t.Subject) {
		return missing()
	}
	return nil
}

// sync catches up with the inbox.
func (s *webServices) sync(ctx context.Context, stage string) error {
	restarted := false
	for range maxRounds {
		m, err := s.one(ctx, stage, ews.SyncFolderItems{
			Shape:  ews.Shape{Base: ews.IDOnly, Extra: []ews.Field{ews.FieldSubject}},
			Folder: s.inbox(), State: s.state, Max: ews.MaxSync,
		}, false)
		switch {
		case m.Code == ews.ErrorInvalidSyncState && !restarted:
			s.state, s.seen, restarted = "", nil, true
			continue
		case err != nil:
			return err
		case m.Sync == nil || m.Sync.State == "":
			return unexpected(stage, "SyncFolderItems without a state")
		}
		s.state = m.Sync.State
		for i := range m.Sync.Changes {
			if c := &m.Sync.Changes[i]; c.Op == ews.Created {
				s.seen = append(s.seen, c.Item.Subject)
			}
		}
		if n := len(s.seen); n > 2*ews.MaxSync {
			s.seen = append(s.seen[:0], s.seen[n-ews.MaxSync:]...)
		}
		if m.Sync.Last {
			return nil
		}
	}
	return unexpected(stage, "no end of changes")
}

// send has the server put the message together and keep a copy.
func (s *webServices) send(ctx context.Context, t lab.Task) error {
	item := ews.Item{
		Kind: ews.KindMessage, Class: "IPM.Note", Subject: oneLine.Replace(t.Subject),
		Body: &ews.Body{Type: ews.BodyText, Text: body(t.Size)},
		To:   []ews.Mailbox{{Address: t.To}},
	}
	if t.From != "" && !strings.EqualFold(t.From, s.line.env.Login.Address) {
		item.From = &ews.Mailbox{Address: t.From}
	}
	_, err := s.one(ctx, string(t.Capability), ews.CreateItem{
		Disposition: ews.SendAndSaveCopy, SaveTo: new(ews.Distinguished(ews.SentItems)), Items: []ews.Item{item},
	}, true)
	return err
}
