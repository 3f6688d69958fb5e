package client

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/ews"
)

// streamTimeout is how long a client asks the server to hold a streaming
// connection open: the most there is.
const streamTimeout = 30 * time.Minute

// eventStream is a streaming subscription to the inbox, with the response that
// carries its events on a connection of its own. It is read when an attempt
// begins: what has come is there, and nothing is waited for.
type eventStream struct {
	session      *webServices
	web          *webLine
	subscription string // "" until there is one
	open         bool   // a response is outstanding, at least in part
	text         stream
}

// wait sees to a subscription and to a response that carries it. That it fails
// is for a later attempt to find out.
func (e *eventStream) wait(ctx context.Context) {
	if e.open {
		return
	}
	if e.web.conn != nil && heard(e.web.conn) { // nothing is outstanding: the server has hung up
		e.web.drop()
	}
	s := e.session
	stage := string(lab.Receive)
	if e.subscription == "" {
		m, err := s.one(ctx, stage, ews.Subscribe{
			Folders: []ews.FolderRef{ews.Distinguished(ews.Inbox)},
			Events:  []ews.EventType{ews.NewMailEvent, ews.CreatedEvent, ews.ModifiedEvent, ews.DeletedEvent},
		}, false)
		if err != nil {
			return
		}
		e.subscription = m.Subscription
	}
	req, err := s.request(ews.GetStreamingEvents{Subscriptions: []string{e.subscription}, Timeout: streamTimeout})
	if err == nil {
		err = s.auth.leave(ctx, e.web, req)
	}
	if err != nil {
		e.drop()
		return
	}
	e.open, e.text = true, stream{}
}

// take reads what the stream has brought since the last time.
func (e *eventStream) take() {
	if !e.open {
		return
	}
	var buf [32 << 10]byte
	for e.open {
		glance(e.web.conn)
		n, err := e.web.conn.Read(buf[:])
		if n > 0 {
			e.feed(buf[:n])
			continue
		}
		if err != nil && !late(err) {
			e.drop()
		}
		return
	}
}

// feed takes a piece of the response.
func (e *eventStream) feed(b []byte) {
	ok := e.text.feed(b)
	for _, doc := range e.text.documents() {
		r, err := ews.ParseResponse(doc)
		if err != nil {
			ok = false
			break
		}
		for _, m := range r.Messages {
			if m.Err() != nil { // the subscription is gone, or cannot be served
				e.subscription = ""
			}
		}
	}
	switch {
	case !ok: // a refusal, or no sense: the next one starts over
		e.subscription = ""
		e.drop()
	case e.text.over:
		e.open = false // the connection may carry the next one
	}
}

// drop closes the connection. The subscription, if the server has it still, is
// taken up by the next one.
func (e *eventStream) drop() {
	e.web.drop()
	e.open = false
}

// maxHead bounds the head of such a response, in octets.
const maxHead = 64 << 10

// stream is a chunked response of which a part has come (RFC 9112 section 7.1).
type stream struct {
	in   []byte // what is not taken apart yet
	body []byte // what is not handed out yet
	done int    // octets of it in which no envelope ends
	head bool   // the head has been read
	left int    // octets of the chunk under way, with its line end; 0: none
	over bool   // the last chunk has come
}

// feed takes a piece, and tells whether it makes sense.
func (s *stream) feed(b []byte) bool {
	if len(s.in)+len(s.body)+len(b) > maxAnswer {
		return false
	}
	s.in = append(s.in, b...)
	if !s.head {
		end := bytes.Index(s.in, []byte("\r\n\r\n"))
		if end < 0 {
			return len(s.in) < maxHead
		}
		r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(s.in[:end+4])), &http.Request{Method: http.MethodPost})
		if err != nil || r.StatusCode != http.StatusOK || len(r.TransferEncoding) != 1 || r.TransferEncoding[0] != "chunked" {
			return false
		}
		s.in, s.head = s.in[end+4:], true
	}
	for !s.over {
		if s.left > 0 {
			n := min(s.left, len(s.in))
			if text := min(n, max(s.left-2, 0)); text > 0 { // the last two are the line end
				s.body = append(s.body, s.in[:text]...)
			}
			if s.in, s.left = s.in[n:], s.left-n; s.left > 0 {
				return true
			}
		}
		line := bytes.IndexByte(s.in, '\n')
		if line < 0 {
			return len(s.in) < 1<<10
		}
		size, ok := chunkSize(s.in[:line])
		if !ok {
			return false
		}
		if size > 0 {
			s.in, s.left = s.in[line+1:], size+2
			continue
		}
		end := bytes.Index(s.in, []byte("\r\n\r\n")) // without trailer fields that is at once
		if end < 0 {
			return len(s.in) < 1<<10
		}
		s.in, s.over = s.in[end+4:], true
	}
	return len(s.in) == 0
}

// chunkSize reads the line before a chunk.
func chunkSize(line []byte) (int, bool) {
	line, _, _ = bytes.Cut(bytes.TrimRight(line, "\r"), []byte{';'})
	n := 0
	for _, d := range bytes.ToLower(bytes.TrimSpace(line)) {
		switch {
		case d >= '0' && d <= '9':
			n = n<<4 | int(d-'0')
		case d >= 'a' && d <= 'f':
			n = n<<4 | int(d-'a'+10)
		default:
			return 0, false
		}
		if n > maxAnswer {
			return 0, false
		}
	}
	return n, len(line) > 0
}

// documents hands out the envelopes that have come whole.
func (s *stream) documents() (list [][]byte) {
	const end = "Envelope>"
	const longest = len("</") + 32 + len(end) // with a prefix
	for {
		k := bytes.Index(s.body[s.done:], []byte(end))
		if k < 0 {
			s.done = max(s.done, len(s.body)-len(end)+1)
			return list
		}
		s.done += k + len(end)
		tag := s.body[max(0, s.done-longest):s.done]
		if open := bytes.LastIndexByte(tag, '<'); open < 0 || tag[open+1] != '/' {
			continue
		}
		list = append(list, bytes.TrimSpace(s.body[:s.done:s.done]))
		s.body, s.done = s.body[s.done:], 0
	}
}
