package transport

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
)

// A Session is the policy of one SMTP connection: what the client may do next
// and in which words it is refused. The front end owns the wire, reads the
// commands and calls the method of each; it also honours the Delay and the
// Close of a refusal. A session keeps its connector's settings and its user
// from the moment they were established: a connector or an account that is
// changed afterwards is felt by the next connection only.
type Session struct {
	t         *Transport
	h         *host
	connector Connector
	identity  string // of the connector
	id        uint64
	port      int
	remote    netip.Addr
	opened    time.Time
	seq       int

	greeted  bool
	helo     string
	tls      bool
	user     *directory.Object
	userSAM  string
	signedIn time.Time
	sever    func() // ends the connection; nil: nobody can
	bad      int    // protocol errors
	failures int    // failed logons

	mail    bool
	from    Address
	rcpts   []Address
	unknown bool // a recipient that does not exist was given
}

// Receipt is what a client is told of a message that was taken.
type Receipt struct {
	MessageID  string // without angle brackets
	InternalID uint64
	Text       string // of the 250 reply: "2.6.0 <id> [InternalId=7] Queued mail for delivery"
}

// Connect decides on a new connection to a server's port. When it is refused
// there is no session and the reply is written in place of the banner.
func (t *Transport) Connect(now time.Time, server string, port int, remote netip.Addr) (*Session, lab.Decision, *SMTPError) {
	remote = remote.Unmap().WithZone("")
	d := lab.Decision{At: now, Layer: lab.LayerPermission, Server: server}
	h := t.host(server)
	if h == nil || h.down {
		d.Layer, d.Reason = lab.LayerService, "transport service is not running"
		return nil, d, closing(t.gen.refusal(replyServiceDown))
	}
	c := t.connectorFor(server, port, remote)
	if c == nil {
		d.Reason, d.Rule = "client address is in no receive connector's remote ranges", "RemoteIPRanges"
		return nil, d, closing(t.gen.refusal(replyNoConnector))
	}
	s := &Session{t: t, h: h, connector: *c, identity: c.Identity(), id: t.ids.Uint64(), port: port, remote: remote, opened: now}
	s.log(now, '+', "")
	d.Allowed, d.Reason, d.Rule = true, "client address admitted by "+c.Name, "RemoteIPRanges"
	return s, d, nil
}

func closing(e *SMTPError) *SMTPError {
	e.Close = true
	return e
}

// Banner is the text after "220 ".
func (s *Session) Banner(now time.Time) string {
	if s.t.gen == gen2003 {
		return s.h.fqdn + " Microsoft ESMTP MAIL Service, Version: 6.0.3790.4675 ready at  " + now.Format(time.RFC1123Z)
	}
	return s.h.fqdn + " Microsoft ESMTP MAIL Service ready at " + now.Format(time.RFC1123Z)
}

// Connector returns the settings that the session started with.
func (s *Session) Connector() Connector { return s.connector }

// Hello takes HELO or EHLO; it starts the session over, except for TLS and
// authentication (RFC 5321 section 4.1.4).
func (s *Session) Hello(now time.Time, name string) {
	s.greeted, s.helo = true, clean(name)
	s.log(now, '<', "EHLO "+s.helo)
	s.clear()
}

// StartedTLS tells that the connection is protected from now on; the client
// has to say hello again (RFC 3207 section 4.2).
func (s *Session) StartedTLS(now time.Time) {
	s.log(now, '*', "TLS started")
	s.tls, s.greeted, s.helo = true, false, ""
	s.clear()
}

// ProtocolError counts a command that was out of place or unknown. When there
// were too many it returns the reply to close with, in place of the caller's
// own; otherwise nil.
func (s *Session) ProtocolError(now time.Time) *SMTPError {
	s.bad++
	if n := s.connector.MaxProtocolErrors; n > 0 && s.bad > n {
		e := closing(s.t.gen.refusal(replyTooManyErrors))
		s.log(now, '>', e.Error())
		return e
	}
	return nil
}

func (s *Session) protocolError(now time.Time, kind replyKind) *SMTPError {
	if e := s.ProtocolError(now); e != nil {
		return e
	}
	return s.refuse(now, kind)
}

// refuse makes a refusal and writes it to the log.
func (s *Session) refuse(now time.Time, kind replyKind) *SMTPError {
	e := s.t.gen.refusal(kind)
	if s.logs() {
		s.log(now, '>', e.Error())
	}
	return e
}

// tarpit is refuse for an answer that an anonymous client has to wait for, so
// that guessing addresses takes time (TarpitInterval of Set-ReceiveConnector).
func (s *Session) tarpit(now time.Time, kind replyKind) *SMTPError {
	e := s.refuse(now, kind)
	if s.user == nil && e.Code >= 500 {
		e.Delay = s.connector.Tarpit
	}
	return e
}

func (s *Session) decision(now time.Time, layer lab.Layer) lab.Decision {
	return lab.Decision{At: now, Layer: layer, Server: s.h.name, Rule: s.connector.Name}
}

// Mail takes MAIL FROM. Size is the SIZE parameter in bytes, 0 when there is
// none.
func (s *Session) Mail(now time.Time, from string, size int64) (lab.Decision, *SMTPError) {
	d := s.decision(now, lab.LayerPermission)
	if s.logs() {
		s.log(now, '<', "MAIL FROM:<"+clean(strings.Trim(from, "<>"))+">")
	}
	switch {
	case s.h.down:
		d.Layer, d.Reason = lab.LayerService, "transport service is not running"
		return d, closing(s.refuse(now, replyServiceDown))
	case !s.greeted:
		d.Reason = "no hello"
		return d, s.protocolError(now, replyNeedHello)
	case s.mail:
		d.Reason = "sender given twice"
		return d, s.protocolError(now, replySenderGiven)
	case s.connector.RequireTLS && !s.tls:
		d.Reason = "connector requires TLS"
		return d, s.protocolError(now, replyNeedTLS)
	}
	addr, err := ParseAddress(from)
	if err != nil {
		d.Reason = "malformed sender address"
		return d, s.protocolError(now, replyBadSender)
	}
	if kind, reason := s.mayUse(now, addr); reason != "" {
		d.Reason = reason
		return d, s.tarpit(now, kind)
	}
	if limit, rule := s.sizeLimit(now); limit > 0 && size > limit {
		d.Layer, d.Reason, d.Rule = lab.LayerTransport, "message is larger than allowed", rule
		return d, s.refuse(now, replyTooLarge)
	}
	if n := s.connector.MessageRate; n > 0 && !s.t.rate.take(now, s.remote, n) {
		d.Layer, d.Reason, d.Rule = lab.LayerTransport, "client sends too many messages a minute", "MessageRateLimit"
		return d, closing(s.refuse(now, replyRate))
	}
	s.mail, s.from = true, addr
	s.admit(&d, "sender admitted for ")
	s.log(now, '>', "250 2.1.0 Sender OK")
	return d, nil
}

// Rcpt takes RCPT TO.
func (s *Session) Rcpt(now time.Time, to string) (lab.Decision, *SMTPError) {
	d := s.decision(now, lab.LayerPermission)
	if s.logs() {
		s.log(now, '<', "RCPT TO:<"+clean(strings.Trim(to, "<>"))+">")
	}
	if !s.mail {
		d.Reason = "no sender given"
		return d, s.protocolError(now, replyNeedMail)
	}
	addr, err := ParseAddress(to)
	if err != nil || addr.Null() {
		d.Reason = "malformed recipient address"
		return d, s.protocolError(now, replyBadRecipient)
	}
	limit, rule := s.recipientLimit(now)
	if limit >= 0 && len(s.rcpts) >= limit {
		d.Layer, d.Reason, d.Rule = lab.LayerTransport, "too many recipients", rule
		return d, s.refuse(now, replyTooManyRecipients)
	}
	switch {
	case !s.t.accepted(addr):
		if s.user == nil && !s.connector.AnyRecipient || s.user != nil && !s.connector.RelayForUsers {
			d.Reason = "recipient's domain is not an accepted domain and " + s.who() + " may not relay"
			return d, s.tarpit(now, replyRelay)
		}
	case s.user == nil && s.t.params.SMTP.RecipientValidation != profile.ValidateOff:
		if _, ok := s.t.recipient(now, s.h, addr); ok {
			break
		}
		if s.t.params.SMTP.RecipientValidation == profile.ValidateRecipient {
			e := s.tarpit(now, replyUnknownUser)
			d.Layer, d.Reason, d.Rule = lab.LayerTransport, "no such recipient", "RecipientValidationEnabled"
			if e.Delay > 0 {
				d.Rule += ", answer held back " + lab.Duration(e.Delay) + " (TarpitInterval)"
			}
			return d, e
		}
		s.unknown = true
	}
	s.rcpts = append(s.rcpts, addr)
	d.Allowed, d.Reason = true, "recipient admitted for "+s.who()
	s.log(now, '>', "250 2.1.5 Recipient OK")
	return d, nil
}

// Ready tells whether DATA or BDAT is in place; nil when it is.
func (s *Session) Ready(now time.Time) *SMTPError {
	switch {
	case !s.mail:
		return s.protocolError(now, replyNeedMail)
	case len(s.rcpts) == 0:
		return s.protocolError(now, replyNeedRcpt)
	}
	return nil
}

// Data takes the message itself, with CRLF line ends and the dots of
// transparency removed. Raw must not be written to afterwards. The transaction
// is over in any case.
func (s *Session) Data(now time.Time, raw []byte) (Receipt, lab.Decision, *SMTPError) {
	d := s.decision(now, lab.LayerTransport)
	if e := s.Ready(now); e != nil {
		d.Reason = "no transaction is open"
		return Receipt{}, d, e
	}
	defer s.clear()
	s.log(now, '<', "DATA")
	if limit, rule := s.sizeLimit(now); limit > 0 && int64(len(raw)) > limit {
		d.Reason, d.Rule = "message is larger than allowed", rule
		return Receipt{}, d, s.refuse(now, replyTooLarge)
	}
	if s.unknown {
		d.Reason, d.Rule = "one recipient does not exist", "RecipientValidationEnabled"
		return Receipt{}, d, s.tarpit(now, replyRecipientsRefused)
	}
	in, ok := readHeader(raw, s.connector.MaxHeaderSize)
	switch {
	case !ok:
		d.Reason, d.Rule = "header is larger than allowed", "MaxHeaderSize"
		return Receipt{}, d, s.refuse(now, replyHeaderTooLarge)
	case in.hops >= s.connector.MaxHops:
		d.Reason, d.Rule = "mail loop", "MaxHopCount"
		return Receipt{}, d, s.refuse(now, replyHops)
	}
	m := s.message(now, in, raw)
	s.t.track(now, s.h, m, eventReceive, sourceSMTP, m.to, "", "")
	s.t.accept(now, s.h, m)
	r := Receipt{MessageID: m.messageID, InternalID: m.id, Text: s.t.acceptedText(s.h, m)}
	if s.logs() {
		s.log(now, '>', "250 "+r.Text)
	}
	s.admit(&d, "message taken from ")
	return r, d, nil
}

// Reset takes RSET.
func (s *Session) Reset(now time.Time) {
	s.log(now, '<', "RSET")
	s.clear()
}

// Close tells that the connection ended.
func (s *Session) Close(now time.Time, reason string) {
	s.t.signedIn = slices.DeleteFunc(s.t.signedIn, func(other *Session) bool { return other == s })
	s.log(now, '-', clean(reason))
}

// OnSever has f called when the server ends the connection by itself.
func (s *Session) OnSever(f func()) { s.sever = f }

// EndSessions ends the connections on which a user has signed in, and tells how
// many.
func (t *Transport) EndSessions(user string) (n int) {
	for _, s := range t.signedIn {
		if strings.EqualFold(s.userSAM, user) && s.sever != nil {
			s.sever()
			n++
		}
	}
	return n
}

func (s *Session) clear() {
	s.mail, s.from, s.rcpts, s.unknown = false, Address{}, nil, false
}

func (s *Session) message(now time.Time, in header, raw []byte) *message {
	m := &message{
		id: s.t.newID(), arrived: now, from: s.from, to: s.rcpts, client: s.remote, connector: s.identity,
		internal: s.user != nil, header: in,
	}
	if s.user != nil {
		m.sender = s.user.DN()
	}
	s.t.complete(m, s.h)
	m.raw = s.t.stamp(now, s.h, m, raw, s.received(now))
	return m
}
