package mapihttp

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// URLPath is where Exchange has the mailbox endpoint. Clients learn the
	// whole address, with a MailboxId in its query, from Autodiscover.
	URLPath = "/mapi/emsmdb/"

	// ContentType is that of requests and responses (MS-OXCMAPIHTTP 2.2.3.2.2).
	ContentType = "application/mapi-http"
)

// The headers of requests and responses (MS-OXCMAPIHTTP 2.2.3.3).
const (
	HeaderRequestType       = "X-RequestType"
	HeaderRequestID         = "X-RequestId"
	HeaderResponseCode      = "X-ResponseCode"
	HeaderClientInfo        = "X-ClientInfo"
	HeaderClientApplication = "X-ClientApplication"
	HeaderServerApplication = "X-ServerApplication"
	HeaderExpirationInfo    = "X-ExpirationInfo"
	HeaderPendingPeriod     = "X-PendingPeriod"
	HeaderElapsedTime       = "X-ElapsedTime"
	HeaderStartTime         = "X-StartTime"
)

// RequestType is the value of X-RequestType (MS-OXCMAPIHTTP 2.2.3.3.1).
type RequestType string

// The request types of the mailbox endpoint (MS-OXCMAPIHTTP 2.2.4 and 2.2.6).
const (
	Connect          RequestType = "Connect"
	Execute          RequestType = "Execute"
	Disconnect       RequestType = "Disconnect"
	NotificationWait RequestType = "NotificationWait"
	Ping             RequestType = "PING"
)

// Known tells whether the type is one of the mailbox endpoint.
func (t RequestType) Known() bool {
	switch t {
	case Connect, Execute, Disconnect, NotificationWait, Ping:
		return true
	}
	return false
}

// A HeaderError is a header that is missing or that says what it must not. Code
// is what a server answers to it.
type HeaderError struct {
	Code   ResponseCode
	Name   string
	Reason string
}

func (e *HeaderError) Error() string { return "mapihttp: " + e.Name + ": " + e.Reason }

// Unwrap is the response code.
func (e *HeaderError) Unwrap() error { return e.Code }

// maxHeader bounds one header's value, in octets.
const maxHeader = 1024

// value is the header's value. It fails if it is longer than any that makes sense.
func value(h http.Header, name string) (string, error) {
	v := strings.TrimSpace(h.Get(name))
	if len(v) > maxHeader {
		return "", &HeaderError{CodeInvalidHeader, name, fmt.Sprintf("%d octets", len(v))}
	}
	return v, nil
}

// RequestHead is what the headers of a request say (MS-OXCMAPIHTTP 2.2.2.1).
type RequestHead struct {
	Type              RequestType
	RequestID         string // a GUID, a colon and a count: the same for the response
	ClientInfo        string // opaque, and the same for the response
	ClientApplication string // as in "Outlook/15.0.4535.1000"
}

// Set writes the headers. Empty ones are left out.
func (r RequestHead) Set(h http.Header) {
	h.Set("Content-Type", ContentType)
	set(h, HeaderRequestType, string(r.Type))
	set(h, HeaderRequestID, r.RequestID)
	set(h, HeaderClientInfo, r.ClientInfo)
	set(h, HeaderClientApplication, r.ClientApplication)
}

func set(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}

// ParseRequestHead reads the headers of a request. A type, an identifier and
// the content type are required. Every error is a HeaderError.
func ParseRequestHead(h http.Header) (RequestHead, error) {
	var r RequestHead
	var requestType string
	for _, f := range []struct {
		name     string
		to       *string
		required bool
	}{
		{HeaderRequestType, &requestType, true},
		{HeaderRequestID, &r.RequestID, true},
		{HeaderClientInfo, &r.ClientInfo, false},
		{HeaderClientApplication, &r.ClientApplication, false},
	} {
		v, err := value(h, f.name)
		if err != nil {
			return RequestHead{}, err
		}
		if v == "" && f.required {
			return RequestHead{}, &HeaderError{CodeMissingHeader, f.name, "missing"}
		}
		*f.to = v
	}
	if r.Type = RequestType(requestType); !r.Type.Known() {
		return RequestHead{}, &HeaderError{CodeInvalidRequestType, HeaderRequestType, fmt.Sprintf("unknown type %q", requestType)}
	}
	if err := contentType(h); err != nil {
		return RequestHead{}, err
	}
	return r, nil
}

func contentType(h http.Header) error {
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(media), ContentType) {
		return &HeaderError{CodeInvalidHeader, "Content-Type", fmt.Sprintf("%.80q is not %s", media, ContentType)}
	}
	return nil
}

// ResponseHead is what the headers of a response say (MS-OXCMAPIHTTP 2.2.2.2).
type ResponseHead struct {
	Type              RequestType
	RequestID         string
	ClientInfo        string
	ServerApplication string        // as in "Exchange/15.00.0847.030"
	Code              ResponseCode  // of the request as such; a Final may have another
	PendingPeriod     time.Duration // how often the server says PENDING; whole milliseconds
	Expiration        time.Duration // how long the session context lives without requests; likewise
}

// Set writes the headers. The response code is always there; of the others,
// those that are empty are left out.
func (r ResponseHead) Set(h http.Header) {
	h.Set("Content-Type", ContentType)
	set(h, HeaderRequestType, string(r.Type))
	set(h, HeaderRequestID, r.RequestID)
	set(h, HeaderClientInfo, r.ClientInfo)
	set(h, HeaderServerApplication, r.ServerApplication)
	h.Set(HeaderResponseCode, strconv.Itoa(int(r.Code)))
	if r.PendingPeriod > 0 {
		h.Set(HeaderPendingPeriod, milliseconds(r.PendingPeriod))
	}
	if r.Expiration > 0 {
		h.Set(HeaderExpirationInfo, milliseconds(r.Expiration))
	}
}

// ParseResponseHead reads the headers of a response with the HTTP status 200. A
// response code is required: a response without one is not of this protocol.
func ParseResponseHead(h http.Header) (ResponseHead, error) {
	var r ResponseHead
	var requestType, code, period, expiration string
	for _, f := range []struct {
		name string
		to   *string
	}{
		{HeaderRequestType, &requestType},
		{HeaderRequestID, &r.RequestID},
		{HeaderClientInfo, &r.ClientInfo},
		{HeaderServerApplication, &r.ServerApplication},
		{HeaderResponseCode, &code},
		{HeaderPendingPeriod, &period},
		{HeaderExpirationInfo, &expiration},
	} {
		var err error
		if *f.to, err = value(h, f.name); err != nil {
			return ResponseHead{}, err
		}
	}
	r.Type = RequestType(requestType)
	var err error
	if r.Code, err = parseCode(code); err != nil {
		return ResponseHead{}, err
	}
	if r.PendingPeriod, err = parseMilliseconds(HeaderPendingPeriod, period); err != nil {
		return ResponseHead{}, err
	}
	if r.Expiration, err = parseMilliseconds(HeaderExpirationInfo, expiration); err != nil {
		return ResponseHead{}, err
	}
	return r, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// parseMilliseconds reads up to 31 bits; nothing at all is 0.
func parseMilliseconds(name, s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, &HeaderError{CodeInvalidHeader, name, fmt.Sprintf("%.40q is not a number of milliseconds", s)}
	}
	return time.Duration(n) * time.Millisecond, nil
}
