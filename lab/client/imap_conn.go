package client

import (
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// patientConn is a connection as the library needs it. It takes its deadlines
// from the session alone: the library sets one only once an answer has begun, and
// would wait for that for ever. It also remembers how the connection ended, which
// the library's errors do not tell, and bounds what the library reads.
type patientConn struct {
	net.Conn
	ended error        // written by the reader before it fails the commands that wait
	room  atomic.Int64 // bytes that the server may still say in this exchange
	words capabilities
}

// maxExchange bounds what a server says in one exchange, in bytes: the library
// keeps a line of any length.
const maxExchange = 64 << 20

var errEndless = errors.New("the server does not stop talking")

func (*patientConn) SetDeadline(time.Time) error      { return nil }
func (*patientConn) SetReadDeadline(time.Time) error  { return nil }
func (*patientConn) SetWriteDeadline(time.Time) error { return nil }

func (c *patientConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.words.mend(b[:n])
	if c.room.Add(-int64(n)) < 0 {
		n, err = 0, errEndless
	}
	if err != nil && c.ended == nil {
		c.ended = err
	}
	return n, err
}

// Write sends an empty response to a challenge as an empty line. The library
// writes "=", which stands for one only beside the command itself (RFC 4959
// section 3), and is what no other line consists of.
func (c *patientConn) Write(b []byte) (int, error) {
	if string(b) != "=\r\n" {
		return c.Conn.Write(b)
	}
	_, err := c.Conn.Write(b[1:])
	return len(b), err
}

// capabilities finds the lists of capabilities in what a server says. None of
// them has a parenthesis (RFC 3501 section 9), and at one the library's reader
// would turn in a circle for ever, deaf to the end of its connection.
type capabilities struct {
	field  int    // of the line, from 0; the list comes after the second, or in a code after it
	word   []byte // the field's, as far as it matters
	within bool   // a list
}

// otherLine is the field in which nothing matters any more.
const otherLine = 3

// mend puts something harmless in the place of a parenthesis.
func (c *capabilities) mend(b []byte) {
	for i, ch := range b {
		switch {
		case ch == '\n':
			*c = capabilities{word: c.word[:0]}
		case c.within && ch == '(':
			b[i] = '?'
		case c.within && c.field == 2 && ch == ']':
			c.field, c.within = otherLine, false
		case c.within || c.field == otherLine:
		case ch == ' ' || ch == '(':
			if c.next(); c.within && ch == '(' {
				b[i] = '?'
			}
		case len(c.word) <= len("[CAPABILITY"):
			c.word = append(c.word, ch)
		}
	}
}

// next ends a field.
func (c *capabilities) next() {
	word := strings.ToUpper(string(c.word))
	c.word = c.word[:0]
	switch {
	case c.field == 1 && word == "CAPABILITY", c.field == 2 && word == "[CAPABILITY":
		c.within = true
	case c.field == 0, c.field == 1 && slices.Contains(untagged, word):
		c.field++
	default:
		c.field = otherLine
	}
}
