package transport

import (
	"fmt"
	"time"
)

// SMTPError is a refusal in the words that the server uses on the wire, with
// what the front end has to do about it. Its error text is the reply line.
type SMTPError struct {
	Code     int
	Enhanced [3]int // RFC 3463; all zero when the reply has none
	Text     string
	Delay    time.Duration // wait this long before the reply is written (tarpit)
	Close    bool          // close the connection after the reply
}

// Error is the reply line without its line end: "550 5.7.1 Unable to relay".
func (e *SMTPError) Error() string {
	if e.Enhanced == [3]int{} {
		return fmt.Sprintf("%d %s", e.Code, e.Text)
	}
	return fmt.Sprintf("%d %d.%d.%d %s", e.Code, e.Enhanced[0], e.Enhanced[1], e.Enhanced[2], e.Text)
}

// Temporary tells whether the client may try again later.
func (e *SMTPError) Temporary() bool { return e.Code/100 == 4 }

// generation tells the server versions apart whose texts differ. It decides
// nothing but words and names; every number comes from the profile.
type generation int

const (
	gen2003 generation = iota
	gen2007            // 2007 and 2010
	gen2013
	gen2016 // 2016, 2019 and Subscription Edition
)

type replyKind int

const (
	replyNoConnector replyKind = iota
	replyServiceDown
	replyNotAuthenticated
	replyNoPermission
	replyNeedTLS
	replyAuthFailed
	replyAuthUnavailable
	replyAuthUnknown
	replyTooManyErrors
	replyRate
	replySendAs
	replyRelay
	replyUnknownUser
	replyTooManyRecipients
	replyTooLarge
	replyHeaderTooLarge
	replyHops
	replyBadSender
	replyBadRecipient
	replyNeedHello
	replyNeedMail
	replyNeedRcpt
	replySenderGiven
	replyAlreadyAuthenticated
	replyRecipientsRefused
	replyKinds
)

// A wording is a reply as servers from one generation on give it.
type wording struct {
	from     generation
	code     int
	enhanced [3]int
	text     string
}

// wordings holds Exchange's reply texts, oldest first. They are those that
// administrators quote from protocol logs and bounces of the version; where
// versions are known to differ there is one entry for each. None of them is in
// a specification, so a client must go by the code (RFC 5321 section 4.2).
var wordings = [replyKinds][]wording{
	// A client whose address lies in no connector's remote ranges gets this
	// and is disconnected.
	replyNoConnector: {{gen2003, 421, [3]int{4, 3, 2}, "Service not available"}},
	replyServiceDown: {{gen2003, 421, [3]int{4, 3, 2}, "Service not active"}},
	replyNotAuthenticated: {
		{gen2003, 454, [3]int{5, 7, 3}, "Client was not authenticated."},
		{gen2007, 530, [3]int{5, 7, 1}, "Client was not authenticated"},
		{gen2013, 530, [3]int{5, 7, 57}, "SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"},
	},
	replyNoPermission: {
		{gen2003, 454, [3]int{5, 7, 3}, "Client does not have permission to submit mail to this server."},
		{gen2007, 550, [3]int{5, 7, 1}, "Client does not have permissions to submit to this server"},
	},
	replyNeedTLS: {
		{gen2003, 530, [3]int{5, 7, 0}, "Must issue a STARTTLS command first"},
		{gen2007, 451, [3]int{5, 7, 3}, "STARTTLS is required to send mail"},
	},
	replyAuthFailed:      {{gen2003, 535, [3]int{5, 7, 3}, "Authentication unsuccessful"}},
	replyAuthUnavailable: {{gen2003, 454, [3]int{4, 7, 0}, "Temporary authentication failure"}},
	replyAuthUnknown:     {{gen2003, 504, [3]int{5, 7, 4}, "Unrecognized authentication type"}},
	replyTooManyErrors:   {{gen2003, 421, [3]int{4, 7, 0}, "Too many errors on this connection, closing transmission channel"}},
	replyRate:            {{gen2003, 421, [3]int{4, 4, 2}, "Message submission rate for this client has exceeded the configured limit"}},
	replySendAs: {
		{gen2003, 550, [3]int{5, 7, 1}, "Client does not have permissions to send as this sender"},
		{gen2013, 550, [3]int{5, 7, 60}, "SMTP; Client does not have permissions to send as this sender"},
	},
	replyRelay: {
		{gen2003, 550, [3]int{5, 7, 1}, "Unable to relay"},
		{gen2013, 550, [3]int{5, 7, 54}, "SMTP; Unable to relay recipient in non-accepted domain"},
	},
	replyUnknownUser: {
		{gen2003, 550, [3]int{5, 1, 1}, "User unknown"},
		{gen2016, 550, [3]int{5, 1, 10}, "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"},
	},
	replyTooManyRecipients:    {{gen2003, 452, [3]int{4, 5, 3}, "Too many recipients"}},
	replyTooLarge:             {{gen2003, 552, [3]int{5, 3, 4}, "Message size exceeds fixed maximum message size"}},
	replyHeaderTooLarge:       {{gen2003, 552, [3]int{5, 3, 4}, "Header size exceeds fixed maximum size"}},
	replyHops:                 {{gen2003, 554, [3]int{5, 4, 6}, "Hop count exceeded - possible mail loop"}},
	replyBadSender:            {{gen2003, 501, [3]int{5, 1, 7}, "Invalid address"}},
	replyBadRecipient:         {{gen2003, 501, [3]int{5, 1, 3}, "Invalid address"}},
	replyNeedHello:            {{gen2003, 503, [3]int{5, 5, 2}, "Send hello first"}},
	replyNeedMail:             {{gen2003, 503, [3]int{5, 5, 2}, "Need mail command"}},
	replyNeedRcpt:             {{gen2003, 503, [3]int{5, 5, 2}, "Need rcpt command"}},
	replySenderGiven:          {{gen2003, 503, [3]int{5, 5, 2}, "Sender already specified"}},
	replyAlreadyAuthenticated: {{gen2003, 503, [3]int{5, 5, 2}, "Already authenticated"}},
	// The recipient filter of a Mailbox server answers after the data and
	// refuses the whole message for one unknown recipient (Recipient
	// filtering procedures, OfficeDocs-Exchange).
	replyRecipientsRefused: {
		{gen2003, 550, [3]int{5, 1, 1}, "User unknown"},
		{gen2013, 550, [3]int{5, 1, 1}, "User unknown; one or more recipients do not exist"},
	},
}

// refusal makes the reply of kind in the words of generation g.
func (g generation) refusal(kind replyKind) *SMTPError {
	w := wordings[kind][0]
	for _, next := range wordings[kind][1:] {
		if next.from <= g {
			w = next
		}
	}
	return &SMTPError{Code: w.code, Enhanced: w.enhanced, Text: w.text}
}
