package ews

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"strings"

	"shutout/lab/protocol/ews"
	"shutout/sim/store"
)

// The kinds of identifiers. What is in one is nobody's business but the
// server's.
const (
	folderKind byte = 1
	itemKind   byte = 2
)

// target is what an identifier names.
type target struct {
	folder uint32 // its number
	uid    uint32 // of an item
}

// id makes an identifier: kind, mailbox, folder and item.
func (c *call) id(kind byte, t target) string {
	b := make([]byte, 0, 17)
	b = append(b, kind)
	b = binary.BigEndian.AppendUint64(b, mailboxTag(c.session.Mailbox()))
	b = binary.BigEndian.AppendUint32(b, t.folder)
	if kind == itemKind {
		b = binary.BigEndian.AppendUint32(b, t.uid)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// mailboxTag tells mailboxes apart.
func mailboxTag(mb *store.Mailbox) uint64 {
	h := fnv.New64a()
	h.Write([]byte(strings.ToLower(mb.User())))
	return h.Sum64()
}

// tagOf is the tag of the mailbox that an identifier belongs to.
func tagOf(id string) (uint64, bool) {
	if len(id) > base64.StdEncoding.EncodedLen(17) {
		return 0, false
	}
	b, err := base64.StdEncoding.DecodeString(id)
	if err != nil || len(b) < 13 {
		return 0, false
	}
	return binary.BigEndian.Uint64(b[1:]), true
}

// parse reads an identifier of a kind. One of another mailbox names nothing.
func (c *call) parse(kind byte, id string) (target, *ews.Message) {
	length := 13
	missing := ews.ErrorFolderNotFound
	if kind == itemKind {
		length, missing = 17, ews.ErrorItemNotFound
	}
	if len(id) > base64.StdEncoding.EncodedLen(length) {
		return target{}, failed(ews.ErrorInvalidIDMalformed, "Id is malformed.")
	}
	b, err := base64.StdEncoding.DecodeString(id)
	if err != nil || len(b) != length || b[0] != kind {
		return target{}, failed(ews.ErrorInvalidIDMalformed, "Id is malformed.")
	}
	if binary.BigEndian.Uint64(b[1:]) != mailboxTag(c.session.Mailbox()) {
		return target{}, failed(missing, "The specified object was not found in the store.")
	}
	t := target{folder: binary.BigEndian.Uint32(b[9:])}
	if kind == itemKind {
		t.uid = binary.BigEndian.Uint32(b[13:])
	}
	return t, nil
}

// itemID names an item in its present state.
func (c *call) itemID(folder uint32, it *store.Item) ews.ID {
	return ews.ID{ID: c.id(itemKind, target{folder, it.UID}), ChangeKey: changeKey(uint32(it.Flags))}
}

// changeKey looks like those of Exchange.
func changeKey(state uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32([]byte{9, 0, 0, 0}, state))
}

// convertID tells whose mailbox identifiers belong to. They have one format
// here.
func (c *call) convertID(op ews.ConvertID) []ews.Message {
	var out []ews.Message
	for _, id := range op.IDs {
		if id.Format != ewsFormat || op.To != ewsFormat {
			out = append(out, *failed(ews.ErrorInvalidRequest, "Only identifiers of the format EwsId can be converted."))
			continue
		}
		_, no := c.parse(folderKind, id.ID)
		if no != nil {
			_, no = c.parse(itemKind, id.ID)
		}
		if no != nil {
			out = append(out, *no)
			continue
		}
		out = append(out, ews.Message{Code: ews.NoError, ID: &ews.AlternateID{Format: op.To, ID: id.ID, Mailbox: c.session.Mailbox().Mail()}})
	}
	return out
}

const ewsFormat = "EwsId"
