package rpch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// The HTTP side (MS-RPCH 2.1.2).
const (
	MethodIn  = "RPC_IN_DATA"
	MethodOut = "RPC_OUT_DATA"

	Path            = "/rpc/rpcproxy.dll"         // MS-RPCH 2.2.2
	PathCertificate = "/rpcwithcert/rpcproxy.dll" // for clients that authenticate by certificate

	ContentType = "application/rpc"

	// InLength is the length that the body of an IN channel claims, and
	// OutLength that of the response on an OUT channel, in octets: Outlook's
	// and IIS's 1 GiB, of 128 KiB to 2 GiB that are allowed (MS-RPCH 2.1.2.1.1
	// and 2.1.2.1.4).
	InLength  = 1 << 30
	OutLength = 1 << 30

	// OutRequestLength is the body of the request for an OUT channel, a
	// CONN/A1, and OutReplacementLength that for one that replaces another, an
	// OUT_R1/A3 and an OUT_R1/A11 (MS-RPCH 2.1.2.1.2), in octets.
	OutRequestLength     = 76
	OutReplacementLength = 120

	minChannelLength = 128 << 10
	maxChannelLength = 2 << 30
	maxEchoLength    = 0x10 // MS-RPCH 2.1.2.1.5
	maxServerName    = 1024
	maxInformational = 5
)

// Purpose is what an HTTP request to the proxy is for.
type Purpose int

const (
	OpenIn     Purpose = iota // an IN channel
	OpenOut                   // an OUT channel
	ReplaceOut                // an OUT channel in place of another
	EchoIn                    // an echo request, to see whether a proxy is there
	EchoOut
)

// A Request is a request to the proxy (MS-RPCH 2.1.2.1.1, 2.1.2.1.2 and
// 2.1.2.1.5).
type Request struct {
	Purpose Purpose
	Server  string // the RPC server behind the proxy; may be empty in an echo request
	Port    uint16 // for example 6001
}

// HTTP is the request's head for the proxy at the host. Its body is the
// caller's to write: WriteHead writes the head alone. Authorization is the
// caller's too.
func (q Request) HTTP(host string) *http.Request {
	method, length := MethodOut, int64(0)
	switch q.Purpose {
	case OpenIn:
		method, length = MethodIn, InLength
	case OpenOut:
		length = OutRequestLength
	case ReplaceOut:
		length = OutReplacementLength
	case EchoIn:
		method = MethodIn
	}
	return &http.Request{
		Method:        method,
		URL:           &url.URL{Path: Path, RawQuery: q.Server + ":" + strconv.Itoa(int(q.Port))},
		Host:          host,
		ContentLength: length,
		Header: http.Header{
			"Accept":        {ContentType},
			"Cache-Control": {"no-cache"},
			"Connection":    {"Keep-Alive"},
			"Pragma":        {"No-cache"},
			"User-Agent":    {"MSRPC"},
		},
	}
}

// WriteHead writes the request line and headers of a request from HTTP, with
// one Write.
func WriteHead(w io.Writer, r *http.Request) error {
	if strings.ContainsAny(r.URL.RequestURI()+r.Host, " \r\n") {
		return fmt.Errorf("rpch: a request for %q at %q", r.URL.RequestURI(), r.Host)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.Method, r.URL.RequestURI(), r.Host, r.ContentLength)
	if err := r.Header.Write(&b); err != nil {
		return err
	}
	b.WriteString("\r\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// ParseRequest says what a request to the proxy is for. It is about the head
// alone; the path is the caller's to route. IIS answers the head of both
// channels with "100 Continue" at once, and there are clients (impacket) that
// wait for it.
func ParseRequest(r *http.Request) (Request, error) {
	var q Request
	n := r.ContentLength
	switch {
	case r.Method != MethodIn && r.Method != MethodOut:
		return q, fmt.Errorf("rpch: method %q", r.Method)
	case n >= 0 && n <= maxEchoLength:
		q.Purpose = EchoIn
		if r.Method == MethodOut {
			q.Purpose = EchoOut
		}
		if r.URL.RawQuery == "" || r.URL.RawQuery == ":0" {
			return q, nil
		}
	case r.Method == MethodIn && n >= minChannelLength && n <= maxChannelLength:
		q.Purpose = OpenIn
	case r.Method == MethodOut && n == OutRequestLength:
		q.Purpose = OpenOut
	case r.Method == MethodOut && n == OutReplacementLength:
		q.Purpose = ReplaceOut
	default:
		return q, fmt.Errorf("rpch: a body of %d octets with %s", n, r.Method)
	}
	var err error
	q.Server, q.Port, err = parseTarget(r.URL.RawQuery)
	return q, err
}

// parseTarget reads "server:port" (MS-RPCH 2.2.2). An IPv6 address as server
// has colons itself; the port is what follows the last one.
func parseTarget(s string) (string, uint16, error) {
	i := strings.LastIndexByte(s, ':')
	if i <= 0 || i > maxServerName || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "", 0, fmt.Errorf("rpch: %.80q is not a server and a port", s)
	}
	port, err := strconv.ParseUint(s[i+1:], 10, 16)
	if err != nil || port == 0 {
		return "", 0, fmt.Errorf("rpch: %.80q has no port", s)
	}
	return s[:i], uint16(port), nil
}

// SetOutHeader sets the headers of the response that is the OUT channel
// (MS-RPCH 2.1.2.1.4).
func SetOutHeader(h http.Header) {
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(OutLength))
}

// ReadResponse reads the head of the response to a request, past any "100
// Continue", which IIS sends on both channels as soon as it has the request's
// head.
func ReadResponse(r *bufio.Reader) (*http.Response, error) {
	for range maxInformational {
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode >= http.StatusOK {
			return resp, err
		}
	}
	return nil, errors.New("rpch: one informational response after the other")
}

// CheckOutResponse tells whether the response to a request for an OUT channel
// is one.
func CheckOutResponse(r *http.Response) error {
	if r.StatusCode != http.StatusOK {
		return &StatusError{Code: r.StatusCode, Status: r.Status}
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != ContentType {
		return fmt.Errorf("rpch: a response of type %.80q", r.Header.Get("Content-Type"))
	}
	return nil
}

// A StatusError is an answer of the proxy other than 200.
type StatusError struct {
	Code   int
	Status string // for example "503 RPC Error: 6ba"
}

func (e *StatusError) Error() string { return "rpch: the proxy answers " + e.Status }

// RPCError is the RPC error code that a proxy puts into the reason phrase
// (MS-RPCH 2.1.2.1.3), if it did.
func (e *StatusError) RPCError() (uint32, bool) {
	_, code, ok := strings.Cut(e.Status, reasonPrefix)
	if !ok {
		return 0, false
	}
	code, _, _ = strings.Cut(code, ",") // extended error information may follow
	n, err := strconv.ParseUint(code, 16, 32)
	return uint32(n), err == nil
}

const reasonPrefix = "RPC Error: "

// Reason is the reason phrase for an RPC error code.
func Reason(code uint32) string { return reasonPrefix + strconv.FormatUint(uint64(code), 16) }

// SetEchoHeader sets the headers of the answer to an echo request, whose body
// EchoBody is (MS-RPCH 2.1.2.1.6).
func SetEchoHeader(h http.Header) {
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(headerSize))
}

// EchoBody is the Echo PDU, 20 octets.
func EchoBody() []byte { return encode(Echo) }

// CheckEcho reads the body of the answer to an echo request.
func CheckEcho(body io.Reader) error {
	p, err := ReadPDU(body)
	if err != nil {
		return err
	}
	if !p.Is(Echo) {
		return errors.New("rpch: the answer to an echo request is " + p.Name())
	}
	return nil
}
