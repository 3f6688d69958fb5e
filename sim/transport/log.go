package transport

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"shutout/sim/profile"
)

// Bounds of what the logs hold. Older entries give way; Dropped counts them.
const (
	maxTracking = 1 << 16 // events
	maxLogLines = 1 << 16 // lines of the SMTP protocol log
)

// ring keeps the newest entries up to a limit.
type ring[T any] struct {
	entries []T
	next    int // where the next entry goes once the limit is reached
	limit   int
	dropped int
}

func newRing[T any](limit int) ring[T] { return ring[T]{limit: limit} }

func (r *ring[T]) add(e T) {
	if len(r.entries) < r.limit {
		r.entries = append(r.entries, e)
		return
	}
	r.entries[r.next] = e
	r.next = (r.next + 1) % r.limit
	r.dropped++
}

// list returns the entries, oldest first.
func (r *ring[T]) list() []T {
	out := make([]T, 0, len(r.entries))
	out = append(out, r.entries[r.next:]...)
	return append(out, r.entries[:r.next]...)
}

// backward yields the entries, newest first.
func (r *ring[T]) backward(yield func(T) bool) {
	n := len(r.entries)
	for i := range n {
		if !yield(r.entries[(r.next+n-1-i)%n]) {
			return
		}
	}
}

// Event is an EVENT-ID of the message tracking log.
type Event string

const (
	eventReceive  Event = "RECEIVE"
	eventSubmit   Event = "SUBMIT"
	eventSend     Event = "SEND"
	eventDeliver  Event = "DELIVER"
	eventDefer    Event = "DEFER"
	eventFail     Event = "FAIL"
	eventDSN      Event = "DSN"
	eventRedirect Event = "REDIRECT"
	eventDrop     Event = "DROP"
	eventBadMail  Event = "BADMAIL"
)

// Source is a SOURCE of the message tracking log.
type Source string

const (
	sourceSMTP        Source = "SMTP"
	sourceStoreDriver Source = "STOREDRIVER"
	sourceRouting     Source = "ROUTING"
	sourceQueue       Source = "QUEUE"
	sourceDSN         Source = "DSN"
	sourceAdmin       Source = "ADMIN"
	sourcePickup      Source = "PICKUP"
	sourceMailboxRule Source = "MAILBOXRULE" // what a mailbox sends by itself, out-of-office included
)

// TrackEvent is a line of the message tracking log (Message tracking,
// OfficeDocs-Exchange).
type TrackEvent struct {
	Timestamp  time.Time
	Server     string
	Event      Event
	Source     Source
	InternalID uint64    // of the message on this server
	MessageID  string    // without angle brackets
	Sender     string    // "<>" for the null sender
	HeaderFrom string    // who the message says that it is from
	Connector  string    // the receive connector that it came through, or ""
	Recipients []Address // not to be written to
	Subject    string
	TotalBytes int        // of the whole message
	ClientIP   netip.Addr // of the SMTP client; not valid otherwise
	Status     string     // RECIPIENT-STATUS: why it failed
	Reference  string     // of a report: the Message-ID that it is about
	// Of a message that a smart host took: what became of it there, which no
	// log of the organisation's tells, and whether it arrived.
	Beyond  string
	Arrived bool
}

// Tracking returns the message tracking log, oldest first, and how many older
// events gave way.
func (t *Transport) Tracking() (events []TrackEvent, dropped int) {
	return t.tracking.list(), t.tracking.dropped
}

func (t *Transport) track(now time.Time, h *host, m *message, e Event, s Source, to []Address, why, reference string) {
	t.tracking.add(t.event(now, h, m, e, s, to, why, reference))
}

func (t *Transport) event(now time.Time, h *host, m *message, e Event, s Source, to []Address, why, reference string) TrackEvent {
	return TrackEvent{
		Timestamp: now, Server: h.name, Event: e, Source: s, InternalID: m.id, MessageID: m.messageID,
		Sender: t.shownSender(m), HeaderFrom: m.headerFrom, Connector: m.connector, Recipients: to, Subject: m.subject, TotalBytes: len(m.raw), ClientIP: m.client,
		Status: why, Reference: reference,
	}
}

// shownSender is the sender in queue viewer and tracking log. Exchange 2003
// shows reports as coming from postmaster (KB909005).
func (t *Transport) shownSender(m *message) string {
	if m.from.Null() && t.gen == gen2003 && (m.kind == bounce || m.kind == delayNotice) {
		return t.postmaster()
	}
	return m.from.display()
}

// LogLine is a line of the SMTP protocol log (Protocol logging,
// OfficeDocs-Exchange).
type LogLine struct {
	Time      time.Time
	Server    string
	Connector string // MBX1\Default Frontend MBX1
	Session   uint64
	Sequence  int // of the line within its session, from 0
	Local     netip.Addr
	Port      int // of Local
	Remote    netip.Addr
	Event     byte // '+' connect, '-' disconnect, '<' received, '>' sent, '*' information
	Data      string
	Context   string
}

// ProtocolLog returns the SMTP protocol log, oldest first, and how many older
// lines gave way. Passwords and message contents are never in it.
func (t *Transport) ProtocolLog() (lines []LogLine, dropped int) {
	return t.log.list(), t.log.dropped
}

// String writes the line as the log file has it: date-time, connector-id,
// session-id, sequence-number, local-endpoint, remote-endpoint, event, data,
// context. The client's port is not known here and is written as 0.
func (l LogLine) String() string {
	data := l.Data
	if strings.ContainsAny(data, `,"`) {
		data = `"` + strings.ReplaceAll(data, `"`, `""`) + `"`
	}
	return strings.Join([]string{
		l.Time.UTC().Format("2006-01-02T15:04:05.000Z"), l.Connector, fmt.Sprintf("%016X", l.Session), itoa(int64(l.Sequence)),
		netip.AddrPortFrom(l.Local, uint16(l.Port)).String(), netip.AddrPortFrom(l.Remote, 0).String(), string(l.Event), data, l.Context,
	}, ",")
}

func (s *Session) logs() bool { return s.connector.ProtocolLog == profile.LogVerbose }

func (s *Session) log(now time.Time, event byte, data string) { s.write(now, event, data, "") }

func (s *Session) write(now time.Time, event byte, data, context string) {
	if !s.logs() {
		return
	}
	s.t.log.add(LogLine{
		Time: now, Server: s.h.name, Connector: s.identity, Session: s.id, Sequence: s.seq, Local: s.h.addr, Port: s.port,
		Remote: s.remote, Event: event, Data: data, Context: context,
	})
	s.seq++
}

// rateMeter counts messages per client address and minute.
type rateMeter struct {
	minute time.Time
	count  map[netip.Addr]int
}

// take counts one more message of a client. It is false when the limit is
// reached.
func (r *rateMeter) take(now time.Time, client netip.Addr, limit int) bool {
	if minute := now.Truncate(time.Minute); !minute.Equal(r.minute) || r.count == nil {
		r.minute, r.count = minute, map[netip.Addr]int{}
	}
	if r.count[client] >= limit {
		return false
	}
	r.count[client]++
	return true
}
