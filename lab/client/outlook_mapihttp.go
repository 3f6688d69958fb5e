package client

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
	"shutout/lab/protocol/mapihttp"
)

const (
	// mapiQuery asks for the mailbox of whoever signs in, where Autodiscover
	// has named none.
	mapiQuery = "useMailboxOfAuthenticatedUser=true"

	outlookApplication = "Outlook/16.0.4266.1001" // X-ClientApplication

	// maxRopOut is the room for an answer's ROPs (MS-OXCRPC 4.3, pcbOut of the
	// example).
	maxRopOut = 0x18008
)

// mapiHTTP is MAPI over HTTP as a carrier (MS-OXCMAPIHTTP 3.1.5). Requests go
// one after another over one connection, each signed in; the NotificationWait
// is left outstanding on another one. The session context lives in cookies and
// outlives both.
type mapiHTTP struct {
	line    *line
	mine    *mapiHTTPClient
	auth    *webAuth
	web     *webLine
	waiting partial
	jar     jar
	open    bool // a session context has been made and not been left
}

// mapiHTTPClient is what all sessions of one Outlook share.
type mapiHTTPClient struct {
	id    string // a GUID
	asked int    // requests so far
	url   *url.URL
	// old is the cookies of a session context that was dropped. The next
	// Connect shows them, so that the server can clear it away (3.1.5.6).
	old []*http.Cookie
}

func openMAPIHTTP(l *line) func() session {
	l.keeps()
	h := fnv.New128a()
	h.Write([]byte(l.env.Activity.ID + "\x00" + l.env.Login.User))
	id := h.Sum(nil)
	scheme := "https"
	if l.env.Endpoint.Security == lab.Plain {
		scheme = "http"
	}
	mine := &mapiHTTPClient{
		id:  fmt.Sprintf("{%X-%X-%X-%X-%X}", id[:4], id[4:6], id[6:8], id[8:10], id[10:]),
		url: &url.URL{Scheme: scheme, Host: l.env.Endpoint.Host, Path: mapihttp.URLPath, RawQuery: mapiQuery},
	}
	return func() session { return newOutlook(l, newMAPIHTTP(l, mine)) }
}

func newMAPIHTTP(l *line, mine *mapiHTTPClient) *mapiHTTP {
	return &mapiHTTP{
		line: l, mine: mine, web: newWebLine(l), waiting: partial{web: newWebLine(l)},
		jar: jar{host: l.env.Endpoint.Host, secure: mine.url.Scheme == "https"},
	}
}

// redirect does nothing: every server passes requests on to where the mailbox
// is, and the address stays the same (Exchange 2013 and later).
func (m *mapiHTTP) redirect(string) {}

func (m *mapiHTTP) connect(ctx context.Context, password, mailboxDN string) error {
	m.auth = newWebAuth(m.line, m.line.authOf(lab.AuthNTLM), password)
	m.jar.cookies = m.mine.old
	body, err := mapihttp.ConnectRequest{
		UserDN: mailboxDN, CodePage: codePage, SortLCID: locale, StringLCID: locale,
	}.Encode()
	if err != nil {
		return refused(stageMailbox, "the mailbox's name cannot be sent")
	}
	answer, err := m.exchange(ctx, stageSignIn, mapihttp.Connect, body, false)
	if err != nil {
		return err
	}
	r, err := mapihttp.ParseConnectResponse(answer)
	switch {
	case err != nil:
		return unexpected(stageMailbox, "%v", err)
	case r.Code != mapi.Success:
		return refused(stageMailbox, "Connect: "+r.Code.String())
	case len(m.jar.cookies) == 0:
		return unexpected(stageMailbox, "Connect without a cookie")
	}
	m.open, m.mine.old = true, nil
	return nil
}

func (m *mapiHTTP) execute(ctx context.Context, stage string, buffer []byte, once bool) ([]byte, error) {
	body, err := mapihttp.ExecuteRequest{
		Flags: mapihttp.ExecuteNoCompression | mapihttp.ExecuteNoXorMagic, RopBuffer: buffer, MaxRopOut: maxRopOut,
	}.Encode()
	if err != nil {
		return nil, err
	}
	answer, err := m.exchange(ctx, stage, mapihttp.Execute, body, once)
	if err != nil {
		return nil, err
	}
	r, err := mapihttp.ParseExecuteResponse(answer)
	switch {
	case err != nil:
		return nil, muddled(stage, once, err)
	case r.Code == mapi.CodeBufferTooSmall, r.Code == mapi.CodeRPCFormat: // the session goes on
		return nil, refused(stage, "Execute: "+r.Code.String())
	case r.Code != mapi.Success:
		m.open = false
		return nil, &lost{Failure: refused(stage, "Execute: "+r.Code.String()), again: true}
	}
	return r.RopBuffer, nil
}

// exchange makes one request and returns the body of its answer.
func (m *mapiHTTP) exchange(ctx context.Context, stage string, kind mapihttp.RequestType, body []byte, once bool) ([]byte, error) {
	req := m.request(kind, body)
	req.once = once
	a, err := m.auth.exchange(ctx, m.web, stage, req)
	if err != nil {
		return nil, err
	}
	m.jar.take(a.Response, m.line.env.Now())
	if stage == stageSignIn { // it has worked, whatever else is wrong
		stage = stageMailbox
	}
	if a.StatusCode != http.StatusOK {
		return nil, a.verdict(stage)
	}
	final, err := finalOf(a)
	if code, ok := err.(mapihttp.ResponseCode); ok {
		return nil, m.refusal(stage, kind, code)
	}
	if err != nil {
		return nil, muddled(stage, once, err)
	}
	return final.Body, nil
}

func (m *mapiHTTP) request(kind mapihttp.RequestType, body []byte) *request {
	m.mine.asked++
	header := http.Header{}
	mapihttp.RequestHead{
		Type: kind, RequestID: fmt.Sprintf("%s:%d", m.mine.id, m.mine.asked),
		ClientInfo: m.mine.id, ClientApplication: outlookApplication,
	}.Set(header)
	req := newRequest(http.MethodPost, m.mine.url, header, body)
	req.name = string(kind)
	req.cookie = m.jar.header(m.mine.url.Path, m.line.env.Now())
	return req
}

// finalOf reads an answer with the status 200. The error is the response code if
// that is not a success.
func finalOf(a answer) (mapihttp.Final, error) {
	head, err := mapihttp.ParseResponseHead(a.Header)
	if err != nil {
		return mapihttp.Final{}, err
	}
	if head.Code != mapihttp.CodeSuccess {
		return mapihttp.Final{}, head.Code
	}
	final, err := mapihttp.ReadFinal(bytes.NewReader(a.body), mapihttp.Limits{})
	if err == nil && final.Code != mapihttp.CodeSuccess {
		err = final.Code
	}
	return final, err
}

// refusal judges a response code. Without its session context nothing of a
// request was done, and a new one may do it.
func (m *mapiHTTP) refusal(stage string, kind mapihttp.RequestType, code mapihttp.ResponseCode) error {
	f := refused(stage, mapihttp.HeaderResponseCode+" "+code.String())
	switch code {
	case mapihttp.CodeContextNotFound, mapihttp.CodeInvalidContextCookie, mapihttp.CodeMissingCookie,
		mapihttp.CodeInvalidSequence, mapihttp.CodeNoPrivilege:
		if kind != mapihttp.Connect {
			return &lost{Failure: f, again: true}
		}
		m.mine.old = nil
	case mapihttp.CodeEndpointShuttingDown:
		f.Kind = lab.Unreachable
	}
	return f
}

func (m *mapiHTTP) wait(ctx context.Context) {
	if m.waiting.req != nil || !m.open {
		return
	}
	body, err := mapihttp.NotificationWaitRequest{}.Encode()
	if err == nil {
		_ = m.waiting.ask(ctx, m.auth, m.request(mapihttp.NotificationWait, body))
	}
}

func (m *mapiHTTP) news() bool {
	a, done, err := m.waiting.look()
	if !done || err != nil {
		return false
	}
	if a.StatusCode != http.StatusOK { // it wants to be signed in to anew
		m.waiting.drop()
		return false
	}
	final, err := finalOf(a)
	if err != nil {
		return false
	}
	_, err = mapihttp.ParseNotificationWaitResponse(final.Body)
	return err == nil
}

// leave ends the session context; its cookies are worth nothing then.
func (m *mapiHTTP) leave() {
	if !m.open {
		return
	}
	m.open = false
	if body, err := (mapihttp.DisconnectRequest{}).Encode(); err == nil {
		_, _ = m.exchange(context.Background(), stageMailbox, mapihttp.Disconnect, body, false)
	}
}

func (m *mapiHTTP) drop() {
	if m.open {
		m.open, m.mine.old = false, m.jar.cookies
	}
	m.web.drop()
	m.waiting.drop()
}
