package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// JSON writes the result document.
func JSON(w io.Writer, d *lab.Document) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		return err
	}
	_, err := w.Write(escaped(b.Bytes()))
	return err
}

// escaped writes what could steer a terminal as \u, where encoding/json leaves
// it: the document is looked at with cat, too. Such characters stand in strings
// only.
func escaped(b []byte) []byte {
	if !bytes.ContainsFunc(b, foreign.Steers) {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for _, r := range string(b) {
		switch {
		case r == '\n' || !foreign.Steers(r):
			out = append(out, string(r)...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}
