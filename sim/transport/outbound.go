package transport

import (
	"net/netip"
	"strings"
	"time"

	"shutout/sim/internet"
	"shutout/sim/profile"
)

// Internet is the mail servers outside.
func (t *Transport) Internet() *internet.Internet { return t.inet }

// publicAddr is the address that other servers see h call from.
func (t *Transport) publicAddr(h *host) netip.Addr {
	if t.PublicAddr != nil {
		return t.PublicAddr(h.name)
	}
	return h.addr
}

// SmartHost is the host that mail for other domains is handed to; "": it goes
// to the domains' own mail exchangers.
func (t *Transport) SmartHost() string { return t.smartHost }

// SetSmartHost has mail for other domains handed to a host, or with "" sent to
// the domains' own mail exchangers (Set-SendConnector, SmartHosts). What is in
// a queue keeps the way that it was given until it is resubmitted
// (Retry-Queue, Resubmit), by hand or after smtp.resubmit_idle.
func (t *Transport) SetSmartHost(now time.Time, name string, resubmit bool) {
	t.smartHost = strings.ToLower(name)
	if !resubmit {
		return
	}
	for _, h := range t.hosts {
		for _, q := range h.sorted() {
			if q.key.kind.outside() && !q.suspended {
				q.reroute(now)
				q.plan(now)
			}
		}
	}
}

// way is the queue that mail for a domain goes through now.
func (t *Transport) way(domain string) queueKey {
	if t.smartHost != "" {
		return queueKey{toSmartHost, t.smartHost}
	}
	return queueKey{toDomain, domain}
}

// rerouted gives the messages of a queue that has made no progress for long
// another way, if there is one.
func (q *queue) rerouted(now time.Time) bool {
	idle := q.t.params.SMTP.ResubmitIdle
	if q.count() == 0 || idle == profile.Never || q.stuck.IsZero() || now.Sub(q.stuck) < idle {
		return false
	}
	return q.reroute(now)
}

// reroute sends the messages of the queue the way that new ones go. It is
// false when that is this queue.
func (q *queue) reroute(now time.Time) bool {
	if q.count() == 0 || q.t.way(q.items[q.head].to[0].Domain) == q.key {
		return false
	}
	for _, it := range q.take() {
		q.t.toOutside(now, q.h, it)
	}
	return true
}

// exchange tells what happens to mail of the queue key when it is tried, with
// the error in the words of the queue viewer.
func (t *Transport) exchange(now time.Time, h *host, key queueKey) (internet.Outcome, status) {
	a := internet.Answer{}
	if key.kind == toSmartHost {
		a = t.inet.Relay(now, t.publicAddr(h))
	} else {
		a = t.inet.Recipient(now, t.publicAddr(h), key.hop)
	}
	switch {
	case a.Outcome == internet.NoDomain:
		// Name service is asked before port 25 is tried.
		return internet.Refused, t.gen.noSuchDomain()
	case a.Outcome == internet.NoAnswer, t.reach != nil && !t.reach(h.name, key.hop, PortSMTP):
		return internet.Deferred, t.gen.noConnection()
	}
	return a.Outcome, statusOf(a)
}

func statusOf(a internet.Answer) status {
	e := a.Enhanced
	return status{itoa(int64(e[0])) + "." + itoa(int64(e[1])) + "." + itoa(int64(e[2])), a.String()}
}

// toOutside sends a message to recipients of one domain, or queues it.
func (t *Transport) toOutside(now time.Time, h *host, it item) {
	key := t.way(it.to[0].Domain)
	q := h.queues[key]
	if q == nil && !t.frozen {
		// Most mail needs no queue at all.
		result, s := t.exchange(now, h, key)
		switch result {
		case internet.Taken:
			t.sent(now, h, key, it)
			return
		case internet.Refused:
			t.failedAll(now, h, it.m, it.to, s, sourceSMTP)
			return
		}
		q = t.open(h, key)
		q.failed(now, s.text)
		t.track(now, h, it.m, eventDefer, sourceSMTP, it.to, s.text, "")
	}
	if q == nil {
		q = t.open(h, key)
	}
	q.push(it)
	if q.count() == 1 || q.noticed >= len(q.items)-1 {
		q.plan(now) // otherwise what is in front is due first
	}
}

// attemptOutside tries the whole queue over one connection.
func (q *queue) attemptOutside(now time.Time) {
	result, s := q.t.exchange(now, q.h, q.key)
	if result == internet.Deferred {
		q.failed(now, s.text)
		return
	}
	q.failures, q.stuck, q.lastError, q.lastTry = 0, time.Time{}, "", now
	for _, it := range q.take() {
		if result == internet.Taken {
			q.t.sent(now, q.h, q.key, it)
		} else {
			q.t.failedAll(now, q.h, it.m, it.to, s, sourceSMTP)
		}
	}
}

// sent tells that a message was taken: by the recipients' own mail exchanger,
// or by the smart host, which does with it what it can.
func (t *Transport) sent(now time.Time, h *host, key queueKey, it item) {
	domain, automatic := it.to[0].Domain, it.m.kind != ordinary
	if it.m.reply != nil {
		it.m.reply.queue, it.m.reply.state = nil, "sent to "+key.hop
	}
	if key.kind == toDomain {
		t.inet.Took(now, t.publicAddr(h), domain, automatic)
		t.track(now, h, it.m, eventSend, sourceSMTP, it.to, "", "")
		return
	}
	onward := t.inet.Onward(now, t.publicAddr(h), domain, automatic)
	e := t.event(now, h, it.m, eventSend, sourceSMTP, it.to, "250 2.0.0 Ok: queued by "+key.hop, "")
	e.Beyond = "taken by the smart host " + key.hop + " and delivered to the mail server of " + domain
	switch onward.Outcome {
	case internet.Taken:
		e.Arrived = true
	case internet.NoAnswer:
		e.Beyond = "taken by the smart host " + key.hop + ", which waits for an answer from " + domain
	default:
		e.Beyond = "taken by the smart host " + key.hop + " and returned by it"
	}
	t.tracking.add(e)
	if !e.Arrived && onward.Outcome != internet.NoAnswer && !it.m.from.Null() && t.accepted(it.m.from) {
		// The smart host returns what it cannot deliver, by mail.
		t.fromOutside(now, h, Address{}, "Mail Delivery System <mailer-daemon@"+key.hop+">", it.m.from, "Undelivered: "+it.m.subject)
	}
}
