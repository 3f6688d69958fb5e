package sim

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"shutout/lab/mitigation"
	"shutout/sim/transport"
)

// Whereabouts tells what became of a message that owner sent, and records it.
func (o *Organisation) Whereabouts(owner, subject string) (string, bool) {
	o.Lock()
	defer o.Unlock()
	d := o.Transport.Whereabouts(o.Now(), subject)
	o.RecordFor(owner, d)
	return d.Reason, d.Allowed
}

func (o *Organisation) freezeOutbound(now time.Time, a *mitigation.FreezeOutbound) (string, error) {
	if a.Domain != "" {
		o.Transport.FreezeDomain(now, a.Domain)
		return "mail for " + a.Domain + " is held", nil
	}
	o.Transport.FreezeOutbound(now, true)
	return fmt.Sprintf("mail for other domains is held, %s now", o.waiting()), nil
}

func (o *Organisation) thawOutbound(now time.Time, a *mitigation.ThawOutbound) (string, error) {
	waiting := o.waiting()
	if a.Domain != "" {
		if err := o.Transport.ResumeQueue(now, a.Domain); err != nil {
			return "", err
		}
		return "mail for " + a.Domain + " leaves again", nil
	}
	if !o.Transport.Frozen() {
		return "", errors.New("outbound mail is not frozen")
	}
	o.Transport.FreezeOutbound(now, false)
	return fmt.Sprintf("mail for other domains leaves again, %s waited", waiting), nil
}

// waiting says how many messages lie in the queues.
func (o *Organisation) waiting() string {
	n := 0
	for _, q := range o.Transport.Queues() {
		n += q.MessageCount
	}
	return messages(n)
}

func messages(n int) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
}

func (o *Organisation) removeQueuedMail(now time.Time, a *mitigation.RemoveQueuedMail) (string, error) {
	sender := a.Sender
	if a.User != "" {
		_, obj, err := o.account(a.User, "")
		if err != nil {
			return "", err
		}
		sender = obj.Mail()
	}
	n := o.Transport.RemoveMessages(now, func(_ transport.Queue, m transport.QueuedMessage) bool {
		return strings.EqualFold(m.FromAddress, sender)
	}, a.Report)
	return fmt.Sprintf("%s from %s removed", messages(n), sender), nil
}
