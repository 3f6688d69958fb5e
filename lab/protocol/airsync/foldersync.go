package airsync

import (
	"strconv"

	"shutout/lab/protocol/wbxml"
)

var (
	tFolderSync        = Pages.MustTag("FolderHierarchy:FolderSync")
	tFolderSyncKey     = Pages.MustTag("FolderHierarchy:SyncKey")
	tFolderStatus      = Pages.MustTag("FolderHierarchy:Status")
	tFolderChanges     = Pages.MustTag("FolderHierarchy:Changes")
	tFolderCount       = Pages.MustTag("FolderHierarchy:Count")
	tFolderAdd         = Pages.MustTag("FolderHierarchy:Add")
	tFolderUpdate      = Pages.MustTag("FolderHierarchy:Update")
	tFolderDelete      = Pages.MustTag("FolderHierarchy:Delete")
	tFolderServerID    = Pages.MustTag("FolderHierarchy:ServerId")
	tFolderParentID    = Pages.MustTag("FolderHierarchy:ParentId")
	tFolderDisplayName = Pages.MustTag("FolderHierarchy:DisplayName")
	tFolderType        = Pages.MustTag("FolderHierarchy:Type")
)

// InitialKey is the sync key of a client that knows nothing yet.
const InitialKey = "0"

// FolderType says what a folder is for (MS-ASCMD, Type in FolderSync).
type FolderType int

const (
	FolderGeneric  FolderType = 1
	FolderInbox    FolderType = 2
	FolderDrafts   FolderType = 3
	FolderDeleted  FolderType = 4
	FolderSent     FolderType = 5
	FolderOutbox   FolderType = 6
	FolderTasks    FolderType = 7
	FolderCalendar FolderType = 8
	FolderContacts FolderType = 9
	FolderNotes    FolderType = 10
	FolderJournal  FolderType = 11
	FolderUserMail FolderType = 12
)

// FolderSyncRequest asks for the folder hierarchy (MS-ASCMD 2.2.1.5).
type FolderSyncRequest struct {
	SyncKey string // InitialKey, or the key of the last response
}

// Encode is the request's body.
func (r FolderSyncRequest) Encode() ([]byte, error) {
	return encode(wbxml.Elem(tFolderSync, textOf(tFolderSyncKey, r.SyncKey)))
}

// ParseFolderSyncRequest reads a request's body.
func ParseFolderSyncRequest(body []byte) (FolderSyncRequest, error) {
	root, err := decode(body, tFolderSync)
	if err != nil {
		return FolderSyncRequest{}, err
	}
	key := root.Child(tFolderSyncKey)
	if key == nil || key.Value() == "" {
		return FolderSyncRequest{}, schemaError(tFolderSyncKey, "is missing")
	}
	return FolderSyncRequest{SyncKey: key.Value()}, nil
}

// A Folder is one mail folder.
type Folder struct {
	ServerID    string
	ParentID    string // "0" at the top
	DisplayName string
	Type        FolderType
}

// FolderSyncResponse is the server's answer: all folders to InitialKey, what
// changed since to another key. With a status other than StatusOK there are no
// changes.
type FolderSyncResponse struct {
	Status  Status
	SyncKey string // for the next request
	Added   []Folder
	Updated []Folder
	Deleted []string // server ids
}

// Encode is the response's body.
func (r FolderSyncResponse) Encode() ([]byte, error) {
	var l list
	l.status(tFolderStatus, r.Status)
	l.text(tFolderSyncKey, r.SyncKey)
	if r.Status == StatusOK {
		count := len(r.Added) + len(r.Updated) + len(r.Deleted)
		changes := make(list, 0, 1+count)
		changes.add(wbxml.Text(tFolderCount, strconv.Itoa(count)))
		for _, f := range r.Added {
			changes.add(f.node(tFolderAdd))
		}
		for _, f := range r.Updated {
			changes.add(f.node(tFolderUpdate))
		}
		for _, id := range r.Deleted {
			changes.add(wbxml.Elem(tFolderDelete, textOf(tFolderServerID, id)))
		}
		l.add(wbxml.Elem(tFolderChanges, changes...))
	}
	return encode(wbxml.Elem(tFolderSync, l...))
}

func (f Folder) node(tag wbxml.Tag) wbxml.Node {
	l := make(list, 0, 4)
	l.text(tFolderServerID, f.ServerID)
	l.text(tFolderParentID, f.ParentID)
	l.text(tFolderDisplayName, f.DisplayName)
	l.number(tFolderType, int(f.Type))
	return wbxml.Elem(tag, l...)
}

// ParseFolderSyncResponse reads a response's body.
func ParseFolderSyncResponse(body []byte) (FolderSyncResponse, error) {
	var r FolderSyncResponse
	root, err := decode(body, tFolderSync)
	if err != nil {
		return r, err
	}
	for i := range root.Children {
		n := &root.Children[i]
		switch n.Tag {
		case tFolderStatus:
			r.Status, err = status(n)
		case tFolderSyncKey:
			r.SyncKey = n.Value()
		case tFolderChanges:
			err = r.changes(n)
		}
		if err != nil {
			return FolderSyncResponse{}, err
		}
	}
	switch {
	case r.Status == 0:
		return FolderSyncResponse{}, schemaError(tFolderStatus, "is missing")
	case r.Status != StatusOK:
		r.Added, r.Updated, r.Deleted = nil, nil, nil
	case r.SyncKey == "":
		return FolderSyncResponse{}, schemaError(tFolderSyncKey, "is missing")
	}
	return r, nil
}

func (r *FolderSyncResponse) changes(changes *wbxml.Node) error {
	for i := range changes.Children {
		n := &changes.Children[i]
		if n.Tag != tFolderAdd && n.Tag != tFolderUpdate && n.Tag != tFolderDelete {
			continue
		}
		f, err := parseFolder(n)
		if err != nil {
			return err
		}
		switch n.Tag {
		case tFolderAdd:
			r.Added = append(r.Added, f)
		case tFolderUpdate:
			r.Updated = append(r.Updated, f)
		case tFolderDelete:
			r.Deleted = append(r.Deleted, f.ServerID)
		}
	}
	return nil
}

func parseFolder(change *wbxml.Node) (Folder, error) {
	var f Folder
	for i := range change.Children {
		n := &change.Children[i]
		switch n.Tag {
		case tFolderServerID:
			f.ServerID = n.Value()
		case tFolderParentID:
			f.ParentID = n.Value()
		case tFolderDisplayName:
			f.DisplayName = n.Value()
		case tFolderType:
			t, err := positive(n)
			if err != nil {
				return Folder{}, err
			}
			f.Type = FolderType(t)
		}
	}
	if f.ServerID == "" {
		return Folder{}, schemaError(tFolderServerID, "is missing")
	}
	return f, nil
}
