package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"shutout/lab"
)

// maxAnswer bounds one answer, head and body, in bytes.
const maxAnswer = 16 << 20

// request is an HTTP request that is built once and sent many times.
type request struct {
	*http.Request        // what it asks for, to whoever reads the answer
	head          []byte // as it goes out, up to the fields below
	cookie        string // "" leaves the field away
	authorization string // and so here
	body          []byte
	name          string // what it asks for, in a word of the protocol's; may be empty
	// once: sending it twice would do its work twice.
	once bool
}

func newRequest(method string, u *url.URL, header http.Header, body []byte) *request {
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, u.RequestURI(), u.Host)
	header.Write(&head)
	return &request{Request: &http.Request{Method: method, URL: u}, head: head.Bytes(), body: body}
}

func (r *request) write(w *bufio.Writer) error {
	w.Write(r.head)
	if r.cookie != "" {
		w.WriteString("Cookie: ")
		w.WriteString(r.cookie)
		w.WriteString("\r\n")
	}
	if r.authorization != "" {
		w.WriteString("Authorization: ")
		w.WriteString(r.authorization)
		w.WriteString("\r\n")
	}
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		w.WriteString("Content-Length: ")
		w.Write(strconv.AppendInt(w.AvailableBuffer(), int64(len(r.body)), 10))
		w.WriteString("\r\n")
	}
	w.WriteString("\r\n")
	w.Write(r.body)
	return w.Flush() // which also tells what went wrong before
}

// answer is a response with its body read. It is valid until the next exchange
// on the same connection.
type answer struct {
	*http.Response
	body []byte
}

// webLine is HTTP/1.1 over one connection that is kept open and made anew when
// it is gone. Unlike http.Transport it has no goroutines of its own, so that
// an attempt begins and ends in the caller's.
type webLine struct {
	line *line
	at   *place // where it connects to; nil for the endpoint
	// never: the first connection is also the last.
	never bool

	conn  net.Conn
	limit io.LimitedReader // of what one answer may send
	r     *bufio.Reader
	w     *bufio.Writer
	head  plainHead
	body  bytes.Buffer
	made  bool
	used  bool // the connection has carried an answer
	// signedIn is the sign-in that the connection has behind it, nil for none.
	signedIn *webAuth
}

func newWebLine(l *line) *webLine {
	return &webLine{line: l, never: l.never()}
}

var errTooLong = errors.New("the answer is too long")

// exchange sends req and reads its answer whole. A connection that was kept
// open and turns out dead before a byte of the answer came is made anew, once,
// unless the request had gone out and may have done its work. Errors are
// *lab.Failure with the given stage.
func (l *webLine) exchange(ctx context.Context, stage string, req *request) (answer, error) {
	if l.conn != nil && req.once && !l.never && heard(l.conn) {
		l.drop()
	}
	for {
		if err := l.connect(ctx); err != nil {
			return answer{}, err
		}
		reused := l.used
		extend(l.conn, patience)
		l.line.record.asked(req)
		unsent := req.write(l.w)
		// A server may refuse a long request before it has read it all.
		a, began, err := l.receive(req)
		switch {
		case err == nil && req.once && (a.StatusCode == http.StatusBadGateway || a.StatusCode == http.StatusGatewayTimeout):
			// What is behind the gateway may have done it (RFC 9110 section 15.6.3 and 15.6.5).
			return answer{}, &lab.Failure{Kind: lab.Unknown, Stage: stage, Text: a.Status}
		case err == nil:
			return a, nil
		}
		l.line.record.failed(err)
		l.drop()
		switch {
		case unsent == nil && req.once:
			return answer{}, unknown(stage, err)
		case reused && !began && !l.never && closed(err) && ctx.Err() == nil:
			// It was dead already.
		default:
			return answer{}, unreachable(stage, err)
		}
	}
}

// connect sees to an open connection.
func (l *webLine) connect(ctx context.Context) error {
	if l.conn != nil {
		return nil
	}
	if l.never && l.made {
		return &lab.Failure{Kind: lab.Unreachable, Stage: stageDial, Text: closedText}
	}
	to := l.line.endpoint()
	if l.at != nil {
		to = *l.at
	}
	conn, err := l.line.dialTo(ctx, to)
	if err != nil {
		return err
	}
	l.conn, l.used, l.made, l.signedIn = conn, false, true, nil
	l.limit.R = conn
	if l.r == nil {
		l.r, l.w = bufio.NewReader(&l.limit), bufio.NewWriter(conn)
	} else {
		l.r.Reset(&l.limit)
		l.w.Reset(conn)
	}
	return nil
}

// leave sends req and leaves its answer for later: the connection stays as it
// is until receive is called.
func (l *webLine) leave(ctx context.Context, req *request) error {
	if err := l.connect(ctx); err != nil {
		return err
	}
	extend(l.conn, patience)
	l.line.record.asked(req)
	if err := req.write(l.w); err != nil {
		l.line.record.failed(err)
		l.drop()
		return unreachable(string(lab.Receive), err)
	}
	return nil
}

// receive reads the answer to a request that was sent. Began says that at
// least one byte of it came.
func (l *webLine) receive(req *request) (a answer, began bool, err error) {
	l.limit.N = maxAnswer
	if _, err := l.r.Peek(1); err != nil {
		return a, false, err
	}
	l.body.Reset()
	if l.head.read(l.r) {
		a.Response = &l.head.Response
		a.Request = req.Request
		err = l.readBody(int(a.ContentLength))
	} else {
		a.Response, err = http.ReadResponse(l.r, req.Request)
		for err == nil && a.StatusCode >= 100 && a.StatusCode < 200 { // RFC 9110 section 15.2
			a.Response, err = http.ReadResponse(l.r, req.Request)
		}
		if err == nil {
			_, err = l.body.ReadFrom(a.Response.Body)
		}
	}
	if l.limit.N <= 0 { // the body may have no other end
		return a, true, errTooLong
	}
	if err != nil {
		if _, end := l.r.Peek(1); end != nil && closed(end) {
			err = end // half a line does not parse, but that is not what is wrong
		}
		return a, true, err
	}
	a.body = l.body.Bytes()
	l.line.record.answered(a.Response, len(a.body))
	l.used = true
	if a.Close || l.r.Buffered() > 0 {
		l.drop()
	}
	return a, true, nil
}

// readBody reads n bytes, which are at most [maxPlainBody].
func (l *webLine) readBody(n int) error {
	l.body.Grow(n)
	b := l.body.AvailableBuffer()[:n]
	read, err := io.ReadFull(l.r, b)
	l.body.Write(b[:read])
	return err
}

func (l *webLine) drop() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}

// verdict judges an answer that is not what was asked for.
func (a answer) verdict(stage string) *lab.Failure { return httpRefusal(stage, a.Response) }
