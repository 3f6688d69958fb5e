package transport

import (
	"fmt"
	"time"

	"shutout/lab"
)

// Whereabouts tells what became of the newest message with this subject, as the
// message tracking log and the queues have it: it is allowed when the message
// has arrived in a mailbox or at another domain's mail server.
func (t *Transport) Whereabouts(now time.Time, subject string) lab.Decision {
	d := lab.Decision{At: now, Layer: lab.LayerTransport}
	for _, h := range t.hosts {
		for _, q := range h.sorted() {
			for _, it := range q.items[q.head:] {
				if it.m.subject == subject {
					d.Server, d.Since = h.name, it.entered
					d.Reason = fmt.Sprintf("queued for %s, %s", q.key.hop, q.status())
					return d
				}
			}
		}
	}
	d.Reason = "no trace of the message"
	for e := range t.tracking.backward {
		if e.Subject != subject {
			continue
		}
		d.Server = e.Server
		switch e.Event {
		case eventSend:
			if e.Beyond != "" {
				d.Allowed, d.Reason = e.Arrived, e.Beyond
				break
			}
			d.Allowed, d.Reason = true, "taken by the mail server of "+e.Recipients[0].Domain
		case eventDeliver:
			d.Allowed, d.Reason = true, "delivered to "+e.Recipients[0].String()
			if e.ClientIP.IsValid() {
				// The header and the tracking log name the computer that handed
				// the message over, or what it stands behind, and not the person.
				d.Reason += ", received from " + e.ClientIP.String()
			}
		case eventFail, eventDrop, eventBadMail:
			d.Reason = e.Status
		case eventReceive, eventSubmit:
			// Taken from the client, and nothing since.
		default:
			continue
		}
		return d
	}
	return d
}
