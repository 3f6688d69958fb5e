package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
)

// maxPartial bounds an answer that comes bit by bit, in bytes.
const maxPartial = 64 << 10

// partial is a request whose answer the server sends bit by bit, on a line of
// its own, with signs of life in between. Its client looks now and then what
// has come, and never waits for more: the server may hold the end back for as
// long as it likes.
type partial struct {
	web *webLine
	req *request // nil: none is outstanding
	got []byte   // what has come of its answer
}

// ask leaves a request outstanding.
func (p *partial) ask(ctx context.Context, a *webAuth, req *request) error {
	if err := a.leave(ctx, p.web, req); err != nil {
		p.web.drop()
		return err
	}
	p.req, p.got = req, p.got[:0]
	return nil
}

// drop forgets the request and its line.
func (p *partial) drop() {
	p.req = nil
	p.web.drop()
}

// look takes what has come. Done says that nothing is outstanding any more: the
// answer has come whole, or it will never come and err says why.
func (p *partial) look() (a answer, done bool, err error) {
	if p.req == nil {
		return a, false, nil
	}
	ended := p.take()
	a, rest, err := whole(p.got, p.req.Request, ended != nil)
	if err == io.ErrUnexpectedEOF {
		if ended == nil && len(p.got) < maxPartial {
			return a, false, nil
		}
		if err = ended; err == nil {
			err = errTooLong
		}
	}
	p.req = nil
	p.web.used = true
	if err == nil {
		p.web.line.record.answered(a.Response, len(a.body))
	} else {
		p.web.line.record.failed(err)
	}
	if err != nil || ended != nil || rest || a.Close {
		p.web.drop()
	}
	return a, true, err
}

// take reads what is there. The error says that the connection has ended.
func (p *partial) take() error {
	c := p.web.conn
	if c == nil {
		return net.ErrClosed
	}
	var block [4096]byte
	for len(p.got) < maxPartial {
		glance(c)
		n, err := c.Read(block[:])
		p.got = append(p.got, block[:n]...)
		switch {
		case late(err):
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// whole parses an answer. Rest says that more follows than the answer; the error
// is io.ErrUnexpectedEOF while something is missing. Ended says that nothing
// will follow got, which some answers need to be known as whole.
func whole(got []byte, req *http.Request, ended bool) (a answer, rest bool, err error) {
	in := bytes.NewReader(got)
	r := bufio.NewReader(in)
	left := func() int { return r.Buffered() + in.Len() }
	for {
		if !ended && !bytes.Contains(got[len(got)-left():], endOfHead) {
			err = io.ErrUnexpectedEOF // half a field would count as malformed
			break
		}
		if a.Response, err = http.ReadResponse(r, req); err != nil {
			break
		}
		if a.StatusCode >= 200 || a.StatusCode < 100 { // RFC 9110 section 15.2
			a.body, err = io.ReadAll(a.Body)
			if err == nil && a.ContentLength < 0 && len(a.TransferEncoding) == 0 && !ended {
				err = io.ErrUnexpectedEOF
			}
			break
		}
	}
	switch {
	case err == nil:
		return a, left() > 0, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "trailer"): // what net/http says of half the end of the last chunk
		err = io.ErrUnexpectedEOF
	}
	return answer{}, false, err
}
