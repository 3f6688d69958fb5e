// Package journal keeps on disk what has been changed in a real lab, so that it
// can be taken back after a crash.
//
// A journal is a file of JSON lines in a folder of its lab's. The first line
// tells whose it is; each further one is safe on disk before the work goes on.
// So of what a power failure leaves at most the last line is not whole, and
// nothing was done yet because of it. A lock in the folder, and one for each
// server of the lab, keep a second process away, and end with the process that
// holds them.
package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"shutout/lab"
	"shutout/lab/remote"
)

// Head tells whose journal it is.
type Head struct {
	Lab  string `json:"lab"`
	File string `json:"file"` // the lab file, from the root
	Tool string `json:"tool"`
	// Servers are those of the lab, which nobody else may play on meanwhile.
	Servers []string  `json:"servers,omitempty"`
	Begun   time.Time `json:"begun"`
}

// State is the last that is known of a change.
type State string

const (
	// Intended: it was about to be made. Whether it was, nobody knows.
	Intended State = "intended"
	Done     State = "done"
	// Failed: it was not, or only half, made.
	Failed State = "failed"
	Undone State = "undone"
	// Stuck: it could not be taken back yet.
	Stuck State = "stuck"
	// Left: it stays, and somebody has been told so.
	Left State = "left"
)

// An Entry is a change and what became of it.
type Entry struct {
	ID     int
	Change *remote.Change
	State  State
	Text   string // what was said of that
}

// Owed tells whether the change is still to be taken back.
func (e *Entry) Owed() bool {
	switch e.State {
	case Undone, Left:
		return false
	}
	return e.Change.Undo != "" || e.Change.Lasting != ""
}

// Suffix ends the name of each journal.
const Suffix = ".journal"

// File is a journal that this process writes. It holds the lab's lock.
type File struct {
	mu      sync.Mutex
	path    string
	f       *os.File
	lock    locks
	content *Content
	fault   error // the write that failed: what is on disk since then is not known
}

var _ remote.Journal = (*File)(nil)

// Create begins a journal in the folder of a lab, see [Folder]. It fails while
// another process plays the lab or on one of its servers (*[BusyError]), and as
// long as another journal of the lab, or of one that has a server in common, is
// not finished (*[UnfinishedError]).
func Create(folder string, h Head) (*File, error) {
	if !filepath.IsAbs(h.File) {
		return nil, fmt.Errorf("the journal needs the whole path of the lab file, found %q", h.File)
	}
	if err := makeFolder(folder); err != nil {
		return nil, fmt.Errorf("there is no place for the journal: %w", err)
	}
	lock, err := acquire(folder, h.Lab, h.Servers)
	if err != nil {
		return nil, err
	}
	err = free(h)
	var j *File
	if err == nil {
		j, err = create(folder, h)
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	j.lock = lock
	return j, nil
}

// free tells whether no run of another lab has left changes on a server.
func free(h Head) error {
	if len(h.Servers) == 0 {
		return nil
	}
	found, err := Unfinished()
	for _, f := range found {
		if f.Err == nil && f.Content.Head.Lab != h.Lab && slices.ContainsFunc(f.Content.Head.Servers, func(s string) bool { return slices.Contains(h.Servers, s) }) {
			return &UnfinishedError{Lab: f.Content.Head.Lab, Path: f.Path}
		}
	}
	return err
}

func create(folder string, h Head) (*File, error) {
	found, err := list(folder)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if f.Err != nil || len(f.Content.Owed()) > 0 {
			return nil, &UnfinishedError{Lab: h.Lab, Path: f.Path}
		}
		// Its process ended between the last line and this.
		if err := os.Remove(f.Path); err != nil {
			return nil, err
		}
	}
	h.Begun = time.Now().UTC().Truncate(time.Second)
	j := &File{content: &Content{Head: h}}
	j.path = filepath.Join(folder, h.Begun.Format("20060102-150405")+Suffix)
	if j.f, err = os.OpenFile(j.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return nil, err
	}
	if err := j.write(line{Head: &h}); err != nil {
		return nil, errors.Join(err, j.f.Close(), os.Remove(j.path))
	}
	if err := syncFolder(folder); err != nil {
		return nil, errors.Join(err, j.f.Close(), os.Remove(j.path))
	}
	return j, nil
}

// Open goes on with a journal that another process has left.
func Open(path string) (*File, error) {
	content, err := Read(path)
	if err != nil {
		return nil, err
	}
	lock, err := acquire(filepath.Dir(path), content.Head.Lab, content.Head.Servers)
	if err != nil {
		return nil, err
	}
	j := &File{path: path, lock: lock}
	// What was read before the lock was had may not be all.
	if j.content, err = Read(path); err == nil {
		j.f, err = os.OpenFile(path, os.O_WRONLY, 0)
	}
	if err == nil {
		err = j.f.Truncate(j.content.whole)
	}
	if err == nil {
		_, err = j.f.Seek(j.content.whole, 0)
	}
	if err != nil {
		return nil, errors.Join(err, j.unlock())
	}
	return j, nil
}

// Fault is why the journal could not be written, after which it says less than
// has happened; nil: it could.
func (j *File) Fault() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.fault
}

// Path is where the journal is.
func (j *File) Path() string { return j.path }

// Content is what the journal says now.
func (j *File) Content() *Content {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := *j.content
	c.Entries = make([]*Entry, len(j.content.Entries))
	for i, e := range j.content.Entries {
		c.Entries[i] = new(*e)
	}
	return &c
}

// Intend implements [remote.Journal].
func (j *File) Intend(c *remote.Change) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.content.Entries) >= maxChanges {
		return 0, fmt.Errorf("the journal %s is full: it holds %d changes", j.path, maxChanges)
	}
	e := &Entry{ID: len(j.content.Entries) + 1, Change: c, State: Intended}
	if err := j.write(line{ID: e.ID, State: Intended, Change: c}); err != nil {
		return 0, err
	}
	j.content.Entries = append(j.content.Entries, e)
	return e.ID, nil
}

// Done, Failed, Undone and Stuck write what became of the change with an id
// before they return. An error means that the journal may not hold it.
func (j *File) Done(id int, detail string) error   { return j.became(id, Done, detail) }
func (j *File) Failed(id int, fault string) error  { return j.became(id, Failed, fault) }
func (j *File) Undone(id int, detail string) error { return j.became(id, Undone, detail) }
func (j *File) Stuck(id int, fault string) error   { return j.became(id, Stuck, fault) }

// Left tells that the change stays, because it cannot be taken back or because
// somebody has done so by hand.
func (j *File) Left(id int, why string) error { return j.became(id, Left, why) }

func (j *File) became(id int, s State, text string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if id < 1 || id > len(j.content.Entries) {
		return fmt.Errorf("the journal %s has no change %d", j.path, id)
	}
	text = lab.Bound(strings.ToValidUTF8(text, "�"), maxText)
	e := j.content.Entries[id-1]
	e.State, e.Text = s, text // what has happened has happened, written down or not
	return j.write(line{ID: id, State: s, Text: text})
}

// write appends a line and returns once it is safe on disk. After a failure
// nothing more is written: the file may end in the middle of a line, and only
// the last line of a journal may do that.
func (j *File) write(l line) error {
	if j.fault != nil {
		return j.fault
	}
	l.At = time.Now().UTC().Truncate(time.Millisecond)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil {
		return fmt.Errorf("the journal %s: %w", j.path, err)
	}
	if b.Len() > maxLine {
		return fmt.Errorf("the journal %s takes lines of %d bytes at most, and this change has %d", j.path, maxLine, b.Len())
	}
	_, err := j.f.Write(b.Bytes())
	if err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		j.fault = fmt.Errorf("the journal cannot be written: %w", err)
	}
	return j.fault
}

// Close gives the lab free. A journal that owes nothing is removed.
func (j *File) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.f.Close()
	if len(j.content.Owed()) == 0 && j.fault == nil {
		err = errors.Join(err, os.Remove(j.path), syncFolder(filepath.Dir(j.path)))
	}
	return errors.Join(err, j.unlock())
}

func (j *File) unlock() error { return j.lock.Close() }

// newestFirst lists the entries in the order of undoing.
func newestFirst(entries []*Entry) []*Entry {
	list := slices.Clone(entries)
	slices.Reverse(list)
	return list
}
