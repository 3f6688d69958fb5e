package client

import (
	"bufio"
	"bytes"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// maxPlainBody bounds the bodies whose length is believed before they came.
const maxPlainBody = 64 << 10

// plainHead reads the heads that nearly all answers have, into one
// http.Response that is used again: polling for a day means reading the same
// head thousands of times.
type plainHead struct {
	http.Response
	text   string   // what the response was read from; "" when it was not good
	values []string // what the header's fields are made of
}

var endOfHead = []byte("\r\n\r\n")

// read takes the head of an answer from r, if it is there whole, is well formed
// (RFC 9112 sections 4 and 5) and leaves no question of where the body ends:
// HTTP/1.1, a final status that has a body, a Content-Length up to
// [maxPlainBody], and neither Transfer-Encoding nor Connection. Otherwise it
// takes nothing, and http.ReadResponse decides. It must not be used for
// the answer to a HEAD request.
func (h *plainHead) read(r *bufio.Reader) bool {
	buffered, _ := r.Peek(r.Buffered())
	end := bytes.Index(buffered, endOfHead)
	if end <= 0 {
		return false
	}
	if string(buffered[:end]) != h.text {
		head := string(buffered[:end])
		if h.text = ""; !h.parse(head) {
			return false
		}
		h.text = head
	}
	r.Discard(end + len(endOfHead))
	return true
}

func (h *plainHead) parse(head string) bool {
	line, rest, more := strings.Cut(head, "\r\n")
	status, ok := strings.CutPrefix(line, "HTTP/1.1 ")
	if !ok || len(status) < 4 || status[3] != ' ' || !printable(status) {
		return false
	}
	code, err := strconv.Atoi(status[:3])
	if err != nil || code < 200 || code == http.StatusNoContent || code == http.StatusNotModified {
		return false
	}
	header, values, length := h.Header, h.values[:0], int64(-1)
	if header == nil {
		header = http.Header{}
	}
	clear(header)
	for more {
		line, rest, more = strings.Cut(rest, "\r\n")
		key, value, ok := strings.Cut(line, ":")
		if !ok || !plainKey(key) || !printable(value) {
			return false
		}
		key, value = textproto.CanonicalMIMEHeaderKey(key), strings.Trim(value, " \t")
		switch key {
		case "Transfer-Encoding", "Connection":
			return false
		case "Content-Length":
			n, err := strconv.ParseUint(value, 10, 63)
			if err != nil || length >= 0 || n > maxPlainBody {
				return false
			}
			length = int64(n)
		}
		values = append(values, value)
		if last := len(values) - 1; header[key] == nil {
			header[key] = values[last : last+1 : last+1]
		} else {
			header[key] = append(header[key], value)
		}
	}
	h.values = values
	h.Response = http.Response{Status: status, StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, ContentLength: length}
	return length >= 0
}

// plainKey tells whether a field's name has letters, digits and hyphens only.
func plainKey(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return s != ""
}

// printable tells whether s has no control characters but tabs.
func printable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
