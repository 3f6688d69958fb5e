package outlook

import (
	"hash/fnv"
	"strings"

	"shutout/lab/protocol/mapi"
	"shutout/sim/store"
)

// replica is the replica id of everything in a mailbox.
const replica = 1

// Counters of folder ids: those below firstFolder stand for the folders that
// only MAPI has, as SpecialFolder counts them; above come the store's numbers.
const firstFolder = 0x100

func folderID(number uint32) mapi.ID { return mapi.MakeID(replica, firstFolder+uint64(number)) }

// specialID is the id of a folder that the store does not have.
func specialID(f mapi.SpecialFolder) mapi.ID { return mapi.MakeID(replica, uint64(f)+1) }

// messageID names an item: its folder in the upper 16 bits of the counter, its
// UID in the lower 32. Where a mailbox has had more folders than that, those
// whose numbers end alike share it; a message is always asked for with its
// folder.
func messageID(folder, uid uint32) mapi.ID {
	return mapi.MakeID(replica, uint64(uint16(folder))<<32|uint64(uid))
}

// uidOf is the UID of an item of a folder, false for an id that is none.
func uidOf(folder uint32, id mapi.ID) (uint32, bool) {
	n := id.Counter()
	return uint32(n), id.Replica() == replica && n>>32 == uint64(uint16(folder))
}

// logon is a mailbox that the client has logged on to.
type logon struct{}

// folder is an open folder: one of the store's, or one that only MAPI has.
type folder struct {
	number  uint32
	special mapi.SpecialFolder // with number 0
}

func (f *folder) id() mapi.ID {
	if f.number == 0 {
		return specialID(f.special)
	}
	return folderID(f.number)
}

// logon logs on to the session's mailbox (MS-OXCSTOR 3.2.5.1).
func (r *run) logon(q *mapi.LogonRequest) (mapi.Response, mapi.ErrorCode) {
	x := r.x
	if code := r.mayAdd(q.Output); code != mapi.Success {
		return nil, code
	}
	if q.Flags&mapi.LogonPrivate == 0 {
		return nil, mapi.CodeNotSupported // no public folders here
	}
	if q.ESSDN != "" {
		o, _, ok := x.svc.cache.Get(r.now, q.ESSDN)
		switch {
		case !ok:
			return nil, mapi.CodeUnknownUser
		case !strings.EqualFold(o.SAM(), x.owner):
			return nil, mapi.CodeWrongMailbox
		}
	}
	if x.mailbox == nil {
		return &mapi.LogonRedirectResponse{Index: q.Output, Flags: q.Flags, ServerName: x.elsewhere}, mapi.Success
	}
	folders, err := x.mailbox.Folders(r.now)
	if err != nil {
		return nil, r.code(err)
	}
	p := &mapi.LogonResponse{
		Index: q.Output, Flags: mapi.LogonPrivate, ReplicaID: replica, Time: r.now.UTC(),
		MailboxGUID: named("mailbox", x.owner), ReplicaGUID: named("replica", x.owner),
		ResponseFlags: mapi.ResponseReserved | mapi.ResponseOwnerRight,
	}
	if strings.EqualFold(x.user.SAM(), x.owner) {
		p.ResponseFlags |= mapi.ResponseSendAsRight
	}
	for i := range p.Folders {
		p.Folders[i] = specialID(mapi.SpecialFolder(i))
	}
	for i, name := range storeFolders {
		for _, f := range folders {
			if f.Name == name {
				p.Folders[i] = folderID(f.Number)
			}
		}
	}
	r.add(q.Output, &logon{})
	return p, mapi.Success
}

// storeFolders are the special folders that the store has.
var storeFolders = map[mapi.SpecialFolder]string{
	mapi.FolderInbox: store.Inbox, mapi.FolderOutbox: store.Outbox,
	mapi.FolderSentItems: store.SentItems, mapi.FolderDeletedItems: store.DeletedItems,
}

// named is a GUID that goes with a name.
func named(parts ...string) (g mapi.GUID) {
	h := fnv.New128a()
	h.Write([]byte(strings.ToLower(strings.Join(parts, "/"))))
	h.Sum(g[:0])
	return g
}

// receiveFolder says where new messages go: all classes to the inbox.
func (r *run) receiveFolder(q *mapi.GetReceiveFolderRequest) (mapi.Response, mapi.ErrorCode) {
	if _, code := input[*logon](r, q.Input); code != mapi.Success {
		return nil, code
	}
	f, err := r.x.mailbox.Folder(r.now, store.Inbox)
	if err != nil {
		return nil, r.code(err)
	}
	return &mapi.GetReceiveFolderResponse{Index: q.Input, FolderID: folderID(f.Number)}, mapi.Success
}

// findFor finds a folder for an operation that opens it, or something in it,
// with the handle at output. The object at input is a mailbox or a folder.
func (r *run) findFor(output, input uint8, id mapi.ID) (*folder, mapi.ErrorCode) {
	if code := r.mayAdd(output); code != mapi.Success {
		return nil, code
	}
	switch r.at(input).(type) {
	case *logon, *folder:
		return r.find(id)
	}
	return nil, mapi.CodeNullObject
}

func (r *run) openFolder(q *mapi.OpenFolderRequest) (mapi.Response, mapi.ErrorCode) {
	f, code := r.findFor(q.Output, q.Input, q.FolderID)
	if code != mapi.Success {
		return nil, code
	}
	r.add(q.Output, f)
	return &mapi.OpenFolderResponse{Index: q.Output}, mapi.Success
}

// find finds a folder by its id.
func (r *run) find(id mapi.ID) (*folder, mapi.ErrorCode) {
	n := id.Counter()
	switch special := mapi.SpecialFolder(n - 1); {
	case id.Replica() != replica || n == 0 || n > firstFolder+1<<32-1:
		return nil, mapi.CodeNotFound
	case n < firstFolder:
		if _, real := storeFolders[special]; real || special > mapi.FolderShortcuts {
			return nil, mapi.CodeNotFound
		}
		return &folder{special: special}, mapi.Success
	}
	f, err := r.x.mailbox.FolderByNumber(r.now, uint32(n-firstFolder))
	if err != nil {
		return nil, r.code(err)
	}
	return &folder{number: f.Number}, mapi.Success
}

// subfolders lists what stands below a folder, with deep on all levels.
func (r *run) subfolders(f *folder, deep bool) ([]*entry, error) {
	all, err := r.x.mailbox.Folders(r.now)
	if err != nil {
		return nil, err
	}
	list := make([]*entry, 0, len(all))
	for i := range all {
		list = append(list, &entry{Folder: all[i], id: folderID(all[i].Number)})
	}
	for _, e := range list {
		for _, other := range list {
			e.parent = e.parent || below(e.Name, other.Name)
		}
	}
	prefix := ""
	switch {
	case f.number == 0 && f.special == mapi.FolderRoot:
		top := &entry{Folder: store.Folder{Name: "Top of Information Store"}, id: specialID(mapi.FolderIPMSubtree), parent: true}
		if !deep {
			return []*entry{top}, nil
		}
		return append([]*entry{top}, list...), nil
	case f.number == 0 && f.special != mapi.FolderIPMSubtree:
		return nil, nil
	case f.number != 0:
		for _, e := range list {
			if e.Number == f.number {
				prefix = e.Name
			}
		}
	}
	kept := list[:0]
	for _, e := range list {
		rest := e.Name
		if f.number != 0 {
			if !below(prefix, e.Name) {
				continue
			}
			rest = e.Name[len(prefix)+1:]
		}
		if deep || !strings.Contains(rest, "/") {
			kept = append(kept, e)
		}
	}
	return kept, nil
}

// below tells whether a folder name lies below another.
func below(parent, name string) bool {
	return len(name) > len(parent) && name[len(parent)] == '/' && strings.EqualFold(name[:len(parent)], parent)
}

// entry is a folder as tables and properties show it.
type entry struct {
	store.Folder
	id     mapi.ID
	parent bool // of others
}

// entry describes an open folder.
func (r *run) entry(f *folder) (*entry, error) {
	if f.number == 0 {
		return &entry{id: f.id(), parent: f.special == mapi.FolderRoot || f.special == mapi.FolderIPMSubtree}, nil
	}
	all, err := r.x.mailbox.Folders(r.now)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Number != f.number {
			continue
		}
		e := &entry{Folder: all[i], id: f.id()}
		for j := range all {
			e.parent = e.parent || below(e.Name, all[j].Name)
		}
		return e, nil
	}
	return nil, store.ErrNoFolder
}
