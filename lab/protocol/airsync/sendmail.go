package airsync

import (
	"mime"

	"shutout/lab/protocol/wbxml"
)

var (
	tSendMail        = Pages.MustTag("ComposeMail:SendMail")
	tComposeClientID = Pages.MustTag("ComposeMail:ClientId")
	tComposeSave     = Pages.MustTag("ComposeMail:SaveInSentItems")
	tComposeMime     = Pages.MustTag("ComposeMail:Mime")
	tComposeStatus   = Pages.MustTag("ComposeMail:Status")
)

// maxClientID is the length of a ClientId (MS-ASCMD 6.5).
const maxClientID = 40

// SendMailRequest submits a message (MS-ASCMD 2.2.1.17). From version 14.0 on
// it is WBXML; below, the body is the message itself, there is no client id,
// and the wish for a copy stands in the query (Query.SaveInSent).
type SendMailRequest struct {
	ClientID        string // 1 to 40 characters; the same again marks a retry
	SaveInSentItems bool
	MIME            []byte // the message with its headers
}

// Encode is the request's content type and body in version v. Below 14.0 the
// body is r.MIME itself.
func (r SendMailRequest) Encode(v Version) (contentType string, body []byte, err error) {
	if len(r.MIME) == 0 {
		return "", nil, schemaError(tComposeMime, "is missing")
	}
	if v < V140 {
		return ContentTypeMIME, r.MIME, nil
	}
	if err := checkClientID(r.ClientID); err != nil {
		return "", nil, err
	}
	l := make(list, 0, 3)
	l.text(tComposeClientID, r.ClientID)
	l.present(tComposeSave, r.SaveInSentItems)
	l.add(wbxml.Opaque(tComposeMime, r.MIME))
	body, err = encode(wbxml.Elem(tSendMail, l...))
	return ContentType, body, err
}

// ParseSendMailRequest reads a request of version v. Below 14.0 the caller
// fills in SaveInSentItems from the query. MIME aliases body.
func ParseSendMailRequest(v Version, contentType string, body []byte) (SendMailRequest, error) {
	var r SendMailRequest
	if v < V140 {
		if t, _, err := mime.ParseMediaType(contentType); err != nil || t != ContentTypeMIME {
			return r, schemaError(tSendMail, "below version 14.0 has the content type %s, not %q", ContentTypeMIME, contentType)
		}
		if len(body) == 0 {
			return r, schemaError(tComposeMime, "is missing")
		}
		return SendMailRequest{MIME: body}, nil
	}
	root, err := decode(body, tSendMail)
	if err != nil {
		return r, err
	}
	for i := range root.Children {
		n := &root.Children[i]
		switch n.Tag {
		case tComposeClientID:
			r.ClientID = n.Value()
		case tComposeSave:
			r.SaveInSentItems = true
		case tComposeMime:
			r.MIME = n.Bytes()
		}
	}
	if err := checkClientID(r.ClientID); err != nil {
		return SendMailRequest{}, err
	}
	if len(r.MIME) == 0 {
		return SendMailRequest{}, schemaError(tComposeMime, "is missing")
	}
	return r, nil
}

func checkClientID(id string) error {
	if id == "" || len(id) > maxClientID {
		return schemaError(tComposeClientID, "must have 1 to %d characters", maxClientID)
	}
	return nil
}

// SendMailResponse is the server's answer from version 14.0 on. Success has an
// empty body (MS-ASCMD 2.2.3.177.14). Below 14.0 the HTTP status says it all.
type SendMailResponse struct {
	Status Status
}

// Encode is the response's body, which is empty for StatusOK.
func (r SendMailResponse) Encode() ([]byte, error) {
	if r.Status == StatusOK {
		return nil, nil
	}
	var l list
	l.status(tComposeStatus, r.Status)
	return encode(wbxml.Elem(tSendMail, l...))
}

// ParseSendMailResponse reads a response's body.
func ParseSendMailResponse(body []byte) (SendMailResponse, error) {
	if len(body) == 0 {
		return SendMailResponse{Status: StatusOK}, nil
	}
	root, err := decode(body, tSendMail)
	if err != nil {
		return SendMailResponse{}, err
	}
	n := root.Child(tComposeStatus)
	if n == nil {
		return SendMailResponse{}, schemaError(tComposeStatus, "is missing")
	}
	s, err := status(n)
	return SendMailResponse{Status: s}, err
}
