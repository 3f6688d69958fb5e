package activesync

import (
	"strconv"
	"strings"

	"shutout/lab/protocol/airsync"
	"shutout/sim/store"
)

// knownFolder is a folder as a device has it.
type knownFolder struct {
	number uint32
	name   string
}

// folderSync tells which folders there are, or what changed among them
// (MS-ASCMD, FolderSync).
func (c *call) folderSync() {
	q, err := airsync.ParseFolderSyncRequest(c.body)
	if err != nil {
		c.answer(airsync.FolderSyncResponse{Status: airsync.FolderSyncBadRequest}.Encode())
		return
	}
	dev := c.device
	var had []knownFolder
	switch q.SyncKey {
	case airsync.InitialKey:
		clear(dev.collections) // the device starts over with everything
	case strconv.Itoa(dev.hierarchy):
		had = dev.folders
	case strconv.Itoa(dev.hierarchy - 1): // the last response was lost
		had = dev.previous
	default:
		c.answer(airsync.FolderSyncResponse{Status: airsync.FolderSyncInvalidKey}.Encode())
		return
	}
	folders, err := c.session.Folders(c.now)
	if err != nil {
		c.answer(airsync.FolderSyncResponse{Status: airsync.FolderSyncServerError}.Encode())
		return
	}
	resp := airsync.FolderSyncResponse{Status: airsync.StatusOK}
	old := make(map[uint32]string, len(had))
	for _, f := range had {
		old[f.number] = f.name
	}
	have := make([]knownFolder, 0, len(folders))
	for _, f := range folders {
		have = append(have, knownFolder{f.Number, f.Name})
		name, ok := old[f.Number]
		delete(old, f.Number)
		switch {
		case !ok:
			resp.Added = append(resp.Added, describe(f, folders))
		case name != f.Name:
			resp.Updated = append(resp.Updated, describe(f, folders))
		}
	}
	for _, f := range had {
		if _, gone := old[f.number]; gone {
			resp.Deleted = append(resp.Deleted, folderID(f.number))
			delete(dev.collections, f.number)
		}
	}
	if q.SyncKey == airsync.InitialKey || len(resp.Added)+len(resp.Updated)+len(resp.Deleted) > 0 || q.SyncKey != strconv.Itoa(dev.hierarchy) {
		dev.hierarchy++
		dev.previous, dev.folders = had, have
	}
	resp.SyncKey = strconv.Itoa(dev.hierarchy)
	c.answer(resp.Encode())
}

func folderID(number uint32) string { return strconv.FormatUint(uint64(number), 10) }

// folder finds a folder by the id that devices have of it.
func (c *call) folder(id string) (store.Folder, error) {
	n, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		return store.Folder{}, store.ErrNoFolder
	}
	return c.session.FolderByNumber(c.now, uint32(n))
}

var folderTypes = map[string]airsync.FolderType{
	store.Inbox:        airsync.FolderInbox,
	store.Drafts:       airsync.FolderDrafts,
	store.SentItems:    airsync.FolderSent,
	store.DeletedItems: airsync.FolderDeleted,
	store.Outbox:       airsync.FolderOutbox,
}

func describe(f store.Folder, all []store.Folder) airsync.Folder {
	d := airsync.Folder{ServerID: folderID(f.Number), ParentID: "0", DisplayName: f.Name, Type: airsync.FolderUserMail}
	if t, ok := folderTypes[f.Name]; ok {
		d.Type = t
	}
	if i := strings.LastIndexByte(f.Name, '/'); i >= 0 {
		for _, p := range all {
			if strings.EqualFold(p.Name, f.Name[:i]) {
				d.ParentID, d.DisplayName = folderID(p.Number), f.Name[i+1:]
			}
		}
	}
	return d
}
