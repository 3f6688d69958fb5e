package logfile

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// columns finds the values of a record by the names of its columns.
type columns struct {
	at map[string]int
	n  int
}

// maxColumns bounds how many columns a file may name.
const maxColumns = 256

func newColumns(names []string) (columns, error) {
	if len(names) > maxColumns {
		return columns{}, fmt.Errorf("%d columns: expected %d at most", len(names), maxColumns)
	}
	c := columns{map[string]int{}, len(names)}
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := c.at[name]; !twice {
			c.at[name] = i
		}
	}
	return c, nil
}

// header takes a line that is no record: the #Fields line, which names the
// columns, another remark, or nothing. It tells whether the line was one.
func (c *columns) header(text string) (bool, error) {
	if names, ok := fieldNames(text); ok {
		var err error
		*c, err = newColumns(names)
		return true, err
	}
	switch {
	case text == "" || text[0] == '#':
		return true, nil
	case c.n == 0:
		return false, fmt.Errorf("a record before the #Fields line")
	}
	return false, nil
}

// csv splits a line at its commas into the values of a record; nil: the line is
// no record.
func (c *columns) csv(text string) ([]string, error) {
	if done, err := c.header(text); done || err != nil {
		return nil, err
	}
	record, err := splitCSV(text)
	if err == nil && len(record) != c.n {
		err = fmt.Errorf("%d values, expected %d as the #Fields line has", len(record), c.n)
	}
	return record, err
}

func (c columns) has(names ...string) bool {
	for _, n := range names {
		if _, ok := c.at[n]; !ok {
			return false
		}
	}
	return true
}

// get is a value of the record, "" where it has none: "-" stands for that.
func (c columns) get(record []string, name string) string {
	i, ok := c.at[name]
	if !ok || i >= len(record) || record[i] == "-" {
		return ""
	}
	return record[i]
}

var errQuotes = errors.New("a quotation mark is not closed")

// splitCSV splits a line at its commas. Quotation marks keep commas together;
// a doubled one stands for itself (RFC 4180). A mark within a value that does
// not begin with one is itself.
func splitCSV(line string) ([]string, error) {
	var fields []string
	for {
		if !strings.HasPrefix(line, `"`) {
			field, rest, more := strings.Cut(line, ",")
			fields = append(fields, field)
			if !more {
				return fields, nil
			}
			line = rest
			continue
		}
		var b strings.Builder
		line = line[1:]
		for {
			part, rest, closed := strings.Cut(line, `"`)
			b.WriteString(part)
			if !closed {
				return nil, errQuotes
			}
			line = rest
			if !strings.HasPrefix(line, `"`) {
				break
			}
			b.WriteByte('"')
			line = line[1:]
		}
		// What stands behind the closing mark belongs to the value.
		tail, rest, more := strings.Cut(line, ",")
		b.WriteString(tail)
		fields = append(fields, b.String())
		if !more {
			return fields, nil
		}
		line = rest
	}
}

// fieldNames reads a #Fields line, with commas or blanks between the names.
func fieldNames(line string) ([]string, bool) {
	rest, ok := cutFold(line, "#Fields:")
	if !ok {
		return nil, false
	}
	if strings.Contains(rest, ",") {
		return strings.Split(strings.TrimSpace(rest), ","), true
	}
	return strings.Fields(rest), true
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// hasFields tells whether one of the first lines is a #Fields line with all of
// these names.
func hasFields(head []string, names ...string) bool {
	for _, line := range head {
		if list, ok := fieldNames(line); ok {
			c, err := newColumns(list)
			return err == nil && c.has(names...)
		}
	}
	return false
}

// address reads an IP address, with or without port and zone; anything else is
// none.
func address(s string) netip.Addr {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap().WithZone("")
	}
	return netip.Addr{}
}

// moments are the forms in which PowerShell writes a time, by the server's
// language: English (US), English (UK) and most of Europe, and the round trip
// form.
var moments = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05", "1/2/2006 3:04:05 PM", "1/2/2006 15:04:05", "2/1/2006 15:04:05", "2.1.2006 15:04:05",
}

// moment reads a time in any of the forms; the zero time when it is none.
func moment(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range moments {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// stamp reads the time of a log line.
func stamp(layout, example, s string) (time.Time, error) {
	at, err := time.Parse(layout, s)
	if err != nil {
		return at, fmt.Errorf("found %s, expected a time such as %s", quote(s), example)
	}
	return at.UTC(), nil
}

// maxRecipients bounds how many recipients of one line are kept.
const maxRecipients = 10000

// list splits a value at semicolons.
func list(s string) []string {
	if s == "" {
		return nil
	}
	parts := strings.SplitN(s, ";", maxRecipients+1)
	out := parts[:0]
	for _, p := range parts[:min(len(parts), maxRecipients)] {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}
