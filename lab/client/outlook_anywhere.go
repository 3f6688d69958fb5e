package client

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
	"shutout/lab/protocol/rpch"
)

// anywhereCarrier is RPC over HTTP version 2.
//
// With Basic the proxy's sign-in is the only one, and the bind is without
// authentication; with NTLM and Kerberos the bind signs in once more.
type anywhereCarrier struct {
	emsmdbLine
	line   *line
	opened *int   // virtual connections that the activity has begun
	server string // where the server has sent the client; "" for the endpoint's
}

func openOutlookAnywhere(l *line) func() session {
	l.keeps()
	opened := 0
	return func() session { return newOutlook(l, &anywhereCarrier{line: l, opened: &opened}) }
}

func (c *anywhereCarrier) redirect(server string) { c.server = server }

const stageProxy = "RPC proxy"

func (c *anywhereCarrier) connect(ctx context.Context, password, mailboxDN string) error {
	c.drop()
	auth := c.line.authOf(lab.AuthBasic)
	web := newWebAuth(c.line, auth, password)
	names := c.names()
	out, err := c.channel(ctx, web, rpch.OpenOut, names.A1())
	if err != nil {
		return err
	}
	in, err := c.channel(ctx, web, rpch.OpenIn, nil)
	if err != nil {
		out.conn.Close()
		return err
	}
	hangUp := func() {
		in.conn.Close()
		out.conn.Close()
	}
	patient := func() {
		extend(in.conn, patience)
		extend(out.conn, patience)
	}
	patient()
	conn, err := names.Open(in.conn, out.body)
	if err != nil {
		hangUp()
		return unreachable(stageProxy, err)
	}
	c.emsmdbLine = emsmdbLine{
		rpc:     dcerpc.NewConn(conn, dcerpc.Limits{}),
		came:    func() (bool, error) { return conn.Poll(out.stirred) },
		patient: patient, hangUp: hangUp, record: c.line.record,
	}
	if err := c.signIn(ctx, auth, password, mailboxDN); err != nil {
		c.drop()
		return err
	}
	return nil
}

func (c *anywhereCarrier) signIn(ctx context.Context, auth lab.Auth, password, mailboxDN string) (err error) {
	var h *dcerpc.Handshake
	var m mechanism
	if auth != lab.AuthBasic {
		if h, m, err = c.line.prove(ctx, auth, password, c.target()); err != nil {
			return err
		}
	}
	if err := c.bind(h, m); err != nil {
		return err
	}
	return c.openSession(mailboxDN)
}

// target is the RPC server behind the proxy: where another one has sent the
// client, or else whom the lab names, or Autodiscover.
func (c *anywhereCarrier) target() string {
	switch at := c.line.env.Endpoint; {
	case c.server != "":
		return c.server
	case at.Server != "":
		return at.Server
	case c.line.settings != nil && c.line.settings.rpcServer != "":
		return c.line.settings.rpcServer
	default:
		return at.Host
	}
}

// names makes the cookies of the next virtual connection. A run must be
// repeatable, so they follow from whose it is and from how many came before it.
func (c *anywhereCarrier) names() rpch.Client {
	*c.opened++
	name := func(what string) (u [16]byte) {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s", c.line.env.Activity.ID, c.line.env.Login.User, *c.opened, what))
		return [16]byte(sum[:])
	}
	return rpch.Client{
		Connection: name("connection"), In: name("in"), Out: name("out"), Group: name("group"),
	}
}

// webChannel is an HTTP connection that has become one of the two channels.
type webChannel struct {
	conn net.Conn
	r    *bufio.Reader
	body io.Reader // of the OUT channel's response

	record *record
}

// channel opens one of the channels, on a connection of its own.
func (c *anywhereCarrier) channel(ctx context.Context, web *webAuth, purpose rpch.Purpose, body []byte) (*webChannel, error) {
	conn, err := c.line.dial(ctx)
	if err != nil {
		return nil, err
	}
	ch := &webChannel{conn: conn, r: bufio.NewReader(conn), record: c.line.record}
	q := rpch.Request{Purpose: purpose, Server: c.target(), Port: emsmdb.HTTPPort}
	if err := ch.open(ctx, q, c.line.env.Endpoint.Host, web.begin(), body); err != nil {
		conn.Close()
		return nil, err
	}
	return ch, nil
}

// open signs in and sends the request that stays.
func (ch *webChannel) open(ctx context.Context, q rpch.Request, host string, h *webHandshake, body []byte) error {
	value, other, err := h.run(ctx, func(value string) (answer, error) {
		resp, err := ch.ask(q, host, value, nil, true)
		return answer{Response: resp}, err
	})
	switch {
	case err != nil:
		return err
	case other != nil:
		return judge(*other, stageSignIn)
	}
	resp, err := ch.ask(q, host, value, body, false)
	switch {
	case err != nil:
		return err
	case q.Purpose == rpch.OpenIn && resp.StatusCode == http.StatusContinue:
		return nil
	case q.Purpose == rpch.OpenIn || resp.StatusCode != http.StatusOK:
		return judge(answer{Response: resp}, stageSignIn)
	}
	if err := rpch.CheckOutResponse(resp); err != nil {
		return unexpected(stageProxy, "%v", err)
	}
	ch.body = resp.Body
	return nil
}

// ask sends a request's head, and body, and reads the head of the answer: for
// an IN channel that is the server's word to go on. A bare request is answered
// whole.
func (ch *webChannel) ask(q rpch.Request, host, authorization string, body []byte, bare bool) (*http.Response, error) {
	req := q.HTTP(host)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	final := bare || q.Purpose == rpch.OpenOut
	if bare {
		req.ContentLength = 0
	} else if q.Purpose == rpch.OpenIn {
		req.Header.Set("Expect", "100-continue")
	}
	extend(ch.conn, patience)
	w := bufio.NewWriter(ch.conn)
	ch.record.asked(&request{Request: req, authorization: authorization})
	if err := rpch.WriteHead(w, req); err != nil {
		return nil, unreachable(stageProxy, err)
	}
	w.Write(body)
	if err := w.Flush(); err != nil {
		return nil, unreachable(stageProxy, err)
	}
	read := func() (*http.Response, error) { return http.ReadResponse(ch.r, nil) }
	if final {
		read = func() (*http.Response, error) { return rpch.ReadResponse(ch.r) }
	}
	resp, err := read()
	if err == nil && bare {
		_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	}
	if err != nil {
		ch.record.failed(err)
		return nil, unreachable(stageProxy, err)
	}
	ch.record.answered(resp, 0)
	return resp, nil
}

// stirred tells, without waiting, whether something can be read.
func (ch *webChannel) stirred() bool {
	if ch.r.Buffered() > 0 || heard(ch.conn) {
		return true
	}
	if _, ok := ch.conn.(*tls.Conn); !ok {
		return false
	}
	glance(ch.conn)
	defer extend(ch.conn, patience)
	_, err := ch.r.Peek(1)
	return !late(err)
}
