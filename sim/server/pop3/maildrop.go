package pop3

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"shutout/lab/protocol/pop3"
	"shutout/sim/store"
)

// maildrop is the inbox as it was at the sign-in: numbers do not change within
// a session (RFC 1939 section 4).
type maildrop struct {
	validity uint32
	items    []store.Item
	deleted  []bool // marked by DELE; they go at QUIT
	marked   int
}

func (x *connection) openDrop(now time.Time) (*maildrop, error) {
	mailbox, err := x.Use(now)
	if err != nil {
		return nil, err
	}
	inbox, err := mailbox.Folder(now, store.Inbox)
	if err != nil {
		return nil, x.refused(err)
	}
	items, err := mailbox.Range(now, store.Inbox, 0, math.MaxUint32)
	if err != nil {
		return nil, x.refused(err)
	}
	return &maildrop{validity: inbox.UIDValidity, items: items, deleted: make([]bool, len(items))}, nil
}

// refused records why the store did not do what was asked of it.
func (x *connection) refused(err error) error {
	var r *store.Refusal
	if errors.As(err, &r) {
		x.Service().World.Record(x.Conn, r.Decision)
	}
	return err
}

// use is the start of every command behind the sign-in. It fails when the
// connection is being closed.
func (x *connection) use() bool {
	var err error
	x.Service().World.Do(func(now time.Time) { _, err = x.Use(now) })
	if err != nil {
		x.fail("", textUnavailable)
	}
	return err == nil
}

// message finds the message that an argument names, which must not be deleted.
func (x *connection) message(arg string) (int, bool) {
	n, err := strconv.ParseUint(arg, 10, 31)
	switch {
	case err != nil:
		x.fail("", textProtocol)
	case n == 0 || n > uint64(len(x.drop.items)):
		x.fail("", textNoMessage)
	case x.drop.deleted[n-1]:
		x.fail("", textDeleted)
	default:
		return int(n - 1), true
	}
	return 0, false
}

// each calls f for every message that is not deleted.
func (d *maildrop) each(f func(number int, it *store.Item)) {
	for i := range d.items {
		if !d.deleted[i] {
			f(i+1, &d.items[i])
		}
	}
}

// uid is an unique id over all sessions: it changes when the folder is made
// anew.
func (d *maildrop) uid(it *store.Item) string { return fmt.Sprintf("%08x%08x", d.validity, it.UID) }

func (x *connection) noop([]string) {
	if x.use() {
		x.ok("")
	}
}

func (x *connection) stat([]string) {
	if !x.use() {
		return
	}
	var count int
	var size int64
	x.drop.each(func(_ int, it *store.Item) {
		count++
		size += int64(it.Size())
	})
	x.out = pop3.AppendStat(x.out, count, size)
}

func (x *connection) list(args []string) {
	if !x.use() {
		return
	}
	if len(args) == 1 {
		if i, ok := x.message(args[0]); ok {
			x.ok(fmt.Sprintf("%d %d", i+1, x.drop.items[i].Size()))
		}
		return
	}
	list := make([]pop3.Listing, 0, len(x.drop.items)-x.drop.marked)
	x.drop.each(func(n int, it *store.Item) {
		list = append(list, pop3.Listing{Number: n, Size: int64(it.Size())})
	})
	x.out = pop3.AppendListing(x.out, list)
}

func (x *connection) uidl(args []string) {
	if !x.use() {
		return
	}
	if len(args) == 1 {
		if i, ok := x.message(args[0]); ok {
			x.ok(fmt.Sprintf("%d %s", i+1, x.drop.uid(&x.drop.items[i])))
		}
		return
	}
	list := make([]pop3.UID, 0, len(x.drop.items)-x.drop.marked)
	x.drop.each(func(n int, it *store.Item) {
		list = append(list, pop3.UID{Number: n, ID: x.drop.uid(it)})
	})
	x.out = pop3.AppendUIDs(x.out, list)
}

func (x *connection) retr(args []string) {
	if raw, ok := x.fetch(args[0]); ok {
		x.out = pop3.AppendMessage(x.out, "", raw)
	}
}

func (x *connection) top(args []string) {
	lines, err := strconv.ParseUint(args[1], 10, 31)
	if err != nil {
		x.fail("", textProtocol)
		return
	}
	if raw, ok := x.fetch(args[0]); ok {
		x.out = pop3.AppendMessage(x.out, "", pop3.Head(raw, int(lines)))
	}
}

// fetch reads a message from the store, which may refuse by now.
func (x *connection) fetch(arg string) (raw []byte, ok bool) {
	i, ok := x.message(arg)
	if !ok {
		return nil, false
	}
	var err error
	x.Service().World.Do(func(now time.Time) {
		var mailbox *store.Session
		if mailbox, err = x.Use(now); err != nil {
			return
		}
		var it store.Item
		if it, err = mailbox.Get(now, store.Inbox, x.drop.items[i].UID); err != nil {
			x.refused(err)
			return
		}
		raw = it.Raw
	})
	switch {
	case errors.Is(err, store.ErrNoItem): // another client has removed it
		x.fail("", textDeleted)
	case err != nil:
		x.fail("", textUnavailable)
	}
	return raw, err == nil
}

func (x *connection) dele(args []string) {
	if !x.use() {
		return
	}
	if i, ok := x.message(args[0]); ok {
		x.drop.deleted[i] = true
		x.drop.marked++
		x.ok("")
	}
}

func (x *connection) rset([]string) {
	if x.use() {
		clear(x.drop.deleted)
		x.drop.marked = 0
		x.ok("")
	}
}

// update removes what is marked (the UPDATE state, RFC 1939 section 6).
func (x *connection) update() (err error) {
	if x.drop.marked == 0 {
		return nil
	}
	uids := make([]uint32, 0, x.drop.marked)
	for i, it := range x.drop.items {
		if x.drop.deleted[i] {
			uids = append(uids, it.UID)
		}
	}
	x.Service().World.Do(func(now time.Time) {
		var mailbox *store.Session
		if mailbox, err = x.Use(now); err != nil {
			return
		}
		if _, err = mailbox.Delete(now, store.Inbox, uids); err != nil {
			x.refused(err)
		}
	})
	return err
}
