package airsync

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// The HTTP side (MS-ASHTTP 2.2). Every command is a POST to URLPath with the
// command in the query; OPTIONS on the same path asks what the server can do.
const (
	URLPath = "/Microsoft-Server-ActiveSync"

	ContentType     = "application/vnd.ms-sync.wbxml"
	ContentTypeMIME = "message/rfc822" // the body of SendMail below version 14.0

	HeaderVersion   = "MS-ASProtocolVersion"
	HeaderVersions  = "MS-ASProtocolVersions"
	HeaderCommands  = "MS-ASProtocolCommands"
	HeaderServer    = "MS-Server-ActiveSync"
	HeaderPolicyKey = "X-MS-PolicyKey"

	// StatusNeedsProvisioning is the HTTP status with which a server below
	// version 14.0 asks for Provision; from 14.0 on it answers 200 with a
	// status from StatusDeviceNotProvisioned to StatusInvalidPolicyKey in the
	// body (MS-ASPROV, Provisioning Errors).
	StatusNeedsProvisioning = 449
)

// The commands that this package has messages for.
const (
	CmdProvision  = "Provision"
	CmdFolderSync = "FolderSync"
	CmdSync       = "Sync"
	CmdPing       = "Ping"
	CmdSendMail   = "SendMail"
)

// Version is a protocol version, ten times its number: 14.1 is 141.
type Version uint16

const (
	V25  Version = 25  // Exchange 2003 SP2
	V120 Version = 120 // Exchange 2007
	V121 Version = 121 // Exchange 2007 SP1
	V140 Version = 140 // Exchange 2010
	V141 Version = 141 // Exchange 2010 SP1, 2013
	V160 Version = 160 // Exchange 2016
	V161 Version = 161 // Exchange 2016 CU1
)

// String is the version as it stands in a header, for example "14.1".
func (v Version) String() string {
	return strconv.Itoa(int(v/10)) + "." + strconv.Itoa(int(v%10))
}

// ParseVersion reads a header value such as "14.1" (MS-ASHTTP 2.2.1.1.2.6).
func ParseVersion(s string) (Version, error) {
	major, minor, ok := strings.Cut(s, ".")
	if ok && len(major) >= 1 && len(major) <= 2 && len(minor) == 1 && isDigits(major) && isDigits(minor) {
		m, _ := strconv.Atoi(major)
		return Version(m*10) + Version(minor[0]-'0'), nil
	}
	return 0, fmt.Errorf("airsync: %q is not a protocol version such as 14.1", s)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Options is what a server answers to OPTIONS (MS-ASHTTP, HTTP OPTIONS).
type Options struct {
	Server   string    // the server's own version, for example "14.3"
	Versions []Version // what it speaks, in its order
	Commands []string  // what it understands, in its order
}

// Set writes the options into the headers of a response.
func (o Options) Set(h http.Header) {
	versions := make([]string, len(o.Versions))
	for i, v := range o.Versions {
		versions[i] = v.String()
	}
	h.Set(HeaderServer, o.Server)
	h.Set(HeaderVersions, strings.Join(versions, ","))
	h.Set(HeaderCommands, strings.Join(o.Commands, ","))
}

// ParseOptions reads the headers of a response to OPTIONS. Without versions it
// is not an ActiveSync server's, which is an error.
func ParseOptions(h http.Header) (Options, error) {
	o := Options{Server: h.Get(HeaderServer), Commands: splitList(h.Get(HeaderCommands))}
	for _, s := range splitList(h.Get(HeaderVersions)) {
		v, err := ParseVersion(s)
		if err != nil {
			return Options{}, err
		}
		o.Versions = append(o.Versions, v)
	}
	if len(o.Versions) == 0 {
		return Options{}, fmt.Errorf("airsync: the response has no %s", HeaderVersions)
	}
	return o, nil
}

func splitList(s string) []string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	list := strings.Split(s, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// A Query is the plain-text query of a command's URL (MS-ASHTTP 2.2.1.1.1.2).
// The base64 form of version 12.1 and later is not modelled.
type Query struct {
	Cmd        string
	User       string
	DeviceID   string // 1 to 32 letters and digits
	DeviceType string
	SaveInSent bool // SendMail below 14.0: keep a copy in Sent Items
}

// Encode is the query string, without the question mark.
func (q Query) Encode() string {
	var b strings.Builder
	b.Grow(64 + len(q.User) + len(q.DeviceID) + len(q.DeviceType))
	b.WriteString("Cmd=" + url.QueryEscape(q.Cmd))
	b.WriteString("&User=" + url.QueryEscape(q.User))
	b.WriteString("&DeviceId=" + url.QueryEscape(q.DeviceID))
	b.WriteString("&DeviceType=" + url.QueryEscape(q.DeviceType))
	if q.SaveInSent {
		b.WriteString("&SaveInSent=T")
	}
	return b.String()
}

// maxQuery bounds a query string, in octets. IIS refuses longer ones
// (requestFiltering maxQueryString, default 2048).
const maxQuery = 2048

// ParseQuery reads a query string without the question mark. Parameter names
// are taken in any case. Cmd, DeviceId and DeviceType are required; User is
// not, because a server goes by the authenticated user.
func ParseQuery(raw string) (Query, error) {
	if len(raw) > maxQuery {
		return Query{}, fmt.Errorf("airsync: a query of %d octets", len(raw))
	}
	var q Query
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(value)
		if err != nil {
			return Query{}, fmt.Errorf("airsync: query parameter %q: %w", name, err)
		}
		switch {
		case strings.EqualFold(name, "Cmd"):
			q.Cmd = value
		case strings.EqualFold(name, "User"):
			q.User = value
		case strings.EqualFold(name, "DeviceId"):
			q.DeviceID = value
		case strings.EqualFold(name, "DeviceType"):
			q.DeviceType = value
		case strings.EqualFold(name, "SaveInSent"):
			q.SaveInSent = value == "T"
		}
	}
	switch {
	case q.Cmd == "":
		return Query{}, fmt.Errorf("airsync: the query has no Cmd")
	case q.DeviceID == "" || len(q.DeviceID) > 32 || !isAlphanumeric(q.DeviceID):
		return Query{}, fmt.Errorf("airsync: DeviceId must be 1 to 32 letters and digits, not %q", q.DeviceID)
	case q.DeviceType == "":
		return Query{}, fmt.Errorf("airsync: the query has no DeviceType")
	}
	return q, nil
}

func isAlphanumeric(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
