package imap

import (
	"bytes"
	"errors"
	"io"
	"math"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"shutout/sim/store"
)

// message is a message of the view with its content.
type message struct {
	seq uint32
	store.Item
}

// load reads messages from the store. One that is gone by now, of which the
// client has not been told yet, is passed over.
func (v *view) load(now time.Time, mb *store.Session, list []target) ([]message, error) {
	out := make([]message, 0, len(list))
	for _, t := range list {
		it, err := mb.Get(now, v.folder, t.uid)
		switch {
		case err == nil:
			out = append(out, message{t.seq, it})
		case !errors.Is(err, store.ErrNoItem):
			return nil, err
		}
	}
	return out, nil
}

// Fetch answers FETCH.
func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	var list []message
	err := s.selected(func(now time.Time, mb *store.Session, v *view) (err error) {
		targets := v.targets(set)
		if reads(o) && !v.readOnly {
			if _, err := mb.Mark(now, v.folder, uidsOf(targets), store.Seen, 0); err != nil {
				return err
			}
		}
		list, err = v.load(now, mb, targets)
		return err
	})
	if err != nil {
		return err
	}
	for i := range list {
		if err := list[i].write(w.CreateMessage(list[i].seq), o); err != nil {
			return err
		}
	}
	return nil
}

// reads tells whether a FETCH sets the flag Seen.
func reads(o *imap.FetchOptions) bool {
	for _, section := range o.BodySection {
		if !section.Peek {
			return true
		}
	}
	return false
}

// Store answers STORE.
func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, _ *imap.StoreOptions) error {
	bits := flagBits(flags.Flags)
	var on, off store.Flags
	switch flags.Op {
	case imap.StoreFlagsAdd:
		on = bits
	case imap.StoreFlagsDel:
		off = bits
	default:
		on, off = bits, allFlags&^bits
	}
	type changed struct {
		seq  uint32
		item store.Item
	}
	var list []changed
	err := s.writable(func(now time.Time, mb *store.Session, v *view) error {
		return v.own(func() error {
			items, err := mb.Mark(now, v.folder, uidsOf(v.targets(set)), on, off)
			for _, it := range items {
				list = append(list, changed{v.sequence(it.UID), it})
			}
			return err
		})
	})
	if err != nil || flags.Silent {
		return err
	}
	for _, c := range list {
		m := w.CreateMessage(c.seq)
		m.WriteUID(imap.UID(c.item.UID))
		m.WriteFlags(flagList(c.item.Flags))
		if err := m.Close(); err != nil {
			return err
		}
	}
	return nil
}

// writable is selected for a command that changes the folder, which EXAMINE
// does not allow.
func (s *session) writable(f func(now time.Time, mb *store.Session, v *view) error) error {
	return s.selected(func(now time.Time, mb *store.Session, v *view) error {
		if v.readOnly {
			return no("", textState)
		}
		return f(now, mb, v)
	})
}

// Expunge answers EXPUNGE, UID EXPUNGE and CLOSE. The client hears of the
// removals by the Poll that follows.
func (s *session) Expunge(_ *imapserver.ExpungeWriter, only *imap.UIDSet) error {
	return s.selected(func(now time.Time, mb *store.Session, v *view) error {
		if v.readOnly {
			return nil // CLOSE after EXAMINE is in order and removes nothing
		}
		var uids []uint32
		if only != nil {
			uids = uidsOf(v.targets(*only))
			if len(uids) == 0 {
				return nil // an empty list would mean all
			}
		}
		_, err := mb.Expunge(now, v.folder, uids)
		return err
	})
}

// Copy answers COPY.
func (s *session) Copy(set imap.NumSet, dest string) (*imap.CopyData, error) {
	var data *imap.CopyData
	err := s.selected(func(now time.Time, mb *store.Session, v *view) error {
		t, err := mb.Copy(now, v.folder, uidsOf(v.targets(set)), dest)
		data = copyData(t)
		return tryCreate(err)
	})
	return data, err
}

// Move answers MOVE (RFC 6851).
func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	var data *imap.CopyData
	err := s.writable(func(now time.Time, mb *store.Session, v *view) error {
		t, err := mb.Move(now, v.folder, uidsOf(v.targets(set)), dest)
		data = copyData(t)
		return tryCreate(err)
	})
	if err != nil || data == nil {
		return err
	}
	return w.WriteCopyData(data)
}

// copyData is the answer COPYUID, nil when nothing was copied.
func copyData(t store.Transfer) *imap.CopyData {
	if len(t.From) == 0 {
		return nil
	}
	data := &imap.CopyData{UIDValidity: t.UIDValidity}
	for i := range t.From {
		data.SourceUIDs.AddNum(imap.UID(t.From[i]))
		data.DestUIDs.AddNum(imap.UID(t.To[i]))
	}
	return data
}

// tryCreate tells a client that it may make the missing destination (RFC 3501
// sections 6.3.11 and 6.4.7).
func tryCreate(err error) error {
	if errors.Is(err, store.ErrNoFolder) {
		return no(imap.ResponseCodeTryCreate, "The requested item could not be found.")
	}
	return err
}

// appendLimit is the largest message that a client may put into a folder where
// messages in transit have no limit, in bytes.
const appendLimit = 100 << 20

// AppendLimit bounds APPEND: what may not be sent may not be put there either.
func (s *session) AppendLimit() uint32 {
	if n := int64(s.w.Params.SMTP.MaxMessageSize); n > 0 && n < appendLimit {
		return uint32(n)
	}
	return appendLimit
}

// Append answers APPEND.
func (s *session) Append(name string, r imap.LiteralReader, o *imap.AppendOptions) (*imap.AppendData, error) {
	var buf bytes.Buffer
	if _, err := io.Copy(&buf, io.LimitReader(r, int64(s.AppendLimit()))); err != nil {
		return nil, err
	}
	content := store.ParseMessage(buf.Bytes())
	var data *imap.AppendData
	err := s.do(func(now time.Time, mb *store.Session) error {
		folder, err := mb.Folder(now, name)
		if err != nil {
			return tryCreate(err)
		}
		received := o.Time
		if received.IsZero() || received.After(now) || received.Year() < 1970 {
			received = now
		}
		it, err := mb.Append(now, name, flagBits(o.Flags), received, content)
		data = &imap.AppendData{UID: imap.UID(it.UID), UIDValidity: folder.UIDValidity}
		return err
	})
	return data, err
}

// Search answers SEARCH.
func (s *session) Search(kind imapserver.NumKind, criteria *imap.SearchCriteria, _ *imap.SearchOptions) (*imap.SearchData, error) {
	var list []message
	var match key
	err := s.selected(func(now time.Time, mb *store.Session, v *view) error {
		var err error
		if match, err = compile(criteria, v); err != nil {
			return err
		}
		items, err := mb.Range(now, v.folder, 0, math.MaxUint32)
		for _, it := range items {
			if seq := v.sequence(it.UID); seq > 0 {
				list = append(list, message{seq, it})
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var found imap.SearchData
	var seqs imap.SeqSet
	var uids imap.UIDSet
	for _, m := range list {
		if !match(&candidate{message: m}) {
			continue
		}
		n := m.seq
		if kind == imapserver.NumKindUID {
			n = m.UID
			uids.AddNum(imap.UID(n))
		} else {
			seqs.AddNum(n)
		}
		if found.Count++; found.Count == 1 {
			found.Min = n
		}
		found.Max = n
	}
	if found.All = seqs; kind == imapserver.NumKindUID {
		found.All = uids
	}
	return &found, nil
}
