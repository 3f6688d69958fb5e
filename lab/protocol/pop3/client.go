// Package pop3 speaks the Post Office Protocol for both ends: a client over a
// connection, and the lines that a server reads and writes. It has no policy:
// who may sign in, and when, is for its callers to say.
//
// Sources: RFC 1939 (the protocol), RFC 2449 (CAPA, line lengths, response
// codes), RFC 2595 section 4 (STLS).
package pop3

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
)

// An Error is a server's -ERR. The session goes on after it.
type Error struct {
	Verb string // the command that was refused; "greeting" before the first
	Text string // what the server said, without "-ERR"
}

func (e *Error) Error() string { return "pop3: " + e.Verb + ": " + e.Text }

// Code is the response code at the beginning of the text, for example "AUTH"
// or "IN-USE", or empty (RFC 2449 section 8, RFC 3206).
func (e *Error) Code() string {
	if rest, ok := strings.CutPrefix(e.Text, "["); ok {
		if code, _, ok := strings.Cut(rest, "]"); ok {
			return code
		}
	}
	return ""
}

// A ProtocolError is an answer that is not POP3. The connection is of no
// further use.
type ProtocolError struct {
	Reason string
}

func (e *ProtocolError) Error() string { return "pop3: the server sent " + e.Reason }

const (
	// maxStatus bounds a status line. RFC 2449 section 4 allows 512 octets;
	// servers that say more are not worth failing over.
	maxStatus = 4096

	// maxListing bounds the answers to LIST, UIDL and CAPA, in octets.
	maxListing = 16 << 20

	// defaultMaxMessage is far above what mail servers take.
	defaultMaxMessage = 64 << 20
)

// A Client is one POP3 session. It starts no goroutines and does nothing
// between calls. It is not for use by several goroutines at a time. After an
// error other than *Error the only thing left to do is Close.
type Client struct {
	// Timeout is how long each exchange may take: before it the connection's
	// deadline is set that far ahead. With 0 the deadline is left alone.
	Timeout time.Duration

	// MaxMessage bounds the messages that Retr and Top take, in octets.
	MaxMessage int

	// Secured, if set, is given the connection that StartTLS has secured and
	// returns the one to go on with.
	Secured func(net.Conn) net.Conn

	conn net.Conn
	r    *bufio.Reader
	out  []byte
	in   []byte // for listings, which are copied out of it
}

// NewClient is a client over a connection, on which nothing is sent or read
// yet. For POP3 inside TLS (port 995) pass a *tls.Conn.
func NewClient(conn net.Conn) *Client {
	return &Client{MaxMessage: defaultMaxMessage, conn: conn, r: bufio.NewReaderSize(conn, maxStatus)}
}

// Greeting reads what the server says first. Call it once, before any command.
func (c *Client) Greeting() (string, error) {
	if err := c.begin(); err != nil {
		return "", err
	}
	return c.status("greeting")
}

// Capa is what the server can do (RFC 2449 section 5).
func (c *Client) Capa() ([]Capability, error) {
	return lines(c, "CAPA", parseCapability)
}

// StartTLS asks for TLS and does the handshake (RFC 2595 section 4). What the
// server said before it counts for nothing: ask Capa again.
func (c *Client) StartTLS(config *tls.Config) error {
	if _, err := c.command("STLS", ""); err != nil {
		return err
	}
	if c.r.Buffered() > 0 {
		return &ProtocolError{"more than one line before the TLS handshake"}
	}
	secure := tls.Client(c.conn, config)
	if err := secure.Handshake(); err != nil {
		return fmt.Errorf("pop3: STLS: %w", err)
	}
	c.conn = secure
	if c.Secured != nil {
		c.conn = c.Secured(secure)
	}
	c.r.Reset(c.conn)
	return nil
}

// User names the mailbox.
func (c *Client) User(name string) error {
	_, err := c.command("USER", name)
	return err
}

// Pass signs in. The error is the server's; it never has the password.
func (c *Client) Pass(password string) error {
	_, err := c.command("PASS", password)
	return err
}

// Auth signs in with a SASL mechanism whose client speaks first (RFC 5034
// section 4). The error is the server's; it never has the response.
func (c *Client) Auth(mechanism sasl.Client) error {
	name, response, err := mechanism.Start()
	if err != nil {
		return err
	}
	_, err = c.command("AUTH", name+" "+base64.StdEncoding.EncodeToString(response))
	return err
}

// Stat is the number of messages and their size in octets.
func (c *Client) Stat() (count int, size int64, err error) {
	text, err := c.command("STAT", "")
	if err != nil {
		return 0, 0, err
	}
	pair, ok := parsePair(text)
	if !ok {
		return 0, 0, &ProtocolError{"an answer to STAT without two numbers"}
	}
	return pair.Number, pair.Size, nil
}

// List is the numbers and sizes of all messages.
func (c *Client) List() ([]Listing, error) {
	return lines(c, "LIST", parsePair)
}

// UIDL is the unique ids of all messages.
func (c *Client) UIDL() ([]UID, error) {
	return lines(c, "UIDL", parseUID)
}

// Retr is the message with that number.
func (c *Client) Retr(number int) ([]byte, error) {
	return c.message("RETR", strconv.Itoa(number))
}

// Top is the message's header and the first lines of its body.
func (c *Client) Top(number, lines int) ([]byte, error) {
	return c.message("TOP", strconv.Itoa(number)+" "+strconv.Itoa(lines))
}

// Dele marks the message; it goes when Quit ends the session.
func (c *Client) Dele(number int) error {
	_, err := c.command("DELE", strconv.Itoa(number))
	return err
}

// Noop asks for nothing but an answer.
func (c *Client) Noop() error {
	_, err := c.command("NOOP", "")
	return err
}

// Rset takes the marks of Dele back.
func (c *Client) Rset() error {
	_, err := c.command("RSET", "")
	return err
}

// Quit ends the session, with which marked messages go, and closes the
// connection whatever the server says.
func (c *Client) Quit() error {
	_, err := c.command("QUIT", "")
	return errors.Join(err, c.conn.Close())
}

// Close closes the connection without a word, as a link that breaks.
func (c *Client) Close() error { return c.conn.Close() }

// begin starts an exchange.
func (c *Client) begin() error {
	if c.Timeout <= 0 {
		return nil
	}
	return c.conn.SetDeadline(time.Now().Add(c.Timeout))
}

// command sends one command and reads its status line. Errors never have the
// argument in them.
func (c *Client) command(verb, arg string) (string, error) {
	c.out = append(c.out[:0], verb...)
	// PASS keeps its space: an empty password is still an argument.
	if arg != "" || verb == "PASS" {
		c.out = append(c.out, ' ')
		c.out = append(c.out, arg...)
	}
	c.out = append(c.out, '\r', '\n')
	switch {
	case len(c.out) > MaxCommand:
		return "", fmt.Errorf("pop3: %s: the argument is too long for a line of %d octets", verb, MaxCommand)
	case strings.ContainsAny(arg, "\r\n\x00"):
		return "", fmt.Errorf("pop3: %s: a line break in the argument", verb)
	}
	if err := c.begin(); err != nil {
		return "", err
	}
	if _, err := c.conn.Write(c.out); err != nil {
		return "", err
	}
	return c.status(verb)
}

func (c *Client) status(verb string) (string, error) {
	line, err := c.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", &ProtocolError{fmt.Sprintf("a status line of more than %d octets", maxStatus)}
	case errors.Is(err, io.EOF):
		return "", fmt.Errorf("pop3: %s: %w", verb, io.ErrUnexpectedEOF)
	case err != nil:
		return "", err
	case len(line) < 2 || line[len(line)-2] != '\r':
		return "", &ProtocolError{"a line that does not end with CRLF"}
	}
	text := string(line[:len(line)-2])
	if rest, ok := cutStatus(text, "+OK"); ok {
		return rest, nil
	}
	if rest, ok := cutStatus(text, "-ERR"); ok {
		return "", &Error{Verb: verb, Text: rest}
	}
	return "", &ProtocolError{"a line that is neither +OK nor -ERR"}
}

// cutStatus takes the status indicator off a line. It stands alone or before
// a space (RFC 1939 section 3).
func cutStatus(line, indicator string) (text string, ok bool) {
	rest, ok := strings.CutPrefix(line, indicator)
	if !ok || rest == "" {
		return "", ok
	}
	return rest[1:], rest[0] == ' '
}

func (c *Client) message(verb, arg string) ([]byte, error) {
	if _, err := c.command(verb, arg); err != nil {
		return nil, err
	}
	return readStuffed(c.r, nil, c.MaxMessage)
}

// lines sends a command and parses each line of its multi-line answer.
func lines[T any](c *Client, verb string, parse func(line string) (T, bool)) ([]T, error) {
	if _, err := c.command(verb, ""); err != nil {
		return nil, err
	}
	answer, err := readStuffed(c.r, c.in[:0], maxListing)
	if err != nil {
		return nil, err
	}
	c.in = answer
	var all []T
	for rest := string(answer); rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\r\n")
		one, ok := parse(line)
		if !ok {
			return nil, &ProtocolError{fmt.Sprintf("%.80q as a line of %s", line, verb)}
		}
		all = append(all, one)
	}
	return all, nil
}
