package sim

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/transport"
)

// What becomes of mail that the organisation has taken: queues and the way out,
// replies, and rules about who may write.

func (o *Organisation) setOutOfOffice(now time.Time, a *mitigation.SetOutOfOffice) (string, error) {
	state, err := transport.ParseOOFState(a.Audience)
	if err != nil {
		return "", err
	}
	return "out-of-office replies: " + a.Audience, o.Transport.SetOutOfOffice(now, a.User, transport.OutOfOffice{State: state})
}

func (o *Organisation) freezeOutbound(now time.Time, a *mitigation.FreezeOutbound) (string, error) {
	if smart := o.Transport.SmartHost(); a.Domain != "" && smart != "" {
		return "", fmt.Errorf("there is no queue for %s: mail for all domains waits for the smart host %s", a.Domain, smart)
	}
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
	return lab.Count(n, "message")
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
	return fmt.Sprintf("%s from %s removed", lab.Count(n, "message"), sender), nil
}

// restrictSenders writes AcceptMessagesOnlyFrom, in the directory authOrig.
func (o *Organisation) restrictSenders(now time.Time, a *mitigation.RestrictSenders) (string, error) {
	dc, obj, err := o.account(a.User, a.DC)
	if err != nil {
		return "", err
	}
	var from []string
	for _, id := range a.From {
		_, sender, err := o.account(id, a.DC)
		if err != nil {
			return "", err
		}
		from = append(from, sender.DN())
	}
	if err := dc.Modify(now, obj.DN(), []directory.Mod{directory.Set("authOrig", from...)}); err != nil {
		return "", err
	}
	if from == nil {
		return fmt.Sprintf("%s takes everybody's mail, on %s", a.User, dc.Host()), nil
	}
	return fmt.Sprintf("%s takes mail from %s only, on %s", a.User, strings.Join(a.From, ", "), dc.Host()), nil
}

func (o *Organisation) limitReplies(now time.Time, a *mitigation.LimitReplies) (string, error) {
	allowed := a.Allow == "external"
	where := "the default remote domain"
	if a.Domain != "" {
		where = a.Domain
		o.Transport.SetRepliesTo(a.Domain, allowed)
	} else {
		o.Transport.SetExternalReplies(now, allowed)
	}
	return fmt.Sprintf("AllowedOOFType of %s: %s", where, a.Allow), nil
}

// rejectMail adds a transport rule against whatever comes from somebody.
func (o *Organisation) rejectMail(a *mitigation.RejectMail) (string, error) {
	if o.Params.Server.Version.Before(profile.Build2007) {
		return "", fmt.Errorf("%w: this version has no transport rules", lab.ErrNotAvailable)
	}
	_, obj, err := o.account(a.User, "")
	if err != nil {
		return "", err
	}
	if err := o.Transport.RejectFrom(obj.Mail()); err != nil {
		return "", err
	}
	return "mail from " + obj.Mail() + " is returned", nil
}

func (o *Organisation) useSmartHost(now time.Time, host string, resubmit bool) (string, error) {
	o.Transport.SetSmartHost(now, host, resubmit)
	detail := "mail for other domains goes to their own mail servers"
	if host != "" {
		detail = "mail for other domains goes to " + host
	}
	if resubmit {
		detail += ", that in the queues, too"
	}
	return detail, nil
}

func (o *Organisation) blockAutoForward(a *mitigation.BlockAutoForward) (string, error) {
	where := "the default remote domain"
	if a.Domain != "" {
		where = a.Domain
		o.Transport.SetAutoForwardTo(a.Domain, false)
	} else {
		o.Transport.SetAutoForward(false)
	}
	return "AutoForwardEnabled of " + where + ": false", nil
}
