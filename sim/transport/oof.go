package transport

import (
	"fmt"
	"net/mail"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/profile"
)

// OOFState is whom a mailbox answers while its user is out of office.
type OOFState string

const (
	OOFOff      OOFState = "off"
	OOFInternal OOFState = "internal" // senders of the organisation
	OOFKnown    OOFState = "known"    // also outside senders in the user's contacts
	OOFAll      OOFState = "all"      // everybody
)

// ParseOOFState reads a state; "" is off.
func ParseOOFState(s string) (OOFState, error) {
	switch state := OOFState(s); state {
	case "":
		return OOFOff, nil
	case OOFOff, OOFInternal, OOFKnown, OOFAll:
		return state, nil
	}
	return "", fmt.Errorf("unknown out-of-office state %q: expected off, internal, known or all", s)
}

// OutOfOffice is a mailbox's setting (Set-MailboxAutoReplyConfiguration).
type OutOfOffice struct {
	State    OOFState
	Internal string   // text for senders of the organisation; a default when empty
	External string   // text for others; 2003 has one text for all
	Contacts []string // addresses that count as known
}

// autoReply is a mailbox's setting with the list of those who were answered.
type autoReply struct {
	OutOfOffice
	since time.Time // when it was set
	told  map[string]time.Time
	order ring[string] // the keys of told, so that the oldest gives way
}

// maxTold bounds the list of answered senders of one mailbox; beyond it the
// oldest is forgotten and would be answered again.
const maxTold = 1 << 16

func (a *autoReply) set(now time.Time, o OutOfOffice) {
	a.OutOfOffice, a.since = o, now
	if o.State == OOFOff {
		// Switching off clears the list (KB157961, MS-OXORULE 3.2.5.1.1).
		a.told, a.order = nil, newRing[string](maxTold)
	}
}

func (a *autoReply) remember(now time.Time, sender string) {
	if a.told == nil {
		a.told, a.order = map[string]time.Time{}, newRing[string](maxTold)
	}
	if _, known := a.told[sender]; !known {
		if len(a.order.entries) == maxTold {
			delete(a.told, a.order.entries[a.order.next])
		}
		a.order.add(sender)
	}
	a.told[sender] = now
}

// autoReply returns the record of a user, a new one when there is none.
func (t *Transport) autoReply(user string) *autoReply {
	key := strings.ToLower(user)
	if t.people[key] == nil {
		t.people[key] = &autoReply{OutOfOffice: OutOfOffice{State: OOFOff}}
	}
	return t.people[key]
}

// SetOutOfOffice sets what a user's mailbox answers from now on. User is a
// sAMAccountName.
func (t *Transport) SetOutOfOffice(now time.Time, user string, o OutOfOffice) error {
	state, err := ParseOOFState(string(o.State))
	if err != nil {
		return err
	}
	if _, ok := t.st.Mailbox(user); !ok {
		return fmt.Errorf("%s has no mailbox", user)
	}
	o.State = state
	t.autoReply(user).set(now, o)
	return nil
}

// OutOfOffice returns a user's setting and since when it stands.
func (t *Transport) OutOfOffice(user string) (OutOfOffice, time.Time) {
	if a := t.people[strings.ToLower(user)]; a != nil {
		return a.OutOfOffice, a.since
	}
	return OutOfOffice{State: OOFOff}, time.Time{}
}

// SetExternalReplies lets out-of-office replies leave the organisation or
// keeps them inside: AllowedOOFType of the default remote domain, in 2003 the
// tick box of the Internet message format (KB266166).
func (t *Transport) SetExternalReplies(now time.Time, allowed bool) { t.external = allowed }

// SetRepliesTo does the same for one domain and those below it, whatever holds
// for the others: a remote domain of its own, *.domain (Set-RemoteDomain).
func (t *Transport) SetRepliesTo(domain string, allowed bool) {
	t.remote[strings.ToLower(domain)] = allowed
}

// repliesTo tells whether out-of-office replies may leave for a domain: what
// the nearest remote domain says.
func (t *Transport) repliesTo(domain string) bool { return nearest(t.remote, domain, t.external) }

// ExternalReplies tells whether out-of-office replies may leave.
func (t *Transport) ExternalReplies() bool { return t.external }

// externalByDefault is the organisation's switch at the start. Where users
// cannot choose their audience (2003) the default audience is that switch.
func externalByDefault(p profile.Params) bool {
	return p.Remote.OOFType != profile.OOFNone &&
		(p.OOF.SeparateExternalText || p.OOF.ExternalDefault != profile.AudienceNone)
}

// answer decides, at the delivery of m to user's mailbox, whether the mailbox
// replies by itself, and sends the reply.
func (t *Transport) answer(now time.Time, h *host, m *message, user string, to Address) {
	a := t.people[strings.ToLower(user)]
	if a == nil || m.kind != ordinary {
		return
	}
	sender, internal, d := t.mayAnswer(now, h, m, a, to)
	r := &reply{made: d.Allowed, state: d.Reason, decision: d}
	t.replies.add(m.messageID, r)
	if !d.Allowed {
		return
	}
	a.remember(now, sender.key())
	out := t.replyTo(now, h, m, a, to, sender, internal)
	out.reply = r
	t.track(now, h, out, eventReceive, sourceMailboxRule, out.to, "", m.messageID)
	t.accept(now, h, out)
}

// mayAnswer is the decision whether to reply, to whom, and whether with the
// text for senders of the organisation.
func (t *Transport) mayAnswer(now time.Time, h *host, m *message, a *autoReply, to Address) (sender Address, internal bool, d lab.Decision) {
	p := t.params.OOF
	d = h.decision(now, false, "", "out-of-office "+string(a.State))
	d.Since = a.since
	sender = m.from
	if sender.Null() && p.AnswersEmptySender {
		if from, err := mail.ParseAddress(m.headerFrom); err == nil {
			sender, _ = ParseAddress(from.Address)
		}
	}
	// An anonymous client that uses an address of the organisation is an
	// outsider to servers that keep track of who signed in.
	internal = t.accepted(sender) && (m.internal || !t.params.SMTP.StampsAuthAs)
	no := func(reason, rule string) (Address, bool, lab.Decision) {
		d.Reason = reason
		if rule != "" {
			d.Rule = rule
		}
		return sender, internal, d
	}
	switch {
	case a.State == OOFOff:
		return no("out-of-office is off", "")
	case sender.Null():
		return no("empty sender, nobody to reply to", "RFC 3834 section 2")
	case strings.EqualFold(sender.String(), to.String()):
		return no("sender is the mailbox itself", "loop")
	case p.HonoursAutoSubmitted && m.autoSubmitted != "" && m.autoSubmitted != "no":
		return no("message is automatic itself", "Auto-Submitted")
	case p.HonoursSuppressHeader && suppresses(m.suppress):
		return no("message asks for no reply", "X-Auto-Response-Suppress")
	case p.HonoursPrecedence && (m.precedence == "bulk" || m.precedence == "list" || m.precedence == "junk"):
		return no("bulk mail", "Precedence")
	}
	if !internal {
		switch {
		case a.State == OOFInternal:
			return no("outside sender, replies are for the organisation only", "")
		case !t.repliesTo(sender.Domain):
			return no("replies to other domains are off", "AllowedOOFType")
		case p.MailboxOption == profile.MailboxOOFInternalOnly:
			return no("mailbox may not reply to other domains", "ExternalOofOptions")
		case a.State == OOFKnown && !containsFold(a.Contacts, sender.String()):
			return no("sender is not among the contacts", "")
		}
	}
	if at, ok := a.told[sender.key()]; ok && (p.Repeat == profile.Never || now.Sub(at) < p.Repeat) {
		d.Since = at
		return no("this sender was answered already", "once per sender")
	}
	d.Allowed, d.Reason = true, "reply made"
	return sender, internal, d
}

// suppresses reads X-Auto-Response-Suppress: OOF or All (MS-OXCMAIL
// 2.1.3.2.20).
func suppresses(list string) bool {
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); strings.EqualFold(word, "OOF") || strings.EqualFold(word, "All") {
			return true
		}
	}
	return false
}

func (t *Transport) replyTo(now time.Time, h *host, m *message, a *autoReply, user, sender Address, internal bool) *message {
	text := a.Internal
	if !internal && t.params.OOF.SeparateExternalText {
		text = a.External
	}
	if text == "" {
		text = "I am out of the office."
	}
	title := "Automatic reply: "
	if t.gen == gen2003 {
		title = "Out of Office AutoReply: "
	}
	out := &message{
		id: t.newID(), arrived: now, to: []Address{sender}, internal: true, kind: automaticReply,
		header: header{
			headerFrom: user.String(), headerTo: sender.String(), subject: title + m.subject,
			autoSubmitted: "auto-replied", hasDate: true,
		},
	}
	if t.params.OOF.EnvelopeSender == profile.SenderUser {
		out.from = user
	}
	t.complete(out, h)
	var b strings.Builder
	line := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteString("\r\n")
	}
	line("Return-Path: <", out.from.String(), ">")
	if t.params.SMTP.StampsAuthAs {
		line("X-MS-Exchange-Organization-AuthSource: ", h.fqdn)
		line("X-MS-Exchange-Organization-AuthAs: Internal")
		line("X-Auto-Response-Suppress: All")
		line("Auto-Submitted: auto-replied")
	}
	line("From: <", out.headerFrom, ">")
	line("To: <", out.headerTo, ">")
	line("Subject: ", encode(out.subject))
	line("Date: ", now.Format(time.RFC1123Z))
	line("Message-ID: <", out.messageID, ">")
	line("In-Reply-To: <", m.messageID, ">")
	line("MIME-Version: 1.0")
	line("Content-Type: text/plain; charset=utf-8")
	line("Content-Transfer-Encoding: 8bit")
	line()
	line(body(text))
	out.raw = []byte(b.String())
	return out
}

// reply is what became of the automatic reply to a message.
type reply struct {
	made     bool
	state    string
	queue    *queue // where it waits, or nil
	decision lab.Decision
}

// maxReplies bounds for how many messages it is known whether they were
// answered; the oldest is forgotten first.
const maxReplies = 1 << 16

type replyLog struct {
	byID  map[string]*reply
	order ring[string]
}

func (l *replyLog) add(messageID string, r *reply) {
	if l.byID == nil {
		l.byID, l.order = map[string]*reply{}, newRing[string](maxReplies)
	}
	if old, known := l.byID[messageID]; known {
		if old.made {
			return // another recipient's mailbox answered; that counts
		}
	} else {
		if len(l.order.entries) == maxReplies {
			delete(l.byID, l.order.entries[l.order.next])
		}
		l.order.add(messageID)
	}
	l.byID[messageID] = r
}

// AutomaticReply tells whether a mailbox answered the message with this
// Message-ID by itself, and where the answer is now ("queued for
// dead.example, Retry"), or why there is none.
func (t *Transport) AutomaticReply(messageID string) (state string, made bool) {
	r := t.replies.byID[strings.Trim(messageID, "<>")]
	switch {
	case r == nil:
		return "no mailbox with out-of-office took the message", false
	case r.queue != nil:
		return fmt.Sprintf("queued for %s, %s", r.queue.key.hop, r.queue.status()), r.made
	}
	return r.state, r.made
}

// ReplyDecision is the record of the decision behind [Transport.AutomaticReply].
func (t *Transport) ReplyDecision(messageID string) (lab.Decision, bool) {
	r := t.replies.byID[strings.Trim(messageID, "<>")]
	if r == nil {
		return lab.Decision{}, false
	}
	return r.decision, true
}
