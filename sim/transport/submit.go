package transport

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
)

// Submission is a message that a user hands over through a mailbox: Outlook
// Web App, ActiveSync, Exchange Web Services, MAPI.
type Submission struct {
	User   *directory.Object
	Server string // the server that the client is connected to, for the record
	From   string // "" is the user's own address
	To     []string
	Raw    []byte // the mail (RFC 5322); must not be written to afterwards
	// MessageID, without angle brackets, is used when Raw has none. A new one
	// is made when both lack it.
	MessageID string
	Client    netip.Addr // optional, for the tracking log
}

// SubmitReason tells why a submission was refused, for the front end to put
// into its protocol's own error.
type SubmitReason string

const (
	SubmitMalformed  SubmitReason = "malformed"           // an address, or the message
	SubmitSendAs     SubmitReason = "send-as"             // may not use this sender
	SubmitTooLarge   SubmitReason = "too-large"           // ecMaxSubmissionExceeded
	SubmitRecipients SubmitReason = "too-many-recipients" // ecTooManyRecips
	SubmitStore      SubmitReason = "store"               // quota, locked, no mailbox
)

// SubmitError is a refused submission.
type SubmitError struct {
	Reason SubmitReason
	Text   string
}

func (e *SubmitError) Error() string { return e.Text }

// errNoServer cannot happen in an organisation with a mailbox.
var errNoServer = errors.New("the organisation has no mailbox server")

// Submit takes a message from a mailbox. Limits are those of the user as the
// server remembers them (layer L9). A refusal is a *SubmitError.
func (t *Transport) Submit(now time.Time, s Submission) (lab.Decision, error) {
	h := t.homeOf(s.User, s.Server)
	if h == nil {
		return lab.Decision{At: now, Layer: lab.LayerService, Reason: errNoServer.Error()}, errNoServer
	}
	d := h.decision(now, false, "", "")
	no := func(reason SubmitReason, text, rule string) (lab.Decision, error) {
		d.Reason, d.Rule = text, rule
		return d, &SubmitError{reason, text}
	}
	if own := t.st.MaySend(now, s.User.SAM()); !own.Allowed {
		return own, &SubmitError{SubmitStore, own.Reason}
	}
	if s.From == "" {
		s.From = s.User.Mail()
	}
	from, err := ParseAddress(s.From)
	if err != nil || from.Null() {
		return no(SubmitMalformed, "malformed sender address", "")
	}
	if !t.maySendAs(now, h, s.User, from) {
		d.Layer = lab.LayerPermission
		return no(SubmitSendAs, "user has no right to send as this address", "SendAs")
	}
	if len(s.To) == 0 {
		return no(SubmitMalformed, "no recipient", "")
	}
	if limit, rule := t.recipientsAllowed(now, h, s.User); limit >= 0 && len(s.To) > limit {
		return no(SubmitRecipients, "too many recipients", rule)
	}
	to := make([]Address, len(s.To))
	for i, text := range s.To {
		if to[i], err = ParseAddress(text); err != nil || to[i].Null() {
			return no(SubmitMalformed, "malformed recipient address", "")
		}
	}
	if limit, rule := t.sizeAllowed(now, h, s.User); limit > 0 && int64(len(s.Raw)) > limit {
		return no(SubmitTooLarge, "message is larger than allowed", rule)
	}
	in, ok := readHeader(s.Raw, maxHeaderSize)
	if !ok {
		return no(SubmitMalformed, "header is larger than allowed", "")
	}
	m := &message{
		id: t.newID(), arrived: now, from: from, to: to, sender: s.User.DN(), internal: true,
		client: s.Client, header: in,
	}
	m.missingID = m.messageID == ""
	if m.missingID {
		m.messageID = clean(strings.Trim(s.MessageID, "<>"))
	}
	t.complete(m, h)
	m.raw = t.stamp(now, h, m, s.Raw, "Received: from "+h.fqdn+" by "+h.fqdn+" with mapi id "+string(t.params.Server.Version)+
		";\r\n "+now.Format(time.RFC1123Z)+"\r\n")
	t.track(now, h, m, eventSubmit, sourceStoreDriver, to, "", "")
	t.accept(now, h, m)
	d.Allowed, d.Reason = true, "message taken from the mailbox"
	return d, nil
}

// homeOf is the transport service that mail of a user's mailbox goes through:
// that of the mailbox's own server.
func (t *Transport) homeOf(user *directory.Object, server string) *host {
	if mb, ok := t.st.Mailbox(user.SAM()); ok {
		if h := t.host(mb.Server()); h != nil {
			return h
		}
	}
	if h := t.host(server); h != nil {
		return h
	}
	if len(t.hosts) > 0 {
		return t.hosts[0]
	}
	return nil
}

// sizeAllowed is the smaller of the organisation's and the user's own send
// limit, in bytes.
func (t *Transport) sizeAllowed(now time.Time, h *host, user *directory.Object) (int64, string) {
	limit, rule := int64(t.params.SMTP.MaxMessageSize), "MaxSendSize of the organisation"
	if own, ok := t.sendLimit(now, h, user); ok && own < limit {
		return max(own, 1), "MaxSendSize of the user"
	}
	return limit, rule
}

// recipientsAllowed is the user's own limit, which goes before the
// organisation's (Set-Mailbox, RecipientLimits).
func (t *Transport) recipientsAllowed(now time.Time, h *host, user *directory.Object) (int, string) {
	if own, ok := t.recipientLimit(now, h, user); ok {
		return own, "RecipientLimits of the user"
	}
	if n := t.params.SMTP.MaxRecipients; n > 0 {
		return n, "RecipientLimits of the organisation"
	}
	return -1, ""
}

// probeText makes a probe as large as usual mail, about 2 KB, so that a size
// limit meets it.
var probeText = strings.Repeat("This message shows whether mail still arrives.\r\n", 42)

// InternetMail has a message from outside delivered to a user of the
// organisation, past every receive connector: a probe of the mailbox, not of
// the way in. ToUser is a sAMAccountName or an address. It returns the
// Message-ID.
func (t *Transport) InternetMail(now time.Time, from, toUser, subject string) (string, error) {
	if len(t.hosts) == 0 {
		return "", errNoServer
	}
	h := t.hosts[max(0, slices.IndexFunc(t.hosts, func(h *host) bool { return !h.down }))]
	sender, err := ParseAddress(from)
	if err != nil {
		return "", err
	}
	if o, ok := h.lookup(now, toUser); ok && !strings.Contains(toUser, "@") {
		toUser = o.Mail()
	}
	to, err := ParseAddress(toUser)
	if err != nil || to.Null() {
		return "", ErrAddress
	}
	return t.fromOutside(now, h, sender, sender.String(), to, subject), nil
}

// fromOutside has a message arrive that no receive connector was asked about.
func (t *Transport) fromOutside(now time.Time, h *host, sender Address, author string, to Address, subject string) string {
	m := &message{
		id: t.newID(), arrived: now, from: sender, to: []Address{to},
		header: header{
			headerFrom: author, headerTo: to.String(), subject: clean(subject), hasDate: true,
		},
	}
	t.complete(m, h)
	if sender.String() == author {
		author = "<" + author + ">"
	}
	raw := "From: " + author + "\r\nTo: <" + to.String() + ">\r\nSubject: " + encode(m.subject) +
		"\r\nDate: " + now.Format(time.RFC1123Z) + "\r\nMessage-ID: <" + m.messageID + ">\r\n\r\n" + probeText
	m.end = strings.Index(raw, "\r\n\r\n") + 4
	m.raw = t.stamp(now, h, m, []byte(raw), "Received: from "+cmp.Or(sender.Domain, "unknown")+" by "+h.fqdn+
		";\r\n "+now.Format(time.RFC1123Z)+"\r\n")
	t.track(now, h, m, eventReceive, sourceSMTP, m.to, "", "")
	t.accept(now, h, m)
	return m.messageID
}
