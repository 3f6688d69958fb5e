package transport

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/store"
)

// The attributes that send a mailbox's mail on.
const (
	AttrForwardTo      = "altRecipient"                   // ForwardingAddress: an object of the directory
	AttrForwardAddress = "msExchGenericForwardingAddress" // ForwardingSmtpAddress: "smtp:dana@private.example"
	AttrKeepCopy       = "deliverAndRedirect"             // DeliverToMailboxAndForward
	attrTarget         = "targetAddress"                  // of a contact
)

// How a mailbox sends mail on, beside [RuleName].
const (
	ByAddress = "ForwardingSmtpAddress"
	ByContact = "ForwardingAddress, a contact"
	ByObject  = "ForwardingAddress"
)

// RuleName is how an inbox rule is called where mail is sent on by it.
func RuleName(name string) string { return fmt.Sprintf("inbox rule %q", clean(name)) }

// An onward is where a mailbox's mail goes on to, outside the organisation.
type onward struct {
	to   Address
	how  string // "ForwardingSmtpAddress", "ForwardingAddress, a contact", "inbox rule …"
	auto bool   // AutoForwardEnabled decides
}

// forwarding tells where the mail of a mailbox, or of whatever has its address,
// goes on to: to an object inside, to an address outside, or nowhere.
// ForwardingAddress goes before ForwardingSmtpAddress (Set-Mailbox).
func (t *Transport) forwarding(now time.Time, h *host, o *directory.Object) (next target, out *onward) {
	scope := t.params.Remote.AutoForwardScope
	if dn := o.Get(AttrForwardTo); dn != "" {
		to, ok := h.lookup(now, dn)
		if !ok {
			return target{}, nil
		}
		address, err := ParseAddress(trimType(to.Get(attrTarget)))
		if to.SAM() != "" || err != nil || address.Null() {
			return target{to, ByObject}, nil
		}
		return target{}, &onward{address, ByContact, scope == profile.ForwardEverything}
	}
	to, err := ParseAddress(trimType(o.Get(AttrForwardAddress)))
	if err != nil || to.Null() || !t.params.Store.ForwardingSMTPAddress {
		return target{}, nil
	}
	if t.accepted(to) {
		if o, ok := t.recipient(now, h, to); ok {
			return target{o, ByAddress}, nil
		}
		return target{}, nil
	}
	return target{}, &onward{to, ByAddress, scope != profile.ForwardRules}
}

// trimType takes the address type off: "SMTP:dana@private.example".
func trimType(s string) string {
	if len(s) > 5 && strings.EqualFold(s[:5], "smtp:") {
		return s[5:]
	}
	return s
}

// SetAutoForward lets mail that is forwarded automatically leave for other
// domains or keeps it inside: AutoForwardEnabled of the default remote domain.
func (t *Transport) SetAutoForward(allowed bool) { t.autoForward = allowed }

// SetAutoForwardTo does the same for one domain and those below it.
func (t *Transport) SetAutoForwardTo(domain string, allowed bool) {
	t.forwardTo[strings.ToLower(domain)] = allowed
}

// nearest is what the nearest remote domain says about a domain, or else the
// default one.
func nearest(set map[string]bool, domain string, otherwise bool) bool {
	for domain != "" {
		if allowed, ok := set[domain]; ok {
			return allowed
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return otherwise
}

// sendOn lets a message, as it came or made anew, go on to an address outside.
func (t *Transport) sendOn(now time.Time, h *host, came, m *message, out onward) {
	d := h.decision(now, true, out.how+" sends mail on to "+out.to.String(), "")
	if out.auto {
		d.Rule = "AutoForwardEnabled true"
		if !nearest(t.forwardTo, out.to.Domain, t.autoForward) {
			d.Allowed, d.Rule = false, "AutoForwardEnabled false"
			d.Reason = out.how + " may not send mail on to " + out.to.Domain
		}
	}
	t.noteOnward(came, m, out.to, out.how, d)
	if !d.Allowed { // nobody is told (KB266166)
		t.track(now, h, m, eventDrop, sourceRouting, []Address{out.to}, "automatic forwarding to the remote domain is off", "")
		return
	}
	t.track(now, h, m, eventRedirect, sourceRouting, []Address{out.to}, "", came.messageID)
	t.toOutside(now, h, item{m: m, to: []Address{out.to}, entered: now})
}

// runRules carries out the inbox rules of a mailbox for a message that has been
// delivered there. What a rule has made is not forwarded by the same mailbox
// again.
func (t *Transport) runRules(now time.Time, h *host, m *message, mb *store.Mailbox, at Address) {
	if m.kind != ordinary && m.kind != autoForward || slices.Contains(m.passed, mb.User()) || len(m.passed) >= maxForwards {
		return
	}
	owner, ok := h.lookup(now, mb.User())
	if !ok {
		return
	}
	for _, r := range mb.Rules() {
		if !r.Enabled {
			continue
		}
		how := RuleName(r.Name)
		for _, to := range r.Forward {
			t.ruleSends(now, h, owner, m, t.forwardOf(now, h, m, owner, at, to), to, how)
		}
		for _, to := range r.Redirect {
			again := *m
			again.id, again.kind, again.content, again.reply = t.newID(), autoForward, nil, nil
			again.passed = append(slices.Clone(m.passed), mb.User())
			t.ruleSends(now, h, nil, m, &again, to, how)
		}
	}
}

// ruleSends sends what a rule has made to an address, in the name of author if
// it has one.
func (t *Transport) ruleSends(now time.Time, h *host, author *directory.Object, came, m *message, address, how string) {
	to, err := ParseAddress(address)
	if err != nil || to.Null() {
		return
	}
	m.to = []Address{to}
	if author != nil && t.params.Store.RulesWithinSendLimit {
		if limit, rule := t.sizeAllowed(now, h, author); limit > 0 && int64(len(m.raw)) > limit {
			const why = "message is larger than allowed"
			t.noteOnward(came, m, to, how, h.decision(now, false, how+": "+why, rule))
			t.track(now, h, m, eventDrop, sourceMailboxRule, m.to, why, "")
			return
		}
	}
	if !t.accepted(to) {
		t.sendOn(now, h, came, m, onward{to, how, true})
		return
	}
	t.noteOnward(came, m, to, how, h.decision(now, true, how+" sends mail on to "+to.String(), ""))
	t.track(now, h, m, eventReceive, sourceMailboxRule, m.to, "", came.messageID)
	t.accept(now, h, m)
}

// deletes tells whether an inbox rule takes what comes out of the inbox.
func deletes(mb *store.Mailbox) bool {
	return slices.ContainsFunc(mb.Rules(), func(r store.Rule) bool { return r.Enabled && r.Delete })
}

// forwardOf is the message that a rule makes of one that came: the user writes
// it, and says that nobody has.
func (t *Transport) forwardOf(now time.Time, h *host, came *message, owner *directory.Object, from Address, to string) *message {
	m := &message{
		id: t.newID(), arrived: now, from: from, sender: owner.DN(), internal: true, kind: autoForward,
		passed: append(slices.Clone(came.passed), owner.SAM()),
		header: header{headerFrom: from.String(), headerTo: to, subject: "FW: " + came.subject, autoSubmitted: "auto-generated", hasDate: true},
	}
	t.complete(m, h)
	var b bytes.Buffer
	line := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteString("\r\n")
	}
	line("Return-Path: <", from.String(), ">")
	line("From: <", from.String(), ">")
	line("To: <", to, ">")
	line("Subject: ", encode(m.subject))
	line("Date: ", now.Format(time.RFC1123Z))
	line("Message-ID: <", m.messageID, ">")
	line("In-Reply-To: <", came.messageID, ">")
	line("Auto-Submitted: auto-generated")
	line("X-MS-Exchange-Inbox-Rules-Loop: ", from.String())
	body := came.raw
	for pos := 0; pos < len(came.raw); {
		field, next := nextField(came.raw, pos)
		body = came.raw[next:]
		if len(field) == 0 {
			break
		}
		if startsFold(field, "MIME-Version:") || startsFold(field, "Content-") {
			b.Write(field)
			b.WriteString("\r\n")
		}
		pos = next
	}
	line()
	b.Write(body)
	m.raw = b.Bytes()
	return m
}

// sentOn is one message that a mailbox sent on.
type sentOn struct {
	id       uint64 // of the message that goes on
	to       Address
	how      string
	decision lab.Decision
}

// maxOnward bounds for how many messages it is known where they went on to.
const maxOnward = 1 << 12

// onwardLog remembers the messages that were sent on, by the Message-ID with
// which they came.
type onwardLog struct {
	byID  map[string][]sentOn
	order ring[string]
}

func (t *Transport) noteOnward(came, m *message, to Address, how string, d lab.Decision) {
	l := &t.onward
	if l.byID == nil {
		l.byID, l.order = map[string][]sentOn{}, newRing[string](maxOnward)
	}
	list, known := l.byID[came.messageID]
	if !known {
		if len(l.order.entries) == maxOnward {
			delete(l.byID, l.order.entries[l.order.next])
		}
		l.order.add(came.messageID)
	}
	if len(list) < maxForwards {
		l.byID[came.messageID] = append(list, sentOn{m.id, to, how, d})
	}
}

// Onward tells where the message that came with this Message-ID was sent on to,
// and what became of it there.
func (t *Transport) Onward(messageID string) []lab.Onward {
	var list []lab.Onward
	for _, s := range t.onward.byID[strings.Trim(messageID, "<>")] {
		o := lab.Onward{To: s.to.String(), How: s.how, Why: s.decision, State: s.decision.Reason}
		if s.decision.Allowed {
			o.State, o.Arrived = t.Trace(s.id, s.to)
		}
		list = append(list, o)
	}
	return list
}

// Trace tells where a message is that one recipient was to get, and whether it
// has arrived where the organisation has no more to do with it.
func (t *Transport) Trace(id uint64, to Address) (state string, arrived bool) {
	for _, h := range t.hosts {
		for _, q := range h.sorted() {
			for _, it := range q.items[q.head:] {
				if it.m.id == id && slices.Contains(it.to, to) {
					return fmt.Sprintf("queued for %s, %s", q.key.hop, q.status()), false
				}
			}
		}
	}
	for e := range t.tracking.backward {
		if e.InternalID != id || !slices.Contains(e.Recipients, to) {
			continue
		}
		switch e.Event {
		case eventSend:
			return "taken by the mail server of " + to.Domain, true
		case eventDeliver:
			return "delivered to " + to.String(), true
		case eventFail, eventDrop, eventBadMail:
			return e.Status, false
		}
	}
	return "no trace of the message", false
}
