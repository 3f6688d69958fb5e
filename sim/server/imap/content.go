package imap

import (
	"bufio"
	"bytes"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message/textproto"
)

// write answers FETCH for one message.
func (m *message) write(w *imapserver.FetchResponseWriter, o *imap.FetchOptions) error {
	if o.UID {
		w.WriteUID(imap.UID(m.UID))
	}
	if o.Flags {
		w.WriteFlags(flagList(m.Flags))
	}
	if o.InternalDate {
		w.WriteInternalDate(m.Received)
	}
	if o.RFC822Size {
		w.WriteRFC822Size(int64(m.Size()))
	}
	if o.Envelope {
		w.WriteEnvelope(envelope(m.Raw))
	}
	if o.BodyStructure != nil {
		w.WriteBodyStructure(structure(m.Raw))
	}
	for _, section := range o.BodySection {
		data := body(m.Raw, section)
		part := w.WriteBodySection(section, int64(len(data)))
		_, err := part.Write(data)
		if closing := part.Close(); err == nil {
			err = closing
		}
		if err != nil {
			w.Close()
			return err
		}
	}
	return w.Close()
}

func envelope(raw []byte) *imap.Envelope {
	h, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return nil // go-imap writes an empty one
	}
	return imapserver.ExtractEnvelope(h)
}

// body is the section of a message that a client asks for. The whole message
// is what came, also where it is no good MIME.
func body(raw []byte, section *imap.FetchItemBodySection) []byte {
	switch {
	case len(section.Part) == 0 && section.Specifier == imap.PartSpecifierNone:
		return partial(raw, section.Partial)
	case len(section.Part) > 0 && nested(raw):
		return nil
	}
	return imapserver.ExtractBodySection(bytes.NewReader(raw), section)
}

// partial cuts a range out of b, as far as it exists (RFC 3501 section 6.4.5).
func partial(b []byte, p *imap.SectionPartial) []byte {
	if p == nil {
		return b
	}
	size := int64(len(b))
	from := min(max(p.Offset, 0), size)
	return b[from : from+min(max(p.Size, 0), size-from)]
}

// structure is the MIME structure of a message. One that is nested without
// measure counts as text.
func structure(raw []byte) imap.BodyStructure {
	if !nested(raw) {
		return imapserver.ExtractBodyStructure(bytes.NewReader(raw))
	}
	return &imap.BodyStructureSinglePart{
		Type: "text", Subtype: "plain", Size: uint32(len(raw)),
		Text:     &imap.BodyStructureText{NumLines: int64(bytes.Count(raw, []byte{'\n'}))},
		Extended: &imap.BodyStructureSinglePartExt{},
	}
}

// maxNested bounds how often a message may name a type that holds others: the
// time that reading nested parts takes grows with the square of their depth.
const maxNested = 200

func nested(raw []byte) bool {
	lower := bytes.ToLower(raw)
	return bytes.Count(lower, []byte("multipart/"))+bytes.Count(lower, []byte("message/")) > maxNested
}
