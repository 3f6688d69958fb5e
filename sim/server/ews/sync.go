package ews

import (
	"slices"

	"shutout/lab/protocol/ews"
	"shutout/sim/store"
)

// syncFolderItems tells what has changed in a folder ("SyncFolderItems
// operation").
func (c *call) syncFolderItems(op ews.SyncFolderItems) ews.Message {
	p, no := c.folder(op.Folder)
	if no != nil {
		return *no
	}
	if p.unreal {
		return ews.Message{Code: ews.NoError, Sync: &ews.SyncResult{State: (&state{folder: p.Number}).String(), Last: true}}
	}
	s := state{folder: p.Number}
	if op.State != "" {
		var err error
		if s, err = parseState(op.State, p.Folder); err != nil {
			return *failed(ews.ErrorInvalidSyncState, "Synchronization state data is corrupt or otherwise invalid.")
		}
	}
	d, err := s.advance(c.now, c.session, p.Folder, op.Max)
	if err != nil {
		return *storeError(err)
	}
	ignored := func(uid uint32) bool {
		return len(op.Ignore) > 0 && slices.ContainsFunc(op.Ignore, func(id ews.ID) bool {
			return id.ID == c.id(itemKind, target{p.Number, uid})
		})
	}
	var changes []ews.Change
	for _, uid := range d.gone {
		changes = append(changes, ews.Change{Op: ews.Deleted, Item: ews.Item{ID: ews.ID{ID: c.id(itemKind, target{p.Number, uid})}}})
	}
	for i := range d.changed {
		it := &d.changed[i]
		changes = append(changes, ews.Change{Op: ews.ReadChanged, Item: ews.Item{
			ID: c.itemID(p.Number, it), Read: ews.FlagOf(it.Flags.Has(store.Seen)),
		}})
	}
	for i := range d.added {
		if ignored(d.added[i].UID) {
			continue
		}
		item, ok := c.describe(&entry{Item: d.added[i], in: p}, op.Shape, false)
		if !ok {
			return tooMuch()
		}
		changes = append(changes, ews.Change{Op: ews.Created, Item: item})
	}
	return ews.Message{Code: ews.NoError, Sync: &ews.SyncResult{State: s.String(), Last: !d.more, Changes: changes}}
}
