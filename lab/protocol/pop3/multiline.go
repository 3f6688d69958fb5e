package pop3

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// end is the last line of a multi-line answer (RFC 1939 section 3).
const end = ".\r\n"

// appendStuffed appends lines as a multi-line answer: CRLF behind each, a
// second dot before one that begins with a dot, and the end.
func appendStuffed(dst, lines []byte) []byte {
	for len(lines) > 0 {
		line, rest, _ := bytes.Cut(lines, []byte{'\n'})
		lines = rest
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if len(line) > 0 && line[0] == '.' {
			dst = append(dst, '.')
		}
		dst = append(dst, line...)
		dst = append(dst, '\r', '\n')
	}
	return append(dst, end...)
}

// readStuffed appends the lines of a multi-line answer to dst, which is empty
// or ends with CRLF, without the dots that appendStuffed added. A line ends
// with CRLF and nothing else, so that no message can hold the end of itself.
// More than limit octets are an error.
func readStuffed(r *bufio.Reader, dst []byte, limit int) ([]byte, error) {
	room := len(dst) + limit
	atStart := true
	for {
		chunk, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if atStart && chunk[0] == '.' {
			if string(chunk) == end {
				return dst, nil
			}
			chunk = chunk[1:]
		}
		if len(dst)+len(chunk) > room {
			return nil, &ProtocolError{fmt.Sprintf("an answer of more than %d octets", limit)}
		}
		dst = append(dst, chunk...)
		atStart = bytes.HasSuffix(dst, []byte("\r\n"))
	}
}

// Head is a message's header, the empty line, and the first lines of its body:
// what TOP asks for (RFC 1939 section 7). It aliases message.
func Head(message []byte, lines int) []byte {
	pos, inBody := 0, false
	for pos < len(message) && (!inBody || lines > 0) {
		next := len(message)
		if i := bytes.IndexByte(message[pos:], '\n'); i >= 0 {
			next = pos + i + 1
		}
		if inBody {
			lines--
		} else if len(bytes.TrimRight(message[pos:next], "\r\n")) == 0 {
			inBody = true
		}
		pos = next
	}
	return message[:pos]
}
