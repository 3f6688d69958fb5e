package transport

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"shutout/sim/directory"
	"shutout/sim/store"
)

// status is an enhanced status code (RFC 3463) with the text that reports and
// the queue viewer show.
type status struct{ code, text string }

// lookup reads an object as the server remembers it (layer L9): an edit of the
// directory is felt when the cache entry has lapsed.
func (h *host) lookup(now time.Time, key string) (*directory.Object, bool) {
	o, _, ok := h.cache.Get(now, key)
	return o, ok
}

// recipient finds the object that has a as a mail address.
func (t *Transport) recipient(now time.Time, h *host, a Address) (*directory.Object, bool) {
	o, ok := h.lookup(now, a.key())
	if !ok || !hasAddress(o, a) {
		return nil, false
	}
	return o, true
}

// hasAddress tells whether a is one of the object's mail addresses.
func hasAddress(o *directory.Object, a Address) bool {
	want := a.String()
	for _, p := range o.All("proxyAddresses") {
		if len(p) == len(want)+5 && strings.EqualFold(p[:5], "smtp:") && strings.EqualFold(p[5:], want) {
			return true
		}
	}
	return strings.EqualFold(o.Mail(), want)
}

// maySendAs tells whether user may use the address as sender: it is an own
// one, or the user holds Send As on its mailbox.
func (t *Transport) maySendAs(now time.Time, h *host, user *directory.Object, from Address) bool {
	if o, ok := h.lookup(now, user.DN()); ok {
		user = o
	}
	if hasAddress(user, from) {
		return true
	}
	owner, ok := t.recipient(now, h, from)
	return ok && t.st.Allowed(now, store.Request{User: owner.SAM(), As: user.SAM()}, store.SendAs).Allowed
}

// sendLimit is the user's MaxSendSize in bytes, as this server remembers it.
// An authenticated SMTP session is bound by it too (general knowledge).
func (t *Transport) sendLimit(now time.Time, h *host, user *directory.Object) (int64, bool) {
	n, ok := limitOf(now, h, user, "submissionContLength")
	return n << 10, ok // the attribute counts in KB
}

// recipientLimit is the user's RecipientLimits, as this server remembers it.
func (t *Transport) recipientLimit(now time.Time, h *host, user *directory.Object) (int, bool) {
	n, ok := limitOf(now, h, user, "msExchRecipLimit")
	return int(n), ok
}

func limitOf(now time.Time, h *host, user *directory.Object, attr string) (int64, bool) {
	if o, ok := h.lookup(now, user.DN()); ok {
		user = o
	}
	n, err := strconv.ParseInt(user.Get(attr), 10, 32)
	return n, err == nil && n >= 0
}

// accept takes responsibility for a message. While the service is down it
// waits (only mailboxes can submit then).
func (t *Transport) accept(now time.Time, h *host, m *message) {
	if h.down {
		h.waiting = append(h.waiting, m)
		return
	}
	t.categorize(now, h, m)
}

// maxForwards bounds a chain of forwarding mailboxes.
const maxForwards = 10

// failure is a recipient that the message cannot be delivered to, and why.
type failure struct {
	to  Address
	why status
}

// categorize resolves the recipients and delivers or queues the message for
// each. Recipients that fail at once share one report.
func (t *Transport) categorize(now time.Time, h *host, m *message) {
	if t.rejects[m.from.key()] {
		var all []failure
		for _, to := range m.to {
			all = append(all, failure{to, status{"5.7.1", "550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy"}})
		}
		t.failed(now, h, m, all, sourceRouting)
		return
	}
	var failures []failure
	var seen map[string]bool
	if len(m.to) > 1 {
		seen = make(map[string]bool, len(m.to))
	}
	outside := map[string][]Address{}
	var domains []string // in order of appearance
	for _, to := range m.to {
		if seen != nil {
			if seen[to.key()] {
				continue
			}
			seen[to.key()] = true
		}
		if !t.accepted(to) {
			if outside[to.Domain] == nil {
				domains = append(domains, to.Domain)
			}
			outside[to.Domain] = append(outside[to.Domain], to)
			continue
		}
		failures = append(failures, t.toInside(now, h, m, to)...)
	}
	for _, d := range domains {
		t.toOutside(now, h, item{m: m, to: outside[d], entered: now})
	}
	t.failed(now, h, m, failures, sourceRouting)
}

// toInside delivers a message to a recipient of the organisation, or queues it.
// A distribution list stands for its members, each with restrictions and a
// forwarding of its own; what fails for one fails for nobody else.
func (t *Transport) toInside(now time.Time, h *host, m *message, to Address) []failure {
	o, ok := t.recipient(now, h, to)
	if !ok {
		return []failure{{to, t.gen.unknownUser()}}
	}
	if why := t.restricted(now, h, m, o); why.code != "" {
		return []failure{{to, why}}
	}
	if !isList(o) {
		return t.toMailbox(now, h, m, to, o)
	}
	var failures []failure
	for _, dn := range o.All("member") {
		member, ok := h.lookup(now, dn)
		if !ok || isList(member) || slices.ContainsFunc(m.to, func(a Address) bool { return hasAddress(member, a) }) {
			continue // who is named as well gets it once
		}
		at, err := ParseAddress(member.Mail())
		if err != nil || at.Null() {
			continue // who has no mailbox gets no mail
		}
		if why := t.restricted(now, h, m, member); why.code != "" {
			failures = append(failures, failure{at, why})
			continue
		}
		failures = append(failures, t.toMailbox(now, h, m, at, member)...)
	}
	return failures
}

// toMailbox delivers a message to whatever the address of o stands for: its
// mailbox, the one that it forwards to, or both.
func (t *Transport) toMailbox(now time.Time, h *host, m *message, to Address, o *directory.Object) (failures []failure) {
	targets, out, why := t.resolve(now, h, o)
	if why.code != "" {
		return []failure{{to, why}}
	}
	if out != nil {
		t.sendOn(now, h, m, m, *out)
	}
	for _, target := range targets {
		o := target.Object
		mb, ok := t.st.Mailbox(o.SAM())
		if !ok {
			failures = append(failures, failure{to, t.gen.unknownUser()})
			continue
		}
		at := to
		if len(targets) > 1 || !hasAddress(o, to) {
			if a, err := ParseAddress(o.Mail()); err == nil && !a.Null() {
				at = a
			}
		}
		if target.how != "" {
			t.noteOnward(m, m, at, target.how, h.decision(now, true, target.how+" sends mail on to "+at.String(), ""))
		}
		key := queueKey{toMailbox, mb.Database()}
		q := h.queues[key]
		if q != nil && (q.suspended || q.waitsFor(at)) {
			q.push(item{m: m, to: []Address{at}, entered: now})
			q.plan(now)
			continue
		}
		if why, again := t.deliver(now, h, m, o.SAM(), at); again {
			q = t.open(h, key)
			if q.count() == 0 {
				q.failed(now, why.text)
			}
			q.lastError = why.text
			q.push(item{m: m, to: []Address{at}, entered: now})
			q.plan(now)
			t.track(now, h, m, eventDefer, sourceStoreDriver, []Address{at}, why.text, "")
		} else if why.code != "" {
			failures = append(failures, failure{to, why})
		}
	}
	return failures
}

// target is a mailbox that a message goes to; how tells what sends it on there
// from another one.
type target struct {
	*directory.Object
	how string
}

// resolve finds where mail for a mailbox goes to: to itself, or to the one or
// the address outside that it forwards to, or both (deliverAndRedirect).
func (t *Transport) resolve(now time.Time, h *host, o *directory.Object) ([]target, *onward, status) {
	var targets []target
	at := target{Object: o}
	for range maxForwards {
		next, out := t.forwarding(now, h, at.Object)
		if next.Object == nil && out == nil {
			return append(targets, at), nil, status{}
		}
		if strings.EqualFold(at.Get(AttrKeepCopy), "TRUE") {
			targets = append(targets, at)
		}
		if out != nil {
			return targets, out, status{}
		}
		at = next
	}
	return nil, nil, status{"5.4.6", "554 5.4.6 RESOLVER.FWD.Loop; forwarding loop"}
}

// isList tells whether an object is a distribution list. Lists of this world
// have people as members, and no other lists.
func isList(o *directory.Object) bool { return containsFold(o.All("objectClass"), "group") }

// overList tells whether a message came to a mailbox by a distribution list and
// by nothing else: no recipient that the sender gave is the mailbox itself.
func (t *Transport) overList(now time.Time, h *host, m *message, mailbox Address) bool {
	list := false
	for _, to := range m.to {
		if to.key() == mailbox.key() {
			return false
		}
		o, ok := t.recipient(now, h, to)
		list = list || ok && isList(o)
	}
	return list
}

// restricted applies a recipient's delivery restrictions: only signed-in
// senders, only listed senders (AcceptMessagesOnlyFrom), not these.
func (t *Transport) restricted(now time.Time, h *host, m *message, o *directory.Object) status {
	if m.kind != ordinary && m.kind != autoForward {
		return status{}
	}
	if !m.internal && strings.EqualFold(o.Get("msExchRequireAuthToSendTo"), "TRUE") {
		return status{"5.7.1", "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required"}
	}
	only := o.All("authOrig")
	no := status{"5.7.1", "550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized"}
	if len(only) > 0 && (m.sender == "" || !containsFold(only, m.sender)) ||
		m.sender != "" && containsFold(o.All("unauthOrig"), m.sender) {
		return no
	}
	return status{}
}

func containsFold(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}

// deliver puts a message into a mailbox and lets the mailbox answer. A status
// with a code tells that it failed; again, that it may work later.
func (t *Transport) deliver(now time.Time, h *host, m *message, user string, to Address) (why status, again bool) {
	mb, ok := t.st.Mailbox(user)
	if !ok || t.Known != nil && !t.Known(now, h.name, user) {
		return t.gen.unknownUser(), false
	}
	if server := mb.Server(); server != h.name && t.reach != nil && !t.reach(h.name, server, t.hubPort()) {
		return t.gen.noConnection(), true
	}
	if m.content == nil {
		m.content = &store.Message{
			From: m.headerFrom, To: m.headerTo, Subject: m.subject, MessageID: m.messageID, Raw: m.raw,
		}
	}
	folder := store.Inbox
	if deletes(mb) {
		folder = store.DeletedItems
	}
	d := t.st.Deliver(now, user, folder, m.content)
	if !d.Allowed {
		if d.Temporary {
			return status{d.Status, "432 4.3.2 STOREDRV.Deliver; " + d.Reason}, true
		}
		return t.gen.notDelivered(d.Status), false
	}
	if home := t.host(mb.Server()); home != nil {
		h = home // what the mailbox does by itself happens on its own server
	}
	t.track(now, h, m, eventDeliver, sourceStoreDriver, []Address{to}, "", "")
	if m.reply != nil {
		m.reply.queue, m.reply.state = nil, "delivered to "+to.String()
	}
	t.answer(now, h, m, user, to)
	t.runRules(now, h, m, mb, to)
	return status{}, false
}

func (t *Transport) hubPort() int {
	if t.gen < gen2013 {
		return PortSMTP
	}
	return portHub
}

// attemptMailboxes tries each message of the queue; the ones whose mailboxes
// are not available yet stay.
func (q *queue) attemptMailboxes(now time.Time) {
	var left []item
	for _, it := range q.take() {
		var again []Address
		for _, to := range it.to {
			o, ok := q.t.recipient(now, q.h, to)
			if !ok {
				q.t.failedAll(now, q.h, it.m, []Address{to}, q.t.gen.unknownUser(), sourceRouting)
				continue
			}
			switch why, later := q.t.deliver(now, q.h, it.m, o.SAM(), to); {
			case later:
				again, q.lastError = append(again, to), why.text
			case why.code != "":
				q.t.failedAll(now, q.h, it.m, []Address{to}, why, sourceStoreDriver)
			}
		}
		if it.to = again; len(again) > 0 {
			left = append(left, it)
		}
	}
	q.put(left)
	if len(left) > 0 {
		q.failed(now, q.lastError)
	}
}
