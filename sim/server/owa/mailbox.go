package owa

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"shutout/sim/server/mailtext"
	"shutout/sim/store"
)

const (
	newest   = 25 // messages on a page unless the request says otherwise
	mostRows = 500
	mostText = 1 << 20 // bytes of a message's text that are shown
)

// mailbox serves every GET on /owa/.
func (f *frontEnd) mailbox(rw http.ResponseWriter, r *http.Request) {
	var q url.Values
	if r.URL.RawQuery != "" {
		var err error
		if q, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			problem(rw, http.StatusBadRequest, "The address could not be read.")
			return
		}
	}
	id, ok := f.admit(rw, r)
	if !ok {
		return
	}
	f.w.Lock()
	v, why := f.enter(r, id)
	var show func(http.ResponseWriter)
	if why == nil {
		switch {
		case q.Get("ae") != "Item":
			show = f.list(v, q)
		case q.Get("a") == "New":
			show = f.compose(v, draft{})
		default:
			show = f.item(v, q.Get("id"))
		}
	}
	f.w.Unlock()
	if why != nil {
		f.refuse(rw, r, why)
		return
	}
	f.cookies(v, rw, r)
	show(rw)
}

// canary is what the forms of the visitor's session must send back.
func (f *frontEnd) canary(v *visit) string { return f.cas.Canary(v.cookie.Session) }

// cookies hands out what the browser has to keep.
func (f *frontEnd) cookies(v *visit, rw http.ResponseWriter, r *http.Request) {
	if v.renew != "" {
		setCookie(rw, r, credentials, v.renew)
		setCookie(rw, r, canaryCookie, f.canary(v))
	}
}

// list and the other pages read what they need with the world's lock held, and
// return what writes the page without it.
func (f *frontEnd) list(v *visit, q url.Values) func(http.ResponseWriter) {
	s := v.ctx.session
	folders, err := s.Folders(v.now)
	if err != nil {
		return failed(err)
	}
	current := folders[0]
	if number := q.Get("f"); number != "" {
		n, _ := strconv.ParseUint(number, 10, 32)
		if current, err = s.FolderByNumber(v.now, uint32(n)); err != nil {
			return failed(err)
		}
	}
	rows := newest
	if number := q.Get("n"); number != "" {
		if n, err := strconv.Atoi(number); err == nil {
			rows = min(max(n, 1), mostRows)
		}
	}
	items, err := s.List(v.now, current.Name, rows)
	if err != nil {
		return failed(err)
	}
	l := listing{user: v.user.SAM(), folders: folders, current: current, items: items}
	page := v.ctx.shown.page
	if !l.same(&v.ctx.shown) {
		page = l.render()
		if l.page = page; len(page) <= maxKept {
			v.ctx.shown = l
		}
	}
	return func(rw http.ResponseWriter) { write(rw, http.StatusOK, page) }
}

// listing is a page that lists a folder, with all that it was made of: whoever
// polls an inbox mostly gets the page that he has seen already.
type listing struct {
	user    string
	folders []store.Folder
	current store.Folder
	items   []store.Item
	page    []byte // not to be written to: an answer may be on its way with it
}

// same tells whether l and old make the same page.
func (l *listing) same(old *listing) bool {
	return l.current == old.current && l.user == old.user &&
		slices.Equal(l.items, old.items) && slices.Equal(l.folders, old.folders)
}

func (l *listing) render() []byte {
	p := newPage(l.current.Name)
	p.nav(l.user, l.folders)
	p.text(`<p>`)
	p.number(int64(l.current.Total))
	p.text(` messages, `)
	p.number(int64(l.current.Unseen))
	p.text(` unread</p><table><thead><tr><th>From<th>Subject<th>Received<th>Size</tr></thead><tbody>`)
	for i := range l.items {
		p.row(l.current.Number, &l.items[i])
	}
	p.text(`</tbody></table>`)
	p.end()
	made := bytes.Clone(p.b)
	p.free()
	return made
}

func (p *page) row(folder uint32, it *store.Item) {
	if it.Flags.Has(store.Seen) {
		p.text("\n<tr><td>")
	} else {
		p.text("\n<tr class=\"new\"><td>")
	}
	p.escape(it.From)
	p.text(`<td><a href="/owa/?ae=Item&amp;t=IPM.Note&amp;id=`)
	p.number(int64(folder))
	p.text(".")
	p.number(int64(it.UID))
	p.text(`">`)
	if it.Subject == "" {
		p.text("(no subject)")
	}
	p.escape(it.Subject)
	p.text(`</a><td>`)
	p.b = it.Received.UTC().AppendFormat(p.b, time.DateTime)
	p.text(`<td>`)
	p.number(int64(it.Size()+1023) / 1024)
	p.text(` KB</tr>`)
}

// nav writes the links that stand on every page of the mailbox.
func (p *page) nav(user string, folders []store.Folder) {
	p.text(`<nav><a href="/owa/?ae=Item&amp;t=IPM.Note&amp;a=New">New message</a>`)
	for i := range folders {
		p.text(`<a href="/owa/?ae=Folder&amp;t=IPF.Note&amp;f=`)
		p.number(int64(folders[i].Number))
		p.text(`">`)
		p.escape(folders[i].Name)
		p.text(`</a>`)
	}
	p.text(`<a href="` + logoffPath + `">Sign out `)
	p.escape(user)
	p.text(`</a></nav>`)
}

func (f *frontEnd) item(v *visit, id string) func(http.ResponseWriter) {
	s := v.ctx.session
	folder, uid, ok := parseID(id)
	if !ok {
		return failed(store.ErrNoItem)
	}
	fd, err := s.FolderByNumber(v.now, folder)
	if err != nil {
		return failed(err)
	}
	it, err := s.Get(v.now, fd.Name, uid)
	if err != nil {
		return failed(err)
	}
	if !it.Flags.Has(store.Seen) {
		if _, err := s.Mark(v.now, fd.Name, []uint32{uid}, store.Seen, 0); err != nil {
			return failed(err)
		}
	}
	return func(rw http.ResponseWriter) {
		title := it.Subject
		if title == "" {
			title = "(no subject)"
		}
		p := newPage(title)
		p.nav(v.user.SAM(), []store.Folder{fd})
		p.text(`<p>From: `)
		p.escape(it.From)
		p.text(`<br>To: `)
		p.escape(it.To)
		p.text(`<br>Received: `)
		p.b = it.Received.UTC().AppendFormat(p.b, time.DateTime)
		p.text(`</p><pre>`)
		p.escape(mailtext.Plain(it.Raw, mostText))
		p.text(`</pre>`)
		p.send(rw, http.StatusOK)
	}
}

// parseID reads the id of an item: the folder's number and the item's UID.
func parseID(id string) (folder, uid uint32, ok bool) {
	a, b, ok := strings.Cut(id, ".")
	if !ok {
		return 0, 0, false
	}
	n, err1 := strconv.ParseUint(a, 10, 32)
	u, err2 := strconv.ParseUint(b, 10, 32)
	return uint32(n), uint32(u), err1 == nil && err2 == nil
}

// failed shows why the store did not do what a page needed.
func failed(err error) func(http.ResponseWriter) {
	return func(rw http.ResponseWriter) {
		var refused *store.Refusal
		switch {
		case errors.As(err, &refused):
			problem(rw, http.StatusServiceUnavailable, "Your mailbox appears to be unavailable. Try again later.")
		case errors.Is(err, store.ErrNoItem), errors.Is(err, store.ErrNoFolder):
			problem(rw, http.StatusNotFound, "The item that you are looking for is no longer there.")
		default:
			problem(rw, http.StatusInternalServerError, fmt.Sprintf("That did not work: %v.", err))
		}
	}
}
