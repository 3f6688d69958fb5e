package store

import (
	"fmt"
	"time"

	"shutout/lab"
	"shutout/sim/profile"
)

// A Delivery is what became of a message for one mailbox.
type Delivery struct {
	lab.Decision
	Item Item // where it is, when Allowed
	// Temporary says that a refused message should be tried again; otherwise
	// it goes back to its sender.
	Temporary bool
	// Status is the enhanced status code of a refusal (RFC 3463): 5.2.2.
	Status string
}

// Deliver puts a message into a folder of user's mailbox, mostly [Inbox].
func (s *Store) Deliver(now time.Time, user, folder string, m *Message) Delivery {
	mb, ok := s.Mailbox(user)
	if !ok {
		return noMailbox(now, user).delivery("5.1.1")
	}
	if refused := mb.available(now); refused != nil {
		status := "4.3.2" // system not accepting messages
		if !refused.Temporary {
			status = "5.2.1" // mailbox disabled
		}
		return refused.delivery(status)
	}
	if refused := mb.tooLarge(now, m); refused != nil {
		return refused.delivery("5.2.3")
	}
	if refused := mb.full(now); refused != nil {
		return refused.delivery("5.2.2")
	}
	f, err := mb.folder(folder)
	if err != nil {
		return (&Refusal{Decision: lab.Decision{
			At: now, Layer: lab.LayerStore, Server: mb.Server(), Reason: err.Error(),
		}}).delivery("5.2.0")
	}
	it := f.add(now, 0, m)
	mb.size += int64(it.Size())
	mb.notify(now)
	return Delivery{Item: it, Decision: lab.Decision{
		At: now, Layer: lab.LayerStore, Server: mb.Server(), Allowed: true, Reason: "delivered",
	}}
}

func (r *Refusal) delivery(status string) Delivery {
	return Delivery{Decision: r.Decision, Temporary: r.Temporary, Status: status}
}

func noMailbox(now time.Time, user string) *Refusal {
	return &Refusal{Decision: lab.Decision{At: now, Layer: lab.LayerStore, Reason: user + " has no mailbox"}}
}

// tooLarge refuses a message above the mailbox's MaxReceiveSize. The limit is
// felt as soon as the server's directory cache has it.
func (mb *Mailbox) tooLarge(now time.Time, m *Message) *Refusal {
	o, seen, ok := mb.object(now)
	if !ok {
		return nil
	}
	most := kilobytes(o, "delivContLength")
	if !most.set || int64(m.Size()) <= most.bytes {
		return nil
	}
	return &Refusal{Decision: lab.Decision{
		At: now, Layer: lab.LayerStore, Server: mb.Server(),
		Reason: fmt.Sprintf("message of %d bytes above the receive limit of %s", m.Size(), profile.Size(most.bytes)),
		Since:  seen,
	}}
}
