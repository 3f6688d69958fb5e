package mapihttp

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"time"
)

// MetaTag is a line with which a server tells how far it is (MS-OXCMAPIHTTP
// 2.2.7).
type MetaTag string

const (
	Processing MetaTag = "PROCESSING" // first: the request was taken
	Pending    MetaTag = "PENDING"    // again and again while it takes long
	Done       MetaTag = "DONE"       // last: more headers and the body follow
)

// Append appends the line of Processing or Pending, which a server sends as a
// chunk of its own. Done is part of a Final.
func (t MetaTag) Append(dst []byte) []byte { return append(append(dst, t...), "\r\n"...) }

// Final is the last part of a response: Done, additional headers and the body
// (MS-OXCMAPIHTTP 2.2.2.2).
type Final struct {
	// Code is what became of the request after its ResponseHead was sent. With
	// Success the header is left out.
	Code    ResponseCode
	Elapsed time.Duration // that the server took, in whole milliseconds
	Start   time.Time     // when it began, in whole seconds; zero leaves it out
	Body    []byte        // none for Ping
}

// Append appends the final part.
func (f Final) Append(dst []byte) []byte {
	dst = Done.Append(dst)
	if f.Code != CodeSuccess {
		dst = appendHeader(dst, HeaderResponseCode, strconv.Itoa(int(f.Code)))
	}
	dst = appendHeader(dst, HeaderElapsedTime, milliseconds(f.Elapsed))
	if !f.Start.IsZero() {
		dst = appendHeader(dst, HeaderStartTime, f.Start.UTC().Format(http.TimeFormat))
	}
	return append(append(dst, "\r\n"...), f.Body...)
}

func appendHeader(dst []byte, name, value string) []byte {
	return append(dst, name+": "+value+"\r\n"...)
}

// Limits bound what a Reader accepts. A zero field means the value in
// DefaultLimits.
type Limits struct {
	Line    int // octets of a line, its end included; at least 16
	Headers int // additional headers
	Pending int // Pending lines
	Body    int // octets of the body
}

// DefaultLimits fit the largest answer to an Execute by far, and Pending lines
// for hours.
var DefaultLimits = Limits{Line: 1024, Headers: 32, Pending: 4096, Body: 4 << 20}

func (l Limits) orDefault() Limits {
	return Limits{
		Line:    cmp.Or(l.Line, DefaultLimits.Line),
		Headers: cmp.Or(l.Headers, DefaultLimits.Headers),
		Pending: cmp.Or(l.Pending, DefaultLimits.Pending),
		Body:    cmp.Or(l.Body, DefaultLimits.Body),
	}
}

// ErrTooLarge is in the chain of every error that a limit caused.
var ErrTooLarge = errors.New("over the limit")

// A Reader reads the body of an HTTP response with the HTTP status 200 and the
// response code 0 as it comes in.
type Reader struct {
	r       *bufio.Reader
	limits  Limits
	last    MetaTag
	pending int
}

// NewReader reads from r, which has the chunks already joined.
func NewReader(r io.Reader, limits Limits) *Reader {
	limits = limits.orDefault()
	return &Reader{r: bufio.NewReaderSize(r, limits.Line), limits: limits}
}

// Next waits for the next meta-tag. After Done, call Final. A response that
// ends before Done is io.ErrUnexpectedEOF.
func (r *Reader) Next() (MetaTag, error) {
	line, err := r.line()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", fmt.Errorf("mapihttp: response: %w", err)
	}
	tag := MetaTag(line)
	switch {
	case r.last == Done:
		return "", errors.New("mapihttp: response: no meta-tag follows DONE")
	case tag == Processing && r.last != "":
		return "", fmt.Errorf("mapihttp: response: PROCESSING after %s", r.last)
	case tag == Pending:
		if r.pending++; r.pending > r.limits.Pending {
			return "", fmt.Errorf("mapihttp: response: the number of PENDING lines is %w of %d", ErrTooLarge, r.limits.Pending)
		}
	case tag != Processing && tag != Done:
		return "", fmt.Errorf("mapihttp: response: %.80q where a meta-tag is due", line)
	}
	r.last = tag
	return tag, nil
}

// Final reads what follows Done, up to the end. An answer to Ping may end
// before the empty line that stands between headers and body.
func (r *Reader) Final() (Final, error) {
	var f Final
	if r.last != Done {
		return f, errors.New("mapihttp: response: the final part comes after DONE")
	}
	for n := 0; ; n++ {
		line, err := r.line()
		if err == io.EOF {
			return f, nil
		}
		if err == nil && len(line) > 0 && n == r.limits.Headers {
			err = fmt.Errorf("the number of headers is %w of %d", ErrTooLarge, r.limits.Headers)
		}
		if err == nil && len(line) > 0 {
			err = f.header(line)
		}
		if err != nil {
			return Final{}, fmt.Errorf("mapihttp: response: %w", err)
		}
		if len(line) == 0 {
			break
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.r, int64(r.limits.Body)+1))
	if err == nil && len(body) > r.limits.Body {
		err = fmt.Errorf("the body is %w of %d octets", ErrTooLarge, r.limits.Body)
	}
	if err != nil {
		return Final{}, fmt.Errorf("mapihttp: response: %w", err)
	}
	if len(body) > 0 {
		f.Body = body
	}
	return f, nil
}

// header reads one additional header. Those that are not modelled are passed over.
func (f *Final) header(line []byte) (err error) {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(name) == 0 || bytes.ContainsAny(name, " \t") {
		return fmt.Errorf("%.80q is not a header", line)
	}
	v := string(bytes.TrimSpace(value))
	switch textproto.CanonicalMIMEHeaderKey(string(name)) {
	case textproto.CanonicalMIMEHeaderKey(HeaderResponseCode):
		f.Code, err = parseCode(v)
	case textproto.CanonicalMIMEHeaderKey(HeaderElapsedTime):
		f.Elapsed, err = parseMilliseconds(HeaderElapsedTime, v)
	case textproto.CanonicalMIMEHeaderKey(HeaderStartTime):
		if f.Start, err = http.ParseTime(v); err != nil {
			return fmt.Errorf("%s: %.80q is not a date", HeaderStartTime, v)
		}
		f.Start = f.Start.UTC()
	}
	return err
}

// line is the next line without its end. io.EOF is the end before any octet.
func (r *Reader) line() ([]byte, error) {
	line, err := r.r.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		return nil, fmt.Errorf("a line is %w of %d octets", ErrTooLarge, r.limits.Line)
	case err == io.EOF && len(line) > 0:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	case !bytes.HasSuffix(line, []byte("\r\n")):
		return nil, fmt.Errorf("%.80q does not end with CR LF", line)
	}
	return line[:len(line)-2], nil
}

// ReadFinal reads a whole response and passes over what comes before Done.
func ReadFinal(r io.Reader, limits Limits) (Final, error) {
	reader := NewReader(r, limits)
	for {
		tag, err := reader.Next()
		if err != nil {
			return Final{}, err
		}
		if tag == Done {
			return reader.Final()
		}
	}
}
