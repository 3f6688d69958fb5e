// Package autodiscover builds and parses the plain old XML messages with which
// a mail client learns where its mailbox is served (MS-OXDSCLI), for both ends.
// It has no policy: which protocols a user is offered is for its callers to say.
//
// Parsing is strict about what this package models and passes over elements
// that it does not model, because each server version adds some. Where an
// element that may stand once is repeated, the last one counts.
package autodiscover

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"shutout/lab/protocol/ews/xmltree"
)

const (
	nsRequest       = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
	nsMobileRequest = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"
	nsAutodiscover  = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"

	// OutlookSchema is the schema of a Response, and its namespace.
	OutlookSchema = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
)

// The HTTP side: every request is a POST.
const (
	// URLPath is where the service is. IIS takes it in any case.
	URLPath = "/autodiscover/autodiscover.xml"

	ContentType = "text/xml; charset=utf-8"

	// HeaderMapiHTTP tells in a request which version of MAPI over HTTP the
	// client speaks (MS-OXDSCLI, X-MapiHttpCapability).
	HeaderMapiHTTP = "X-MapiHttpCapability"
)

// Limits bound the documents that this package parses.
var Limits = xmltree.Limits{Size: 256 << 10, Depth: 16, Nodes: 4000}

// IsPath tells whether a URL's path is the service's.
func IsPath(path string) bool { return strings.EqualFold(path, URLPath) }

// URLs are where a client looks for the service of an address's domain, in
// order (MS-OXDSCLI, "Autodiscover server discovery").
func URLs(domain string) []string {
	return []string{"https://" + domain + URLPath, "https://autodiscover." + domain + URLPath}
}

// MapiHTTP reads HeaderMapiHTTP. It is 0 for a client that does not speak MAPI
// over HTTP, and so for a value that is not a number.
func MapiHTTP(h http.Header) int {
	v, err := strconv.ParseUint(strings.TrimSpace(h.Get(HeaderMapiHTTP)), 10, 31)
	if err != nil {
		return 0
	}
	return int(v)
}

// A SchemaError is a document that is well formed and not the message that was
// expected. A server answers it with InvalidRequest.
type SchemaError struct {
	Element string // local name
	Reason  string
}

func (e *SchemaError) Error() string { return "autodiscover: " + e.Element + " " + e.Reason }

func schemaError(n *xmltree.Node, format string, args ...any) error {
	return &SchemaError{n.Name.Local, fmt.Sprintf(format, args...)}
}

// A Request asks for an account's settings, by address or by legacy
// distinguished name.
type Request struct {
	Email    string // EMailAddress
	LegacyDN string
	Schema   string // AcceptableResponseSchema; OutlookSchema or one that this package does not know
}

// Encode writes the document.
func (r Request) Encode() ([]byte, error) {
	b := builder{space: nsRequest}
	root := b.node("Autodiscover", b.node("Request", b.texts(r.fields())...))
	return root.Encode(nil)
}

func (r *Request) fields() []field {
	return []field{{"EMailAddress", &r.Email}, {"LegacyDN", &r.LegacyDN}, {"AcceptableResponseSchema", &r.Schema}}
}

// ParseRequest reads a request, also that of a phone, whose schema differs. An
// error wraps xmltree.ErrXML or is a *SchemaError.
func ParseRequest(body []byte) (Request, error) {
	root, err := xmltree.Parse(body, Limits)
	if err != nil {
		return Request{}, err
	}
	space := root.Name.Space
	if root.Name.Local != "Autodiscover" || space != nsRequest && space != nsMobileRequest {
		return Request{}, schemaError(root, "is not a request")
	}
	n := root.Child(space, "Request")
	if n == nil {
		return Request{}, schemaError(root, "has no Request")
	}
	var r Request
	read(n, space, r.fields())
	switch {
	case r.Email == "" && r.LegacyDN == "":
		return Request{}, schemaError(n, "has no EMailAddress")
	case r.Schema == "":
		return Request{}, schemaError(n, "has no AcceptableResponseSchema")
	}
	return r, nil
}

// A field is an element that holds text, left out when it is empty.
type field struct {
	name  string
	value *string
}

// read fills the fields whose elements are children of n.
func read(n *xmltree.Node, space string, fields []field) {
	for i := range n.Children {
		for _, f := range fields {
			if c := &n.Children[i]; c.Name.Space == space && c.Name.Local == f.name {
				*f.value = strings.TrimSpace(c.Text)
			}
		}
	}
}

// A builder makes elements of one namespace.
type builder struct{ space string }

func (b builder) node(local string, children ...xmltree.Node) xmltree.Node {
	return xmltree.Node{Name: xml.Name{Space: b.space, Local: local}, Children: children}
}

func (b builder) text(local, text string) xmltree.Node {
	n := b.node(local)
	n.Text = text
	return n
}

func (b builder) texts(fields []field) []xmltree.Node {
	var l []xmltree.Node
	for _, f := range fields {
		if *f.value != "" {
			l = append(l, b.text(f.name, *f.value))
		}
	}
	return l
}

// attr adds an attribute, unless it is empty.
func attr(n xmltree.Node, name, value string) xmltree.Node {
	if value != "" {
		n.Attrs = append(n.Attrs, xml.Attr{Name: xml.Name{Local: name}, Value: value})
	}
	return n
}
