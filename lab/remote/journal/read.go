package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"shutout/lab/remote"
)

// What a journal may hold.
const (
	maxLine    = 1 << 20
	maxText    = 4 << 10
	maxChanges = 10_000
	maxBytes   = 64 << 20
)

// line is one line of the file: the head, a change that is intended, or what
// became of one.
type line struct {
	Head   *Head          `json:"journal,omitempty"`
	At     time.Time      `json:"at"`
	ID     int            `json:"id,omitempty"`
	State  State          `json:"state,omitempty"`
	Change *remote.Change `json:"change,omitempty"`
	Text   string         `json:"text,omitempty"`
}

// Content is what a journal says.
type Content struct {
	Head    Head
	Entries []*Entry
	// Torn tells that the last line is not whole. Nothing was done because of it.
	Torn bool

	whole int64 // how many bytes of the file are whole lines
}

// Owed lists what is still to be taken back, the newest first.
func (c *Content) Owed() (owed []*Entry) {
	for _, e := range newestFirst(c.Entries) {
		if e.Owed() {
			owed = append(owed, e)
		}
	}
	return owed
}

// Read reads the journal at path. One that others than its owner may write to
// is refused: it tells this program what to do.
func Read(path string) (*Content, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0:
		return nil, fmt.Errorf("%s can be written by others than its owner, so nobody knows who wrote it: look at it, then chmod go-w %s", path, path)
	}
	src, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, err
	}
	c, err := Parse(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Parse reads a journal. Its last line may be torn.
func Parse(src []byte) (*Content, error) {
	if len(src) > maxBytes {
		return nil, fmt.Errorf("it is longer than %d bytes: this is no journal", maxBytes)
	}
	c := &Content{}
	for n := 1; len(src) > 0; n++ {
		text, rest, ended := bytes.Cut(src, []byte("\n"))
		err := errors.New("its end is missing")
		if ended {
			err = c.add(text)
		}
		switch {
		case err == nil:
			c.whole += int64(len(text)) + 1
		case len(rest) == 0 && (n > 1 || mayBeHead(text)):
			// Blocks of one line may reach the disk in any order, so the end of
			// a torn line may be there without its middle.
			c.Torn = true
		default:
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		src = rest
	}
	return c, nil
}

// mayBeHead tells whether a first line that is not whole was to be a journal's:
// it begins as one, or never got to the disk.
func mayBeHead(text []byte) bool {
	begin := []byte(`{"journal":`)
	text = bytes.TrimRight(text, "\x00")
	n := min(len(text), len(begin))
	return bytes.Equal(text[:n], begin[:n])
}

// add takes one whole line.
func (c *Content) add(text []byte) error {
	if len(text) > maxLine {
		return fmt.Errorf("it has more than %d bytes", maxLine)
	}
	var l line
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		return fmt.Errorf("this is no line of a journal: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("there is more than one record in it")
	}
	if c.whole == 0 {
		if l.Head == nil || l.Head.Lab == "" || l.ID != 0 || l.State != "" || l.Change != nil || l.Text != "" {
			return errors.New("a journal begins with the name of its lab")
		}
		if err := checkName(l.Head.Lab); err != nil {
			return err
		}
		c.Head = *l.Head
		return nil
	}
	switch {
	case l.Head != nil:
		return errors.New("a second journal begins in the middle of this one")
	case l.State == Intended:
		if l.Change == nil || l.ID != len(c.Entries)+1 || l.Text != "" {
			return fmt.Errorf("expected change %d", len(c.Entries)+1)
		}
		if l.ID > maxChanges {
			return fmt.Errorf("there are more than %d changes", maxChanges)
		}
		c.Entries = append(c.Entries, &Entry{ID: l.ID, Change: l.Change, State: Intended})
		return nil
	case l.ID < 1 || l.ID > len(c.Entries):
		return fmt.Errorf("it is about change %d, which is not there", l.ID)
	case l.Change != nil:
		return errors.New("a change that is not intended")
	}
	switch l.State {
	case Done, Failed, Undone, Stuck, Left:
		e := c.Entries[l.ID-1]
		e.State, e.Text = l.State, l.Text
		return nil
	}
	return fmt.Errorf("%q is nothing that becomes of a change", l.State)
}
