package activesync

import (
	"errors"
	"net/http"
	"net/netip"

	"shutout/lab/protocol/airsync"
	"shutout/sim/server/mailtext"
	"shutout/sim/store"
	"shutout/sim/transport"
)

// sendMail submits a message that the device has composed (MS-ASCMD, SendMail).
func (c *call) sendMail() {
	q, err := airsync.ParseSendMailRequest(c.version, c.r.Header.Get("Content-Type"), c.body)
	if err != nil {
		c.refuse(refusal{http.StatusBadRequest, airsync.StatusInvalidXML})
		return
	}
	if c.version < airsync.V140 {
		q.SaveInSentItems = c.query.SaveInSent
	}
	if c.device.repeats(q.ClientID) {
		c.refuse(refusal{http.StatusOK, airsync.StatusMessagePreviouslySent})
		return
	}
	m, err := mailtext.Outgoing(q.MIME)
	switch {
	case err != nil:
		c.refuse(refusal{http.StatusBadRequest, airsync.StatusInvalidMIME})
		return
	case len(m.Recipients) == 0:
		c.refuse(refusal{http.StatusBadRequest, airsync.StatusMessageHasNoRecipient})
		return
	}
	s := transport.Submission{
		User: c.user, Server: c.session.Mailbox().Server(), From: m.From, To: m.Recipients, Raw: m.Raw,
	}
	if c.conn != nil {
		if a, err := netip.ParseAddrPort(c.conn.RemoteAddr().String()); err == nil {
			s.Client = a.Addr().Unmap()
		}
	}
	if o, _, ok := c.cas.Directory().Get(c.now, c.user.SAM()); ok {
		s.User = o
	}
	d, err := c.w.Transport.Submit(c.now, s)
	c.record(d)
	if err != nil {
		c.refuse(sendRefusal(err))
		return
	}
	c.device.remember(q.ClientID)
	if q.SaveInSentItems {
		// The message is on its way; a mailbox that takes no copy does not
		// stop it.
		_, _ = c.session.Append(c.now, store.SentItems, store.Seen, c.now, store.ParseMessage(m.Raw))
	}
	c.answer(airsync.SendMailResponse{Status: airsync.StatusOK}.Encode())
}

// sendRefusal puts why a message was not taken into a status.
func sendRefusal(err error) refusal {
	var refused *transport.SubmitError
	if errors.As(err, &refused) {
		switch refused.Reason {
		case transport.SubmitStore:
			return refusal{http.StatusInsufficientStorage, airsync.StatusSendQuotaExceeded}
		case transport.SubmitSendAs:
			return refusal{http.StatusForbidden, airsync.StatusAccessDenied}
		}
	}
	return refusal{http.StatusInternalServerError, airsync.StatusMailSubmissionFailed}
}
