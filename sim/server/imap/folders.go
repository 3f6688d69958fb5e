package imap

import (
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"shutout/sim/store"
)

// inbox is the name that IMAP has for it, in any letter case (RFC 3501 section
// 5.1); the store's names do not care for case either.
const inbox = "INBOX"

// delimiter stands between a folder and its parent.
const delimiter = '/'

// wireName is the name that a folder has in IMAP.
func wireName(name string) string {
	if rest, ok := strings.CutPrefix(name, store.Inbox); ok && (rest == "" || rest[0] == delimiter) {
		return inbox + rest
	}
	return name
}

var specialUse = map[string]imap.MailboxAttr{
	store.Drafts:       imap.MailboxAttrDrafts,
	store.SentItems:    imap.MailboxAttrSent,
	store.DeletedItems: imap.MailboxAttrTrash,
	store.JunkEmail:    imap.MailboxAttrJunk,
}

// Namespace tells that all folders are the user's own.
func (s *session) Namespace() (*imap.NamespaceData, error) {
	return &imap.NamespaceData{Personal: []imap.NamespaceDescriptor{{Delim: delimiter}}}, nil
}

// maxWildcards bounds a pattern: matching takes a power of their number.
const maxWildcards = 3

// List answers LIST and LSUB; every folder counts as subscribed.
func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, o *imap.ListOptions) error {
	if len(patterns) == 0 { // a client that asks for the delimiter (RFC 3501 section 6.3.8)
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: delimiter})
	}
	for _, p := range patterns {
		if strings.Count(p, "*")+strings.Count(p, "%") > maxWildcards {
			return bad(textArgument)
		}
	}
	var folders []store.Folder
	err := s.do(func(now time.Time, mb *store.Session) (err error) {
		folders, err = mb.Folders(now)
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range folders {
		name := wireName(f.Name)
		use, special := specialUse[f.Name]
		if !matches(name, ref, patterns) || o.SelectSpecialUse && !special {
			continue
		}
		data := &imap.ListData{Delim: delimiter, Mailbox: name, Attrs: []imap.MailboxAttr{children(f.Name, folders)}}
		if special {
			data.Attrs = append(data.Attrs, use)
		}
		if o.ReturnSubscribed {
			data.Attrs = append(data.Attrs, imap.MailboxAttrSubscribed)
		}
		if err := w.WriteList(data); err != nil {
			return err
		}
	}
	return nil
}

func matches(name, ref string, patterns []string) bool {
	for _, p := range patterns {
		// INBOX is the one name whose case does not matter.
		if strings.EqualFold(p, inbox) {
			p = inbox
		}
		if imapserver.MatchList(name, delimiter, ref, p) {
			return true
		}
	}
	return false
}

func children(name string, all []store.Folder) imap.MailboxAttr {
	for _, f := range all {
		if len(f.Name) > len(name) && f.Name[len(name)] == delimiter && strings.EqualFold(f.Name[:len(name)], name) {
			return imap.MailboxAttrHasChildren
		}
	}
	return imap.MailboxAttrHasNoChildren
}

// Status answers STATUS.
func (s *session) Status(name string, o *imap.StatusOptions) (*imap.StatusData, error) {
	var data *imap.StatusData
	err := s.do(func(now time.Time, mb *store.Session) error {
		f, err := mb.Folder(now, name)
		if err != nil {
			return err
		}
		total, unseen, none := uint32(f.Total), uint32(f.Unseen), uint32(0)
		data = &imap.StatusData{
			Mailbox: wireName(f.Name), NumMessages: &total, NumRecent: &none, NumUnseen: &unseen,
			UIDNext: imap.UID(f.UIDNext), UIDValidity: f.UIDValidity, Size: &f.Size,
		}
		if !o.NumDeleted {
			return nil
		}
		items, err := mb.List(now, name, f.Total)
		deleted := uint32(0)
		for _, it := range items {
			if it.Flags.Has(store.Deleted) {
				deleted++
			}
		}
		data.NumDeleted = &deleted
		return err
	})
	return data, err
}

// Create answers CREATE. A trailing delimiter only says that folders will
// follow below (RFC 3501 section 6.3.3).
func (s *session) Create(name string, _ *imap.CreateOptions) error {
	return s.do(func(now time.Time, mb *store.Session) error {
		_, err := mb.CreateFolder(now, strings.TrimSuffix(name, string(delimiter)))
		return err
	})
}

// Delete answers DELETE.
func (s *session) Delete(name string) error {
	return s.do(func(now time.Time, mb *store.Session) error { return mb.DeleteFolder(now, name) })
}

// Rename answers RENAME. INBOX cannot be renamed, as with Exchange.
func (s *session) Rename(name, to string, _ *imap.RenameOptions) error {
	return s.do(func(now time.Time, mb *store.Session) error { return mb.RenameFolder(now, name, to) })
}

// Subscribe and Unsubscribe are accepted for folders that exist; the list of
// subscriptions is not kept, LSUB lists everything.
func (s *session) Subscribe(name string) error {
	return s.do(func(now time.Time, mb *store.Session) error {
		_, err := mb.Folder(now, name)
		return err
	})
}

// Unsubscribe see Subscribe.
func (s *session) Unsubscribe(name string) error { return s.Subscribe(name) }

// Select answers SELECT and EXAMINE.
func (s *session) Select(name string, o *imap.SelectOptions) (*imap.SelectData, error) {
	var data *imap.SelectData
	err := s.do(func(now time.Time, mb *store.Session) error {
		f, err := mb.Folder(now, name)
		if err != nil {
			return err
		}
		uids, err := mb.UIDs(now, f.Name)
		if err != nil {
			return err
		}
		feed, err := mb.Watch(now, f.Name)
		if err != nil {
			return err
		}
		s.view = &view{number: f.Number, folder: f.Name, readOnly: o.ReadOnly, uids: uids, feed: feed}
		data = &imap.SelectData{
			Flags: flagList(allFlags), PermanentFlags: flagList(allFlags),
			NumMessages: uint32(len(uids)), UIDNext: imap.UID(f.UIDNext), UIDValidity: f.UIDValidity,
		}
		if o.ReadOnly {
			data.PermanentFlags = []imap.Flag{}
		}
		return nil
	})
	return data, err
}

// Unselect leaves the selected folder.
func (s *session) Unselect() error {
	s.w.Do(func(time.Time) { s.view.close(); s.view = nil })
	return nil
}
