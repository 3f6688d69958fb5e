package mailtext

import (
	"bytes"
	"errors"
	"net/mail"
	"strings"
)

// Submission is a mail that a client has composed itself, ready to be handed
// to transport.
type Submission struct {
	From       string   // the address in the field From, "" when there is none
	Recipients []string // of To, Cc and Bcc
	Raw        []byte   // without the field Bcc
}

var errHeader = errors.New("the mail has no readable header")

// Outgoing reads who a mail is from and to, and takes the field Bcc out of it.
// Raw of the result may share memory with raw.
func Outgoing(raw []byte) (Submission, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Submission{}, errHeader
	}
	s := Submission{Raw: raw}
	for _, name := range []string{"To", "Cc", "Bcc"} {
		for _, value := range m.Header[name] {
			if strings.TrimSpace(value) == "" {
				continue
			}
			list, err := mail.ParseAddressList(value)
			if err != nil {
				return Submission{}, err
			}
			for _, a := range list {
				s.Recipients = append(s.Recipients, a.Address)
			}
		}
	}
	if from, err := m.Header.AddressList("From"); err == nil && len(from) > 0 {
		s.From = from[0].Address
	}
	if len(m.Header["Bcc"]) > 0 {
		s.Raw = without(raw, "bcc")
	}
	return s, nil
}

// without copies a mail except the header fields of one name, given in lower
// case.
func without(raw []byte, name string) []byte {
	out := make([]byte, 0, len(raw))
	skipping := false
	for len(raw) > 0 {
		n := bytes.IndexByte(raw, '\n') + 1
		if n == 0 {
			n = len(raw)
		}
		line := raw[:n]
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break // the end of the header
		}
		raw = raw[n:]
		if line[0] != ' ' && line[0] != '\t' {
			field, _, _ := bytes.Cut(line, []byte{':'})
			skipping = strings.EqualFold(string(bytes.TrimSpace(field)), name)
		}
		if !skipping {
			out = append(out, line...)
		}
	}
	return append(out, raw...)
}
