package activesync

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"shutout/lab/protocol/airsync"
	"shutout/sim/server/mailtext"
	"shutout/sim/store"
)

const (
	defaultWindow = 100 // MS-ASCMD, WindowSize: without a WindowSize the server takes 100,
	maxWindow     = 512 // and never more than 512
	// plainBody is how much of a text a device gets that names no format.
	plainBody = 32 << 10
)

// sync exchanges changes with the device (MS-ASCMD, Sync). With a wait it
// is held open until there is something to tell.
func (c *call) sync() {
	if len(c.body) == 0 {
		// The device asks for the same again. No request is kept; it has to
		// spell it out.
		c.answer(airsync.SyncResponse{Status: airsync.SyncIncomplete}.Encode(c.version))
		return
	}
	q, err := airsync.ParseSyncRequest(c.body)
	if err != nil {
		c.answer(airsync.SyncResponse{Status: airsync.SyncProtocolError}.Encode(c.version))
		return
	}
	if q.Partial || len(q.Collections) == 0 {
		c.answer(airsync.SyncResponse{Status: airsync.SyncIncomplete}.Encode(c.version))
		return
	}
	if c.w.Params.EAS.QuotaStopsSync && !c.session.MaySend(c.now).Allowed {
		// HTTP 507 below 14.0: the sync state has no room (MS-ASHTTP 2.2.2.1).
		c.fail(http.StatusInsufficientStorage, "the mailbox is over its quota")
		return
	}
	wait, limit := c.wait(q)
	if limit != 0 {
		c.answer(airsync.SyncResponse{Status: airsync.SyncWaitOutOfRange, Limit: limit}.Encode(c.version))
		return
	}
	room := maxWindow
	if q.WindowSize > 0 {
		room = min(room, q.WindowSize)
	}
	resp := airsync.SyncResponse{Status: airsync.StatusOK}
	news := false
	for i := range q.Collections {
		r := c.collection(&q.Collections[i], &room)
		news = news || c.telling(&q.Collections[i], &r)
		resp.Collections = append(resp.Collections, r)
	}
	if !news && wait > 0 {
		switch c.hang(wait, func() bool { return c.moved(q.Collections) }) {
		case gone:
			return
		case severed:
			resp = airsync.SyncResponse{Status: airsync.SyncServerError}
		case stirred:
			for i := range q.Collections {
				// Nothing was told yet, so the key that the device has is
				// still the current one.
				resp.Collections[i] = c.collection(&q.Collections[i], &room)
			}
		case elapsed:
			resp.Collections = nil
		}
	}
	c.answer(resp.Encode(c.version))
}

// wait is how long the device wants the request held open; limit is the
// nearest bound, in the unit of the request, when that is not allowed.
func (c *call) wait(q airsync.SyncRequest) (wait time.Duration, limit int) {
	p := &c.w.Params.EAS
	unit := time.Second
	if wait = q.Heartbeat; wait == 0 {
		wait, unit = q.Wait, time.Minute
	}
	if wait == 0 || wait >= p.HeartbeatMin && wait <= p.HeartbeatMax {
		return wait, 0
	}
	return 0, max(1, int(min(max(wait, p.HeartbeatMin), p.HeartbeatMax)/unit))
}

// telling tells whether a result says more than "nothing happened".
func (c *call) telling(q *airsync.SyncCollection, r *airsync.SyncResult) bool {
	return r.Status != airsync.StatusOK || q.SyncKey == airsync.InitialKey || r.MoreAvailable ||
		len(r.Commands)+len(r.Responses)+len(q.Commands) > 0
}

// moved tells whether a folder of the request differs from what the device has.
func (c *call) moved(list []airsync.SyncCollection) bool {
	for i := range list {
		f, err := c.folder(list[i].ID)
		if err != nil {
			return true
		}
		if state := c.device.collections[f.Number]; state == nil || state.at.changed(f) {
			return true
		}
	}
	return false
}

// collection synchronises one folder. Room is how many more changes the
// response may hold.
func (c *call) collection(q *airsync.SyncCollection, room *int) airsync.SyncResult {
	r := airsync.SyncResult{Class: airsync.ClassEmail, ID: q.ID, SyncKey: q.SyncKey, Status: airsync.StatusOK}
	f, err := c.folder(q.ID)
	if err != nil {
		r.Status = airsync.SyncHierarchyChanged
		if !errors.Is(err, store.ErrNoFolder) {
			r.Status = airsync.SyncServerError
		}
		return r
	}
	state := c.device.collections[f.Number]
	if q.SyncKey == airsync.InitialKey {
		if state == nil {
			state = &collection{}
			c.device.collections[f.Number] = state
		}
		state.begin()
		r.SyncKey = state.next(view{})
		return r
	}
	if state == nil || !state.take(q.SyncKey) {
		r.SyncKey, r.Status = airsync.InitialKey, airsync.SyncInvalidKey
		return r
	}
	before := state.at
	for i := range q.Commands {
		r.Responses = c.apply(f, q, &q.Commands[i], &state.at, r.Responses)
	}
	if q.WantsChanges() {
		window := defaultWindow
		if q.WindowSize > 0 {
			window = min(q.WindowSize, maxWindow)
		}
		d, err := state.at.advance(c.now, c.session, f.Name, min(window, *room))
		if err != nil {
			r.Status = airsync.SyncServerError
			return r
		}
		r.Commands, r.MoreAvailable = c.commands(q, d), d.more
		*room -= len(r.Commands)
	}
	if len(r.Commands)+len(q.Commands) > 0 || r.MoreAvailable {
		r.SyncKey = state.next(before)
	}
	return r
}

// commands puts a folder's changes into the device's words.
func (c *call) commands(q *airsync.SyncCollection, d delta) []airsync.SyncCommand {
	var list []airsync.SyncCommand
	for _, uid := range d.gone {
		list = append(list, airsync.SyncCommand{Op: airsync.Delete, ServerID: itemID(q.ID, uid)})
	}
	for i := range d.changed {
		it := &d.changed[i]
		list = append(list, airsync.SyncCommand{
			Op: airsync.Change, ServerID: itemID(q.ID, it.UID),
			Email: &airsync.Email{Read: airsync.FlagOf(it.Flags.Has(store.Seen))},
		})
	}
	for i := range d.added {
		it := &d.added[i]
		list = append(list, airsync.SyncCommand{Op: airsync.Add, ServerID: itemID(q.ID, it.UID), Email: c.email(it, &q.Options)})
	}
	return list
}

// apply carries out one change that the device made. Only what failed, and
// what was fetched, needs an answer (MS-ASCMD, Responses).
func (c *call) apply(f store.Folder, q *airsync.SyncCollection, cmd *airsync.SyncCommand, v *view, out []airsync.SyncCommand) []airsync.SyncCommand {
	result := airsync.SyncCommand{Op: cmd.Op, ServerID: cmd.ServerID, ClientID: cmd.ClientID, Status: airsync.StatusOK}
	uid, ok := parseItemID(q.ID, cmd.ServerID)
	if !ok {
		result.Status = airsync.SyncObjectNotFound
		if cmd.Op == airsync.Add { // drafts cannot be made this way here
			result.Status = airsync.SyncProtocolError
		}
		return append(out, result)
	}
	item, err := c.session.Get(c.now, f.Name, uid)
	switch {
	case err != nil:
		v.drop(uid)
		if cmd.Op == airsync.Delete {
			return out // gone already, which is what the device wants
		}
		result.Status = airsync.SyncObjectNotFound
	case cmd.Op == airsync.Fetch:
		result.Email = c.email(&item, &q.Options)
	case cmd.Op == airsync.Delete:
		if q.DeletesAsMoves.Or(true) && f.Name != store.DeletedItems {
			_, err = c.session.Move(c.now, f.Name, []uint32{uid}, store.DeletedItems)
		} else {
			_, err = c.session.Delete(c.now, f.Name, []uint32{uid})
		}
		if err == nil {
			v.drop(uid)
			return out
		}
		result.Status = airsync.SyncServerError
	case cmd.Op == airsync.Change && cmd.Email != nil && cmd.Email.Read != airsync.Unset:
		seen := cmd.Email.Read == airsync.True
		set, reset := store.Seen, store.Flags(0)
		if !seen {
			set, reset = reset, set
		}
		if _, err = c.session.Mark(c.now, f.Name, []uint32{uid}, set, reset); err == nil {
			v.mark(uid, seen)
			return out
		}
		result.Status = airsync.SyncServerError
	case cmd.Op == airsync.Change:
		return out // nothing of it is kept here
	default:
		result.Status = airsync.SyncProtocolError
	}
	return append(out, result)
}

func itemID(folder string, uid uint32) string {
	return folder + ":" + strconv.FormatUint(uint64(uid), 10)
}

func parseItemID(folder, id string) (uint32, bool) {
	f, u, ok := strings.Cut(id, ":")
	n, err := strconv.ParseUint(u, 10, 32)
	return uint32(n), ok && err == nil && f == folder
}

// email puts an item into the device's words.
func (c *call) email(it *store.Item, o *airsync.SyncOptions) *airsync.Email {
	return &airsync.Email{
		To: it.To, From: it.From, Subject: it.Subject, DisplayTo: it.To, ThreadTopic: it.Subject,
		DateReceived: it.Received, Read: airsync.FlagOf(it.Flags.Has(store.Seen)),
		MessageClass: "IPM.Note", InternetCPID: "65001", ContentClass: "urn:content-classes:message",
		Body: c.itemBody(it, o),
	}
}

// textClasses are the sizes of the element Truncation (MS-ASCMD, Truncation)
// from 1 on; what is beyond them asks for the whole text. Without it, a device
// gets what one gets that names no format.
var textClasses = []int{plainBody, 512, 1024, 2048, 5120, 10240, 20480, 51200, 102400}

// itemBody is an item's text in the first format of the device's that this
// server has: MIME or plain text.
func (c *call) itemBody(it *store.Item, o *airsync.SyncOptions) *airsync.Body {
	size := plainBody
	if c.version < airsync.V120 {
		size = max(len(it.Raw), 1)
		if o.Truncation < len(textClasses) {
			size = textClasses[o.Truncation]
		}
		return plain(it, size)
	}
	for _, want := range o.Bodies {
		switch want.Type {
		case airsync.BodyMIME:
			b := &airsync.Body{Type: airsync.BodyMIME, Size: len(it.Raw), Data: string(it.Raw)}
			if n := want.TruncationSize; n > 0 && n < len(it.Raw) {
				b.Data, b.Truncated = string(it.Raw[:n]), true
			}
			return b
		case airsync.BodyPlain:
			if want.TruncationSize > 0 {
				size = want.TruncationSize
			} else {
				size = max(len(it.Raw), 1)
			}
		}
	}
	return plain(it, size)
}

func plain(it *store.Item, size int) *airsync.Body {
	text := mailtext.Plain(it.Raw, size+1)
	b := &airsync.Body{Type: airsync.BodyPlain, Size: len(text), Data: text}
	if len(text) > size {
		b.Data, b.Truncated, b.Size = strings.ToValidUTF8(text[:size], ""), true, len(it.Raw)
	}
	return b
}
