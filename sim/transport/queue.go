package transport

import (
	"cmp"
	"slices"
	"time"

	"shutout/sim/profile"
	"shutout/sim/timeline"
)

// QueueStatus is what Get-Queue calls Status.
type QueueStatus string

const (
	QueueReady     QueueStatus = "Ready"
	QueueRetry     QueueStatus = "Retry"
	QueueSuspended QueueStatus = "Suspended"
)

type queueKind uint8

const (
	toDomain    queueKind = iota // mail for an outside domain
	toMailbox                    // mail for the mailboxes of a database
	toSmartHost                  // mail for outside domains, handed to another server to send on
)

// outside tells whether mail of this kind is on its way out.
func (k queueKind) outside() bool { return k != toMailbox }

type queueKey struct {
	kind queueKind
	hop  string // domain, database or smart host
}

func (k queueKey) compare(o queueKey) int {
	return cmp.Or(cmp.Compare(k.kind, o.kind), cmp.Compare(k.hop, o.hop))
}

// item is one message in one queue with the recipients that it is there for.
type item struct {
	m       *message
	to      []Address
	entered time.Time
	delayed bool // the sender was told of the delay
}

// queue holds what could not be delivered at once. However many messages it
// holds, it is one event of the timeline: its next retry, delay notice or
// expiry, whichever comes first. Messages enter in the order of time and all
// wait equally long, so the oldest is always in front.
type queue struct {
	t   *Transport
	h   *host
	key queueKey
	num int

	items     []item          // items[head:] are there
	pending   map[Address]int // recipients in a mailbox queue
	head      int
	noticed   int // items before this index need no delay notice any more
	suspended bool
	failures  int       // attempts that failed since the queue last made progress
	stuck     time.Time // when the first of them was; zero: it makes progress
	lastError string
	lastTry   time.Time
	nextTry   time.Time // zero: none is due
	event     *timeline.Event
}

func (h *host) sorted() []*queue {
	list := make([]*queue, 0, len(h.queues))
	for _, q := range h.queues {
		list = append(list, q)
	}
	slices.SortFunc(list, func(a, b *queue) int { return a.key.compare(b.key) })
	return list
}

// open returns the queue of key, a new one when there is none.
func (t *Transport) open(h *host, key queueKey) *queue {
	q := h.queues[key]
	if q == nil {
		t.nextNum++
		q = &queue{t: t, h: h, key: key, num: t.nextNum}
		h.queues[key] = q
	}
	return q
}

func (q *queue) count() int { return len(q.items) - q.head }

func (q *queue) push(it item) {
	q.items = append(q.items, it)
	q.pend(it, 1)
	if it.m.reply != nil {
		it.m.reply.queue = q
	}
}

func (q *queue) pend(it item, n int) {
	if q.key.kind != toMailbox {
		return
	}
	if q.pending == nil {
		q.pending = map[Address]int{}
	}
	for _, to := range it.to {
		if q.pending[to] += n; q.pending[to] <= 0 {
			delete(q.pending, to)
		}
	}
}

// waitsFor tells whether mail for a mailbox is in the queue already, so that a
// newer message must not overtake it.
func (q *queue) waitsFor(a Address) bool { return q.pending[a] > 0 }

// held tells whether nothing leaves the queue because of an administrator.
func (q *queue) held() bool {
	return q.suspended || q.h.down || q.t.frozen && q.key.kind.outside()
}

// status is Ready, Retry or Suspended. What is active is gone before anybody
// can look: an attempt takes no time here.
func (q *queue) status() QueueStatus {
	switch {
	case q.suspended || q.t.frozen && q.key.kind.outside():
		return QueueSuspended
	case q.failures > 0:
		return QueueRetry
	}
	return QueueReady
}

// failed notes a failed attempt and plans the next.
func (q *queue) failed(now time.Time, text string) {
	q.lastTry, q.lastError = now, text
	q.nextTry = now.Add(q.wait())
	q.failures++
	if q.stuck.IsZero() {
		q.stuck = now
	}
}

// wait is the time to the next attempt after one more failure: the ladder of
// the profile for other domains (Message intervals: queue glitch, transient
// failure, outbound connection failure), the mailbox delivery queue's own
// interval for databases.
func (q *queue) wait() time.Duration {
	p := q.t.params.SMTP
	switch {
	case q.key.kind == toMailbox:
		return p.MailboxRetry
	case q.failures < len(p.RetryLadder):
		return p.RetryLadder[q.failures]
	}
	return p.RetryThen
}

// retryNow starts the ladder over, as Retry-Queue and a service start do.
func (q *queue) retryNow(now time.Time) {
	q.failures, q.nextTry = 0, now
	q.run(now)
}

// run does what is due, then plans the next time. Attempt before expiry: a
// message gets its last chance at the very end.
func (q *queue) run(now time.Time) {
	if q.held() {
		q.plan(now)
		return
	}
	if !q.nextTry.IsZero() && !q.nextTry.After(now) {
		q.nextTry = time.Time{}
		switch {
		case q.key.kind == toMailbox:
			q.attemptMailboxes(now)
		case q.rerouted(now):
		default:
			q.attemptOutside(now)
		}
	}
	q.notices(now)
	q.expire(now)
	q.plan(now)
}

// plan moves the queue's event to when something is due, and forgets a queue
// that is empty. In a queue that is held nothing is due: messages of a
// suspended queue neither expire nor cause notices (general knowledge).
func (q *queue) plan(now time.Time) {
	if q.count() == 0 {
		q.items, q.head, q.noticed = nil, 0, 0
		q.failures, q.stuck, q.nextTry, q.lastError = 0, time.Time{}, time.Time{}, ""
		q.t.tl.Cancel(q.event)
		if !q.suspended {
			delete(q.h.queues, q.key)
		}
		return
	}
	if q.held() {
		q.t.tl.Cancel(q.event)
		return
	}
	if q.nextTry.IsZero() {
		q.nextTry = now // it came while the rest was being delivered
	}
	due := q.nextTry
	sooner := func(at time.Time) {
		if due.IsZero() || at.Before(due) {
			due = at
		}
	}
	sooner(q.items[q.head].entered.Add(q.t.params.SMTP.Expiry))
	if i := max(q.head, q.noticed); i < len(q.items) && q.t.params.SMTP.DelayNotice != profile.Never {
		sooner(q.items[i].entered.Add(q.t.params.SMTP.DelayNotice))
	}
	if q.event == nil {
		q.event = q.t.tl.At(due, 0, q.run)
	} else {
		q.t.tl.Move(q.event, due)
	}
}

// take empties the queue and returns what was in it.
func (q *queue) take() []item {
	items := q.items[q.head:]
	q.items, q.head, q.noticed = nil, 0, 0
	clear(q.pending)
	return items
}

// put takes back what could not be delivered, in the same order, in front of
// what came meanwhile.
func (q *queue) put(items []item) {
	for _, it := range items {
		q.pend(it, 1)
	}
	q.items = append(items, q.items[q.head:]...)
	q.head, q.noticed = 0, 0
	for q.noticed < len(q.items) && q.items[q.noticed].delayed {
		q.noticed++
	}
}

// notices tells the senders of what has waited too long, once.
func (q *queue) notices(now time.Time) {
	after := q.t.params.SMTP.DelayNotice
	if after == profile.Never {
		return
	}
	for q.noticed = max(q.noticed, q.head); q.noticed < len(q.items); q.noticed++ {
		it := &q.items[q.noticed]
		if now.Before(it.entered.Add(after)) {
			return
		}
		if !it.delayed {
			it.delayed = true
			q.t.delayed(now, q.h, it.m, it.to, q.lastError)
		}
	}
}

// expire returns what has waited for longer than any message may.
func (q *queue) expire(now time.Time) {
	for q.count() > 0 {
		it := q.items[q.head]
		if now.Before(it.entered.Add(q.t.params.SMTP.Expiry)) {
			return
		}
		q.items[q.head] = item{}
		q.head++
		q.pend(it, -1)
		q.t.failedAll(now, q.h, it.m, it.to, q.t.gen.expired(), sourceQueue)
		// Let go of the space once most of it is unused.
		if q.head > 1024 && q.head > len(q.items)/2 {
			q.items, q.noticed = slices.Clone(q.items[q.head:]), max(0, q.noticed-q.head)
			q.head = 0
		}
	}
}
