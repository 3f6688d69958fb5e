package transport

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Queue is one line of Get-Queue.
type Queue struct {
	Identity     string // MBX1\3
	Server       string
	NextHop      string // domain or database
	DeliveryType string // DnsConnectorDelivery, SmartHostConnectorDelivery, MapiDelivery, SmtpDeliveryToMailbox
	Status       QueueStatus
	MessageCount int
	LastError    string
	RetryCount   int // failures since it last made progress
	LastRetry    time.Time
	NextRetry    time.Time // zero unless in Retry
	Messages     []QueuedMessage
}

// QueuedMessage is one line of Get-Message.
type QueuedMessage struct {
	Identity    string // MBX1\3\17
	InternalID  uint64
	MessageID   string
	FromAddress string // envelope sender; "<>" for reports and, by version, automatic replies
	HeaderFrom  string // who the message says that it is from
	Recipients  []string
	Subject     string
	Size        int       // bytes
	Received    time.Time // when it entered the queue
	Expires     time.Time
	LastError   string
	IsAutomatic bool // an out-of-office reply
	IsReport    bool // a bounce or delay notice
}

// Queues lists every queue that holds a message or is suspended, with its
// messages, by server and then by next hop.
func (t *Transport) Queues() []Queue {
	var list []Queue
	for _, h := range t.hosts {
		for _, q := range h.sorted() {
			list = append(list, q.view())
		}
	}
	return list
}

func (q *queue) identity() string { return strings.ToUpper(q.h.name) + `\` + strconv.Itoa(q.num) }

func (q *queue) view() Queue {
	v := Queue{
		Identity: q.identity(), Server: q.h.name, NextHop: q.key.hop, DeliveryType: q.deliveryType(),
		Status: q.status(), MessageCount: q.count(), LastError: q.lastError, RetryCount: q.failures, LastRetry: q.lastTry,
	}
	if v.Status == QueueRetry {
		v.NextRetry = q.nextTry
	}
	for _, it := range q.items[q.head:] {
		v.Messages = append(v.Messages, q.viewItem(it))
	}
	return v
}

func (q *queue) viewItem(it item) QueuedMessage {
	m := QueuedMessage{
		Identity: q.identity() + `\` + strconv.FormatUint(it.m.id, 10), InternalID: it.m.id, MessageID: it.m.messageID,
		FromAddress: q.t.shownSender(it.m), HeaderFrom: it.m.headerFrom, Subject: it.m.subject, Size: len(it.m.raw),
		Received: it.entered, Expires: it.entered.Add(q.t.params.SMTP.Expiry), LastError: q.lastError,
		IsAutomatic: it.m.kind == automaticReply, IsReport: it.m.kind == bounce || it.m.kind == delayNotice,
	}
	for _, a := range it.to {
		m.Recipients = append(m.Recipients, a.String())
	}
	return m
}

func (q *queue) deliveryType() string {
	switch {
	case q.key.kind == toDomain:
		return "DnsConnectorDelivery"
	case q.key.kind == toSmartHost:
		return "SmartHostConnectorDelivery"
	case q.t.gen < gen2013:
		return "MapiDelivery"
	default:
		return "SmtpDeliveryToMailbox"
	}
}

// find returns the queues that name means: an identity ("MBX1\3"), a next hop
// on any server ("dead.example") or on one ("MBX1\dead.example").
func (t *Transport) find(name string) ([]*queue, error) {
	var list []*queue
	for _, h := range t.hosts {
		for _, q := range h.sorted() {
			if strings.EqualFold(name, q.identity()) || strings.EqualFold(name, q.key.hop) ||
				strings.EqualFold(name, h.name+`\`+q.key.hop) {
				list = append(list, q)
			}
		}
	}
	if list == nil {
		return nil, fmt.Errorf("no queue %q", name)
	}
	return list, nil
}

// SuspendQueue holds what is in the queue and what will come into it
// (Suspend-Queue). The name is an identity or a next hop.
func (t *Transport) SuspendQueue(now time.Time, name string) error {
	list, err := t.find(name)
	for _, q := range list {
		q.suspended = true
		q.plan(now)
	}
	return err
}

// ResumeQueue ends SuspendQueue; the queue is tried at once.
func (t *Transport) ResumeQueue(now time.Time, name string) error {
	list, err := t.find(name)
	for _, q := range list {
		q.suspended = false
		q.retryNow(now)
	}
	return err
}

// RetryQueue tries the queue now and starts its ladder over (Retry-Queue).
func (t *Transport) RetryQueue(now time.Time, name string) error {
	list, err := t.find(name)
	for _, q := range list {
		q.retryNow(now)
	}
	return err
}

// FreezeOutbound holds all mail for other domains, that in the queues and that
// to come, or lets it go again ("freeze all outbound messages" of the 2003
// queue viewer).
func (t *Transport) FreezeOutbound(now time.Time, frozen bool) {
	if t.frozen == frozen {
		return
	}
	t.frozen = frozen
	for _, h := range t.hosts {
		for _, q := range h.sorted() {
			switch {
			case !q.key.kind.outside():
			case frozen:
				q.plan(now)
			default:
				q.retryNow(now)
			}
		}
	}
}

// FreezeDomain holds what goes to one outside domain, from every server.
// A server without a queue for it gets one, as it would have with mail on its
// way. [Transport.ResumeQueue] takes it back.
func (t *Transport) FreezeDomain(now time.Time, domain string) {
	for _, h := range t.hosts {
		q := t.open(h, queueKey{toDomain, strings.ToLower(domain)})
		q.suspended = true
		q.plan(now)
	}
}

// Frozen tells whether all mail for other domains is held.
func (t *Transport) Frozen() bool { return t.frozen }

// RejectFrom has a transport rule return every message of a sender that comes
// from now on.
func (t *Transport) RejectFrom(sender string) error {
	a, err := ParseAddress(sender)
	if err != nil {
		return err
	}
	if t.rejects == nil {
		t.rejects = map[string]bool{}
	}
	t.rejects[a.key()] = true
	return nil
}

// RemoveMessages takes the queued messages that match out of their queues
// (Remove-Message), with or without a report to the sender, and counts them.
func (t *Transport) RemoveMessages(now time.Time, match func(Queue, QueuedMessage) bool, report bool) int {
	n := 0
	for _, h := range t.hosts {
		for _, q := range h.sorted() {
			v := q.view()
			var gone []item
			var left []item
			for i, it := range q.take() {
				if match(v, v.Messages[i]) {
					gone = append(gone, it)
				} else {
					left = append(left, it)
				}
			}
			q.put(left)
			q.plan(now)
			for _, it := range gone {
				t.remove(now, h, it, report)
			}
			n += len(gone)
		}
	}
	return n
}

func (t *Transport) remove(now time.Time, h *host, it item, report bool) {
	why := status{"4.3.2", "550 4.3.2 QUEUE.Admin; message deleted by administrative action"}
	if report {
		t.failedAll(now, h, it.m, it.to, why, sourceAdmin)
		return
	}
	t.track(now, h, it.m, eventFail, sourceAdmin, it.to, why.text, "")
	if it.m.reply != nil {
		it.m.reply.queue, it.m.reply.state = nil, "removed from the queue by an administrator"
	}
}
