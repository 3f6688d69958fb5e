package activesync

import (
	"errors"
	"net/http"

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
	_, err = c.w.Submit(c.now, c.conn, c.cas.Directory(), transport.Submission{
		User: c.user, Server: c.session.Mailbox().Server(), From: m.From, To: m.Recipients, Raw: m.Raw,
	})
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
