package transport

import (
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
)

// Auth signs the client in with Basic authentication (AUTH LOGIN), at the
// domain controller that the server uses, or where [Transport.Logon] says.
func (s *Session) Auth(now time.Time, user, password string) (lab.Decision, *SMTPError) {
	d := s.decision(now, lab.LayerPermission)
	if !s.basic() {
		d.Reason = "connector does not take clear-text passwords here"
		return d, s.protocolError(now, replyAuthUnknown)
	}
	if s.user != nil {
		d.Reason = "signed in already"
		return d, s.protocolError(now, replyAlreadyAuthenticated)
	}
	return s.signIn(now, s.t.Logon(now, s.h.name, user, password))
}

// AuthToken signs the client in with an access token, of which somebody else
// knows whose it is and whether it is good.
func (s *Session) AuthToken(now time.Time, logon directory.Logon) (lab.Decision, *SMTPError) {
	if s.user != nil {
		d := s.decision(now, lab.LayerPermission)
		d.Reason = "signed in already"
		return d, s.protocolError(now, replyAlreadyAuthenticated)
	}
	return s.signIn(now, logon)
}

// AuthNTLM signs the client in with integrated authentication.
func (s *Session) AuthNTLM(now time.Time, response directory.NTLMv2) (lab.Decision, *SMTPError) {
	d := s.decision(now, lab.LayerPermission)
	if !s.connector.Auth.Has(Integrated) {
		d.Reason = "connector does not take integrated authentication"
		return d, s.protocolError(now, replyAuthUnknown)
	}
	if s.user != nil {
		d.Reason = "signed in already"
		return d, s.protocolError(now, replyAlreadyAuthenticated)
	}
	return s.signIn(now, s.t.dir.DCFor(s.h.name).LogonNTLM(now, response))
}

func (s *Session) signIn(now time.Time, logon directory.Logon) (lab.Decision, *SMTPError) {
	if !logon.Decision.Allowed || logon.Object == nil {
		return logon.Decision, s.AuthFailed(now)
	}
	s.user, s.userSAM, s.signedIn = logon.Object, logon.Object.SAM(), now
	s.t.signedIn = append(s.t.signedIn, s)
	s.write(now, '*', s.t.cast.Organisation.NetBIOS+`\`+s.userSAM, "authenticated")
	s.log(now, '>', "235 2.7.0 Authentication successful")
	return logon.Decision, nil
}

// AuthFailed counts a failed logon: the answer is held back for
// AuthTarpitInterval, and the connection is closed after MaxLogonFailures
// (Set-ReceiveConnector).
func (s *Session) AuthFailed(now time.Time) *SMTPError {
	s.failures++
	e := s.t.gen.refusal(replyAuthFailed)
	e.Delay = s.connector.AuthTarpit
	e.Close = s.connector.MaxLogonFailures > 0 && s.failures >= s.connector.MaxLogonFailures
	s.log(now, '>', e.Error())
	return e
}

// User is who is signed in, or nil.
func (s *Session) User() *directory.Object { return s.user }

// Extensions lists what EHLO offers now, after the greeting line. Mechanisms
// are those of [Session.Mechanisms] that the front end speaks.
func (s *Session) Extensions(mechanisms ...string) []string {
	list := []string{"SIZE"}
	if n := s.connector.MaxMessageSize; n > 0 {
		list[0] = "SIZE " + itoa(n)
	}
	list = append(list, "PIPELINING", "DSN", "ENHANCEDSTATUSCODES")
	if s.connector.Auth.Has(TLS) && !s.tls {
		list = append(list, "STARTTLS")
	}
	if len(mechanisms) > 0 && s.user == nil {
		list = append(list, "AUTH "+strings.Join(mechanisms, " "))
	}
	return append(list, "8BITMIME", "BINARYMIME", "CHUNKING")
}

// Mechanisms lists the SASL mechanisms that may be offered now: LOGIN stands
// for Basic authentication. Exchange has no PLAIN.
func (s *Session) Mechanisms() []string {
	var list []string
	if s.connector.Auth.Has(Integrated) {
		list = append(list, "NTLM")
	}
	if s.basic() {
		list = append(list, "LOGIN")
	}
	return list
}

func (s *Session) basic() bool {
	return s.connector.Auth.Has(BasicAuth) && (s.tls || !s.connector.Auth.Has(BasicAuthRequireTLS))
}

// mayUse decides whether the client may submit at all, and as this sender. The
// reason is "" when it may.
func (s *Session) mayUse(now time.Time, from Address) (replyKind, string) {
	groups := s.connector.Groups
	if s.user == nil {
		switch {
		case !groups.Has(AnonymousUsers):
			return replyNotAuthenticated, "connector does not admit anonymous clients"
		case s.t.accepted(from) && !s.connector.OwnDomainSender:
			return replySendAs, "anonymous clients may not use the organisation's own addresses as sender"
		}
		return 0, ""
	}
	switch {
	case !groups.Has(ExchangeUsers):
		return replyNoPermission, "connector does not admit users"
	case from.Null():
		return replySendAs, "users may not use the empty sender"
	case !s.t.maySendAs(now, s.h, s.user, from):
		return replySendAs, "user has no right to send as this address"
	}
	return 0, ""
}

func (s *Session) who() string {
	if s.user == nil {
		return "anonymous client at " + s.remote.String()
	}
	return s.userSAM
}

// admit makes d the record of what the client was allowed. For a user that is
// the sign-in at the start of the connection: it is not checked again, whatever
// becomes of the account meanwhile (layer L5).
func (s *Session) admit(d *lab.Decision, what string) {
	d.Allowed, d.Reason = true, what+s.who()
	if s.user != nil {
		d.Layer, d.Since = lab.LayerConnection, s.signedIn
		d.Reason += ", signed in on this connection"
	}
}

// sizeLimit is the smallest limit that binds the client, in bytes, with its
// name; 0 when there is none.
func (s *Session) sizeLimit(now time.Time) (int64, string) {
	limit, rule := s.connector.MaxMessageSize, "MaxMessageSize of "+s.connector.Name
	if s.user != nil {
		if own, ok := s.t.sendLimit(now, s.h, s.user); ok && (limit == 0 || own < limit) {
			return max(own, 1), "MaxSendSize of the user"
		}
	}
	return limit, rule
}

// recipientLimit is the number of recipients that the client may give with the
// limit's name; -1 when there is none.
func (s *Session) recipientLimit(now time.Time) (int, string) {
	limit, rule := s.connector.MaxRecipients, "MaxRecipientsPerMessage of "+s.connector.Name
	if limit == 0 {
		limit = -1
	}
	if s.user != nil {
		if own, ok := s.t.recipientLimit(now, s.h, s.user); ok && (limit < 0 || own < limit) {
			return own, "RecipientLimits of the user"
		}
	}
	return limit, rule
}
