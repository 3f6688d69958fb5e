package ews

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"shutout/lab/protocol/ews"
	"shutout/sim/store"
)

// on finds the item that a client names and answers for it.
func (c *call) on(id ews.ID, answer func(*entry) ews.Message) ews.Message {
	e, no := c.find(id)
	if no != nil {
		return *no
	}
	return answer(e)
}

func (c *call) getItem(op ews.GetItem) (out []ews.Message) {
	for _, id := range op.Items {
		out = append(out, c.on(id, func(e *entry) ews.Message {
			item, ok := c.describe(e, op.Shape, true)
			if !ok {
				return tooMuch()
			}
			return ews.Message{Code: ews.NoError, Items: []ews.Item{item}}
		}))
	}
	return out
}

// updateItem changes flags; what else a client would change is not kept here.
func (c *call) updateItem(op ews.UpdateItem) (out []ews.Message) {
	for i := range op.Changes {
		change := &op.Changes[i]
		out = append(out, c.on(change.Item, func(e *entry) ews.Message {
			if set, reset := flagChanges(change.Updates); set|reset != 0 {
				list, err := c.session.Mark(c.now, e.in.Name, []uint32{e.UID}, set, reset)
				if err != nil || len(list) == 0 {
					return *storeError(err)
				}
				e.Item = list[0]
			}
			item := ews.Item{Kind: ews.KindMessage, ID: c.itemID(e.in.Number, &e.Item)}
			return ews.Message{Code: ews.NoError, Items: []ews.Item{item}}
		}))
	}
	return out
}

// flagChanges is what updates do to the flags of an item.
func flagChanges(updates []ews.Update) (set, reset store.Flags) {
	mark := func(flag store.Flags, on bool) {
		if on {
			set, reset = set|flag, reset&^flag
		} else {
			set, reset = set&^flag, reset|flag
		}
	}
	for i := range updates {
		u := &updates[i]
		if u.Field == ews.FieldIsRead && u.Item.Read != ews.Unset {
			mark(store.Seen, u.Item.Read == ews.True)
			continue
		}
		n := int64(0)
		if p, ok := ews.Lookup(u.Item.Properties, u.Field); ok && u.Op != ews.DeleteField {
			n, _ = strconv.ParseInt(strings.TrimSpace(p.Value), 0, 64)
		}
		switch {
		case u.Field.PropertyID() == 0x1090: // PidTagFlagStatus
			mark(store.Flagged, n == flaggedValue)
		case u.Field.PropertyID() == 0x1081: // PidTagLastVerbExecuted
			mark(store.Answered, n == verbReply)
		case u.Field.ID == imapDeleted:
			mark(store.Deleted, n == 1)
		}
	}
	return set, reset
}

func (c *call) deleteItem(op ews.DeleteItem) (out []ews.Message) {
	for _, id := range op.Items {
		out = append(out, c.on(id, func(e *entry) ews.Message {
			var err error
			if op.Type == "MoveToDeletedItems" {
				_, err = c.session.Move(c.now, e.in.Name, []uint32{e.UID}, store.DeletedItems)
			} else {
				_, err = c.session.Delete(c.now, e.in.Name, []uint32{e.UID})
			}
			if err != nil {
				return *storeError(err)
			}
			return ews.Message{Code: ews.NoError}
		}))
	}
	return out
}

// transfer moves or copies items.
func (c *call) transfer(ids []ews.ID, to ews.FolderRef, carry func(time.Time, string, []uint32, string) (store.Transfer, error)) []ews.Message {
	dest, no := c.folder(to)
	if no == nil && dest.unreal {
		no = failed(ews.ErrorInvalidOperation, "This folder takes no messages.")
	}
	var out []ews.Message
	for _, id := range ids {
		if no != nil {
			out = append(out, *no)
			continue
		}
		out = append(out, c.on(id, func(e *entry) ews.Message {
			moved, err := carry(c.now, e.in.Name, []uint32{e.UID}, dest.Name)
			if err != nil || len(moved.To) == 0 {
				return *storeError(err)
			}
			e.UID = moved.To[0]
			return ews.Message{Code: ews.NoError, Items: []ews.Item{{Kind: ews.KindMessage, ID: c.itemID(dest.Number, &e.Item)}}}
		}))
	}
	return out
}

// storeError puts what the store says into a response.
func storeError(err error) *ews.Message {
	var refused *store.Refusal
	switch {
	case err == nil, errors.Is(err, store.ErrNoItem):
		return failed(ews.ErrorItemNotFound, "The specified object was not found in the store.")
	case errors.Is(err, store.ErrNoFolder):
		return failed(ews.ErrorFolderNotFound, "The specified folder could not be found in the store.")
	case errors.As(err, &refused):
		return failed(ews.ErrorQuotaExceeded, "Mailbox has exceeded maximum mailbox size.")
	}
	return failed(ews.ErrorInternalServerError, "An internal server error occurred.")
}
