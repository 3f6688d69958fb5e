package client

import (
	"bytes"
	"strconv"
	"sync"
)

// record is what is said in an attempt, in lines. Only what may be shown comes
// into it: names of commands and operations, statuses, sizes, and those words
// of a server's answer that answers are made of. Nothing is hidden afterwards.
// A nil record writes nothing down.
type record struct {
	mu   sync.Mutex // the IMAP library reads in a goroutine of its own
	b    []byte
	head int // where the lines end that are kept whatever follows
	left int // lines that were left out behind them
}

// An attempt may take thousands of lines, such as that of somebody who guesses
// passwords: then its beginning and its end are kept, about so many bytes each.
const maxRecorded = 2 << 10

const (
	clientSays = "C: "
	serverSays = "S: "
)

// begin forgets the attempt before.
func (r *record) begin() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.b, r.head, r.left = r.b[:0], 0, 0
}

// line adds a line, which is made of parts.
func (r *record) line(who string, parts ...string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.b = append(r.b, who...)
	for _, p := range parts {
		r.b = append(r.b, p...)
	}
	r.end()
}

// unanswered takes back what the client has said since a server last spoke. What
// is still written to a connection that has ended depends on who is faster.
func (r *record) unanswered() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		last := bytes.LastIndexByte(bytes.TrimSuffix(r.b, []byte("\n")), '\n') + 1
		if !bytes.HasPrefix(r.b[last:], []byte(clientSays)) || bytes.HasPrefix(r.b[last:], []byte(clientSays+"connect to ")) {
			return
		}
		r.b = r.b[:last]
		r.head = min(r.head, last)
	}
}

// sized adds a line that ends in a number of bytes.
func (r *record) sized(who, text string, n int) {
	if r == nil {
		return
	}
	r.line(who, text, "(", strconv.Itoa(n), " bytes)")
}

// end ends a line, and drops what lies too long behind it.
func (r *record) end() {
	r.b = append(r.b, '\n')
	switch {
	case len(r.b) <= maxRecorded:
		r.head = len(r.b)
	case len(r.b) > r.head+2*maxRecorded: // not with every line
		cut := len(r.b) - maxRecorded
		cut += bytes.IndexByte(r.b[cut:], '\n') + 1
		r.left += bytes.Count(r.b[r.head:cut], []byte("\n"))
		r.b = append(r.b[:r.head], r.b[cut:]...)
	}
}

// appendTo appends the lines to b.
func (r *record) appendTo(b []byte) []byte {
	if r == nil {
		return b
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	b = append(b, r.b[:r.head]...)
	if r.left > 0 {
		b = append(b, "… "...)
		b = strconv.AppendInt(b, int64(r.left), 10)
		b = append(b, " lines left out\n"...)
	}
	return append(b, r.b[r.head:]...)
}
