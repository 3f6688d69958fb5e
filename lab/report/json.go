package report

import (
	"encoding/json"
	"io"

	"shutout/lab"
)

// JSON writes the result document.
func JSON(w io.Writer, d *lab.Document) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(d)
}
