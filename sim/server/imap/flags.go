package imap

import (
	"strings"

	"github.com/emersion/go-imap/v2"

	"shutout/sim/store"
)

// flagNames are the flags that the store keeps, in the order in which they are
// shown. Keywords are not kept.
var flagNames = []struct {
	bit  store.Flags
	name imap.Flag
}{
	{store.Seen, imap.FlagSeen},
	{store.Answered, imap.FlagAnswered},
	{store.Flagged, imap.FlagFlagged},
	{store.Deleted, imap.FlagDeleted},
	{store.Draft, imap.FlagDraft},
}

const allFlags = store.Seen | store.Answered | store.Flagged | store.Deleted | store.Draft

func flagList(f store.Flags) []imap.Flag {
	list := []imap.Flag{}
	for _, n := range flagNames {
		if f.Has(n.bit) {
			list = append(list, n.name)
		}
	}
	return list
}

// flagBits reads flags; their case does not matter, and unknown ones do not
// count.
func flagBits(list []imap.Flag) (f store.Flags) {
	for _, flag := range list {
		for _, n := range flagNames {
			if strings.EqualFold(string(flag), string(n.name)) {
				f |= n.bit
			}
		}
	}
	return f
}
