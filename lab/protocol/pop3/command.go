package pop3

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxCommand is the longest command line in octets, CRLF included (RFC 2449
// section 4).
const MaxCommand = 255

// A Command is what a client sent. Its arguments are in order; PASS has its
// whole rest as one, because passwords may have spaces (RFC 1939 section 7).
type Command struct {
	Verb string // in upper case, for example "RETR"
	Args []string
}

// String is the command as it may stand in a log: without secrets.
func (c Command) String() string {
	switch {
	case len(c.Args) == 0:
		return c.Verb
	case c.Verb == "PASS" || c.Verb == "APOP" || c.Verb == "AUTH":
		return c.Verb + " ***"
	}
	return c.Verb + " " + strings.Join(c.Args, " ")
}

// ErrLineTooLong says that a line was over MaxCommand. The whole of it has
// been read, so the next line can follow.
var ErrLineTooLong = fmt.Errorf("pop3: a line of more than %d octets", MaxCommand)

// A SyntaxError is a line that is not a command. The next line can follow.
type SyntaxError struct {
	Reason string
}

func (e *SyntaxError) Error() string { return "pop3: " + e.Reason }

// A CommandReader reads a client's lines for a server.
type CommandReader struct {
	r *bufio.Reader
}

// NewCommandReader reads from r and holds back no more than a line's length.
func NewCommandReader(r io.Reader) *CommandReader {
	return &CommandReader{bufio.NewReaderSize(r, MaxCommand)}
}

// Buffered is the number of octets that have arrived behind the last line. It
// must be 0 when TLS begins: what was sent before the handshake must not be
// taken for commands sent inside it (RFC 2595 section 4).
func (c *CommandReader) Buffered() int { return c.r.Buffered() }

// Read reads the next command. After ErrLineTooLong and a SyntaxError reading
// can go on; io.EOF is a client that left between two commands.
func (c *CommandReader) Read() (Command, error) {
	line, err := c.ReadLine()
	if err != nil {
		return Command{}, err
	}
	return ParseCommand(line)
}

// ReadLine reads the next line without its CRLF, for the client's side of a
// SASL exchange (RFC 5034).
func (c *CommandReader) ReadLine() (string, error) {
	line, err := c.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = c.r.ReadSlice('\n')
		}
		if err == nil {
			return "", ErrLineTooLong
		}
		line = []byte{0} // a beginning was lost, so this is no clean end
	}
	switch {
	case errors.Is(err, io.EOF) && len(line) > 0:
		return "", io.ErrUnexpectedEOF
	case err != nil:
		return "", err
	case len(line) < 2 || line[len(line)-2] != '\r':
		return "", &SyntaxError{"a line that does not end with CRLF"}
	}
	return string(line[:len(line)-2]), nil
}

// ParseCommand reads one command line without its CRLF (RFC 1939 section 3).
func ParseCommand(line string) (Command, error) {
	if len(line) > MaxCommand-2 {
		return Command{}, ErrLineTooLong
	}
	for i := range len(line) {
		if line[i] < ' ' || line[i] == 0x7F {
			return Command{}, &SyntaxError{"a control character in a command"}
		}
	}
	keyword, rest, more := strings.Cut(line, " ")
	verb, ok := verbOf(keyword)
	if !ok {
		return Command{}, &SyntaxError{"a command is three or four letters"}
	}
	c := Command{Verb: verb}
	switch {
	case !more:
	case verb == "PASS":
		c.Args = []string{rest}
	default:
		c.Args = strings.Split(rest, " ")
		for _, arg := range c.Args {
			if arg == "" {
				return Command{}, &SyntaxError{"arguments are separated by one space"}
			}
		}
	}
	return c, nil
}

// verbOf is the keyword in upper case. The usual ones cost no memory.
func verbOf(keyword string) (string, bool) {
	if len(keyword) < 3 || len(keyword) > 4 {
		return "", false
	}
	var upper [4]byte
	for i := range len(keyword) {
		b := keyword[i] &^ 0x20
		if b < 'A' || b > 'Z' {
			return "", false
		}
		upper[i] = b
	}
	switch v := upper[:len(keyword)]; string(v) {
	case "USER":
		return "USER", true
	case "PASS":
		return "PASS", true
	case "STAT":
		return "STAT", true
	case "LIST":
		return "LIST", true
	case "UIDL":
		return "UIDL", true
	case "RETR":
		return "RETR", true
	case "TOP":
		return "TOP", true
	case "DELE":
		return "DELE", true
	case "NOOP":
		return "NOOP", true
	case "RSET":
		return "RSET", true
	case "QUIT":
		return "QUIT", true
	case "CAPA":
		return "CAPA", true
	case "STLS":
		return "STLS", true
	default:
		return string(v), true
	}
}
