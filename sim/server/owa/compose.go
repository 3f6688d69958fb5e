package owa

import (
	"fmt"
	"net/http"
	"net/mail"
	"strings"

	"shutout/sim/clientaccess"
	"shutout/sim/network"
	"shutout/sim/server/mailtext"
	"shutout/sim/store"
	"shutout/sim/transport"
)

// draft is what the compose form carries.
type draft struct {
	To, Cc, Subject, Body string
	Problem               string // why it was not sent
}

func (f *frontEnd) compose(v *visit, d draft) func(http.ResponseWriter) {
	return func(rw http.ResponseWriter) {
		status := http.StatusOK
		p := newPage("New message")
		if d.Problem != "" {
			status = http.StatusForbidden
			// The header tells programs what the page tells people.
			rw.Header().Set("X-OWA-Error", d.Problem)
			p.text(`<p role="alert">`)
			p.escape(d.Problem)
			p.text(`</p>`)
		}
		p.text(`<form action="/owa/?ae=PreFormAction&amp;t=IPM.Note&amp;a=Send" method="post"><input type="hidden" name="hidcanary" value="`)
		p.escape(f.canary(v))
		p.text(`">`)
		for _, field := range [...]struct{ label, name, value string }{
			{"To", "txtto", d.To}, {"Cc", "txtcc", d.Cc}, {"Subject", "txtsbj", d.Subject},
		} {
			p.text(`<p><label>` + field.label + ` <input name="` + field.name + `" value="`)
			p.escape(field.value)
			p.text(`"></label></p>`)
		}
		p.text(`<p><textarea name="txtbdy" rows="15" aria-label="Message">`)
		p.escape(d.Body)
		p.text(`</textarea></p><p><button>Send</button> <a href="/owa/">Discard</a></p></form>`)
		p.send(rw, status)
	}
}

// post serves every POST on /owa/.
func (f *frontEnd) post(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("ae") != "PreFormAction" || q.Get("a") != "Send" {
		problem(rw, http.StatusBadRequest, "There is no such action.")
		return
	}
	id, ok := f.admit(rw, r)
	if !ok {
		return
	}
	r.Body = http.MaxBytesReader(rw, r.Body, maxMessage)
	if err := r.ParseForm(); err != nil {
		problem(rw, http.StatusBadRequest, "The form could not be read.")
		return
	}
	d := draft{
		To: r.PostForm.Get("txtto"), Cc: r.PostForm.Get("txtcc"),
		Subject: r.PostForm.Get("txtsbj"), Body: r.PostForm.Get("txtbdy"),
	}
	canary := r.PostForm.Get("hidcanary")
	if canary == "" {
		canary = r.Header.Get(canaryCookie)
	}

	f.w.Lock()
	v, why := f.enter(r, id)
	forged := false
	if why == nil {
		if forged = !clientaccess.SameCanary(canary, f.canary(v)); !forged {
			d.Problem = f.send(r, v, d)
		}
	}
	f.w.Unlock()

	switch {
	case why != nil:
		f.refuse(rw, r, why)
	case forged:
		problem(rw, statusLoginTimeout, "This form was not made for your session. Open it again.")
	case d.Problem != "":
		f.cookies(v, rw, r)
		f.compose(v, d)(rw)
	default:
		f.cookies(v, rw, r)
		redirect(rw, homePath)
	}
}

// send submits a draft and keeps a copy in Sent Items. It returns why that did
// not work, "" when it did. The world's lock is held.
func (f *frontEnd) send(r *http.Request, v *visit, d draft) (problem string) {
	to, err := addresses(d.To)
	if err != nil || len(to) == 0 {
		return "The recipients in To could not be understood."
	}
	cc, err := addresses(d.Cc)
	if err != nil {
		return "The recipients in Cc could not be understood."
	}
	s := v.ctx.session
	f.sent++
	m := mailtext.Draft{
		From: mail.Address{Name: f.cas.Directory().Current(v.now, v.user).Get("displayName"), Address: s.Mailbox().Mail()},
		To:   to, Cc: cc, Subject: d.Subject, Date: v.now, Body: d.Body,
		MessageID: fmt.Sprintf("owa-%x-%d@%s.%s", v.cookie.Session, f.sent, f.host, f.w.Dir.Domain()),
	}
	conn := network.RequestConn(r)
	if client := network.ClientAddr(conn); client.IsValid() {
		m.Extra = []string{"X-Originating-IP: [" + client.String() + "]"}
	}
	raw := m.Encode()
	var rcpt []string
	for _, a := range append(to, cc...) {
		rcpt = append(rcpt, a.Address)
	}
	_, err = f.w.Submit(v.now, conn, f.cas.Directory(), transport.Submission{
		User: v.user, Server: s.Mailbox().Server(), From: m.From.Address, To: rcpt, Raw: raw, MessageID: m.MessageID,
	})
	if err != nil {
		return "The message can't be sent: " + err.Error() + "."
	}
	// The message is on its way; a mailbox that takes no copy does not stop it.
	_, _ = s.Append(v.now, store.SentItems, store.Seen, v.now, store.ParseMessage(raw))
	return ""
}

// addresses reads what people type: addresses with commas or semicolons
// between them.
func addresses(s string) ([]*mail.Address, error) {
	s = strings.Trim(strings.ReplaceAll(s, ";", ","), ", \t\r\n")
	if s == "" {
		return nil, nil
	}
	return mail.ParseAddressList(s)
}
